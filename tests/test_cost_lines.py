"""Who pays what, which posts cover what, and cash by payer and setting, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from results.cash import cash
from results.costs import RunCosts, cost_sheet, totals, twin_of
from results.design_costs import design_lines
from results.prices import PriceIndex, Prices, read_prices
from results.quantities import COLUMN
from results.settings import Settings, read_settings
from results.sheets import Sheet, Stack, stacked
from tests.test_results_costs import own, price, sums, value


@pytest.fixture(scope="module")
def settings() -> Settings:
    return read_settings()


@pytest.fixture(scope="module")
def prices(settings: Settings) -> Prices:
    return read_prices(settings)


@pytest.mark.parametrize(
    ("stated", "covered"),
    [
        ({"unit": "GBP per FTE year", "fte": 1.0}, True),
        ({"unit": "GBP per year", "fte": 1.0}, True),
        ({"unit": "GBP per year", "fte": 0.0}, False),  # a service bought, no post
        ({"unit": "GBP per FTE once", "fte": 1.0}, False),  # training of somebody
        ({"unit": "GBP per year", "fte": 1.0, "role": "driver"}, False),
    ],
)
def test_only_a_post_that_is_paid_by_the_year_covers_what_its_role_does(
    prices: Prices, stated: dict[str, Any], covered: bool
) -> None:
    facts = {"role": "link worker"} | stated
    post = own(str(facts.pop("unit")), 0.0, **facts)
    done = {"person_years": 1.0, "vcse_contacts": 9.0, "assessments": 1.0}
    here = RunCosts(sums(done, [post]), prices, twin_of(sums({"vcse_contacts": 2.0})))
    table = here.names.assign(value=here.of("all")[0, 0]).set_index("line")["value"]
    contacts = table["link-worker contacts"] / price(prices, "link-worker contacts")
    assert contacts == pytest.approx(2.0 if covered else 9.0)
    # What another role does keeps its price.
    assert table["assessments and plans"] == pytest.approx(price(prices, "assessments and plans"))


def test_a_line_that_says_only_what_it_must_is_for_no_post_from_the_first_year() -> None:
    short = own("GBP per year", 5.0)
    for name in ("role", "fte", "first_year"):
        del short[name]
    line = design_lines(sums({}, [short]).run)[0]
    assert (line.role, line.fte, line.first_year, line.posts) == ("", 0.0, 1, "")
    assert line.payer == "NHS"


def test_an_activity_that_a_design_prices_leaves_all_others_as_they_were(prices: Prices) -> None:
    done = {"assessments": 2.0, "day_cases": 3.0, "mdt_reviews": 1.0}
    lines = [own("GBP per assessments", 50.0), own("GBP per year", 7.0)]
    here = RunCosts(sums(done, lines), prices)
    table = here.names.assign(value=here.of("all")[0, 0])
    by = table[table["behaviour"] != "design"].set_index("line")["value"]
    assert by["assessments and plans"] == 0.0
    assert by["day cases"] == pytest.approx(3 * price(prices, "day cases"))
    assert by["team discussions"] == pytest.approx(price(prices, "team discussions"))


def test_costs_by_payer_hold_each_line_once_and_carers_are_apart(prices: Prices) -> None:
    done = {
        "person_years": 9.0, "day_cases": 1.0, "care_home_years": 2.0,
        "vcse_group_sessions": 3.0, "home_years_mild": 4.0,
    }  # fmt: skip
    bought = own("GBP per year", 11.0, payer="public health")
    found = RunCosts(sums(done, [bought]), prices).quantities("all")[0, 0]
    nhs, social = price(prices, "day cases"), 2 * price(prices, "care-home residence")
    vcse = 3 * price(prices, "group sessions")
    carers = 4 * price(prices, "unpaid care, mild frailty")
    assert found == pytest.approx([nhs, social, vcse, 11.0, nhs + social + vcse + 11.0, carers])
    assert carers > 0


def test_a_yearly_line_from_the_third_year_on_is_paid_in_no_year_before(prices: Prices) -> None:
    three = sums({"person_years": 1.0}, [own("GBP per year", 9.0, first_year=2)])
    assert RunCosts(three, prices).of("all")[:, 0, -1].tolist() == [0.0, 9.0]
    # Each fifth pays from the same year, whatever else divides the people.
    cells = RunCosts(three, prices).of("cells")[..., -1]
    assert cells.sum(axis=(1, 2, 3)).tolist() == [0.0, 9.0]


def test_a_fixed_cost_of_a_year_without_anybody_falls_on_nobody(prices: Prices) -> None:
    empty = sums({"person_years": 0.0}, [own("GBP per year", 9.0)])
    assert RunCosts(empty, prices).of("imd_quintile")[..., -1].tolist() == [[0.0] * 5] * 2
    few = sums({"person_years": 0.25}, [own("GBP per year", 9.0)])
    assert RunCosts(few, prices).of("all")[0, 0, -1] == pytest.approx(9.0)
    least = sums({"person_years": 4.0, "supported_years": 0.25}, [own("GBP per year", 9.0)])
    least.cells[:, 2, 0, 0, COLUMN["person_years"]] = 4.0
    by_fifth = RunCosts(least, prices).of("imd_quintile")[0, :, -1]
    assert by_fifth == pytest.approx([9.0, 0, 0, 0, 0])


def test_lines_not_simulated_are_so_much_a_head(prices: Prices) -> None:
    sheet = cost_sheet(RunCosts(sums({"person_years": 3.0}), prices))
    for payer, _, line, per_head in prices.per_head:
        where = {"line": line, "payer": payer, "year": "1", "discounted": "no"}
        assert value(sheet, **where) == pytest.approx(3.0 * per_head * 10)


def test_totals_by_payer_hold_carers_and_the_total_of_all_neither_them_nor_what_is_not_simulated(
    prices: Prices,
) -> None:
    done = {
        "person_years": 3.0,
        "day_cases": 1.0,
        "care_home_years": 1.0,
        "home_years_mild": 1.0,
    }
    sheet = cost_sheet(RunCosts(sums(done), prices))
    stack = totals(stacked({(0, 0): sheet}))
    whole = Sheet(stack.keys, {"value": stack.numbers["value"][0]})
    year = {"year": "1", "discounted": "no"}
    nhs = price(prices, "day cases")
    social, carers = (
        price(prices, "care-home residence"),
        price(prices, "unpaid care, mild frailty"),
    )
    assert value(whole, payer="NHS", **year) == pytest.approx(10 * nhs)
    assert value(whole, payer="social care", **year) == pytest.approx(10 * social)
    assert value(whole, payer="carers", **year) == pytest.approx(10 * carers)
    assert value(whole, payer="all", **year) == pytest.approx(10 * (nhs + social))
    assert set(whole.keys["line"]) == set(whole.keys["behaviour"]) == {"total"}
    assert not whole.keys.duplicated().any()


def test_cash_by_payer_and_setting_by_year_running_and_discounted(settings: Settings) -> None:
    def made(values: dict[tuple[str, str, str], list[float]]) -> Stack:
        rows = [
            (payer, setting, f"{payer} {setting}", behaviour, year, "2023/24", less)
            for payer, setting, behaviour in values
            for less in ("no", "yes")
            for year in ("1", "2", "all")
        ]
        names = ["payer", "setting", "line", "behaviour", "year", "price_year", "discounted"]
        numbers = [
            each * (0.5 if less else 1.0)
            for yearly in values.values()
            for less in (False, True)
            for each in (*yearly, sum(yearly))
        ]
        return Stack(pd.DataFrame(rows, columns=names), {"value": np.array([numbers])}, (0,), (0,))

    kinds = [
        ("NHS", "ward", "hospital"), ("NHS", "home", "bought"), ("VCSE", "home", "new care"),
        ("NHS", "team", "design"), ("carers", "home", "unpaid"), ("NHS", "other", "not simulated"),
    ]  # fmt: skip
    before = made(dict(zip(kinds, [[100.0, 100]] * 2 + [[0, 0]] * 2 + [[50, 50]] * 2, strict=True)))
    after = made(
        dict(
            zip(
                kinds,
                [[80.0, 60], [90, 100], [5, 6], [30, 10], [10, 10], [0, 0]],
                strict=True,
            )
        )
    )
    flow = cash(after, before, settings)
    table = flow.keys.assign(value=flow.numbers["value"][0])
    by = table.set_index(["payer", "setting", "discounted", "line", "year"])["value"]
    first, later = (settings.value(f"stranded_share_{at}") for at in ("first_year", "later"))
    reach = settings.value("stranded_years_to_later")
    second = first + (later - first) / (reach - 1)
    bought = settings.value("stranded_share_bought")
    stranded = {"1": 20 * first + 10 * bought, "2": 40 * second}
    all_of = ("all", "all", "no")
    for year, avoided, spent in (("1", 30.0, 35.0), ("2", 40.0, 16.0)):
        assert by[(*all_of, "activity_avoided", year)] == pytest.approx(avoided)
        assert by[(*all_of, "reinvested", year)] == pytest.approx(spent)
        assert by[(*all_of, "stranded", year)] == pytest.approx(stranded[year])
        net = avoided - stranded[year] - spent
        assert by[(*all_of, "net_cash", year)] == pytest.approx(net)
        halved = by["all", "all", "yes", "net_cash", year]
        assert halved == pytest.approx(net / 2)
    one, two = by[(*all_of, "net_cash", "1")], by[(*all_of, "net_cash", "2")]
    running = [by[(*all_of, "net_cash_cumulative", year)] for year in ("1", "2", "all")]
    assert running == pytest.approx([one, one + two, one + two])
    assert by["VCSE", "all", "no", "reinvested", "all"] == pytest.approx(11.0)
    assert by["NHS", "all", "no", "reinvested", "1"] == pytest.approx(30.0)
    assert by["all", "home", "no", "activity_avoided", "1"] == pytest.approx(10.0)
    assert by["all", "ward", "no", "activity_avoided", "all"] == pytest.approx(60.0)
    assert set(table["payer"]) == {"NHS", "VCSE", "all"}  # carers are paid nothing
    assert set(table["setting"]) == {"ward", "home", "team", "all"}
    assert set(table["behaviour"]) == {"cash"}


def test_a_price_of_our_own_is_in_pounds_of_the_year_that_its_unit_states(
    settings: Settings, prices: Prices
) -> None:
    row = settings.evidence.rows("results_settings", key="other_practice_contact")[0]
    year = row["unit"].split("(")[1].rstrip(")")
    expected = settings.value("other_practice_contact") * PriceIndex(settings).factor(year)
    assert price(prices, "other practice appointments") == pytest.approx(expected)
