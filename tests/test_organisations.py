"""Organisations as agents: each rule can be replaced, and replacing it moves what it decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
import simpy

import calibration
from agents.decisions import (
    RULES,
    AtEndOfPlan,
    Closing,
    FirstCome,
    FixedShare,
    HighestRiskFirst,
    NeverEscalate,
    ReferralOrder,
    Selection,
    SoonerWhenQueueing,
    SteadyDischarge,
)
from agents.luck import Luck
from agents.organisations import AcuteHospital, GeneralPractice, LinkWorkerService, TeamMeeting
from pathways.beds import Valves
from pathways.caseload import link_worker_days, link_workers
from pathways.journey import Services, link_worker_episode
from pathways.pools import usual_valves
from pathways.steps import Steps, Walk
from pathways.teams import Meeting
from sim.model import CareModel
from sim.spec import RunSpec
from tests.demand_fakes import england
from tests.hospital_world import World
from tests.small_runs import small_run
from tests.test_practice import a_run, asking, practices
from tests.test_teams import LINK_WORKERS, MEETINGS, arrivals, ledger, settings

FOLDER = Path(calibration.__file__).parent


# ---- practices ----


def practice_year(triage: Any, urgent: float | None = None) -> dict[str, float]:
    """A winter of practices under a rule; ``urgent`` replaces the share asked for on the day."""
    people = england(5_000)
    model = practices(people)
    if urgent is not None:
        kinds = model.diary.team.kinds.copy()  # same day, planned, first free slot
        more = kinds[:, 0] * (urgent / model.diary.rules.kinds[0] - 1.0)
        model.diary.team = replace(model.diary.team, kinds=kinds + np.outer(more, [1.0, 0.0, -1.0]))
    if triage is not None:
        model.diary.triage = triage
    return a_run(model, asking(people, 1.0), 150)


def test_practices_that_hold_nothing_back_turn_more_of_the_urgent_away() -> None:
    held, none = practice_year(None), practice_year(FirstCome())
    assert none["turned_away"] > 1.5 * held["turned_away"]


def test_practices_that_learn_turn_fewer_away_when_more_ask_for_the_day() -> None:
    learning, fixed = practice_year(None, 0.50), practice_year(FixedShare(0.45), 0.50)
    assert learning["turned_away"] < 0.9 * fixed["turned_away"]


# ---- hospital ----


def hospital(change: Callable[[Valves], Valves]) -> dict[str, float]:
    world = World(years=3)
    usual = usual_valves(world.hospital.rates, world.hospital.settings)
    for site in world.hospital.sites:
        site.beds.decider = change(usual)
    return world.run().figures()


@lru_cache(maxsize=1)
def usual_hospital() -> dict[str, float]:
    return hospital(lambda usual: usual)


def test_without_escalation_beds_more_people_wait_over_twelve_hours() -> None:
    never = hospital(lambda usual: replace(usual, escalation=NeverEscalate()))
    assert never["escalated share of nights"] == 0.0
    assert never["over 12 h"] > 1.2 * usual_hospital()["over 12 h"]


def test_without_quicker_discharge_a_full_hospital_is_fuller() -> None:
    steady = hospital(lambda usual: replace(usual, discharge=SteadyDischarge()))
    assert steady["mean boarding h"] > usual_hospital()["mean boarding h"]


# ---- link workers ----


@dataclass
class Referred:
    """Just enough of a person for a link worker."""

    row: int
    key: int


def link_worker_year(closing: Closing, demand: float) -> tuple[float, float]:
    """Return meetings for each person served, and the caseload's use."""
    env, book, chosen = simpy.Environment(), ledger(), settings(vcse__start_share=1.0)
    workers = link_workers(
        env, Luck(1), book, residents=50_000, fte=LINK_WORKERS, settings=chosen, contacts=6
    )
    workers.close_by(closing)
    nobody: Any = None
    shared = Services(
        practice=None, coordinators=workers, meeting=nobody, link_workers=workers,
        link_worker_days=link_worker_days(chosen), link_worker_contacts=6,
    )  # fmt: skip

    def referred(row: int, time: float) -> Steps[None]:
        yield env.timeout(time)
        person: Any = Referred(row, row)
        yield from link_worker_episode(env, shared, book, person)

    for row, time in enumerate(arrivals(3, 0.0108 * 50_000 * demand, 3 * 365)):
        Walk(referred(row, time))
    env.run(until=3 * 365)
    workers.settle()
    workers.check()
    met = float(book.activity["vcse_contacts"].sum())
    return met / book.tallies["vcse", "link worker", "served"], book.tallies[
        "vcse", "link worker", "used"
    ]


