"""The queue against theory, against a plain sorted queue and against SimPy's own."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, factorial
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from pathways.queue_figures import QueueFigures
from pathways.queues import Places, Turn
from pathways.steps import Steps, Walk

PLACES = 4
SERVICE = 1.0  # mean length of a stay
PATIENCE = 2.0


def busy_queue(
    seed: int,
    *,
    rate: float,
    arrivals: int,
    patience: float | None = None,
    urgent: float = 0.0,
) -> tuple[list[float], list[float], QueueFigures]:
    """Return waits of urgent and of other arrivals after a warm-up, and the figures."""
    dice = np.random.default_rng(seed)
    gaps, stays = dice.exponential(1 / rate, arrivals), dice.exponential(SERVICE, arrivals)
    limits = dice.exponential(patience or 1.0, arrivals)
    first = dice.random(arrivals) < urgent
    env = simpy.Environment()
    places = Places(env, PLACES)
    waits: tuple[list[float], list[float]] = ([], [])

    def one(number: int) -> Steps[None]:
        asked = env.now
        with places.request(priority=0 if first[number] else 1) as turn:
            yield turn if patience is None else turn | env.timeout(limits[number])
            if turn.held:
                if number > arrivals // 10:
                    waits[0 if first[number] else 1].append(env.now - asked)
                yield env.timeout(stays[number])

    def feed() -> Steps[None]:
        for number in range(arrivals):
            yield env.timeout(gaps[number])
            Walk(one(number))

    Walk(feed())
    env.run()
    places.check()
    assert places.littles_law_error() < 1e-9
    return waits[0], waits[1], places.figures()


def erlang_c(servers: int, load: float) -> float:
    """Return the chance of waiting in M/M/c."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


def giving_up_share(servers: int, rate: float, patience: float) -> float:
    """Return the share who give up in M/M/c+M, from its stationary distribution."""
    weights = [1.0]
    for n in range(1, 400):
        leaving = min(n, servers) / SERVICE + max(n - servers, 0) / patience
        weights.append(weights[-1] * rate / leaving)
    queue = sum(max(n - servers, 0) * weight for n, weight in enumerate(weights)) / sum(weights)
    return queue / patience / rate


def agrees(runs: Sequence[float | np.floating[Any]], theory: float) -> bool:
    """Say whether ``theory`` lies in the 99% interval of the runs' mean."""
    seen = np.array(runs, np.float64)
    mean, error = seen.mean(), seen.std(ddof=1) / np.sqrt(len(seen))
    return bool(abs(mean - theory) <= student.ppf(0.995, len(seen) - 1) * error)


