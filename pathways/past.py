"""What everyone asked for in the years before day 0, by the same luck as what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import YEAR
from pathways.points import Points
from pathways.processes import PROCESSES, clouds_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_HISTORY_YEARS = 2  # made at once, so that asking for ever longer does not make them again


@dataclass(slots=True)
class Past:
    """What was asked for before day 0, made when it is first wanted.

    Parameters
    ----------
    population, evidence, luck : as of ``Demand``
    rates : (n_processes and more, n) present rates of everyone, per person-year
    readmitted : share of discharges that are followed by a readmission
    """

    population: Population
    evidence: Evidence
    luck: Luck
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
        clouds, years_of = clouds_of(self.population, self.evidence, self.luck), []
        for year in range(-years, 0):
            clouds.begin(year, self.rates[: len(PROCESSES)])
            points = clouds.under(self.rates)
            years_of.append(Points(points.cell, np.empty(0), points.word))
        del clouds, points
        return {
            name: self._made_of(number, years_of, -years) for number, name in enumerate(PROCESSES)
        }

    def _made_of(self, process: int, years_of: Sequence[Points], first: int) -> Arrivals:
        """Return what was asked of one process in years from ``first`` on, in order of person."""
        n, parts = len(self.population), []
        for year, points in enumerate(years_of, first):
            mine = np.flatnonzero((points.cell >= process * n) & (points.cell < (process + 1) * n))
            some = Points(points.cell[mine], points.height, points.word[mine])
            parts.append((some.cell, (some.year_share + year) * YEAR, some.word))
        cell, times, word = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = np.argsort(cell, kind="stable")
        rows = cell[order].astype(np.int64) - process * n
        return Arrivals(rows, times[order], self.luck.words_of(word[order], "demand.key", rows))

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
