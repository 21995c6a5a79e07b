"""What control of a condition does to crises: emergency admissions of those not at target.

People whose condition is present but not treated to target, known to the practice or not, are
admitted as an emergency more often than those at target. For blood glucose that is an
association in English records, for blood pressure it follows from trials; of each only a causal
share is taken, which may be nought. Among the people who have a condition the effect averages
nearly one at the start, so that it moves admissions between them and not the total.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from pathways.crises import ratios_by_condition
from pathways.demand import Demand

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ADMITTED = "emergency_admission"


class Crises:
    """Keeps the rate of emergency admission up to date with ``controlled``.

    Attributes
    ----------
    does : by column of the condition, what the rate is multiplied by at and off target
    """

    def __init__(self, demand: Demand, evidence: Evidence) -> None:
        self._demand = demand
        people = demand.population
        self.does: dict[int, tuple[float, float]] = {}
        for condition, ratio in ratios_by_condition(evidence).items():
            if condition in people.conditions and ratio != 1.0:
                column = people.conditions.index(condition)
                mean = self._mean(column, ratio)
                self.does[column] = 1.0 / mean, ratio / mean
        self._now = np.ones(len(people))
        everyone = np.arange(len(people))
        if self.does:
            self.follow(everyone)
            demand.refresh(everyone, 0)

    def _mean(self, column: int, ratio: float) -> float:
        """Return the mean multiplier, weighted by the rate, of those who have the condition."""
        people = self._demand.population
        ill = np.flatnonzero(people.present(0.0) & people.has[:, column])
        rate = self._demand.rate[ADMITTED][ill]
        if not rate.any():
            return 1.0
        multiplier = np.where(people.controlled[ill, column], 1.0, ratio)
        return float(rate @ multiplier / rate.sum())

    def follow(self, rows: Rows) -> Rows:
        """Take up how ``rows`` are now; return those whose rate must be worked out anew."""
        if not self.does or not len(rows):
            return rows[:0]
        people = self._demand.population
        new = np.ones(len(rows))
        for column, (at_target, off_target) in self.does.items():
            reached = np.where(people.controlled[rows, column], at_target, off_target)
            new *= np.where(people.has[rows, column], reached, 1.0)
        moved = np.flatnonzero(new != self._now[rows])
        changed = rows[moved]
        self._demand.multiply(ADMITTED, changed, new[moved] / self._now[changed])
        self._now[changed] = new[moved]
        return changed
