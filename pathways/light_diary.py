"""The bookings of light services, by the day of their slot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.calendar import YEAR, Calendar
from pathways.contacts import CONTACT, Contacts, chosen, joined

Integers = npt.NDArray[np.int64]

_FIRST, _LAST, _SIZE = range(3)  # of a day: the places of its first and last booking, how many
_FREE = 0  # the place before the first, where the row of free places begins


@dataclass(slots=True)
class Diary:
    """Bookings by the day of their slot, each day's in the order in which they were made.

    A day's bookings stand anywhere among the places of the diary, each telling which one comes
    after it, so that filing one moves no other.
    """

    calendar: Calendar
    _bookings: Contacts = field(init=False)  # one a place; without a slot where the place is free
    _then: Integers = field(init=False)  # the place of the day's next booking, or the next free one
    _days: Integers = field(init=False)  # (3, days + 1); the last is for all beyond the calendar
    _room: int = field(init=False, default=0)  # free places

    def __post_init__(self) -> None:
        days = self.calendar.end + YEAR + self.calendar.warm_up
        self._days = np.zeros((3, days + 1), np.int64)
        self._bookings, self._then = _places(1), np.zeros(1, np.int64)

    def file(self, asked: Contacts) -> None:
        """File those who ``asked`` and have a slot under its day, after those filed before."""
        if len(asked) > self._room:
            self._make_room(len(asked))
        filed = _file(self._bookings, self._then, self._days, self.calendar.warm_up, asked)
        self._room -= filed

    def take_out(self, day: int) -> Contacts:
        """Return the bookings of ``day`` in the order they were made, and forget them."""
        index = day + self.calendar.warm_up
        found = _take_out(self._bookings, self._then, self._days, index)
        self._room += len(found)
        return found

    def all(self) -> Contacts:
        """Return every booking, in any order."""
        return chosen(self._bookings, self._bookings["at"] < np.inf)

    def _make_room(self, more: int) -> None:
        """Add at least so many free places, and as many as there are."""
        places = len(self._bookings)
        more = max(more, places)
        following = np.arange(places + 1, places + more + 1)
        following[-1], self._then[_FREE] = self._then[_FREE], places
        self._bookings = joined([self._bookings, _places(more)])
        self._then = np.concatenate([self._then, following])
        self._room += more


def _places(number: int) -> Contacts:
    """Return so many places without a booking."""
    places = np.zeros(number, CONTACT)
    places["at"] = np.inf
    return places


@compiled
def _file(bookings: Contacts, then: Integers, days: Integers, warm_up: int, asked: Contacts) -> int:
    filed = 0
    for i in range(len(asked)):
        at = asked[i]["at"]
        if at == np.inf:
            continue
        day = min(int(np.floor(at)) + warm_up, days.shape[1] - 1)
        place = then[_FREE]
        then[_FREE] = then[place]
        bookings[place] = asked[i]
        if days[_SIZE, day]:
            then[days[_LAST, day]] = place
        else:
            days[_FIRST, day] = place
        days[_LAST, day] = place
        days[_SIZE, day] += 1
        filed += 1
    return filed


@compiled
def _take_out(bookings: Contacts, then: Integers, days: Integers, day: int) -> Contacts:
    found = np.empty(days[_SIZE, day], CONTACT)
    place = days[_FIRST, day]
    for i in range(len(found)):
        found[i] = bookings[place]
        bookings[place]["at"] = np.inf
        following, then[place], then[_FREE] = then[place], then[_FREE], place
        place = following
    days[_SIZE, day] = 0
    return found
