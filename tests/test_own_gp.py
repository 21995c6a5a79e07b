"""Continuity as it is: who sees their own GP how often, and what a causal share makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from agents.evidence import Evidence
from agents.luck import Luck
from pathways.effects import ADMITTED
from pathways.own_gp import OwnGp, admissions, own_gp
from pathways.practice_team import MODES
from tests.demand_fakes import england, evidence
from tests.test_practice import asking, practices

CAUSAL = "design_settings.continuity.causal_share"


def index(list_size: float = 9_900.0, practices: int = 40) -> tuple[np.ndarray, OwnGp]:
    people = england(20_000, n_practices=practices)
    people.entry_day[:] = np.minimum(people.entry_day, 0.0)
    return people.age(0.0), own_gp(people, Luck(3), evidence(), list_size)


def test_older_people_see_their_own_gp_more_often_by_what_was_published() -> None:
    age, own = index()
    old = age >= 60
    gap = own.index[old].mean() - own.index[~old].mean()
    assert gap == pytest.approx(0.082, abs=0.03)  # several conditions add a little
    assert own.index[old].mean() == pytest.approx(0.62, abs=0.03)
    assert ((own.index >= 0.0) & (own.index <= 1.0)).all()


def test_people_of_practices_with_long_lists_see_their_own_gp_less_often() -> None:
    small, large = (index(size)[1].index.mean() for size in (5_000.0, 20_000.0))
    assert small - large == pytest.approx(0.11, abs=0.01)


def test_practices_and_people_differ_as_the_spreads_say() -> None:
    people = england(20_000, n_practices=40)
    own = own_gp(people, Luck(3), evidence(), 9_900.0)
    means = [own.beyond[people.practice == number].mean() for number in range(40)]
    assert np.std(means) == pytest.approx(0.09, abs=0.03)


def test_usual_continuity_moves_no_admission_unless_a_share_of_it_is_a_cause() -> None:
    _, own = index()
    assert admissions(own, evidence()) is None
    found = admissions(own, Evidence(evidence().folder, {CAUSAL: 1.0}))
    assert found is not None
    process, factor = found
    assert process == ADMITTED
    assert factor.mean() == pytest.approx(1.0)
    assert np.corrcoef(factor, own.beyond)[0, 1] < -0.95
    assert factor.std() > 0.001


def test_contacts_with_ones_own_gp_follow_the_index_and_what_a_design_adds() -> None:
    people = england(5_000)
    shares = []
    for change in (None, np.full(len(people), 0.2)):
        model, demand = practices(people), asking(people, 1.0)
        model.record.own_gp = np.full(len(people), 0.5)
        model.record.own_gp_change = change
        model.ledger.on = True
        for day in range(120):
            model.day(day, demand.today(day)["practice_consultation"])
        model.settle()
        told = model.ledger.take_month()
        seen = sum(told["gp", "gp", f"seen {mode}"] for mode in MODES)
        shares.append(told["gp", "gp", "own_gp"] / seen)
    assert shares == pytest.approx([0.5, 0.7], abs=0.02)
