"""The calendar: bank holidays as published, working days, months of a 365-day year."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from dateutil.easter import easter
from hypothesis import given
from hypothesis import strategies as st

from pathways.calendar import BEYOND, YEAR, Calendar, bank_holidays

START = date(2025, 4, 1)

# As published by the government for England and Wales.
PUBLISHED = {
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_bank_holidays_are_those_published(year: int) -> None:
    published = {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year].split()}

    assert bank_holidays(year) == published


@given(st.integers(1980, 2200))
def test_every_year_has_eight_weekday_holidays_and_easter_where_it_falls(year: int) -> None:
    holidays = bank_holidays(year)

    assert len(holidays) >= 8
    assert all(day.weekday() < 5 and day.year == year for day in holidays)
    assert easter(year) - timedelta(days=2) in holidays
    assert easter(year) + timedelta(days=1) in holidays


def test_day_0_is_the_start_and_days_before_it_are_the_warm_up() -> None:
    calendar = Calendar(START, years=2, warm_up=30)

    assert calendar.date(0) == START
    assert calendar.date(-30) == date(2025, 3, 2)
    assert calendar.weekday(0) == 1  # a Tuesday
    assert calendar.end == 2 * YEAR


def test_working_days_are_weekdays_that_are_no_bank_holidays() -> None:
    calendar = Calendar(START, years=1, warm_up=100)

    for day in range(-100, YEAR + BEYOND):
        on = calendar.date(day)
        expected = on.weekday() < 5 and on not in bank_holidays(on.year)
        assert calendar.is_working(day) == expected
    # 261 weekdays less 8 holidays: a year from 1 April 2025 holds one Easter only.
    assert len(calendar.working_days(0, YEAR)) == 253


def test_working_days_of_a_span_leave_out_its_last_day() -> None:
    calendar = Calendar(START, years=1, warm_up=7)

    assert calendar.working_days(0, 7).tolist() == [0, 1, 2, 3, 6]
    assert calendar.working_days(-1, 1).tolist() == [-1, 0]
    assert calendar.working_days(5, 5).tolist() == []
    assert calendar.working_days(0, 7).dtype == np.int64


@pytest.mark.parametrize("day", [-8, YEAR + BEYOND])
def test_a_day_that_the_calendar_does_not_know_is_refused_and_not_guessed(day: int) -> None:
    calendar = Calendar(START, years=1, warm_up=7)

    with pytest.raises(ValueError, match="not all in the calendar"):
        calendar.is_working(day)
    with pytest.raises(ValueError, match="not all in the calendar"):
        calendar.working_days(min(day, 0), max(day, 0) + 1)


def test_each_year_has_twelve_months_of_30_or_31_days() -> None:
    calendar = Calendar(START, years=3)
    months = np.array([calendar.month(day) for day in range(3 * YEAR)])

    assert months[0] == 0
    assert months[-1] == 35
    assert set(np.diff(months)) == {0, 1}
    assert set(np.bincount(months)) == {30, 31}
    assert [calendar.month(year * YEAR) for year in range(3)] == [0, 12, 24]
    assert calendar.month(-1) == -1
