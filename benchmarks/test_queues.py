"""Queue cycles a second with a backlog, beside SimPy's own priority resource.

A cycle is one person who asks, waits, is served and leaves. Run with
``pytest benchmarks/test_queues.py``; nothing here can fail for being slow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import simpy

from pathways.queues import Places
from pathways.steps import Steps, Walk

PRIORITIES = 5
Start = Callable[[simpy.Environment, Steps[None]], object]


def walk(_: simpy.Environment, steps: Steps[None]) -> Walk:
    return Walk(steps)


def process(env: simpy.Environment, steps: Steps[None]) -> simpy.Process:
    return env.process(steps)


def backlog(env: simpy.Environment, resource: Any, waiting: int, start: Start) -> simpy.Environment:
    """Return the environment with ``waiting`` people in the queue and one a day to come."""

    def one(number: int) -> Steps[None]:
        with resource.request(priority=number % PRIORITIES) as turn:
            yield turn
            yield env.timeout(1.0)

    def feed() -> Steps[None]:
        number = 0
        while True:
            start(env, one(number))
            number += 1
            yield env.timeout(1.0)

    for number in range(waiting):
        start(env, one(number))
    start(env, feed())
    env.run(until=1)
    return env


@pytest.mark.parametrize("waiting", [0, 100, 10_000, 100_000])
def test_queue_cycles(benchmark: Any, waiting: int) -> None:
    def queue() -> simpy.Environment:
        env = simpy.Environment()
        return backlog(env, Places(env, 1), waiting, walk)

    report(benchmark, queue, cycles=20_000)


@pytest.mark.parametrize("waiting", [0, 1_000])
def test_queue_cycles_of_simpy(benchmark: Any, waiting: int) -> None:
    def queue() -> simpy.Environment:
        env = simpy.Environment()
        return backlog(env, simpy.PriorityResource(env, 1), waiting, process)

    report(benchmark, queue, cycles=200)


def report(benchmark: Any, queue: Callable[[], simpy.Environment], cycles: int) -> None:
    """Time ``cycles`` days of a queue made beforehand; put cycles a second beside."""

    def setup() -> tuple[tuple[simpy.Environment], dict[str, object]]:
        return (queue(),), {}

    def serve(env: simpy.Environment) -> None:
        env.run(until=env.now + cycles)

    benchmark.pedantic(serve, setup=setup, rounds=3)
    if benchmark.stats is not None:
        benchmark.extra_info["cycles_per_second"] = round(cycles / benchmark.stats.stats.min)
