"""Components of designs: overlap, places, detection, shifts, maturity, offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

import calibration
from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.components import KINDS, Discharge, Maturity, SameDay, Shift, StepDown, VirtualWard
from pathways.components.base import Floats, Scene, take_places
from pathways.components.parameters import RANGES
from pathways.effects import floored
from pathways.ledger import Ledger
from pathways.stays import VisitPlans

EVIDENCE = Evidence(Path(calibration.__path__[0]) / "evidence")
PEOPLE = 1000


@dataclass
class FakeScene:
    """A run with as many people as rows, nobody of whom has any attribute."""

    population: Population = field(default_factory=lambda: cast(Population, None))
    luck: Luck = field(default_factory=lambda: Luck(1, 0))
    ledger: Ledger = field(default_factory=lambda: Ledger(PEOPLE, on=True))
    residents: int = PEOPLE
    slots: int = 0

    def use_slots(self, rows: npt.NDArray[np.int64]) -> None:
        self.slots += len(rows)

    def found(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> None:
        pass


@dataclass
class FakeReached:
    """Everybody is reached."""

    sizes: Mapping[str, float]
    rows: npt.NDArray[np.bool_] = field(default_factory=lambda: np.ones(PEOPLE, np.bool_))
    share: Floats = field(default_factory=lambda: np.ones(PEOPLE))
    ends: Floats = field(default_factory=lambda: np.empty(0))


def scene() -> FakeScene:
    return FakeScene()


def arrivals(process: str) -> dict[str, Arrivals]:
    rows = np.arange(PEOPLE)
    keys = np.arange(PEOPLE).astype(np.uint64) * np.uint64(77) + np.uint64(5)
    return {process: Arrivals(rows, np.linspace(0.0, 0.99, PEOPLE), keys)}


SHIFT = Shift(name="hub", process="ed_attendance", to="pharmacy_contacts", share=0.4, slots=1)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_effects_on_one_rate_multiply_but_stop_at_the_floor(share: float) -> None:
    single = np.array([0.9, 0.7, 0.3])
    both = floored(single * single, single, 0.5)
    assert both == pytest.approx([0.81, 0.5, 0.3])
    assert floored(single, single, share) == pytest.approx(single)


def test_a_shift_counts_its_contacts_and_takes_away_only_what_it_replaces() -> None:
    here = scene()
    left = SHIFT.divert(here, 0, arrivals("ed_attendance"), FakeReached({"replaces": 0.5}))
    contacts = here.ledger.activity["pharmacy_contacts"].sum()
    assert contacts == pytest.approx(400, abs=60)
    assert here.slots == contacts
    assert PEOPLE - len(left["ed_attendance"]) == pytest.approx(contacts / 2, abs=50)


def test_a_shift_without_effect_adds_contacts_and_moves_nothing() -> None:
    before = arrivals("ed_attendance")
    left = SHIFT.divert(scene(), 0, before, FakeReached({}))
    assert np.array_equal(left["ed_attendance"].keys, before["ed_attendance"].keys)


def test_more_substitution_takes_away_the_same_events_and_others() -> None:
    few = SHIFT.divert(scene(), 0, arrivals("ed_attendance"), FakeReached({"replaces": 0.3}))
    more = SHIFT.divert(scene(), 0, arrivals("ed_attendance"), FakeReached({"replaces": 0.8}))
    assert set(more["ed_attendance"].rows) < set(few["ed_attendance"].rows)


def test_of_two_that_take_the_same_events_each_takes_its_share_of_what_the_other_leaves() -> None:
    """Overlap of events: shares multiply, in either order, and never take more than all."""
    desk = Shift(name="desk", process="ed_attendance", to="urgent_response", share=0.5)
    left = []
    for parts in ((SHIFT, desk), (desk, SHIFT)):
        here, events = scene(), arrivals("ed_attendance")
        for part in parts:
            events = part.divert(here, 0, events, FakeReached({"replaces": 1.0}))
        left.append(set(events["ed_attendance"].rows.tolist()))
    assert left[0] == left[1]
    assert len(left[0]) / PEOPLE == pytest.approx(0.6 * 0.5, abs=0.05)


def test_a_ward_gives_no_more_places_than_it_has() -> None:
    reached = FakeReached({})
    got = take_places(reached, 3.0, np.linspace(0.0, 0.1, 10), np.full(10, 5.0))
    assert got.tolist() == [True] * 3 + [False] * 7
    assert take_places(reached, 3.0, np.array([6.0]), np.array([5.0])).all()


@pytest.mark.parametrize("avoids", [0.0, 0.4, 1.0])
def test_a_full_ward_refuses_and_avoids_nothing_for_those_refused(avoids: float) -> None:
    ward = VirtualWard(name="ward", share=1.0, places_per_10000=100.0, days=9.0)
    here = scene()
    left = ward.divert(here, 0, arrivals("emergency_admission"), FakeReached({"avoids": avoids}))
    assert here.ledger.activity["virtual_ward_refused"].sum() == PEOPLE - 10
    assert here.ledger.activity["virtual_ward_days"].sum() == pytest.approx(90)
    assert PEOPLE - len(left["emergency_admission"]) == pytest.approx(10 * avoids, abs=4)


def plans() -> VisitPlans:
    delay = np.where(np.arange(PEOPLE) % 4 == 0, 5.0, 0.0)
    return VisitPlans(
        hours=np.ones(PEOPLE),
        short=np.arange(PEOPLE) % 3 == 0,
        rounds=6.0 + delay,
        delay=delay,
        leaves=np.full(PEOPLE, 0.5),
        again=np.full(PEOPLE, np.inf),
        patience=np.full(PEOPLE, np.inf),
    )


def rows_and_keys() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    events = arrivals("x")["x"]
    return events.rows, events.keys


def test_discharge_cuts_delays_and_nothing_but_delays() -> None:
    part, reached = Discharge(name="home", share=1.0), FakeReached({"delay": -0.8})
    after = part.change_stays(scene(), *rows_and_keys(), plans(), reached)
    long = ~plans().short
    assert after.delay[long] == pytest.approx(plans().delay[long] * 0.2)
    assert (after.rounds - after.delay)[long] == pytest.approx(np.full(long.sum(), 6.0))
    assert np.array_equal(after.rounds[~long], plans().rounds[~long])


def test_step_down_shortens_stays_with_a_night_and_counts_days_at_home() -> None:
    here, part = scene(), StepDown(name="down", share=0.5, days=4.0)
    after = part.change_stays(here, *rows_and_keys(), plans(), FakeReached({"stay": -0.25}))
    shorter = after.rounds < plans().rounds
    assert not (shorter & plans().short).any()
    assert here.ledger.activity["virtual_ward_days"].sum() == 4 * shorter.sum()


def test_same_day_care_sends_home_its_share_and_none_without_effect() -> None:
    part = SameDay(name="sdec", share=0.5)
    effect = part.change_stays(scene(), *rows_and_keys(), plans(), FakeReached({"same_day": 1.0}))
    none = part.change_stays(scene(), *rows_and_keys(), plans(), FakeReached({}))
    assert effect.short.sum() > plans().short.sum() + 200
    assert np.array_equal(none.short, plans().short)


def test_maturity_grows_by_quarter_and_place_and_enablers_hold_it_back() -> None:
    plain = Maturity(name="m", levels=(1, 4), by_place={"tilbury": (0, 2)})
    assert [plain.share(day, "dengie", EVIDENCE) for day in (0, 90, 92, 3000)] == [0.25, 0.25, 1, 1]
    assert [plain.share(day, "tilbury", EVIDENCE) for day in (0, 92)] == [0.0, 0.5]
    held = Maturity(name="m", levels=(4,), enablers={"a": "red", "b": "green"})
    assert held.share(0, "dengie", EVIDENCE) == pytest.approx(0.75)


def test_every_kind_says_what_it_is_and_a_scene_is_a_scene() -> None:
    assert len(KINDS) >= 12
    assert all(kind.about and name == kind.kind for name, kind in KINDS.items())
    assert all(limits.low < limits.high and limits.unit for limits in RANGES.values())
    here: Scene = scene()
    assert here.residents == PEOPLE
