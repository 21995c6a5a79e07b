"""Morris screening: trajectories through a grid, and the effect of each step (Morris 1991)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.luck import Luck

Floats = npt.NDArray[np.float64]
LEVELS = 4  # of the grid; a step is two thirds of a range
STEP = LEVELS / (2.0 * (LEVELS - 1))


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Morris' trajectories: from point to point one factor moves by one step.

    ``points`` are (trajectories, factors + 1, factors), between 0 and 1; ``moved`` are
    (trajectories, factors), which factor each step moves.
    """

    points: Floats
    moved: npt.NDArray[np.int64]


def trajectories(factors: int, count: int, seed: int) -> Trajectories:
    """Return ``count`` trajectories through a grid of ``LEVELS`` levels.

    Morris (1991): starts, order and directions are random; each step is ``STEP`` long.
    """
    luck, who = Luck(seed), np.arange(factors)
    points = np.empty((count, factors + 1, factors))
    moved = np.empty((count, factors), np.int64)
    lowest = np.arange(LEVELS // 2) / (LEVELS - 1)
    for number in range(count):
        start = lowest[(luck.uniforms("morris.start", who, number) * len(lowest)).astype(np.int64)]
        up = luck.uniforms("morris.up", who, number) < 0.5
        moved[number] = np.argsort(luck.uniforms("morris.order", who, number))
        here = np.where(up, start, start + STEP)
        points[number, 0] = here
        for step, factor in enumerate(moved[number], 1):
            here = here.copy()
            here[factor] += STEP if up[factor] else -STEP
            points[number, step] = here
    return Trajectories(points, moved)


def elementary_effects(ways: Trajectories, values: Floats) -> Floats:
    """Return each factor's effect in each trajectory, per whole range.

    Parameters
    ----------
    values : (trajectories, factors + 1), the model at ``ways.points``

    Returns
    -------
    (trajectories, factors)
    """
    effects = np.empty(ways.moved.shape)
    rows = np.arange(len(ways.moved))
    for step in range(ways.moved.shape[1]):
        factor = ways.moved[:, step]
        walked = ways.points[rows, step + 1, factor] - ways.points[rows, step, factor]
        effects[rows, factor] = (values[:, step + 1] - values[:, step]) / walked
    return effects
