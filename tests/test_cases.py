"""Usual care's cases end with the people they are of."""

from __future__ import annotations

import numpy as np
import simpy

from agents.luck import Luck
from pathways.caseload import coordinators, link_worker_days, link_workers
from pathways.journey import Services, link_worker_episode
from pathways.ledger import Ledger
from pathways.steps import Steps
from pathways.teams import Meeting
from sim.cases import Cases
from sim.model import CareModel
from tests.small_runs import small_run
from tests.test_teams import LINK_WORKERS, MEETINGS, settings


class Referred:
    """Somebody whom usual care refers."""

    def __init__(self, row: int) -> None:
        self.row = self.key = row


def a_meeting(env: simpy.Environment, book: Ledger) -> Meeting:
    return Meeting(env, Luck(1), book, residents=50_000, meetings=MEETINGS, settings=settings())


def test_who_dies_before_the_meeting_is_not_discussed_and_frees_the_slot() -> None:
    def discussed(dead: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        env, book, cases = simpy.Environment(), Ledger(100, on=True), Cases()
        meeting = a_meeting(env, book)
        for row in range(20):
            cases.open(row, meeting.discuss(row))
        env.run(until=1)
        cases.leave(dead)
        env.run(until=30)
        meeting.check()
        return book.activity["mdt_reviews"].copy()

    everyone, without = discussed([]), discussed([0, 1, 2, 99])
    assert everyone[:3].sum() == 3.0
    assert without[:3].sum() == 0.0
    assert without.sum() == everyone.sum()  # the next in the queue are taken instead


def test_a_link_workers_episode_ends_with_the_person_and_gives_the_place_back() -> None:
    env, book, cases = simpy.Environment(), Ledger(10, on=True), Cases()
    plain = settings(vcse__start_share=1.0)
    workers = link_workers(
        env, Luck(1), book, residents=50_000, fte=LINK_WORKERS, settings=plain, contacts=6
    )
    services = Services(
        practice=None,
        coordinators=coordinators(
            env, Luck(1), book, residents=50_000, fte=1.0, settings=settings()
        ),
        meeting=a_meeting(env, book),
        link_workers=workers,
        link_worker_days=link_worker_days(plain),
        link_worker_contacts=6,
    )
    for row in (1, 2):
        cases.open(row, link_worker_episode(env, services, book, Referred(row)))  # type: ignore[arg-type]
    while not book.activity["vcse_contacts"][2]:
        env.step()
    met = book.activity["vcse_contacts"][2]
    cases.leave([2])
    env.run(until=env.now + 300)
    assert book.activity["vcse_contacts"][2] == met
    assert book.activity["vcse_contacts"][1] > met
    workers.check()


def test_cases_that_are_over_are_forgotten_when_the_next_one_opens() -> None:
    env, cases, seen = simpy.Environment(), Cases(), []

    def visit(name: str) -> Steps[None]:
        yield env.timeout(1.0)
        seen.append(name)

    cases.open(5, visit("first"))
    env.run(until=2)
    cases.open(5, visit("second"))
    cases.open(5, visit("third"))
    cases.leave([5])
    env.run(until=9)
    assert seen == ["first"]


def test_in_a_run_cases_end_with_those_who_die_or_move_away() -> None:
    model, ended = CareModel(small_run("usual-care", "none", population=500, years=1, seed=3)), []

    def case() -> Steps[None]:
        try:
            yield model.env.timeout(1_000.0)
        finally:
            ended.append(model.env.now)

    model._cases.open(7, case())
    model._gone(np.array([8]))
    assert not ended
    model._gone(np.array([7]))
    assert ended
