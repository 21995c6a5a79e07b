"""A small calibration for tests: its plan, and a simulator of which the answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration.matching.fit import Problem
from calibration.matching.plan import Plan, plan_of
from calibration.matching.simulator import Counted, Size, Trial
from experiments.catalogue import EVIDENCE, PARAMETERS, installed

TINY = Size(lives=1000, residents=1500, newborns=500)


def plan(place: str = "southwark", **changes: object) -> Plan:
    made = plan_of(
        installed().load_place(place), evidence=EVIDENCE, base=PARAMETERS, seed=3, quick=True
    )
    small: dict[str, object] = {
        "size": TINY,
        "first": 24,
        "later": 10,
        "verified": 6,
        "steps": 200,
        "draws": 2,
    }
    return replace(made, **(small | changes))  # type: ignore[arg-type]


def linear(problem: Problem) -> Callable[[Trial], Counted]:
    """Return a simulator in which each figure follows one parameter, true at its start + 20%."""
    keys = [one.key for one in problem.free]

    def simulate(trial: Trial) -> Counted:
        random = np.random.default_rng(trial.luck)
        values = {
            goal.name: goal.value * (1 + 0.5 * np.log(trial.numbers[keys[place % len(keys)]] / 1.2))
            + random.normal(0, 0.02 * goal.value)
            for place, goal in enumerate(problem.goals)
        }
        return Counted(values, dict.fromkeys(values, 0.0), 0.01)

    return simulate
