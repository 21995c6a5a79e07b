"""Smoking, body mass and ethnicity move who falls ill, not how many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.faults import BadInput
from agents.health import Health
from agents.health_events import ONSET
from agents.luck import Luck
from agents.population import CURRENT_SMOKER, DAYS_PER_YEAR, NEVER_SMOKED, Population
from agents.risk_factors import BODY, CLASS, SMOKING, Risks, class_shares, lasting_class
from agents.synthesis import synthesise
from calibration.aim import Aim, aim_of
from calibration.bare_people import england
from calibration.ethnic_fit import cases_by_group
from calibration.risk_ratios import build_risks, prevalence_ratios
from experiments.places import load_place

FOLDER = Path(calibration.__file__).parent
EVIDENCE, TABLES = FOLDER / "evidence", FOLDER / "parameters" / "default"
SMOKES, OBESE = 2, 2


@pytest.fixture(scope="module")
def tables() -> DiseaseTables:
    return DiseaseTables.load(TABLES)


@pytest.fixture(scope="module")
def aim() -> Aim:
    return aim_of(Evidence(EVIDENCE))


@pytest.fixture(scope="module")
def risks(tables: DiseaseTables) -> Risks:
    assert tables.risks is not None
    return tables.risks


@pytest.fixture(scope="module")
def residents(aim: Aim, tables: DiseaseTables, risks: Risks) -> tuple[Population, Health]:
    people = england(tables.conditions, aim.population, 40_000, risks=risks)
    health = Health(people, tables, Luck(8))
    health.live_to_entry()
    return people, health


def test_ratios_are_the_preferred_rows_at_their_ages(risks: Risks, tables: DiseaseTables) -> None:
    def ratio(name: str, age: int, sex: int, smoking: int, body: int = 0) -> float:
        kind = len(BODY) * smoking + body
        slim = risks.ratio[tables.conditions.index(name), age, sex, body]
        return float(risks.ratio[tables.conditions.index(name), age, sex, kind] / slim)

    assert ratio("copd", 60, 0, SMOKES) == pytest.approx(4.01)
    assert ratio("copd", 34, 0, SMOKES) == 1
    assert ratio("coronary_heart_disease", 60, 1, SMOKES) == pytest.approx(3.18)
    assert ratio("coronary_heart_disease", 70, 1, SMOKES) == pytest.approx(1.96)
    assert ratio("copd", 60, 0, 1) == pytest.approx(1 + 3.01 * 0.1381, rel=1e-6)  # 20 years on
    assert 1 < ratio("copd", 75, 0, 1) < ratio("copd", 45, 0, 1) < 4.01
    diabetes = tables.conditions.index("type_2_diabetes")
    assert risks.ratio[diabetes, 52, 0, OBESE] == pytest.approx(2.624 ** ((34 - 22) / 5))
    assert (risks.ratio[tables.conditions.index("learning_disability")] == 1).all()


def test_classes_have_their_shares_and_agree_with_present_traits(risks: Risks) -> None:
    evidence, luck = Evidence(EVIDENCE), Luck(3)
    place = load_place("southwark", evidence)
    people = synthesise(place, 20_000, 0, luck, evidence, risks)
    known = people.extra[CLASS].astype(np.int64) - 1
    assert np.allclose(risks.shares.sum(axis=3), 1)
    whole = people.age(0.0).astype(np.int64)
    expected = risks.shares[whole, people.sex, people.imd_quintile - 1].mean(axis=0)
    assert np.allclose(np.bincount(known, minlength=9) / known.size, expected, atol=0.012)
    smoking, body = known // len(BODY), known % len(BODY)
    adult = people.age(0.0) >= 35
    assert (smoking[adult & (people.smoking == CURRENT_SMOKER)] == SMOKES).mean() > 0.95
    assert (smoking[adult & (people.smoking == NEVER_SMOKED)] == 0).mean() > 0.9
    assert (body[adult & people.obese] == OBESE).mean() > 0.9
    again = lasting_class(
        people.person, people.age(0.0), people.sex, people.imd_quintile, luck, risks
    )
    assert np.array_equal(again, people.extra[CLASS])
    assert CLASS not in synthesise(place, 500, 0, luck, evidence).extra


def test_those_at_risk_are_rarer_among_the_old_as_in_a_cohort(risks: Risks) -> None:
    """They die sooner; at birth classes have the shares of the evidence."""
    smokes = risks.shares.reshape(-1, 2, 5, len(SMOKING), len(BODY)).sum(axis=4)[..., SMOKES]
    assert np.array_equal(risks.shares[0], class_shares(Evidence(EVIDENCE)))
    assert (smokes[85] < 0.85 * smokes[0]).all()
    drawn = 20_000  # of each sex and fifth, in the cohort
    chance = np.sqrt(smokes[0] * (1 - smokes[0]) / drawn)
    assert (np.abs(smokes[40] - smokes[0]) < 4 * chance).all()


def test_people_first_here_at_an_age_are_of_the_classes_that_people_reach_it_in(
    tables: DiseaseTables,
) -> None:
    """Living on for 20 years leaves the shares at each age as they were at the start."""
    lived = england(
        tables.conditions, aim_of(Evidence(EVIDENCE)).population, 60_000, risks=tables.risks
    )
    health = Health(lived, tables, Luck(8))
    health.live_to_entry()
    smokes = (lived.extra[CLASS].astype(np.int64) - 1) // len(BODY) == SMOKES

    def share(day: float) -> tuple[float, int]:
        old = lived.alive & (lived.age(day) >= 80)
        return float(smokes[old].mean()), int(old.sum())

    (before, n), _ = share(0.0), health.advance(20 * DAYS_PER_YEAR)
    after, m = share(20 * DAYS_PER_YEAR)
    chance = np.sqrt(before * (1 - before) * (1 / n + 1 / m))
    assert abs(after - before) < 3 * chance
    assert before < smokes.mean() - 5 * chance


def test_ethnic_ratios_average_one_over_england(risks: Risks) -> None:
    assert np.allclose(risks.ethnic_mix @ np.exp(risks.log_ethnic), 1.0, atol=1e-5)
    assert np.array_equal(risks.log_ethnic_of(("all", "nobody")), np.zeros((2, 27)))


def test_prevalence_by_condition_sex_and_band_stays_that_of_the_register(
    aim: Aim, residents: tuple[Population, Health]
) -> None:
    people, _ = residents
    age = people.age(0.0).astype(int)
    gaps, relative = [], []
    for sex in (0, 1):
        for low in range(20, 90, 10):
            high = low + 10 if low < 80 else 110
            rows = (people.sex == sex) & (age >= low) & (age < high)
            middle = (aim.diagnosed[:, :-1, sex] + aim.diagnosed[:, 1:, sex]) / 2
            weights = aim.population[low:high, sex].sum(axis=1)
            target = np.average(middle[:, low:high], axis=1, weights=weights)
            found = people.diagnosed[rows].mean(axis=0)
            gaps.append(100 * (found - target))
            relative.append((found / target)[target > 0.03])
    assert np.abs(gaps).mean() < 0.45  # points, as without risk factors; half is sampling
    assert abs(np.mean(gaps)) < 0.12
    assert np.median(np.concatenate(relative)) == pytest.approx(1, abs=0.03)


def test_smokers_and_obese_people_fall_ill_about_as_often_as_published(
    tables: DiseaseTables, residents: tuple[Population, Health]
) -> None:
    people, _ = residents
    before = people.has.copy()
    shares = aim_of(Evidence(EVIDENCE)).population
    lived = england(tables.conditions, shares, 40_000, risks=tables.risks)
    health = Health(lived, tables, Luck(8))
    health.live_to_entry()
    assert np.array_equal(lived.has, before)
    age, known = lived.age(0.0), lived.extra[CLASS].astype(np.int64) - 1
    events = health.advance(12 * DAYS_PER_YEAR)
    new = np.zeros_like(before)
    onset = events.kinds == ONSET
    new[events.rows[onset], events.conditions[onset]] = True

    def ratio(name: str, exposed: np.ndarray, low: int, high: int) -> float:
        column = tables.conditions.index(name)
        free = (age >= low) & (age < high) & ~before[:, column]
        unexposed = exposed == 0
        top = new[free & (exposed == 2), column].mean()
        return float(top / new[free & unexposed, column].mean())

    smoking, body = known // len(BODY), known % len(BODY)
    assert 2.6 < ratio("copd", smoking, 40, 75) < 5.0
    assert 2.0 < ratio("coronary_heart_disease", smoking, 40, 60) < 5.0
    assert 3.0 < ratio("type_2_diabetes", body, 40, 70) < 10.0
    assert 1.5 < ratio("hypertension", body, 35, 70) < 2.8
    assert 0.7 < ratio("thyroid_disorder", smoking, 30, 80) < 1.4


@pytest.mark.slow
def test_ethnic_groups_have_about_the_published_ratios_of_prevalence(
    aim: Aim, tables: DiseaseTables
) -> None:
    published = prevalence_ratios(Evidence(EVIDENCE), tables.conditions)
    groups = np.array([0, 2, 3])
    cases = cases_by_group(aim, tables, groups, 20_000, Luck(77))
    for name in ("hypertension", "type_2_diabetes", "depression", "asthma"):
        column = tables.conditions.index(name)
        for place, group in enumerate(groups[1:], start=1):
            found = cases[place, column] / cases[0, column]
            assert found == pytest.approx(published[group, column], rel=0.12), name


def test_a_condition_without_risk_rows_has_ratios_of_one() -> None:
    made = build_risks(Evidence(EVIDENCE), ("gout", "copd"))
    assert (made.ratio[0] == 1).all()
    assert np.allclose(made.log_ethnic[:, 0], 0, atol=1e-6)
    assert made.ratio[1].max() > 4


def test_tables_keep_their_risks_on_disk(tmp_path: Path, tables: DiseaseTables) -> None:
    tables.save(tmp_path)
    again = DiseaseTables.load(tmp_path)
    assert again.risks is not None and tables.risks is not None  # noqa: PT018
    assert np.array_equal(again.risks.ratio, tables.risks.ratio)
    assert again.risks.ethnic_groups == tables.risks.ethnic_groups
    replace(tables, risks=None).save(tmp_path)
    assert DiseaseTables.load(tmp_path).risks is None


def test_tables_of_an_earlier_version_are_refused_in_words(
    tables: DiseaseTables, risks: Risks, tmp_path: Path
) -> None:
    """They had one share of each class for all ages."""
    replace(tables, risks=replace(risks, shares=risks.shares[0])).save(tmp_path)
    with pytest.raises(BadInput, match=r"classes of risk by age.*carepath calibrate"):
        DiseaseTables.load(tmp_path)
