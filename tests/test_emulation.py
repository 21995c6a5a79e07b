"""Study emulation: what it takes from a design, how it judges, and what marks a design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import experiments.check as check_module
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments import check_designs
from experiments.check import check
from experiments.check_designs import table_lines, with_span, write_stored
from experiments.designs import design_names, load_design
from experiments.designs.standing import (
    COLUMNS,
    is_study,
    parts_of,
    read_stored,
    why_assumed,
    with_standing,
)
from experiments.emulation import Outcome, emulate, judged, summed_up, window
from experiments.trials import Study, Trial, alone, key_of, studies_of, trials_of
from pathways.components import ProactivePathway
from pathways.design import INSIDE, NO_STUDY, NOT_EMULATED, OUTSIDE, Design
from tests.test_model import EVIDENCE

TOLERANCE = 0.03


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(EVIDENCE)


def study(**changes: object) -> Study:
    plain = Study(
        key="E1",
        include=("age >= 65",),
        exclude=(),
        first_month=0.0,
        last_month=6.0,
        outcome="emergency_admissions",
        times=1.0,
        published=-0.1,
        low=None,
        high=None,
        unit="relative change",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def came_to(mean: float, half: float = 0.01) -> Outcome:
    return Outcome(simulated=mean, low=mean - half, high=mean + half, people=100.0)


# ---- judging ----


def test_a_published_interval_decides_where_there_is_one() -> None:
    with_interval = study(low=-0.15, high=-0.05)
    assert judged(with_interval, came_to(-0.149), TOLERANCE) == INSIDE
    assert judged(with_interval, came_to(-0.151), TOLERANCE) == OUTSIDE


def test_without_an_interval_the_size_itself_must_come_out() -> None:
    assert judged(study(), came_to(-0.12), TOLERANCE) == INSIDE
    assert judged(study(), came_to(-0.14), TOLERANCE) == OUTSIDE
    assert judged(study(), came_to(-0.14, half=0.05), TOLERANCE) == INSIDE


def test_a_vague_simulation_is_no_support() -> None:
    assert judged(study(), came_to(0.3, half=0.5), TOLERANCE) == OUTSIDE
    nothing = Outcome(simulated=float("nan"), low=0.0, high=0.0, people=0.0)
    assert judged(study(), nothing, TOLERANCE) == NOT_EMULATED


def test_replications_are_summed_up_with_their_interval() -> None:
    outcome = summed_up([(0.1, 10.0), (0.2, 20.0), (0.3, 30.0), (float("nan"), 0.0)])
    assert outcome.simulated == pytest.approx(0.2)
    assert outcome.high - outcome.simulated == pytest.approx(4.302653 * 0.1 / np.sqrt(3))
    assert outcome.people == 15.0


# ---- what is a study ----


@pytest.mark.parametrize(
    ("number", "found"), [("E165", True), ("E046", False), ("E117", False), ("E139", False)]
)
def test_uncontrolled_claims_and_plans_are_no_studies(
    evidence: Evidence, number: str, found: bool
) -> None:
    rows = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    assert is_study(rows[number]) is found


def test_every_graded_study_that_a_design_cites_has_a_row(evidence: Evidence) -> None:
    rows = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    cited = {
        effect.evidence
        for name in design_names()
        for effect in load_design(name, evidence).acting("published")
        if is_study(rows.get(effect.evidence))
    }
    assert cited <= set(studies_of(evidence))


def test_a_study_says_what_the_evidence_row_says(evidence: Evidence) -> None:
    rows = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    for one in studies_of(evidence).values():
        row = rows[one.key]
        if row["relative_change_percent"]:
            said = float(row["relative_change_percent"]) / 100
            assert one.published == pytest.approx(said, abs=0.006), one.key


# ---- what marks a design ----


def stored_for(design: Design, result: str, path: Path) -> Path:
    rows = [
        dict.fromkeys(COLUMNS, "0")
        | {
            "claim": part.claim,
            "target": effect.target,
            "study": effect.evidence,
            "result": result,
        }
        for part in parts_of(design)
        for effect in part.effects
    ]
    write_stored(rows, path)
    return path


def test_a_design_is_marked_by_what_came_out(evidence: Evidence, tmp_path: Path) -> None:
    design = load_design("care-home-service", evidence)
    rows = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    never = with_standing(design, rows, {})
    assert never.assumption_only
    assert "has not been emulated" in why_assumed(never)[0]
    for result, marked in ((INSIDE, False), (OUTSIDE, True)):
        path = stored_for(design, result, tmp_path / f"{result}.csv")
        assert with_standing(design, rows, read_stored(path)).assumption_only is marked


def test_a_changed_effect_loses_its_emulation(evidence: Evidence, tmp_path: Path) -> None:
    design = load_design("care-home-service", evidence)
    stored = read_stored(stored_for(design, INSIDE, tmp_path / "stored.csv"))
    rows = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    more = tuple(
        replace(one, change=one.change * 2) if one.version == "published" else one
        for one in design.effects
    )
    changed = with_standing(replace(design, effects=more), rows, stored)
    assert {one.standing for one in changed.acting("published")} == {NOT_EMULATED}


def test_our_own_rows_are_no_study_though_they_say_published(evidence: Evidence) -> None:
    design = load_design("gp-capacity-release", evidence)
    assert {one.standing for one in design.acting("published")} == {NO_STUDY}
    assert design.assumption_only


def test_a_design_keeps_its_emulation_inside_another(evidence: Evidence) -> None:
    claims = {part.claim for part in parts_of(load_design("proactive-mltc", evidence))}
    whole = {part.claim for part in parts_of(load_design("sel-proposition", evidence))}
    assert claims <= whole


# ---- the emulation itself ----


def test_a_part_alone_is_open_to_everybody_of_the_study(evidence: Evidence) -> None:
    trials = trials_of([load_design("bexley-case-management", evidence)], evidence)
    design = alone(trials[0])
    (part,) = design.components
    assert isinstance(part, ProactivePathway)
    assert part.people.include == studies_of(evidence)["E011"].include
    assert part.reach.acceptance == (1.0,) * 5
    assert part.support.drop_out_per_year == 0.0
    assert {one.version for one in design.effects} == {"published"}


def test_a_pathway_begins_to_count_when_people_have_been_taken_in(evidence: Evidence) -> None:
    trials = trials_of([load_design("bexley-case-management", evidence)], evidence)
    assert window(trials[0], 61.0) == (61.0, 61.0 + 182.5)
    shift = trials_of([load_design("care-home-service", evidence)], evidence)[0]
    assert window(shift, 61.0) == pytest.approx((1.0, 1.0 + 31 * 365 / 12))


def test_an_emulation_finds_the_size_that_the_design_was_given(evidence: Evidence) -> None:
    """Strong effects of a small study come out; the same study with no effect gives nothing."""
    design = load_design("proactive-mltc", evidence)
    trials = [
        trial
        for trial in trials_of([design], evidence)
        if trial.effect.target == "demand.outpatient_attendance"
    ]
    (row,) = emulate(trials, evidence, residents=600, replications=1, version="test")
    assert -0.35 < float(row["simulated"]) < -0.08
    idle = replace(
        trials[0],
        part=replace(
            trials[0].part,
            effects=tuple(replace(one, change=0.0) for one in trials[0].part.effects),
        ),
    )
    (row,) = emulate([idle], evidence, residents=600, replications=1, version="test")
    assert abs(float(row["simulated"])) < 0.01


# ---- telling ----


def test_sizes_are_told_with_their_interval_and_unit() -> None:
    assert with_span("-0.2", "-0.3", "-0.1", "relative change") == "-20.0% (-30.0% to -10.0%)"
    assert with_span("0.09", "", "", "relative change") == "+9.0%, no interval"
    assert with_span("-6.1", "-8.4", "-3.8", "mmHg") == "-6.1 mmHg (-8.4 to -3.8)"


def test_the_table_has_a_line_for_each_effect() -> None:
    row = dict.fromkeys(COLUMNS, "0") | {"design": "one", "result": INSIDE, "unit": "mmHg"}
    lines = table_lines([row, row])
    assert len(lines) == 4
    assert lines[-1].endswith(INSIDE)


# ---- a design of the user's ----

OWN = """\
name = "mine"
title = "Mine"
summary = "The Fylde team with another caseload, and nurses."
source = "Nobody"
use = ["fylde-extensivist"]
set = { "extensivist.support.months" = 9 }
"""


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every emulation come out inside; return the studies that were asked for."""
    asked: list[str] = []

    def pretend(trials: Sequence[Trial], *rest: object) -> list[dict[str, str]]:
        asked.extend(one.study.key for one in trials)
        return [
            dict.fromkeys(COLUMNS, "0")
            | dict(zip(("claim", "target", "study"), key_of(one), strict=True))
            | {"result": INSIDE}
            for one in trials
        ]

    monkeypatch.setattr(check_designs, "_emulated", pretend)
    return asked


