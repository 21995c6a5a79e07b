"""Which diagnosed conditions are treated to target, by age and deprivation.

Published shares are known for blood pressure in hypertension and for blood glucose in type 2
diabetes. Whether a person reaches the target is keyed to the person and the condition. Care
may raise the odds of it (reviews, medicines optimisation); with lower odds the same people
come first, so nobody loses their target where others gain it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TABLE = "diagnosis_control"
PERCENT = 0.01
MIDDLE_FIFTH = 3
FIFTHS_APART = 4
CONDITIONS = ("hypertension", "type_2_diabetes")  # that have a published target


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
    pressure, glucose = CONDITIONS
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


def raised(share: Floats, odds: npt.ArrayLike) -> Floats:
    """Return a share (0 to 1) whose odds are multiplied by ``odds``."""
    multiplied = np.asarray(odds) * share
    rest = 1.0 - share + multiplied
    return np.divide(multiplied, rest, out=np.zeros_like(multiplied), where=rest > 0.0)


class Control:
    """Sets ``controlled`` for conditions that have a published target.

    Attributes
    ----------
    odds : by condition, (n,) what care multiplies each person's odds of the target by; only
        of conditions whose control something raises
    gained : by condition of ``odds``, (n,) who is at target for that reason alone
    """

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
        self.odds: dict[str, Floats] = {}
        self.gained: dict[str, Bools] = {}

    def may_be_raised(self, condition: str) -> Floats:
        """Return everyone's odds for ``condition``, all 1 at first, to be changed in place."""
        everyone = len(self._population)
        self.gained.setdefault(condition, np.zeros(everyone, np.bool_))
        return self.odds.setdefault(condition, np.ones(everyone))

    def settle(self, rows: Rows, day: float, only: Container[str] = CONDITIONS) -> None:
        """Say for ``rows`` which of their diagnosed conditions (``only``) are at target."""
        people = self._population
        age = np.maximum(people.age(day, rows), 0.0)
        for column, target in self._targets:
            if target.condition not in only:
                continue
            share = target.share(age, people.imd_quintile[rows])
            score, known = self._scores[column][rows], people.diagnosed[rows, column]
            reached = score < share
            if target.condition in self.odds:
                more = score < raised(share, self.odds[target.condition][rows])
                self.gained[target.condition][rows] = known & more & ~reached
                reached = more
            people.controlled[rows, column] = known & reached
