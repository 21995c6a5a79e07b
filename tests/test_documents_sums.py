"""M4: the sums that the documents print, worked out again from the evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

import calibration
from agents.evidence import Evidence
from experiments.catalogue import installed

ROOT = Path(calibration.__path__[0]).parent
EVIDENCE = Evidence(ROOT / "calibration" / "evidence")
BOROUGHS = ("bexley", "bromley", "greenwich", "lambeth", "lewisham", "southwark")
# The row of the example, its times a year, the document's sum, and what it is counted in.
SUMS = (
    ("plan_per_gp_ae", 52, "one A&E admission prevented per GP per week", ("ae_attendance",)),
    (
        "plan_per_gp_admissions",
        12,
        "two non-elective admissions prevented per GP per month",
        ("emergency_admission",),
    ),
    (
        "plan_per_gp_elective",
        12,
        "two elective spells prevented per GP per month",
        ("day_case", "elective_inpatient"),
    ),
)
PRICES = {
    "ae_attendance": "ae_attendance",
    "emergency_admission": "nonelective_inpatient",
    "day_case": "day_case",
    "elective_inpatient": "elective_inpatient",
}


def people() -> float:
    return float(sum(installed().load_place(name).population for name in BOROUGHS))


def price(item: str) -> float:
    (row,) = [
        row
        for row in EVIDENCE.rows("unit_costs")
        if (row["item"], row["price_year"]) == (item, "2016/17")
    ]
    return float(row["value_gbp"])


def england_mean(service: str) -> float:
    (row,) = EVIDENCE.rows("baseline_demand", service=service, term="england_mean")
    return float(row["coefficient"])


@pytest.mark.parametrize(("key", "times", "item", "processes"), SUMS)
def test_the_documents_sums_are_those_of_the_page(
    key: str, times: int, item: str, processes: tuple[str, ...]
) -> None:
    example = EVIDENCE.value("results_settings", key=key)
    gps = people() * EVIDENCE.value("results_settings", key="gps_per_10000") / 10_000
    events = gps * times * example
    rates = {name: england_mean(name) for name in processes}
    usual = people() * sum(rates.values())
    million = EVIDENCE.value("plan_targets", topic="savings", item=item)
    mean_price = sum(rates[name] * price(PRICES[name]) for name in processes) / sum(rates.values())
    line = (
        f"| {events:,.0f} | {events / usual:.1%} | £{million:g} million "
        f"{'in total' if times == 52 else 'over five years'} | £{million * 1e6 / events:,.0f} | "
        f"£{million * 1e6 / events / 5:,.0f} | £{events * mean_price / 1e6:.1f} million |"
    )
    page = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    assert line in page
    assert f"{people():,.0f} people" in page
    assert f"{gps:,.0f} GPs" in page
