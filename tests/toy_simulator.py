"""A simulator of known answers for the tests of calibration: smooth, noisy, quick."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.matching.free import Free
from calibration.matching.goals import STAGE_2, Aims, Goal

Floats = npt.NDArray[np.float64]

SLOPES = np.array(
    [
        [3.0, 0.5, 0.0],
        [0.2, 2.5, 0.4],
        [1.0, -1.5, 0.0],
        [0.0, 0.8, 0.0],
        [2.0, 1.0, 0.0],
        [1.2, 0.0, 0.0],
    ]
)
CHANCE = 0.05


def expected(unit: Floats) -> Floats:
    """Return six measures of points (n, 3); the third parameter hardly moves any."""
    values: Floats = (
        5.0 + unit @ SLOPES.T + 0.8 * (unit[:, :1] - 0.5) ** 2 * np.array([1.0, 0, 2, 0, 1, 0])
    )
    return values


def simulated(unit: Floats, random: np.random.Generator) -> Floats:
    """Return one noisy simulation of each point."""
    clean = expected(unit)
    noisy: Floats = clean + random.normal(0, CHANCE, clean.shape)
    return noisy


def free(names: str = "abc") -> tuple[Free, ...]:
    """Return three free parameters from 0 to 1, most likely in the middle."""
    return tuple(
        Free(
            key=name,
            name=name,
            evidence_key=f"toy.{name}",
            start=0.5,
            low=0.0,
            high=1.0,
            unit="",
            source="",
            basis="assumption",
            logs=False,
        )
        for name in names
    )


def aims(values: Floats, deviation: float = 0.15, correlation: float = 0.5) -> Aims:
    """Return six goals from two sources."""
    return Aims(
        goals=tuple(
            Goal(
                name=f"measure {place}",
                measure=f"measure_{place}",
                group="all",
                unit="",
                definition="",
                value=float(value),
                low=None,
                high=None,
                allowance=2 * deviation,
                deviation=deviation,
                error=0.0,
                reason="toy",
                source="first" if place < 3 else "second",
                role="calibrate",
                stage=STAGE_2,
            )
            for place, value in enumerate(values)
        ),
        correlation=correlation,
    )
