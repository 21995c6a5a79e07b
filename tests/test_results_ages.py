"""Age at two conditions and years left to live, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.ages import age_at_half, life_expectancy


def test_half_is_read_between_the_middles_of_five_year_bands() -> None:
    years = np.full(19, 100.0)
    share = np.zeros(19)
    share[12], share[13], share[14:] = 40.0, 60.0, 90.0  # bands 60-64 and 65-69
    assert age_at_half(years, share) == pytest.approx(65.0)


def test_a_share_that_dips_by_chance_is_pooled_before_it_is_read() -> None:
    years = np.full(19, 100.0)
    share = np.zeros(19)
    share[10], share[11], share[12], share[13:] = 20.0, 55.0, 35.0, 95.0
    # Bands 11 and 12 pool to 0.45 at 60; then 0.95 at 67.5: half at 60 + 7.5 * 0.05/0.5.
    assert age_at_half(years, share) == pytest.approx(60.75)


def test_a_group_that_never_reaches_half_has_no_age() -> None:
    assert math.isnan(age_at_half(np.full(19, 10.0), np.full(19, 1.0)))


def test_years_left_at_a_constant_hazard_are_one_over_it() -> None:
    years = np.array([500.0, 400.0, 300.0, 200.0])
    assert life_expectancy(years, 0.1 * years) == pytest.approx(10.0)


def test_nobody_dying_in_a_closed_band_adds_five_whole_years() -> None:
    years, deaths = np.array([100.0, 100.0]), np.array([0.0, 20.0])
    assert life_expectancy(years, deaths) == pytest.approx(5.0 + 5.0)


def test_an_empty_band_gives_no_life_expectancy() -> None:
    assert math.isnan(life_expectancy(np.array([100.0, 0.0]), np.array([10.0, 0.0])))
