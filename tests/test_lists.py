from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from agents.luck import Luck
from agents.population import Population
from pathways.calendar import YEAR, Calendar
from pathways.demand import Demand
from pathways.ledger import Ledger
from pathways.lists import Lists
from pathways.waiting import (
    NO_PEOPLE,
    Allowance,
    Backlog,
    Habits,
    joining,
    next_to_be_seen,
)
from tests.demand_fakes import england, evidence

START = date(2025, 4, 1)
MEANS = {
    "outpatient_first": 1.58 * 0.326 * 1.0785,
    "outpatient_follow_up": 1.58 * 0.674,
    "day_case": 0.124 * 1.0721,
    "elective_inpatient": 0.025 * 1.0721,
    "virtual_ward_admission": 0.0069,
}


def capacity() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in evidence().rows("baseline_capacity", archetype="england"):
        found.setdefault(row["service"], {})[row["role"]] = float(row["per_10000"])
    return found


def scene(people: Population, *, years: int = 1) -> tuple[Demand, Calendar, Ledger]:
    """Demand at England's means; the ledger records from the start."""
    demand = Demand(people, evidence(), Luck(5), START)
    for name, mean in MEANS.items():
        demand.factor[name][:] = mean / demand.rate[name].mean()
    demand.refresh(np.arange(len(people)), 0)
    return demand, Calendar(START, years), Ledger(len(people), on=True)


def lists(people: Population, factor: float = 1.0, **settings: float) -> tuple[Lists, Demand]:
    """Lists as they stand at day 0, and demand that is ``factor`` as high from then on."""
    demand, calendar, ledger = scene(people)
    named = {name.replace("__", "."): value for name, value in settings.items()}
    history = demand.past.of_last(2 * YEAR)
    model = Lists(people, evidence(), Luck(5), calendar, ledger, demand, history, capacity(), named)
    for name in MEANS:
        demand.factor[name] *= factor
    demand.refresh(np.arange(len(people)), 0)
    return model, demand


def waiting(model: Lists) -> int:
    return sum(len(some) for some in model.lists.values())


def test_allowances_lose_nothing_to_rounding() -> None:
    calendar = Calendar(START, 2)
    allowance = Allowance(0.0311, calendar)
    open_days = [int(calendar.is_working(day)) for day in range(2 * YEAR)]
    slots = [allowance.of_days(one, 1_000) for one in open_days]
    assert sum(slots) == pytest.approx(62.2, abs=1.0)
    assert max(slots) <= 1
    assert all(not slot for slot, one in zip(slots, open_days, strict=True) if not one)


def test_urgent_people_who_are_due_come_first_and_then_the_longest_relative_waits() -> None:
    habits = Habits.of(evidence())
    n = 3_000
    keys = Luck(1).words("keys", np.arange(n))
    since = -200.0 * Luck(1).uniforms("since", np.arange(n))
    people = joining(np.arange(n), keys, np.zeros(n, np.int64), since, luck=Luck(1), habits=habits)
    urgent = np.isfinite(people.due)
    assert urgent.mean() == pytest.approx(0.33, abs=0.03)
    assert people.pace.mean() == pytest.approx(1.0, abs=0.03)
    due = urgent & (people.due <= 0.0)
    turn = next_to_be_seen(people, 0.0, int(due.sum()) + 50)
    assert set(turn[: due.sum()]) == set(np.flatnonzero(due))
    rest = turn[due.sum() :]
    assert not urgent[rest].any()
    progress = -people.since / people.pace
    left = np.setdiff1d(np.flatnonzero(~urgent), rest)
    assert progress[rest].min() >= progress[left].max()
    everyone = next_to_be_seen(people, 0.0, 10 * n)
    assert len(everyone) == n - np.sum(urgent & ~due)


def test_the_list_starts_as_published() -> None:
    people = england(20_000)
    model, _ = lists(people)
    assert waiting(model) / len(people) == pytest.approx(0.1286, rel=0.01)
    weeks = np.concatenate([-some.waiting.since for some in model.lists.values()]) / 7.0
    assert np.median(weeks) == pytest.approx(14.5, abs=3.0)
    assert np.mean(weeks < 18.0) == pytest.approx(0.60, abs=0.09)


def test_activity_and_list_are_steady_at_englands_demand() -> None:
    people = england(10_000)
    model, demand = lists(people)
    for day in range(YEAR):
        model.day(day, demand.today(day))
    found = {name: float(column.sum()) / 10_000 for name, column in model.ledger.activity.items()}
    assert found["outpatient_first"] == pytest.approx(0.515, rel=0.04)
    assert found["outpatient_follow_up"] == pytest.approx(1.065, rel=0.04)
    assert found["day_cases"] == pytest.approx(0.124, rel=0.06)
    assert found["elective_admissions"] == pytest.approx(0.025, rel=0.15)
    assert found["elective_bed_days"] == pytest.approx(0.075, rel=0.25)
    attended = found["outpatient_first"] + found["outpatient_follow_up"]
    assert found["outpatient_dna"] / (found["outpatient_dna"] + attended) == pytest.approx(
        0.07, rel=0.1
    )
    assert waiting(model) / 10_000 == pytest.approx(0.1286, rel=0.08)


@pytest.mark.parametrize(("factor", "change"), [(1.1, 0.27), (0.9, -0.19)])
def test_the_list_responds_to_demand_within_half_of_the_closure(
    factor: float, change: float
) -> None:
    people = england(10_000)
    usual, demand = lists(people)
    other, more = lists(people, factor)
    for day in range(YEAR):
        usual.day(day, demand.today(day))
        other.day(day, more.today(day))
    found = waiting(other) / waiting(usual) - 1.0
    assert 0.5 < found / change < 1.5


