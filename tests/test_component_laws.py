"""What a component moves, what it cannot touch, and what happens beyond its capacity."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agents.evidence import Evidence
from experiments.catalogue import installed
from experiments.designs import load_design
from experiments.resolving import resolve
from pathways.design import Design
from sim.model import simulate
from sim.spec import RunSpec
from tests.test_design_laws import spec_of
from tests.test_model import AMPLE, EVIDENCE, people_of

SEEDS = (1, 2, 3)
# What none of these designs acts on: who falls ill of what, and who dies when.
HEALTH = ["person", "year", "died", "onsets", "conditions_end", "diagnosed_end", "days_alive"]
# A design, what its mechanism lowers in its plan, and what it has nothing to do with.
MOVES = (
    ("care-home-service", "emergency_admissions", "talking_therapy_contacts"),
    ("essex-specialty-pathways", "outpatient_follow_up", "ambulance_incidents"),
    ("home-ward-rapid-response", "emergency_admissions", "outpatient_follow_up"),
    ("intermediate-care-at-home", "emergency_bed_days", "day_cases"),
    ("urgent-care-centres", "ae_attendances", "day_cases"),
)


# Few live in care homes, and a ward at home has 2 places for 10,000 people: in fewer residents
# there is nobody, or not one place, to see it by.
MANY = {"care-home-service": 30_000, "home-ward-rapid-response": 8_000}


@lru_cache(maxsize=64)
def table_of(design: str, effects: str, seed: int, people: int = 1_500) -> pd.DataFrame:
    """Return the person-years of a small run with more capacity than anybody asks for."""
    spec = spec_of(design, effects, people=people)
    return people_of(simulate(replace(spec, seed=seed, settings=AMPLE)))


@pytest.mark.slow
@pytest.mark.parametrize(("design", "lowered", "untouched"), MOVES)
def test_a_component_moves_what_it_says_over_seeds_and_not_what_it_cannot_touch(
    design: str, lowered: str, untouched: str
) -> None:
    changes = []
    for seed in SEEDS:
        people = MANY.get(design, 1_500)
        usual = table_of("usual-care", "none", seed, people)
        plan = table_of(design, "plan", seed, people)
        pd.testing.assert_frame_equal(usual[HEALTH], plan[HEALTH])
        pd.testing.assert_series_equal(usual[untouched], plan[untouched])
        changes.append(float(plan[lowered].sum() - usual[lowered].sum()))
    assert np.mean(changes) < 0.0
    assert sum(change < 0.0 for change in changes) >= 2


def test_visits_seen_to_elsewhere_leave_health_as_it_was() -> None:
    """The quick one of the laws above."""
    usual, plan = table_of("usual-care", "none", 1), table_of("urgent-care-centres", "plan", 1)
    pd.testing.assert_frame_equal(usual[HEALTH], plan[HEALTH])
    assert plan["ae_attendances"].sum() < 0.9 * usual["ae_attendances"].sum()
    assert plan["urgent_response"].sum() > usual["urgent_response"].sum()


# ---- beyond capacity ----


def with_invitations(times: float) -> Design:
    plain = load_design("proactive-mltc", Evidence(EVIDENCE))
    assert plain.reach is not None
    many = plain.reach.invitations_per_10000_a_year * times
    return replace(plain, reach=replace(plain.reach, invitations_per_10000_a_year=many))


def waits_of(spec: RunSpec) -> float:
    """Return the days that people waited for a coordinator's place, added up."""
    tables = [pd.DataFrame(part) for part in simulate(spec).waits]
    waits = pd.concat([table[table["service"] == "care_coordination"] for table in tables])
    return float((waits["wait_days"] * waits["count"]).sum() / waits["count"].sum())


def waits_with_invitations(times: float, seed: int, people: int = 1_500) -> float:
    """Return the mean wait where coordinators are few and invitations ``times`` the design's."""
    spec = spec_of("proactive-mltc", "null", people=people)
    few = {"care_coordination.coordinators_per_10000": 0.8}
    return waits_of(replace(spec, design=with_invitations(times), settings=few, seed=seed))


def test_doubling_coverage_beyond_capacity_raises_waits() -> None:
    """Few coordinators, then twice the invitations and more: those taken in wait longer."""
    assert waits_with_invitations(2.0, 11) > 1.2 * waits_with_invitations(0.5, 11)


@pytest.mark.slow
def test_doubling_coverage_beyond_capacity_raises_waits_over_seeds() -> None:
    """Exactly twice, paired by seed: the interval of the difference leaves out nought."""
    pairs = [
        (waits_with_invitations(1.0, seed), waits_with_invitations(2.0, seed))
        for seed in range(1, 11)
    ]
    longer = [twice - once for once, twice in pairs]
    interval = stats.ttest_1samp(longer, 0.0).confidence_interval(0.99)
    assert interval.low > 0.0, pairs
    assert sum(days > 0.0 for days in longer) >= 9, pairs  # by chance once in ninety


# ---- everywhere ----


def test_every_design_is_valid_in_every_place() -> None:
    catalogue = installed()
    table = {
        "name": "everything",
        "place": list(catalogue.places),
        "population": 500,
        "design": [{"use": name} for name in catalogue.designs],
    }
    experiment = resolve(table, catalogue, where="test")
    assert len(experiment.places) == len(catalogue.places) >= 35
    assert len(experiment.arms) == len(catalogue.designs) >= 41


def test_the_programme_of_essex_counts_its_workforce_once() -> None:
    """Posts stand in the lines of the initiatives; transition holds what is no workforce."""
    evidence = Evidence(EVIDENCE)
    design = load_design("essex-programme", evidence)
    names = [
        "essex-frailty-end-of-life",
        "essex-ltc",
        "essex-specialty-pathways",
        "essex-urgent-care",
        "essex-common-offer",
        "gp-capacity-release",
    ]
    posts = sum(cost.fte_per_10000 for cost in design.costs if cost.kind == "recurrent")
    apart = [load_design(name, evidence) for name in names]
    each = [cost for one in apart for cost in one.costs if cost.kind == "recurrent"]
    assert posts == pytest.approx(sum(cost.fte_per_10000 for cost in each))
    once = sum(
        c.amount for c in design.costs if c.unit == "GBP per resident once" and "other" in c.line
    )
    total = evidence.value(
        "plan_targets", topic="pump_priming", item="total transition costs, three years"
    )
    workforce = 14.0 + 8.0 + 0.5
    assert once * 1.2 == pytest.approx(total - workforce, abs=0.2)
