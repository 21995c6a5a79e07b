"""Points of clouds: where they lie, and how a year of them is filed by day."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.calendar import YEAR

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Chosen = npt.NDArray[np.generic] | slice | tuple[slice | None, slice]
Columns = tuple[npt.NDArray[np.int32], Floats, Words]

_HALF = np.uint64(32)
_YEAR = np.uint64(YEAR)
# A day has room for a part more points than it needs, and for a few more where it needs few.
_SPARE, _LEAST_SPARE = 8, 16
_TOO_MUCH = 1.5  # times the room that is needed: it is given back when a year begins


@dataclass(frozen=True, slots=True)
class Points:
    """Points of several processes, of the same length.

    Attributes
    ----------
    cell : (k,) process * n_people + row
    height : (k,) events per person-year
    word : (k,) 64 bits of luck; the upper half is the time in the year
    """

    cell: npt.NDArray[np.int32]
    height: Floats
    word: Words

    @classmethod
    def room_for(cls, shape: int | tuple[int, int]) -> Points:
        """Return room for points, to be filled."""
        return cls(np.empty(shape, np.int32), np.empty(shape), np.empty(shape, np.uint64))

    def __len__(self) -> int:
        return len(self.word)

    def take(self, chosen: Chosen) -> Points:
        """Return the points that a mask, an index or a slice chooses."""
        return Points(self.cell[chosen], self.height[chosen], self.word[chosen])

    def under(self, rates: Floats) -> Points:
        """Return the points under ``rates`` (by cell), in their order."""
        found, filled = Points.room_for(len(self)), np.array([len(self)])
        count = _find_under(rates, self.take(np.s_[None, :]).columns, filled, found.columns)
        return found.take(slice(0, count))

    @property
    def columns(self) -> Columns:
        """The three columns, for compiled loops."""
        return self.cell, self.height, self.word

    @property
    def day_of_year(self) -> Integers:
        """The day of the year on which each point falls, from 0."""
        return (((self.word >> _HALF) * _YEAR) >> _HALF).astype(np.int64)

    @property
    def year_share(self) -> Floats:
        """When in the year each point falls, from 0 up to 1."""
        return (self.word >> _HALF).astype(np.float64) * 2.0**-32


@dataclass(slots=True)
class Filed:
    """A year's points, filed by day of the year.

    Attributes
    ----------
    days : (YEAR, room) points of each day, filled from the left
    filled : (YEAR,) how many each day has
    """

    days: Points = field(default_factory=lambda: Points.room_for((YEAR, 0)))
    filled: Integers = field(default_factory=lambda: np.zeros(YEAR, np.int64))

    def clear(self, expected: float) -> None:
        """Take all points out, and make room for as many as are ``expected`` in the next year."""
        self.filled[:] = 0
        room = int(expected / YEAR)
        if _TOO_MUCH * room < self.days.word.shape[1]:
            self.days = Points.room_for((YEAR, 0))  # far more room than will be needed
        self._make_room(room)

    def file(self, points: Points, first: int = 0) -> None:
        """Add those of ``points`` that fall on the day ``first`` of the year or after it."""
        self._make_room(_fullest(first, points.word, self.filled))
        _lay_by_day(first, points.columns, self.filled, self.days.columns)

    def _make_room(self, room: int) -> None:
        """Let each day hold ``room`` points, and some more, so that it seldom has to grow."""
        has = self.days.word.shape[1]
        if room > has:
            grown = Points.room_for((YEAR, room + room // _SPARE + _LEAST_SPARE))
            kept = grown.take(np.s_[:, :has])
            kept.cell[:], kept.height[:], kept.word[:] = self.days.columns
            self.days = grown

    def under(self, rates: Floats, first: int = 0, last: int = YEAR) -> Points:
        """Return the points under ``rates`` (by cell) of days ``first`` to before ``last``.

        In order of day, and of a day in the order in which they were filed.
        """
        days, filled = self.days.take(slice(first, last)), self.filled[first:last]
        found = Points.room_for(int(filled.sum()))
        count = _find_under(rates, days.columns, filled, found.columns)
        return found.take(slice(0, count))


@compiled
def _day(word: np.uint64) -> int:
    """Return the day of the year, 0 to 364, on which a point falls."""
    return int(((word >> _HALF) * _YEAR) >> _HALF)


@compiled
def _fullest(first: int, word: Words, filled: Integers) -> int:
    """Return how many points the fullest day will hold with those from the day ``first`` on."""
    counts = filled.copy()
    for i in range(len(word)):
        day = _day(word[i])
        counts[day] += day >= first
    return int(counts.max())


@compiled
def _lay_by_day(first: int, points: Columns, filled: Integers, days: Columns) -> None:
    """Lay points from the day ``first`` on behind the others of their ``days``, in their order."""
    cell, height, word = points
    cells, heights, words = days
    for i in range(len(word)):
        day = _day(word[i])
        if day >= first:
            here = filled[day]
            filled[day] += 1
            cells[day, here], heights[day, here], words[day, here] = cell[i], height[i], word[i]


@compiled
def _find_under(rates: Floats, days: Columns, filled: Integers, found: Columns) -> int:
    """Copy the points of ``days`` under their cell's rate into ``found``; return how many."""
    cell, height, word = days
    cells, heights, words = found
    count = 0
    for day in range(len(filled)):
        under = np.empty(filled[day], np.bool_)
        for i in range(filled[day]):  # by itself, for rates are far apart and must be fetched
            under[i] = height[day, i] < rates[cell[day, i]]
        for i in range(filled[day]):
            if under[i]:
                cells[count], heights[count] = cell[day, i], height[day, i]
                words[count] = word[day, i]
                count += 1
    return count