def test_link_workers_who_close_sooner_meet_each_person_less_and_keep_fewer() -> None:
    plan, sooner = AtEndOfPlan(), SoonerWhenQueueing(least=0.5, queue=0.05)
    full, early = link_worker_year(plan, 1.3), link_worker_year(sooner, 1.3)
    assert early[0] < 0.8 * full[0]
    assert early[1] < 0.9 * full[1]
    assert link_worker_year(plan, 0.5) == link_worker_year(sooner, 0.5)  # nobody waits


# ---- team meeting ----


def meeting_waits(selection: Selection) -> tuple[float, float]:
    """Return mean waits of people at high and at low risk."""
    env = simpy.Environment()
    meeting = Meeting(
        env, Luck(1), ledger(),
        residents=50_000, meetings=MEETINGS, settings=settings(),
    )  # fmt: skip
    meeting.need_of = lambda row: 0.9 if row % 2 else 0.1
    meeting.select_by(selection)
    waits: dict[int, list[float]] = {0: [], 1: []}

    def referred(row: int, time: float) -> Steps[None]:
        yield env.timeout(time)
        waits[row % 2].append((yield from meeting.discuss(row)))

    for row, time in enumerate(arrivals(5, 0.0039 * 50_000, 8 * 365)):
        Walk(referred(row, time))
    env.run(until=8 * 365)
    return float(np.mean(waits[1])), float(np.mean(waits[0]))


def test_the_meeting_takes_those_at_high_risk_first_or_all_in_turn() -> None:
    high, low = meeting_waits(HighestRiskFirst())
    assert high < 0.8 * low
    in_turn = meeting_waits(ReferralOrder())
    assert in_turn[0] == pytest.approx(in_turn[1], rel=0.15)
    assert high + low == pytest.approx(sum(in_turn), rel=0.25)  # no wait is lost, only moved


def test_a_queue_is_ordered_anew_when_the_rule_changes() -> None:
    env = simpy.Environment()
    meeting = Meeting(
        env, Luck(1), ledger(), residents=50_000, meetings=MEETINGS,
        settings=settings(mdt__cases=1.0, mdt__start_queue=0.0),
    )  # fmt: skip
    needs, order = [0.1, 0.2, 0.9], list[int]()
    meeting.need_of = lambda row: needs[row]

    def referred(row: int) -> Steps[None]:
        yield from meeting.discuss(row)
        order.append(row)

    for row in range(3):
        Walk(referred(row))
    meeting.select_by(HighestRiskFirst())
    env.run(until=120)
    assert order == [2, 1, 0]


# ---- in a run ----


def spec(effects: str = "none", chosen: dict[str, float] | None = None) -> RunSpec:
    name = "usual-care" if effects == "none" else "proactive-mltc"
    made = small_run(name, effects, population=600, seed=1, settings=chosen or {})
    if effects == "none":
        return made
    changes = made.design.changes | {"rules.mdt_selection": 1.0}
    return replace(made, design=replace(made.design, changes=changes))


def test_the_organisations_of_a_run_are_mesa_agents_whom_the_services_ask() -> None:
    model = CareModel(spec())
    organisations = model.services.organisations
    assert all(isinstance(one, mesa.Agent) for one in organisations.all)
    for kind in (GeneralPractice, AcuteHospital, LinkWorkerService, TeamMeeting):
        assert len(model.agents_by_type[kind]) == 1
    assert model.services.practices.diary.triage is organisations.practices
    assert all(
        site.beds.decider is organisations.hospital for site in model.services.hospital.sites
    )
    model.env.run(until=-80)
    assert (organisations.practices.held >= 0.45).all()  # it was asked


def test_an_experiment_chooses_every_rule() -> None:
    last = {f"rules.{kind}": len(rules) - 1.0 for kind, rules in RULES.items()}
    chosen = CareModel(spec(chosen=last)).services.organisations.chosen
    assert chosen == {kind: rules[-1].name for kind, rules in RULES.items()}
    usual = CareModel(spec()).services.organisations.chosen
    assert usual == {kind: rules[0].name for kind, rules in RULES.items()}


@pytest.mark.parametrize(("effects", "rule"), [("null", "referral-order"), ("inert", None)])
def test_a_design_replaces_a_rule_from_its_first_day_unless_it_is_inert(
    effects: str, rule: str | None
) -> None:
    model = CareModel(spec(effects))
    usual = RULES["mdt_selection"][0].name
    assert model.services.organisations.chosen["mdt_selection"] == usual
    model.env.run(until=1)
    assert model.services.organisations.chosen["mdt_selection"] == (rule or usual)