LENGTHS = [
    pytest.param(12, 4_000, id="modest"),
    pytest.param(20, 60_000, id="long", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("runs", "arrivals"), LENGTHS)
def test_waits_follow_erlang_c(runs: int, arrivals: int) -> None:
    rate = 3.0
    waits = [np.mean(busy_queue(s, rate=rate, arrivals=arrivals)[1]) for s in range(runs)]
    theory = erlang_c(PLACES, rate) * SERVICE / (PLACES - rate)
    assert agrees(waits, theory)
    assert not agrees(waits, 1.5 * theory)


@pytest.mark.parametrize(("runs", "arrivals"), LENGTHS)
def test_urgent_people_wait_as_theory_of_two_priorities_says(runs: int, arrivals: int) -> None:
    rate, urgent = 3.2, 0.4
    results = [busy_queue(s, rate=rate, arrivals=arrivals, urgent=urgent) for s in range(runs)]
    base = erlang_c(PLACES, rate) * SERVICE / PLACES
    load = rate * SERVICE / PLACES
    assert agrees([np.mean(first) for first, _, _ in results], base / (1 - urgent * load))
    assert agrees(
        [np.mean(rest) for _, rest, _ in results],
        base / ((1 - urgent * load) * (1 - load)),
    )


@pytest.mark.parametrize(("runs", "arrivals"), LENGTHS)
def test_as_many_give_up_as_theory_of_patience_says(runs: int, arrivals: int) -> None:
    rate = 5.0  # more than can be served: only giving up keeps the queue finite
    figures = [
        busy_queue(s, rate=rate, arrivals=arrivals, patience=PATIENCE)[2] for s in range(runs)
    ]
    assert agrees([f.gave_up / f.arrived for f in figures], giving_up_share(PLACES, rate, PATIENCE))


def test_occupied_time_is_load_times_span() -> None:
    figures = busy_queue(3, rate=3.0, arrivals=40_000)[2]
    assert figures.occupied_time / figures.place_time == pytest.approx(0.75, rel=0.03)
    assert figures.served == figures.arrived == 40_000


def by_simpy(plan: list[tuple[float, int, float]]) -> list[int]:
    env = simpy.Environment()
    resource = simpy.PriorityResource(env, 2)
    order: list[int] = []

    def one(number: int, asked: float, priority: int, stay: float) -> Steps[None]:
        yield env.timeout(asked)
        with resource.request(priority=priority) as turn:
            yield turn
            order.append(number)
            yield env.timeout(stay)

    for number, facts in enumerate(plan):
        env.process(one(number, *facts))
    env.run()
    return order


def by_places(plan: list[tuple[float, int, float]]) -> list[int]:
    env = simpy.Environment()
    places = Places(env, 2)
    order: list[int] = []

    def one(number: int, asked: float, priority: int, stay: float) -> Steps[None]:
        yield env.timeout(asked)
        with places.request(priority=priority) as turn:
            yield turn
            order.append(number)
            yield env.timeout(stay)

    for number, facts in enumerate(plan):
        Walk(one(number, *facts))
    env.run()
    return order


@pytest.mark.parametrize("seed", range(5))
def test_people_are_served_in_the_order_of_simpys_priority_resource(seed: int) -> None:
    dice = np.random.default_rng(seed)
    plan = [
        (float(asked), int(priority), float(stay))
        for asked, priority, stay in zip(
            dice.random(300), dice.integers(0, 3, 300), dice.exponential(0.01, 300), strict=True
        )
    ]
    assert by_places(plan) == by_simpy(plan)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.integers(0, 3)),
            st.tuples(st.just("release"), st.integers(0, 50)),
            st.tuples(st.just("capacity"), st.integers(0, 4)),
        ),
        max_size=60,
    )
)
def test_any_sequence_of_requests_releases_and_capacities_equals_a_plain_sorted_queue(
    steps: list[tuple[str, int]],
) -> None:
    places = Places(simpy.Environment(), 2)
    capacity = 2
    turns: list[Turn] = []
    held: set[int] = set()
    queue: list[tuple[int, int]] = []
    for kind, number in steps:
        if kind == "ask":
            queue.append((number, len(turns)))
            turns.append(places.request(priority=number))
        elif kind == "capacity":
            places.capacity = capacity = number
        elif turns:
            gone = number % len(turns)
            turns[gone].release()
            held.discard(gone)
            queue = [(priority, who) for priority, who in queue if who != gone]
        queue.sort()
        while queue and len(held) < capacity:
            held.add(queue.pop(0)[1])
        assert {who for who, turn in enumerate(turns) if turn.held} == held
        assert {who for who, turn in enumerate(turns) if turn.waits} == {w for _, w in queue}
        places.check()


def test_a_smaller_capacity_sends_nobody_away_and_a_larger_one_serves_the_queue() -> None:
    places = Places(simpy.Environment(), 3)
    turns = [places.request() for _ in range(5)]
    places.capacity = 1
    assert [turn.held for turn in turns] == [True, True, True, False, False]
    turns[0].release()
    assert not turns[3].held
    assert places.in_use == 2
    places.capacity = 4
    assert [turn.held for turn in turns[1:]] == [True, True, True, True]


def test_a_walk_that_is_broken_off_gives_back_its_place_and_its_turn_in_the_queue() -> None:
    env = simpy.Environment()
    places = Places(env, 1)
    ended: list[str] = []

    def one(name: str) -> Steps[None]:
        with places.request() as turn:
            yield turn
            yield env.timeout(10)
        ended.append(name)

    holder, waiter, last = (Walk(one(name)) for name in ("holder", "waiter", "last"))
    env.run(until=1)
    waiter.stop()
    holder.stop()
    env.run()
    assert ended == ["last"]
    assert last.over
    assert places.in_use == places.waiting == 0
    assert places.figures().gave_up == 1


@pytest.mark.parametrize("wrong", [-1, 2.5])
def test_a_capacity_that_is_no_number_of_places_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Places(simpy.Environment(), wrong)  # type: ignore[arg-type]


def test_check_notices_a_lost_person() -> None:
    places = Places(simpy.Environment(), 1)
    places.request()
    places.request()
    places.waiting = 0
    with pytest.raises(RuntimeError, match="lost people"):
        places.check()


def test_figures_since_an_earlier_look_cover_only_the_time_between() -> None:
    env = simpy.Environment()
    places = Places(env, 2)
    turn = places.request()
    env.run(until=4)
    before = places.figures()
    turn.release()
    env.run(until=10)
    later = places.figures().since(before)
    assert (before.place_time, before.occupied_time) == (8.0, 4.0)
    assert (later.place_time, later.occupied_time) == (12.0, 0.0)
    assert (later.span, later.served) == (6.0, 0)


