"""Diagnosis: sooner with more contact, no fewer in all; case finding finds what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.diagnoses import DELAY
from agents.diagnosis import contact_delay
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
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
