"""The same diseases the plain way: every hazard of everyone, month by month.

What a modeller would write first in NumPy. It uses the same tables and effects as
``agents.health`` and differs only by its month-long steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents import hazards
from agents.disease_tables import DiseaseTables
from agents.population import DAYS_PER_YEAR, Population
from agents.risk_factors import CLASS

Floats = npt.NDArray[np.float64]

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Counts:
    """How often things happened in the whole run."""

    onset: int
    remission: int
    diagnosis: int
    death: int


def sweep(
    people: Population, tables: DiseaseTables, scores: Floats, *, years: int, seed: int
) -> Counts:
    """Live everyone of ``people`` alive for ``years``, a month at a time."""
    rng = np.random.default_rng(seed)
    effects = tables.effects
    likely = hazards.susceptibility(scores, effects)
    sex, fifth = people.sex, people.imd_quintile - 1
    assert tables.risks is not None
    likely += tables.risks.log_ethnic_of(people.ethnic_groups)[people.ethnicity]
    kind = people.extra[CLASS]
    risk_at = tables.risks.with_unknown.transpose(4, 1, 2, 3, 0).copy()
    # Ages first: what is looked up for one person then lies side by side.
    onset_at = tables.onset.transpose(1, 2, 3, 0).copy()
    remission_at = tables.remission.transpose(1, 2, 0).copy()
    diagnosis_at = np.minimum(tables.diagnosis, 1e9).transpose(1, 2, 0).copy()
    counted = np.zeros(4, np.int64)
    for month in range(years * MONTHS_A_YEAR):
        age = people.age(month * DAYS_PER_YEAR / MONTHS_A_YEAR)
        year = np.minimum(age.astype(np.int64), tables.onset.shape[1] - 1)
        multiplier = hazards.multiplier(likely, people.has, age, sex, effects)
        onset = onset_at[year, sex, fifth] * risk_at[year, kind, sex, fifth] * multiplier
        death = tables.death[year, sex, fifth] * hazards.death_ratio(people.has, sex, effects)
        alive = people.alive[:, None]
        starts = ~people.has & alive & happens(onset, rng)
        ends = people.has & alive & happens(remission_at[year, sex], rng)
        dies = people.alive & happens(death, rng)
        people.has ^= starts | ends
        unknown = people.has & ~people.diagnosed & alive
        found = unknown & happens(diagnosis_at[year, sex], rng)
        people.diagnosed = (people.diagnosed | found) & people.has
        people.alive &= ~dies
        counted += [starts.sum(), ends.sum(), found.sum(), dies.sum()]
    return Counts(*counted.tolist())


def happens(rate: Floats, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Draw whether events of yearly ``rate`` happen this month."""
    return rng.random(rate.shape) < -np.expm1(-rate / MONTHS_A_YEAR)
