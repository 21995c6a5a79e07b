"""Design files: what is combined, what is refused, and what every built-in design says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import calibration
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.catalogue import installed
from experiments.designs import design_figures, design_names, load_design
from experiments.designs.forms import POSTS
from experiments.show import shown
from pathways.components import KINDS, ProactivePathway
from pathways.design import Design

ROOT = Path(calibration.__path__[0]).parent
EVIDENCE = Evidence(ROOT / "calibration" / "evidence")
SYSTEMS = [*(f"P{number}" for number in range(1, 20)), *(f"M{n}" for n in range(1, 6)), "W1"]
MINE = """\
name = "mine"
title = "Mine"
summary = "A test."
source = "Nobody"
"""
SHIFT = """
evidence = [
  { key = "hub.all", value = 0.5, low = 0.1, high = 0.9, unit = "share", source = "x", \
basis = "assumption" },
]
[[component]]
kind = "shift"
name = "hub"
process = "ed_attendance"
to = "pharmacy_contacts"
share = 0.1
effects = [ { version = "plan", target = "replaces", evidence = "hub.all" } ]
"""


def written(folder: Path, text: str, name: str = "mine") -> str:
    path = folder / f"{name}.toml"
    path.write_text(MINE.replace("mine", name) + text, encoding="utf-8")
    return str(path)


def loaded(folder: Path, text: str, name: str = "mine") -> Design:
    return load_design(written(folder, text, name), EVIDENCE)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadInput) as bad:
        loaded(folder, text)
    return [f"{fault.key}: {fault.remedy}" for fault in bad.value.faults]


@pytest.mark.parametrize("name", design_names())
def test_every_design_gives_each_number_a_source(name: str) -> None:
    design = load_design(name, EVIDENCE)
    assert all(figure.source for figure in design_figures(design, EVIDENCE))
    keys = [effect.key for effect in design.effects]
    assert len(keys) == len(set(keys))
    assert all(effect.low is None or effect.low <= effect.change for effect in design.effects)
    assert all(effect.high is None or effect.change <= effect.high for effect in design.effects)


@pytest.mark.parametrize("name", [name for name in design_names() if name != "usual-care"])
def test_every_design_shows_plan_beside_published(name: str) -> None:
    text = "\n".join(shown("design", name))
    design = load_design(name, EVIDENCE)
    assert ("plan beside published" in text) == bool(design.effects)
    assert all(part.name in text for part in design.components)


def test_every_system_has_a_row_in_the_table_of_designs_and_every_design_is_in_it() -> None:
    table = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    assert [one for one in SYSTEMS if f"| {one} |" not in table] == []
    assert [name for name in design_names() if name not in table] == []


def test_every_other_system_of_the_documents_is_told_where_it_stands() -> None:
    table = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    told = {one.strip() for row in rows for one in row.split(",")}
    wanted = {*(f"W{n}" for n in range(1, 9)), *(f"M{n}" for n in range(1, 10)), *SYSTEMS}
    assert wanted <= told


def test_each_system_names_what_exists_and_says_where_its_effect_shows() -> None:
    """Every cell of a row says something; designs and experiments in it exist."""
    table = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    catalogue = installed()
    known = {*catalogue.designs, *catalogue.experiments, *KINDS}
    for system in SYSTEMS:
        (row,) = [line for line in table.splitlines() if line.startswith(f"| {system} |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, system
        assert all(cells), system
        names = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", cells[2]))
        assert names <= known, system


def test_ready_experiments_are_there() -> None:
    wanted = {
        "southwark",
        "essex-programme",
        "essex-deep-dives",
        "sel-proposition",
        "mcp-levels",
        "coordination-components",
        "vcse-capacity",
        "plan-against-evidence",
    }
    assert wanted <= set(installed().experiments)


def test_a_plan_takes_its_number_from_the_evidence() -> None:
    design = load_design("essex-frailty-end-of-life", EVIDENCE)
    plan = {effect.key: effect.change for effect in design.effects}
    assert plan["frailty.plan.demand.emergency_admission"] == pytest.approx(-0.11)
    assert plan["die-well.plan.demand.emergency_admission"] == pytest.approx(-0.40)


def test_the_essex_team_keeps_its_three_cohorts() -> None:
    design = load_design("essex-complex-care-team", EVIDENCE)
    cohorts = [part for part in design.components if isinstance(part, ProactivePathway)]
    assert [part.caseload_per_10000 * 5 for part in cohorts] == [700, 700, 800]


def test_a_design_inherits_overrides_and_removes(tmp_path: Path) -> None:
    text = """
