"""Laws of the whole model: what a design may change, and what it may not."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibration
from pathways.vocabulary import ACTIVITY
from sim.model import CareModel, simulate
from sim.recording import RunRecord
from sim.spec import RunSpec
from sim.world import Shelf
from tests.small_runs import small_run

EVIDENCE = Path(calibration.__file__).parent / "evidence"
PARAMETERS = Path(calibration.__file__).parent / "parameters" / "default"
# What a design does itself; everything else must not move under ``inert``.
OWN = {
    "stages",
    "supported_at_end",
    "days_supported",
    "assessments",
    "coordinator_contacts",
    "mdt_reviews",
    "vcse_contacts",
    "vcse_group_sessions",
    "gp_contacts_gp",
    "gp_contacts_other",
}
AMPLE = {
    "gp.capacity_factor": 3.0,
    "beds.capacity_factor": 400.0,
    "ed.capacity_factor": 4000.0,
    "outpatients.capacity_factor": 3.0,
    "elective.capacity_factor": 3.0,
    "mdt.capacity_factor": 50.0,
    "vcse.capacity_factor": 50.0,
}


@lru_cache(maxsize=16)
def spec_of(design: str, effects: str, *, ample: bool = False) -> RunSpec:
    """Return a small run in Southwark: 3,000 people for two years."""
    settings = AMPLE if ample else {}
    return small_run(design, effects, population=3000, years=2, seed=7, settings=settings)


@lru_cache(maxsize=16)
def record_of(design: str, effects: str, *, ample: bool = False) -> RunRecord:
    """Simulate a small run once."""
    return simulate(spec_of(design, effects, ample=ample))


def people_of(record: RunRecord) -> pd.DataFrame:
    """Return the person-years of a record as one table."""
    return pd.concat([pd.DataFrame(year) for year in record.person_years], ignore_index=True)


def test_inert_changes_only_its_own_activity_person_by_person() -> None:
    usual = people_of(record_of("usual-care", "none"))
    inert = people_of(record_of("proactive-mltc", "inert"))
    assert inert["assessments"].sum() > 20
    others = [column for column in usual.columns if column not in OWN]
    pd.testing.assert_frame_equal(usual[others], inert[others])


def test_inert_adds_its_own_activity_to_what_was_there() -> None:
    usual = people_of(record_of("usual-care", "none"))
    inert = people_of(record_of("proactive-mltc", "inert"))
    for column in OWN & set(ACTIVITY):
        assert (inert[column] >= usual[column]).all(), column
    assert inert["mdt_reviews"].sum() > usual["mdt_reviews"].sum()


def test_people_a_design_does_not_reach_live_identical_lives_when_capacity_is_ample() -> None:
    usual = people_of(record_of("usual-care", "none", ample=True))
    published = people_of(record_of("proactive-mltc", "published", ample=True))
    reached = set(published.loc[published["stages"] >= 2, "person"])
    assert len(reached) > 20
    columns = [column for column in usual.columns if column != "stages"]
    usual_rest = usual[~usual["person"].isin(reached)][columns].reset_index(drop=True)
    rest = published[~published["person"].isin(reached)][columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(usual_rest, rest)


def test_the_same_spec_gives_the_same_record() -> None:
    spec = spec_of("proactive-mltc", "published")
    again = people_of(simulate(spec))
    pd.testing.assert_frame_equal(people_of(record_of("proactive-mltc", "published")), again)


def test_another_replication_gives_other_people_with_other_luck() -> None:
    spec = spec_of("usual-care", "none")
    other = people_of(simulate(replace(spec, replication=1)))
    first = people_of(record_of("usual-care", "none"))
    assert first["ae_attendances"].sum() != other["ae_attendances"].sum()


def test_published_effects_lower_outpatient_visits_of_those_supported() -> None:
    usual = people_of(record_of("usual-care", "none", ample=True))
    published = people_of(record_of("proactive-mltc", "published", ample=True))
    supported = set(published.loc[published["days_supported"] > 0, "person"])
    visits = ["outpatient_first", "outpatient_follow_up"]

    def total(people: pd.DataFrame) -> float:
        return float(people.loc[people["person"].isin(supported), visits].to_numpy().sum())

    assert total(published) < total(usual)


def test_null_uses_real_appointments() -> None:
    def gp_used(record: RunRecord) -> float:
        series = pd.concat([pd.DataFrame(month) for month in record.series])
        gp = series[(series["service"] == "gp") & (series["metric"] == "served")]
        return float(gp["value"].sum())

    usual, null = record_of("usual-care", "none"), record_of("proactive-mltc", "null")
    assert gp_used(null) < gp_used(usual)


def test_people_are_conserved_from_year_to_year() -> None:
    people = people_of(record_of("usual-care", "none"))
    first, second = (people[people["year"] == year] for year in (1, 2))
    stayed = first.loc[~first["died"] & (first["days_alive"] > 364.9), "person"]
    assert np.isin(stayed, second["person"]).mean() > 0.99
    assert not np.isin(first.loc[first["died"], "person"], second["person"]).any()
    assert people.groupby(["person", "year"]).size().max() == 1
    assert people["days_alive"].between(0, 365).all()


def test_conditions_at_the_end_of_a_year_are_those_at_the_beginning_of_the_next() -> None:
    people = people_of(record_of("usual-care", "none"))
    both = people[people["year"] == 1].merge(
        people[people["year"] == 2], on="person", suffixes=("", "_next")
    )
    assert (both["conditions_end"] == both["conditions_next"]).all()
    assert (both["diagnosed_end"] == both["diagnosed_next"]).all()


def test_readmissions_are_part_of_admissions() -> None:
    people = people_of(record_of("usual-care", "none"))
    assert (people["readmissions_30d"] <= people["emergency_admissions"]).all()
    assert (people["avoidable_emergency_admissions"] <= people["emergency_admissions"]).all()
    assert (people["ae_over_12_hours"] <= people["ae_over_4_hours"]).all()
    assert (people["ae_over_4_hours"] <= people["ae_type1"]).all()


def test_the_model_runs_day_by_day_under_mesa_and_collects_its_series() -> None:
    spec = replace(spec_of("usual-care", "none"), population=500, years=1)
    model = CareModel(spec)
    for _ in range(160):
        model.step()
    collected = model.datacollector.get_model_vars_dataframe()
    assert len(collected) == 160
    assert collected["people"].between(400, 600).all()
    assert model.running


def test_the_model_runs_under_batch_run() -> None:
    from mesa.batchrunner import batch_run

    spec = replace(spec_of("usual-care", "none"), population=300, years=1)
    rows = batch_run(
        CareModel,
        {"spec": [spec]},
        number_processes=1,
        max_steps=130,
        display_progress=False,
        data_collection_period=-1,
    )
    assert rows[0]["people"] > 200


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_practice_capacity_moves_waits(factor: float) -> None:
    spec = replace(spec_of("usual-care", "none"), years=1, settings={"gp.capacity_factor": factor})
    people = people_of(simulate(spec))
    usual = people_of(record_of("usual-care", "none"))
    usual = usual[usual["year"] == 1]
    more = people["gp_unmet"].sum() > usual["gp_unmet"].sum()
    assert more == (factor < 1.0)


def test_people_from_the_shelf_live_as_people_made_anew() -> None:
    shelf = Shelf()
    first = people_of(simulate(spec_of("usual-care", "none"), shelf))
    second = simulate(spec_of("proactive-mltc", "published"), shelf)
    pd.testing.assert_frame_equal(first, people_of(record_of("usual-care", "none")))
    anew = record_of("proactive-mltc", "published")
    pd.testing.assert_frame_equal(people_of(second), people_of(anew))
    assert set(second.evidence) == set(anew.evidence)
    assert second.about["checks"] == anew.about["checks"]
