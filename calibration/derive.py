"""Derive the hazards of a run from published prevalence, mortality and effects.

The method is the illness-death identity on a simulated cohort: each year's onsets are what
prevalence by age needs beyond survival and remission, shared between the fifths so that
published prevalence ratios come out, and between people by their multipliers.

Run ``python -m calibration.derive`` to write the tables anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents.conditions import load_conditions
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.hazards import Effects
from agents.luck import Luck
from calibration.cohort import GROUPS, Cohort, Standing
from calibration.deaths import death_rates
from calibration.effects import build_effects, clusters
from calibration.prevalence import (
    AGES,
    deprivation_by_age,
    deprivation_ratios,
    diagnosed_targets,
    population_shares,
    rows_with_figures,
    undiagnosed_shares,
)

Floats = npt.NDArray[np.float64]

EVIDENCE = Path(__file__).parent / "evidence"
DEFAULT = Path(__file__).parent / "parameters" / "default"
SEED = 1
_TILT = np.array([0.5, 0.25, 0.0, -0.25, -0.5])  # (3 - fifth) / 4
_ADULT = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What the derived hazards must bring about.

    Attributes
    ----------
    conditions, clusters : names
    effects : multipliers of hazards
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
        diagnosed=diagnosed_targets(evidence, keys, population.sum(axis=2)),
        undiagnosed=undiagnosed_shares(evidence, keys),
        population=population,
        deaths=death_rates(evidence),
        ratio=deprivation_ratios(evidence, keys),
        ratio_by_age=deprivation_by_age(evidence),
        remission=_named(evidence, "remission.", keys, otherwise=0.0),
        from_birth=np.array([key in lifelong for key in keys]),
        feedback=evidence.value("starting_parameters", key="calibration.feedback"),
    )


def _named(evidence: Evidence, prefix: str, keys: tuple[str, ...], otherwise: float) -> Floats:
    """Return the starting parameter ``prefix`` + condition of each condition."""
    named = {row["key"]: row for row in evidence.rows("starting_parameters")}
    return np.array(
        [
            evidence.value("starting_parameters", key=prefix + key)
            if prefix + key in named
            else otherwise
            for key in keys
        ]
    )


# -------------------------------------------------------------------- one pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Hazards of one cohort, and the prevalence (n_conditions, AGES, 2, 5) it then had."""

    tables: DiseaseTables
    prevalence: Floats


