"""Spells pass: they move admissions between months and people, and never the total."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from agents.segments import RiskModel
from pathways.calendar import YEAR
from pathways.clouds import Clouds
from pathways.demand import Demand
from pathways.points import Points
from pathways.processes import PROCESSES
from pathways.spells import Spells, passing_shapes
from tests.demand_fakes import EVIDENCE, england, evidence

Floats = npt.NDArray[np.float64]
NAME = "emergency_admission"
N = 30_000


def spells(n: int, days: float = 180.0, shape: float = 0.5) -> Spells:
    return Spells(Luck(1), np.arange(n), {0: shape}, days)


def clouds(n: int, with_spells: bool) -> Clouds:
    own = spells(n) if with_spells else None
    return Clouds(Luck(1), np.arange(n), ("rare", "other"), np.array([0.25, 2.0]), spells=own)


def demand(people: Population, sources: Evidence) -> Demand:
    return Demand(people, sources, Luck(3), date(2025, 4, 1))


def yearly(model: Demand, years: int, name: str = NAME) -> Floats:
    """Return admissions by year and person, (years, n)."""
    counts = np.zeros((years, len(model.population)))
    for day in range(years * YEAR):
        np.add.at(counts[day // YEAR], model.today(day)[name].rows, 1)
    return counts


def multipliers(model: Spells, n: int, year_share: float) -> Floats:
    """Return everyone's multiplier at a time of the year: what it divides heights of one by."""
    model.highest(0, np.arange(n))
    word = np.full(n, int(year_share * 2**32) << 32, np.uint64)
    points = Points(np.arange(n, dtype=np.int32), np.ones(n), word)
    model.stretch(points)
    return 1.0 / points.height


# ------------------------------------------------------------------ spells by themselves


def test_multipliers_are_gamma_with_mean_one_and_new_in_every_spell() -> None:
    n = 40_000
    model = spells(n)
    model.begin(0)
    highest = model.highest(0, np.arange(n))
    early, late = (multipliers(model, n, at) for at in (0.02, 0.98))
    assert early.mean() == pytest.approx(1, abs=0.03)
    assert early.var() == pytest.approx(2, rel=0.1)
    assert abs(np.corrcoef(early, late)[0, 1]) < 0.02
    assert (highest * (1 + 1e-12) >= np.maximum(early, late)).all()
    near = multipliers(model, n, 0.03)
    assert (near == early).mean() == pytest.approx(1 - 0.01 * YEAR / 180, abs=0.01)


def test_a_spell_goes_on_over_new_year() -> None:
    n = 5_000
    model, afresh = spells(n), spells(n)
    model.begin(-1)
    before = multipliers(model, n, 1 - 1e-9)
    model.begin(0)
    assert np.array_equal(before, multipliers(model, n, 0.0))
    afresh.begin(0)
    for at in (0.0, 0.3, 0.6, 0.99):
        assert np.array_equal(multipliers(model, n, at), multipliers(afresh, n, at))
    model.begin(-1)  # and back again
    assert np.array_equal(before, multipliers(model, n, 1 - 1e-9))


def test_spells_move_points_and_leave_their_number_and_other_processes() -> None:
    n = 40_000
    rates = np.stack([np.full(n, 0.2), np.full(n, 1.0)])
    plain, moved = clouds(n, with_spells=False), clouds(n, with_spells=True)
    for cloud in (plain, moved):
        cloud.begin(0, rates)
    before, after = plain.between(0, YEAR, rates), moved.between(0, YEAR, rates)
    counts = [np.bincount(each.cell[each.cell < n], minlength=n) for each in (before, after)]
    assert counts[1].sum() == pytest.approx(counts[0].sum(), rel=0.05)
    assert counts[0].var() / counts[0].mean() == pytest.approx(1, abs=0.04)
    assert counts[1].var() / counts[1].mean() > 1.1
    plain_others, others = (np.sort(each.word[each.cell >= n]) for each in (before, after))
    assert np.array_equal(plain_others, others)


def test_a_lower_rate_takes_points_away_and_moves_none_and_a_higher_adds() -> None:
    n = 4_000
    cloud = clouds(n, with_spells=True)
    low, high = (np.stack([np.full(n, rate), np.zeros(n)]) for rate in (0.5, 2.0))
    cloud.begin(0, high)
    all_of_high = set(cloud.between(0, YEAR, high).word.tolist())
    of_low = set(cloud.between(0, YEAR, low).word.tolist())
    assert of_low < all_of_high
    again = clouds(n, with_spells=True)
    again.begin(0, low)
    again.raise_to(high, np.arange(n), 0)
    assert set(again.between(0, YEAR, high).word.tolist()) == all_of_high
    assert set(again.between(0, YEAR, low).word.tolist()) == of_low


def test_only_services_with_a_row_have_spells() -> None:
    names = list(PROCESSES)
    assert [names[number] for number in passing_shapes(evidence(), PROCESSES)] == [NAME]


# ------------------------------------------------------------------ what they are for


def test_people_admitted_twice_fall_back_further_when_most_of_it_passes() -> None:
    shapes = "baseline_demand.emergency_admission."
    for_life = {
        f"{shapes}person_gamma_shape.all": 0.3,
        f"{shapes}person_passing_shape.all": 1e6,
    }
    left, twice = {}, {}
    for name, sources in (
        ("passing", evidence()),
        ("lasting", Evidence(EVIDENCE, for_life)),
    ):
        model = demand(england(N), sources)
        first, second = yearly(model, 2)
        picked = first >= 2
        twice[name] = picked.mean()
        left[name] = second[picked].mean() / second.mean()
    assert twice["passing"] == pytest.approx(twice["lasting"], rel=0.35)
    assert left["passing"] < 0.6 * left["lasting"]


def test_care_takes_the_same_admissions_from_those_in_a_spell() -> None:
    usual, cared_for = (demand(england(3_000), evidence()) for _ in range(2))
    cared_for.factor[NAME][:] = 0.5
    cared_for.refresh(np.arange(3_000), 0)
    before, after = yearly(usual, 1), yearly(cared_for, 1)
    assert (after <= before).all()
    assert 0.3 < after.sum() / before.sum() < 0.7


def test_the_tool_learns_less_from_past_admissions_than_lasting_luck_would_tell() -> None:
    risk = RiskModel.of(evidence())
    assert 0 < risk.lasting < risk.spread
    one = risk.score(np.array([70.0]), np.array([2]), np.array([1], np.int8), np.array([1]))
    none = risk.score(np.array([70.0]), np.array([2]), np.array([1], np.int8), np.array([0]))
    odds = [float(chance[0] / (1 - chance[0])) for chance in (one, none)]
    assert 1.2 < odds[0] / odds[1] < 2.2


def test_the_risk_model_predicts_next_year_from_last_without_bias() -> None:
    sources = evidence()
    model, risk = demand(england(2 * N), sources), RiskModel.of(sources)
    own = model._table[list(PROCESSES).index(NAME), model._cells]
    first, second = yearly(model, 2)
    learnt = 1.0 + risk.lasting * (first - own) / (1.0 + risk.spread * own)
    for admissions in (0, 1, 2):
        rows = first == admissions if admissions < 2 else first >= 2
        expected = (own * learnt)[rows].sum()
        assert second[rows].sum() == pytest.approx(expected, rel=0.05 + 3 / np.sqrt(expected))
