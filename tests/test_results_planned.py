"""Runs that were planned and are not there, designs without costs: the reader is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from results.planned import missing_note, missing_notes, missing_runs, planned_runs
from results.report import build_report
from results.report_reading import read_report_data
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fake = Fake(population=800, years=2, replications=3)
    made = write_fake_experiment(tmp_path_factory.mktemp("planned"), fake)
    runs = sorted(made.glob("runs/*/*/*/*/*/run.json"))
    entries = []
    for path in runs:
        facts = json.loads(path.read_text(encoding="utf-8"))
        entry = {"folder": path.parent.relative_to(made).as_posix()}
        entries.append({"design": facts["design"], "effects": facts["effects"], **entry})
    plan = json.dumps({"status": "complete", "runs": entries})
    (made / "manifest.json").write_text(plan, encoding="utf-8")
    return made


def test_a_whole_folder_lacks_nothing(folder: Path) -> None:
    assert missing_runs(folder, planned_runs(folder)) == []
    assert missing_note(folder) == ""
    assert missing_notes([folder, folder / "nowhere"]) == []


def test_runs_that_are_gone_are_counted_by_design_and_told_in_the_report(
    folder: Path, tmp_path: Path
) -> None:
    part = tmp_path / "part"
    shutil.copytree(folder, part)
    planned = json.loads((part / "manifest.json").read_text(encoding="utf-8"))["runs"]
    gone = next(one for one in planned if one["effects"] != "none")
    shutil.rmtree(part / gone["folder"])
    note = missing_note(part)
    assert note.startswith(f"1 of {len(planned)} planned runs is missing from this folder")
    assert f"1 of {gone['design']} ({gone['effects']})" in note
    assert missing_notes([folder, part]) == [f"{part}: {note}"]
    build_tables(part)
    assert note.split(":")[0] in build_report(part).read_text(encoding="utf-8")


def test_a_spoilt_manifest_says_nothing_of_what_was_planned(folder: Path, tmp_path: Path) -> None:
    for number, content in enumerate(("{", "[]", '{"runs": [3]}', '{"runs": 7}')):
        spoilt = tmp_path / str(number)
        spoilt.mkdir()
        (spoilt / "manifest.json").write_text(content, encoding="utf-8")
        assert planned_runs(spoilt) == []


def test_a_design_that_states_no_costs_is_told_on_the_first_page(
    folder: Path, tmp_path: Path
) -> None:
    part = tmp_path / "free"
    shutil.copytree(folder, part)
    build_tables(part)
    said = "states no costs of its own"
    if not any(option.costless for option in read_report_data(part).designs):
        assert said not in build_report(part).read_text(encoding="utf-8")
    for path in part.glob("runs/*/design=*/*/*/*/run.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        if not facts.get("baseline"):
            path.write_text(json.dumps(facts | {"design_costs": []}), encoding="utf-8")
    build_tables(part)
    data = read_report_data(part)
    assert all(option.costless for option in data.designs)
    page = build_report(part).read_text(encoding="utf-8")
    assert said in page or "state no costs of their own" in page
