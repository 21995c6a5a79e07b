"""Everyone who has an appointment still to come, filed by the day on which something happens.

The requests stand in one store, each with the number of the one that comes after it on its day,
so that filing and taking a day's requests costs no more than there are of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.requests import REQUEST, Requests

Integers = npt.NDArray[np.int64]

_FIRST, _LAST, _COUNT = range(3)
_NONE = -1


@dataclass(slots=True)
class Appointments:
    """Requests that wait, by the working day of their ``event``.

    Parameters
    ----------
    days : working days for which requests can be filed
    """

    days: int
    _store: Requests = field(init=False)
    _after: Integers = field(init=False)  # (store,) the one after it, of its day or of the empty
    _by_day: Integers = field(init=False)  # (3, days) the first and last of a day; how many
    _empty: Integers = field(init=False)  # (2,) the first empty place of the store; how many

    def __post_init__(self) -> None:
        self._store, self._after = np.empty(0, REQUEST), np.empty(0, np.int64)
        self._by_day = np.zeros((3, self.days), np.int64)
        self._by_day[: _LAST + 1] = _NONE
        self._empty = np.array([_NONE, 0])

    def __len__(self) -> int:
        return len(self._store) - int(self._empty[1])

    def file(self, booked: Requests) -> None:
        """File ``booked`` requests under their days, after those that stand there."""
        if len(booked) > self._empty[1]:
            self._grow(max(len(booked), len(self._store)))
        _file(booked, self._store, self._after, self._by_day, self._empty)

    def take(self, day: int) -> Requests:
        """Return the requests of ``day``, in the order they were filed; they wait no longer."""
        found = np.empty(self._by_day[_COUNT, day], REQUEST)
        _take(day, self._store, self._after, self._by_day, self._empty, found)
        return found

    def every(self) -> Requests:
        """Return all requests by day; they wait on."""
        found = np.empty(len(self), REQUEST)
        _look(self._store, self._after, self._by_day, found)
        return found

    def _grow(self, more: int) -> None:
        """Make room for ``more`` requests: new places are the first to be filled."""
        size = len(self._store)
        self._store = np.concatenate([self._store, np.empty(more, REQUEST)])
        self._after = np.concatenate([self._after, np.arange(size + 1, size + more + 1)])
        self._after[-1] = self._empty[0]
        self._empty[:] = size, self._empty[1] + more


@compiled
def _file(
    booked: Requests, store: Requests, after: Integers, by_day: Integers, empty: Integers
) -> None:
    for i in range(len(booked)):
        place, day = empty[0], booked[i]["event"]
        empty[0] = after[place]
        store[place], after[place] = booked[i], _NONE
        if by_day[_COUNT, day]:
            after[by_day[_LAST, day]] = place
        else:
            by_day[_FIRST, day] = place
        by_day[_LAST, day] = place
        by_day[_COUNT, day] += 1
    empty[1] -= len(booked)


@compiled
def _take(
    day: int,
    store: Requests,
    after: Integers,
    by_day: Integers,
    empty: Integers,
    found: Requests,
) -> None:
    place = by_day[_FIRST, day]
    for i in range(len(found)):
        found[i] = store[place]
        following = after[place]
        after[place], empty[0] = empty[0], place
        place = following
    empty[1] += len(found)
    by_day[_FIRST, day] = by_day[_LAST, day] = _NONE
    by_day[_COUNT, day] = 0


@compiled
def _look(store: Requests, after: Integers, by_day: Integers, found: Requests) -> None:
    count = 0
    for day in range(by_day.shape[1]):
        place = by_day[_FIRST, day]
        while place != _NONE:
            found[count] = store[place]
            place, count = after[place], count + 1
