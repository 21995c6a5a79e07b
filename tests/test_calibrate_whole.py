"""A calibration from end to end, with a simulator of known answers: folder, tables, report."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import copytree
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from calibration.checks import CHANCE, MISS, NEAR, UNKNOWN
from calibration.matching import calibrate as command
from calibration.matching import figures, use_figure
from calibration.matching.cross import cross_validation, sources_of
from calibration.matching.fit import Problem, fit, problem_of
from calibration.matching.folders import draw_folders, is_set
from calibration.matching.outcome import (
    Outcome,
    identified,
    listed,
    not_identified,
    pairs_together,
    scores,
    verdict,
    weighted_interval,
    why_missed,
)
from calibration.matching.verdicts import near_range, verdict_of
from calibration.targets import CALIBRATE, CHECK, HOLDOUT
from experiments.catalogue import PARAMETERS
from results.figures.canvas import RULE
from tests.calibration_fakes import linear, plan

IDENTITY = {"digest": "d", "place": "southwark", "program_version": "1", "program": "p" * 32,
            "evidence": "e" * 32}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A calibration that was run, and what it said on the way."""

    folder: Path
    problem: Problem
    outcome: Outcome
    told: list[str]


def run(problem: Problem, folder: Path, told: list[str]) -> Outcome:
    pretended = partial(fit, simulate=linear(problem))
    with patch.object(command, "fit", pretended):
        return command.calibrate(problem, folder, IDENTITY, None, told.append)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder, told = tmp_path_factory.mktemp("whole") / "set", list[str]()
    problem = problem_of(plan(thorough=True, checked=1500))
    return Done(folder=folder, problem=problem, outcome=run(problem, folder, told), told=told)


def table(done: Done, name: str) -> pd.DataFrame:
    return pd.read_csv(done.folder / "tables" / f"{name}.csv", keep_default_na=False)


# ------------------------------------------------------------------ the folder


def test_the_folder_is_a_parameter_set_with_its_draws(done: Done) -> None:
    assert is_set(done.folder)
    assert [folder.name for folder in draw_folders(done.folder)] == ["0001", "0002"]
    for name in ("diseases.npz", "diseases.json", "demand.json"):
        assert (done.folder / name).read_bytes() == (done.folder / "best" / name).read_bytes()
    told = json.loads((done.folder / "calibration.json").read_text())
    assert told["finished"] is True
    assert told["simulations"] == 40
    assert told["best"] == pytest.approx(done.outcome.fit.numbers(done.outcome.fit.best)[0])
    stored = json.loads((done.folder / "diseases.json").read_text())["about"]["calibrated"]
    assert stored == told["best"]


def test_every_parameter_and_every_figure_has_a_row(done: Done) -> None:
    free, goals = done.problem.free, done.problem.goals
    parameters, targets = table(done, "parameters"), table(done, "targets")
    assert parameters["parameter"].tolist() == [one.key for one in free]
    assert len(targets) == len(goals)
    assert (parameters["prior_low"] <= parameters["low"]).all()
    assert (parameters["low"] <= parameters["median"]).all()
    assert (parameters["high"] <= parameters["prior_high"]).all()
    assert set(parameters["identified"]) <= {"yes", "weakly", "no"}
    missed = targets[targets["verdict"].isin([MISS, CHANCE])]
    assert (missed["why"] != "").all()
    assert (targets.loc[targets["verdict"] == NEAR, "why"] == "").all()
    draws = table(done, "draws")
    assert draws["draw"].tolist() == [1, 2]
    assert set(draws) == {"draw", *parameters["parameter"]}
    waves = table(done, "waves")
    assert waves["simulations"].tolist() == [24, 10, 6]
    assert waves["wave"].tolist() == ["1", "2", "posterior draws"]


def test_the_report_holds_every_figure_and_every_miss(done: Done) -> None:
    text = (done.folder / "report.html").read_text()
    titles = figures.drawings(done.outcome)
    for name in titles:
        for kind in ("png", "svg"):
            assert (done.folder / "figures" / f"{name}.{kind}").stat().st_size > 1000
    assert text.count("<figure>") == len(titles)
    assert "A full calibration." in text
    for score in scores(done.outcome.targets):
        assert score.sentence[1:] in text  # its first letter is a capital in a sentence
    assert "takes the nation" in text


