"""Traits: published shares hold, and what goes with what does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.by_age import AGES
from agents.evidence import Evidence
from agents.frailty import LATENT, STEPS, FrailtyModel, frail_shares
from agents.luck import Luck
from agents.migration import national_share_by_age
from agents.population import FRAILTY, Population
from agents.synthesis import synthesise
from agents.traits import settle_traits
from agents.vulnerabilities import VULNERABILITIES
from experiments.places import load_place

EVIDENCE = Path(__file__).resolve().parent.parent / "calibration" / "evidence"
N = 30_000


def _fall_ill(people: Population, evidence: Evidence) -> None:
    """Give people as many conditions as the frailty model takes for usual at their age."""
    age = people.age(0.0)
    luck = Luck(11)
    rows = {row["key"]: float(row["value"]) for row in evidence.rows("traits")}
    for key, mean in rows.items():
        if not key.startswith("ltc_mean."):
            continue
        low, high = map(int, key.split(".")[1].split("-"))
        inside = np.flatnonzero((age >= low) & (age < high + 1))
        shape = rows[key.replace("mean", "dispersion")]
        share = luck.uniforms("ill.person", inside)
        # A Poisson count with a gamma mean is the negative binomial of the table.
        from scipy.stats import nbinom

        count = nbinom.ppf(share, shape, shape / (shape + mean)).astype(int)
        order = np.argsort(
            luck.words("ill.condition", inside[:, None], np.arange(27)[None, :]), axis=1
        )
        people.has[inside] = np.argsort(order, axis=1) < count[:, None]


@pytest.fixture(scope="module")
def people() -> Population:
    evidence = Evidence(EVIDENCE)
    made = synthesise(load_place("england", evidence), N, 0, Luck(3), evidence)
    _fall_ill(made, evidence)
    settle_traits(made, Luck(3), evidence)
    return made


def aged(people: Population, low: float, high: float = 200.0) -> np.ndarray:
    age = people.age(0.0)
    return (age >= low) & (age < high)


@pytest.mark.parametrize(
    ("low", "high", "shares"),
    [
        (18, 50, (98.5, 1.4, 0.1, 0.0)),
        (50, 65, (90.0, 8.6, 1.2, 0.2)),
        (65, 75, (71.0, 23.0, 5.0, 1.0)),
        (75, 85, (44.0, 36.0, 15.0, 5.0)),
        (85, 111, (20.0, 37.0, 28.0, 15.0)),
    ],
)
def test_frailty_has_its_published_shares_by_age(
    people: Population, low: int, high: int, shares: tuple[float, ...]
) -> None:
    inside = aged(people, low, high)
    found = np.bincount(people.frailty[inside], minlength=4) / inside.sum()
    n = inside.sum()
    for share, wanted in zip(found, np.array(shares) / 100, strict=True):
        sampling = 4 * np.sqrt(wanted * (1 - wanted) / n)
        assert share == pytest.approx(wanted, abs=sampling + 0.04 * wanted + 0.0006)


def test_frail_shares_rise_smoothly_and_keep_the_bands(evidence: Evidence) -> None:
    shares = frail_shares(evidence)
    assert (np.diff(shares[18:100, 0]) > 0).all()
    assert (shares[:18] == 0).all()
    weights = national_share_by_age(evidence)
    band = (AGES >= 75) & (AGES <= 84)
    assert np.average(shares[band, 0], weights=weights[band]) == pytest.approx(0.56, abs=0.001)
    assert (shares[:, 0] >= shares[:, 1]).all()
    assert (shares[:, 1] >= shares[:, 2]).all()


def test_frailty_goes_with_conditions(people: Population) -> None:
    inside = aged(people, 65, 75)
    correlation = np.corrcoef(people.ltc_count()[inside], people.frailty[inside])[0, 1]
    assert 0.35 < correlation < 0.75


def test_frailty_follows_age_conditions_and_care(evidence: Evidence) -> None:
    model = FrailtyModel(evidence)
    one = np.ones(1)
    at = {
        age: model.category(age * one, np.array([3], np.int8), 0.3 * one, np.array([0], np.int8))[0]
        for age in (17, 40, 70, 80, 95)
    }
    assert at[17] == 0
    assert at[40] <= at[95]
    counts = np.arange(12, dtype=np.int8)
    by_count = model.category(
        np.full(12, 80.0), counts, np.zeros(12), np.zeros(12, np.int8)
    ).tolist()
    assert by_count == sorted(by_count)
    assert by_count[0] < by_count[-1]
    stepped = model.category(
        np.full(3, 80.0), counts[:3], np.zeros(3), np.array([0, 1, -5], np.int8)
    )
    assert stepped.tolist() == [by_count[0], min(3, by_count[1] + 1), 0]
    assert len(FRAILTY) == 4


def test_an_update_touches_its_rows_alone_and_repeats_itself(
    people: Population, evidence: Evidence
) -> None:
    model = FrailtyModel(evidence)
    before = people.frailty.copy()
    rows = np.flatnonzero(aged(people, 70))[:200]
    model.update(people, rows, 0.0)
    assert np.array_equal(people.frailty, before)
    people.extra[STEPS][rows] = 1
    model.update(people, rows, 0.0)
    changed = people.frailty != before
    assert set(np.flatnonzero(changed)) <= set(rows)
    assert np.array_equal(people.frailty[rows], np.minimum(before[rows] + 1, 3))
    people.extra[STEPS][rows] = 0
    model.update(people, rows, 0.0)
    assert np.array_equal(people.frailty, before)
    assert people.extra[LATENT].std() == pytest.approx(1.0, abs=0.02)


def test_care_homes_hold_their_share_and_the_frailest(people: Population) -> None:
    for low, high, share in ((65, 75, 0.005), (75, 85, 0.024), (85, 111, 0.11)):
        inside = aged(people, low, high)
        sampling = 4 * np.sqrt(share / inside.sum())
        assert people.care_home[inside].mean() == pytest.approx(share, abs=sampling)
    assert not people.care_home[aged(people, 0, 65)].any()
    old = aged(people, 85)
    severe = people.frailty == 3
    assert people.care_home[old & severe].mean() > 3 * people.care_home[old & ~severe].mean()
    dementia = people.has[:, people.conditions.index("dementia")]
    assert people.care_home[old & dementia].mean() > 2 * people.care_home[old & ~dementia].mean()


def test_loneliness_follows_deprivation_illness_and_living_alone(people: Population) -> None:
    adult = aged(people, 16)
    assert people.isolated[adult].mean() == pytest.approx(0.06, abs=0.006)
    assert not people.isolated[~adult].any()
    for fifth, share in zip(range(1, 6), (0.095, 0.07, 0.055, 0.045, 0.035), strict=True):
        inside = adult & (people.imd_quintile == fifth)
        assert people.isolated[inside].mean() == pytest.approx(share, abs=0.014)
    ill = people.ltc_count() >= 4
    assert people.isolated[adult & ill].mean() > 1.5 * people.isolated[adult & ~ill].mean()


def test_activation_levels_have_their_shares_and_the_lonely_have_less(people: Population) -> None:
    level = np.bincount(np.rint(people.activation).astype(int), minlength=5)[1:] / N
    assert level == pytest.approx([0.1485, 0.1584, 0.4455, 0.2475], abs=0.012)
    assert people.activation.min() >= 1
    assert people.activation.max() <= 4
    lonely = people.isolated
    assert people.activation[lonely].mean() < people.activation[~lonely].mean() - 0.1
    poor, rich = people.imd_quintile == 1, people.imd_quintile == 5
    assert people.activation[poor].mean() < people.activation[rich].mean()


def test_carers_and_vulnerabilities_have_their_shares(people: Population) -> None:
    assert people.carer[aged(people, 5)].mean() == pytest.approx(0.089, abs=0.008)
    assert people.vulnerabilities[: len(VULNERABILITIES)] == VULNERABILITIES
    shares = people.vulnerable.mean(axis=0).tolist()
    share = dict(zip(people.vulnerabilities, shares, strict=True))
    wanted = {
        "alcohol_or_substance_misuse": (0.02, 0.09),
        "deprivation": (0.19, 0.21),
        "disability": (0.16, 0.205),
        "care_package": (0.01, 0.03),
        "language_difficulties": (0.013, 0.023),
        "refugee_or_asylum_seeker": (0.003, 0.009),
        "safeguarding": (0.003, 0.008),
        "socially_marginalised": (0.006, 0.015),
        "violence_or_exploitation": (0.004, 0.013),
        "lgbtq": (0.02, 0.035),
    }
    for name, (low, high) in wanted.items():
        assert low < share[name] < high, name
    deprived = people.vulnerable[:, VULNERABILITIES.index("deprivation")]
    assert np.array_equal(deprived, people.imd_quintile == 1)


def test_alcohol_problems_and_learning_disability_are_vulnerabilities(people: Population) -> None:
    for condition, name in (
        ("alcohol_problems", "alcohol_or_substance_misuse"),
        ("learning_disability", "disability"),
    ):
        has = people.has[:, people.conditions.index(condition)]
        assert people.vulnerable[has, VULNERABILITIES.index(name)].all()


def test_traits_are_the_same_in_any_order_of_years(evidence: Evidence) -> None:
    place = load_place("southwark", evidence)
    short, long = (synthesise(place, 3_000, years, Luck(2), evidence) for years in (1, 3))
    for people in (short, long):
        settle_traits(people, Luck(2), evidence)
    same = np.isin(long.person, short.person)
    order = np.argsort(long.person[same])
    first = np.argsort(short.person)
    assert np.array_equal(long.frailty[same][order], short.frailty[first])
    assert np.array_equal(long.vulnerable[same][order], short.vulnerable[first])
