"""Roles and modes of practices: pools of slots, shared staff, what a design can move."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathways import practice_booking
from pathways.practice import Practices
from pathways.practice_team import (
    MODES,
    NETWORK,
    OTHER_MODES,
    OWN,
    ROLES,
    SHORT,
    Pools,
    Team,
)
from pathways.vocabulary import HOURS
from tests.demand_fakes import england, evidence
from tests.test_practice import a_run, asking, practices

KINDS = np.array([0.43, 0.27, 0.30])
GP, PHARMACIST = ROLES.index("gp"), ROLES.index("pharmacist")


def team(**factors: float) -> Team:
    return Team.of(evidence(), KINDS, {f"gp.{name}_factor": v for name, v in factors.items()})


def by_role(model: Practices, people: int, days: int = 200) -> dict[tuple[str, str], float]:
    """Tallies of a run by role and metric."""
    found = {}
    demand = asking(england(people), 1.0)
    for day in range(-84, days):
        model.ledger.on = day >= 0
        model.day(day, demand.today(day)["practice_consultation"])
        if day == -1:
            model.settle()
    model.settle()
    for (_, role, metric), value in model.ledger.take_month().items():
        found[role, metric] = value
    return found


def test_roles_together_keep_the_published_shares_of_requests_by_kind_and_by_mode() -> None:
    usual = team()
    assert usual.asked.sum() == pytest.approx(1.0)
    assert usual.asked[:2] == pytest.approx([0.45, 0.20])
    assert usual.asked @ usual.kinds == pytest.approx(KINDS)
    modes = usual.asked @ usual.modes
    for mode, published in (("telephone", 0.26), ("online", 0.051)):
        assert modes[MODES.index(mode)] == pytest.approx(published, abs=0.015)
    assert usual.asked @ usual.modes @ usual.missed == pytest.approx(1.0)  # the mean stays


def test_practices_of_a_network_share_its_staff_and_nobody_elses() -> None:
    pools = Pools.for_practices(np.array([9_000] * 11), 50_000.0)
    own, shared = pools.of[:, : len(OWN)], pools.of[:, len(OWN) :]
    assert len(np.unique(own)) == own.size == pools.own
    assert len(np.unique(shared)) == 2 * len(NETWORK)
    assert (pools.role[pools.of] == np.arange(len(ROLES))).all()
    assert len(pools) == own.size + 2 * len(NETWORK)


def test_every_role_has_its_own_slots_queue_and_waits() -> None:
    people = 20_000
    model = practices(england(people))
    found = by_role(model, people)
    slots = np.array([found[role, "capacity"] for role in ROLES])
    assert slots / slots.sum() == pytest.approx(team().slots, rel=0.03)
    for role in ROLES:
        assert 0.85 < found[role, "used"] / found[role, "capacity"] <= 1.0
        assert found[role, "queue_end"] > 0
    total = found["all", "served"]
    assert sum(found[r, f"seen {m}"] for r in ROLES for m in MODES) == total
    assert set(model.ledger.waits) == {"gp", *(f"gp.{role}" for role in ROLES)}
    parts = sum(len(rows) for name in ROLES for rows, _ in model.ledger.waits[f"gp.{name}"])
    assert parts == sum(len(rows) for rows, _ in model.ledger.waits["gp"])
    assert model.waiting == sum(found[role, "queue_end"] for role in ROLES)
    model.check(200)


def test_a_role_without_slots_sees_nobody_and_its_requests_go_on_to_others() -> None:
    people = 5_000
    model = practices(england(people), gp__physiotherapist_factor=0.0)
    found = by_role(model, people)
    assert found["physiotherapist", "capacity"] == found["physiotherapist", "used"] == 0
    usual = by_role(practices(england(people)), people)
    assert found["physiotherapist", "gave_up"] > usual["physiotherapist", "gave_up"]


def test_slots_moved_from_gps_to_pharmacists_move_contacts_and_some_requests() -> None:
    people = 10_000
    usual = by_role(practices(england(people)), people)
    moved = by_role(
        practices(england(people), gp__gp_factor=0.95, gp__pharmacist_factor=1.643), people
    )
    for role, more in (("gp", False), ("pharmacist", True)):
        before, after = (sum(run[role, f"seen {m}"] for m in MODES) for run in (usual, moved))
        assert (after > before) == more
    slots = [sum(run[role, "capacity"] for role in ROLES) for run in (usual, moved)]
    assert slots[1] == pytest.approx(slots[0], rel=0.002)
    still = replace(team(), asked=team(gp=0.95, pharmacist=1.643).asked)
    assert 1.0 < still.asked[PHARMACIST] / team().asked[PHARMACIST] < 1.643


def test_a_shift_to_the_telephone_shortens_contacts_and_frees_no_slot() -> None:
    people = 5_000
    usual, remote = (
        by_role(practices(england(people), gp__telephone_factor=factor), people)
        for factor in (1.0, 1.5)
    )
    assert remote["gp", "capacity"] == usual["gp", "capacity"]
    assert remote["gp", "seen telephone"] > 1.4 * usual["gp", "seen telephone"]
    assert remote[HOURS + "gp", "used"] < 0.95 * usual[HOURS + "gp", "used"]
    assert remote["all", "missed"] < usual["all", "missed"]


def test_hours_used_are_those_of_the_contacts_and_no_more_than_held() -> None:
    people = 20_000
    found = by_role(practices(england(people)), people)
    minutes = team().minutes
    for number, role in enumerate(ROLES):
        seen = np.array([found[role, f"seen {mode}"] for mode in MODES]) @ minutes[number]
        used, held = (found[HOURS + role, metric] for metric in ("used", "capacity"))
        assert seen / 60.0 <= used <= 1.05 * held  # how long they take is luck


def test_who_wants_help_today_is_seen_by_another_role_where_theirs_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = 5_000

    def turned_away() -> float:
        model = practices(england(people), gp__practice_nurse_factor=0.2)
        return by_role(model, people)["all", "turned_away"]

    found = turned_away()
    monkeypatch.setattr(practice_booking, "by_another_role", lambda *_: None)
    assert found < 0.9 * turned_away()


def test_a_check_fails_where_slots_are_given_twice() -> None:
    people = england(2_000)
    model, demand = practices(people), asking(people, 1.0)
    a_run(model, demand, 150)
    model.check(150)
    model.diary.booked[0, model.diary.index(120)] = model.diary.slots[0, model.diary.index(120)] + 1
    with pytest.raises(RuntimeError, match="do not have"):
        model.check(150)


def test_a_check_looks_at_every_day_however_often_slots_are_set_anew() -> None:
    people = england(2_000)
    model, demand = practices(people), asking(people, 1.0)
    diary = model.diary
    for day in range(-84, 200):
        if day == 100:  # fewer slots: what is booked beyond them is honoured
            model.change_capacity(0.5, day)
        if day == 150:
            model.change_capacity(1.0, day)
        model.day(day, demand.today(day)["practice_consultation"])
    fewer = slice(diary.index(100), diary.index(150))
    assert (diary.booked[:, fewer] > diary.slots[:, fewer]).any()
    model.check(200)
    early = diary.index(30)
    diary.booked[0, early] = diary.slots[0, early] + 1
    with pytest.raises(RuntimeError, match="do not have"):
        model.check(200)


def test_slots_that_a_design_takes_are_hours_of_its_staff() -> None:
    def hours(per_day: int) -> float:
        people = england(4_000)
        model, demand = practices(people, gp__capacity_factor=2.0), asking(people, 1.0)
        for day in range(-84, 60):
            model.ledger.on = day >= 0
            if day == 0:
                model.settle()
                model.ledger.take_month()
            if day >= 0:
                model.take_slots(np.arange(per_day), day, slots=1)
            model.day(day, demand.today(day)["practice_consultation"])
        model.settle()
        used = model.ledger.take_month()
        return sum(used["gp", HOURS + role, "used"] for role in OWN)

    taken = 10 * 59  # of which the last is for a day that has not come
    minutes = team().mean_minutes[: len(OWN)]
    more = hours(10) - hours(0)
    assert taken * minutes.min() / 60 * 0.95 < more < taken * minutes.max() / 60 * 1.05


def test_the_modes_of_every_role_are_shares() -> None:
    folder = Path(evidence().folder)
    with (folder / "practice_team.csv").open(encoding="utf-8") as lines:
        rows = {row["key"] for row in csv.DictReader(lines)}
    assert {f"mode.{mode}.{name}" for mode in OTHER_MODES for name in SHORT} <= rows
    for factors in ({}, {"telephone": 5.0, "online": 9.0}):
        modes = team(**factors).modes
        assert modes.sum(axis=1) == pytest.approx(np.ones(len(ROLES)))
        assert (modes >= -1e-12).all()
