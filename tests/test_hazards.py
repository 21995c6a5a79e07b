"""The formulas of hazards, taken again person by person and year by year in plain Python."""

from __future__ import annotations

from math import exp, inf, isinf, log

import numpy as np
import numpy.typing as npt
import pytest

from agents.hazards import (
    Effects,
    changes,
    death_ratio,
    exact,
    multiplier,
    next_change,
    susceptibility,
)
from agents.integrated import OLDEST, IntegratedHazards

Floats = npt.NDArray[np.float64]

# Four conditions; the last is low mood. Three effects of the first two on others.
EFFECTS = Effects(
    loadings=np.array([[0.2, 0.0, 0.4, -0.1], [0.0, 0.3, 0.1, 0.5]]),
    source=np.array([0, 1, 0]),
    from_age=np.array([0.0, 30.0, 60.0]),
    to_age=np.array([50.0, inf, 80.0]),
    for_sex=np.array([[True, True], [True, False], [False, True]]),
    log_ratio=np.log([[1.0, 2.0, 1.0, 1.5], [1.2, 1.0, 3.0, 1.0], [1.0, 1.0, 0.5, 2.5]]),
    physical=np.array([1.0, 1.0, 1.0, 0.0], dtype=np.bool_),
    mood=np.array([False, False, False, True]),
    log_per_physical=log(1.45),
    physical_cap=2.0,
    log_death_ratio=np.log([[2.0, 1.5, 1.1, 1.2], [3.0, 1.0, 0.9, 1.3]]),
)


def everyone() -> tuple[npt.NDArray[np.bool_], Floats, npt.NDArray[np.int8], Floats]:
    """Return every set of conditions at ages about each limit, of both sexes, and some scores."""
    ages = (29.9, 30.0, 49.9, 50.0, 60.0, 79.9, 80.0)
    people = [
        ([bool(mask >> bit & 1) for bit in range(4)], age, sex)
        for mask in range(16)
        for age in ages
        for sex in (0, 1)
    ]
    has, age, sex = zip(*people, strict=True)
    scores = np.random.default_rng(3).normal(size=(len(people), 2))
    return np.array(has), np.array(age), np.array(sex, np.int8), scores


def plain(has: list[bool], age: float, sex: int, score: list[float], onset: int) -> float:
    """Return one person's multiplier of one onset, from the words of its definition."""
    ratio = exp(sum(s * load for s, load in zip(score, EFFECTS.loadings[:, onset], strict=True)))
    for effect, source in enumerate(EFFECTS.source):
        acts = has[source] and EFFECTS.for_sex[effect, sex]
        if acts and EFFECTS.from_age[effect] <= age < EFFECTS.to_age[effect]:
            ratio *= exp(EFFECTS.log_ratio[effect, onset])
    if onset == 3:
        ratio *= 1.45 ** min(sum(has[:3]), 2)
    return ratio


