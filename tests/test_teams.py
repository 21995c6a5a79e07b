"""MDT meetings and caseloads: against slotted-queue theory, and what must not be lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import simpy

from agents.decisions import HighestRiskFirst
from agents.evidence import Evidence
from agents.faults import BadInput
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.caseload import Caseload, coordinators, link_worker_days, link_workers
from pathways.ledger import Ledger
from pathways.steps import Steps, Walk
from pathways.teams import Meeting, team_settings

EVIDENCE = Path(__file__).resolve().parents[1] / "calibration" / "evidence"
MEETINGS = 5.0  # a year per 10,000
LINK_WORKERS = 0.45  # FTE per 10,000
REVIEWS = 0.0035  # referrals a head and year in usual care
REFERRALS = 0.011


def settings(**changes: float) -> dict[str, float]:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return team_settings(Evidence(EVIDENCE), named)


def ledger(people: int = 50_000) -> Ledger:
    return Ledger(people, on=True)


def arrivals(seed: int, rate: float, days: float) -> list[float]:
    """Return Poisson times between 0 and ``days``, ``rate`` a year."""
    dice = np.random.default_rng(seed)
    times: list[float] = np.sort(dice.random(dice.poisson(rate * days / YEAR)) * days).tolist()
    return times


def run_meetings(
    *,
    demand: float = 1.0,
    years: int = 20,
    residents: int = 50_000,
    seed: int = 1,
    **changes: float,
) -> tuple[Meeting, Ledger, list[float]]:
    env = simpy.Environment()
    book = ledger(residents)
    meeting = Meeting(
        env, Luck(seed), book,
        residents=residents, meetings=MEETINGS, settings=settings(**changes),
    )  # fmt: skip
    waits: list[float] = []

    def referred(row: int, time: float) -> Steps[None]:
        yield env.timeout(time)
        waits.append((yield from meeting.discuss(row)))

    for row, time in enumerate(arrivals(seed, REVIEWS * residents * demand, years * YEAR)):
        Walk(referred(row % residents, time))
    env.run(until=years * YEAR)
    meeting.settle()
    meeting.check()
    return meeting, book, waits


def slotted_wait(rate: float, slots: int, days: float) -> float:
    """Return the mean wait when up to ``slots`` are taken every ``days`` (bulk service)."""
    mean, size = rate * days, 400
    come = np.exp(-mean + np.cumsum(np.log(mean / np.arange(1, size))))
    come = np.concatenate([[np.exp(-mean)], come])
    queue = np.zeros(size)
    queue[0] = 1.0
    for _ in range(3_000):
        before = np.convolve(queue, come)[:size]
        queue = np.concatenate([[before[: slots + 1].sum()], before[slots + 1 :], np.zeros(slots)])
    left = float(np.arange(size) @ queue)
    return (left + mean / 2.0) / rate


def test_waits_for_a_meeting_follow_the_theory_of_slotted_service() -> None:
    waits = [np.mean(run_meetings(seed=seed, years=40)[2]) for seed in range(8)]
    theory = slotted_wait(REVIEWS * 50_000 / YEAR, 8, YEAR / 25)
    assert np.mean(waits) == pytest.approx(theory, rel=0.06)


@pytest.mark.parametrize(("demand", "weeks"), [(0.9, 1.3), (1.0, 1.7), (1.1, 4.0)])
def test_weeks_to_discussion_respond_to_demand_as_in_the_closure(
    demand: float, weeks: float
) -> None:
    runs = [run_meetings(demand=demand, seed=seed)[2] for seed in range(6)]
    assert np.mean([np.mean(waits) / 7 for waits in runs]) == pytest.approx(weeks, rel=0.3)


def test_without_room_the_queue_grows_without_end_and_more_slots_end_it() -> None:
    short, _, early = run_meetings(demand=1.3, years=5)
    longer, _, later = run_meetings(demand=1.3, years=10)
    assert longer.teams[0].waiting > 1.5 * short.teams[0].waiting > 30
    assert np.mean(later) > 1.5 * np.mean(early)
    assert run_meetings(demand=1.3, years=5, mdt__capacity_factor=2.0)[0].teams[0].waiting < 20


def test_doubled_slots_change_nothing_where_nobody_waits_for_one() -> None:
    one = run_meetings(demand=0.3, years=5, mdt__start_queue=0.0)[2]
    two = run_meetings(demand=0.3, years=5, mdt__start_queue=0.0, mdt__capacity_factor=2.0)[2]
    assert one == two


def test_a_small_place_waits_like_a_whole_neighbourhood() -> None:
    small = [np.mean(run_meetings(residents=5_000, seed=s, years=40)[2]) for s in range(4)]
    whole = [np.mean(run_meetings(seed=s, years=10)[2]) for s in range(4)]
    assert np.mean(small) == pytest.approx(np.mean(whole), rel=0.25)


def test_a_meeting_counts_each_discussion_and_the_room_there_was() -> None:
    meeting, book, waits = run_meetings(years=2)
    assert book.activity["mdt_reviews"].sum() == len(waits)
    assert book.tallies["mdt", "cases", "served"] == len(waits)
    held = meeting.teams[0].held_sessions
    assert held in (49, 50)  # the last meeting falls on the last moment
    assert book.tallies["mdt", "cases", "capacity"] == held * 8
    room, discussed = meeting.units
    assert (room, discussed) == (held * 8, meeting.teams[0].slots_used)


def test_those_at_highest_risk_are_discussed_first() -> None:
    env = simpy.Environment()
    meeting = Meeting(
        env, Luck(1), ledger(),
        residents=50_000, meetings=MEETINGS, settings=settings(mdt__cases=1.0),
    )  # fmt: skip
    needs = [0.1, 0.8, 0.2, 0.9]
    meeting.need_of = lambda row: needs[row]
    meeting.select_by(HighestRiskFirst())
    order: list[int] = []

    def referred(row: int) -> Steps[None]:
        yield from meeting.discuss(row)
        order.append(row)

    for row in range(len(needs)):
        Walk(referred(row))
    env.run(until=200)
    assert order[:2] == [3, 1]


def run_link_workers(
    *, demand: float = 1.0, years: int = 8, seed: int = 1, residents: int = 50_000, **changes: float
) -> tuple[Caseload, Ledger]:
    env = simpy.Environment()
    book = ledger(residents)
    chosen = settings(**changes)
    workers = link_workers(
        env, Luck(seed), book, residents=residents, fte=LINK_WORKERS, settings=chosen
    )
    stay = link_worker_days(chosen)

    def referred(row: int, time: float) -> Steps[None]:
        yield env.timeout(time)
        turn = yield from workers.join(row, key=row)
        if turn is not None:
            with turn:
                yield env.timeout(stay)

    for row, time in enumerate(arrivals(seed, REFERRALS * residents * demand, years * YEAR)):
        Walk(referred(row, time))
    env.run(until=years * YEAR)
    workers.settle()
    workers.check()
    return workers, book


def mean_wait(book: Ledger, service: str) -> float:
    return float(np.mean(book.take_waits()[service][1]))


@pytest.mark.parametrize(("demand", "weeks"), [(0.9, 0.6), (1.0, 0.7), (1.1, 1.3)])
def test_weeks_for_a_link_worker_respond_to_demand_as_in_the_closure(
    demand: float, weeks: float
) -> None:
    waits = [mean_wait(run_link_workers(demand=demand, seed=s)[1], "vcse") / 7 for s in range(4)]
    assert np.mean(waits) == pytest.approx(weeks, abs=0.3)


def test_link_workers_are_as_busy_as_the_evidence_says() -> None:
    book = run_link_workers()[1]
    used, capacity = (book.tallies["vcse", "link worker", name] for name in ("used", "capacity"))
    assert used / capacity == pytest.approx(0.87, abs=0.04)


def test_one_in_five_referrals_does_not_start_and_everyone_is_accounted_for() -> None:
    workers, book = run_link_workers(demand=1.4)
    count = {
        name: book.tallies.get(("vcse", "link worker", name), 0.0)
        for name in ("arrivals", "turned_away", "gave_up", "served")
    }
    assert count["turned_away"] / count["arrivals"] == pytest.approx(0.2, abs=0.03)
    assert count["gave_up"] > 50
    waiting = workers.places.waiting
    assert sum(count.values()) - 2 * count["arrivals"] == pytest.approx(-waiting, abs=0.5)


def test_twice_the_referrals_bring_waits_and_not_twice_the_support() -> None:
    _, once = run_link_workers(demand=1.0)
    _, twice = run_link_workers(demand=2.0)
    served = [book.tallies["vcse", "link worker", "served"] for book in (once, twice)]
    assert served[1] < 1.2 * served[0]
    assert mean_wait(twice, "vcse") > 5 * mean_wait(once, "vcse")


def test_recruits_take_people_on_when_they_arrive() -> None:
    env = simpy.Environment()
    book = ledger()
    chosen = settings(care_coordination__open_per_fte=1.0)
    workers = coordinators(env, Luck(1), book, residents=10_000, fte=1.0, settings=chosen)
    workers.change([(20.0, 3), (10.0, 2)])
    began: list[float] = []

    def accepted(row: int) -> Steps[None]:
        turn = yield from workers.join(row, key=row)
        if turn is not None:
            began.append(env.now)
            with turn:
                yield env.timeout(1_000)

    for row in range(3):
        Walk(accepted(row))
    env.run(until=30)
    assert began == [0.0, 10.0, 20.0]


def test_who_dies_while_waiting_leaves_the_queue() -> None:
    env = simpy.Environment()
    workers = coordinators(env, Luck(1), ledger(), residents=10_000, fte=0.0, settings=settings())

    def accepted() -> Steps[None]:
        yield from workers.join(0, key=0)

    walk = Walk(accepted())
    assert workers.places.waiting == 1
    walk.stop()
    assert workers.places.waiting == 0
    workers.check()


def test_unknown_and_negative_settings_are_refused_together() -> None:
    with pytest.raises(BadInput) as caught:
        settings(mdt__casses=8.0, vcse__patience=-1.0)
    assert [fault.key for fault in caught.value.faults] == ["mdt.casses", "vcse.patience"]
    assert "mdt.cases" in caught.value.faults[0].remedy


def test_discussions_and_first_meetings_are_in_the_event_log() -> None:
    env, book = simpy.Environment(), Ledger(10, on=True, keep_events=True)
    meeting = Meeting(env, Luck(1), book, residents=50_000, meetings=MEETINGS, settings=settings())
    workers = link_workers(
        env,
        Luck(1),
        book,
        residents=50_000,
        fte=LINK_WORKERS,
        settings=settings(vcse__start_share=1.0),
    )
    Walk(meeting.discuss(3))
    Walk(joined(workers, 4))
    env.run(until=100)
    told = {service: (rows.tolist(), waits) for _, service, event, rows, waits in book.events}
    assert {service: rows for service, (rows, _) in told.items()} == {"mdt": [3], "vcse": [4]}
    assert told["mdt"][1] > 0.0


def joined(workers: Caseload, row: int) -> Steps[None]:
    turn = yield from workers.join(row, key=row)
    assert turn is not None