def test_repeating_the_command_changes_nothing(done: Done) -> None:
    kept = {
        file: file.read_bytes()
        for file in sorted(done.folder.rglob("*"))
        if file.is_file() and file.name != "calibration.json"
    }
    again = run(done.problem, done.folder, [])
    assert np.array_equal(again.fit.best, done.outcome.fit.best)
    assert {file: file.read_bytes() for file in kept} == kept


def test_progress_ends_where_it_said_it_would(done: Done) -> None:
    lines = [line for line in done.told if " of " in line and "simulations" in line]
    planned = [line for line in lines if not line.startswith("cross")]
    assert planned[-1].startswith(f"checked: {command.jobs_of(done.problem.plan)} of ")
    assert f"of {command.jobs_of(done.problem.plan)} simulations" in planned[-1]


def test_a_place_on_a_nation_with_draws_has_as_many_demands_to_make(tmp_path: Path) -> None:
    base = copytree(PARAMETERS, tmp_path / "nation")
    copytree(PARAMETERS, base / "draws" / "0001")
    alone, on_draws = plan(), plan(base=base)
    assert command.jobs_of(alone) == 40 + 3 + 0 + 2
    assert command.jobs_of(on_draws) == 40 + 3 + 2 + 2
    assert command.jobs_of(plan("england")) == 40 + 3 + 3 + 2


# ------------------------------------------------------------------ leaving sources out


def test_each_source_is_told_from_the_others_by_any_executor(done: Done, tmp_path: Path) -> None:
    found = done.outcome.fit
    few = replace(found, problem=replace(found.problem, plan=replace(found.problem.plan, steps=1)))
    crossed = cross_validation(few, tmp_path / "one", None, lambda _: None)
    with ThreadPoolExecutor(2) as pool:
        again = cross_validation(few, tmp_path / "two", pool, lambda _: None)
    assert crossed.equals(again)
    counted = Counter(goal.source for goal in found.aims.goals)
    assert crossed["source"].tolist() == sources_of(found)
    assert crossed["figures"].tolist() == [counted[name] for name in crossed["source"]]
    assert (crossed["near_enough_predicted"] <= crossed["figures"]).all()
    assert crossed["within_95"].between(0, 1).all()
    kept = cross_validation(few, tmp_path / "one", None, lambda _: pytest.fail("done again"))
    assert kept.equals(crossed)


# ------------------------------------------------------------------ verdicts and words


@pytest.mark.parametrize(
    ("role", "allowance", "ends", "near"),
    [
        (CALIBRATE, 0.0, (None, None), (9.0, 11.0)),
        (CALIBRATE, 2.0, (None, None), (8.0, 12.0)),
        (CALIBRATE, 0.0, (9.5, 13.0), (9.0, 13.0)),
        (CALIBRATE, 0.0, (float("nan"), float("nan")), (9.0, 11.0)),
        (CHECK, 0.0, (7.0, 10.5), (7.0, 11.0)),
        (HOLDOUT, 4.0, (5.0, 20.0), (8.5, 11.5)),
    ],
)
def test_one_rule_says_what_is_near_enough(
    role: str,
    allowance: float,
    ends: tuple[float | None, float | None],
    near: tuple[float, float],
) -> None:
    assert near_range(10.0, *ends, role, allowance) == pytest.approx(near)
    low, high = near
    assert verdict_of(low, near) == verdict_of(high, near) == NEAR
    assert verdict_of(high + 0.01, near) == verdict_of(low - 0.01, near) == MISS
    assert verdict_of(high + 0.01, near, error=1.0) == CHANCE
    assert verdict_of(high + 0.01, near, error=float("nan")) == MISS
    assert verdict_of(float("nan"), near) == UNKNOWN


def test_a_difference_below_nothing_is_near_on_both_sides() -> None:
    assert near_range(-5.0, None, None, CALIBRATE) == pytest.approx((-5.5, -4.5))


def bars(ax: object) -> list[tuple[float, float]]:
    lines = [line for line in ax.get_lines() if line.get_color() == RULE]  # type: ignore[attr-defined]
    return [tuple(line.get_xdata()) for line in lines]


