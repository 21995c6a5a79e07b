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
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import pdtr

from agents.compiled import compiled
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.points import Filed, Points
from pathways.spells import Spells

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Small = npt.NDArray[np.int32]

# Layers reached: cell, place of the lower edge among all edges, person and key of each.
Layers = tuple[Small, Small, Integers, Integers]

_FEW = 4  # layers, or points of one, that are looked at together; tables of counts go beyond
_LAYER_OVER_RATE = 1.0 / np.log(2.0)  # mean ratio of a doubling layer's top to a rate within it
_BLOCK = 1 << 12  # people whose points are made at once
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


@cache
def _count_table(mean: float) -> Words:
    """Return the words from which a Poisson count is at least one, two and so on."""
    largest = int(mean + 12.0 * np.sqrt(mean) + 20.0)
    below = pdtr(np.arange(largest), mean)
    return np.ldexp(np.minimum(below, 1.0 - 2.0**-53), 64).astype(np.uint64)


def _count_tables(edges: Floats, layers: int) -> tuple[Words, Integers]:
    """Return tables of the counts of the lowest ``layers``, and where that of each edge begins."""
    means, lengths = np.diff(edges[:, : layers + 1]), np.zeros(edges.shape, np.int64)
    tables = [_count_table(mean) for mean in means.ravel().tolist()]
    lengths[:, :layers] = np.reshape([len(table) for table in tables], means.shape)
    return np.concatenate(tables), np.concatenate([[0], np.cumsum(lengths)])


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
    _days: Filed = field(init=False, default_factory=Filed)
    _layers: npt.NDArray[np.int8] = field(init=False)
    _edges: Floats = field(init=False)
    _salts: Integers = field(init=False)
    _tables: tuple[Words, Integers] = field(init=False)
    _known_layers: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        doubling = np.concatenate([[0.0], 2.0 ** np.arange(_LAYERS)])
        self._edges = self.bases[:, None] * doubling
        self._layers = np.zeros((len(self.person), len(self.processes)), np.int8)
        self._salts = np.array([_salt(name) for name in self.processes], np.int64)

    def begin(self, year: int, rates: Floats) -> None:
        """Make the points of ``year`` up to everyone's rate (years may be negative).

        Where the year has begun already, those that its points do not reach to yet.
        ``rates`` is (n_processes, n), events per person-year.
        """
        if year != self.year:
            self._turn_to(year, rates)
        for rows in self._blocks():
            self._days.file(self._reached(rates.take(rows, axis=1), rows))

    def made(self, year: int, rates: Floats, *, kept: bool) -> Iterator[tuple[Integers, Points]]:
        """Make a year's points anew, some rows at a time; yield these rows and their points.

        In order of process, row and layer. With ``kept``, the year has then begun.
        """
        self._turn_to(year, rates if kept else rates[:, :0])
        for rows in self._blocks():
            points = self._reached(rates.take(rows, axis=1), rows)
            if kept:
                self._days.file(points)
            yield rows, points
        self.year = year if kept else None

    def _turn_to(self, year: int, rates: Floats) -> None:
        """Leave the year before, with room for the points of ``rates`` in the new one."""
        self.year = year
        self._days.clear(_expected(rates, self.bases))
        self._layers[:] = 0
        if self.spells is not None:
            self.spells.begin(year)

    def _blocks(self) -> list[Integers]:
        """Return everyone's rows, some at a time: what leads to their points stays in the cache."""
        everyone = np.arange(len(self.person))
        return np.split(everyone, everyone[_BLOCK::_BLOCK])

    def raise_to(self, rates: Floats, rows: Integers, day: int) -> None:
        """Add the layers that ``rates`` of ``rows`` now reach, from ``day`` to the year's end.

        ``rates`` is (n_processes, len(rows)).
        """
        if self.year is not None and day // YEAR == self.year:
            self._days.file(self._reached(rates, rows), day % YEAR)

    def _reached(self, rates: Floats, rows: Integers) -> Points:
        """Make the points of the layers that ``rates`` of ``rows`` newly reach."""
        assert self.year is not None
        highest, keys = self._at_highest(rates, rows), self._salts + self.year * _LAYERS
        reached, layers = _newly_reached(
            highest, rows, self.person, keys, self._edges, self._layers
        )
        points = self._points(reached, layers)
        if self.spells is not None:
            self.spells.stretch(points)
        return points

    def _at_highest(self, rates: Floats, rows: Integers) -> Floats:
        """Return (n_processes, len(rows)) ``rates`` at the height of the year's spells."""
        if self.spells is None:
            return rates
        rates = rates.copy()
        for process in self.spells.shapes:
            some = np.flatnonzero(rates[process])
            rates[process, some] *= self.spells.highest(process, rows[some])
        return rates

    def _points(self, reached: Layers, layers: int) -> Points:
        """Return the points of ``reached`` layers, which are among the lowest ``layers``."""
        if not len(reached[0]):
            return Points.room_for(0)
        if layers > self._known_layers:
            self._known_layers, self._tables = layers, _count_tables(self._edges, layers)
        _, _, person, key = reached
        words = self.luck.words("cloud.count", person, key)
        layer, person, number = _numbered(words, reached, self._tables)
        word = self.luck.words("cloud.point", person, number)
        cell, height = _placed(word, layer, reached, self._edges.reshape(-1))
        return Points(cell, height, word)

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
def _expected(rates: Floats, bases: Floats) -> float:
    """Return about how many points there will be up to the layers that hold the ``rates``."""
    points = 0.0
    for process in range(len(rates)):
        for rate in rates[process]:
            if rate > 0.0:
                points += max(bases[process], _LAYER_OVER_RATE * rate)
    return points


