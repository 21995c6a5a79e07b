"""Warm-up: openings that are steady, late or trending, and the marginal standard error rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from agents.luck import Luck
from results.csv_files import load
from results.figures.warmup import title
from results.tables import build_tables
from results.warmup import COLUMNS, expected, mser, opening, without_trend
from tests.fake_runs import Fake, write_fake_experiment

Floats = npt.NDArray[np.float64]


def queue(runs: int, years: int, trend: float = 0.0) -> Floats:
    """Return a seasonal queue of about 100 with luck of 2, (runs, months)."""
    months = np.arange(12 * years)
    luck = Luck(4).normals("queue", np.arange(runs * len(months))).reshape(runs, -1)
    return 100.0 + trend * months / 12 + 10.0 * np.sin(months * np.pi / 6) + 2.0 * luck


def test_a_steady_queue_with_trend_and_season_opens_as_expected() -> None:
    table = opening(queue(runs=8, years=6, trend=5.0))
    assert (table["verdict"] == "as expected").all()
    assert (table["quarters_to_leave_out"] == 0).all()
    assert table["mean"].to_numpy() == pytest.approx(table["expected"].to_numpy(), rel=0.04)


def test_a_queue_that_fills_up_in_half_a_year_has_two_quarters_to_leave_out() -> None:
    series = queue(runs=8, years=6)
    series[:, :6] -= 30.0
    table = opening(series)
    assert list(table["verdict"]) == ["differs", "differs", "as expected", "as expected"]
    assert (table["quarters_to_leave_out"] == 2).all()
    assert (table["mser_months"] == 6).all()
    assert table["difference"].iloc[0] == pytest.approx(-30.0, abs=4.0)
    assert "1 of 1 queues" in title(table.assign(service="gp", role="all", metric="queue_end"))


def test_year_one_is_read_off_a_line_through_the_years_after_it() -> None:
    years = np.array([[[0.0] * 4, [20.0] * 4, [30.0] * 4, [40.0] * 4]])
    assert expected(years) == pytest.approx(10.0)
    assert expected(years[:, :2]) == pytest.approx(20.0)


def test_the_marginal_standard_error_rule_by_hand() -> None:
    """Of 9, 1, 1, 3: squares over squared length are 44/16, (8/3)/9 and 2/4."""
    assert mser(np.array([9.0, 1.0, 1.0, 3.0])) == 1


def test_trend_and_season_of_later_years_are_taken_off() -> None:
    months = np.arange(48)
    steady = 5.0 + months + 3.0 * (months % 12 == 0)
    assert without_trend(steady) == pytest.approx(0.0, abs=1e-8)


def test_every_experiment_of_two_years_and_runs_has_the_table(tmp_path: Path) -> None:
    folder = write_fake_experiment(tmp_path, Fake(population=100, years=2, replications=2))
    build_tables(folder)
    table = load(folder)["warm_up"]
    assert list(table.columns) == COLUMNS
    assert set(table["design"]) == {"usual-care"}
    assert set(table["quarter"]) == {1, 2, 3, 4}
