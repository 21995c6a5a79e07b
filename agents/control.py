"""Which diagnosed conditions are treated to target, by age and deprivation.

Published shares are known for blood pressure in hypertension and for blood glucose in type 2
diabetes. Whether a person reaches the target is keyed to the person and the condition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TABLE = "diagnosis_control"
PERCENT = 0.01
MIDDLE_FIFTH = 3
FIFTHS_APART = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Share of people treated to target in bands of age, and its slope over deprivation.

    ``edges`` (k - 1,) are the ages at which the next of ``shares`` (k,) begins;
    ``most_minus_least`` is the difference between the ends of the deprivation fifths.
    """

    condition: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    most_minus_least: float

    def share(self, age: Floats, imd_quintile: npt.NDArray[np.int8]) -> Floats:
        """Return the share treated to target at each age (years) and fifth."""
        by_age = np.array(self.shares)[np.searchsorted(self.edges, age, side="right")]
        slope = self.most_minus_least * (MIDDLE_FIFTH - imd_quintile) / FIFTHS_APART
        return np.clip(by_age + slope, 0.0, 1.0)


def targets(evidence: Evidence) -> tuple[Target, ...]:
    """Read the published shares for hypertension and type 2 diabetes."""

    def share(condition: str, measure: str, group: str) -> float:
        return PERCENT * evidence.value(TABLE, condition=condition, measure=measure, group=group)

    gap = "most minus least deprived fifth"
    pressure, glucose = "hypertension", "type_2_diabetes"
    return (
        Target(
            condition=pressure,
            edges=(60.0,),
            shares=(
                share(pressure, "treated_to_target", "diagnosed 18-59"),
                share(pressure, "treated_to_target", "diagnosed 60+"),
            ),
            most_minus_least=share(pressure, "treated_to_target_difference", gap),
        ),
        Target(
            condition=glucose,
            edges=(40.0, 80.0),
            shares=(
                share(glucose, "hba1c_58_or_below", "diagnosed under 40"),
                share(glucose, "hba1c_58_or_below", "diagnosed"),
                share(glucose, "hba1c_58_or_below", "diagnosed 80+"),
            ),
            most_minus_least=share(glucose, "hba1c_58_or_below_difference", gap),
        ),
    )


class Control:
    """Sets ``controlled`` for conditions that have a published target."""

    def __init__(self, evidence: Evidence, population: Population, luck: Luck) -> None:
        self._population = population
        self._targets = [
            (population.conditions.index(target.condition), target)
            for target in targets(evidence)
            if target.condition in population.conditions
        ]
        self._scores = {
            column: luck.uniforms(f"control.{target.condition}", population.person)
            for column, target in self._targets
        }

    def settle(self, rows: Rows, day: float) -> None:
        """Say for ``rows`` which of their diagnosed conditions are treated to target."""
        people = self._population
        age = np.maximum(people.age(day, rows), 0.0)
        for column, target in self._targets:
            share = target.share(age, people.imd_quintile[rows])
            reached = self._scores[column][rows] < share
            people.controlled[rows, column] = people.diagnosed[rows, column] & reached
