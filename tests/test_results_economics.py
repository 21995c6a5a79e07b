"""Net health benefit, who bears the cost, equity and payback, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results.csv_files import load
from results.economics import (
    Increments,
    _payback,
    by_fifth,
    equity_effect,
    net_health_benefit,
    shares_of,
)
from results.sheets import Stack
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment


def added(qalys: list[float], cost: list[float]) -> Increments:
    n = len(qalys)
    return Increments(
        qalys=np.array(qalys),
        cost=np.array(cost),
        qalys_by_fifth=np.tile(np.array(qalys)[:, None] / 5, (1, 5)),
        people=np.tile([10.0, 10.0, 10.0, 10.0, 60.0], (n, 1)),
        spending=np.tile([4.0, 1.0, 1.0, 2.0, 2.0], (n, 1)),
        cash=-np.array(cost),
        draws=tuple(range(n)),
    )


def test_net_health_is_what_is_gained_less_what_the_money_would_have_bought() -> None:
    net = net_health_benefit(np.array([10.0]), np.array([100_000.0]), 20_000.0)
    assert net == pytest.approx([5.0])
    assert net_health_benefit(np.array([10.0]), np.array([-40_000.0]), 20_000.0) == [12.0]


def test_the_cost_falls_by_head_or_as_spending_does_and_adds_up_either_way() -> None:
    one = added([10.0], [100_000.0])
    heads = by_fifth(one, 20_000.0, shares_of(one.people))
    spending = by_fifth(one, 20_000.0, shares_of(one.spending))
    assert heads[0] == pytest.approx([2 - 0.5] * 4 + [2 - 3.0])
    assert spending[0] == pytest.approx([2 - 2.0, 2 - 0.5, 2 - 0.5, 2 - 1.0, 2 - 1.0])
    assert heads.sum() == pytest.approx(spending.sum()) == pytest.approx(5.0)


def test_health_given_to_the_worst_off_is_worth_more_than_its_mean() -> None:
    expectancy = np.array([62.0, 65.0, 67.0, 69.0, 71.0])
    people = np.full(5, 100.0)
    poor = equity_effect(expectancy, people, np.array([50.0, 0, 0, 0, 0]), 10.95)
    rich = equity_effect(expectancy, people, np.array([0, 0, 0, 0, 50.0]), 10.95)
    assert poor[0] == rich[0] == pytest.approx(0.1)
    assert poor[1] > 0.1 > rich[1] > 0
    blind = equity_effect(expectancy, people, np.array([50.0, 0, 0, 0, 0]), 0.0)
    assert blind[1] == pytest.approx(blind[0])


def test_payback_is_the_first_year_in_which_all_cash_so_far_is_not_negative() -> None:
    lines = ["activity_avoided", "stranded", "reinvested", "net_cash"]
    keys = pd.DataFrame(
        [
            {"payer": "all", "setting": "all", "line": line, "year": year, "discounted": "no"}
            for line in lines
            for year in ("1", "2", "3", "all")
        ]
    )
    run = [100, 100, 100, 300, 50, 40, 30, 120, 90, 50, 0, 140, -40, 10, 70, 40]
    never = [0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 10, 30, -10, -10, -10, -30]
    stack = Stack(keys, {"value": np.array([run, never], float)}, (0, 0), (0, 1))
    by_item = {row[0]: row[-1] for row in _payback(stack)}
    np.testing.assert_equal(by_item["payback_year"], [3.0, np.nan])
    assert by_item["paid_back"].tolist() == [1.0, 0.0]
    assert by_item["cash_back_per_pound"].tolist() == pytest.approx([180 / 140, 0.0])
    assert by_item["activity_avoided_per_pound"][0] == pytest.approx(300 / 140)


def test_value_of_an_experiment_agrees_with_its_comparison(tmp_path: Path) -> None:
    folder = write_fake_experiment(tmp_path, Fake(population=600, years=2, replications=3))
    build_tables(folder)
    tables = load(folder)
    value = tables["value"].set_index(["item", "threshold", "group"])["mean"]
    whole = tables["comparison"].query("group_by == 'all' and year == 'all'")
    change = whole[whole["discounted"] == "yes"].set_index("measure")["difference"]
    cost = change["nhs_cost"] + change["social_care_cost"]
    plain = tables["value"].set_index("item")["mean"]
    assert plain["incremental_qalys"] == pytest.approx(change["qalys"])
    assert plain["incremental_cost"] == pytest.approx(cost)
    net = change["qalys"] - cost / 20_000
    assert value["net_health_benefit", 20_000, "all"] == pytest.approx(net)
    fifths = tables["value"].query("item == 'net_health_benefit_by_head' and threshold == 20000")
    assert fifths["mean"].sum() == pytest.approx(net, rel=1e-6)
