"""``value.csv`` taken again by plain arithmetic from outcomes and cash made for the purpose."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from results.comparison import Arm
from results.economics import Increments, _payback, increments, increments_of, value_table
from results.settings import Settings, read_settings
from results.sheets import Stack, product, summary

Floats = npt.NDArray[np.float64]
FIFTHS = ["1", "2", "3", "4", "5"]
BASE: Arm = ("p", "usual-care", "none")
DESIGN: Arm = ("p", "team", "published")
RUNS = 3
SHARES = {
    20_000.0: "threshold_low", 13_000.0: "threshold_displaced",
    25_000.0: "threshold_new", 30_000.0: "threshold_high",
}  # fmt: skip


def outcomes(seed: int) -> Stack:
    """Return every measure of value for all and by fifth, by year, discounted and not."""
    measures = ["qalys", "nhs_cost", "social_care_cost", "vcse_cost", "people", "qale_birth"]
    parts = [
        product(
            {
                "measure": measures,
                "group_by": [by],
                "group": groups,
                "year": ["1", "2", "all"],
                "discounted": ["no", "yes"],
            }
        )
        for by, groups in (("all", ["all"]), ("imd_quintile", FIFTHS))
    ]
    keys = pd.concat(parts, ignore_index=True)
    values = np.random.default_rng(seed).uniform(50.0, 99.0, (RUNS, len(keys)))
    values[:, (keys["measure"] == "people").to_numpy()] *= 100.0
    values[:, keys["measure"].str.endswith("cost").to_numpy()] *= 10_000.0
    return Stack(keys, {"value": values}, (0, 0, 0), (0, 1, 2))


def cash() -> Stack:
    lines = ["activity_avoided", "stranded", "reinvested", "net_cash"]
    keys = product(
        {
            "payer": ["NHS", "social care", "VCSE", "all"],
            "setting": ["all", "practice"],
            "line": lines,
            "year": ["1", "2", "3", "all"],
            "discounted": ["no", "yes"],
        }
    )
    values = np.random.default_rng(9).uniform(-50.0, 90.0, (RUNS, len(keys)))
    return Stack(keys, {"value": values}, (0, 0, 0), (0, 1, 2))


def at(stack: Stack, **where: str) -> Floats:
    """Return the numbers of a name, a row a run; several names are columns in their order."""
    rows = np.logical_and.reduce([stack.keys[name] == want for name, want in where.items()])
    return stack.numbers["value"][:, rows]


def total(stack: Stack, measure: str, discounted: str = "yes") -> Floats:
    return at(stack, measure=measure, group_by="all", year="all", discounted=discounted)[:, 0]


def fifths(stack: Stack, measure: str, discounted: str = "yes") -> Floats:
    return at(stack, measure=measure, group_by="imd_quintile", year="all", discounted=discounted)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return read_settings()


@pytest.fixture(scope="module")
def table(settings: Settings) -> pd.DataFrame:
    results, money = {BASE: outcomes(1), DESIGN: outcomes(2)}, {DESIGN: cash()}
    added = increments_of(results, money, {"p": BASE})
    return value_table(added, results, money, {"p": BASE}, settings)


def row(
    table: pd.DataFrame, item: str, threshold: float | None = None, group: str = "all"
) -> Floats:
    """Return mean and ends of an item."""
    rows = table[(table["item"] == item) & (table["group"] == group)]
    rows = rows[rows["threshold"].isna() if threshold is None else rows["threshold"] == threshold]
    assert len(rows) == 1, (item, threshold, group)
    found: Floats = rows[["mean", "low", "high", "low50", "high50"]].to_numpy(np.float64)[0]
    return found


def spread(values: Floats) -> Floats:
    held = summary(values[:, None])
    return np.array([held.mean, held.low, held.high, held.low50, held.high50])[:, 0]


def test_increments_are_discounted_differences_over_all_years() -> None:
    ours, theirs, money = outcomes(2), outcomes(1), cash()
    found = increments(ours, theirs, money)
    np.testing.assert_allclose(found.qalys, total(ours, "qalys") - total(theirs, "qalys"))
    cost = sum(total(ours, name) - total(theirs, name) for name in ("nhs_cost", "social_care_cost"))
    np.testing.assert_allclose(found.cost, cost)
    np.testing.assert_allclose(
        found.qalys_by_fifth, fifths(ours, "qalys") - fifths(theirs, "qalys")
    )
    np.testing.assert_allclose(found.people, fifths(theirs, "people", "no"))
    np.testing.assert_allclose(found.spending, fifths(theirs, "nhs_cost"))
    of_all = {"setting": "all", "line": "net_cash", "year": "all", "discounted": "yes"}
    both = sum(at(money, payer=payer, **of_all)[:, 0] for payer in ("NHS", "social care"))
    np.testing.assert_allclose(found.cash, both)
    assert found.draws == (0, 0, 0)


def test_a_baseline_adds_nothing_to_itself() -> None:
    results = {BASE: outcomes(1), DESIGN: outcomes(2)}
    assert list(increments_of(results, {DESIGN: cash()}, {"p": BASE})) == [DESIGN]


@pytest.fixture(scope="module")
def added() -> Increments:
    return increments(outcomes(2), outcomes(1), cash())


def test_what_is_added_has_the_mean_and_interval_of_its_runs(
    table: pd.DataFrame, added: Increments
) -> None:
    np.testing.assert_allclose(row(table, "incremental_qalys"), spread(added.qalys))
    np.testing.assert_allclose(row(table, "incremental_cost"), spread(added.cost))
    np.testing.assert_allclose(row(table, "incremental_cost_marginal"), spread(-added.cash))
    ratios = table["item"].str.endswith("_per_pound") | (table["item"] == "payback_year")
    assert (table.loc[~ratios, "replications"] == RUNS).all()
    assert set(table["interval_kind"]) == {"chance"}
    assert set(table["design"]) == {"team"}


@pytest.mark.parametrize("pounds", SHARES)
def test_net_health_at_every_threshold_by_either_cost_and_either_way_of_bearing_it(
    table: pd.DataFrame, added: Increments, pounds: float
) -> None:
    np.testing.assert_allclose(
        row(table, "net_health_benefit", pounds), spread(added.qalys - added.cost / pounds)
    )
    np.testing.assert_allclose(
        row(table, "net_health_benefit_marginal", pounds), spread(added.qalys + added.cash / pounds)
    )
    for item, amount in (("by_head", added.people), ("by_spending", added.spending)):
        for place, fifth in enumerate(FIFTHS):
            share = np.array([run[place] / sum(run) for run in amount])
            expected = added.qalys_by_fifth[:, place] - share * added.cost / pounds
            found = row(table, f"net_health_benefit_{item}", pounds, fifth)
            np.testing.assert_allclose(found, spread(expected))


def equal(level: Floats, people: Floats, aversion: float) -> float:
    """Return Atkinson's equal equivalent, person by person."""
    mean = sum(n * h ** (1 - aversion) for n, h in zip(people, level, strict=True)) / sum(people)
    return float(mean ** (1 / (1 - aversion)))


