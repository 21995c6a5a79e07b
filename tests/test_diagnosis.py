"""Diagnosis: sooner with more contact, no fewer in all; case finding finds what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.diagnoses import DELAY
from agents.diagnosis import contact_delay, find_cases
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.health_events import DIAGNOSIS
from agents.luck import Luck
from agents.population import Population
from calibration.bare_people import england
from calibration.prevalence import population_shares

FOLDER = Path(calibration.__file__).parent
EVIDENCE, TABLES = FOLDER / "evidence", FOLDER / "parameters" / "default"
N = 30_000


def lived(*, by_contact: bool) -> tuple[Population, Health]:
    evidence, tables = Evidence(EVIDENCE), DiseaseTables.load(TABLES)
    people = england(tables.conditions, population_shares(evidence), N, risks=tables.risks)
    if by_contact:
        people.extra[DELAY] = contact_delay(people.person, Luck(4), evidence)
    health = Health(people, tables, Luck(4))
    health.live_to_entry()
    return people, health


def test_delays_average_one_and_are_shorter_for_those_seen_often() -> None:
    evidence = Evidence(EVIDENCE)
    person = np.arange(200_000)
    delay = contact_delay(person, Luck(1), evidence)
    assert delay.mean() == pytest.approx(1, abs=0.03)
    score = Luck(1).normals("demand.personal.practice_consultation", person)
    assert np.corrcoef(delay, score)[0, 1] < -0.3
    none = Evidence(EVIDENCE, {"diagnosis.delay.power_of_contact": 0.0})
    assert (contact_delay(person, Luck(1), none) == 1).all()


def test_contact_moves_diagnoses_between_people_but_not_their_number() -> None:
    plain, _ = lived(by_contact=False)
    people, _ = lived(by_contact=True)
    assert np.array_equal(plain.has, people.has)  # who is ill does not depend on who knows
    delay = people.extra[DELAY].astype(float)
    slow = delay > np.median(delay)
    for name in ("hypertension", "type_2_diabetes", "ckd"):
        column = people.conditions.index(name)
        known = people.diagnosed[:, column].sum() / plain.diagnosed[:, column].sum()
        assert known == pytest.approx(1, abs=0.035), name
        share = [
            people.diagnosed[who & people.has[:, column], column].mean() for who in (slow, ~slow)
        ]
        assert share[1] > share[0] + 0.03, name


def test_case_finding_raises_registers_and_not_illness() -> None:
    people, health = lived(by_contact=False)
    column = people.conditions.index("hypertension")
    rows = np.flatnonzero(people.age(0.0) >= 40)
    sees = Luck(9).uniforms("check", people.person[rows]) < 0.5
    ill, known = people.has.copy(), people.diagnosed.copy()
    hidden = ill[rows, column] & ~known[rows, column]
    new = find_cases(health, people, rows, "hypertension", sees=sees, day=10.0)
    assert np.array_equal(people.has, ill)
    assert np.array_equal(new, rows[hidden & sees])
    assert (people.diagnosed[:, column] & ~known[:, column]).sum() == new.size > 100
    assert (people.diagnosis_day[new, column] == 10.0).all()
    events = health.advance(400.0)
    again = events.rows[(events.kinds == DIAGNOSIS) & (events.conditions == column)]
    assert not set(again.tolist()) & set(new.tolist())  # nobody is diagnosed twice
    assert not find_cases(
        health, people, new, "hypertension", sees=np.ones(new.size, bool), day=11
    ).size


def test_an_unknown_condition_is_named() -> None:
    people, health = lived(by_contact=False)
    with pytest.raises(ValueError, match="gout"):
        find_cases(health, people, np.arange(3), "gout", sees=np.ones(3, bool), day=0.0)
