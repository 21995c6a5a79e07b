"""What a reader of the report of the default comparison was misled by, each held here."""

from __future__ import annotations

import math

import pandas as pd

from results import headlines_money, report_headlines
from results.report_answer import worst_words
from results.report_data import Option
from results.report_findings import ForestRow
from results.report_measures import measure_of, service_name
from results.report_methods import openings_words
from results.report_money import NO_RATIO, cost_per_qaly
from results.report_network import flows_claim, wait_words
from results.report_numbers import value_within
from results.wording import Change, verdict

ADMISSIONS = measure_of("emergency_admissions")
DESIGN = Option(letter="A", key="proactive", title="Proactive pathway", effects="published")


def change(mean: float, low: float, high: float, baseline: float = 1000.0) -> Change:
    return Change(mean=mean, low=low, high=high, baseline=baseline)


def test_a_gap_that_moves_by_less_than_matters_moves_slightly() -> None:
    small, large = change(0.9, 0.5, 1.3, baseline=484), change(9, 5, 13, baseline=484)
    told = report_headlines.gains_headline({"A": small}, ADMISSIONS, 0.01)
    assert told == "A slightly widens the gap in emergency admissions"
    assert "slightly" not in report_headlines.gains_headline({"A": large}, ADMISSIONS, 0.01)
    assert report_headlines.gap_verdict_words(small, 0.01) == "gap slightly widens"
    assert report_headlines.gap_verdict_words(large, 0.01) == "gap widens"


def test_a_relative_gap_that_stands_still_is_told_beside_an_absolute_one_that_moves() -> None:
    moved, still = change(0.9, 0.5, 1.3), change(0.0, -0.0003, 0.0003)
    assert report_headlines.gaps_disagree(moved, still) == (
        "The absolute gap widens; the relative gap does not clearly change."
    )
    assert report_headlines.gaps_disagree(still, moved) == ""


def test_no_lasting_change_names_the_measure_that_it_is_about() -> None:
    told = report_headlines.when_headline({"A": None}, 10, ADMISSIONS)
    assert told == (
        "No clear and lasting change in emergency admissions that matters within the ten years"
    )


def test_a_forest_claim_leaves_no_comparison_unnamed() -> None:
    names = ("attendances at accident and emergency", "requests of practices", "days on care")
    changes = [("A", "more", name) for name in names for _ in range(3)]
    claim = report_headlines.forest_claim(changes, better=0, worse=3, slight=7, total=12, shifts=2)
    assert claim == (
        "Of 12 comparisons, none is better, 3 worse, 2 are shifts and 7 changed too little to "
        "matter"
    )


def test_what_falls_is_not_said_to_pay_for_nothing() -> None:
    told = headlines_money.money_headline({"A": -0.14}, avoided_clear=True, cash=False)
    assert "none" not in told
    assert "on balance it does not cover the new care" in told


def test_health_bought_at_the_cost_of_more_elsewhere_says_so() -> None:
    found = {"A": (change(1.08, 0.97, 1.19), change(705, 683, 726))}
    assert headlines_money.value_headline(found, {"A": change(-34, -35, -33)}) == (
        "A adds healthy life; the same money gives more of it elsewhere"
    )
    for net in ({"A": change(-3, -8, 2)}, {"A": change(3, 2, 4)}, {}):
        assert headlines_money.value_headline(found, net) == "A adds healthy life and costs more"


def test_a_cost_per_qaly_is_told_where_both_parts_are_far_from_zero_and_only_there() -> None:
    health, cost = change(1.08, 0.97, 1.19), change(705, 683, 726)
    assert cost_per_qaly([(DESIGN, health, cost)]) == (
        "Extra cost for each QALY gained: under A £650,000 (£570,000 to £750,000); in brackets, "
        "what the ends of both intervals allow."
    )
    for poor in (change(1.08, 0.1, 2.0), change(0, 0, 0), change(-1.08, -1.19, -0.97)):
        assert cost_per_qaly([(DESIGN, poor, cost)]) == NO_RATIO
        assert cost_per_qaly([(DESIGN, health, poor)]) == NO_RATIO


