"""Hazard ratios of ethnic groups that lead to the published ratios of prevalence.

A ratio of prevalence is not a ratio of hazards: common conditions leave fewer people at risk,
and one condition brings on another. The ratios of hazards are moved for a few rounds until
groups of the same age, sex and deprivation have the published ratios.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.health import Health
from agents.luck import Luck
from agents.risk_factors import Risks
from calibration.aim import Aim
from calibration.bare_people import bare_population, england
from calibration.risk_ratios import against_the_mean

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ADULT = 20  # the published ratios are of people aged 20 and over
_ENOUGH = 100  # cases; a ratio of fewer is trusted in proportion


def fit_ethnicity(aim: Aim, tables: DiseaseTables, lives: int, luck: Luck, rounds: int) -> Risks:
    """Return the risks of ``aim`` with hazard ratios moved towards the ratios of prevalence.

    Parameters
    ----------
    tables : derived with the first guess, that hazard ratios are those of prevalence
    lives : people of each kind of group who are lived to today in every round
    """
    wanted = aim.risks.log_ethnic - aim.risks.log_ethnic[0]
    kinds, kind_of = np.unique(wanted, axis=0, return_inverse=True)
    kind_of = kind_of.ravel()
    groups = np.array([int(np.argmax(kind_of == kind)) for kind in range(len(kinds))])
    logs = wanted.copy()
    for _ in range(rounds):
        risks = replace(aim.risks, log_ethnic=against_the_mean(logs, aim.risks.ethnic_mix))
        cases = cases_by_group(aim, replace(tables, risks=risks), groups, lives, luck)
        first = cases[kind_of[0]]
        trust = np.minimum(np.minimum(cases, first) / _ENOUGH, 1.0)
        found = np.log(np.maximum(cases, 1) / np.maximum(first, 1))
        logs += (trust * (kinds - found))[kind_of]
    return replace(aim.risks, log_ethnic=against_the_mean(logs, aim.risks.ethnic_mix))


def cases_by_group(
    aim: Aim, tables: DiseaseTables, groups: Integers, lives: int, luck: Luck
) -> Floats:
    """Return (n_groups, n_conditions) adults diagnosed, of ``lives`` alike but for ``groups``."""
    assert tables.risks is not None
    like, times = england(tables.conditions, aim.population, lives, risks=None), len(groups)
    age = np.tile(like.age(0.0), times)
    people = bare_population(
        tables.conditions,
        age,
        sex=np.tile(like.sex, times),
        imd_quintile=np.tile(like.imd_quintile, times),
    )
    people.ethnicity = np.repeat(groups, lives).astype(np.int8)
    people.ethnic_groups = tables.risks.ethnic_groups
    Health(people, tables, luck).live_to_entry()
    known = people.diagnosed & (age >= ADULT)[:, None]
    cases: Floats = known.reshape(times, lives, -1).sum(axis=1).astype(np.float64)
    return cases
