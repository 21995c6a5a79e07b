"""Keyed Poisson clouds: what happens again and again, with each person's own luck.

A process of a person and a year is a Poisson cloud of points over time and height. A point
is an event where its height lies under the person's rate at that time (thinning; Lewis and
Shedler 1979). Lower the rate and some events vanish; raise it and some appear; all others
stay where they were, with everything that belongs to them.

Heights are cut into layers, 0 to ``base``, then doubling, so that points need only be made
up to the layer that holds the rate. A layer's points are a pure function of the luck, the
process, the person, the year and the layer, so neither other people nor the order in which
layers are made can change them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import pdtr

from agents.compiled import compiled
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.points import Filed, Points, day_of_year, joined
from pathways.spells import Spells

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

# How keys are counted, so that no two points share one: layers to a year, points to a layer,
# and room for all of a process's years between the salts of two processes.
_LAYERS = 32
_POINTS = 1 << 12
_SALT_BITS = 40
_LOW_BITS = np.uint64(0xFFFFFFFF)


def _salt(process: str) -> int:
    """Return a number of the process that does not change when processes are added."""
    digest = hashlib.blake2b(process.encode(), digest_size=_SALT_BITS // 8).digest()
    return int.from_bytes(digest, "little")


def _count_table(mean: float) -> Words:
    """Return the words from which a Poisson count is at least one, two and so on."""
    largest = int(mean + 12.0 * np.sqrt(mean) + 20.0)
    below = pdtr(np.arange(largest), mean)
    return np.ldexp(np.minimum(below, 1.0 - 2.0**-53), 64).astype(np.uint64)


@dataclass(slots=True)
class Clouds:
    """The clouds of several processes for everyone, one year at a time.

    Parameters
    ----------
    luck : whose points these are
    person : (n,) keys of the people
    processes : names
    bases : (n_processes,) height of the lowest layer, events per person-year
    spells : what multiplies rates for some months, if anything does
    """

    luck: Luck
    person: Integers
    processes: tuple[str, ...]
    bases: Floats
    year: int | None = None
    spells: Spells | None = None
    _days: Filed = field(init=False)
    _layers: npt.NDArray[np.int8] = field(init=False)
    _edges: Floats = field(init=False)
    _salts: Integers = field(init=False)
    _tables: dict[float, Words] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        doubling = np.concatenate([[0.0], 2.0 ** np.arange(_LAYERS)])
        self._edges = self.bases[:, None] * doubling
        self._layers = np.zeros((len(self.processes), len(self.person)), np.int8)
        self._salts = np.array([_salt(name) for name in self.processes], np.int64)
        self._days = Filed.sorted(joined([]))

    @property
    def ceiling(self) -> Floats:
        """(n_processes, n) the height up to which each person's points are made this year."""
        return np.take_along_axis(self._edges, self._layers.astype(np.int64), axis=1)

    def begin(self, year: int, rates: Floats) -> None:
        """Make the points of ``year`` up to everyone's rate (years may be negative).

        ``rates`` is (n_processes, n), events per person-year.
        """
        self.year = year
        self._days = Filed.sorted(joined([]))  # the old year's go before the new one's are made
        self._layers[:] = 0
        if self.spells is not None:
            self.spells.begin(year)
        rates = self._at_highest(rates, np.arange(len(self.person)))
        parts = []
        for process in range(len(self.processes)):
            for layer, edge in enumerate(self._edges[process, :-1]):
                rows = np.flatnonzero(rates[process] > edge)
                if not len(rows):
                    break
                parts.append(self.points(np.int64(process), np.int64(layer), year, rows))
                self._layers[process, rows] = layer + 1
        points = self._stretched(joined(parts))
        parts.clear()
        self._days = Filed.sorted(points)

    def raise_to(self, rates: Floats, rows: Integers, day: int) -> None:
        """Add the layers that ``rates`` of ``rows`` now reach, from ``day`` to the year's end.

        ``rates`` is (n_processes, len(rows)).
        """
        if self.year is None or day // YEAR != self.year:
            return
        rates = self._at_highest(rates, rows)
        process, layer, row = _reached(rates, rows, self._edges, self._layers)
        if len(row):
            points = self._stretched(self.points(process, layer, self.year, row))
            self._days.file(points.take(day_of_year(points.word) >= np.uint64(day % YEAR)))

    def _at_highest(self, rates: Floats, rows: Integers) -> Floats:
        """Return (n_processes, len(rows)) ``rates`` at the height of the year's spells."""
        if self.spells is None:
            return rates
        rates = rates.copy()
        for process in self.spells.shapes:
            some = np.flatnonzero(rates[process])
            rates[process, some] *= self.spells.highest(process, rows[some])
        return rates

    def _stretched(self, points: Points) -> Points:
        """Return ``points`` with heights over the multiplier of the spell they fall in."""
        if self.spells is None:
            return points
        for process in self.spells.shapes:
            low = process * len(self.person)
            some = np.flatnonzero((points.cell >= low) & (points.cell < low + len(self.person)))
            rows = points.cell[some].astype(np.int64) - low
            points.height[some] /= self.spells.at(process, rows, points.year_share[some])
        return points

    def points(
        self,
        process: np.int64 | Integers,
        layer: np.int64 | Integers,
        year: int,
        rows: Integers,
    ) -> Points:
        """Return the points of one layer of a process for each of ``rows``, in their order.

        ``process`` and ``layer`` are one for all or one for each row.
        """
        key = self._salts[process] + (year * _LAYERS + layer)
        words = self.luck.words("cloud.count", self.person[rows], _plain(key))
        low, width = self._edges[process, layer], np.diff(self._edges)[process, layer]
        counts = self._counts(width, words)
        some = np.flatnonzero(counts)
        counts = counts[some]
        each = np.repeat(some, counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        number = np.arange(len(each)) - first + _each(key, each) * _POINTS
        row = rows[each]
        word = self.luck.words("cloud.point", self.person[row], number)
        share = ((word & _LOW_BITS).astype(np.float64) + 0.5) * 2.0**-32
        cell = (row + _each(process, each) * len(self.person)).astype(np.int32)
        return Points(cell, _each(low, each) + share * _each(width, each), word)

    def _counts(self, mean: Floats | np.float64, words: Words) -> Integers:
        """Return the Poisson count of each word, by inverting its distribution."""
        counts = np.zeros(len(words), np.int64)
        for value in np.unique(mean).tolist():
            if value not in self._tables:
                self._tables[value] = _count_table(value)
            table = self._tables[value]
            some = np.flatnonzero((words >= table[0]) & (mean == value))
            counts[some] = np.searchsorted(table, words[some], side="right")
        return counts

    def under(self, rates: Floats) -> Points:
        """Return all points made for the year that lie under ``rates``."""
        return self._days.under(rates.reshape(-1))

    def between(self, first: int, last: int, rates: Floats) -> Points:
        """Return the points of days ``first`` to before ``last`` that lie under the rates.

        In no promised order. ``rates`` is (n_processes, n), events per person-year; the days
        must be of the year for which ``begin`` (and, for every rate that rose since,
        ``raise_to``) has been called.
        """
        for day in (first, last - 1):
            if day // YEAR != self.year:
                raise ValueError(f"day {day} is not in year {self.year}; call begin first")
        begins = first % YEAR
        return self._days.under(rates.reshape(-1), begins, begins + last - first)


@compiled
def _reached(
    rates: Floats, rows: Integers, edges: Floats, layers: npt.NDArray[np.int8]
) -> tuple[Integers, Integers, Integers]:
    """Return process, layer and row of each layer that ``rates`` newly reach.

    ``layers`` (processes, n), how many each person has, are moved on.
    """
    count = 0
    for process in range(len(rates)):
        for i in range(len(rows)):
            layer = layers[process, rows[i]]
            while rates[process, i] > edges[process, layer]:
                layer += 1
                count += 1
    which, of, row = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    place = 0
    for process in range(len(rates)):
        for i in range(len(rows)):
            layer = layers[process, rows[i]]
            while rates[process, i] > edges[process, layer]:
                which[place], of[place], row[place] = process, layer, rows[i]
                layer += 1
                place += 1
            layers[process, rows[i]] = layer
    return which[:place], of[:place], row[:place]


def _plain(key: np.int64 | Integers) -> int | Integers:
    """Return one key as the plain integer that luck draws fastest with."""
    return int(key) if np.ndim(key) == 0 else np.asarray(key)


def _each(values: Any, each: Integers) -> Any:
    """Return the value of each point: one for all, or that of its row."""
    return values if np.ndim(values) == 0 else values[each]
