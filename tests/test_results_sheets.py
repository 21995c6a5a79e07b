"""Means, intervals and pairs of runs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from results.sheets import (
    Sheet,
    Stack,
    described,
    joined,
    levels,
    paired,
    product,
    quantiles,
    stacked,
    summary,
)


def sheet(**values: float) -> Sheet:
    keys = pd.DataFrame({"name": list(values)})
    return Sheet(keys, {"value": np.array(list(values.values()))})


def test_the_interval_is_students_t_for_the_mean_over_replications() -> None:
    held = summary(np.array([[2.0], [4.0], [4.0], [6.0]]))
    # sd = sqrt(8/3), standard error = sd/2 = 0.8165, t(0.975, 3) = 3.18245, t(0.75, 3) = 0.76489
    assert held.mean[0] == 4.0
    assert held.high[0] - 4.0 == pytest.approx(3.182446 * math.sqrt(8 / 3) / 2, rel=1e-6)
    assert 4.0 - held.low[0] == pytest.approx(held.high[0] - 4.0)
    assert held.high50[0] - 4.0 == pytest.approx(0.764892 * math.sqrt(8 / 3) / 2, rel=1e-5)


def test_one_replication_has_a_mean_and_no_interval() -> None:
    held = summary(np.array([[3.0]]))
    assert held.mean[0] == 3.0
    assert np.isnan(held.low[0])


def test_what_a_run_does_not_know_is_left_out_name_by_name() -> None:
    held = summary(np.array([[1.0, np.nan], [3.0, 5.0], [5.0, np.inf]]))
    assert list(held.mean) == [3.0, 5.0]
    assert np.isnan(held.low[1])


def test_with_draws_the_interval_is_the_middle_of_the_draws_each_averaged_over_replications() -> (
    None
):
    draws = [draw for draw in range(101) for _ in range(2)]
    values = np.array([[draw + noise] for draw in range(101) for noise in (-1.0, 1.0)])
    held = summary(values, draws)
    assert held.mean[0] == pytest.approx(50.0)
    assert held.low[0] == pytest.approx(2.5)
    assert held.high[0] == pytest.approx(97.5)
    assert held.low50[0] == pytest.approx(25.0)


def test_runs_are_paired_by_draw_and_replication_whatever_their_order() -> None:
    design = stacked({(0, 2): sheet(a=12.0), (0, 0): sheet(a=10.0), (0, 5): sheet(a=99.0)})
    baseline = stacked({(0, 0): sheet(a=1.0), (0, 2): sheet(a=2.0), (0, 1): sheet(a=7.0)})
    ours, theirs = paired(design, baseline)
    assert ours.replications == theirs.replications == (0, 2)
    assert (ours.numbers["value"] - theirs.numbers["value"]).ravel().tolist() == [9.0, 10.0]


def test_draws_of_a_design_pair_with_an_undrawn_baseline_of_the_same_replication() -> None:
    design = stacked({(draw, 3): sheet(a=float(draw)) for draw in (1, 2)})
    baseline = stacked({(0, 3): sheet(a=1.0)})
    ours, theirs = paired(design, baseline)
    assert ours.draws == (1, 2)
    assert theirs.numbers["value"].ravel().tolist() == [1.0, 1.0]


def test_names_that_only_one_design_has_are_kept_as_gaps_in_the_other() -> None:
    design = stacked({(0, 0): sheet(a=1.0, own=5.0)})
    baseline = stacked({(0, 0): sheet(a=2.0)})
    ours, theirs = paired(design, baseline)
    assert list(ours.keys["name"]) == ["a", "own"]
    assert np.isnan(theirs.numbers["value"][0, 1])
    assert theirs.numbers["value"][0, 0] == 2.0


def test_runs_of_one_design_with_different_names_are_stacked_with_gaps() -> None:
    stack = stacked({(0, 0): sheet(a=1.0), (0, 1): sheet(b=2.0, a=3.0)})
    by_name = dict(zip(stack.keys["name"], stack.numbers["value"].T, strict=True))
    assert by_name["a"].tolist() == [1.0, 3.0]
    np.testing.assert_equal(by_name["b"], [np.nan, 2.0])


def test_joined_sheets_keep_every_number() -> None:
    both = joined([sheet(a=1.0), Sheet(pd.DataFrame({"name": ["b"]}), {"other": np.array([2.0])})])
    assert list(both.keys["name"]) == ["a", "b"]
    np.testing.assert_equal(both.numbers["value"], [1.0, np.nan])


def test_a_product_runs_fastest_over_its_last_column() -> None:
    table = product({"a": ["x", "y"], "b": ["1", "2"]})
    assert table.to_numpy().tolist() == [["x", "1"], ["x", "2"], ["y", "1"], ["y", "2"]]


def test_an_empty_pairing_is_empty_and_not_an_error() -> None:
    stack = stacked({(0, 0): sheet(a=1.0)})
    other = Stack(stack.keys, stack.numbers, (0,), (1,))
    ours, _ = paired(stack, other)
    assert ours.draws == ()


def test_quantiles_are_numpys_and_leave_gaps_out() -> None:
    luck = np.random.default_rng(3)
    values = luck.normal(size=(9, 40))
    values[luck.uniform(size=values.shape) < 0.3] = np.nan
    values[:, 0] = np.nan
    for share in (0.025, 0.25, 0.5, 0.975):
        expected = [np.nanquantile(column, share) for column in values.T[1:]]
        assert quantiles(values, share)[1:] == pytest.approx(expected)
        assert np.isnan(quantiles(values, share)[0])


def test_a_level_never_below_nothing_has_no_interval_below_it_but_a_difference_may() -> None:
    keys = pd.DataFrame({"name": ["wait", "change"]})
    values = np.array([[0.0, -1.0], [0.0, 2.0], [3.0, 0.5]])
    stack = Stack(keys, {"value": values}, (0, 0, 0), (0, 1, 2))
    assert described(stack)["low"].iloc[0] < 0
    assert levels(stack)["low"].tolist() == [0.0, described(stack)["low"].iloc[1]]
    assert levels(stack)["high"].tolist() == described(stack)["high"].tolist()
