"""Diseases one person at a time: exact days, luck that stays put, published marginals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from agents import hazards
from agents.disease_tables import DiseaseTables
from agents.faults import BadInput
from agents.hazards import Effects
from agents.health import Health
from agents.health_events import DEATH, DIAGNOSIS, ONSET, REMISSION, HealthEvents
from agents.integrated import IntegratedHazards
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from calibration.bare_people import bare_population

Floats = npt.NDArray[np.float64]

DEFAULT = Path(__file__).parents[1] / "calibration" / "parameters" / "default"
AGES = 110


def effects(conditions: int, **changes: object) -> Effects:
    """Return effects that multiply nothing, but for ``changes``."""
    plain = Effects(
        loadings=np.zeros((1, conditions)),
        source=np.zeros(0, np.int64),
        from_age=np.zeros(0),
        to_age=np.zeros(0),
        for_sex=np.zeros((0, 2), np.bool_),
        log_ratio=np.zeros((0, conditions)),
        physical=np.zeros(conditions, np.bool_),
        mood=np.zeros(conditions, np.bool_),
        log_per_physical=0.0,
        physical_cap=5.0,
        log_death_ratio=np.zeros((2, conditions)),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def tables(
    onset: list[float],
    *,
    remission: float = 0.0,
    diagnosis: float = np.inf,
    death: float | Floats = 0.0,
    at_birth: float = 0.0,
    **changes: object,
) -> DiseaseTables:
    """Return tables with the same hazards at every age, sex and fifth."""
    count = len(onset)
    rates = np.broadcast_to(np.asarray(death, np.float64).reshape(-1, 1, 1), (AGES, 2, 5))
    return DiseaseTables(
        conditions=tuple("abcdefg"[:count]),
        clusters=("global",),
        onset=np.tile(np.array(onset)[:, None, None, None], (1, AGES, 2, 5)),
        at_birth=np.full((count, 2, 5), at_birth),
        remission=np.full((count, AGES, 2), remission),
        diagnosis=np.full((count, AGES, 2), diagnosis),
        death=rates,
        effects=effects(count, **changes),
    )


def lived(
    disease: DiseaseTables, ages: npt.ArrayLike, years: float, seed: int = 1, **traits: object
) -> tuple[Population, HealthEvents, Health]:
    people = bare_population(disease.conditions, ages, **traits)  # type: ignore[arg-type]
    health = Health(people, disease, Luck(seed))
    health.live_to_entry()
    return people, health.advance(years * DAYS_PER_YEAR), health


@pytest.fixture(scope="module")
def default() -> DiseaseTables:
    return DiseaseTables.load(DEFAULT)


# ------------------------------------------------------------------ pure functions


def test_a_present_condition_multiplies_only_at_its_ages_and_for_its_sex() -> None:
    world = effects(
        2,
        source=np.array([0]),
        from_age=np.array([45.0]),
        to_age=np.array([55.0]),
        for_sex=np.array([[False, True]]),
        log_ratio=np.log([[1.0, 3.0]]),
    )
    has = np.array([[True, False]] * 4 + [[False, False]])
    age = np.array([44.9, 45.0, 55.0, 50.0, 50.0])
    sex = np.array([1, 1, 1, 0, 1], np.int8)
    ratio = hazards.multiplier(np.zeros((5, 2)), has, age, sex, world)
    assert ratio[:, 1] == pytest.approx([1, 3, 1, 1, 1])
    assert ratio[:, 0] == pytest.approx(1)
    when = hazards.changes(world)
    assert hazards.next_change(has, age, when).tolist() == [45, 55, np.inf, 55, np.inf]


def test_physical_conditions_raise_low_mood_up_to_a_cap() -> None:
    world = effects(
        4,
        physical=np.array([True, True, True, False]),
        mood=np.array([False, False, False, True]),
        log_per_physical=np.log(1.4),
        physical_cap=2.0,
    )
    has = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]], np.bool_)
    ratio = hazards.multiplier(np.zeros((3, 4)), has, np.zeros(3), np.zeros(3, np.int8), world)
    assert ratio[:, 3] == pytest.approx([1, 1.4, 1.96])
    assert ratio[:, :3] == pytest.approx(1)


def test_death_ratios_multiply_and_may_differ_by_sex() -> None:
    world = effects(2, log_death_ratio=np.log([[2.0, 3.0], [2.0, 5.0]]))
    has = np.array([[True, True], [True, True], [False, False]])
    ratio = hazards.death_ratio(has, np.array([0, 1, 1], np.int8), world)
    assert ratio == pytest.approx([6, 10, 1])


@given(seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_integrated_hazards_are_solved_for_the_age_they_give(seed: int) -> None:
    luck = Luck(seed)
    rates = luck.exponentials("rates", np.arange(6)[:, None], np.arange(AGES)) / 50
    rates[2] = 0.0
    rates[3, :40] = 0.0
    integrated = IntegratedHazards(rates)
    series = np.repeat(np.arange(6), 50)
    ages = luck.uniforms("ages", np.arange(300)) * 125
    level = integrated.at(series, ages)
    solved = integrated.age_when(series, level)
    moving = (series != 2) & ~((series == 3) & (ages < 40))
    assert integrated.at(series[moving], solved[moving]) == pytest.approx(level[moving], rel=1e-9)
    assert solved[moving] == pytest.approx(ages[moving], abs=1e-6)
    assert np.isinf(solved[series == 2]).all()


# ------------------------------------------------------------------ closed forms


def test_onset_of_a_constant_hazard_is_exponential() -> None:
    _, happened, _ = lived(tables([0.05]), np.zeros(4000), 2000)
    onset = happened.days[happened.kinds == ONSET] / DAYS_PER_YEAR
    assert kstest(-np.expm1(-0.05 * onset), "uniform").pvalue > 0.001


def test_death_follows_a_gompertz_law_given_by_year_of_age() -> None:
    rate = 0.0001 * np.exp(0.09 * np.arange(AGES))
    people, _, _ = lived(tables([0.0], death=rate), np.zeros(4000), 200)
    ages = people.death_day / DAYS_PER_YEAR
    levels = np.concatenate([[0], np.cumsum(rate)])

    spent = np.interp(ages[ages < AGES], np.arange(AGES + 1), levels)
    assert kstest(-np.expm1(-spent), "uniform").pvalue > 0.001


def test_a_condition_that_remits_settles_at_onset_over_onset_plus_remission() -> None:
    people, _, _ = lived(tables([0.2], remission=0.3), np.full(8000, 60.0), 0)
    assert people.has.mean() == pytest.approx(0.4, abs=0.02)


def test_diagnosis_waits_an_exponential_time_and_is_lost_with_the_condition() -> None:
    people, happened, _ = lived(
        tables([0.05], diagnosis=0.5, remission=0.1), np.full(8000, 60.0), 5
    )
    share = (people.has & ~people.diagnosed).sum() / people.has.sum()
    assert share == pytest.approx(0.1 / (0.1 + 0.5), abs=0.02)
    assert not (people.diagnosed & ~people.has).any()
    found = happened.rows[happened.kinds == DIAGNOSIS]
    assert np.isin(found, happened.rows[happened.kinds == ONSET]).mean() < 1  # older onsets too
    assert (people.diagnosis_day >= people.onset_day)[people.diagnosed].all()


def test_one_condition_hastens_the_other_by_its_ratio() -> None:
    world = tables(
        [0.0, 0.02],
        at_birth=0.7,
        source=np.array([0]),
        from_age=np.zeros(1),
        to_age=np.array([np.inf]),
        for_sex=np.ones((1, 2), np.bool_),
        log_ratio=hazards.exact(np.log([[1.0, 3.0]])),
    )
    world.at_birth[1] = 0.0
    people, _, _ = lived(world, np.full(8000, 20.0), 0)
    first, second = people.has[:, 0], people.has[:, 1]
    assert first.mean() == pytest.approx(-np.expm1(-0.7), abs=0.02)
    assert second[first].mean() == pytest.approx(-np.expm1(-20 * 0.06), abs=0.02)
    assert second[~first].mean() == pytest.approx(-np.expm1(-20 * 0.02), abs=0.02)


def test_residents_are_lives_that_lasted_so_the_dying_are_fewer_among_them() -> None:
    world = tables([0.02], death=0.01, log_death_ratio=hazards.exact(np.log([[5.0], [5.0]])))
    people, _, _ = lived(world, np.full(8000, 50.0), 0)
    fit = np.exp(-0.03 * 50)
    # Ill at t, then alive until 50 at five times the rate of death.
    times = np.linspace(0, 50, 20001)
    density = 0.02 * np.exp(-0.02 * times - 0.01 * times - 0.05 * (50 - times))
    ill = np.trapezoid(density, times)
    assert people.has.mean() == pytest.approx(ill / (ill + fit), abs=0.02)
    assert people.alive.all()
    assert np.isinf(people.death_day).all()


# ------------------------------------------------------------------ luck stays put


def same_days(one: Population, other: Population, rows: object = slice(None)) -> bool:
    columns = ("has", "diagnosed", "onset_day", "diagnosis_day", "alive", "death_day")
    return all(
        np.array_equal(getattr(one, name)[rows], getattr(other, name)[rows]) for name in columns
    )


def old_and_young(default: DiseaseTables, n: int = 1500, start: int = 0) -> Population:
    ages = Luck(9).uniforms("age", np.arange(start, start + n)) * 95
    keys = np.arange(start, start + n)
    return bare_population(
        default.conditions,
        ages,
        sex=keys % 2,
        imd_quintile=keys % 5 + 1,
        first_person=start,
    )


def health_of(people: Population, default: DiseaseTables) -> Health:
    health = Health(people, default, Luck(4))
    health.live_to_entry()
    return health


def test_one_long_step_equals_daily_steps(default: DiseaseTables) -> None:
    one, other = old_and_young(default), old_and_young(default)
    whole = health_of(one, default).advance(730.0)
    daily = health_of(other, default)
    parts = [daily.advance(float(day)) for day in range(1, 731)]
    assert same_days(one, other)
    assert len(whole) > 300
    for name in ("rows", "days", "kinds", "conditions"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(getattr(whole, name), joined)
    assert (np.diff(whole.days) >= 0).all()


def test_a_person_lives_the_same_life_in_any_company(default: DiseaseTables) -> None:
    everyone, few = old_and_young(default, 1500), old_and_young(default, 40, start=700)
    health_of(everyone, default).advance(3650.0)
    health_of(few, default).advance(3650.0)
    rows = slice(700, 740)
    for name in ("has", "onset_day", "diagnosis_day", "death_day"):
        assert np.array_equal(getattr(everyone, name)[rows], getattr(few, name))


def test_a_lower_hazard_delays_its_own_event_and_moves_nobody_elses(
    default: DiseaseTables,
) -> None:
    usual, cared_for = old_and_young(default, 4000), old_and_young(default, 4000)
    without, with_care = health_of(usual, default), health_of(cared_for, default)
    helped = np.arange(0, 4000, 2)
    which = default.conditions.index("hypertension")
    with_care.advance(100.0)
    cared_for.onset_factor[helped, which] = 0.6
    with_care.refresh(helped, 100.0)
    without.advance(100.0)
    events = [health.advance(3650.0) for health in (without, with_care)]
    assert same_days(usual, cared_for, np.arange(1, 4000, 2))
    onsets = [first_days(each, which, 4000)[helped] for each in events]
    assert (onsets[1] >= onsets[0]).mean() > 0.99  # what depends on it may move it in turn
    assert (onsets[1] > onsets[0]).sum() > 50
    untouched = helped[np.isinf(onsets[0]) & np.isinf(onsets[1])]
    assert untouched.size > 1000
    assert same_days(usual, cared_for, untouched)


def first_days(happened: HealthEvents, condition: int, n: int) -> Floats:
    """Return the day of each person's first onset of a condition, infinite without one."""
    days = np.full(n, np.inf)
    here = (happened.kinds == ONSET) & (happened.conditions == condition)
    np.minimum.at(days, happened.rows[here], happened.days[here])
    return days


