"""The palliative care register: ill and frail people, and a size that is published."""

from __future__ import annotations

import numpy as np
import pytest

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from agents.palliative import FROM, LIFE_LIMITING, on_register
from agents.population import Population
from agents.rule_columns import NAMES, columns_of
from agents.rules import Rule
from calibration.close import people_of
from calibration.derive import DEFAULT, EVIDENCE
from experiments.places import load_place


@pytest.fixture(scope="module")
def people() -> Population:
    evidence = Evidence(EVIDENCE)
    tables = DiseaseTables.load(DEFAULT)
    england = load_place("england", evidence)
    return people_of(england, 20_000, luck=Luck(4), evidence=evidence, tables=tables)


def test_the_register_is_of_the_published_size(people: Population) -> None:
    published = Evidence(EVIDENCE).value(
        "place_health", place="england", condition="palliative_care"
    )
    here = np.flatnonzero(people.present(0.0))
    assert 100 * on_register(people, here).mean() == pytest.approx(published, abs=0.15)


def test_it_holds_ill_people_and_more_of_the_frail(people: Population) -> None:
    on = on_register(people)
    columns = [people.conditions.index(name) for name in LIFE_LIMITING]
    ill = people.diagnosed[:, columns].any(axis=1)
    assert not (on & ~ill).any()
    frail = people.frailty >= 2
    assert on[ill & frail].mean() > 2 * on[ill & ~frail].mean()


def test_people_come_on_as_they_become_frailer_and_stay(people: Population) -> None:
    before = on_register(people)
    kept = people.frailty.copy()
    people.frailty[:] = 3
    after = on_register(people)
    people.frailty[:] = kept
    assert after[before].all()
    assert after.sum() > before.sum()


def test_a_rule_may_exclude_them(people: Population) -> None:
    rule = Rule.parse("not palliative", where="test", names=[*NAMES])
    rows = rule.rows(columns_of(people, 0.0))
    assert rows.sum() == len(people) - on_register(people).sum()
    del people.extra[FROM]
    assert not on_register(people).any()