def put_off(model: Lists) -> float:
    return float(model.ledger.tallies.get(("elective", "ordinary", "put_off"), 0.0))


def test_a_full_hospital_puts_operations_off_and_loses_nobody() -> None:
    people = england(10_000)
    usual, demand = lists(people)
    full, same = lists(people)
    beds, lent = 2.2, 0.0  # beds of planned care; bed-days of escalation so far

    def escalated() -> float:
        return lent

    full.escalated = escalated
    for day in range(91):  # half of the beds of planned care are lent for a quarter
        lent += 0.5 * beds / full.habits.lent
        usual.day(day, demand.today(day))
        full.day(day, same.today(day))
    # Each slot is used once: for an operation, or lost where one with a night is put off.
    slots = full.ledger.tallies["elective", "ordinary", "capacity"]
    chance = 0.5 * full.habits.overnight
    assert put_off(full) / slots == pytest.approx(chance, abs=0.1)
    done = float(full.ledger.activity["elective_admissions"].sum())
    assert done / slots == pytest.approx(1.0 - chance, abs=0.1)
    assert put_off(usual) == 0.0
    for day in range(91, 280):
        usual.day(day, demand.today(day))
        full.day(day, same.today(day))
    done, late = (
        float(model.ledger.activity["elective_admissions"].sum()) for model in (usual, full)
    )
    assert late <= done
    assert done - late < 0.5 * put_off(full)  # most have had their turn since


def test_who_is_put_off_comes_first_again() -> None:
    people = england(10_000)
    model, _ = lists(people)
    waiting_list, nobody = model.lists["elective"], NO_PEOPLE
    starts = nobody, nobody.view(np.uint64), nobody, nobody.astype(np.float64)
    seen, _, _ = waiting_list.run(starts, np.arange(5), 10_000, people)
    assert len(seen)
    waiting_list.put_back(seen, 6)
    again, _, _ = waiting_list.run(starts, np.arange(7, 12), 10_000, people)
    both = set(again.keys.tolist()) & set(seen.keys.tolist())
    assert len(both) >= min(len(again), len(seen))


def test_slots_change_from_the_day_a_schedule_says() -> None:
    people = england(5_000)
    model, demand = lists(people)
    for day in range(63):
        model.day(day, demand.today(day))
    before = {name: float(rows.sum()) for name, rows in model.ledger.activity.items()}
    model.change({"outpatients.capacity_factor": 0.0, "elective.capacity_factor": 0.5})
    for day in range(63, 126):
        model.day(day, demand.today(day))
    after = {name: float(rows.sum()) - before[name] for name, rows in model.ledger.activity.items()}
    assert after["outpatient_first"] == after["outpatient_follow_up"] == 0.0
    assert after["day_cases"] == pytest.approx(0.5 * before["day_cases"], rel=0.25)


def test_freed_slots_are_taken_by_the_next_on_the_list() -> None:
    people = england(5_000)
    usual, demand = lists(people)
    fewer, less = lists(people, 0.9)
    for day in range(200):
        usual.day(day, demand.today(day))
        fewer.day(day, less.today(day))
    key = ("outpatients", "rtt", "used")
    assert fewer.ledger.tallies[key] == usual.ledger.tallies[key]
    assert waiting(fewer) < waiting(usual)


def test_clinics_that_close_see_nobody_and_people_wait_or_leave() -> None:
    people = england(3_000)
    model, demand = lists(people, outpatients__capacity_factor=0.0)
    before = waiting(model)
    for day in range(150):
        model.day(day, demand.today(day))
    assert model.ledger.activity["outpatient_first"].sum() == 0
    assert model.ledger.activity["outpatient_follow_up"].sum() == 0
    assert model.ledger.activity["day_cases"].sum() > 0
    assert waiting(model) > before
    assert len(model.backlogs["follow_up"]) > 0


def test_the_dead_and_those_who_moved_are_not_seen() -> None:
    people = england(3_000)
    model, demand = lists(people)
    gone = np.arange(0, 3_000, 3)
    people.alive[gone] = False
    for day in range(100):
        model.day(day, demand.today(day))
    for name in ("outpatient_first", "outpatient_follow_up", "day_cases"):
        assert model.ledger.activity[name][gone].sum() == 0
        assert model.ledger.activity[name].sum() > 0


def test_nothing_happens_before_the_start() -> None:
    model, demand = lists(england(2_000))
    before = waiting(model)
    model.day(-3, demand.today(-3))
    assert waiting(model) == before
    assert not model.ledger.tallies


def test_a_backlog_serves_in_turn_and_loses_those_who_tire() -> None:
    backlog = Backlog(Luck(1), removal=0.05)
    keys = Luck(1).words("keys", np.arange(300))
    none = np.empty(0, np.int64), np.empty(0, np.uint64)
    rows, _ = backlog.see(0, np.arange(300), keys, 10)
    assert rows.tolist() == list(range(10))
    later = [backlog.see(day, *none, 0) for day in range(1, 21)]
    assert all(not len(rows) for rows, _ in later)
    assert len(backlog) / 290 == pytest.approx(np.exp(-1.0), abs=0.1)
    rows, _ = backlog.see(21, *none, 5)
    assert np.all(np.diff(rows) > 0)