def test_a_lower_hazard_of_death_delays_every_death() -> None:
    rates = tables([0.01], death=0.5)
    usual, _, without = lived(rates, np.full(3000, 1.0), 0)
    cared_for, _, with_care = lived(rates, np.full(3000, 1.0), 0)
    cared_for.death_factor[:] = 0.5
    with_care.refresh(np.arange(3000), 0.0)
    without.advance(36500.0)
    with_care.advance(36500.0)
    assert cared_for.death_day == pytest.approx(usual.death_day * 2, rel=1e-9)


def test_care_that_changes_nothing_changes_nothing(default: DiseaseTables) -> None:
    usual, looked_at = old_and_young(default), old_and_young(default)
    health_of(usual, default).advance(1000.0)
    watched = health_of(looked_at, default)
    for day in range(0, 1000, 50):
        watched.advance(float(day))
        watched.refresh(np.arange(len(looked_at)), float(day))
    watched.advance(1000.0)
    assert same_days(usual, looked_at)


def test_a_hazard_stopped_and_started_again_keeps_what_was_left() -> None:
    rates = tables([0.05])
    usual, _, without = lived(rates, np.full(2000, 30.0), 0)
    paused, _, health = lived(rates, np.full(2000, 30.0), 0)
    without.advance(20000.0)
    rows = np.arange(2000)
    paused.onset_factor[:] = 0.0
    health.refresh(rows, 0.0)
    assert len(health.advance(1000.0)) == 0
    paused.onset_factor[:] = 1.0
    health.refresh(rows, 1000.0)
    health.advance(21000.0)
    new = usual.onset_day[:, 0] > 0
    both = new & np.isfinite(usual.onset_day[:, 0])
    assert paused.onset_day[both, 0] == pytest.approx(usual.onset_day[both, 0] + 1000, abs=0.01)


