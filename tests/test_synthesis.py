"""Synthesis: margins met to the person, sane homes, and schedules that nobody disturbs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.by_age import smooth_distribution
from agents.evidence import Evidence
from agents.fitting import FINE_BANDS, broad_band_of, count_people, whole_table
from agents.households import ADULT
from agents.luck import Luck
from agents.migration import arrival_days, moves_of, share_by_age
from agents.place import AGE_BANDS, BROAD_BANDS, ETHNIC_GROUPS, Place, largest_remainder
from agents.population import CURRENT_SMOKER, DAYS_PER_YEAR, FEMALE, Population
from agents.synthesis import number_of_practices, synthesise
from experiments.places import load_place

EVIDENCE = Path(__file__).resolve().parent.parent / "calibration" / "evidence"
N = 20_000


@pytest.fixture(scope="module")
def southwark() -> Place:
    return load_place("southwark", Evidence(EVIDENCE))


@pytest.fixture(scope="module")
def people(southwark: Place) -> Population:
    return synthesise(southwark, N, 10, Luck(7), Evidence(EVIDENCE))


@pytest.fixture(scope="module")
def england() -> Population:
    evidence = Evidence(EVIDENCE)
    return synthesise(load_place("england", evidence), N, 10, Luck(7), evidence)


def test_largest_remainders_sum_and_round() -> None:
    shares = np.array([0.2, 0.3, 0.5])
    assert largest_remainder(shares, 7).tolist() == [1, 2, 4]
    for total in (0, 1, 10, 999):
        whole = largest_remainder(shares, total)
        assert whole.sum() == total
        assert (np.abs(whole - shares * total) < 1).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_table_keeps_its_margins_and_its_zeros(seed: int) -> None:
    luck = Luck(seed)
    table = luck.uniforms("cell", np.arange(24)).reshape(6, 4)
    table[luck.uniforms("zero", np.arange(24)).reshape(6, 4) < 0.2] = 0
    table[:, 0] += 0.01
    table[0] += 0.01
    whole = largest_remainder(table, 1_000)
    found = whole_table(table, whole.sum(axis=1), whole.sum(axis=0))
    assert found.sum(axis=1).tolist() == whole.sum(axis=1).tolist()
    assert found.sum(axis=0).tolist() == whole.sum(axis=0).tolist()
    assert (found[table == 0] == 0).all()


@pytest.mark.parametrize("name", ["england", "southwark", "tilbury", "dengie", "prosper"])
@pytest.mark.parametrize("n", [1, 37, 5_000, 300_000])
def test_every_margin_is_met_to_the_person(name: str, n: int, evidence: Evidence) -> None:
    place = load_place(name, evidence)
    counts = count_people(place, n, evidence)
    assert counts.sum() == n
    assert counts.min() >= 0
    teens = np.add.reduceat(counts, [0, 1, 2, 3, *range(5, 20)], axis=0)
    assert np.abs(teens.sum(axis=2) - place.age_sex_share * n).max() < 1
    assert np.abs(counts.sum(axis=(0, 1)) - place.imd_mix * n).max() < 1
    broad = np.zeros((len(BROAD_BANDS), 5))
    np.add.at(broad, [broad_band_of(band) for band in FINE_BANDS], counts.sum(axis=1))
    wanted = place.age_share_within_imd * place.imd_mix * n
    # The tables themselves disagree by up to a few people in 100,000.
    assert np.abs(broad - wanted).max() < 2 + n * 5e-5


def test_residents_have_the_ages_sexes_and_fifths_of_the_table(
    people: Population, southwark: Place, evidence: Evidence
) -> None:
    counts = count_people(southwark, N, evidence)
    age = people.age(0.0)[:N]
    lows = np.array([low for low, _ in FINE_BANDS])
    band = np.searchsorted(lows, age, side="right") - 1
    found = np.zeros_like(counts)
    np.add.at(found, (band, people.sex[:N], people.imd_quintile[:N] - 1), 1)
    assert np.array_equal(found, counts)
    assert (people.birth_day == np.floor(people.birth_day)).all()


def test_people_of_an_age_are_spread_over_its_days(people: Population) -> None:
    days = -people.birth_day[:N] % DAYS_PER_YEAR / DAYS_PER_YEAR
    share, _ = np.histogram(days, 12, (0, 1))
    assert np.abs(share / N - 1 / 12).max() < 0.01


def test_the_smooth_curve_keeps_the_bands() -> None:
    shares = np.array([0.3, 0.2, 0.4, 0.1])
    curve = smooth_distribution(shares, np.array([0.0, 20.0, 40.0, 60.0]), 0.9)
    assert np.diff(curve[[0, 20, 40, 60, 111]]) == pytest.approx(shares)
    assert (np.diff(curve) >= 0).all()


def test_the_first_year_of_life_is_no_outlier(evidence: Evidence) -> None:
    for name in ("england", "southwark", "rayleigh"):
        place = load_place(name, evidence)
        young = share_by_age(place, evidence)[:5]
        assert young.max() / young.min() < 1.5


# ---------------------------------------------------------------- homes


def test_children_live_with_adults_of_a_fitting_age(people: Population) -> None:
    age, home = people.age(0.0)[:N], people.household[:N]
    _, inverse = np.unique(home, return_inverse=True)
    adults = np.bincount(inverse, weights=age >= ADULT)
    child = age < ADULT
    assert (adults[inverse][child] > 0).all()
    reference = age[home[child]]  # today's person numbers are rows
    gap = reference - age[child]
    assert (gap < 16).mean() < 0.01
    assert (gap > 50).mean() < 0.01
    assert 24 < gap.mean() < 36


def test_homes_are_as_large_as_published(england: Population) -> None:
    age, home = england.age(0.0)[:N], england.household[:N]
    _, inverse, size = np.unique(home, return_inverse=True, return_counts=True)
    alone = size[inverse] == 1
    assert N / size.size == pytest.approx(2.36, abs=0.1)  # Census 2011 and 2021: 2.36 and 2.4
    assert (size == 1).mean() == pytest.approx(0.301, abs=0.025)  # Census 2021
    assert alone.mean() == pytest.approx(0.13, abs=0.015)
    assert alone[age >= 85].mean() == pytest.approx(0.59, abs=0.06)
    assert alone[(age >= 50) & (age < 65)].mean() == pytest.approx(0.17, abs=0.03)
    assert size.max() < 20


def test_a_home_shares_place_practice_group_and_fifth(people: Population) -> None:
    for column in (people.locality, people.practice, people.ethnicity, people.imd_quintile):
        reference = people.household[:N]
        assert np.array_equal(column[:N], column[reference])


def test_practices_and_localities_are_as_many_as_they_should_be(
    people: Population, southwark: Place
) -> None:
    assert number_of_practices(southwark, N) == round(N / southwark.list_size) == 2
    registered = np.bincount(people.practice[:N])
    assert registered.size == 2
    assert registered.min() > 0
    living = np.bincount(people.locality[:N])
    assert living.size == 6
    assert living.min() > 0.9 * N / 6
    assert people.localities == southwark.localities


def test_neighbours_share_a_practice(evidence: Evidence) -> None:
    place = load_place("southwark", evidence)
    people = synthesise(replace(place, list_size=1_000.0), 6_000, 0, Luck(1), evidence)
    table = np.zeros((6, 6))
    np.add.at(table, (people.locality, people.practice), 1)
    assert (table.max(axis=0) / table.sum(axis=0)).mean() > 0.5


def test_ethnic_groups_have_their_shares(people: Population, southwark: Place) -> None:
    found = np.bincount(people.ethnicity[:N], minlength=6) / N
    wanted = [southwark.ethnicity_mix[group] for group in ETHNIC_GROUPS]
    assert found == pytest.approx(wanted, abs=0.001)


def test_smoking_and_obesity_follow_deprivation_and_spare_children(england: Population) -> None:
    age, fifth = england.age(0.0)[:N], england.imd_quintile[:N]
    smokes = england.smoking[:N] == CURRENT_SMOKER
    assert not smokes[age < 18].any()
    assert not england.obese[:N][age < 16].any()
    assert smokes[age >= 18].mean() == pytest.approx(0.13, abs=0.012)
    assert england.obese[:N][age >= 16].mean() == pytest.approx(0.26, abs=0.015)
    assert smokes[(age >= 18) & (fifth == 1)].mean() > 2 * smokes[(age >= 18) & (fifth == 5)].mean()


# ---------------------------------------------------------------- births and moves


def _by_person(people: Population, person: np.ndarray) -> dict[str, np.ndarray]:
    rows = np.flatnonzero(np.isin(people.person, person))
    rows = rows[np.argsort(people.person[rows])]
    columns = ("birth_day", "sex", "imd_quintile", "household", "practice", "entry_day", "exit_day")
    return {name: getattr(people, name)[rows] for name in columns}


def test_everyone_has_a_number_of_their_own(people: Population) -> None:
    assert people.person[:N].tolist() == list(range(N))
    assert np.unique(people.person).size == len(people)
    assert set(people.household) <= set(people.person)


def test_a_longer_run_only_adds_people(people: Population, southwark: Place) -> None:
    shorter = synthesise(southwark, N, 4, Luck(7), Evidence(EVIDENCE))
    assert set(shorter.person) < set(people.person)
    here, there = (_by_person(each, shorter.person) for each in (shorter, people))
    for column, values in here.items():
        assert np.array_equal(values, there[column]), column
    added = ~np.isin(people.person, shorter.person)
    assert people.entry_day[added].min() >= 4 * DAYS_PER_YEAR - 1


def test_the_same_luck_gives_the_same_people_and_other_luck_others(southwark: Place) -> None:
    first, again, other = (
        synthesise(southwark, 2_000, 3, luck, Evidence(EVIDENCE))
        for luck in (Luck(1), Luck(1), Luck(1, 1))
    )
    assert np.array_equal(first.birth_day, again.birth_day)
    assert np.array_equal(first.exit_day, again.exit_day)
    assert not np.array_equal(first.birth_day[:2_000], other.birth_day[:2_000])


def test_people_enter_before_they_leave_and_babies_enter_at_birth(people: Population) -> None:
    assert (people.exit_day > people.entry_day).all()
    assert (people.entry_day[:N] == 0).all()
    born_here = people.birth_day == people.entry_day
    assert born_here[N:].sum() > 1_500
    assert (people.birth_day <= people.entry_day).all()


def test_babies_live_with_a_mother_of_childbearing_age(people: Population) -> None:
    row_of = {person: row for row, person in enumerate(people.person.tolist())}
    babies = np.flatnonzero((people.birth_day == people.entry_day) & (people.birth_day >= 0))
    home = np.array([row_of[person] for person in people.household[babies].tolist()])
    assert np.array_equal(people.imd_quintile[babies], people.imd_quintile[home])
    at_home: dict[int, list[int]] = {}
    for row in range(len(people)):
        at_home.setdefault(people.household[row], []).append(row)
    for baby in babies[:300].tolist():
        mates = np.array(at_home[people.household[baby]])
        age = (people.birth_day[baby] - people.birth_day[mates]) / DAYS_PER_YEAR
        assert ((people.sex[mates] == FEMALE) & (age > 14) & (age < 46)).any()
    assert (people.sex[babies] == FEMALE).mean() == pytest.approx(0.488, abs=0.04)


def test_families_leave_together(people: Population) -> None:
    age_at_exit = (people.exit_day - people.birth_day) / DAYS_PER_YEAR
    child = np.flatnonzero((age_at_exit[:N] < ADULT) & (people.age(0.0)[:N] < ADULT))
    mother = people.household[child]
    grown = people.age(0.0)[mother] >= ADULT
    assert np.mean(people.exit_day[child[grown]] == people.exit_day[mother[grown]]) > 0.99


def test_about_an_eighth_leave_inner_london_in_a_year(people: Population) -> None:
    gone = (people.exit_day[:N] < DAYS_PER_YEAR).mean()
    assert gone == pytest.approx(0.122, abs=0.025)


@pytest.mark.parametrize("name", ["england", "southwark", "rayleigh", "tilbury", "bexley"])
def test_ages_neither_explode_nor_empty_over_ten_years(name: str, evidence: Evidence) -> None:
    place = load_place(name, evidence)
    people = synthesise(place, 10_000, 10, Luck(3), evidence)
    age = (people.entry_day - people.birth_day) / DAYS_PER_YEAR
    # Gompertz deaths of about England's level stand for the life course.
    level, growth = 2.2e-5, 0.1
    spent = Luck(3).exponentials("death", people.person)
    age_at_death = np.log(np.exp(growth * age) + spent * growth / level) / growth
    death_day = people.birth_day + age_at_death * DAYS_PER_YEAR
    last = 10 * 365.0
    here = (people.entry_day <= last) & (people.exit_day > last) & (death_day > last)
    assert here.sum() == pytest.approx(10_000, rel=0.08)
    edges = [0, 16, 25, 35, 50, 65, 75, 120]
    before, _ = np.histogram(people.age(0.0)[:10_000], edges)
    after, _ = np.histogram(people.age(last)[here], edges)
    assert np.abs(after / here.sum() - before / 10_000).max() < 0.03
    fifths = np.bincount(people.imd_quintile[here], minlength=6)[1:] / here.sum()
    assert np.abs(fifths - place.imd_mix).max() < 0.03


def test_more_young_adults_arrive_in_inner_london_than_leave(
    southwark: Place, evidence: Evidence
) -> None:
    moves = moves_of(southwark, evidence)
    net = moves.arriving - moves.leaving
    assert net[19:26].min() > 0
    assert net[33:45].max() < 0
    assert (moves.arriving >= 0).all()
    assert (moves.leaving >= 0).all()


def test_arrivals_are_a_poisson_process_that_time_only_lengthens() -> None:
    days = arrival_days("test", 500.0, 20.0, Luck(1))
    assert days.size == pytest.approx(10_000, abs=400)
    assert np.array_equal(days[days < 5 * DAYS_PER_YEAR], arrival_days("test", 500.0, 5.0, Luck(1)))
    assert np.diff(days).std() == pytest.approx(np.diff(days).mean(), rel=0.05)
    assert arrival_days("test", 0.0, 5.0, Luck(1)).size == 0


# ---------------------------------------------------------------- systems and sizes


def test_a_system_keeps_the_differences_of_its_places(evidence: Evidence) -> None:
    essex = load_place("mid_and_south_essex", evidence)
    people = synthesise(essex, 26_000, 2, Luck(5), evidence)
    living = people.locality[:26_000]
    assert np.unique(living).size == 26
    deprived = people.imd_quintile[:26_000] == 1
    tilbury, rayleigh = (essex.localities.index(name) for name in ("Tilbury", "Rayleigh"))
    assert deprived[living == tilbury].mean() == pytest.approx(0.335, abs=0.005)
    assert not deprived[living == rayleigh].any()
    practices = [set(people.practice[:26_000][living == i].tolist()) for i in range(26)]
    assert (
        sum(map(len, practices)) == len(set.union(*practices)) == number_of_practices(essex, 26_000)
    )


@pytest.mark.parametrize("n", [1, 2, 9, 60])
def test_a_handful_of_people_can_be_made(n: int, evidence: Evidence) -> None:
    for name in ("england", "mid_and_south_essex"):
        people = synthesise(load_place(name, evidence), n, 2, Luck(1), evidence)
        assert (people.entry_day == 0).sum() >= n
        assert np.unique(people.person).size == len(people)


def test_nobody_and_negative_years_are_refused(southwark: Place, evidence: Evidence) -> None:
    for n, years in ((0, 1), (5, -1)):
        with pytest.raises(ValueError, match="cannot make"):
            synthesise(southwark, n, years, Luck(1), evidence)


def test_bands_are_the_tables() -> None:
    assert len(AGE_BANDS) == 19
    assert len(FINE_BANDS) == 20
    assert [low for low, _ in FINE_BANDS][2:6] == [10, 15, 16, 20]


@pytest.mark.slow
def test_a_whole_system_is_made_in_seconds(evidence: Evidence) -> None:
    essex = load_place("mid_and_south_essex", evidence)
    people = synthesise(essex, 1_200_000, 0, Luck(1), evidence)
    assert len(people) == 1_200_000