def test_the_route_taken_most_is_not_called_most_people() -> None:
    rows = pd.DataFrame(
        {
            "from": ["gp", "gp", "nhs111", "people"],
            "does": ["refers", "overflow", "tells", ""],
            "to": ["specialist_clinic", "ed", "gp", "gp"],
            "people_per_year": [33_000.0, 30_000.0, 61_000.0, 1e6],
        }
    )
    told = flows_claim(rows)
    assert told.startswith("The commonest referral is from practice to ")
    assert told.endswith(": 33,000 a year")
    turned = flows_claim(rows[rows["does"] != "refers"])
    assert turned.startswith("Most who are not seen go on from practice to ")


def test_the_first_page_names_what_a_design_worsens_most() -> None:
    def row(key: str, moved: Change) -> ForestRow:
        return ForestRow(
            measure=measure_of(key), option=DESIGN, change=moved, found=verdict(moved, 0.01)
        )

    slight, more = row("bed_days", change(5, 4, 6)), row("ae_attendances", change(12, 10, 14))
    unmet = row("gp_unmet", change(425, 405, 446, baseline=834))
    fewer = row("deaths", change(-900, -950, -850))
    told = worst_words([slight, more, unmet, fewer])
    assert told == "What worsens most is practice requests not met: 51% more."
    assert worst_words([slight, fewer, row("gp_unmet", change(400, -5, 800))]) == ""


def test_a_level_is_told_as_finely_as_its_interval() -> None:
    assert value_within(190.36, 189.2, 191.5) == "190.4"
    assert value_within(1594.0, 1572.0, 1616.0) == "1,594"
    assert value_within(18.01, 17.76, 18.26) == "18.01"
    assert value_within(13.06, 12.58, 13.54, 3) == "13.1"
    assert value_within(169.3, 164.8, 173.8, 3) == "169"
    assert value_within(0.4153, math.nan, math.nan) == "0.415"


def test_a_wait_is_told_in_the_unit_that_it_is_counted_in() -> None:
    assert [wait_words(days) for days in (0.0, 0.0208, 0.15, 1.0, 4.8, 190.2)] == [
        *("none", "30 min", "3.6 hours", "1 day", "4.8 days", "190 days")
    ]
    assert wait_words(math.nan) == ""


def test_hours_of_general_practitioners_are_written_as_such() -> None:
    assert service_name("gp", "hours: gp", 3).endswith("hours: GPs")


def test_gaps_of_two_measures_that_move_apart_are_told_apart() -> None:
    wider = change(0.9, 0.5, 1.3, baseline=484)
    health = change(-0.05, -0.09, -0.01, baseline=272)
    assert report_headlines.gap_beside(wider, health, 0.01) == (
        "In healthy life the gap slightly narrows."
    )
    assert report_headlines.gap_beside(wider, wider, 0.01) == ""
    assert report_headlines.gap_beside(wider, change(-0.05, -0.2, 0.1), 0.01) == ""


def test_queues_that_open_elsewhere_are_a_limit_that_is_told() -> None:
    table = pd.DataFrame(
        {
            "quarter": [1, 1, 1, 2],
            "expected": [0.4, 0.4, 0.0, 0.4],
            "verdict": ["differs", "as expected", "differs", "differs"],
        }
    )
    assert openings_words(table) == (
        "1 of 2 queues opens clearly elsewhere than a running service would, so the first year is "
        "weaker than those after it."
    )
    assert openings_words(table.assign(verdict="as expected")) == ""


def test_a_net_value_avoided_tells_what_falls_and_what_rises_behind_it() -> None:
    avoided = {"outpatients": 11.94, "community": 0.18, "A&E": -3.57, "practice": -3.02, "x": 0.001}
    assert headlines_money.balance_words("A", avoided) == (
        "Behind the value avoided under A: activity falls by £12.1 million (the largest part: "
        "outpatients, £11.9 million) and rises by £6.6 million (the largest part: A&E, £3.6 "
        "million)."
    )
    assert headlines_money.balance_words("A", {"outpatients": 1.0, "A&E": -0.01}) == ""
