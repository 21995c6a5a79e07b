"""Rows of one kind (requests, contacts …) as structured arrays, and such rows filed by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled

Integers = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

_FIRST, _LAST, _COUNT = range(3)
_NONE = -1


def joined(parts: Sequence[Records]) -> Records:
    """Return the records of all ``parts``, at least one, in turn (as bytes, which is quick)."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([_as_bytes(part) for part in parts]).view(parts[0].dtype)


def chosen(records: Records, which: npt.NDArray[np.generic]) -> Records:
    """Return the records that a mask or an index chooses (as bytes, which is quick)."""
    some: Records = _as_bytes(records)[which].view(records.dtype)
    return some


def _as_bytes(records: Records) -> Records:
    return records.view(_bytes(records.dtype.itemsize))


@cache
def _bytes(size: int) -> np.dtype[np.void]:
    return np.dtype((np.void, size))


@dataclass(slots=True)
class ByDay:
    """Records filed by day, each day's in the order in which they were filed.

    They stand in one store, each with the number of the one that comes after it on its day, so
    that filing and taking a day's costs no more than there are of them.

    Parameters
    ----------
    days : for how many days records can be filed
    kind : their type
    """

    days: int
    kind: np.dtype[np.void]
    _store: Records = field(init=False)
    _after: Integers = field(init=False)  # (store,) the one after it, of its day or of the empty
    _by_day: Integers = field(init=False)  # (3, days) the first and last of a day; how many
    _empty: Integers = field(init=False)  # (2,) the first empty place of the store; how many

    def __post_init__(self) -> None:
        self._store, self._after = np.empty(0, self.kind), np.empty(0, np.int64)
        self._by_day = np.zeros((3, self.days), np.int64)
        self._by_day[: _LAST + 1] = _NONE
        self._empty = np.array([_NONE, 0])

    def __len__(self) -> int:
        return len(self._store) - int(self._empty[1])

    def file(self, records: Records, days: npt.NDArray[np.integer]) -> None:
        """File each of ``records`` under its day, after those that stand there."""
        if len(records) > self._empty[1]:
            self._grow(max(len(records), len(self._store)))
        _file(records, days, self._store, self._after, self._by_day, self._empty)

    def take(self, day: int) -> Records:
        """Return the records of ``day``, in the order they were filed, and file them no longer."""
        found = np.empty(self._by_day[_COUNT, day], self.kind)
        _take(day, self._store, self._after, self._by_day, self._empty, found)
        return found

    def every(self) -> Records:
        """Return all records by day; they stay filed."""
        found = np.empty(len(self), self.kind)
        _look(self._store, self._after, self._by_day, found)
        return found

    def _grow(self, more: int) -> None:
        """Make room for ``more`` records: new places are the first to be filled."""
        size = len(self._store)
        self._store = joined([self._store, np.empty(more, self.kind)])
        self._after = np.concatenate([self._after, np.arange(size + 1, size + more + 1)])
        self._after[-1] = self._empty[0]
        self._empty[:] = size, self._empty[1] + more


@compiled
def _file(
    records: Records,
    days: npt.NDArray[np.integer],
    store: Records,
    after: Integers,
    by_day: Integers,
    empty: Integers,
) -> None:
    for i in range(len(records)):
        place, day = empty[0], days[i]
        empty[0] = after[place]
        store[place], after[place] = records[i], _NONE
        if by_day[_COUNT, day]:
            after[by_day[_LAST, day]] = place
        else:
            by_day[_FIRST, day] = place
        by_day[_LAST, day] = place
        by_day[_COUNT, day] += 1
    empty[1] -= len(records)


@compiled
def _take(
    day: int,
    store: Records,
    after: Integers,
    by_day: Integers,
    empty: Integers,
    found: Records,
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
def _look(store: Records, after: Integers, by_day: Integers, found: Records) -> None:
    count = 0
    for day in range(by_day.shape[1]):
        place = by_day[_FIRST, day]
        while place != _NONE:
            found[count] = store[place]
            place, count = after[place], count + 1