# ------------------------------------------------------------------ who is here, what care finds


def test_newcomers_and_newborns_are_dormant_until_they_come(default: DiseaseTables) -> None:
    entry = np.repeat([0.0, 400.0, 400.0], 2000)
    ages = np.repeat([70.0, 70.0, 0.0], 2000)
    people = bare_population(default.conditions, ages, entry_day=entry)
    happened = health_of(people, default).advance(3650.0)
    assert (happened.days >= people.entry_day[happened.rows]).all()
    assert np.isin(np.arange(3), happened.rows // 2000).all()


def test_nothing_happens_here_to_those_who_have_left() -> None:
    people = bare_population(("a",), np.full(500, 40.0))
    people.exit_day[:] = 365.0
    health = Health(people, tables([0.2], death=0.05), Luck(1))
    health.live_to_entry()
    happened = health.advance(36500.0)
    assert len(happened) > 10
    assert (happened.days < 365.0).all()


def test_the_dead_fall_ill_no_more(default: DiseaseTables) -> None:
    people = bare_population(default.conditions, np.full(800, 85.0))
    happened = health_of(people, default).advance(36500.0)
    died = happened.kinds == DEATH
    assert died.sum() == 800
    assert (happened.days <= people.death_day[happened.rows]).all()
    assert (happened.conditions[died] == -1).all()


def test_a_case_found_early_is_not_found_again() -> None:
    people, _, health = lived(tables([0.05], diagnosis=0.1), np.full(2000, 50.0), 0)
    hidden = np.flatnonzero(people.has[:, 0] & ~people.diagnosed[:, 0])
    assert hidden.size > 100
    people.diagnosed[hidden, 0] = True
    people.diagnosis_day[hidden, 0] = 0.0
    later = health.advance(3650.0)
    assert not np.isin(later.rows[later.kinds == DIAGNOSIS], hidden).any()
    assert (people.diagnosis_day[hidden, 0] == 0.0).all()


def test_a_condition_that_care_ends_can_come_back() -> None:
    people, _, health = lived(tables([0.1]), np.full(2000, 50.0), 0)
    ill = np.flatnonzero(people.has[:, 0])
    people.has[ill, 0] = False
    health.refresh(ill, 0.0)
    assert not people.diagnosed[ill, 0].any()
    happened = health.advance(10 * DAYS_PER_YEAR)
    again = np.isin(ill, happened.rows[happened.kinds == ONSET]).mean()
    assert again == pytest.approx(-np.expm1(-1.0), abs=0.04)


def test_conditions_of_others_are_refused(default: DiseaseTables) -> None:
    with pytest.raises(ValueError, match="the tables are for"):
        Health(bare_population(("a",), [1.0]), default, Luck(1))


def test_an_age_that_no_life_reaches_is_refused() -> None:
    people = bare_population(("a",), [100.0])
    with pytest.raises(ValueError, match="to age 100"):
        Health(people, tables([0.1], death=0.5), Luck(1)).live_to_entry()


def test_missing_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"diseases\.npz"):
        DiseaseTables.load(tmp_path)


def test_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = tables([0.1, 0.2], remission=0.1, death=0.01)
    written.save(tmp_path)
    read = DiseaseTables.load(tmp_path)
    assert read.conditions == written.conditions
    for name in ("onset", "remission", "diagnosis", "death", "at_birth"):
        assert np.array_equal(getattr(read, name), getattr(written, name))
    assert read.effects.physical_cap == written.effects.physical_cap


def test_remission_events_clear_the_register() -> None:
    people, happened, _ = lived(tables([0.1], remission=0.5), np.full(2000, 50.0), 3)
    ended = happened.rows[happened.kinds == REMISSION]
    assert ended.size > 100
    well = ~people.has[:, 0]
    assert np.isinf(people.onset_day[well, 0]).all()
    assert not people.diagnosed[well, 0].any()
