"""When a simulated figure is near enough to the published one: one rule for all figures."""

from __future__ import annotations

import numpy as np

from calibration.checks import CHANCE, MISS, NEAR, NORMAL_95, UNKNOWN
from calibration.targets import HOLDOUT

GOAL_CALIBRATE, GOAL_HOLDOUT = 0.10, 0.15  # relative misfit that counts as met, of the issue


def near_range(
    published: float, low: float | None, high: float | None, role: str, allowance: float = 0.0
) -> tuple[float, float]:
    """Return from where to where a figure is near enough.

    A figure that is fitted: inside its allowance, its published interval or a tenth. One that
    is held out: within 15%, and nothing wider. ``low`` and ``high`` may be None or NaN.
    """
    if role == HOLDOUT:
        amount = GOAL_HOLDOUT * abs(published)
        return published - amount, published + amount
    amount = max(allowance, GOAL_CALIBRATE * abs(published))
    ends = [published - amount, published + amount]
    ends += [end for end in (low, high) if end is not None and np.isfinite(end)]
    return min(ends), max(ends)


def verdict_of(value: float, near: tuple[float, float], error: float = 0.0) -> str:
    """Say whether ``value`` is in the range ``near``; a miss within 1.96 errors may be chance."""
    if not np.isfinite(value):
        return UNKNOWN
    low, high = near
    if low <= value <= high:
        return NEAR
    chance = NORMAL_95 * error if np.isfinite(error) else 0.0
    return CHANCE if low <= value + chance and value - chance <= high else MISS
