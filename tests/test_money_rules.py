"""Rules of money: each worked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results.contracts import Contract, paid
from results.money_rules import _told, investment, momentum, payments, quarter, yearly_growth
from results.settings import read_settings
from results.sheets import Stack, product
from results.store import Run

CONTRACT = Contract(fixed=0.6, outcome=0.1, target=0.05, incentive=0.025, gain=0.5, most=0.1)


def one(value: float) -> np.ndarray:
    return np.array([[value]])


def test_a_contract_worked_by_hand() -> None:
    """1,000 usual, 900 now, 67 of the 100 stranded, half of the target reached, 100 saved."""
    found = paid(CONTRACT, one(1000.0), one(900.0), one(67.0), np.array([0.025]), np.array([100.0]))
    assert found.fixed[0, 0] == pytest.approx(600.0)
    assert found.activity[0, 0] == pytest.approx(270.0)
    assert found.outcome[0, 0] == pytest.approx(50.0)
    assert found.incentive[0, 0] == 0.0
    assert found.gain[0, 0] == pytest.approx(50.0)
    assert found.income[0, 0] == pytest.approx(970.0)
    assert found.cost[0, 0] == pytest.approx(967.0)
    assert found.result[0, 0] == pytest.approx(3.0)


def test_the_incentive_is_all_or_nothing_and_shared_by_all() -> None:
    usual = np.array([[1000.0, 200.0]])
    found = paid(CONTRACT, usual, usual, usual * 0, np.array([0.05]), np.array([0.0]))
    assert found.incentive.tolist() == [[25.0, 5.0]]
    assert found.outcome.tolist() == [[100.0, 20.0]]


def test_a_loss_is_shared_by_size_of_contract_and_limited() -> None:
    usual = np.array([[800.0, 200.0]])
    found = paid(CONTRACT, usual, usual, usual * 0, np.array([-0.1]), np.array([-100.0]))
    assert found.gain.tolist() == [[-40.0, -10.0]]
    assert found.outcome.tolist() == [[0.0, 0.0]]
    more = paid(CONTRACT, usual, usual, usual * 0, np.array([-0.1]), np.array([-1000.0]))
    assert more.gain.tolist() == [[-80.0, -20.0]]


def test_a_block_pays_the_same_whatever_happens() -> None:
    block = replace(CONTRACT, fixed=1.0, outcome=0.0, incentive=0.0, gain=0.0)
    for now in (500.0, 1500.0):
        found = paid(block, one(1000.0), one(now), one(0.0), np.array([0.0]), np.array([0.0]))
        assert found.income[0, 0] == 1000.0


def test_all_is_paid_where_nothing_changes_and_no_target_is_set() -> None:
    easy = replace(CONTRACT, target=0.0, incentive=0.0)
    found = paid(easy, one(1000.0), one(1000.0), one(0.0), np.array([0.0]), np.array([0.0]))
    assert found.result[0, 0] == pytest.approx(0.0)


def test_a_quarter_of_the_plan_worked_by_hand() -> None:
    """The plan: 111.7 gross, 34.5 stranded, 46.9 invested: a quarter of it loses money."""
    gross, stranded, invested = (np.array([x]) for x in (111.7, 34.5, 46.9))
    part = quarter(gross, stranded, invested, 0.25, 0.125)
    assert part["gross saving"][0] == pytest.approx(13.9625)
    assert part["stranded cost"][0] == pytest.approx(4.3125)
    assert part["investment"][0] == pytest.approx(11.725)
    assert part["net saving"][0] == pytest.approx(-2.075)


def test_growth_worked_by_hand() -> None:
    """1,000 to 1,103.8 in four steps is 2.5 per cent a year."""
    assert yearly_growth(np.array([1000.0]), np.array([1103.813]), 4)[0] == pytest.approx(
        2.5, abs=1e-4
    )


def activity(points: dict[str, tuple[float, float]]) -> Stack:
    keys = product(
        {"point_of_delivery": list(points), "locality": ["all"], "year": ["1", "2", "all"]}
    )
    values = [number for ends in points.values() for number in (*ends, sum(ends))]
    return Stack(keys, {"value": np.array([values, values])}, (0, 0), (0, 1))


def all_points(first: float, second: float) -> Stack:
    names = (
        "A&E attendances",
        "non-elective admissions",
        "elective admissions",
        "day cases",
        "outpatient attendances",
    )
    return activity(dict.fromkeys(names, (first, second)))


def test_momentum_is_the_plan_less_what_people_and_disease_produce() -> None:
    stack = momentum(all_points(1000.0, 1010.0), read_settings())
    told = dict(zip(stack.keys["line"], stack.numbers["value"][0], strict=True))
    assert told["A&E attendances: the plan"] == 2.3
    assert told["A&E attendances: people and disease"] == pytest.approx(1.0)
    assert told["A&E attendances: other causes"] == pytest.approx(1.3)
    assert told["day cases: other causes"] == pytest.approx(2.3)


def run_with(costs: list[dict[str, object]]) -> Run:
    facts = {"design_costs": costs, "years": 3, "scale": 10.0}
    return Run(Path("nowhere"), facts)


def test_investment_is_told_by_kind_and_year_for_the_real_place() -> None:
    plain = {"payer": "nhs", "fte": 0.0}
    table = investment(
        run_with(
            [
                {
                    **plain,
                    "kind": "recurrent",
                    "unit": "GBP per year",
                    "amount": 5.0,
                    "first_year": 2,
                },
                {**plain, "kind": "capital", "unit": "GBP once", "amount": 7.0, "first_year": 2},
                {**plain, "kind": "recurrent", "unit": "GBP per assessments", "amount": 9.0}
                | {"first_year": 1, "fte": 0.5},
            ]
        )
    )
    told = {(row.line, row.year): row.mean for row in table.itertuples()}
    assert told == {
        ("recurrent", "2"): 50.0,
        ("recurrent", "3"): 50.0,
        ("capital", "2"): 70.0,
        ("recurrent posts", "1"): 5.0,
        ("recurrent posts", "2"): 5.0,
        ("recurrent posts", "3"): 5.0,
    }


def test_the_contract_comes_from_the_settings_and_a_prices_file(tmp_path: Path) -> None:
    assert Contract.read(read_settings()).fixed == 0.8
    prices = tmp_path / "prices.toml"
    prices.write_text("pay_fixed_share = 0.95\npay_outcome_share = 0.3\n", encoding="utf-8")
    contract = Contract.read(read_settings(prices))
    assert contract.fixed == 0.95
    assert contract.outcome == pytest.approx(0.05)


def costs(hospital: float, team: float) -> Stack:
    rows = [
        ("NHS", "A&E", "A&E attendances", "hospital", hospital),
        ("NHS", "practice", "GP appointments", "staffed", 200.0),
        ("NHS", "practice", "the design's team", "design", team),
    ]
    keys = pd.DataFrame(
        [
            (payer, setting, line, kind, year, "2023/24", less)
            for payer, setting, line, kind, _ in rows
            for year in ("1", "2", "all")
            for less in ("no", "yes")
        ],
        columns=["payer", "setting", "line", "behaviour", "year", "price_year", "discounted"],
    )
    values = [
        value * (2.0 if year == "all" else 1.0)
        for *_, value in rows
        for year in ("1", "2", "all")
        for _ in ("no", "yes")
    ]
    return Stack(keys, {"value": np.array([values, values])}, (0, 0), (0, 1))


def test_providers_are_paid_from_their_own_settings_alone() -> None:
    """A hospital whose 1,000 fall to 900; the design's own team is no provider's activity."""
    settings = read_settings()
    base, arm = ("here", "usual", "none"), ("here", "design", "published")
    before, after = costs(1000.0, 0.0), costs(900.0, 30.0)
    flow_keys = product(
        {
            "line": ["net_cash"],
            "year": ["1", "2", "all"],
            "payer": ["all"],
            "setting": ["all"],
            "discounted": ["no"],
        }
    )
    flow = Stack(flow_keys, {"value": np.full((2, 3), 3.0)}, (0, 0), (0, 1))
    counts = {base: all_points(100.0, 100.0), arm: all_points(97.5, 97.5)}
    stack = payments({base: before, arm: after}, counts, {arm: flow}, arm, base, settings)
    told = {
        (row.provider, row.line, row.year): value
        for row, value in zip(stack.keys.itertuples(), stack.numbers["value"][0], strict=True)
    }
    assert told["acute hospital", "contract: usual care's cost", "1"] == 1000.0
    assert told["acute hospital", "fixed share", "1"] == pytest.approx(800.0)
    assert told["acute hospital", "paid by activity", "1"] == pytest.approx(90.0)
    assert told["acute hospital", "paid for outcomes", "1"] == pytest.approx(50.0)
    assert told["acute hospital", "cost that stays", "1"] == pytest.approx(967.0)
    assert told["acute hospital", "share in gain or loss", "1"] == pytest.approx(1.5 * 1000 / 1200)
    assert told["general practice", "contract: usual care's cost", "2"] == 200.0
    assert told["general practice", "cost that stays", "2"] == 200.0


def test_usual_care_itself_is_paid_its_cost_less_what_hangs_on_fewer_admissions() -> None:
    settings = read_settings()
    base = ("here", "usual", "none")
    before, counts = costs(1000.0, 0.0), all_points(100.0, 100.0)
    stack = payments({base: before}, {base: counts}, {}, base, base, settings)
    told = {
        (row.provider, row.line, row.year): value
        for row, value in zip(stack.keys.itertuples(), stack.numbers["value"][0], strict=True)
    }
    for provider, cost in (("acute hospital", 1000.0), ("general practice", 200.0)):
        assert told[provider, "cost that stays", "1"] == pytest.approx(cost)
        assert told[provider, "paid for outcomes", "1"] == 0.0
        assert told[provider, "shared incentive", "1"] == 0.0
        assert told[provider, "share in gain or loss", "1"] == 0.0
        lost = settings.value("pay_outcome_share") * cost
        assert told[provider, "income less cost", "1"] == pytest.approx(-lost)


def test_a_sum_paid_has_no_interval_below_nothing_but_a_result_has() -> None:
    keys = pd.DataFrame(
        [("payment", "x", line, "1", "GBP") for line in ("income", "income less cost")],
        columns=["rule", "provider", "line", "year", "unit"],
    )
    values = np.array([[1.0, 1.0], [9.0, 9.0]])
    table = _told(Stack(keys, {"value": values}, (0, 0), (0, 1)))
    assert table["low"].tolist()[0] == 0.0
    assert table["low"].tolist()[1] < -10.0
    assert table["mean"].tolist() == [5.0, 5.0]
