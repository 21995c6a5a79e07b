"""Waits in a bed for a place outside, and end-of-life care's part in where people die."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import calibration
from agents.evidence import Evidence
from agents.luck import Luck
from pathways.leaving import PREFIX, WaitForPlace, turn_of
from pathways.light_places import Places
from sim.last_days import LastDays, chance_without, met, with_odds

EVIDENCE = Path(calibration.__file__).parent / "evidence"
SHARES = {f"{PREFIX}packages": 0.3, f"{PREFIX}homes": 0.5, "delay.longest_for_place": 20.0}


@dataclass
class Service:
    places: int
    in_use: int
    waiting: int = 0


def waits(packages: Service, homes: Service) -> WaitForPlace:
    services = {"packages": packages, "homes": homes}
    return WaitForPlace(Luck(1, 0), services, {"packages": 100.0, "homes": 40.0}, SHARES)


def test_a_turn_comes_when_those_before_have_had_theirs() -> None:
    assert turn_of(Service(10, 9), 40.0) == 0.0
    assert turn_of(Service(10, 10), 40.0) == pytest.approx(4.0)  # one leaves every 4 days
    assert turn_of(Service(10, 10, waiting=2), 40.0) == pytest.approx(12.0)
    assert turn_of(Service(0, 0), 40.0) == np.inf


def test_delayed_people_wait_for_services_in_their_shares() -> None:
    free = waits(Service(10, 0), Service(10, 0))
    found = [free.service_of(key) for key in Luck(1, 0).words("k", np.arange(4000)).tolist()]
    assert found.count("packages") / 4000 == pytest.approx(0.3, abs=0.03)
    assert found.count("homes") / 4000 == pytest.approx(0.5, abs=0.03)
    assert found.count(None) / 4000 == pytest.approx(0.2, abs=0.03)


def test_only_the_wait_beyond_the_planned_delay_is_added_up_to_the_longest() -> None:
    keys = Luck(1, 0).words("k", np.arange(50)).tolist()
    free, full = waits(Service(9, 0), Service(9, 0)), waits(Service(10, 10), Service(10, 10, 1))
    shut = waits(Service(0, 0), Service(0, 0))
    wait = {"packages": 10.0, "homes": 8.0, None: 0.0}
    for key in keys:
        name = free.service_of(key)
        assert free.beyond(key, 3.0) == 0.0
        assert full.beyond(key, 3.0) == pytest.approx(max(wait[name] - 3.0, 0.0))
        assert shut.beyond(key, 3.0) == (0.0 if name is None else 17.0)
        assert shut.beyond(key, 30.0) == 0.0


@given(st.floats(0.01, 0.99), st.floats(0.0, 1.0), st.floats(0.2, 5.0))
def test_the_mean_chance_is_kept_whatever_share_has_care(
    mean: float, covered: float, ratio: float
) -> None:
    without = chance_without(mean, covered, ratio)
    assert 0.0 < without < 1.0
    together = (1.0 - covered) * without + covered * with_odds(without, ratio)
    assert together == pytest.approx(mean)


def test_end_of_life_care_that_closes_leaves_fewer_deaths_at_home() -> None:
    last = LastDays.of(Evidence(EVIDENCE), Luck(1, 0))
    people = np.arange(40_000)
    half = Places(5, asked=10, served=5, gave_up=5)
    usual = Places(5, asked=100, served=93, gave_up=7)
    shut = Places(0, asked=10, gave_up=10)
    chance = [float(last.at_home(people, one).mean()) for one in (usual, half, shut)]
    assert chance[0] == pytest.approx(0.45, abs=0.003)  # as published
    assert chance[0] > chance[1] > chance[2] == pytest.approx(last.without)
    assert last.without < 0.41
    assert met(Places(3)) == 1.0
    # Nobody who dies at home without the service would not have done so with it.
    assert (last.at_home(people, shut) <= last.at_home(people, usual)).all()
