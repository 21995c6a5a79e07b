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
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.demand import Arrivals, Demand

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

    def raise_demand(self, demand: Demand) -> None:
        """Let rates reach the height of the year; ``thin`` takes what is above each day's."""
        everyone = np.arange(len(demand.population))
        for name in DEMAND:
            if name in self.factors:
                demand.multiply(name, everyone, float(self.factors[name].max()))
        demand.refresh(everyone, 0)

    def thin(self, day: int, arrivals: dict[str, Arrivals], luck: Luck) -> dict[str, Arrivals]:
        """Leave of each day's events the share that belongs to the season.

        An event is left out by its own key, so a season takes the same events in every design.
        """
        thinned, names = dict(arrivals), [name for name in DEMAND if name in self.factors]
        if not names:
            return thinned
        edges = np.cumsum([len(arrivals[name]) for name in names]).tolist()
        keys = np.concatenate([arrivals[name].keys for name in names])
        drawn = luck.uniforms_of(keys, "season")
        for name, first, end in zip(names, [0, *edges], edges, strict=False):
            factors, events = self.factors[name], arrivals[name]
            share = factors[day % YEAR] / factors.max()
            kept = np.flatnonzero(drawn[first:end] < share)
            if len(kept) < len(events):
                thinned[name] = Arrivals(events.rows[kept], events.times[kept], events.keys[kept])
        return thinned


def _months(evidence: Evidence, series: str) -> Floats:
    return np.array([evidence.value(TABLE, key=f"{series}.{month:02d}") for month in MONTHS])
