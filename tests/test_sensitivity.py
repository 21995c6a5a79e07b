"""Sensitivity: inputs and groups, Morris against a known function, and the whole search."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import ndtri

import experiments.running as running
from agents.faults import BadInput
from agents.luck import Luck
from experiments import draws as draws_module
from experiments import program
from experiments.cli import answer
from experiments.factors import factors_of
from experiments.groups import group_of
from experiments.morris import STEP, elementary_effects, trajectories
from experiments.resolving import read_experiment
from experiments.searching import design_of
from experiments.sensitivity import TRUSTED, morris_points, oneway_points
from experiments.sobol import emulated, indices, space_filling
from tests.points_fakes import fake_at_point, few_figures, one_thread

Floats = npt.NDArray[np.float64]
SMALL = ("--population", "1500", "--years", "1", "--replications", "1")


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "program_digest", lambda: "0123456789abcdef")
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


def test_sobol_indices_of_ishigamis_function_are_those_worked_out_on_paper() -> None:
    """With a = 7 and b = 0.1 (Ishigami and Homma 1990)."""
    found = indices(ishigami, 3, seed=5, many=8192)
    flat, wave = 0.1 * np.pi**4 / 5, 0.01 * np.pi**8
    variance = 7.0**2 / 8 + flat + wave / 18 + 0.5
    first = np.array([0.5 * (1 + flat) ** 2, 7.0**2 / 8, 0.0]) / variance
    both = wave * (1 / 18 - 1 / 50) / variance
    assert found.variance == pytest.approx(variance, rel=0.02)
    assert found.first == pytest.approx(first, abs=0.02)
    assert found.total == pytest.approx(first + np.array([both, 0.0, both]), abs=0.02)


def noisy(points: Floats, noise: float) -> Floats:
    """Return an answer whose four inputs have known shares, 16 : 4 : 1 : 0 of 21."""
    scores = ndtri(points)
    luck = Luck(3).normals("test.noise", np.arange(len(points)))
    return 100.0 + 4.0 * scores[:, 0] + 2.0 * scores[:, 1] + scores[:, 2] + noise * luck


def test_an_emulator_of_few_noisy_runs_finds_the_shares_and_states_its_error() -> None:
    places = space_filling(4, 80, seed=1)
    results = noisy(places, noise=1.0)
    found = emulated(places[:64], results[:64], places[64:], results[64:], seed=1)
    assert found.indices.first == pytest.approx([16 / 21, 4 / 21, 1 / 21, 0.0], abs=0.06)
    assert found.indices.total == pytest.approx([16 / 21, 4 / 21, 1 / 21, 0.0], abs=0.06)
    assert found.error == pytest.approx(1.0, abs=0.4)  # the luck of a fresh run
    assert found.predicted > 0.85
    held = np.abs(found.indices.first - np.array([16, 4, 1, 0]) / 21) <= found.first_half + 0.02
    assert held.all()


def test_an_emulator_of_luck_alone_says_that_it_predicts_nothing() -> None:
    places = space_filling(4, 80, seed=1)
    luck = Luck(9).normals("test.luck", np.arange(80))
    found = emulated(places[:64], luck[:64], places[64:], luck[64:], seed=1)
    assert found.predicted < TRUSTED


def test_more_points_keep_the_first_ones() -> None:
    assert np.array_equal(space_filling(5, 20, seed=1), space_filling(5, 100, seed=1)[:20])


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


def test_sobol_shares_come_with_the_error_of_the_emulator_and_runs_are_kept(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("--inputs", "published.demand.e*", "--method", "sobol", "--points", "16")
    assert answer(["sensitivity", *SMALL, *chosen, "--out", "s"]) == 0
    table = pd.read_csv(faked / "s" / "tables" / "sensitivity.csv")
    ours = table[table["measure"] == "emergency_admissions"].set_index("input")
    assert ours["first_order"].idxmax() == "published.demand.emergency_admission"
    assert ours["first_order"].max() > 0.8
    assert ours["total"].min() < 0.1
    assert (ours["points"] == 16).all()
    assert (ours["fresh_points"] == 4).all()
    assert ours["emulator_predicts"].iloc[0] > 0.5
    assert (faked / "s" / "figures" / "sensitivity-emergency_admissions.png").is_file()
    assert "The emulator predicts" in capsys.readouterr().out
    before = [one.stat().st_mtime_ns for one in sorted((faked / "s" / "runs").rglob("run.json"))]
    assert answer(["resume", "s"]) == 0
    after = [one.stat().st_mtime_ns for one in sorted((faked / "s" / "runs").rglob("run.json"))]
    assert before == after
    assert len(before) == 1 + 1 + 20  # usual care once: none of these inputs changes it
