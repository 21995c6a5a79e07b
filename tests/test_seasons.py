"""Seasons: months move care about a mean of one, and the year's totals stay."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from agents.evidence import Evidence
from agents.luck import Luck
from pathways.calendar import YEAR, Calendar
from pathways.demand import Demand
from pathways.ledger import Ledger
from pathways.practice import Practices
from pathways.seasons import DEMAND, Seasons
from tests.demand_fakes import england, evidence
from tests.test_practice import CAPACITY

START = date(2025, 4, 1)
EVIDENCE = Evidence(Path(__file__).parents[1] / "calibration" / "evidence")
JANUARY, AUGUST = 290, 140  # days after the first of April


def seasons(off: float = 0.0) -> Seasons:
    return Seasons.of(EVIDENCE, START, {"structure.seasons": off})


def test_every_series_averages_one_over_a_year() -> None:
    assert len(seasons().factors) >= 6
    for series, factors in seasons().factors.items():
        assert factors.shape == (YEAR,)
        assert factors.mean() == pytest.approx(1.0), series
        assert 0.85 < factors.min() < 1.0 < factors.max() < 1.15, series


def test_winter_stays_are_longer_and_august_practices_have_fewer_slots() -> None:
    found = seasons()
    assert found.on("emergency_stay", JANUARY) > 1.03 > 0.98 > found.on("emergency_stay", AUGUST)
    assert found.on("practice_slots", AUGUST) < 0.95
    assert found.on("emergency_stay", JANUARY - YEAR) == found.on("emergency_stay", JANUARY)


def test_switched_off_nothing_follows_the_months() -> None:
    flat = seasons(1.0)
    assert {flat.on(name, day) for name in DEMAND for day in (0, JANUARY, AUGUST)} == {1.0}


def test_seasons_move_events_between_months_and_keep_the_years_total() -> None:
    people, luck = england(5_000), Luck(5)
    usual, moved = (Demand(people, evidence(), luck, START) for _ in range(2))
    found = seasons()
    found.follow(moved)
    name = "practice_consultation"
    before, after = np.zeros(YEAR), np.zeros(YEAR)
    for day in range(YEAR):
        before[day] = len(usual.today(day)[name])
        after[day] = len(moved.today(day)[name])
    assert after.sum() == pytest.approx(before.sum(), rel=0.02)
    august = slice(123, 153)  # days 122-152 are August
    assert after[august].sum() < 0.96 * before[august].sum()


def test_practices_offer_the_same_slots_a_year_with_and_without_leave() -> None:
    people = england(5_000)
    slots = []
    for found in (seasons(), Seasons({})):
        calendar = Calendar(START, 2, warm_up=84)
        ledger = Ledger(len(people))
        model = Practices(
            people, evidence(), Luck(5), calendar, ledger, CAPACITY, {}, seasons=found
        )
        days = [model.diary.index(day) for day in (0, YEAR, AUGUST - 15, AUGUST + 12)]
        offered = model.diary.slots.sum(axis=0)
        slots.append((offered[days[0] : days[1]].sum(), offered[days[2] : days[3]].sum()))
    assert slots[0][0] == pytest.approx(slots[1][0], rel=0.01)
    assert slots[0][1] < 0.95 * slots[1][1]