def test_the_multiplier_of_every_onset_is_the_product_of_what_acts_on_the_person() -> None:
    has, age, sex, scores = everyone()
    found = multiplier(susceptibility(scores, EFFECTS), has, age, sex, EFFECTS)
    expected = [
        [plain(list(has[who]), age[who], int(sex[who]), list(scores[who]), on) for on in range(4)]
        for who in range(len(age))
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_ratio_of_death_is_the_product_over_conditions_of_the_sexs_own() -> None:
    has, _, sex, _ = everyone()
    of_sex = [[2.0, 1.5, 1.1, 1.2], [3.0, 1.0, 0.9, 1.3]]
    expected = [
        np.prod([ratio for ratio, there in zip(of_sex[who], row, strict=True) if there])
        for who, row in zip(sex, has, strict=True)
    ]
    np.testing.assert_allclose(death_ratio(has, sex, EFFECTS), expected, rtol=1e-12)


def test_effects_change_at_the_ages_that_anybody_lives_to_each_told_once() -> None:
    sources, ages = changes(EFFECTS)
    assert sources.dtype == np.int64
    told = list(zip(sources.tolist(), ages.tolist(), strict=True))
    # From birth is no change, for ever ends at no age; the first condition has three.
    assert sorted(told) == [(0, 50.0), (0, 60.0), (0, 80.0), (1, 30.0)]


def test_an_effect_from_the_first_months_of_life_is_a_change() -> None:
    early = Effects(
        **{name: getattr(EFFECTS, name) for name in Effects.__slots__}
        | {"from_age": np.array([0.5, 30.0, 60.0])}
    )
    assert (0, 0.5) in zip(*(part.tolist() for part in changes(early)), strict=True)


def test_the_multiplier_stays_until_the_next_change_and_not_a_moment_longer() -> None:
    has, age, sex, scores = everyone()
    ahead = next_change(has, age, changes(EFFECTS))
    assert ((ahead > age) | np.isinf(ahead)).all()
    limits = {0: (50.0, 60.0, 80.0), 1: (30.0,)}
    for who in range(len(age)):
        of_person = [at for c, at_ages in limits.items() if has[who, c] for at in at_ages]
        assert ahead[who] == min((at for at in of_person if at > age[who]), default=inf)
    there = np.isfinite(ahead)
    log_own = susceptibility(scores, EFFECTS)
    now = multiplier(log_own, has, age, sex, EFFECTS)
    before = multiplier(log_own, has, np.where(there, ahead - 1e-6, 129.0), sex, EFFECTS)
    np.testing.assert_array_equal(now, before)


def test_nobody_with_conditions_that_do_nothing_ever_changes() -> None:
    no_effects = (np.zeros(0, np.int64), np.zeros(0))
    assert np.isinf(next_change(np.ones((3, 4), np.bool_), np.zeros(3), no_effects)).all()


def test_numbers_on_the_grain_add_up_without_rounding() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    rounded = exact(values)
    assert np.abs(rounded - values).max() <= 2.0**-21
    assert np.abs(rounded - values).max() > 2.0**-23  # no finer grain than was promised
    np.testing.assert_array_equal(rounded * 2.0**20 % 1.0, 0.0)
    np.testing.assert_array_equal(exact(rounded), rounded)
    assert rounded.sum() == rounded[::-1].sum() == sum(sorted(rounded))


# ------------------------------------------------------------------ integrated over age

RATES = np.array([[0.1, 0.0, 0.3, 0.2], [0.0, 0.0, 0.0, 0.0], [2.0, 4.0, 0.5, 1.0]])


def summed(series: int, age: float) -> float:
    """Return the hazard of a series from birth to an age, one year after another."""
    total, year = 0.0, 0
    while age > 0 and year < OLDEST:
        total += RATES[series, min(year, 3)] * min(age, 1.0)
        age, year = age - 1.0, year + 1
    return total


@pytest.mark.parametrize("series", range(3))
def test_the_integral_is_the_sum_of_the_years_lived(series: int) -> None:
    hazards = IntegratedHazards(RATES)
    ages = np.array([0.0, 0.25, 1.0, 1.5, 2.0, 3.75, 4.0, 60.5, 129.5, 130.0, 140.0])
    found = hazards.at(np.full(len(ages), series), ages)
    assert found == pytest.approx([summed(series, age) for age in ages])


def test_the_age_at_which_a_level_is_reached_is_found_in_any_shape_and_order() -> None:
    hazards = IntegratedHazards(RATES)
    series = np.array([[0, 2, 1], [2, 0, 0]])
    level = np.array([[0.05, 2.0, 0.1], [6.75, 0.35, 0.5]])
    # By hand: half of the first year; a whole year (the next begins); never; 2 + 4 + 0.5 and a
    # quarter of the year at 1; past the year at nothing, (0.35 - 0.1) / 0.3 of the third;
    # 0.1 + 0.3 and half of the year at 0.2.
    expected = [[0.5, 1.0, inf], [3.25, 2 + 0.25 / 0.3, 3.5]]
    np.testing.assert_allclose(hazards.age_when(series, level), expected, rtol=1e-12)


def test_a_level_beyond_the_last_age_is_never_reached() -> None:
    hazards = IntegratedHazards(RATES)
    whole = summed(0, 130.0)
    found = hazards.age_when(np.zeros(3, np.int64), np.array([whole - 0.02, whole, whole + 1]))
    assert found[0] == pytest.approx(129.9)
    assert isinf(found[1])
    assert isinf(found[2])


def test_the_first_goal_of_each_row_is_found_and_none_beyond_its_limit() -> None:
    hazards = IntegratedHazards(RATES)
    series = np.array([[0, 0, 2], [0, 0, 2], [0, 2, 0]])
    goal = np.array([[0.2, 0.05, inf], [0.2, 0.05, 0.0], [0.2, inf, 0.2]])
    ages, first = hazards.first(series, goal, np.array([9.0, 0.4, 140.0]))
    # Half of the first year; that age is beyond 0.4, and a goal of nought is reached at once
    # where the rate is not nought; of two alike the first, a third of the third year.
    assert ages[0] == pytest.approx(0.5)
    assert first[0] == 1
    assert ages[1] == 0.0
    assert first[1] == 2
    assert ages[2] == pytest.approx(2 + 1 / 3)
    assert first[2] == 0


def test_what_is_left_of_a_goal_counts_as_often_as_the_pace_falls() -> None:
    hazards = IntegratedHazards(RATES)
    series, goal = np.array([[0, 0]]), np.array([[0.2, 0.2]])
    hazards.carry_over(series, goal, np.array([[1.0, 2.0]]), np.array([0.5]))
    assert goal.tolist() == [[0.2, pytest.approx(0.05 + 2.0 * 0.15)]]  # 0.05 is spent at 0.5


def test_an_age_solved_for_lies_in_the_year_whose_rate_reaches_it() -> None:
    # Many series: a level is found within its own, also at the very end of each.
    rates = np.random.default_rng(5).exponential(0.2, (40, 90))
    hazards = IntegratedHazards(rates)
    series = np.repeat(np.arange(40), 30)
    ages = np.tile(np.linspace(0.0, 129.99, 30), 40)
    level = hazards.at(series, ages)
    np.testing.assert_allclose(hazards.age_when(series, level), ages, atol=1e-9)


def test_a_level_within_rounding_of_a_years_end_keeps_its_age_also_beside_years_of_nothing() -> (
    None
):
    chance = np.random.default_rng(11)
    rates = chance.exponential(0.2, (60, 100)) * (chance.random((60, 100)) < 0.5)
    rates[:, -1] = 0.1  # so that every level is reached at last
    hazards = IntegratedHazards(rates)
    series, year = (grid.ravel() for grid in np.meshgrid(np.arange(60), np.arange(1.0, 100.0)))
    level = hazards.at(series, year)
    some = level > 0
    series, year, level = series[some], year[some], level[some]
    for near in (np.nextafter(level, 0.0), level, np.nextafter(level, 9e9)):
        found = hazards.age_when(series, near)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(hazards.at(series, found), near, rtol=1e-12)
        held = rates[series, np.minimum(found.astype(np.int64), 99)]
        assert ((held > 0) | (found == np.round(found)) | (np.abs(found % 1) < 1e-9)).all()
