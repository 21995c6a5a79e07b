"""Indices of inequality against published worked examples and independent formulas."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.inequality import (
    concentration_index,
    equal_equivalent,
    erreygers_index,
    ranks,
    relative_index,
    slope_index,
)

Floats = npt.NDArray[np.float64]

# Inequality.jl, documentation of atkinson(v, 1.2).
VALUES, AVERSION, ATKINSON = [8, 5, 1, 3, 5, 6, 7, 6, 3], 1.2, 0.1631765870035865

people = st.lists(st.floats(1.0, 100.0), min_size=5, max_size=5).map(np.array)
levels = st.lists(st.floats(0.05, 0.95), min_size=5, max_size=5).map(np.array)


def test_equal_equivalent_gives_the_published_atkinson_index() -> None:
    level, weight = np.array(VALUES, float), np.ones(len(VALUES))
    index = 1.0 - equal_equivalent(level, weight, AVERSION) / level.mean()
    assert index == pytest.approx(ATKINSON, rel=1e-12)


def test_ranks_are_those_of_the_public_health_guidance() -> None:
    # PHEindicatormethods::phe_sii, Calculation: a first quantile with 12 per cent of people
    # stands at half of it, a second with 10 per cent at 0.12 + 0.10 / 2.
    found = ranks(np.array([12.0, 10.0, 78.0]))
    assert found == pytest.approx([0.06, 0.17, 0.61])


@given(levels, people)
def test_slope_and_relative_index_are_those_of_weighted_least_squares(
    level: Floats, weight: Floats
) -> None:
    # Low and Low (2004), as in the guidance: regress sqrt(share) level on sqrt(share) and
    # sqrt(share) rank; SII = b, RII = (a + b) / a.
    share = weight / weight.sum()
    rank = np.cumsum(share) - share / 2
    root = np.sqrt(share)
    start, steep = np.linalg.lstsq(np.column_stack([root, root * rank]), root * level)[0]
    assert slope_index(level, weight) == pytest.approx(steep, abs=1e-9)
    assert relative_index(level, weight) == pytest.approx((start + steep) / start, rel=1e-6)


@given(levels, people)
def test_concentration_index_is_twice_the_area_beside_the_concentration_curve(
    level: Floats, weight: Floats
) -> None:
    # Wagstaff, Paci and van Doorslaer (1991) and the World Bank's note for grouped data:
    # C = (p1 L2 - p2 L1) + (p2 L3 - p3 L2) + ...
    share = np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])
    curve = np.concatenate([[0.0], np.cumsum(weight * level) / (weight * level).sum()])
    area = sum(
        share[place] * curve[place + 1] - share[place + 1] * curve[place]
        for place in range(len(level))
    )
    assert concentration_index(level, weight) == pytest.approx(area, abs=1e-9)


def test_concentration_index_of_child_deaths_in_india_is_the_published_one() -> None:
    # O'Donnell, van Doorslaer, Wagstaff and Lindelow (2008), Analyzing Health Equity Using
    # Household Survey Data, World Bank, table 8.1: births and under-five deaths per 1,000 by
    # wealth, poorest first, India 1982-92; published index -0.1694.
    births = np.array([29_939.0, 28_776.0, 26_528.0, 24_689.0, 19_739.0])
    deaths = np.array([154.7, 152.9, 119.5, 86.9, 54.3])
    assert concentration_index(deaths, births) == pytest.approx(-0.1694, abs=5e-5)
    # As a share of births, a bounded number: four times the mean times the index.
    mean = (births * deaths).sum() / births.sum() / 1000
    assert erreygers_index(deaths / 1000, births) == pytest.approx(4 * mean * -0.1694, abs=3e-5)


@given(levels, people)
def test_erreygers_index_is_eight_times_the_weighted_mean_of_centred_rank_and_level(
    level: Floats, weight: Floats
) -> None:
    # Erreygers (2009): E = 8 / (n^2 (b - a)) sum z h, here for groups: 8 mean((R - 1/2) h).
    share = weight / weight.sum()
    rank = np.cumsum(share) - share / 2
    assert erreygers_index(level, weight) == pytest.approx(
        8.0 * (share * (rank - 0.5) * level).sum(), abs=1e-9
    )


@given(levels, people)
def test_equal_equivalent_solves_the_welfare_equation(level: Floats, weight: Floats) -> None:
    # The level whose welfare, given to all, is the mean welfare: u(h) = h^(1 - e) / (1 - e).
    share = weight / weight.sum()
    for aversion in (0.5, 2.0, 10.95):
        equal = equal_equivalent(level, weight, aversion)
        of_all = (share * level ** (1 - aversion) / (1 - aversion)).sum()
        assert equal ** (1 - aversion) / (1 - aversion) == pytest.approx(of_all, rel=1e-9)


def test_equal_equivalent_gives_the_atkinson_indices_of_the_ineq_package() -> None:
    # R packages ineq and DescTools, example of Atkinson(): incomes, aversion 0.5, 1 and 2; and
    # with frequency weights (10, 20, 30 by 3, 1, 1 people, aversion 0.5).
    level = np.array([541.0, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])
    same = np.ones(10)
    for aversion, published in ((0.5, 0.1796591), (1.0, 0.3518251), (2.0, 0.6290111)):
        index = 1.0 - equal_equivalent(level, same, aversion) / level.mean()
        assert index == pytest.approx(published, abs=5e-8)
    few, people_of = np.array([10.0, 20.0, 30.0]), np.array([3.0, 1.0, 1.0])
    mean = (few * people_of).sum() / people_of.sum()
    index = 1.0 - equal_equivalent(few, people_of, 0.5) / mean
    assert index == pytest.approx(0.05558586, abs=5e-9)


def test_slope_index_of_life_expectancy_by_decile_is_the_published_one() -> None:
    # Office for National Statistics, Health state life expectancies by national deprivation
    # deciles, England, 2015 to 2017, figure 3: men's healthy life expectancy at birth and years
    # in poorer health, most deprived tenth first. Published slope indices (2018 to 2020
    # release, table 1, column 2015 to 2017): healthy life 19.1 years, life 9.4 years. Tenths
    # hold about the same number of people; the exact numbers are not given there.
    healthy = np.array(
        [51.7182, 56.6479, 58.7618, 61.6578, 63.8382, 64.6954, 66.4610, 67.9231, 68.8129, 70.4463]
    )
    poorer = np.array(
        [22.2553, 19.4762, 18.7125, 17.1042, 15.8661, 15.7573, 14.6299, 13.6530, 13.4281, 12.8712]
    )
    tenths = np.ones(10)
    assert slope_index(healthy, tenths) == pytest.approx(19.1, abs=0.05)
    assert slope_index(healthy + poorer, tenths) == pytest.approx(9.4, abs=0.05)


def test_ranks_are_the_hierarchical_ranks_of_a_published_example() -> None:
    # Regidor (2004), J Epidemiol Community Health 58:900, table 1: people by education in 1990
    # and 2000, highest first, and deaths per 100,000. The example draws its line of 1990 through
    # the four rates unweighted (104.4; that of 2000, 70.4, does not follow from the rates
    # printed); this program and the public health guidance weight by people.
    in_1990, in_2000 = (
        np.array([5000.0, 10000, 12500, 22500]),
        np.array([7500.0, 12500, 12500, 17500]),
    )
    assert ranks(in_1990) == pytest.approx([0.05, 0.20, 0.43, 0.78], abs=0.0051)
    assert ranks(in_2000) == pytest.approx([0.08, 0.28, 0.53, 0.83], abs=0.0051)
    rate = np.array([80.0, 110, 128, 160])
    assert np.polyfit(ranks(in_1990), rate, 1)[0] == pytest.approx(104.4, abs=0.05)
    weighted = np.polyfit(ranks(in_1990), rate, 1, w=np.sqrt(in_1990))
    assert slope_index(rate, in_1990) == pytest.approx(weighted[0])
    assert relative_index(rate, in_1990) == pytest.approx(weighted.sum() / weighted[1])


# WHO, R package healthequal 1.0.1, data OrderedSample: births attended by skilled staff (%) by
# wealth, poorest first, with women in each fifth.
ATTENDED = np.array([75.60530, 91.01997, 96.03959, 97.04223, 99.22405])
WOMEN = np.array([2072.436, 2112.204, 1983.059, 2052.124, 1884.510])


def test_concentration_index_of_skilled_births_is_that_of_the_who_package() -> None:
    # healthequal, examples of rci() and aci(): 0.0469506 and 4.30052 (the index times the mean).
    mean = (ATTENDED * WOMEN).sum() / WOMEN.sum()
    assert mean == pytest.approx(91.59669, abs=5e-6)
    index = concentration_index(ATTENDED, WOMEN)
    assert index == pytest.approx(0.0469506, abs=5e-8)
    assert index * mean == pytest.approx(4.30052, abs=5e-6)
    # Erreygers' index of a percentage: four times the absolute index over the range.
    assert erreygers_index(ATTENDED, WOMEN, high=100.0) == pytest.approx(
        4 * 4.30052 / 100, abs=5e-7
    )


def test_concentration_index_of_five_groups_is_that_of_the_who_packages_tests() -> None:
    # healthequal, tests of aci() and rci(): people round(rnorm(5, 100, 40)) of seed 123.
    level, people_of = np.array([20.0, 30, 40, 50, 60]), np.array([78.0, 91, 162, 103, 105])
    mean = (level * people_of).sum() / people_of.sum()
    assert concentration_index(level, people_of) == pytest.approx(0.17776859, abs=5e-8)
    assert concentration_index(level, people_of) * mean == pytest.approx(7.3284202, abs=5e-7)


def test_relative_index_of_a_published_example_is_its_ratio_of_fitted_rates() -> None:
    # Regidor (2004), J Epidemiol Community Health 58:900, table 1, year 1990: relative index
    # "predicted rate ratio for bottom compared with top", 2.40, printed beside a slope of 104.4
    # and a percentage of 140 = 104.4 / 74.6: the predicted rate at the top is the slope over
    # (index - 1).
    people_of = np.array([5000.0, 10000, 12500, 22500])
    # With a line through the top's 74.6 and the bottom's 179.0 every group lies on it, and both
    # indices are what the table prints.
    line = 74.6 + 104.4 * ranks(people_of)
    assert slope_index(line, people_of) == pytest.approx(104.4)
    assert relative_index(line, people_of) == pytest.approx(2.40, abs=0.005)
    assert 100 * (relative_index(line, people_of) - 1) == pytest.approx(140, abs=0.5)


def test_relative_index_is_the_published_slope_and_mean_of_life_expectancy() -> None:
    # For equal groups the line passes the mean at rank one half, so RII = (m + S/2) / (m - S/2);
    # ONS 2015 to 2017, men's healthy life expectancy: slope 19.1 over tenths with mean 63.1.
    tenths = np.linspace(63.1 - 0.45 * 19.1, 63.1 + 0.45 * 19.1, 10)
    found = relative_index(tenths, np.ones(10))
    assert found == pytest.approx((63.1 + 19.1 / 2) / (63.1 - 19.1 / 2))


def test_linear_indices_of_healthy_life_expectancy_are_those_of_a_published_worked_example() -> (
    None
):
    # R package dceasimR, vignette "Inequality Measurement in DCEA" (CRAN, v04_inequality_measures):
    # healthy life expectancy of five equal groups, most deprived first. It prints of
    # lm(h ~ ridit, weights): slope index 18.15, intercept 50.57; slope over mean 0.304326;
    # concentration index 0.04869215. Our relative index is the ratio of the line's two ends.
    level, share = np.array([52.1, 56.3, 59.8, 63.2, 66.8]), np.full(5, 0.2)
    steep, ratio = float(slope_index(level, share)), float(relative_index(level, share))
    assert steep == pytest.approx(18.15, abs=5e-3)
    assert steep / (ratio - 1.0) == pytest.approx(50.57, abs=5.1e-3)
    assert ratio == pytest.approx((50.57 + 18.15) / 50.57, abs=1e-4)
    assert steep / level.mean() == pytest.approx(0.304326, abs=5e-7)
    assert concentration_index(level, share) == pytest.approx(0.04869215, abs=5e-9)


def test_equal_equivalent_ranks_the_choices_of_the_dcea_teaching_example() -> None:
    # Asaria's teaching tool for distributional cost-effectiveness (github.com/miqdadasaria/DCEA,
    # three_individuals.csv): six decisions for three people, and its formula by person,
    # (mean of h^(1 - e))^(1 / (1 - e)). Without aversion the largest sum is best; with aversion
    # 10 the worst-off person decides.
    decisions = {
        "A": [30.0, 45, 60],
        "B": [20.0, 45, 70],
        "C": [35.0, 40, 72],
        "D": [26.0, 46, 69],
        "E": [26.0, 46, 81],
    }

    def best(aversion: float) -> str:
        same = np.ones(3)
        worth = {k: equal_equivalent(np.array(v), same, aversion) for k, v in decisions.items()}
        return max(worth, key=lambda name: worth[name])

    assert best(0.0) == "E"
    assert best(10.0) == "C"
    by_hand = (sum(h**-9 for h in decisions["A"]) / 3) ** (-1 / 9)
    assert equal_equivalent(np.array(decisions["A"]), np.ones(3), 10.0) == pytest.approx(by_hand)
