"""Prices, the price index, discounting and the cash lines, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agents.faults import BadInput
from pathways.vocabulary import ACTIVITY
from results.cash import cash
from results.cost_lines import LINES
from results.costs import RunCosts, cost_sheet, discounting, totals, twin_of
from results.design_costs import design_lines
from results.lives import Lives
from results.prices import PriceIndex, Prices, read_prices
from results.quantities import COLUMN, QUANTITIES
from results.settings import Settings, read_settings
from results.sheets import Sheet, Stack, stacked
from results.store import Run
from results.sums import AGE_BANDS, Sums

FACTS = {
    "place": "p",
    "design": "d",
    "effects": "published",
    "replication": 0,
    "years": 2,
    "scale": 10.0,
    "ethnic_groups": ["any"],
}


@pytest.fixture
def settings() -> Settings:
    return read_settings()


@pytest.fixture
def prices(settings: Settings) -> Prices:
    return read_prices(settings)


def sums(amounts: dict[str, float], costs: list[dict[str, Any]] | None = None) -> Sums:
    """One person of fifth 1, the youngest band and the first sex, the same in both years."""
    cells = np.zeros((2, 5, len(AGE_BANDS), 2, len(QUANTITIES)))
    for name, amount in amounts.items():
        cells[:, 0, 0, 0, COLUMN[name]] = amount
    groups = {"ethnicity": cells.sum(axis=(1, 2, 3))[:, None]}
    run = Run(Path("nowhere"), FACTS | {"design_costs": costs or []})
    return Sums(run, cells, groups, np.zeros((2, 5, 2, 19, 5)), {"all": ("all",)}, Lives(), {})


def own(unit: str, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "line": "a line",
        "kind": "recurrent",
        "payer": "nhs",
        "setting": "practice",
        "role": "",
        "fte": 0.0,
        "amount": amount,
        "unit": unit,
        "price_year": "2023/24",
        "first_year": 1,
    } | more


def price(prices: Prices, line: str) -> float:
    return float(prices.price[[one.line for one in LINES].index(line)])


def test_an_index_brings_pounds_of_one_year_into_another(settings: Settings) -> None:
    index = PriceIndex(settings)
    assert index.factor("2023/24") == 1.0
    assert index.factor("2022/23") == pytest.approx(102.47 / 100.0)
    assert index.factor("2014/15") == pytest.approx(102.47 / 82.3)  # the older, chained index


def test_a_year_outside_the_index_is_a_fault_that_names_those_inside(settings: Settings) -> None:
    with pytest.raises(BadInput, match="2009/10 to 2024/25"):
        PriceIndex(settings).factor("1999/00")


def test_the_price_year_can_be_changed_after_the_runs(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("price_year_start = 2024\n", encoding="utf-8")
    later = read_settings(file)
    assert later.price_year == "2024/25"
    assert price(read_prices(later), "type 1 A&E attendances") == pytest.approx(
        347 * 106.59 / 102.47
    )


def test_known_prices(prices: Prices) -> None:
    assert price(prices, "GP appointments face to face") == 37.0
    assert price(prices, "emergency admissions") == pytest.approx(1000 * 1.0247)
    # A long stay less a short one, over the days of an overnight stay.
    assert price(prices, "emergency bed days") == pytest.approx(3500 * 1.0247 / 7.4)
    assert price(prices, "care-home residence") == pytest.approx(842 * 1.0247 * 52.18)
    assert price(prices, "prescribing, 4+ conditions") == pytest.approx(740 * 102.47 / 82.3)


def test_attendances_are_priced_once_and_mean_what_the_national_collection_says(
    prices: Prices,
) -> None:
    counted = {"ae_attendances": 1000.0, "ae_type1": 668.0, "utc_attendances": 332.0}
    here = RunCosts(sums(counted), prices)
    table = here.names.assign(value=here.of("all")[0, 0])
    assert table.loc[table["setting"] == "A&E", "value"].sum() == pytest.approx(273e3, rel=0.001)
    assert table["value"].sum() == pytest.approx(273e3, rel=0.001)  # nothing beside it


# Counted, and paid for by another line or by none: the part, the whole or the attempt.
NOT_PRICED = {
    "gp_unmet": "no contact",
    "gp_dna": "a slot, priced by who attends",
    "utc_attendances": "among all-type attendances",
    "ae_over_4_hours": "among type 1 attendances",
    "ae_over_12_hours": "among type 1 attendances",
    "ae_from_gp_wait": "among all-type attendances",
    "avoidable_emergency_admissions": "among emergency admissions",
    "readmissions_30d": "among emergency admissions",
    "sdec_attendances": "among emergency admissions, as stays without a night",
    "elective_bed_days": "in the price of the planned admission",
    "discharge_delay_days": "among emergency bed days",
    "outpatient_dna": "no attendance",
    "virtual_ward_refused": "no place",
    "prescription_items": "priced by the number of conditions",
    "care_home_admissions": "priced by the time lived there",
}


def test_every_activity_is_priced_once_or_a_reason_says_why_not() -> None:
    priced = [name for line in LINES for name in line.quantity if not name.startswith("-")]
    assert set(priced) <= {*ACTIVITY, *COLUMN}
    assert set(ACTIVITY) - set(priced) == set(NOT_PRICED)
    assert not {name for name in priced if priced.count(name) > 1}


def test_england_s_activity_costs_what_the_closure_says(prices: Prices) -> None:
    per_head = {
        "gp_contacts_gp": 5.9 * 0.45,
        "gp_contacts_nurse": 5.9 * 0.2,
        "gp_contacts_other": 5.9 * 0.35,
        "emergency_admissions": 0.108,
        "emergency_bed_days": 0.108 * 0.65 * 7.4,
        "day_cases": 0.124,
        "elective_admissions": 0.025,
        "outpatient_first": 1.58,
        "mental_health_contacts": 0.352,
        "talking_therapy_contacts": 0.083,
        "advice_requests": 0.042,
        "out_of_hours_contacts": 0.06,
        "extended_access_contacts": 0.008,
        "specialist_clinic_contacts": 0.113,
        "case_management_starts": 0.004,
        "end_of_life_starts": 0.003,
    }
    here = RunCosts(sums(per_head), prices)
    table = here.names.assign(value=here.of("all")[0, 0])
    by_setting = table.groupby("setting")["value"].sum()
    assert by_setting["unplanned hospital care"] == pytest.approx(362, rel=0.02)
    assert by_setting["planned hospital care"] == pytest.approx(291, rel=0.02)
    assert by_setting["outpatients"] == pytest.approx(276, rel=0.01)
    assert by_setting["mental health"] == pytest.approx(120, rel=0.01)
    assert by_setting["practice"] == pytest.approx(148, rel=0.06)
    # What the lines not simulated no longer hold (683 less 663).
    names = ("advice", "out-of-hours", "extended", "specialist", "case man", "end-of-life")
    moved = table["line"].str.startswith(names)
    assert table.loc[moved, "value"].sum() == pytest.approx(20, abs=1.5)


def test_the_first_year_is_not_discounted_and_the_third_twice(settings: Settings) -> None:
    rate = settings.value("discount_rate_costs")
    assert discounting(rate, 3) == pytest.approx([1.0, 1 / 1.035, 1 / 1.035**2])


def value(sheet: Sheet, **where: str) -> float:
    rows = np.logical_and.reduce([sheet.keys[name] == want for name, want in where.items()])
    return float(sheet.numbers["value"][rows].sum())


def test_costs_are_scaled_to_the_place_discounted_and_add_to_their_totals(prices: Prices) -> None:
    sheet = cost_sheet(
        RunCosts(sums({"person_years": 1.0, "ae_attendances": 2.0, "ae_type1": 2.0}), prices)
    )
    line = {"line": "type 1 A&E attendances", "discounted": "no"}
    assert value(sheet, **line, year="1") == pytest.approx(2 * 347 * 10)
    assert value(sheet, **line, year="all") == pytest.approx(2 * 2 * 347 * 10)
    assert value(
        sheet, line="type 1 A&E attendances", discounted="yes", year="all"
    ) == pytest.approx(2 * 347 * 10 * (1 + 1 / 1.035))
    stack = totals(stacked({(0, 0): sheet}))
    whole = Sheet(stack.keys, {"value": stack.numbers["value"][0]})
    assert value(whole, payer="all", year="all", discounted="no") == pytest.approx(2 * 2 * 347 * 10)


def test_lines_not_simulated_follow_the_baselines_people_and_drop_out(prices: Prices) -> None:
    baseline = sums({"person_years": 1.0})
    design = sums({"person_years": 3.0})
    ours = cost_sheet(RunCosts(design, prices, twin_of(baseline)))
    theirs = cost_sheet(RunCosts(baseline, prices))
    where = {"behaviour": "not simulated", "year": "all", "discounted": "no"}
    assert value(ours, **where) == value(theirs, **where) > 0


@pytest.mark.parametrize(
    ("unit", "more", "expected"),
    [
        ("GBP per year", {}, [100.0, 100.0]),
        ("GBP per year", {"first_year": 2}, [0.0, 100.0]),
        ("GBP once", {"kind": "non_recurrent"}, [100.0, 0.0]),
        ("GBP once", {"first_year": 2}, [0.0, 100.0]),
        ("GBP per FTE year", {"fte": 0.5}, [50.0, 50.0]),
        ("GBP per FTE once", {"fte": 2.0}, [200.0, 0.0]),
        ("GBP per resident year", {}, [400.0, 400.0]),
        ("GBP per assessments", {}, [300.0, 300.0]),
        ("GBP per supported person-year", {}, [50.0, 50.0]),
        ("GBP per year", {"price_year": "2022/23"}, [102.47, 102.47]),
    ],
)
def test_each_unit_of_a_designs_cost(
    prices: Prices, unit: str, more: dict[str, Any], expected: list[float]
) -> None:
    amounts = {"person_years": 4.0, "assessments": 3.0, "supported_years": 0.5}
    here = RunCosts(sums(amounts, [own(unit, 100.0, **more)]), prices)
    assert here.of("all")[:, 0, -1] == pytest.approx(expected)
    everything = here.quantities("all")[:, 0]
    assert everything[:, 3] == pytest.approx(expected)


def test_activity_that_the_design_prices_is_not_priced_twice(prices: Prices) -> None:
    alone = RunCosts(sums({"assessments": 2.0}), prices)
    priced = RunCosts(sums({"assessments": 2.0}, [own("GBP per assessments", 50.0)]), prices)
    assert alone.quantities("all")[0, 0, 4] == pytest.approx(2 * 120 * 1.0247)
    assert priced.quantities("all")[0, 0, 4] == pytest.approx(100.0)


def test_posts_that_the_design_pays_cover_their_extra_contacts(prices: Prices) -> None:
    usual = sums({"vcse_contacts": 2.0})
    post = own("GBP per FTE year", 1000.0, role="link worker", fte=1.0)
    here = RunCosts(
        sums({"person_years": 1.0, "vcse_contacts": 9.0}, [post]), prices, twin_of(usual)
    )
    assert here.quantities("all")[0, 0, 4] == pytest.approx(1000.0 + 2 * 29)


def test_fixed_costs_are_spread_over_those_supported_and_add_up(prices: Prices) -> None:
    here = sums({"person_years": 4.0}, [own("GBP per year", 90.0)])
    here.cells[:, 1, 0, 0, COLUMN["supported_years"]] = 1.0
    here.cells[:, 3, 0, 0, COLUMN["supported_years"]] = 2.0
    costs = RunCosts(here, prices)
    by_fifth = costs.of("imd_quintile")[0, :, -1]
    assert by_fifth == pytest.approx([0, 30, 0, 60, 0])
    assert costs.of("all")[0, 0, -1] == pytest.approx(90)


def test_an_unknown_unit_or_a_missing_field_is_a_fault_and_all_are_told() -> None:
    short = own("GBP per year", 1.0)
    del short["amount"]
    with pytest.raises(BadInput) as caught:
        design_lines(sums({}, [own("GBP per wish", 1.0), short]).run)
    assert len(caught.value.faults) == 2


def stack(values: list[float], years: list[str]) -> Stack:
    keys = pd.DataFrame(
        {
            "payer": "NHS",
            "setting": "s",
            "line": ["admissions", "drugs", "visits", "team"] * len(years),
            "behaviour": ["hospital", "bought", "staffed", "design"] * len(years),
            "year": np.repeat(years, 4),
            "price_year": "2023/24",
            "discounted": "no",
        }
    )
    return Stack(keys, {"value": np.array([values])}, (0,), (0,))


def test_cash_lines_worked_by_hand(settings: Settings) -> None:
    # Usual care costs 1000 a line. In year 1 the design avoids 300 of hospital (67% stranded),
    # 100 of drugs (all cash) and 50 of visits (none cash), and spends 200 on itself.
    baseline = stack([1000, 1000, 1000, 0] * 2, ["1", "5"])
    design = stack([700, 900, 950, 200] * 2, ["1", "5"])
    flow = cash(design, baseline, settings)
    table = flow.keys.assign(value=flow.numbers["value"][0])
    here = table[(table["payer"] == "all") & (table["setting"] == "all")]
    here = here[here["discounted"] == "no"]
    by = here.set_index(["line", "year"])["value"]
    assert by["activity_avoided", "1"] == 450
    assert by["stranded", "1"] == pytest.approx(300 * 0.67 + 50)
    assert by["reinvested", "1"] == 200
    assert by["net_cash", "1"] == pytest.approx(450 - 251 - 200)
    # By year 5 only the plan's own 30.9% is stranded.
    assert by["stranded", "5"] == pytest.approx(300 * 0.309 + 50)
    for line in ("activity_avoided", "stranded", "reinvested", "net_cash"):
        assert by[line, "all"] == pytest.approx(by[line, "1"] + by[line, "5"])


def test_more_activity_is_a_negative_avoidance_and_less_of_it_is_cash(settings: Settings) -> None:
    flow = cash(stack([1100, 0, 0, 0], ["1"]), stack([1000, 0, 0, 0], ["1"]), settings)
    table = flow.keys.assign(value=flow.numbers["value"][0])
    table = table[(table["payer"] == "all") & (table["setting"] == "s")]
    by = table[table["year"] == "1"].set_index(["line"])["value"]
    assert by["activity_avoided"].iloc[0] == -100
    assert by["net_cash"].iloc[0] == pytest.approx(-33)


def test_a_prices_file_with_unknown_keys_names_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'discount_rate_cost = 0.015\ncombination = "sum"\n[unit_costs]\nae_attendanc = 3\n'
        "gp_consultation_2023_24 = -1\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as caught:
        read_settings(file)
    assert len(caught.value.faults) == 4
    assert "discount_rate_costs" in str(caught.value)


def test_a_prices_file_replaces_a_unit_cost(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        "discount_rate_costs = 0.015\n[unit_costs]\nae_type1_attendance_2023_24 = 300\n",
        encoding="utf-8",
    )
    settings = read_settings(file)
    assert settings.value("discount_rate_costs") == 0.015
    assert price(read_prices(settings), "type 1 A&E attendances") == 300.0


def test_a_message_on_prices_tells_only_the_beginning_of_what_is_long(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(f'unit_costs = ["{"a" * 30_000}"]\n', encoding="utf-8")
    with pytest.raises(BadInput, match="a table of items") as refused:
        read_settings(file)
    assert len(str(refused.value)) < 1_000
