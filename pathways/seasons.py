"""The year's round: what comes and goes with the months, about a mean of one.

Demand, length of stay, open beds, practice slots and sickness follow the months of the
calendar (``seasons.csv``). Every series is scaled so that its mean over the 365 days of a
year is one: what is closed on a year's total stays closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from pathways.calendar import YEAR
from pathways.demand import Demand
from pathways.processes import PROCESSES

Floats = npt.NDArray[np.float64]

TABLE, SETTING = "seasons", "structure.seasons"
MONTHS = range(1, 13)
DEMAND = ("practice_consultation", "ed_attendance", "emergency_admission")
FLAT = 1.0  # the value of ``SETTING`` that switches seasons off


@dataclass(frozen=True, slots=True)
class Seasons:
    """Factors by day of the simulated year, mean one; all ones where seasons are off.

    Attributes
    ----------
    factors : by series, (365,) from day 0 of each year on
    """

    factors: Mapping[str, Floats]

    @classmethod
    def of(cls, evidence: Evidence, start: date, settings: Mapping[str, float]) -> Seasons:
        """Read the months' factors for years that begin on ``start``.

        Staff at work are those not sick, so practices lose slots, and beds their staff, as
        far as sickness is above the year's mean.
        """
        if settings.get(SETTING) == FLAT:
            return cls({})
        days = [(start + timedelta(days=day)).month - 1 for day in range(YEAR)]
        names = (*DEMAND, "emergency_stay", "beds", "practice_slots", "sickness")
        by_day = {name: _months(evidence, name)[days] for name in names}
        at_work = 1.0 - by_day.pop("sickness")
        by_day["practice_slots"] = by_day["practice_slots"] * at_work
        return cls({name: factors / factors.mean() for name, factors in by_day.items()})

    def on(self, series: str, day: int) -> float:
        """Return the factor of ``series`` on ``day`` (days before 0 too)."""
        factors = self.factors.get(series)
        return 1.0 if factors is None else float(factors[day % YEAR])

    def follow(self, demand: Demand) -> None:
        """Let demand follow the season.

        Rates reach the height of the year, of which each day leaves its share.
        """
        everyone = np.arange(len(demand.population))
        share = np.ones((len(PROCESSES), YEAR))
        for number, name in enumerate(PROCESSES):
            if name in DEMAND and name in self.factors:
                highest = float(self.factors[name].max())
                demand.multiply(name, everyone, highest)
                share[number] = self.factors[name] / highest
        demand.season = share if (share < 1.0).any() else None
        demand.refresh(everyone, 0)


def _months(evidence: Evidence, series: str) -> Floats:
    return np.array([evidence.value(TABLE, key=f"{series}.{month:02d}") for month in MONTHS])
