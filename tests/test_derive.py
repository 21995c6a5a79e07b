"""Hazards derived from the evidence lead back to the evidence."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from agents.conditions import load_conditions
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.faults import BadInput
from agents.health import Health
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from calibration.aim import Aim, aim_of
from calibration.bare_people import bare_population, england, give_risks
from calibration.cohort_hazards import Fitted, live_once
from calibration.deaths import death_rates, life_expectancy
from calibration.derive import DEFAULT, EVIDENCE, derive, standardised_ratio
from calibration.effects import build_effects
from calibration.prevalence import AGES

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def aim() -> Aim:
    return aim_of(Evidence(EVIDENCE))


@pytest.fixture(scope="module")
def default() -> DiseaseTables:
    return DiseaseTables.load(DEFAULT)


@pytest.fixture(scope="module")
def residents(aim: Aim, default: DiseaseTables) -> Population:
    """Forty thousand people of England."""
    people = england(default.conditions, aim.population, 40_000, risks=default.risks)
    Health(people, default, Luck(8)).live_to_entry()
    return people


def quick(**changes: float) -> dict[str, float]:
    small = {"disease_model.derivation.rounds": 1.0}
    return {**small, **{f"starting_parameters.{key}": value for key, value in changes.items()}}


def test_every_document_that_a_number_names_is_there() -> None:
    named = {
        (table.name, found)
        for table in EVIDENCE.glob("*.csv")
        for found in re.findall(r"\bdocs/[\w./-]+\.\w+", table.read_text(encoding="utf-8"))
    }
    assert ("disease_model.csv", "docs/calibration/README.md") in named
    assert not {each for each in named if not (EVIDENCE.parents[1] / each[1]).is_file()}


# ------------------------------------------------------------------ what is aimed at


def test_life_tables_give_the_published_life_expectancy_of_every_fifth() -> None:
    evidence = Evidence(EVIDENCE)
    expected = life_expectancy(death_rates(evidence))
    rows = evidence.rows("mortality", measure="life_expectancy_at_birth", role="check")
    assert len(rows) == 10
    for row in rows:
        sex, fifth = ("female", "male").index(row["sex"]), int(row["imd_quintile"]) - 1
        assert expected[sex, fifth] == pytest.approx(float(row["value"]), abs=0.15)


def test_curves_through_age_keep_the_mean_of_every_band(aim: Aim) -> None:
    weights = aim.population.sum(axis=2)
    evidence = Evidence(EVIDENCE)
    place = aim.conditions.index("osteoarthritis")  # not scaled to a register
    during = (aim.diagnosed[place, :-1] + aim.diagnosed[place, 1:]) / 2
    for low in (20, 40, 60, 70):
        years = slice(low, low + 10)
        found = np.average(during[years, 0], weights=weights[years, 0])
        published = evidence.value(
            "prevalence",
            condition="osteoarthritis",
            measure="prevalence",
            sex="female",
            age_low=str(low),
            age_high=str(low + 9),
        )
        assert 100 * found == pytest.approx(published, rel=0.002)


def test_registers_of_england_come_out_as_published(aim: Aim) -> None:
    share = 100 * np.einsum("cas,as->c", aim.diagnosed[:, :-1], aim.population.sum(axis=2))
    by_name = dict(zip(aim.conditions, share, strict=True))
    assert by_name["hypertension"] == pytest.approx(14.4, rel=0.05)
    assert by_name["atrial_fibrillation"] == pytest.approx(2.1, rel=0.07)
    assert by_name["copd"] == pytest.approx(1.8, rel=0.05)
    assert by_name["dementia"] == pytest.approx(0.7, rel=0.1)


@pytest.mark.parametrize("power", [None, 1.0])
def test_effects_take_preferred_rows_and_never_act_on_themselves(power: float | None) -> None:
    """Every published ratio acts raised to one fitted power, and as published at the power 1.

    Published ratios hold what conditions share by age, fifth and susceptibility, of which the
    model has its own; the power (``rr.pair.exponent``) takes that out of all alike.
    """
    replaced = {} if power is None else {"disease_model.rr.pair.exponent": power}
    evidence = Evidence(EVIDENCE, replaced)
    fitted = evidence.value("disease_model", key="rr.pair.exponent")
    assert 0.5 < fitted <= 1.0
    keys = [condition.key for condition in load_conditions(evidence)]
    effects = build_effects(evidence)

    def published(a: str, b: str, age: float = 50.0, sex: int = 0) -> float:
        acts = (effects.source == keys.index(a)) & effects.for_sex[:, sex]
        acts &= (effects.from_age <= age) & (age < effects.to_age)
        return float(np.exp(effects.log_ratio[acts, keys.index(b)].sum() / fitted))

    assert published("type_2_diabetes", "coronary_heart_disease") == pytest.approx(1.54, rel=1e-4)
    assert published("atrial_fibrillation", "stroke_tia") == pytest.approx(2.42, rel=1e-4)
    assert published("hypertension", "stroke_tia", 40) == pytest.approx(2.41, rel=1e-4)
    assert published("hypertension", "stroke_tia", 80) == pytest.approx(1.19, rel=1e-4)
    assert published("type_2_diabetes", "ckd", sex=1) == pytest.approx(2.84, rel=1e-4)
    assert published("type_2_diabetes", "depression") == pytest.approx(1.15, rel=1e-4)
    assert published("cancer", "cancer") == 1
    assert published("hypertension", "asthma") == 1
    assert (effects.log_ratio[np.arange(len(effects.source)), effects.source] == 0).all()


# ------------------------------------------------------------------ the derivation


def test_the_same_seed_derives_the_same_tables_and_another_does_not() -> None:
    one, again, other = (
        derive(Evidence(EVIDENCE, quick()), seed, lives=2000) for seed in (3, 3, 4)
    )
    for name in ("onset", "remission", "diagnosis", "death", "at_birth"):
        assert np.array_equal(getattr(one, name), getattr(again, name))
    assert not np.array_equal(one.onset, other.onset)
    assert one.about["seed"] == 3
    assert any(key.startswith("prevalence.copd") for key in one.about["evidence"])


def test_the_cohort_follows_its_target_by_age(aim: Aim) -> None:
    fitted = Fitted(np.log(aim.ratio), np.zeros(len(aim.conditions)))
    prevalence = live_once(aim, fitted, 10_000, Luck(2)).prevalence
    found = np.einsum("casq,asq->cas", prevalence, aim.fifths)
    for name in ("hypertension", "depression", "osteoarthritis"):
        place = aim.conditions.index(name)
        for age in (30, 50, 70):
            target = aim.present[place, age].mean()
            assert found[place, age].mean() == pytest.approx(target, abs=0.01 + 0.03 * target)
    assert standardised_ratio(aim, prevalence)[aim.conditions.index("copd")] > 2


def test_a_condition_is_added_by_rows_alone(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    shutil.copytree(EVIDENCE, folder)
    for table in ("conditions", "prevalence"):
        copy_rows(folder / f"{table}.csv", "gout")
    tables = derive(Evidence(folder, quick()), lives=2000)
    assert tables.conditions[-1] == "gout"
    assert tables.onset[-1].max() > 0
    people = bare_population(tables.conditions, np.full(400, 80.0))
    Health(people, tables, Luck(1)).live_to_entry()
    assert people.has[:, -1].any()


def copy_rows(path: Path, name: str) -> None:
    """Add to the table at ``path`` a condition like rheumatoid arthritis."""
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    column = "key" if "key" in rows[0] else "condition"
    rows += [{**row, column: name} for row in rows if row[column] == "rheumatoid_arthritis"]
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_condition_without_prevalence_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    shutil.copytree(EVIDENCE, folder)
    copy_rows(folder / "conditions.csv", "gout")
    with pytest.raises(BadInput, match="gout"):
        aim_of(Evidence(folder))


def test_the_default_tables_are_those_of_this_evidence(default: DiseaseTables) -> None:
    """The tables hold the fitted numbers in full, the evidence to six digits.

    So the tables must be exactly those of the numbers in full, and these the written ones once
    they are rounded as the evidence rounds them.
    """
    evidence, remedy = Evidence(EVIDENCE), "run carepath calibrate england and ship what comes out"
    assert default.conditions == tuple(each.key for each in load_conditions(evidence))
    fitted = default.about["calibrated"]
    rows = {row["key"]: row["value"] for row in evidence.rows("disease_model")}
    assert {key: f"{value:.6g}" for key, value in fitted.items()} == {
        key: rows[key] for key in fitted
    }, remedy
    full = {f"disease_model.{key}": value for key, value in fitted.items()}
    now = build_effects(Evidence(EVIDENCE, full))
    for name in ("log_ratio", "loadings", "log_death_ratio"):
        assert np.array_equal(getattr(default.effects, name), getattr(now, name)), remedy


# ------------------------------------------------------------------ lives lived by the tables


def test_prevalence_by_condition_sex_and_band_is_the_register(
    aim: Aim, residents: Population
) -> None:
    age = residents.age(0.0).astype(int)
    gaps = []
    for sex in (0, 1):
        for low in range(20, 90, 10):
            high = low + 10 if low < 80 else AGES
            rows = (residents.sex == sex) & (age >= low) & (age < high)
            middle = (aim.diagnosed[:, :-1, sex] + aim.diagnosed[:, 1:, sex]) / 2
            target = np.average(
                middle[:, low:high], axis=1, weights=aim.population[low:high, sex].sum(axis=1)
            )
            gaps.append(100 * (residents.diagnosed[rows].mean(axis=0) - target))
    assert np.abs(gaps).mean() < 0.45  # points; half of it is sampling
    assert abs(np.mean(gaps)) < 0.1


def test_more_is_true_than_known_and_nothing_known_is_untrue(residents: Population) -> None:
    assert not (residents.diagnosed & ~residents.has).any()
    where = residents.conditions.index("hypertension")
    hidden = 1 - residents.diagnosed[:, where].sum() / residents.has[:, where].sum()
    assert 0.22 < hidden < 0.34
    asthma = residents.conditions.index("asthma")
    assert np.array_equal(residents.has[:, asthma], residents.diagnosed[:, asthma])


def test_conditions_cluster_in_people(residents: Population) -> None:
    age = residents.age(0.0)
    rows = (age >= 30) & (age < 60)
    trio = [residents.conditions.index(name) for name in ("anxiety", "asthma", "depression")]
    has = residents.has[rows][:, trio]
    assert has.all(axis=1).mean() / has.mean(axis=0).prod() > 3
    count = residents.ltc_count_diagnosed()
    shares = residents.diagnosed.mean(axis=0)
    alone = (shares * (1 - shares)).sum()
    assert count.var() > 2 * alone


def age_of_half_with_two(people: Population, fifth: int) -> float:
    age, two = people.age(0.0), people.ltc_count_diagnosed() >= 2
    here = people.imd_quintile == fifth
    ages = np.arange(40, 90)
    share = [two[here & (abs(age - middle) < 2.5)].mean() for middle in ages]
    cubic = np.polyfit(ages, share, 3)
    fine = np.linspace(45, 85, 2001)
    return float(fine[np.abs(np.polyval(cubic, fine) - 0.5).argmin()])


def test_half_have_two_conditions_about_a_decade_earlier_in_the_most_deprived_fifth(
    residents: Population,
) -> None:
    early, late = (age_of_half_with_two(residents, fifth) for fifth in (1, 5))
    assert 7 <= late - early <= 12
    assert 55 <= early <= 67


@pytest.mark.slow
def test_newborns_live_as_long_as_published(default: DiseaseTables) -> None:
    n = 30_000
    group = np.arange(n) % 10
    people = bare_population(
        default.conditions, np.zeros(n), sex=group // 5, imd_quintile=group % 5 + 1
    )
    give_risks(people, default.risks, Luck(12))
    health = Health(people, default, Luck(12))
    health.live_to_entry()
    health.advance(130 * DAYS_PER_YEAR)
    lived = people.death_day / DAYS_PER_YEAR
    expected = life_expectancy(death_rates(Evidence(EVIDENCE)))
    found = np.array([lived[group == each].mean() for each in range(10)]).reshape(2, 5)
    assert np.abs(found - expected).max() < 0.8
    assert np.abs((found - expected).mean(axis=0)).max() < 0.5


@pytest.mark.slow
def test_prevalence_by_age_stands_still_while_hazards_do(
    aim: Aim, residents: Population, default: DiseaseTables
) -> None:
    people = england(default.conditions, aim.population, 40_000, risks=default.risks)
    health = Health(people, default, Luck(8))
    health.live_to_entry()
    health.advance(10 * DAYS_PER_YEAR)
    now, then = people.age(10 * DAYS_PER_YEAR), residents.age(0.0)
    for low in (40, 50, 60, 70):
        later = people.alive & (now >= low) & (now < low + 10)
        before = (then >= low) & (then < low + 10)
        means = people.ltc_count()[later].mean(), residents.ltc_count()[before].mean()
        assert means[0] == pytest.approx(means[1], rel=0.06)
