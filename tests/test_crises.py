"""Control and crises: who is off target is admitted more often, as far as it is caused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.evidence import Evidence
from pathways.crises import PressureCrises, ratios_by_condition
from pathways.design import Effect
from pathways.effects import Effects
from pathways.structure import chosen
from sim.crises import ADMITTED
from sim.model import CareModel
from tests.test_model import spec_of

FOLDER = Path(calibration.__file__).parent / "evidence"
EVIDENCE = Evidence(FOLDER)
DIABETES = "type_2_diabetes"


def model_of(option: str = "published") -> CareModel:
    replaced = dict(chosen({"control": option}, "x").replaced)
    return CareModel(replace(spec_of("usual-care", "none"), population=3000, replaced=replaced))


@pytest.fixture(scope="module")
def published() -> CareModel:
    return model_of()


@pytest.fixture(scope="module")
def none() -> CareModel:
    return model_of("none")


def test_ratios_are_those_of_the_studies_as_far_as_they_are_caused() -> None:
    ratios = ratios_by_condition(EVIDENCE)
    assert ratios[DIABETES] == pytest.approx(1.19**0.5)
    assert ratios["hypertension"] == pytest.approx(1.0 + 0.18 * (0.8**-1.8 - 1.0))
    uncaused = dict(chosen({"control": "none"}, "x").replaced)
    assert set(ratios_by_condition(Evidence(FOLDER, uncaused)).values()) == {1.0}


def test_lower_pressure_means_fewer_crises_and_higher_more() -> None:
    crises = PressureCrises.read(EVIDENCE)
    lower, same, higher = crises.factor([-10.0, 0.0, 10.0])
    assert lower == pytest.approx(1.0 - crises.share * 0.2)
    assert same == 1.0
    assert higher > 1.0


def rates(model: CareModel, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    return float(model.demand.rate[ADMITTED][rows].sum())


def test_people_off_target_are_admitted_more_and_the_total_stays(
    published: CareModel, none: CareModel
) -> None:
    people = published.population
    column = people.conditions.index(DIABETES)
    other = people.conditions.index("hypertension")
    here = people.present(0.0)
    ill = np.flatnonzero(here & people.has[:, column])
    off = np.flatnonzero(here & people.has[:, column] & ~people.controlled[:, column])
    at = np.setdiff1d(ill, off)
    assert rates(published, off) > 1.02 * rates(none, off)
    assert rates(published, at) < 0.99 * rates(none, at)
    everyone = np.flatnonzero(here)
    assert rates(published, everyone) == pytest.approx(rates(none, everyone), rel=0.002)
    well = np.flatnonzero(here & ~people.has[:, column] & ~people.has[:, other])
    assert rates(published, well) == rates(none, well)


def test_who_comes_under_control_is_admitted_less_from_then_on(published: CareModel) -> None:
    people = published.population
    column = people.conditions.index(DIABETES)
    ill = people.present(0.0) & people.has[:, column] & ~people.controlled[:, column]
    rows = np.flatnonzero(ill)[:50]
    before = published.demand.rate[ADMITTED][rows].copy()
    people.controlled[rows, column] = True
    assert set(published.crises.follow(rows).tolist()) == set(rows.tolist())
    published.demand.refresh(rows, 0)
    after = published.demand.rate[ADMITTED][rows]
    assert after / before == pytest.approx(np.full(len(rows), 1.19**-0.5))
    assert not len(published.crises.follow(rows))  # nothing more to change
    people.controlled[rows, column] = False
    published.demand.refresh(published.crises.follow(rows), 0)
    assert published.demand.rate[ADMITTED][rows] == pytest.approx(before)


def lowering(mmhg: float) -> Effect:
    """Return an effect that lowers pressure by so much at once."""
    return Effect(
        version="published",
        target="blood_pressure",
        change=-mmhg,
        low=None,
        high=None,
        evidence="E097",
        builds_over_years=0.0,
        fades_over_years=1.0,
        source="",
        grade="",
        direct=False,
    )


def test_pressure_that_a_design_lowers_means_fewer_crises_of_those_off_target(
    none: CareModel,
) -> None:
    people = none.population
    effects = Effects([lowering(10.0)], people, EVIDENCE)
    effects.step(np.ones(len(people), np.bool_), 30.0)
    column = people.conditions.index("hypertension")
    off = people.diagnosed[:, column] & ~people.controlled[:, column]
    factor = effects.demand_factor[ADMITTED]
    assert factor[off] == pytest.approx(float(PressureCrises.read(EVIDENCE).factor(-10.0)))
    assert (factor[~off] == 1.0).all()


def test_who_becomes_known_or_reaches_the_target_while_supported_gains_or_loses_by_it(
    none: CareModel,
) -> None:
    people = none.population
    column = people.conditions.index("hypertension")
    effects, all_of_them = Effects([lowering(10.0)], people, EVIDENCE), people.present(0.0)
    effects.step(all_of_them, 30.0)
    off = all_of_them & people.diagnosed[:, column] & ~people.controlled[:, column]
    found = np.flatnonzero(all_of_them & ~people.diagnosed[:, column])[:3]
    reached = np.flatnonzero(off)[:4]
    people.diagnosed[found, column] = True
    people.controlled[reached, column] = True
    try:
        demand_rows, hazard_rows = effects.step(all_of_them, 30.0)
    finally:
        people.diagnosed[found, column] = False
        people.controlled[reached, column] = False
    both = sorted([*found.tolist(), *reached.tolist()])
    assert demand_rows.tolist() == hazard_rows.tolist() == both
    factor = effects.demand_factor[ADMITTED]
    assert (factor[reached] == 1.0).all()
    assert (factor[found] < 1.0).all()
    strokes = people.conditions.index("stroke_tia")
    assert (people.onset_factor[reached, strokes] == 1.0).all()
    assert (people.onset_factor[found, strokes] < 1.0).all()
