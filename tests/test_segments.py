"""Segments: the triangle's sizes at the baseline, and people who move when they change."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from agents.evidence import Evidence
from agents.faults import BadInput
from agents.luck import Luck
from agents.population import Population
from agents.rule_columns import columns_of
from agents.rules import Rule
from agents.segments import (
    HIGH_RISK,
    MOSTLY_HEALTHY,
    RiskModel,
    Segmentation,
    Segments,
    count_cohort,
    segmentation_keys,
)
from agents.synthesis import synthesise
from agents.traits import settle_traits
from experiments.places import load_place

N = 10_000


@pytest.fixture
def people(evidence: Evidence) -> Population:
    made = synthesise(load_place("england", evidence), N, 1, Luck(4), evidence)
    ill = Luck(4).uniforms("ill", made.person[:, None], np.arange(27)[None, :])
    made.has[:] = made.diagnosed[:] = ill < made.age(0.0)[:, None] / 600
    settle_traits(made, Luck(4), evidence)
    return made


def counts(people: Population, admissions: int = 0) -> dict[str, np.ndarray]:
    return {"admissions_12m": np.full(len(people), admissions)}


def test_the_triangle_has_its_published_sizes_at_the_baseline(
    people: Population, evidence: Evidence
) -> None:
    segments = Segments(people, evidence, counts(people))
    sizes = np.bincount(segments.segment[people.present(0.0)]) * 50_000 / people.present(0.0).sum()
    assert sizes == pytest.approx([35_500, 12_000, 2_500], abs=20)


def test_people_move_when_they_are_admitted_and_thresholds_stay(
    people: Population, evidence: Evidence
) -> None:
    segments = Segments(people, evidence, counts(people))
    before = segments.segment.copy()
    admitted = counts(people)
    admitted["admissions_12m"][:100] = 3
    segments.update(30.0, admitted)
    assert (segments.segment[:100] >= before[:100]).all()
    assert (segments.segment[:100] > before[:100]).sum() > 20
    assert np.mean(segments.segment[100:] == before[100:]) > 0.99
    segments.update(0.0, counts(people))
    assert np.array_equal(segments.segment, before)
    segments.update(0.0, counts(people, 4))
    assert (segments.segment == HIGH_RISK).mean() > 0.06


def test_high_risk_people_are_older_and_sicker(people: Population, evidence: Evidence) -> None:
    segments = Segments(people, evidence, counts(people))
    age, conditions = people.age(0.0), people.ltc_count_diagnosed()
    high, healthy = segments.segment == HIGH_RISK, segments.segment == MOSTLY_HEALTHY
    assert age[high].mean() > age[healthy].mean() + 30
    assert conditions[high].mean() > 3 * conditions[healthy].mean()
    rows = np.arange(50, 60)
    assert np.array_equal(segments.risk(rows), segments.risk()[rows])


def test_one_persons_risk_follows_diagnoses_and_frailty_as_everybodys_does(
    people: Population, evidence: Evidence
) -> None:
    changed = deepcopy(people)
    segments = Segments(changed, evidence, counts(people))
    segments.update(200.0, counts(people, 1))
    before = segments.risk()
    changed.diagnosed[:20, 0] ^= True
    changed.frailty[10:30] = 3
    now = segments.risk()
    assert (now[:30] != before[:30]).sum() > 20
    assert [segments.risk(np.array([row]))[0] for row in range(60)] == now[:60].tolist()


def test_the_score_rises_with_all_it_knows(evidence: Evidence) -> None:
    model = RiskModel.of(evidence)

    def score(age: float = 60, recorded: int = 1, frailty: int = 0, admissions: int = 0) -> float:
        columns = (np.array([float(age)]), np.array([recorded]), np.array([frailty], np.int8))
        return float(model.score(*columns, np.array([admissions]))[0])

    assert 0 < score() < score(recorded=3) < score(recorded=3, frailty=2) < 1
    assert score(age=90) > score(age=70) > score()
    assert score(recorded=4) == score(recorded=9)
    assert score(admissions=1) > 1.5 * score()
    assert score(age=1) == score(age=16)


def test_without_past_admissions_the_score_is_near_the_published_rates(evidence: Evidence) -> None:
    model = RiskModel.of(evidence)
    none = np.zeros(1)
    chance = model.score(np.array([30.0]), none.astype(int), none.astype(np.int8), none)[0]
    row = evidence.rows(
        "baseline_rates",
        service="emergency_admission",
        ltc_band="0",
        age_band="16-44",
        imd_quintile="3",
    )[0]
    published = float(row["rate"])
    assert 0.6 * published < chance < 1.1 * published


def test_segmentations_put_everyone_in_one_segment(people: Population, evidence: Evidence) -> None:
    assert segmentation_keys(evidence) == ("need", "bridges_to_health")
    columns = columns_of(people, 0.0)
    for key in segmentation_keys(evidence):
        segmentation = Segmentation.load(key, evidence)
        found = segmentation.segment(columns)
        assert found.shape == (len(people),)
        sizes = np.bincount(found, minlength=len(segmentation.segments))
        assert (sizes > 0).all()
        assert len(segmentation.names) == len(segmentation.segments)
    need = Segmentation.load("need", evidence)
    complex_first = need.segment(columns) == need.segments.index("complex")
    assert (people.ltc_count_diagnosed()[complex_first & ~people.care_home] >= 1).mean() > 0.9


def test_a_cohort_is_counted_step_by_step(people: Population) -> None:
    columns = columns_of(people, 0.0)
    steps = [
        ("adults", Rule.parse("age >= 18")),
        ("two or more conditions", Rule.parse("ltc_count_diagnosed >= 2")),
        ("not in a care home", Rule.parse("not care_home")),
    ]
    flow = count_cohort(steps, columns)
    assert [label for label, _, _ in flow] == [label for label, _ in steps]
    left = len(people)
    for _, remaining, taken_out in flow:
        assert remaining + taken_out == left
        left = remaining
    both = Rule.parse("age >= 18 and ltc_count_diagnosed >= 2 and not care_home")
    assert left == both.rows(columns).sum()


def test_a_segmentation_with_a_bad_rule_says_which(people: Population, evidence: Evidence) -> None:
    rule = Rule.parse("has('flu')", where="segmentations.csv: need, complex")
    with pytest.raises(BadInput, match=r"segmentations.csv: need, complex.*flu"):
        rule.rows(columns_of(people, 0.0))
