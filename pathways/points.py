"""Points of clouds: where they lie, and how a year of them is kept in order of day.

Those made in time are sorted once; those that come later, because a rate rose within the year,
are filed under their days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.calendar import YEAR

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Columns = tuple[npt.NDArray[np.int32], Floats, Words]

_HALF = np.uint64(32)
_YEAR = np.uint64(YEAR)


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

    def __len__(self) -> int:
        return len(self.word)

    def take(self, chosen: npt.NDArray[np.generic] | slice) -> Points:
        """Return the points that a mask, an index or a slice chooses."""
        return Points(self.cell[chosen], self.height[chosen], self.word[chosen])

    @property
    def day_of_year(self) -> Integers:
        """The day of the year on which each point falls, from 0."""
        return day_of_year(self.word).astype(np.int64)

    @property
    def year_share(self) -> Floats:
        """When in the year each point falls, from 0 up to 1."""
        return (self.word >> _HALF).astype(np.float64) * 2.0**-32


def joined(parts: Sequence[Points]) -> Points:
    """Return the points of all ``parts`` one after the other."""
    return Points(
        np.concatenate([np.empty(0, np.int32), *(part.cell for part in parts)]),
        np.concatenate([np.empty(0), *(part.height for part in parts)]),
        np.concatenate([np.empty(0, np.uint64), *(part.word for part in parts)]),
    )


def day_of_year(word: Words) -> Words:
    """Return the day of the year, 0 to 364, on which points fall."""
    return ((word >> _HALF) * _YEAR) >> _HALF


@dataclass(slots=True)
class Filed:
    """Points sorted by day of the year, and later points filed by day."""

    points: Points
    starts: Integers
    late: Points = field(init=False)  # (YEAR, room) each, filled from the left
    filled: Integers = field(init=False)

    def __post_init__(self) -> None:
        self.filled = np.zeros(YEAR, np.int64)
        self.late = self._grid(0)

    @classmethod
    def sorted(cls, points: Points) -> Filed:
        """Sort ``points`` by day."""
        starts, cell, height, word = _by_day(points.cell, points.height, points.word)
        return cls(Points(cell, height, word), starts)

    @staticmethod
    def _grid(room: int) -> Points:
        shape = (YEAR, room)
        return Points(np.zeros(shape, np.int32), np.zeros(shape), np.zeros(shape, np.uint64))

    def file(self, points: Points) -> None:
        """Add ``points`` to their days."""
        day = points.day_of_year
        order = np.argsort(day, kind="stable")
        day, points = day[order], points.take(order)
        counts = np.bincount(day, minlength=YEAR)
        place = self.filled[day] + np.arange(len(day)) - (np.cumsum(counts) - counts)[day]
        self.filled += counts
        self._make_room(int(self.filled.max()))
        for grid, values in self._columns(self.late, points):
            grid[day, place] = values

    def _make_room(self, room: int) -> None:
        has = self.late.word.shape[1]
        if room > has:
            larger = self._grid(max(room, 2 * has, 16))
            for grid, values in self._columns(larger, self.late):
                grid[:, :has] = values
            self.late = larger

    @staticmethod
    def _columns(
        one: Points, other: Points
    ) -> tuple[tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]], ...]:
        return (one.cell, other.cell), (one.height, other.height), (one.word, other.word)

    def under(self, rates: Floats, first: int = 0, last: int = YEAR) -> Points:
        """Return the points under ``rates`` (by cell) of days ``first`` to before ``last``."""
        made, late = self.points, self.late
        low, high = int(self.starts[first]), int(self.starts[last])
        room = high - low + int(self.filled[first:last].sum())
        found = Points(np.empty(room, np.int32), np.empty(room), np.empty(room, np.uint64))
        count = _find_under(
            rates,
            (made.cell[low:high], made.height[low:high], made.word[low:high]),
            (late.cell[first:last], late.height[first:last], late.word[first:last]),
            self.filled[first:last],
            (found.cell, found.height, found.word),
        )
        return found.take(slice(0, count))


@compiled
def _by_day(
    cell: npt.NDArray[np.int32], height: Floats, word: Words
) -> tuple[Integers, npt.NDArray[np.int32], Floats, Words]:
    """Return where each day of the year starts, and the points in order of day."""
    starts = np.zeros(YEAR + 1, np.int64)
    days = np.empty(len(word), np.uint16)
    for i in range(len(word)):
        days[i] = ((word[i] >> _HALF) * _YEAR) >> _HALF
        starts[days[i] + 1] += 1
    for day in range(YEAR):
        starts[day + 1] += starts[day]
    place = starts.copy()
    cells, heights, words = np.empty_like(cell), np.empty_like(height), np.empty_like(word)
    for i in range(len(word)):
        here = place[days[i]]
        place[days[i]] += 1
        cells[here], heights[here], words[here] = cell[i], height[i], word[i]
    return starts, cells, heights, words


@compiled
def _find_under(
    rates: Floats, made: Columns, late: Columns, filled: Integers, found: Columns
) -> int:
    """Copy points under their cell's rate into ``found``; return how many.

    First those ``made`` in time, then the ``late`` ones: a row a day, ``filled`` from the left.
    """
    cells, heights, words = found
    count = 0
    cell, height, word = made
    for i in range(len(word)):
        if height[i] < rates[cell[i]]:
            cells[count], heights[count], words[count] = cell[i], height[i], word[i]
            count += 1
    late_cell, late_height, late_word = late
    for day in range(len(filled)):
        for i in range(filled[day]):
            if late_height[day, i] < rates[late_cell[day, i]]:
                cells[count] = late_cell[day, i]
                heights[count] = late_height[day, i]
                words[count] = late_word[day, i]
                count += 1
    return count
