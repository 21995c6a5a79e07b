"""What everyone asked for in the years before day 0, by the same luck as what comes after."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.luck import Luck
from pathways.asked import Arrivals
from pathways.calendar import YEAR
from pathways.clouds import Clouds
from pathways.points import Points
from pathways.processes import PROCESSES

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_HALF = np.uint64(32)
_HISTORY_YEARS = 2  # made at once, so that asking for ever longer does not make them again


@dataclass(slots=True)
class Past:
    """What was asked for before day 0, made when it is first wanted.

    Parameters
    ----------
    luck : of the replication
    clouds : of everyone; they are left in the year before day 0
    rates : (n_processes and more, n) present rates of everyone, per person-year
    readmitted : share of discharges that are followed by a readmission
    """

    luck: Luck
    clouds: Clouds
    rates: Floats
    readmitted: float
    _years: dict[str, Arrivals] = field(init=False, default_factory=dict)
    _remembered: int = field(init=False, default=0)

    def of_last(self, days: int) -> dict[str, Arrivals]:
        """Return by process what everyone asked for in the ``days`` before day 0.

        At the rates of when it is first asked for; kept until it is forgotten. ``times``
        are days, negative, and events are in order of person. People who enter later have the
        events that fall in the same days.
        """
        years = max(-(-days // YEAR), _HISTORY_YEARS)
        if self._remembered < years:
            self._years, self._remembered = self._made(years), years
        return {name: _of_last(past, days) for name, past in self._years.items()}

    def forget(self) -> None:
        """Give back the memory that the past takes."""
        self._years, self._remembered = {}, 0

    def _made(self, years: int) -> dict[str, Arrivals]:
        """Make what was asked for in the last ``years``, in order of process, person and day."""
        blocks, n = self._blocks(years), self.rates.shape[1]
        edges = np.zeros(len(PROCESSES) + 1, np.int64)
        for _, parts in blocks:
            for part in parts:
                _count_processes(part.cell, n, edges[1:])
        np.cumsum(edges, out=edges)
        place, events = edges[:-1].copy(), int(edges[-1])
        rows, times, words = (
            np.empty(events, np.int64),
            np.empty(events),
            np.empty(events, np.uint64),
        )
        while blocks:
            mine, parts = blocks.popleft()
            cell = np.concatenate([part.cell for part in parts])
            word = np.concatenate([part.word for part in parts])
            year = np.repeat(np.arange(-years, 0), [len(part) for part in parts])
            _lay_block(mine, n, (cell, year, word), place, (rows, times, words))
        keys = self.luck.words_of(words, "demand.key", rows)
        return {
            name: Arrivals(rows[low:high], times[low:high], keys[low:high])
            for name, (low, high) in zip(PROCESSES, pairwise(edges.tolist()), strict=True)
        }

    def _blocks(self, years: int) -> deque[tuple[Integers, list[Points]]]:
        """Return, some rows at a time, the points of each year that lie under their rates.

        The last year is kept in the clouds, which go on with it in the warm-up.
        """
        blocks: dict[int, tuple[Integers, list[Points]]] = {}
        for year in range(-years, 0):
            made = self.clouds.made(year, self.rates[: len(PROCESSES)], kept=year == -1)
            for block, (rows, points) in enumerate(made):
                found = points.under(self.rates.reshape(-1))
                slim = Points(found.cell.copy(), np.empty(0), found.word.copy())
                blocks.setdefault(block, (rows, []))[1].append(slim)
        return deque(blocks.values())

    def readmissions(self, process: str, keys: Words) -> Integers:
        """Return how many readmissions followed each past event: none but of admissions.

        Past days have no hospital, so they are a geometric number at the published share.
        """
        if process != "emergency_admission":
            return np.zeros(len(keys), np.int64)
        log = np.log(self.luck.uniforms_of(keys, "look_back.readmitted"))
        again: Integers = np.floor(log / np.log(self.readmitted)).astype(np.int64)
        return again


def _of_last(past: Arrivals, days: int) -> Arrivals:
    """Return the events of the last ``days``; where that is all of them, no copies."""
    chosen = past.times >= -days
    if chosen.all():
        return past
    return Arrivals(past.rows[chosen], past.times[chosen], past.keys[chosen])


@compiled
def _count_processes(cell: npt.NDArray[np.int32], n_people: int, counts: Integers) -> None:
    """Add the number of points of each process to ``counts``."""
    for i in range(len(cell)):
        counts[cell[i] // n_people] += 1


@compiled
def _lay_block(
    block: Integers,
    n_people: int,
    points: tuple[npt.NDArray[np.int32], Integers, Words],
    place: Integers,
    into: tuple[Integers, Floats, Words],
) -> None:
    """Lay the points of a block of rows in the next ``place`` of their processes, which move on.

    ``points`` are cells, years (in order) and words; they are laid in order of row and day, as
    rows, times in days before day 0, and words.
    """
    cell, year, word = points
    rows, times, words = into
    starts = np.zeros((len(place), len(block) + 1), np.int64)
    for i in range(len(cell)):
        starts[cell[i] // n_people, cell[i] % n_people - block[0] + 1] += 1
    for process in range(len(place)):
        starts[process, 0] = place[process]
        for i in range(len(block)):
            starts[process, i + 1] += starts[process, i]
        place[process] = starts[process, len(block)]
    ends = starts.copy()
    for i in range(len(cell)):
        process, row = cell[i] // n_people, cell[i] % n_people
        first, last = starts[process, row - block[0]], ends[process, row - block[0]]
        ends[process, row - block[0]] += 1
        time = (float(word[i] >> _HALF) * 2.0**-32 + year[i]) * YEAR
        while last > first and np.floor(times[last - 1]) > np.floor(time):
            rows[last], times[last], words[last] = row, times[last - 1], words[last - 1]
            last -= 1
        rows[last], times[last], words[last] = row, time, word[i]
