"""Who is treated to target, and what care that brings more people to it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from agents.control import CONDITIONS, raised
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.catalogue import EVIDENCE
from experiments.designs import load_design
from pathways.crises import ratios_by_condition
from pathways.design import Effect
from pathways.effects import Effects
from sim.crises import ADMITTED
from sim.model import CareModel
from sim.spec import RunSpec
from tests.small_runs import small_run

PRESSURE, GLUCOSE = CONDITIONS
KNOWN = Evidence(EVIDENCE)
Bools = npt.NDArray[np.bool_]


def raising(condition: str, change: float) -> Effect:
    return Effect(
        version="published",
        target=f"control.{condition}",
        change=change,
        low=None,
        high=None,
        evidence="E200",
        builds_over_years=0.0,
        fades_over_years=1.0,
        source="",
        grade="",
        direct=False,
    )


def model() -> CareModel:
    return CareModel(small_run("usual-care", population=4000, place="england"))


def known_to_have(scene: CareModel, condition: str) -> tuple[int, Bools]:
    people = scene.population
    column = people.conditions.index(condition)
    known: Bools = people.present(0.0) & people.diagnosed[:, column]
    return column, known


def test_odds_are_multiplied_and_shares_stay_shares() -> None:
    assert raised(np.array([0.5]), 2.0) == pytest.approx([2 / 3])
    shares = np.array([0.0, 0.58, 0.74, 1.0])
    assert raised(shares, 1.0) == pytest.approx(shares)
    assert raised(shares, 2.17)[[0, 3]] == pytest.approx([0.0, 1.0])
    assert raised(shares, 0.0) == pytest.approx(np.zeros(4))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_care_that_raises_the_odds_brings_that_many_more_to_target_and_loses_none(
    condition: str,
) -> None:
    scene = model()
    column, known = known_to_have(scene, condition)
    other, _ = known_to_have(scene, GLUCOSE if condition == PRESSURE else PRESSURE)
    control, people = scene.world.control, scene.population
    control.settle(np.arange(len(people)), 0.0)
    before = people.controlled.copy()
    effects = Effects([raising(condition, 1.17)], people, KNOWN, control)
    half = np.arange(len(people)) % 2 == 0
    effects.step(half, 30.0)
    share = before[known & half, column].mean()
    now = people.controlled[known & half, column].mean()
    assert now == pytest.approx(float(raised(np.array(share), 2.17)), abs=0.05)
    assert np.all(people.controlled[before[:, column], column])
    assert np.array_equal(people.controlled[~half, column], before[~half, column])
    assert np.array_equal(people.controlled[:, other], before[:, other])
    gained = control.gained[condition]
    assert np.array_equal(gained, people.controlled[:, column] & ~before[:, column])
    effects.step(np.zeros(len(people), np.bool_), 400.0)  # it fades, and all is as before
    assert np.array_equal(people.controlled, before)
    assert not control.gained[condition].any()


def test_who_is_brought_to_target_is_admitted_less_and_has_less_new_disease() -> None:
    scene = model()
    people, evidence = scene.population, KNOWN
    everyone = np.arange(len(people))
    column, _ = known_to_have(scene, PRESSURE)
    scene.world.control.settle(everyone, 0.0)
    scene.crises.follow(everyone)
    scene.demand.refresh(everyone, 0)
    before = scene.demand.rate[ADMITTED].copy()
    effects = Effects([raising(PRESSURE, 1.17)], people, evidence, scene.world.control)
    effects.step(people.present(0.0), 30.0)
    gained = scene.world.control.gained[PRESSURE]
    assert gained.sum() > 10
    scene.demand.refresh(scene.crises.follow(effects.turned), 0)
    ratio = scene.demand.rate[ADMITTED][gained] / before[gained]
    assert ratio == pytest.approx(
        np.full(len(ratio), 1.0 / ratios_by_condition(evidence)[PRESSURE])
    )
    strokes = people.conditions.index("stroke_tia")
    between = evidence.value("control_crises", key="mmhg_off_target.hypertension")
    per_10 = evidence.value("intervention_effects", effect_id="E098")
    assert people.onset_factor[gained, strokes] == pytest.approx(per_10 ** (between / 10.0))
    assert np.all(people.onset_factor[~gained, strokes] == 1.0)
    assert column in scene.crises.does


def run_of(version: str) -> RunSpec:
    """Return a year in which the proactive pathway raises control and does nothing else."""
    spec = small_run("proactive-mltc", version, population=3000, place="england")
    effects = tuple(
        replace(raising(one, 4.0), version="published", component="") for one in CONDITIONS
    )
    return replace(spec, design=replace(spec.design, effects=effects))


def controlled(version: str) -> tuple[npt.NDArray[np.uint32], Bools]:
    (year,) = CareModel(run_of(version)).run_to_end().person_years
    return year["controlled"], year["days_supported"] > 60.0


def test_a_design_raises_the_share_at_target_in_its_version_and_in_no_other() -> None:
    (published, reached), (null, same) = controlled("published"), controlled("null")
    assert np.array_equal(reached, same)
    more = np.bitwise_count(published) > np.bitwise_count(null)
    assert more[reached].sum() >= 5
    assert not more[~reached].any()


def test_a_fall_of_pressure_and_the_target_it_brings_are_not_counted_twice(
    tmp_path: Path,
) -> None:
    text = """
name = "mine"
title = "Mine"
summary = "Reviews."
source = "Ours"
evidence = [
  { key = "reviews.coverage", value = 0.5, low = 0.4, high = 0.6, unit = "share", \
source = "Ours", basis = "assumption" },
]
[[component]]
kind = "rate"
name = "reviews"
include = ["has('hypertension')"]
coverage = 0.5
effects = [
  { version = "published", target = "control.hypertension", evidence = "E200" },
  { version = "OTHER", target = "blood_pressure", evidence = "E165" },
]
"""
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("OTHER", "plan"), encoding="utf-8")
    (one, _) = load_design(str(path), KNOWN).effects
    assert (one.change, one.low, one.high) == pytest.approx((1.17, 0.75, 1.68))
    path.write_text(text.replace("OTHER", "published"), encoding="utf-8")
    with pytest.raises(BadInput, match="one of the two"):
        load_design(str(path), KNOWN)
