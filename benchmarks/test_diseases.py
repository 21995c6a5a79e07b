"""Diseases alone: 50,000 people for ten years, against a plain monthly sweep.

Run with ``pytest benchmarks/test_diseases.py -s``; the ratio is printed, nothing fails for
being slow. Both must agree on how often things happen.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.health_events import DEATH, DIAGNOSIS, ONSET, REMISSION
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from benchmarks.monthly_sweep import Counts, sweep
from calibration.bare_people import england
from calibration.derive import DEFAULT, EVIDENCE
from calibration.prevalence import population_shares

PEOPLE, YEARS = 50_000, 10


@pytest.fixture(scope="module")
def tables() -> DiseaseTables:
    return DiseaseTables.load(DEFAULT)


def residents(tables: DiseaseTables) -> tuple[Population, Health]:
    shares = population_shares(Evidence(EVIDENCE))
    people = england(tables.conditions, shares, PEOPLE, risks=tables.risks)
    health = Health(people, tables, Luck(1))
    health.live_to_entry()
    return people, health


def by_day(health: Health) -> Counts:
    kinds = [health.advance(float(day)).kinds for day in range(1, round(YEARS * DAYS_PER_YEAR) + 1)]
    count = np.bincount(np.concatenate(kinds), minlength=4)
    return Counts(*(int(count[kind]) for kind in (ONSET, REMISSION, DIAGNOSIS, DEATH)))


def test_ten_years_by_exact_days(benchmark: Any, tables: DiseaseTables) -> None:
    benchmark.pedantic(by_day, setup=lambda: ((residents(tables)[1],), {}), rounds=3, iterations=1)


def test_ten_years_in_one_step(benchmark: Any, tables: DiseaseTables) -> None:
    benchmark.pedantic(
        lambda health: health.advance(YEARS * DAYS_PER_YEAR),
        setup=lambda: ((residents(tables)[1],), {}),
        rounds=3,
        iterations=1,
    )


def test_lives_from_birth_to_today(benchmark: Any, tables: DiseaseTables) -> None:
    benchmark.pedantic(residents, args=(tables,), rounds=3, iterations=1)


def test_a_day_on_which_nothing_happens(benchmark: Any, tables: DiseaseTables) -> None:
    health = residents(tables)[1]
    health.advance(100.0)
    benchmark(health.advance, 100.0)


def test_exact_days_against_a_monthly_sweep(benchmark: Any, tables: DiseaseTables) -> None:
    _, health = residents(tables)
    began = time.process_time()
    exact = by_day(health)
    seconds = time.process_time() - began
    people, again = residents(tables)
    began = time.process_time()
    swept = benchmark.pedantic(
        sweep,
        args=(people, tables, again.scores),
        kwargs={"years": YEARS, "seed": 1},
        rounds=1,
        iterations=1,
    )
    plain = time.process_time() - began
    benchmark.extra_info.update(exact=seconds, sweep=plain, times_as_fast=plain / seconds)
    print(  # noqa: T201
        f"\nexact days {seconds:.2f} s, monthly sweep {plain:.2f} s: "
        f"{plain / seconds:.1f} times as fast\n{exact}\n{swept}"
    )
    # The sweep lags by up to a month and misses what starts and ends within one.
    assert swept.onset == pytest.approx(exact.onset, rel=0.04)
    assert swept.death == pytest.approx(exact.death, rel=0.06)
    assert swept.diagnosis == pytest.approx(exact.diagnosis, rel=0.04)
