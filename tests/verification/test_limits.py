"""The model at its limits: nobody ill, no capacity, endless capacity, one resident, the oldest.

Where a limit has an answer that needs no model, the model must give it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import calibration
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.place import Place
from experiments.places import load_place
from sim.model import simulate
from sim.spec import RunSpec
from tests.small_runs import small_run

ROOT = Path(calibration.__file__).parent
EVIDENCE = ROOT / "evidence"
PARAMETERS = ROOT / "parameters" / "default"
SERVICES = ("gp", "beds", "ed", "outpatients", "elective", "mdt", "vcse", "care_coordination")


@lru_cache(maxsize=1)
def southwark() -> Place:
    return load_place("southwark", Evidence(EVIDENCE))


def spec_of(**changes: Any) -> RunSpec:
    """Return a small run of usual care: 1,500 people for a year."""
    return small_run(seed=11, **changes)


class Run:
    """One run as tables."""

    def __init__(self, spec: RunSpec) -> None:
        record = simulate(spec)
        self.person_years, self.series, self.waits = (
            pd.concat(map(pd.DataFrame, part), ignore_index=True)
            for part in (record.person_years, record.series, record.waits)
        )

    def total(self, column: str) -> float:
        return float(self.person_years[column].sum())

    def monthly(self, service: str, metric: str) -> pd.Series:
        rows = self.series
        return rows.loc[(rows["service"] == service) & (rows["metric"] == metric), "value"]


@lru_cache(maxsize=8)
def with_capacity(factor: float) -> Run:
    return Run(spec_of(settings={f"{service}.capacity_factor": factor for service in SERVICES}))


@lru_cache(maxsize=1)
def usual() -> Run:
    return Run(spec_of())


def holds(record: Run) -> None:
    """Fail unless every number is one and nobody lived longer than a year in a year."""
    numbers = record.person_years.select_dtypes("number")
    assert np.isfinite(numbers.to_numpy(dtype=float)).all()
    assert (numbers.to_numpy(dtype=float) >= 0).all()
    assert record.person_years["days_alive"].max() <= 365


def test_where_nothing_starts_nobody_is_ill(tmp_path: Path) -> None:
    tables = DiseaseTables.load(PARAMETERS)
    none = replace(tables, onset=tables.onset * 0.0, at_birth=tables.at_birth * 0.0)
    none.save(tmp_path)
    record = Run(spec_of(parameters=tmp_path))
    assert record.total("onsets") == 0
    assert (record.person_years["conditions"] == 0).all()
    assert (record.person_years["diagnosed_end"] == 0).all()
    assert record.total("gp_contacts_gp") > 0
    holds(record)


def test_without_capacity_nobody_is_seen_and_people_go_elsewhere() -> None:
    nothing = with_capacity(0.0)
    for seen in ("gp_contacts_gp", "gp_contacts_nurse", "elective_admissions"):
        assert nothing.total(seen) == 0
        assert usual().total(seen) > 0
    for elsewhere in ("gp_unmet", "nhs111_calls", "pharmacy_contacts", "ae_attendances"):
        assert nothing.total(elsewhere) > 1.2 * usual().total(elsewhere)
    holds(nothing)


def test_with_endless_capacity_nobody_waits_for_a_bed_or_is_turned_away() -> None:
    endless = with_capacity(400.0)
    beds = endless.waits[endless.waits["service"] == "beds"]
    assert beds["count"].sum() > 50
    assert (beds["wait_days"] == 0).all()
    assert usual().waits.query("service == 'beds'")["wait_days"].max() > 0
    assert endless.total("gp_unmet") < 0.1 * usual().total("gp_unmet")
    assert endless.monthly("beds", "queue_end").max() == 0
    holds(endless)


@pytest.mark.parametrize("population", [1, 2, 7])
def test_a_handful_of_residents_can_be_simulated(population: int) -> None:
    record = Run(spec_of(population=population, years=2))
    assert len(record.person_years) >= population
    holds(record)


def test_the_oldest_old_live_and_die() -> None:
    shares = np.zeros_like(southwark().age_sex_share)
    shares[-1] = (0.7, 0.3)
    old = np.zeros_like(southwark().age_share_within_imd)
    old[-1] = 1.0
    place = replace(southwark(), age_sex_share=shares, age_share_within_imd=old)
    record = Run(spec_of(place=place, population=600, years=3))
    first = record.person_years[record.person_years["year"] == 1]
    residents = first[first["age"] >= 90]
    assert residents["age"].max() >= 100
    died = residents["died"].mean()
    assert 0.1 < died < 0.4  # a fifth to a quarter of people over 90 die each year in England
    holds(record)


def test_a_place_with_one_practice_is_one_queue() -> None:
    place = replace(southwark(), practices=1.0, list_size=1e9)
    record = Run(spec_of(place=place))
    assert set(record.person_years["practice"]) == {0}
    assert record.total("gp_contacts_gp") > 0
    holds(record)


def test_a_place_of_one_fifth_has_no_other() -> None:
    mix = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    place = replace(southwark(), imd_mix=mix)
    record = Run(spec_of(place=place))
    assert set(record.person_years["imd_quintile"]) == {1}
    holds(record)