def live_once(aim: Aim, ratio: Floats, lives: int, luck: Luck) -> Pass:
    """Set hazards year by year on a cohort of ``lives``, given hazard ratios of fifths."""
    count = len(aim.conditions)
    cohort = Cohort(aim.conditions, aim.clusters, aim.effects, lives, luck)
    at_birth = _at_birth(aim, cohort.standing())
    cohort.be_born(at_birth)
    onset = np.zeros((count, AGES, GROUPS))
    death = np.zeros((AGES, GROUPS))
    remission, outflow = np.zeros((count, AGES, 2)), np.zeros((count, AGES, 2))
    prevalence = np.zeros((count, AGES, GROUPS))
    standing = cohort.standing()
    for age in range(AGES):
        standing = _or_before(cohort.standing(), standing)
        prevalence[:, age] = standing.prevalence
        deaths = aim.deaths[age].reshape(GROUPS)
        death[age] = deaths / standing.death_ratio
        excess = standing.excess * deaths
        onset[:, age], remission[:, age], outflow[:, age] = _year(aim, age, ratio, standing, excess)
        cohort.live_a_year(
            age, onset[:, age], np.repeat(remission[:, age], GROUPS // 2, axis=1), death[age]
        )
    tables = DiseaseTables(
        conditions=aim.conditions,
        clusters=aim.clusters,
        onset=onset.reshape(count, AGES, 2, -1),
        at_birth=at_birth.reshape(count, 2, -1),
        remission=remission,
        diagnosis=_diagnosis(aim, remission, outflow),
        death=death.reshape(AGES, 2, -1),
        effects=aim.effects,
    )
    return Pass(tables=tables, prevalence=prevalence.reshape(count, AGES, 2, -1))


_FEW = 30  # people of a group below which its means are those of the year before


def _or_before(now: Standing, before: Standing) -> Standing:
    """Return how a cohort stands, as the year before where hardly anyone is left."""
    few = now.alive < _FEW
    return Standing(
        *(
            np.where(few, getattr(before, name), getattr(now, name))
            for name in ("prevalence", "multiplier", "death_ratio", "excess", "alive")
        )
    )


def _at_birth(aim: Aim, standing: Standing) -> Floats:
    """Return the integrated base hazard of conditions of birth, (n_conditions, GROUPS)."""
    tilt = np.exp(np.log(aim.ratio)[:, None, None] * _TILT)
    mean = (tilt * aim.fifths[0]).sum(axis=2, keepdims=True)
    share = aim.present[:, 0, :, None] * tilt / mean
    share[~aim.from_birth] = 0.0
    integrated: Floats = -np.log1p(-share.reshape(-1, GROUPS)) / standing.multiplier
    return integrated


def _year(
    aim: Aim, age: int, ratio: Floats, standing: Standing, excess: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return base hazards (n, GROUPS), remission (n, 2) and excess deaths (n, 2) of a year."""
    shape = (len(aim.conditions), 2, 5)
    share = aim.fifths[age]
    prevalence = standing.prevalence.reshape(shape)
    mean = (prevalence * share).sum(axis=2)
    target, following = aim.present[:, age], aim.present[:, age + 1]
    dying = (share * prevalence * (1 - prevalence) * excess.reshape(shape)).sum(axis=2)
    needed = following - target + aim.feedback * (target - mean) + dying
    least = aim.remission[:, None]
    rate, leaving = _remission(needed, mean, np.broadcast_to(least, needed.shape))
    inflow = np.maximum(needed + mean * leaving, 0.0)
    tilt = np.exp(aim.ratio_by_age[age] * np.log(ratio)[:, None, None] * _TILT)
    within = np.where(rate > 0, leaving / np.maximum(rate, 1e-12), 1.0)
    free = (share * (1 - prevalence) * tilt).sum(axis=2)
    level = inflow / (within * free)
    level[aim.from_birth] = 0.0
    base = level[:, :, None] * tilt / standing.multiplier.reshape(shape)
    return base.reshape(-1, GROUPS), rate, np.where(mean > 0, dying / np.maximum(mean, 1e-12), 0.0)


def _remission(needed: Floats, mean: Floats, least: Floats) -> tuple[Floats, Floats]:
    """Return the rate of remission and the share that leaves within the year.

    Where prevalence falls faster than remission and death explain, conditions that remit
    remit faster; the others simply stop starting.
    """
    leaving = -np.expm1(-least)
    short = (needed + mean * leaving < 0) & (least > 0)
    more = np.where(short, np.minimum(-needed / np.maximum(mean, 1e-12), 0.9), leaving)
    return -np.log1p(-more), more


def _diagnosis(aim: Aim, remission: Floats, outflow: Floats) -> Floats:
    """Return the hazard of diagnosis that keeps registers at their published size.

    Registers grow by diagnosis and shrink by remission and excess deaths:
    ``D' = d U - D (r + e)`` with ``U`` the undiagnosed, hence ``d``.
    """
    register, hidden = aim.diagnosed, aim.present - aim.diagnosed
    growth = np.diff(register, axis=1)
    held = (register[:, 1:] + register[:, :-1]) / 2
    waiting = (hidden[:, 1:] + hidden[:, :-1]) / 2
    found = growth + held * (remission + outflow)
    some = waiting > 0
    rate: Floats = np.where(some, np.maximum(found, 0) / np.where(some, waiting, 1.0), np.inf)
    # Before a condition is seen at all nobody waits; it is still found at its first rate.
    never = (aim.undiagnosed == 0).all(axis=(1, 2))
    rate[~never] = np.where(np.isinf(rate[~never]), 0.0, rate[~never])
    return rate


# -------------------------------------------------------------------- all passes


def derive(evidence: Evidence, seed: int = SEED, lives: int | None = None) -> DiseaseTables:
    """Return the disease tables that the evidence implies.

    Hazard ratios of deprivation are fitted in a few rounds on smaller cohorts, until the
    standardised prevalence ratios of adults are the published; then one cohort of ``lives``
    gives the tables. The same evidence, seed and lives give the same tables.
    """
    aim = aim_of(evidence)
    luck = Luck(seed)
    fewer = int(evidence.value("disease_model", key="derivation.lives_while_fitting"))
    many = lives or int(evidence.value("disease_model", key="derivation.lives"))
    ratio = _fitted_ratios(evidence, aim, min(fewer, many), luck)
    tables = live_once(aim, ratio, many, luck).tables
    about = {
        "seed": seed,
        "lives": many,
        "hazard_ratio_most_least_deprived": dict(
            zip(aim.conditions, ratio.round(4).tolist(), strict=True)
        ),
        "evidence": sorted(evidence.used),
    }
    return replace(tables, about=about)


def _fitted_ratios(evidence: Evidence, aim: Aim, lives: int, luck: Luck) -> Floats:
    """Return the hazard ratios of fifths that give the prevalence ratios aimed at."""
    rounds = int(evidence.value("disease_model", key="derivation.rounds"))
    first = evidence.value("disease_model", key="derivation.first_damping")
    last = evidence.value("disease_model", key="derivation.last_damping")
    log_ratio = np.log(_named(evidence, "deprivation.hazard_ratio.", aim.conditions, 1.0))
    tried = []
    for step in np.linspace(first, last, rounds):
        prevalence = live_once(aim, np.exp(log_ratio), lives, luck).prevalence
        gap = np.log(aim.ratio) - np.log(standardised_ratio(aim, prevalence))
        log_ratio = np.where(aim.from_birth, log_ratio, log_ratio + step * gap)
        tried.append(log_ratio)
    return np.exp(np.mean(tried[-3:], axis=0))


def standardised_ratio(aim: Aim, prevalence: Floats) -> Floats:
    """Return the adult prevalence ratio of fifth 1 to 5, standardised for age and sex."""
    weights = aim.population[_ADULT:].sum(axis=2)
    by_fifth = np.einsum("casq,as->cq", prevalence[:, _ADULT:], weights)
    ratio: Floats = by_fifth[:, 0] / by_fifth[:, -1]
    return ratio


def main(arguments: Sequence[str] | None = None) -> None:
    """Derive the tables and write them."""
    parser = argparse.ArgumentParser(description="Derive the disease tables from the evidence.")
    parser.add_argument("--evidence", type=Path, default=EVIDENCE)
    parser.add_argument("--to", type=Path, default=DEFAULT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--lives", type=int, default=None)
    given = parser.parse_args(arguments)
    derive(Evidence(given.evidence), given.seed, given.lives).save(given.to)


if __name__ == "__main__":
    main()
