"""What everyone asked for in the years before day 0, by the same luck as what comes after."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.luck import Luck
from pathways.asked import Arrivals
from pathways.calendar import YEAR
from pathways.clouds import Clouds
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
        """Make what was asked for in the last ``years``, in order of process, person and time."""
        clouds, n = self.clouds, self.rates.shape[1]
        starts, found = np.zeros(len(PROCESSES) * n + 1, np.int32), {}
        for year in range(-years, 0):
            clouds.begin(year, self.rates[: len(PROCESSES)])
            points = clouds.under(self.rates)
            _count_cells(points.cell, starts[1:])
            found[year] = points.cell, points.word
        del points
        np.cumsum(starts, out=starts)
        edges = starts[::n].tolist()
        rows, times = np.empty(edges[-1], np.int64), np.empty(edges[-1])
        words = np.empty(edges[-1], np.uint64)
        while found:
            year = min(found)
            _lay_by_cell(*found.pop(year), year, n, starts, (rows, times, words))
        keys = self.luck.words_of(words, "demand.key", rows)
        return {
            name: Arrivals(rows[low:high], times[low:high], keys[low:high])
            for name, (low, high) in zip(PROCESSES, pairwise(edges), strict=True)
        }

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
def _count_cells(cell: npt.NDArray[np.int32], counts: npt.NDArray[np.int32]) -> None:
    """Add the number of points in each cell to ``counts``."""
    for i in range(len(cell)):
        counts[cell[i]] += 1


@compiled
def _lay_by_cell(
    cell: npt.NDArray[np.int32],
    word: Words,
    year: int,
    n_people: int,
    place: npt.NDArray[np.int32],
    into: tuple[Integers, Floats, Words],
) -> None:
    """Lay a year's points in the next ``place`` of their cells, which move on.

    As rows, times in days before day 0, and words.
    """
    rows, times, words = into
    for i in range(len(cell)):
        here = place[cell[i]]
        place[cell[i]] += 1
        rows[here] = cell[i] % n_people
        times[here] = (float(word[i] >> _HALF) * 2.0**-32 + year) * YEAR
        words[here] = word[i]