def test_the_bars_of_a_figure_are_the_range_of_its_verdicts(done: Done) -> None:
    (rows, *_) = figures.pages_of(done.outcome.targets)
    drawn = bars(figures.targets(rows, 1).axes[0])
    wanted = [
        near_range(
            row["published"],
            row["published_low"],
            row["published_high"],
            row["role"],
            row["allowance"],
        )
        for _, row in rows.iterrows()
    ]
    for bar, near, published in zip(drawn, wanted, rows["published"], strict=True):
        assert bar == pytest.approx([end / published for end in near])
    use = pd.DataFrame(
        {
            "service": ["a", "b"],
            "group": ["x", "x"],
            "role": [CALIBRATE, HOLDOUT],
            "published": [2.0, 2.0],
            "low": [1.0, 1.0],
            "high": [2.1, 2.1],
            "before": [2.0, 2.0],
            "after": [2.5, 2.5],
            "after_low": [2.0, 2.0],
            "after_high": [2.6, 2.6],
            "verdict": [MISS, MISS],
        }
    )
    drawn = [bar for ax in use_figure.service_use(use).axes for bar in bars(ax)]
    assert drawn == [pytest.approx((0.5, 1.1)), pytest.approx((0.85, 1.15))]


def test_a_parameter_is_identified_when_it_narrows_or_moves() -> None:
    assert identified(0.4, 0.0) == identified(0.95, 1.5) == "yes"
    assert identified(0.7, 0.1) == identified(0.95, 0.6) == "weakly"
    assert identified(0.95, 0.1) == "no"


def test_why_a_figure_is_missed(done: Done) -> None:
    found = done.outcome.fit
    goal = replace(found.aims.goals[0], value=10.0, allowance=1.0)
    reach = 5.0, 20.0
    assert "perhaps chance" in why_missed(goal, 12.0, 1.0, reach, found)
    assert "closed form" in why_missed(replace(goal, stage="stage 1"), 15.0, 0.0, None, found)
    assert why_missed(replace(goal, stage="apart"), 15.0, 0.0, None, found) == "not fitted"
    held_out = replace(goal, stage="apart", role="holdout", allowance=3.0)
    assert why_missed(held_out, 12.0, 0.1, None, found) == "not fitted"  # 15% is what counts
    assert "too few" in why_missed(goal, 15.0, 0.0, None, found)
    assert "out of reach: all prior ranges give 11 to 20" in why_missed(
        goal, 15.0, 0.0, (11.0, 20.0), found
    )
    why = why_missed(goal, 15.0, 0.0, reach, found)
    assert why.startswith("within reach, but only where others are missed: ")
    assert goal.label not in why.split(": ")[1].split("; ")
    assert verdict(goal, 10.9, 0.0) == NEAR


def test_an_interval_weighs_its_values() -> None:
    values = np.arange(101.0)
    low, high = weighted_interval(values, np.ones(101))
    assert (low, high) == pytest.approx((2.0, 98.0), abs=0.6)
    first = weighted_interval(values, np.where(values < 10, 1.0, 0.0))
    assert first[1] < 10
    assert np.isnan(weighted_interval(np.full(3, np.nan), np.ones(3))).all()


def test_what_the_figures_do_not_tell_is_said(done: Done) -> None:
    outcome = done.outcome
    names = outcome.parameters["name"].tolist()
    parameters = outcome.parameters.assign(identified="yes", best=outcome.parameters["start"])
    apart = np.eye(len(names))
    plain = replace(outcome, parameters=parameters, correlation=apart)
    assert not_identified(plain) == ["Every parameter is told by some figure."]
    parameters = parameters.assign(
        identified=["no", "weakly", *["yes"] * (len(names) - 2)],
        best=[*parameters["prior_low"][:1], *parameters["prior_high"][1:2],
              *parameters["start"][2:]],
    )  # fmt: skip
    together = apart.copy()
    together[3, 2] = together[2, 3] = -0.9
    together[1, 0] = together[0, 1] = 0.8
    said = not_identified(replace(outcome, parameters=parameters, correlation=together))
    assert said == [
        f"The figures say nothing of {names[0]}: what was assumed beforehand is what comes out.",
        f"The figures say little of {names[1]}.",
        f"{names[3]} and {names[2]} are known only together (more of one allows less of the "
        "other; correlation -0.90).",
        f"{names[1]} and {names[0]} are known only together (when one is higher so is the "
        "other; correlation 0.80).",
        f"At the lower end of their range, beyond which the figures would pull them: {names[0]}.",
        f"At the upper end of their range, beyond which the figures would pull them: {names[1]}.",
    ]
    assert [pair[2] for pair in pairs_together(replace(outcome, correlation=together))] == [
        -0.9,
        0.8,
    ]
    assert listed(["a", "b, c", "d"]) == "a; b, c and d"
