"""With hazards constant, how common a condition is at an age stays what it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from calibration.bare_people import england
from calibration.derive import DEFAULT, EVIDENCE
from calibration.prevalence import population_shares

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

YEARS, FIRST = 20, 30  # nobody under 20 after 20 years: whoever is 30 then was alive before
BANDS, OLDEST = 6, 95  # bands 30-39 … 80+; ages from 95 on together
BIG, FEW = 10_000, 20


def strata(people: Population, day: float) -> Counts:
    """Return each person's year of age, sex and fifth as one number, -1 for the young."""
    age = people.age(day)
    year = np.minimum(age.astype(np.int64), OLDEST) - FIRST
    cell = (year * 2 + people.sex) * 5 + people.imd_quintile - 1
    return np.where(people.alive & (age >= FIRST), cell, -1)


def counted(people: Population, day: float) -> tuple[Floats, Floats]:
    """Return people (years, 2, 5) and cases (n_conditions, years, 2, 5)."""
    cell = strata(people, day)
    there = cell >= 0
    shape = (OLDEST - FIRST + 1, 2, 5)
    size = int(np.prod(shape))
    n = np.bincount(cell[there], minlength=size).reshape(shape)
    cases = [np.bincount(cell[there], has[there], size) for has in people.has.T.astype(float)]
    return np.asarray(n, float), np.asarray(cases, float).reshape(-1, *shape)


def prevalence(n: Floats, cases: Floats, mix: Floats) -> tuple[Floats, Floats, Floats]:
    """Return prevalence, its variance and cases by condition, band and sex, mixed as ``mix``.

    Within a band years of age and fifths are mixed as at the start: a band grows older, and
    fifths die at different rates, without any drift of hazards.
    """
    share = cases / np.maximum(n, 1)
    spread = share * (1 - share) / np.maximum(n, 1)
    starts = np.append(np.arange(0, BANDS * 10, 10), OLDEST - FIRST + 1)
    bands = [slice(*ends) for ends in pairwise(starts)]
    level = [(share * mix)[:, each].sum(axis=(1, 3)) / mix[each].sum(axis=(0, 2)) for each in bands]
    error = [
        (spread * mix**2)[:, each].sum(axis=(1, 3)) / mix[each].sum(axis=(0, 2)) ** 2
        for each in bands
    ]
    return (
        np.stack(level, axis=1),
        np.stack(error, axis=1),
        np.stack([cases[:, each].sum(axis=(1, 3)) for each in bands], axis=1),
    )


def lived_on(n: int, seed: int, faster: float = 1.0) -> tuple[Floats, Floats, Floats]:
    """Live people on for 20 years; return drift, drift in standard errors, and cases by cell."""
    tables = DiseaseTables.load(DEFAULT)
    shares = population_shares(Evidence(EVIDENCE))
    people = england(tables.conditions, shares, n, risks=tables.risks)
    health = Health(people, tables, Luck(seed))
    health.live_to_entry()
    before = counted(people, 0.0)
    if faster != 1.0:
        people.onset_factor[:] = faster
        health.refresh(np.arange(len(people)), 0.0)
    day = YEARS * DAYS_PER_YEAR
    health.advance(day)
    after = counted(people, day)
    mix = np.where((before[0] > 0) & (after[0] > 0), before[0], 0.0)
    level, variance, cases = prevalence(*before, mix)
    later, variance_later, cases_later = prevalence(*after, mix)
    fewest = np.minimum(cases, cases_later)
    known = fewest >= FEW
    error = np.sqrt(variance + variance_later)
    change = (later - level)[known]
    return change / level[known], change / error[known], fewest[known]


def test_prevalence_by_age_does_not_drift_in_20_years() -> None:
    """Cells of a moderate population: hardly any moves further than chance would move it."""
    change, in_errors, cases = lived_on(60_000, seed=3)

    assert len(change) > 150
    assert (np.abs(in_errors) > 3).mean() < 0.02, np.sort(np.abs(in_errors))[-10:]
    assert np.abs(in_errors).max() < 4.5
    # Conditions go together, so chance moves their common mean by a percent or so.
    assert abs(np.average(change, weights=cases)) < 0.02


@pytest.mark.slow
def test_cells_of_ten_thousand_cases_drift_less_than_2_percent() -> None:
    """Two counts of 10,000 differ by 1.4% by chance, so that is allowed for beside the 2%."""
    change, in_errors, cases = lived_on(1_000_000, seed=4)
    big = cases >= BIG
    by_chance = 1.96 * np.abs(change / in_errors)[big]

    assert big.sum() > 10
    assert (np.abs(change[big]) < 0.02 + by_chance).all(), np.sort(np.abs(change[big]))[-5:]
    assert abs(np.average(change[big], weights=cases[big])) < 0.005
    small = np.abs(in_errors[~big])
    assert (small > 3).mean() < 0.01, np.sort(small)[-10:]


def test_a_hazard_that_grows_is_seen_as_drift() -> None:
    """The tests above can fail: the same measure finds onsets that are a fifth more frequent."""
    change, _, cases = lived_on(20_000, seed=5, faster=1.2)

    assert np.average(change, weights=cases) > 0.05
