"""What the derived hazards of disease must bring about, gathered from the evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.conditions import load_conditions
from agents.evidence import Evidence
from agents.hazards import Effects
from agents.risk_factors import Risks
from calibration.deaths import death_rates
from calibration.effects import build_effects, clusters
from calibration.prevalence import (
    deprivation_by_age,
    deprivation_ratios,
    diagnosed_targets,
    population_shares,
    undiagnosed_shares,
)
from calibration.risk_ratios import build_risks
from calibration.sources import parameter

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What the derived hazards must bring about.

    Attributes
    ----------
    conditions, clusters : names
    effects : multipliers of hazards
    risks : multipliers by smoking, body mass and ethnicity
    diagnosed : (n_conditions, AGES + 1, 2) share on a register at exact ages
    undiagnosed : (n_conditions, AGES + 1, 2) share of those with it who are not
    population : (AGES, 2, 5) share of the population
    deaths : (AGES, 2, 5) rate per person-year
    ratio : (n_conditions,) prevalence ratio of fifth 1 to fifth 5, adults
    ratio_by_age : (AGES,) multiplier of its log
    remission : (n_conditions,) per person-year, the least at any age
    from_birth : (n_conditions,) present from birth or never
    feedback : share of the gap to the target closed per year
    """

    conditions: tuple[str, ...]
    clusters: tuple[str, ...]
    effects: Effects
    risks: Risks
    diagnosed: Floats
    undiagnosed: Floats
    population: Floats
    deaths: Floats
    ratio: Floats
    ratio_by_age: Floats
    remission: Floats
    from_birth: npt.NDArray[np.bool_]
    feedback: float

    @property
    def present(self) -> Floats:
        """Share of people who truly have each condition, (n_conditions, AGES + 1, 2)."""
        share: Floats = self.diagnosed / (1.0 - self.undiagnosed)
        return share

    @property
    def fifths(self) -> Floats:
        """Share of each fifth in the people of one age and sex, (AGES, 2, 5)."""
        share: Floats = self.population / self.population.sum(axis=2, keepdims=True)
        return share


def aim_of(evidence: Evidence) -> Aim:
    """Gather from the evidence what the hazards must bring about."""
    keys = tuple(condition.key for condition in load_conditions(evidence))
    population = population_shares(evidence)
    lifelong = {row["condition"] for row in evidence.rows("condition_rules", rule="from_birth")}
    return Aim(
        conditions=keys,
        clusters=clusters(evidence),
        effects=build_effects(evidence),
        risks=build_risks(evidence, keys),
        diagnosed=diagnosed_targets(evidence, keys, population.sum(axis=2)),
        undiagnosed=undiagnosed_shares(evidence, keys),
        population=population,
        deaths=death_rates(evidence),
        ratio=deprivation_ratios(evidence, keys),
        ratio_by_age=deprivation_by_age(evidence),
        remission=named(evidence, "remission.", keys, otherwise=0.0),
        from_birth=np.array([key in lifelong for key in keys]),
        feedback=parameter(evidence, "calibration.feedback"),
    )


def named(evidence: Evidence, prefix: str, keys: tuple[str, ...], otherwise: float) -> Floats:
    """Return the starting parameter ``prefix`` + condition of each condition."""
    named = {row["key"]: row for row in evidence.rows("starting_parameters")}
    return np.array(
        [parameter(evidence, prefix + key) if prefix + key in named else otherwise for key in keys]
    )
