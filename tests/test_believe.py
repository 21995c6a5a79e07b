"""What one would have to believe: targets, crossings, published ranges, and the whole search."""

from __future__ import annotations

from functools import partial
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import experiments.reporting as reporting
import experiments.running as running
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments import program
from experiments.believe import (
    Target,
    crossing,
    needed,
    points_of,
    published,
    steps_of,
    targets_of,
    vary_of,
    verdict,
)
from experiments.catalogue import EVIDENCE
from experiments.cli import answer
from experiments.points import changed
from experiments.reading import Interval
from experiments.resolving import read_experiment
from experiments.searching import design_of
from results.measures import MEASURES
from tests.points_fakes import fake_at_point, one_thread

SMALL = ("--population", "400", "--years", "2", "--replications", "3")
Said = pytest.CaptureFixture[str]


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "program_digest", lambda: "0123456789abcdef")
    monkeypatch.setattr(reporting, "tables_and_report", lambda folder, prices=None: None)
    monkeypatch.setattr(
        running,
        "run_experiment",
        partial(running.run_experiment, work=fake_at_point, engine=one_thread),
    )
    return tmp_path


def test_a_target_is_a_measure_a_size_and_perhaps_a_year() -> None:
    measures = list(MEASURES)
    share, count, even = targets_of(
        ["emergency_admissions=-9.73%", "bed_days=-1200@3", "break-even@5"], 10, measures
    )
    assert share == Target(measure="emergency_admissions", value=-9.73 / 100, relative=True)
    assert (count.value, count.relative, count.year) == (-1200.0, False, "3")
    assert (even.measure, even.value, even.year) == ("net_cash", 0.0, "5")


def test_all_wrong_targets_are_told_at_once() -> None:
    wrong = ["admissions", "bed_day=-3%", "deaths=-3%@11", "net_cash=5%", "break-even@99"]
    with pytest.raises(BadInput) as told:
        targets_of(wrong, 10, list(MEASURES))
    assert len(told.value.faults) == len(wrong)
    assert "bed_days" in str(told.value.faults[1])
    with pytest.raises(BadInput):
        targets_of([], 10, list(MEASURES))


def test_the_crossing_lies_on_the_straight_line_between_two_steps() -> None:
    sizes = [0.0, -0.2, -0.4]
    assert crossing(sizes, [0.0, -0.05, -0.15], -0.10) == pytest.approx(-0.3)
    assert crossing(sizes, [0.0, -0.05, -0.15], -0.15) == -0.4
    assert isnan(crossing(sizes, [0.0, -0.05, -0.15], -0.2))
    assert crossing(sizes, [0.02, -0.05, -0.15], 0.0) == pytest.approx(-0.2 * 2 / 7)


def test_the_ends_of_the_interval_say_how_surely_it_is_known() -> None:
    scan = [Interval(mean=m, low=m - 0.02, high=m + 0.02, runs=4) for m in (0.0, -0.1, -0.2)]
    target = Target(measure="deaths", value=-0.1, relative=True)
    found = needed(scan, [0.0, -0.5, -1.0], target)
    assert (found.mean, found.low, found.high) == pytest.approx((-0.5, -0.6, -0.4))
    far = Target(measure="deaths", value=-0.19, relative=True)
    assert isnan(needed(scan, [0.0, -0.5, -1.0], far).low)


def test_a_needed_size_is_set_beside_what_studies_found() -> None:
    arm, version = design_of(read_experiment("southwark"), None, None)
    known = published(arm, "demand.emergency_admission", Evidence(EVIDENCE))
    assert known.own == (-0.05, 0.09)
    assert known.every is not None
    assert known.every[0] < -0.05
    assert known.studies > 3
    assert "the design uses" in verdict(-0.02, known)
    assert "some study" in verdict(known.every[0], known)
    assert "beyond every study" in verdict(-0.95, known)
    assert "not reached" in verdict(float("nan"), known)
    assert "no published" in verdict(2.0, published(arm, "coverage", Evidence(EVIDENCE)))
    assert version == "published"


def test_coverage_brings_its_capacity_and_its_cost() -> None:
    arm, version = design_of(read_experiment("southwark"), None, None)
    twice = changed(arm.design, points_of(arm, version, "coverage", [2.0])[1].of(arm.design))
    assert twice.reach is not None
    assert arm.design.reach is not None
    assert twice.reach.invitations_per_10000_a_year == 480
    assert twice.changes["care_coordination.coordinators_per_10000"] == pytest.approx(1.8)
    assert [two.amount / one.amount for one, two in zip(arm.design.costs, twice.costs,
                                                        strict=True)] == [2.0] * 5  # fmt: skip


@pytest.mark.parametrize("text", ["x", "0", "0,0", "0,-2", "0,nan"])
def test_sizes_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        steps_of(text, "demand.emergency_admission")


def test_what_is_varied_must_be_of_the_design() -> None:
    arm, version = design_of(read_experiment("southwark"), None, None)
    assert vary_of(None, arm, version) == "demand.emergency_admission"
    with pytest.raises(BadInput) as told:
        vary_of("demand.emergency_admissions", arm, version)
    assert "demand.emergency_admission?" in str(told.value.faults[0])


def test_the_search_finds_the_size_between_its_steps(faked: Path, capsys: Said) -> None:
    search = ["believe", *SMALL, "--at", "0,-0.3", "--out", "x"]
    assert answer([*search, "--target", "emergency_admissions=-9%", "--target", "deaths=-90%"]) == 0
    said = capsys.readouterr().out
    assert "emergency_admissions -9.00%: needs demand.emergency_admission of -0." in said
    assert "deaths -90.00%: not reached" in said
    table = pd.read_csv(faked / "x" / "tables" / "believe.csv")
    scan = pd.read_csv(faked / "x" / "tables" / "believe_scan.csv")
    ours = scan[scan["measure"] == "emergency_admissions"]
    assert np.all(np.diff(ours["difference"]) < 0)
    row = table.iloc[0]
    assert row["needed"] == pytest.approx(
        np.interp(0.09, -ours["difference"], ours["size"]), abs=1e-6
    )
    assert list(table["reached"]) == ["yes", "no"]
    assert (faked / "x" / "figures" / "believe.png").is_file()
    baselines = list((faked / "x").glob("runs/*/design=usual-care/*/*/*/run.json"))
    assert len(baselines) == 3
    before = {path: path.stat().st_mtime_ns for path in (faked / "x").rglob("run.json")}
    assert answer(["resume", "x"]) == 0
    assert {path: path.stat().st_mtime_ns for path in (faked / "x").rglob("run.json")} == before


def test_a_folder_holds_one_search(faked: Path, capsys: Said) -> None:
    search = ["believe", *SMALL, "--target", "break-even", "--vary", "cost", "--out", "x"]
    assert answer(search) == 0
    assert answer([*search, "--at", "0,1"]) == 2
    assert "another search" in capsys.readouterr().err
    assert answer(["run", *SMALL, "--out", "x"]) == 2
    assert answer(["report", "x"]) == 2
    assert "a search" in capsys.readouterr().err
