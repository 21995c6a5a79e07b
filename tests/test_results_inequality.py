"""Indices of inequality against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.inequality import (
    concentration_index,
    equal_equivalent,
    erreygers_index,
    ranks,
    relative_index,
    slope,
    slope_index,
    standardised,
)

EQUAL = np.full(5, 10.0)


def test_rank_is_the_middle_of_each_groups_share_of_the_population() -> None:
    assert ranks(EQUAL).tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert ranks(np.array([1.0, 3.0])).tolist() == pytest.approx([0.125, 0.625])


def test_slope_index_is_the_gap_across_the_whole_ranking() -> None:
    # A straight line 14 - 5R read at the middles of five equal groups.
    level = 14.0 - 5.0 * np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    start, steep = slope(level, EQUAL)
    assert start == pytest.approx(14.0)
    assert steep == pytest.approx(-5.0)
    assert relative_index(level, EQUAL) == pytest.approx(9.0 / 14.0)


def test_slope_index_of_unequal_groups_worked_by_hand() -> None:
    # Two groups of 1 and 3: ranks 0.125 and 0.625, levels 8 and 4: slope -4 / 0.5 = -8.
    level, people = np.array([8.0, 4.0]), np.array([1.0, 3.0])
    assert slope_index(level, people) == pytest.approx(-8.0)
    assert slope(level, people)[0] == pytest.approx(9.0)
    assert relative_index(level, people) == pytest.approx(1.0 / 9.0)


def test_concentration_index_worked_by_hand() -> None:
    # Equal groups, levels 5 4 3 2 1: cov(h, R) = -0.4, mean 3: C = 2 * -0.4 / 3.
    level = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    assert concentration_index(level, EQUAL) == pytest.approx(-0.8 / 3.0)
    # Everything held by the better-off of two equal halves: C = 1/2.
    assert concentration_index(np.array([0.0, 1.0]), np.array([1.0, 1.0])) == pytest.approx(0.5)


def test_erreygers_index_is_four_times_the_mean_times_concentration_over_the_range() -> None:
    level = np.array([0.5, 0.4, 0.3, 0.2, 0.1])
    assert erreygers_index(level, EQUAL) == pytest.approx(4 * 0.3 * -0.8 / 3.0)


@given(st.floats(-0.4, 0.4), st.floats(0.1, 0.5))
def test_erreygers_index_of_a_share_and_of_its_opposite_mirror_each_other(
    tilt: float, middle: float
) -> None:
    level = np.clip(middle + tilt * np.linspace(-0.5, 0.5, 5), 0.0, 1.0)
    ours, theirs = erreygers_index(level, EQUAL), erreygers_index(1.0 - level, EQUAL)
    assert ours == pytest.approx(-theirs, abs=1e-9)


def test_equal_equivalent_worked_by_hand() -> None:
    level, people = np.array([1.0, 4.0]), np.array([1.0, 1.0])
    assert equal_equivalent(level, people, 0.0) == pytest.approx(2.5)
    assert equal_equivalent(level, people, 1.0) == pytest.approx(2.0)  # geometric mean
    assert equal_equivalent(level, people, 2.0) == pytest.approx(1.6)  # harmonic mean


@given(st.floats(0.0, 20.0))
def test_equality_loses_nothing_at_any_aversion(aversion: float) -> None:
    level = np.full(5, 70.0)
    assert equal_equivalent(level, EQUAL, aversion) == pytest.approx(70.0)


def test_more_aversion_never_raises_the_equal_equivalent() -> None:
    level = np.array([62.0, 66.0, 69.0, 71.0, 73.0])
    found = [equal_equivalent(level, EQUAL, aversion) for aversion in (0, 1, 5, 10.95)]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(68.2)


def cells(rates: list[float], people: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Two fifths filled, with one sex and two age bands each."""
    bottom = np.zeros((1, 5, 7, 2, 1))
    top = np.zeros_like(bottom)
    for place, (rate, count) in enumerate(zip(rates, people, strict=True)):
        fifth, age = divmod(place, 2)
        bottom[0, fifth, age, 0, 0] = count
        top[0, fifth, age, 0, 0] = rate * count
    return top, bottom


def test_standardising_compares_fifths_at_the_same_ages() -> None:
    # Both fifths have the same rates by age (1 and 5) but not the same ages.
    top, bottom = cells([1.0, 5.0, 1.0, 5.0], [90.0, 10.0, 10.0, 90.0])
    standard = np.zeros((7, 2))
    standard[0, 0], standard[1, 0] = 0.75, 0.25
    level = standardised(top, bottom, standard)
    assert level[0, 0, 0] == pytest.approx(2.0)
    assert level[0, 1, 0] == pytest.approx(2.0)
    assert np.isnan(level[0, 2, 0])


def test_ages_without_anybody_are_left_out_of_the_standard() -> None:
    top, bottom = cells([1.0, 5.0, 3.0, 0.0], [90.0, 10.0, 10.0, 0.0])
    standard = np.full((7, 2), 1 / 14)
    assert standardised(top, bottom, standard)[0, 1, 0] == pytest.approx(3.0)
