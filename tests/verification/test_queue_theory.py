"""Each kind of capacity, fed with Poisson arrivals, waits as queueing theory says it must.

Twenty long runs each; the theoretical mean must lie in their 99% interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import factorial

import numpy as np
import pytest
from simpy import Environment, Event

from pathways.calendar import YEAR
from pathways.light_places import Places as LightPlaces
from pathways.light_places import Stay
from pathways.queues import Places
from pathways.steps import Walk
from tests.test_teams import REVIEWS, run_meetings, slotted_wait

RUNS, T_99 = 20, 2.861  # two-sided 99% of Student's t with 19 degrees of freedom


def erlang_c(servers: int, offered: float) -> float:
    """Return the chance of waiting in M/M/c at ``offered`` Erlangs."""
    below = sum(offered**k / factorial(k) for k in range(servers))
    last = offered**servers / factorial(servers) * servers / (servers - offered)
    return last / (below + last)


def abandoning(servers: int, arrive: float, serve: float, leave: float) -> tuple[float, float]:
    """Return the share that gives up and the mean queue of M/M/c+M, from its birth and death."""
    weights, queue = [1.0], [0]
    for n in range(1, servers + 400):
        rate = min(n, servers) * serve + max(n - servers, 0) * leave
        weights.append(weights[-1] * arrive / rate)
        queue.append(max(n - servers, 0))
    share = np.array(weights) / np.sum(weights)
    mean_queue = float(share @ np.array(queue))
    return leave * mean_queue / arrive, mean_queue


def agrees(run: Callable[[int], float], theory: float) -> None:
    """Assert that the mean of the runs is the theory's, within their 99% interval."""
    found = np.array([run(seed) for seed in range(RUNS)])
    error = found.std(ddof=1) / np.sqrt(RUNS)
    assert abs(found.mean() - theory) < T_99 * error, (found.mean(), theory, error)
    assert error < 0.2 * theory  # the interval must be able to catch a wrong queue


def light_queue(seed: int, *, patience: float, n: int = 12_000) -> LightPlaces:
    """Return light places after ``n`` Poisson arrivals at 4 a day to 5 places of a day each."""
    random = np.random.default_rng(seed)
    asked = np.cumsum(random.exponential(0.25, n))
    days, until = random.exponential(1.0, n), asked + random.exponential(patience, n)
    places = LightPlaces(5)
    stays = [Stay(-1, 0, *one) for one in zip(asked, days, until, strict=True)]
    begin = 0
    for day in range(int(asked[-1]) + 1):
        end = int(np.searchsorted(asked, day + 1.0))
        places.pass_until(day + 1.0, stays[begin:end])
        begin = end
    places.check()
    return places


@pytest.mark.slow
def test_light_places_wait_as_in_m_m_c() -> None:
    def wait(seed: int) -> float:
        places = light_queue(seed, patience=1e9)
        return places.waited / places.served

    agrees(wait, erlang_c(5, 4.0) / (5.0 - 4.0))


@pytest.mark.slow
def test_light_places_lose_as_in_m_m_c_with_patience() -> None:
    def share(seed: int) -> float:
        places = light_queue(seed, patience=2.0)
        return places.gave_up / places.asked

    agrees(share, abandoning(5, 4.0, 1.0, 0.5)[0])


@pytest.mark.slow
def test_a_loss_system_refuses_as_erlang_b() -> None:
    def share(seed: int) -> float:
        places = light_queue(seed, patience=1e-12)
        return places.gave_up / places.asked

    below = sum(4.0**k / factorial(k) for k in range(6))
    agrees(share, 4.0**5 / factorial(5) / below)


def event_queue(
    seed: int, *, high: float = 0.0, patience: float = np.inf, n: int = 12_000
) -> dict[float, list[float]]:
    """Return the waits by priority of ``Places``: 4 arrivals a day, 5 places of a day each.

    A share ``high`` has priority 0 and the others 1; who gives up has a wait of nan.
    """
    random = np.random.default_rng(seed)
    env = Environment()
    places = Places(env, 5)
    waits: dict[float, list[float]] = {0.0: [], 1.0: []}
    facts = zip(
        np.cumsum(random.exponential(0.25, n)).tolist(),
        random.exponential(1.0, n).tolist(),
        (random.random(n) >= high).astype(float).tolist(),
        random.exponential(1.0, n).tolist(),
        strict=True,
    )

    def visit(at: float, stay: float, priority: float, will: float) -> Iterator[Event]:
        yield env.timeout(at)
        with places.request(priority) as turn:
            if turn.waits and patience < np.inf:
                yield turn | env.timeout(will * patience)
            else:
                yield turn
            if not turn.held:
                waits[priority].append(np.nan)
                return
            waits[priority].append(env.now - at)
            yield env.timeout(stay)

    for fact in facts:
        Walk(visit(*fact))  # type: ignore[arg-type]
    env.run()
    places.check()
    assert places.littles_law_error() < 1e-9
    return waits


@pytest.mark.slow
def test_places_wait_as_in_m_m_c() -> None:
    agrees(lambda seed: float(np.mean(event_queue(seed)[1.0])), erlang_c(5, 4.0))


@pytest.mark.slow
@pytest.mark.parametrize("priority", [0.0, 1.0])
def test_two_priorities_wait_as_cobham_says(priority: float) -> None:
    high, load = 0.4, 0.8
    first = erlang_c(5, 4.0) / 5.0 / (1.0 - high * load)
    theory = first if priority == 0.0 else first / (1.0 - load)
    agrees(lambda seed: float(np.mean(event_queue(seed, high=high)[priority])), theory)


@pytest.mark.slow
def test_places_are_left_as_in_m_m_c_with_patience() -> None:
    def share(seed: int) -> float:
        return float(np.isnan(event_queue(seed, patience=2.0)[1.0]).mean())

    agrees(share, abandoning(5, 4.0, 1.0, 0.5)[0])


@pytest.mark.slow
def test_guests_leave_unseen_as_in_m_m_c_with_patience() -> None:
    """As minor cases of an emergency department, whose stay and patience are known beforehand."""

    def share(seed: int, n: int = 12_000) -> float:
        random = np.random.default_rng(seed)
        env = Environment()
        places = Places(env, 5)
        times, stays, will = (random.exponential(mean, n) for mean in (0.25, 1.0, 2.0))
        for time, stay, patience in zip(np.cumsum(times), stays, will, strict=True):
            places.expect(time, stay, None, time + patience)
        env.run(until=float(times.sum()) + 50.0)
        places.check()
        assert places.littles_law_error() < 1e-9
        return places.figures().gave_up / n

    agrees(share, abandoning(5, 4.0, 1.0, 0.5)[0])


@pytest.mark.slow
def test_a_team_meeting_waits_as_in_slotted_service() -> None:
    theory = slotted_wait(REVIEWS * 50_000 / YEAR, 8, YEAR / 25)
    agrees(lambda seed: float(np.mean(run_meetings(seed=seed, years=60)[2])), theory)