def test_the_studies_behind_a_users_design_are_emulated_and_kept_beside_it(
    tmp_path: Path, evidence: Evidence, pretended: list[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN, encoding="utf-8")
    before = load_design(path, evidence)
    assert before.assumption_only
    assert {one.standing for one in before.acting("published")} == {NOT_EMULATED}
    text = "\n".join(check(check_module.DESIGNS, [str(path)], residents=500, out=None))
    assert sorted(pretended) == ["E011", "E012", "E013"]
    assert "studies came out" in text
    assert (tmp_path / "mine.emulation.csv").is_file()
    assert not load_design(path, evidence).assumption_only
    path.write_text(OWN.replace("= 9", "= 10"), encoding="utf-8")
    assert load_design(path, evidence).assumption_only


def test_parts_of_built_in_designs_are_not_emulated_again(
    tmp_path: Path, pretended: list[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace('set = { "extensivist.support.months" = 9 }\n', ""), "utf-8")
    text = "\n".join(check(check_module.DESIGNS, [str(path)], residents=500, out=None))
    assert not pretended
    assert "3 of them are parts of built-in designs" in text


def test_files_belong_after_the_word_designs(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as bad:
        list(check("southwark", ["mine.toml"], residents=None, out=None))
    assert "carepath check designs mine.toml" in bad.value.faults[0].remedy
    with pytest.raises(BadInput) as bad:
        list(check("designs", ["a.toml", "b.toml"], residents=None, out=tmp_path / "x.csv"))
    assert bad.value.faults[0].key == "--out"
