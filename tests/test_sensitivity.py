"""Sensitivity: inputs and groups, Morris against a known function, and the whole search."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import experiments.running as running
from agents.faults import BadInput
from experiments import draws as draws_module
from experiments.cli import answer
from experiments.experiment import read_experiment
from experiments.searching import design_of
from experiments.sensitivity import (
    STEP,
    elementary_effects,
    factors_of,
    group_of,
    morris_points,
    oneway_points,
    trajectories,
)
from tests.points_fakes import fake_at_point, few_figures, one_thread

SMALL = ("--population", "1500", "--years", "1", "--replications", "1")


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "program_digest", lambda: "0123456789abcdef")
    monkeypatch.setattr(draws_module, "figures_used", few_figures)
    monkeypatch.setattr(
        running,
        "run_experiment",
        partial(running.run_experiment, work=fake_at_point, engine=one_thread),
    )
    return tmp_path


def ishigami(
    points: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    x = -np.pi + 2 * np.pi * points
    result: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = (
        np.sin(x[..., 0]) + 7 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])
    )
    return result


def test_each_step_of_a_trajectory_moves_one_input_on_the_grid() -> None:
    ways = trajectories(6, 30, seed=4)
    assert ways.points.shape == (30, 7, 6)
    assert np.allclose(np.abs(np.diff(ways.points, axis=1)).sum(axis=2), STEP)
    assert np.all(np.sort(ways.moved, axis=1) == np.arange(6))
    assert set(np.round(np.unique(ways.points), 6)) == {0.0, 0.333333, 0.666667, 1.0}


def test_morris_finds_the_known_effects_of_ishigamis_function() -> None:
    """On this grid the means are known exactly: see the comments."""
    ways = trajectories(3, 2000, seed=1)
    effects = elementary_effects(ways, ishigami(ways.points))
    far, near = 0.1 * np.pi**4, 0.1 * (np.pi / 3) ** 4
    half = np.sin(np.pi / 3)
    first = half * (1 + (far + near) / 2) / STEP  # sin moves by its value at 60 degrees
    second = 7 * half**2 / STEP  # always from 0 to 3/4 or back
    third = (far - near) * half / 2 / STEP  # sin is 0 in half of the starts
    star = np.abs(effects).mean(axis=0)
    assert star == pytest.approx([first, second, third], rel=0.05)
    assert effects[:, 1].std() > 3.0
    assert abs(effects[:, 2].mean()) < 0.5


def test_inputs_are_of_the_design_of_the_place_and_groups_of_evidence(faked: Path) -> None:
    asked = read_experiment("southwark")
    arm, _ = design_of(asked, None, None)
    factors = factors_of(asked, arm)
    names = [factor.name for factor in factors]
    assert "published.demand.emergency_admission" in names
    assert "reach.acceptance" in names
    assert "mdt.meetings_per_year" in names
    assert "gp.capacity_factor" in names
    assert "what becomes of unmet requests" in names
    assert len(names) == len(set(names))
    members = next(factor for factor in factors if factor.name == "what becomes of unmet requests")
    assert len(members.inputs) == 5
    few = factors_of(asked, arm, ["published.*", "capacity here"])
    assert {factor.where for factor in few} == {"design", "settings"}
    with pytest.raises(BadInput):
        factors_of(asked, arm, ["no such thing"])


def test_every_key_has_a_group() -> None:
    assert group_of("baseline_demand.emergency_admission.ltc_count.4+") == (
        "admissions by number of conditions"
    )
    assert group_of("something.else") == "other evidence"


def test_the_baseline_is_run_again_only_where_it_changes(faked: Path) -> None:
    asked = read_experiment("southwark")
    arm, _ = design_of(asked, None, None)
    factors = factors_of(asked, arm, ["published.demand.emergency_admission", "gp.*"])
    points = oneway_points(factors)
    assert [point.baseline for point in points] == [True, False, False, True, True]
    low, high = (point.of(arm.design)["published.demand.emergency_admission"]
                 for point in points[1:3])  # fmt: skip
    assert (low, high) == pytest.approx((-0.05, 0.09))
    assert len(morris_points(factors, trajectories(2, 3, 1))) == 10


def test_the_tornado_puts_the_input_that_matters_first(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("--inputs", "published.demand.e*")
    assert answer(["sensitivity", *SMALL, *chosen, "--out", "x", "--add-to", "nowhere"]) == 2
    assert answer(["sensitivity", *SMALL, *chosen, "--out", "y"]) == 0
    assert "inputs that move the difference most" in capsys.readouterr().out
    table = pd.read_csv(faked / "y" / "tables" / "sensitivity.csv")
    ours = table[table["measure"] == "emergency_admissions"]
    assert ours["input"].iloc[0] == "published.demand.emergency_admission"
    assert ours["low_result"].iloc[0] < ours["high_result"].iloc[0]
    assert {"input", "low_result", "high_result", "swing"} <= set(table.columns)
    assert (faked / "y" / "figures" / "sensitivity-net_qalys.png").is_file()


def test_screening_is_done_the_same_way(faked: Path) -> None:
    chosen = ("--inputs", "published.demand.e*", "--method", "morris", "--trajectories", "2")
    assert answer(["sensitivity", *SMALL, *chosen, "--out", "z"]) == 0
    table = pd.read_csv(faked / "z" / "tables" / "sensitivity.csv")
    ours = table[table["measure"] == "emergency_admissions"].set_index("input")
    assert ours["mu_star"].idxmax() == "published.demand.emergency_admission"
    assert ours.loc["published.demand.elective_admission", "mu_star"] == 0.0
    assert answer(["sensitivity", *SMALL, "--method", "magic"]) == 2
