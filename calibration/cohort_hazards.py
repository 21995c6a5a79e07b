"""Hazards of each year of age, set on a cohort so that it meets the aim.

Each year's onsets are what prevalence by age needs beyond survival and remission (the
illness-death identity), shared between the fifths of deprivation by a hazard ratio and
between people by their multipliers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.luck import Luck
from calibration.aim import Aim
from calibration.cohort import GROUPS, Cohort, Standing
from calibration.prevalence import AGES

Floats = npt.NDArray[np.float64]

_TILT = np.array([0.5, 0.25, 0.0, -0.25, -0.5])  # (3 - fifth) / 4
_FEW = 30  # people of a group below which its means are those of the year before


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is fitted in rounds, because the cohort alone shows where it leads.

    Attributes
    ----------
    log_ratio : (n_conditions,) log hazard ratio of fifth 1 to fifth 5
    log_born : (n_conditions,) log of what raises conditions of birth, since they shorten life
    """

    log_ratio: Floats
    log_born: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Hazards of one cohort, and the prevalence (n_conditions, AGES, 2, 5) it then had."""

    tables: DiseaseTables
    prevalence: Floats


def live_once(aim: Aim, fitted: Fitted, lives: int, luck: Luck) -> Pass:
    """Set hazards year by year on a cohort of ``lives``."""
    count = len(aim.conditions)
    cohort = Cohort(aim.conditions, aim.clusters, aim.effects, lives, luck, risks=aim.risks)
    at_birth = _at_birth(aim, fitted, cohort.standing())
    cohort.be_born(at_birth)
    onset = np.zeros((count, AGES, GROUPS))
    death = np.zeros((AGES, GROUPS))
    remission, outflow = np.zeros((count, AGES, 2)), np.zeros((count, AGES, 2))
    prevalence = np.zeros((count, AGES, GROUPS))
    classes = np.zeros((AGES, GROUPS, aim.risks.shares.shape[-1]))
    standing = cohort.standing()
    for age in range(AGES):
        cohort.begin_year(age)
        standing = _or_before(cohort.standing(), standing)
        prevalence[:, age] = standing.prevalence
        classes[age] = standing.classes.T
        deaths = aim.deaths[age].reshape(GROUPS)
        death[age] = deaths / standing.death_ratio
        excess = standing.excess * deaths
        onset[:, age], remission[:, age], outflow[:, age] = _year(
            aim, age, fitted.log_ratio, standing, excess
        )
        cohort.live_a_year(
            age, onset[:, age], np.repeat(remission[:, age], GROUPS // 2, axis=1), death[age]
        )
    shares = classes.reshape(AGES, 2, GROUPS // 2, -1)
    shares[0] = aim.risks.shares[0]  # at birth those drawn from, not those of this cohort
    tables = DiseaseTables(
        conditions=aim.conditions,
        clusters=aim.clusters,
        onset=onset.reshape(count, AGES, 2, -1),
        at_birth=at_birth.reshape(count, 2, -1),
        remission=remission,
        diagnosis=_diagnosis(aim, remission, outflow),
        death=death.reshape(AGES, 2, -1),
        effects=aim.effects,
        risks=replace(aim.risks, shares=shares),
    )
    return Pass(tables=tables, prevalence=prevalence.reshape(count, AGES, 2, -1))


def _or_before(now: Standing, before: Standing) -> Standing:
    """Return how a cohort stands, as the year before where hardly anyone is left."""
    few = now.alive < _FEW
    last = {each.name: getattr(before, each.name) for each in fields(before)}
    mixed = {name: np.where(few, then, getattr(now, name)) for name, then in last.items()}
    return Standing(**mixed)


def _at_birth(aim: Aim, fitted: Fitted, standing: Standing) -> Floats:
    """Return the integrated base hazard of conditions of birth, (n_conditions, GROUPS)."""
    tilt = np.exp(fitted.log_ratio[:, None, None] * _TILT)
    mean = (tilt * aim.fifths[0]).sum(axis=2, keepdims=True)
    share = aim.present[:, 0, :, None] * tilt / mean * np.exp(fitted.log_born)[:, None, None]
    share[~aim.from_birth] = 0.0
    integrated: Floats = -np.log1p(-share.reshape(-1, GROUPS)) / standing.multiplier
    return integrated


def _year(
    aim: Aim, age: int, log_ratio: Floats, standing: Standing, excess: Floats
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
    tilt = np.exp(aim.ratio_by_age[age] * log_ratio[:, None, None] * _TILT)
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
