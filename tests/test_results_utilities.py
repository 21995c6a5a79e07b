"""Quality of life: norms, losses, and the re-centring that counts illness once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from results.settings import Settings, read_settings
from results.utilities import (
    Utilities,
    england_weights,
    loss_by_cell,
    read_utilities,
    recentring,
)
from tests.fake_runs import CONDITIONS

KEYS = list(CONDITIONS)


def settings() -> Settings:
    return read_settings()


def utilities() -> Utilities:
    return read_utilities(KEYS, settings())


def mask(*conditions: str) -> np.ndarray:
    return np.array([sum(1 << KEYS.index(key) for key in conditions)], np.uint32)


def loss(*conditions: str) -> float:
    return float(utilities().condition_loss(mask(*conditions), np.array([0.9]))[0])


def people(**changed: Any) -> dict[str, np.ndarray]:
    """One woman of 50 in fifth 3, a whole year, nothing wrong."""
    columns = {
        "days_alive": 365.0,
        "age": 50,
        "sex": 0,
        "imd_quintile": 3,
        "frailty": 0,
        "isolated": False,
        "conditions": np.uint32(0),
        "conditions_end": np.uint32(0),
        "emergency_admissions": 0.0,
        "emergency_bed_days": 0.0,
        "elective_admissions": 0.0,
    } | changed
    return {name: np.atleast_1d(np.asarray(value)) for name, value in columns.items()}


def test_one_condition_loses_its_decrement_and_two_add_the_count_term() -> None:
    assert loss() == 0.0
    assert loss("hypertension") == pytest.approx(-0.046)
    assert loss("hypertension", "type_2_diabetes") == pytest.approx(-0.046 - 0.0714 - 0.0528)


def test_conditions_that_are_one_loss_count_once_by_the_largest() -> None:
    # Rheumatoid arthritis is the largest of the group; the count term still counts three.
    three = loss("osteoarthritis", "rheumatoid_arthritis", "chronic_pain")
    assert three == pytest.approx(-0.1568 - 0.0415)
    assert loss("depression", "anxiety") == pytest.approx(-0.10509 - 0.0528)


def test_more_conditions_than_the_table_knows_take_its_last_count_term() -> None:
    eleven = utilities().condition_loss(np.array([2**11 - 1], np.uint32), np.array([0.9]))
    ten = utilities().condition_loss(np.array([2**11 - 1 - 2**9], np.uint32), np.array([0.9]))
    # The eleventh is asthma (bit 9): one more decrement, the same count term.
    assert eleven[0] - ten[0] == pytest.approx(-0.0463)


def test_losses_multiply_where_that_rule_is_chosen() -> None:
    product = replace(utilities(), multiplicative=True)
    found = product.condition_loss(mask("hypertension", "copd"), np.array([0.8]))
    assert found[0] == pytest.approx(0.8 * ((1 - 0.046) * (1 - 0.10291) - 1))


def test_the_norm_falls_with_age_and_is_read_between_published_bands() -> None:
    norms = utilities().norm(np.array([29, 39, 34, 80]), np.zeros(4))
    half_step = 0.5 * 0.0010046
    assert norms[0] == pytest.approx(0.914 - half_step, abs=1e-3)
    assert norms[1] == pytest.approx(0.888 - half_step, abs=2e-3)
    assert norms[0] > norms[2] > norms[1] > norms[3]
    assert utilities().norm(np.array([50]), np.array([1]))[0] - utilities().norm(
        np.array([50]), np.array([0])
    )[0] == pytest.approx(0.0010046)


def test_a_year_is_worth_the_mean_of_its_start_and_end_and_no_more_than_was_lived() -> None:
    flat = np.zeros((19, 2))
    well = utilities().qalys(people(), flat)[0]
    ill = utilities().qalys(people(conditions_end=mask("hypertension")[0]), flat)[0]
    half = utilities().qalys(people(days_alive=182.5), flat)[0]
    assert well - ill == pytest.approx(0.046 / 2)
    assert half == pytest.approx(well / 2)


def test_an_emergency_stay_costs_a_fifth_of_utility_for_its_days_and_four_weeks() -> None:
    flat = np.zeros((19, 2))
    well = utilities().qalys(people(), flat)[0]
    stay = utilities().qalys(people(emergency_admissions=1.0, emergency_bed_days=7.0), flat)[0]
    assert well - stay == pytest.approx(0.2 * 35 / 365)


def test_england_weights_sum_to_one_and_each_fifth_is_about_a_fifth() -> None:
    weights = england_weights(settings())
    assert weights.shape == (5, 19, 2)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.sum(axis=(1, 2)) == pytest.approx([0.2] * 5, abs=0.02)


def test_recentring_weights_fifths_as_england_does() -> None:
    years, lost = np.zeros((5, 19, 2)), np.zeros((5, 19, 2))
    years[0, 10, 0], lost[0, 10, 0] = 90.0, -18.0  # most deprived: -0.2 a year
    years[4, 10, 0], lost[4, 10, 0] = 10.0, -1.0  # least deprived: -0.1 a year
    weights = np.full((5, 19, 2), 1.0)
    mean = recentring(years, lost, weights)
    assert mean[10, 0] == pytest.approx(-0.15)  # not -0.19, the place's own mix


def test_after_recentring_the_mean_utility_of_the_baseline_is_the_norm() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    group = {
        "days_alive": np.full(n, 365.0),
        "age": rng.integers(20, 90, n),
        "sex": rng.integers(0, 2, n),
        "imd_quintile": np.full(n, 2),
        "frailty": rng.integers(0, 4, n),
        "isolated": rng.random(n) < 0.1,
        "conditions": rng.integers(0, 2**27, n).astype(np.uint32)
        & rng.integers(0, 2**27, n).astype(np.uint32)
        & rng.integers(0, 2**27, n).astype(np.uint32),
        "emergency_admissions": rng.poisson(0.1, n).astype(float),
        "emergency_bed_days": rng.poisson(0.5, n).astype(float),
        "elective_admissions": rng.poisson(0.05, n).astype(float),
    }
    group["conditions_end"] = group["conditions"]
    own = replace(utilities(), floor=-9.0, ceiling=9.0)
    years, lost = loss_by_cell(own, group)
    mean = recentring(years, lost, england_weights(settings()))
    qalys = own.qalys(group, mean)
    norm = own.norm(group["age"], group["sex"])
    assert qalys.mean() == pytest.approx(norm.mean(), abs=1e-9)
    assert abs(qalys - norm).max() > 0.1


def test_a_prices_file_chooses_the_other_norm(tmp_path: Any) -> None:
    file = tmp_path / "prices.toml"
    file.write_text('norm = "ara_brazier"\n', encoding="utf-8")
    other = read_utilities(KEYS, read_settings(file))
    age = 60.5
    expected = 0.9508566 - 0.0002587 * age - 0.0000332 * age**2
    assert other.norm(np.array([60]), np.array([0]))[0] == pytest.approx(expected, abs=1e-5)