@compiled
def _reach(rate: float, edges: Floats) -> int:
    """Return how many layers a rate reaches into."""
    layers = 0
    for layer in range(_FEW):  # all at once: to ask one by one costs more, as no guess is good
        layers += rate > edges[layer]
    if layers == _FEW:
        while rate > edges[layers]:
            layers += 1
    return layers


@compiled
def _newly_reached(
    rates: Floats,
    rows: Integers,
    person: Integers,
    keys: Integers,
    edges: Floats,
    layers: npt.NDArray[np.int8],
) -> tuple[Layers, int]:
    """Return each layer that ``rates`` newly reach, and how many layers that takes at most.

    ``keys`` are those of the lowest layers. ``layers`` (n, processes), how many each person
    has, are moved on.
    """
    count = 0
    for process in range(len(rates)):
        for i in range(len(rows)):
            reach = _reach(rates[process, i], edges[process])
            count += max(reach - layers[rows[i], process], 0)
    cell, place = np.empty(count, np.int32), np.empty(count, np.int32)
    who, key = np.empty(count, np.int64), np.empty(count, np.int64)
    count, most, (n_edges, n_people) = 0, 0, (edges.shape[1], layers.shape[0])
    for process in range(len(rates)):
        for i in range(len(rows)):
            row = rows[i]
            reach = _reach(rates[process, i], edges[process])
            for layer in range(layers[row, process], reach):
                cell[count], place[count] = process * n_people + row, process * n_edges + layer
                who[count], key[count] = person[row], keys[process] + layer
                count += 1
            layers[row, process] = max(layers[row, process], reach)
            most = max(most, reach)
    return (cell[:count], place[:count], who[:count], key[:count]), most


@compiled
def _numbered(
    words: Words, layers: Layers, tables: tuple[Words, Integers]
) -> tuple[Small, Integers, Integers]:
    """Return which of ``layers`` each point is of, and its person and number in their luck.

    Each layer's count is Poisson, by inverting its distribution at the layer's word.
    """
    _, place, who, key = layers
    thresholds, begins = tables
    counts, total = np.empty(len(words), np.int32), 0
    for i in range(len(words)):
        first, last = begins[place[i]], begins[place[i] + 1]
        count = 0
        for nth in range(_FEW):  # all at once, as in ``_reach``
            count += thresholds[first + nth] <= words[i]
        if count == _FEW:
            while first + count < last and thresholds[first + count] <= words[i]:
                count += 1
        counts[i] = count
        total += count
    layer = np.empty(total, np.int32)
    person, number = np.empty(total, np.int64), np.empty(total, np.int64)
    point = 0
    for i in range(len(words)):
        for nth in range(counts[i]):
            layer[point], person[point], number[point] = i, who[i], key[i] * _POINTS + nth
            point += 1
    return layer, person, number


@compiled
def _placed(word: Words, layer: Small, layers: Layers, edges: Floats) -> tuple[Small, Floats]:
    """Return the cell of each point and its height: even over its layer, by its word."""
    of_layer, place, _, _ = layers
    cell, height = np.empty(len(word), np.int32), np.empty(len(word))
    for i in range(len(word)):
        low, high = edges[place[layer[i]]], edges[place[layer[i]] + 1]
        share = (float(word[i] & _LOW_BITS) + 0.5) * 2.0**-32
        cell[i], height[i] = of_layer[layer[i]], low + share * (high - low)
    return cell, height
