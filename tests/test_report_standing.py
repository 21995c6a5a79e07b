"""What the report says of what stands behind the effects of designs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pathways.design import INSIDE, NO_STUDY, NOT_EMULATED, OUTSIDE
from results.input_words import input_words
from results.report_data import Option
from results.report_reading import read_report_data
from results.report_standing import (
    ASSUMED,
    MIXED,
    SOUND,
    UNCHECKED,
    Effect,
    Standing,
    saying,
    size_words,
    standing_of,
    standing_table,
)
from tests.fake_tables import FakeTables, write_fake_tables
from tests.small_runs import small_run


def standing(
    *standings: str, letter: str = "A", effects: str = "published", assumed: bool = True
) -> Standing:
    option = Option(letter=letter, key=letter, title="A", effects=effects, assumption_only=assumed)
    found = tuple(
        Effect(part="", target="blood_pressure", evidence="E1", source="a", standing=one)
        for one in standings
    )
    return Standing(option=option, effects=found)


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (standing(NO_STUDY, NO_STUDY), ASSUMED),
        (standing(), ASSUMED),
        (standing(NOT_EMULATED, effects="plan"), ASSUMED),
        (standing(NOT_EMULATED, NOT_EMULATED), UNCHECKED),
        (standing(NOT_EMULATED, INSIDE), UNCHECKED),
        (standing(NO_STUDY, NOT_EMULATED), MIXED),
        (standing(OUTSIDE, INSIDE), MIXED),
        (standing(INSIDE, assumed=False), SOUND),
    ],
)
def test_a_study_not_checked_is_told_apart_from_no_study(of: Standing, kind: str) -> None:
    assert of.kind == kind
    assert bool(of.mark) is (kind != SOUND)


def test_the_first_page_says_no_study_only_where_there_is_none() -> None:
    none, waiting = standing(NO_STUDY), standing(NOT_EMULATED, NOT_EMULATED)
    assert "No study stands behind" in saying([none])[1]  # type: ignore[index]
    heading, text = saying([waiting])  # type: ignore[misc]
    assert "No study" not in heading + text
    assert "All two effects come from published studies" in text
    assert saying([standing(INSIDE, assumed=False)]) is None
    mixed = saying([standing(NO_STUDY, NOT_EMULATED, OUTSIDE, INSIDE)])
    assert mixed is not None
    for words in ("four effects", "one has no study", "not checked here", "study not met"):
        assert words in mixed[1]


def test_standing_is_read_from_the_run_record_and_listed(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path, FakeTables(designs=1))
    data = read_report_data(folder)
    option = data.designs[0]
    run = folder / f"runs/place={data.place}/design={option.key}/effects={option.effects}"
    run = run / "draw=0000" / "replication=0000"
    run.mkdir(parents=True, exist_ok=True)
    effect = {"target": "demand.ae_attendance", "evidence": "E1", "source": "A <b>study</b>"}
    parts = [
        {"part": "care_plan", "assumed": True, "effects": [effect | {"standing": NO_STUDY}]},
        {"part": "case-finding", "assumed": True, "effects": []},
    ]
    (run / "run.json").write_text(json.dumps({"assumption_only": True, "parts": parts}))
    option = read_report_data(folder).designs[0]
    found = standing_of(data, option)
    assert found.without == ("case-finding",)
    table = standing_table([found])
    assert table is not None
    told = ("Care plan", "need for A&E attendances", "not recorded", "A <b>study</b>")
    assert table.rows[0][1:5] == told
    assert len(table.rows) == 2


@pytest.mark.parametrize(
    ("target", "change", "low", "high", "words"),
    [
        ("demand.ae_attendance", 0.0, -0.11838, 0.13428, "0% (−11.8% to +13.4%)"),
        ("replaces", 0.4, 0.36, 0.46, "+40% (+36% to +46%)"),
        ("replaces", 0.0, None, None, "0%"),
        ("blood_pressure", -5.0, -8.0, -2.0, "−5 (−8 to −2) mmHg"),
        ("activation", 0.2, 0.0, 0.5, "+0.2 (+0 to +0.5) levels"),
        ("demand.ae_attendance", None, None, None, ""),
    ],
)
def test_a_size_is_told_with_the_range_it_is_drawn_from(
    target: str, change: float | None, low: float | None, high: float | None, words: str
) -> None:
    assert size_words(target, {"change": change, "low": low, "high": high}) == words


def test_a_run_records_the_size_and_range_of_every_published_effect() -> None:
    design = small_run("essex-frailty-end-of-life").design
    effects = [one for part in design.parts for one in part["effects"]]
    assert effects
    assert all(size_words(one["target"], one) for one in effects)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("published.demand.emergency_admission", "effect on emergency admissions"),
        ("plan.demand.ae_attendance", "the plan’s effect on A&E attendances"),
        ("published.blood_pressure", "effect on blood pressure"),
        ("care-plan.published.activation", "effect of care plan on activation of patients"),
        ("demand.emergency_admission", "effect on emergency admissions"),
        ("gp.capacity_factor", "capacity of practice appointments"),
        ("admissions by age", "admissions by age"),
        ("reach.acceptance.1", "share who accept, fifth 1"),
    ],
)
def test_inputs_are_told_in_words(key: str, words: str) -> None:
    assert input_words(key) == words
    assert "_" not in input_words(key)
