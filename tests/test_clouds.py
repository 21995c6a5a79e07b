from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.clouds import Clouds
from pathways.points import Points

BASES = np.array([0.25, 1.0])


def clouds(n: int, *, seed: int = 1) -> Clouds:
    return Clouds(Luck(seed), np.arange(n), ("seldom", "often"), BASES)


def joined(parts: list[Points]) -> Points:
    columns = zip(*(part.columns for part in parts), strict=True)
    return Points(*(np.concatenate(column) for column in columns))


def a_year(cloud: Clouds, rates: np.ndarray, year: int = 0) -> Points:
    cloud.begin(year, rates)
    return joined([day_of(cloud, year * YEAR + day, rates) for day in range(YEAR)])


def day_of(cloud: Clouds, day: int, rates: np.ndarray) -> Points:
    return cloud.between(day, day + 1, rates)


def identities(points: Points) -> set[tuple[int, int]]:
    return set(zip(points.cell.tolist(), points.word.tolist(), strict=True))


def flat(n: int, *rates: float) -> np.ndarray:
    return np.repeat(np.array(rates)[:, None], n, axis=1)


@pytest.mark.parametrize("rate", [0.1, 0.7, 3.0, 40.0])
def test_counts_are_poisson(rate: float) -> None:
    n = 20_000
    points = a_year(clouds(n), flat(n, rate, 0.0))
    counts = np.bincount(points.cell, minlength=n)
    assert abs(counts.mean() - rate) < 4 * np.sqrt(rate / n)
    assert abs(counts.var() / rate - 1.0) < 4 * np.sqrt((2.0 + 1.0 / rate) / n)
    seen = np.bincount(counts)
    expected = n * stats.poisson.pmf(np.arange(len(seen)), rate)
    common = expected > 10
    chi2 = ((seen - expected)[common] ** 2 / expected[common]).sum()
    assert chi2 < stats.chi2.ppf(0.9999, common.sum())


def test_times_are_uniform_and_independent_of_heights_and_of_other_processes() -> None:
    n = 5_000
    points = a_year(clouds(n), flat(n, 3.0, 3.0))
    assert stats.kstest(points.year_share, "uniform").pvalue > 1e-4
    heights = points.height[points.cell < n] / 3.0
    assert stats.kstest(heights, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(points.height, points.year_share)[0, 1]) < 4 / np.sqrt(len(points))
    counts = np.bincount(points.cell, minlength=2 * n).reshape(2, n)
    assert abs(np.corrcoef(counts[0], counts[1])[0, 1]) < 4 / np.sqrt(n)


def test_years_are_independent() -> None:
    n, cloud = 5_000, clouds(5_000)
    counts = [
        np.bincount(a_year(cloud, flat(n, 2.0, 0.0), year).cell, minlength=n) for year in (-1, 0)
    ]
    assert abs(np.corrcoef(counts[0], counts[1])[0, 1]) < 4 / np.sqrt(n)


@given(before=st.floats(0.01, 20.0), share=st.floats(0.0, 1.0))
@settings(max_examples=25, deadline=None)
def test_lowering_a_rate_removes_points_and_moves_none(before: float, share: float) -> None:
    n, cloud = 50, clouds(50)
    high, low = flat(n, before, before), flat(n, before, before)
    low[:, 7] *= share
    was, now = identities(a_year(cloud, high)), identities(a_year(cloud, low))
    assert now <= was
    assert {cell % n for cell, _ in was - now} <= {7}


@given(start=st.floats(0.0, 3.0), rise=st.floats(1.0, 30.0), day=st.integers(0, YEAR - 1))
@settings(max_examples=25, deadline=None)
def test_a_rate_that_rises_within_the_year_gains_exactly_the_points_it_always_had(
    start: float, rise: float, day: int
) -> None:
    n, row = 20, np.array([3])
    low, high = flat(n, start, start), flat(n, start, start)
    high[:, row] = (start + 0.1) * rise
    always = a_year(clouds(n), high)
    cloud, parts = clouds(n), []
    cloud.begin(0, low)
    for today in range(YEAR):
        if today == day:
            cloud.raise_to(high[:, row], row, today)
        parts.append(day_of(cloud, today, high if today >= day else low))
    found, then = identities(joined(parts)), int(day)
    late = always.take((always.year_share * YEAR).astype(int) >= then)
    assert identities(late) == {
        point for point in found if int((point[1] >> 32) * YEAR >> 32) >= then
    }
    assert found <= identities(always)


def test_points_do_not_depend_on_other_people_order_or_repetition() -> None:
    everyone, some = clouds(40), Clouds(Luck(1), np.array([31, 4]), ("seldom", "often"), BASES)
    rates = flat(40, 2.0, 9.0)
    of_all = a_year(everyone, rates)
    of_some = a_year(some, rates[:, :2])
    words: dict[int, set[int]] = {int(cell): set() for cell in of_all.cell}
    for cell, word in identities(of_all):
        words[cell].add(word)
    for process in (0, 1):
        for place, person in enumerate((31, 4)):
            mine = {w for cell, w in identities(of_some) if cell == process * 2 + place}
            assert mine == words.get(process * 40 + person, set())
    once, twice = clouds(40), clouds(40)
    for cloud, rows in ((once, np.array([5, 9])), (twice, np.array([9, 5, 9, 5]))):
        cloud.begin(0, rates)
        raised = np.full((2, len(rows)), 33.0)
        cloud.raise_to(raised, rows, 100)
    rates[:, [5, 9]] = 33.0
    days = range(100, YEAR)
    counts = [[len(day_of(one, day, rates)) for day in days] for one in (once, twice)]
    assert counts[0] == counts[1]


def test_thinning_is_exact_when_the_rate_changes_every_day() -> None:
    n = 4_000
    cloud, total = clouds(n), 0
    day_rates = 2.0 + 1.5 * np.sin(np.arange(YEAR) / 20.0)
    cloud.begin(0, flat(n, day_rates[0], 0.0))
    early = 0
    for day in range(YEAR):
        rates = flat(n, day_rates[day], 0.0)
        cloud.raise_to(rates[:, :], np.arange(n), day)
        found = len(day_of(cloud, day, rates))
        total += found
        early += found if day < 120 else 0
    for count, mean in ((total, day_rates.mean()), (early, day_rates[:120].sum() / YEAR)):
        assert abs(count - n * mean) < 4 * np.sqrt(n * mean)


def test_a_point_falls_on_the_day_that_its_word_says() -> None:
    n, cloud = 500, clouds(500)
    rates = flat(n, 3.0, 3.0)
    cloud.begin(2, rates)
    for day in (0, 17, 364):
        share = day_of(cloud, 2 * YEAR + day, rates).year_share
        assert np.all((share * YEAR).astype(int) == day)


def test_several_days_at_once_are_the_days_one_after_the_other() -> None:
    n, cloud = 300, clouds(300)
    rates = flat(n, 2.0, 5.0)
    cloud.begin(0, rates)
    rates[1, :40] = 30.0
    cloud.raise_to(rates[:, :40], np.arange(40), 10)
    week = cloud.between(21, 28, rates)
    days = joined([day_of(cloud, day, rates) for day in range(21, 28)])
    assert len(week) == len(identities(week)) > 50
    assert identities(week) == identities(days)
    assert set(week.day_of_year.tolist()) == set(range(21, 28))


def test_a_day_of_another_year_is_refused() -> None:
    cloud = clouds(3)
    cloud.begin(0, flat(3, 1.0, 1.0))
    with pytest.raises(ValueError, match="day 365 is not in year 0"):
        cloud.between(365, 366, flat(3, 1.0, 1.0))