use = "dudley-mcp"
remove = ["retrieval"]
[set]
"teams-without-walls.support.months" = 3
"mdt.meetings_per_year" = 26
[starts]
"rapid-response" = 90
[places]
"rapid-response" = ["tilbury"]
"""
    design = loaded(tmp_path, text)
    parts = {part.name: part for part in design.components}
    assert "retrieval" not in parts
    team = parts["teams-without-walls"]
    assert isinstance(team, ProactivePathway)
    assert team.support.months == 3
    assert design.changes["mdt.meetings_per_year"] == 26
    assert (parts["rapid-response"].starts_day, parts["rapid-response"].places) == (
        90,
        ("tilbury",),
    )
    assert not any(effect.component == "retrieval" for effect in design.effects)


def test_a_design_with_its_own_pathway_becomes_a_component_when_used(tmp_path: Path) -> None:
    used = loaded(tmp_path, 'use = "proactive-mltc"\n')
    before = load_design("proactive-mltc", EVIDENCE)
    part = used.components[0]
    assert isinstance(part, ProactivePathway)
    assert (part.reach, part.support) == (before.reach, before.support)
    assert [effect.change for effect in used.effects] == [one.change for one in before.effects]


def test_removing_a_pathway_removes_what_it_offers(tmp_path: Path) -> None:
    design = loaded(tmp_path, 'use = "southwark-care-coordination"\nremove = ["coordination"]\n')
    assert [part.name for part in design.components] == ["case-finding"]


def test_all_faults_come_at_once_with_the_nearest_names(tmp_path: Path) -> None:
    text = SHIFT.replace("ed_attendance", "ed_attendence").replace("pharmacy_c", "pharmasy_c")
    text = text.replace('"replaces"', '"replace"').replace("share = 0.1", "share = 1.5\nstay = 3")
    found = faults(tmp_path, text)
    assert len(found) >= 4
    joined = "\n".join(found)
    assert "did you mean 'ed_attendance'?" in joined
    assert "did you mean 'pharmacy_contacts'?" in joined


def test_a_wrong_target_kind_part_or_name_is_refused(tmp_path: Path) -> None:
    assert "did you mean 'shift'?" in faults(tmp_path, SHIFT.replace('"shift"', '"shft"'))[0]
    assert "'replaces'" in faults(tmp_path, SHIFT.replace('"replaces"', '"replace"'))[0]
    assert "'retrieval'" in faults(tmp_path, 'use = "dudley-mcp"\nremove = ["retrievel"]\n')[0]
    assert faults(tmp_path, SHIFT + SHIFT.split("]\n", 1)[1])[0].startswith("component: name")


def test_a_design_that_uses_itself_is_refused(tmp_path: Path) -> None:
    one = written(tmp_path, 'use = "two.toml"\n', "one")
    written(tmp_path, 'use = "one.toml"\n', "two")
    with pytest.raises(BadInput, match="uses itself"):
        load_design(one, EVIDENCE)


def test_a_part_without_a_study_marks_the_design_as_assumption_only(tmp_path: Path) -> None:
    assert loaded(tmp_path, SHIFT).assumption_only
    assert not load_design("proactive-mltc", EVIDENCE).assumption_only


# ---- posts that a design adds ----


@pytest.mark.parametrize("name", design_names())
def test_a_design_pays_for_the_posts_that_it_adds(name: str) -> None:
    """Coordinators and link workers over those of usual care stand in the costs, once."""
    design = load_design(name, EVIDENCE)
    for setting in POSTS:
        lines = [one for one in design.costs if one.follows == setting and "year" in one.unit]
        assert len(lines) == (setting in design.changes), setting


def test_more_workers_cost_more_and_fewer_less() -> None:
    design = load_design("vcse-social-prescribing", EVIDENCE)
    (line,) = [one for one in design.costs if one.follows]
    own = design.changes[line.follows]
    assert design.posts(line) == pytest.approx(own - line.above)
    assert design.posts(line, {line.follows: own + 1}) == pytest.approx(own - line.above + 1)
    assert design.posts(line, {line.follows: 0.0}) == 0.0