def test_equity_is_the_change_of_the_equal_equivalent_less_that_of_the_mean(
    table: pd.DataFrame, added: Increments, settings: Settings
) -> None:
    aversion = settings.value("inequality_aversion")
    expectancy = fifths(outcomes(1), "qale_birth", "no").mean(axis=0)
    for item, amount in (("", added.people), ("_by_spending", added.spending)):
        means, equals = [], []
        for run in range(RUNS):
            people = added.people[run]
            share = amount[run] / amount[run].sum()
            net = added.qalys_by_fifth[run] - share * added.cost[run] / 20_000
            after = expectancy + net / people
            means.append(net.sum() / people.sum())
            equals.append(equal(after, people, aversion) - equal(expectancy, people, aversion))
        gain, whole = np.array(means), np.array(equals)
        np.testing.assert_allclose(row(table, f"mean_health{item}", 20_000), spread(gain))
        found = row(table, f"equally_distributed_equivalent{item}", 20_000)
        np.testing.assert_allclose(found, spread(whole))
        found = row(table, f"equity_effect{item}", 20_000)
        np.testing.assert_allclose(found, spread(whole - gain), rtol=1e-6)


def test_equity_is_left_out_where_no_expectancy_of_life_is_known(settings: Settings) -> None:
    results, money = {BASE: outcomes(1), DESIGN: outcomes(2)}, {DESIGN: cash()}
    known = results[BASE].keys
    one = (known["measure"] == "qale_birth") & (known["group"] == "3")
    results[BASE].numbers["value"][:, one.to_numpy()] = np.nan
    added = increments_of(results, money, {"p": BASE})
    found = value_table(added, results, money, {"p": BASE}, settings)
    assert not found["item"].str.contains("equity|equivalent|mean_health").any()
    assert (found["item"] == "payback_year").sum() == 1


def test_money_comes_back_of_all_payers_undiscounted_over_the_years(table: pd.DataFrame) -> None:
    money = cash()

    def line(name: str) -> Floats:
        where = {"payer": "all", "setting": "all", "discounted": "no", "line": name}
        return np.hstack([at(money, year=year, **where) for year in ("1", "2", "3")])

    spent = line("reinvested").sum(axis=1)
    some = spent > 0
    assert some.any()
    avoided = line("activity_avoided").sum(axis=1)
    released = avoided - line("stranded").sum(axis=1)
    back = np.where(some, released / spent, np.nan)
    np.testing.assert_allclose(row(table, "cash_back_per_pound"), spread(back))
    valued = np.where(some, avoided / spent, np.nan)
    np.testing.assert_allclose(row(table, "activity_avoided_per_pound"), spread(valued))
    whole = table.set_index("item")
    assert whole.loc["cash_back_per_pound", "replications"] == some.sum()
    paid = (np.cumsum(line("net_cash"), axis=1)[:, -1] >= 0).mean()
    assert whole.loc["paid_back", "mean"] == pytest.approx(paid)


def test_no_design_has_no_table(settings: Settings) -> None:
    assert value_table({}, {}, {}, {}, settings).empty


def test_cash_that_comes_back_to_nothing_exactly_is_paid_back_and_nothing_spent_has_no_return() -> (
    None
):
    lines = ["activity_avoided", "stranded", "reinvested", "net_cash"]
    keys = product(
        {"payer": ["all"], "setting": ["all"], "line": lines, "year": ["1", "2", "all"]}
    ).assign(discounted="no")
    even = [8.0, 8.5, 16.5, 0.0, 0.5, 0.5, 9.0, 7.0, 16.0, -1.0, 1.0, 0.0]
    small = [0.5, 0.0, 0.5, 0.25, 0.0, 0.25, 0.5, 0.0, 0.5, -0.25, 0.0, -0.25]
    free = [3.0, 1.0, 4.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 1.0, 3.0]
    stack = Stack(keys, {"value": np.array([even, small, free])}, (0, 0, 0), (0, 1, 2))
    by = {row[0]: row[-1] for row in _payback(stack)}
    np.testing.assert_equal(by["payback_year"], [2.0, np.nan, 1.0])
    assert by["paid_back"].tolist() == [1.0, 0.0, 1.0]
    np.testing.assert_allclose(by["cash_back_per_pound"], [1.0, 0.5, np.nan])
    np.testing.assert_allclose(by["activity_avoided_per_pound"], [16.5 / 16, 1.0, np.nan])
