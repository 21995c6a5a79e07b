"""People without any trait but age, sex and fifth, for work on the diseases alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from agents.risk_factors import CLASS, Risks


def bare_population(
    conditions: tuple[str, ...],
    ages: npt.ArrayLike,
    *,
    sex: npt.ArrayLike = 0,
    imd_quintile: npt.ArrayLike = 3,
    entry_day: npt.ArrayLike = 0.0,
    first_person: int = 0,
) -> Population:
    """Return people of ``ages`` (years) at their entry, healthy and without other traits."""
    age = np.asarray(ages, np.float64)
    n = age.size
    entry = np.broadcast_to(np.asarray(entry_day, np.float64), n).copy()

    def facts(columns: int | None = None) -> npt.NDArray[np.bool_]:
        return np.zeros(n if columns is None else (n, columns), np.bool_)

    c = len(conditions)
    return Population(
        conditions=conditions,
        vulnerabilities=(),
        ethnic_groups=("all",),
        person=np.arange(first_person, first_person + n),
        birth_day=entry - age * DAYS_PER_YEAR,
        sex=np.broadcast_to(np.asarray(sex, np.int8), n).copy(),
        imd_quintile=np.broadcast_to(np.asarray(imd_quintile, np.int8), n).copy(),
        ethnicity=np.zeros(n, np.int8),
        household=np.arange(n),
        practice=np.zeros(n, np.int32),
        locality=np.zeros(n, np.int32),
        entry_day=entry,
        exit_day=np.full(n, np.inf),
        alive=np.ones(n, np.bool_),
        death_day=np.full(n, np.inf),
        care_home=facts(),
        frailty=np.zeros(n, np.int8),
        smoking=np.zeros(n, np.int8),
        obese=facts(),
        carer=facts(),
        isolated=facts(),
        activation=np.full(n, 3.0),
        vulnerable=facts(0),
        has=facts(c),
        diagnosed=facts(c),
        onset_day=np.full((n, c), np.inf),
        diagnosis_day=np.full((n, c), np.inf),
        controlled=facts(c),
        onset_factor=np.ones((n, c)),
        death_factor=np.ones(n),
    )


def england(
    conditions: tuple[str, ...],
    shares: npt.NDArray[np.float64],
    n: int,
    *,
    risks: Risks | None,
    seed: int = 5,
) -> Population:
    """Return ``n`` people drawn from the population ``shares`` of age, sex and fifth.

    ``shares`` is (n_ages, 2, 5), as ``calibration.prevalence.population_shares`` gives it.
    ``risks`` are those of the tables they will live by (see ``give_risks``).
    """
    luck = Luck(seed)
    people = np.arange(n)
    cells = np.cumsum(shares.ravel())
    cell = np.searchsorted(cells / cells[-1], luck.uniforms("cell", people))
    age, sex, fifth = np.unravel_index(cell, shares.shape)
    ages = age + luck.uniforms("part of a year", people)
    made = bare_population(conditions, ages, sex=sex, imd_quintile=fifth + 1)
    give_risks(made, risks, luck)
    return made


def give_risks(people: Population, risks: Risks | None, luck: Luck) -> None:
    """Give people England's ethnic groups, and lasting classes of risk by age, sex and fifth.

    Without ``risks`` nothing is given: everyone then has the mean risk of their sex and fifth.
    """
    if risks is None:
        return
    whole = np.clip(people.age_at_entry().astype(np.int64), 0, len(risks.shares) - 1)
    shares = risks.shares[whole, people.sex, people.imd_quintile - 1]
    people.ethnic_groups = risks.ethnic_groups
    people.ethnicity = _kind(risks.ethnic_mix[None], luck.uniforms("ethnicity", people.person))
    people.extra[CLASS] = _kind(shares, luck.uniforms("risk class", people.person)) + 1


def _kind(shares: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """Return which of several kinds each drawn number falls on, by the shares of its row."""
    cuts = np.cumsum(shares, axis=1)[:, :-1]
    kind: npt.NDArray[np.int8] = (drawn[:, None] >= cuts).sum(axis=1).astype(np.int8)
    return kind
