"""Bookings of light services by the day of their slot, and how long people wait for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.calendar import YEAR, Calendar
from pathways.contacts import CONTACT, Contacts, chosen, joined, tally

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Rows of a service's counts: people who wait for their slot, those of them who asked since the
# last day ended, and all who asked, found no slot in time, or were seen.
_WAITING, _FRESH, _ASKED, _REFUSED, _SERVED = range(5)
_WAITED, _QUEUE_TIME = range(2)  # rows of its sums of days
_FIRST, _LAST, _SIZE = range(3)  # of a day: the places of its first and last booking, how many
_FREE = 0  # the place before the first, where the row of free places begins


@dataclass(slots=True)
class Diary:
    """Bookings by the day of their slot, each day's in the order in which they were made.

    A day's bookings stand anywhere among the places of the diary, each telling which one comes
    after it, so that filing one moves no other.

    Parameters
    ----------
    calendar : the days of the run
    services : how many they are, k

    Attributes
    ----------
    waiting : (k,) people, visitors included, with a slot still to come
    asked, refused, served : (k,) all who asked, found no slot in time, and were seen
    waited, queue_time : (k,) sum of waits that are over, and the integral of the queue, in days
    """

    calendar: Calendar
    services: int
    waiting: Integers = field(init=False)
    asked: Integers = field(init=False)
    refused: Integers = field(init=False)
    served: Integers = field(init=False)
    waited: Floats = field(init=False)
    queue_time: Floats = field(init=False)
    _counts: Integers = field(init=False)  # (5, k), of which the numbers above are rows
    _sums: Floats = field(init=False)  # (2, k)
    _bookings: Contacts = field(init=False)  # one a place; without a slot where the place is free
    _then: Integers = field(init=False)  # the place of the day's next booking, or the next free one
    _days: Integers = field(init=False)  # (3, days + 1); the last is for all beyond the calendar
    _room: int = field(init=False, default=0)  # free places

    def __post_init__(self) -> None:
        self._counts = np.zeros((5, self.services), np.int64)
        self._sums = np.zeros((2, self.services))
        self.waiting, _, self.asked, self.refused, self.served = self._counts
        self.waited, self.queue_time = self._sums
        days = self.calendar.end + YEAR + self.calendar.warm_up
        self._days = np.zeros((3, days + 1), np.int64)
        self._bookings, self._then = _places(1), np.zeros(1, np.int64)

    def pass_day(self, day: int, asked: Contacts) -> Contacts:
        """File those who ``asked`` on ``day`` and have a slot; return whose slot is on that day.

        They are in the order in which they booked. Call it once for every day.
        """
        if len(asked) > self._room:
            self._make_room(len(asked))
        freed, due = _pass_day(
            self._bookings,
            self._then,
            self._days,
            asked,
            self._counts,
            self._sums,
            day,
            self.calendar.warm_up,
        )
        self._room += freed
        return due

    def _make_room(self, more: int) -> None:
        """Add at least so many free places, and as many as there are."""
        places = len(self._bookings)
        more = max(more, places)
        following = np.arange(places + 1, places + more + 1)
        following[-1], self._then[_FREE] = self._then[_FREE], places
        self._bookings = joined([self._bookings, _places(more)])
        self._then = np.concatenate([self._then, following])
        self._room += more

    def check(self, now: float) -> None:
        """Raise ``RuntimeError`` unless everyone is served, elsewhere or waiting.

        Little's law must hold too: the integral of the queue is the sum of all waits.
        """
        standing, so_far = np.zeros(self.services, np.int64), np.zeros(self.services)
        waits = chosen(self._bookings, self._bookings["at"] < np.inf)
        tally(standing, waits["service"])
        np.add.at(so_far, waits["service"], now - waits["asked"])
        lost = (standing != self.waiting) | (
            self.asked != self.served + self.refused + self.waiting
        )
        error = np.abs(self.queue_time - self.waited - so_far)
        wrong = error > 1e-6 * np.maximum(self.queue_time, 1.0)
        if (lost | wrong).any():
            raise RuntimeError(
                f"slots lost people: services {np.flatnonzero(lost | wrong).tolist()}, asked "
                f"{self.asked}, served {self.served}, elsewhere {self.refused}, waiting "
                f"{self.waiting}; queue time differs from waits by {error}"
            )


def _places(number: int) -> Contacts:
    """Return so many places without a booking."""
    places = np.zeros(number, CONTACT)
    places["at"] = np.inf
    return places


@compiled
def _file(
    bookings: Contacts, then: Integers, days: Integers, warm_up: int, asked: Contacts, day: int
) -> int:
    """File those with a slot after ``day``, each under its day behind those filed before.

    Return how many they are.
    """
    filed = 0
    for i in range(len(asked)):
        at = np.floor(asked[i]["at"])
        if at <= day or at == np.inf:
            continue
        index = min(int(at) + warm_up, days.shape[1] - 1)
        place = then[_FREE]
        then[_FREE] = then[place]
        bookings[place] = asked[i]
        if days[_SIZE, index]:
            then[days[_LAST, index]] = place
        else:
            days[_FIRST, index] = place
        days[_LAST, index] = place
        days[_SIZE, index] += 1
        filed += 1
    return filed


@compiled
def _take_out(bookings: Contacts, then: Integers, days: Integers, index: int, due: Contacts) -> int:
    """Write the bookings of a day to ``due`` in the order they were made; return how many."""
    place, count = days[_FIRST, index], int(days[_SIZE, index])
    for i in range(count):
        due[i] = bookings[place]
        bookings[place]["at"] = np.inf
        following, then[place], then[_FREE] = then[place], then[_FREE], place
        place = following
    days[_SIZE, index] = 0
    return count


@compiled
def _begin_waits(asked: Contacts, counts: Integers, sums: Floats) -> None:
    """Count those who asked, and who wait from now on."""
    for i in range(len(asked)):
        service, time, at = asked[i]["service"], asked[i]["asked"], asked[i]["at"]
        counts[_ASKED, service] += 1
        if at == np.inf:
            counts[_REFUSED, service] += 1
            continue
        counts[_WAITING, service] += 1
        since = np.floor(time)
        if np.floor(at) > since:
            counts[_FRESH, service] += 1
            sums[_QUEUE_TIME, service] += since + 1.0 - time
        else:
            sums[_QUEUE_TIME, service] += at - time


@compiled
def _end_waits(due: Contacts, day: int, counts: Integers, sums: Floats) -> None:
    """Count those whose slot is on ``day``; those who wait beyond it have waited all of it."""
    for i in range(len(due)):
        service, time, at = due[i]["service"], due[i]["asked"], due[i]["at"]
        counts[_WAITING, service] -= 1
        counts[_SERVED, service] += 1
        sums[_WAITED, service] += at - time
        if time < day:
            sums[_QUEUE_TIME, service] += at - day
    for service in range(counts.shape[1]):
        sums[_QUEUE_TIME, service] += counts[_WAITING, service] - counts[_FRESH, service]
        counts[_FRESH, service] = 0


@compiled
def _pass_day(
    bookings: Contacts,
    then: Integers,
    days: Integers,
    asked: Contacts,
    counts: Integers,
    sums: Floats,
    day: int,
    warm_up: int,
) -> tuple[int, Contacts]:
    """Count those who asked and who are due; return the places freed, and the due.

    Who has a slot on the same day is due at once; the others are filed.
    """
    _begin_waits(asked, counts, sums)
    due = np.empty(days[_SIZE, day + warm_up] + len(asked), CONTACT)
    freed = _take_out(bookings, then, days, day + warm_up, due)
    count = freed
    for i in range(len(asked)):
        if np.floor(asked[i]["at"]) == day:
            due[count] = asked[i]
            count += 1
    filed = _file(bookings, then, days, warm_up, asked, day)
    _end_waits(due[:count], day, counts, sums)
    return freed - filed, due[:count]