def test_the_formulae_used_here_give_published_values() -> None:
    # Erlang C with 2 servers at load 1 is 1/3; M/M/1+M with equal rates abandons 1/e.
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert giving_up_share(1, 1.0, SERVICE) == pytest.approx(exp(-1))


# ---- guests ----


@given(
    st.lists(
        st.tuples(st.floats(0.0, 10.0), st.floats(0.01, 4.0), st.booleans()),
        max_size=30,
    ),
    st.integers(0, 3),
    st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_guests_have_the_times_that_processes_have(
    visits: list[tuple[float, float, bool]], before: int, after: int
) -> None:
    """Some visits as guests, some as turns: as if all were turns; capacity changes on day 5."""

    def run(some_are_guests: bool) -> tuple[list[tuple[int, float]], QueueFigures]:
        env = simpy.Environment()
        places = Places(env, before)
        ended: list[tuple[int, float]] = []
        places.goes = lambda guest, now: ended.append((guest.who, now))

        def one(number: int, time: float, stay: float) -> Steps[None]:
            yield env.timeout(time)
            with places.request() as turn:
                yield turn
                yield env.timeout(stay)
            ended.append((number, env.now))

        def change() -> Steps[None]:
            yield env.timeout(5.0)
            places.capacity = after

        Walk(change())
        for number, (time, stay, guest) in enumerate(visits):
            if guest and some_are_guests:
                places.expect(time, stay, number)
            else:
                Walk(one(number, time, stay))
        env.run(until=40.0)
        figures = places.figures()
        places.check()
        assert places.littles_law_error() < 1e-9
        return sorted(ended), figures

    times = [round(time, 6) for time, *_ in visits]
    if len(set(times)) < len(times):
        return  # who comes first at the same time is left open
    (one_end, one), (other_end, other) = run(True), run(False)
    assert [number for number, _ in one_end] == [number for number, _ in other_end]
    assert [when for _, when in one_end] == pytest.approx([when for _, when in other_end])
    for name in ("arrived", "served", "waited", "occupied_time", "queue_time", "place_time"):
        assert getattr(one, name) == pytest.approx(getattr(other, name)), name


@given(
    st.lists(
        st.tuples(st.floats(0.0, 10.0), st.floats(0.01, 4.0), st.floats(0.01, 4.0), st.booleans()),
        max_size=30,
    ),
    st.integers(0, 3),
)
@settings(deadline=None)
def test_guests_leave_when_their_patience_is_over_as_processes_would(
    visits: list[tuple[float, float, float, bool]], capacity: int
) -> None:
    def run(some_are_guests: bool) -> tuple[list[tuple[int, float]], QueueFigures]:
        env = simpy.Environment()
        places = Places(env, capacity)
        ended: list[tuple[int, float]] = []
        places.goes = lambda guest, now: ended.append((guest.who, now))

        def one(number: int, time: float, stay: float, patience: float) -> Steps[None]:
            yield env.timeout(time)
            with places.request() as turn:
                if turn.waits:
                    yield turn | env.timeout(patience)
                if turn.held:
                    yield env.timeout(stay)
            ended.append((number, env.now))

        def open_at_last() -> Steps[None]:
            yield env.timeout(90.0)
            places.capacity = 1

        Walk(open_at_last())
        for number, (time, stay, patience, guest) in enumerate(visits):
            if guest and some_are_guests:
                places.expect(time, stay, number, time + patience)
            else:
                Walk(one(number, time, stay, patience))
        env.run(until=1_000.0)
        figures = places.figures()
        places.check()
        assert places.littles_law_error() < 1e-9
        return sorted(ended), figures

    moments = [round(one, 6) for time, _, patience, _ in visits for one in (time, time + patience)]
    if len(set(moments)) < len(moments):
        return  # who is first at the same time is left open
    (one_end, one), (other_end, other) = run(True), run(False)
    assert [number for number, _ in one_end] == [number for number, _ in other_end]
    assert [when for _, when in one_end] == pytest.approx([when for _, when in other_end])
    assert len(one_end) == len(visits)
    for name in ("arrived", "served", "gave_up", "waited", "occupied_time", "queue_time"):
        assert getattr(one, name) == pytest.approx(getattr(other, name)), name


def test_a_guest_who_is_let_go_frees_the_place_or_leaves_the_queue() -> None:
    env = simpy.Environment()
    places = Places(env, 1)
    first, second, third = (places.expect(time, 5.0, None) for time in (0.1, 0.2, 0.3))
    env.run(until=1.0)
    assert (places.in_use, places.waiting) == (1, 2)
    places.let_go(second)
    assert (places.in_use, places.waiting) == (1, 1)
    places.let_go(first)
    assert third.held
    assert (places.in_use, places.waiting) == (1, 0)
    env.run(until=7.0)
    assert places.in_use == 0
    places.check()
