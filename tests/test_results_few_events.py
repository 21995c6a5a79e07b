"""Intervals of differences that a handful of events make up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from results.comparison import events_of
from results.sheets import no_surer_than_events, summary


def interval(changes: list[float], unit: float, draws: tuple[int, ...] = ()) -> tuple[float, float]:
    values = np.array(changes)[:, None]
    kept = draws or (0,) * len(changes)
    held = no_surer_than_events(summary(values, kept), values, kept, np.array([unit]))
    return float(held.low[0]), float(held.high[0])


def test_one_event_more_in_each_of_two_runs_shows_nothing() -> None:
    """Both runs differ by one admission, worth 100: no spread between them, worked by hand."""
    low, high = interval([100.0, 100.0], 100.0)
    half = 1.959964 * 100.0 * np.sqrt(2 + 2) / 2
    assert (low, high) == pytest.approx((100.0 - half, 100.0 + half))
    assert low < 0.0 < high


def test_six_events_the_same_way_are_the_fewest_that_are_told_from_none() -> None:
    """As a sign test has it: 2 x 0.5 ** 5 is over 0.05 and 2 x 0.5 ** 6 is under."""
    assert interval([2.5, 2.5], 1.0)[0] < 0.0
    assert interval([3.0, 3.0], 1.0)[0] > 0.0


def test_many_events_leave_the_interval_as_it_was() -> None:
    changes = [-900.0, -1100.0, -1000.0, -950.0, -1050.0]
    held = summary(np.array(changes)[:, None])
    assert interval(changes, 1.0) == pytest.approx((held.low[0], held.high[0]))


def test_what_is_made_of_no_events_and_what_is_drawn_stay_as_they_were() -> None:
    assert interval([0.5, 0.5], 0.0) == (0.5, 0.5)
    held = summary(np.array([[1.0], [2.0]]), (1, 2))
    assert interval([1.0, 2.0], 1.0, draws=(1, 2)) == (held.low[0], held.high[0])


def test_nobody_differing_stays_nothing() -> None:
    assert interval([0.0, 0.0, 0.0], 100.0) == (0.0, 0.0)


def test_admissions_are_events_and_healthy_years_and_money_are_not() -> None:
    names = pd.Series(["emergency_admissions", "deaths", "qalys", "total_cost", "activation"])
    assert events_of(names).tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_chance_alone_is_called_clear_as_seldom_as_the_interval_says() -> None:
    """Two arms with no difference, a few events in each of few runs: at most 1 in 20 is clear."""
    rng = np.random.default_rng(1)
    for runs in (2, 3, 5, 10):
        changes = (rng.poisson(0.4, (runs, 4000)) - rng.poisson(0.4, (runs, 4000))).astype(float)
        draws = (0,) * runs
        held = no_surer_than_events(summary(changes), changes, draws, np.ones(4000))
        differed = np.abs(changes).sum(axis=0) > 0
        clear = differed & ((held.low > 0) | (held.high < 0))
        assert clear.mean() < 0.05


def test_one_run_alone_has_no_interval() -> None:
    changes = np.array([[3.0, 0.0]])
    held = no_surer_than_events(summary(changes), changes, [0], np.array([1.0, 0.0]))
    for ends in (held.low, held.high, held.low50, held.high50):
        assert np.isnan(ends).all()
