"""Sobol indices: which share of an answer's variance is owed to each input.

The model is run at points that fill the space of all inputs; an emulator fitted to these runs
is then asked at many more points. How far it is from fresh runs, which it has not seen, is told
with the indices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit
from scipy.stats import qmc

from agents.luck import Luck
from results.emulator import Emulator, error_at, fit

Floats = npt.NDArray[np.float64]
POINTS = 64  # runs of the model that are fitted, unless asked otherwise
FRESH = 4  # one fresh run for so many that are fitted
MANY = 1024  # points at which the emulator is asked, for each index
PARTS = 10  # of the runs, each left out once to see how sure the indices are
LEAST = 2.5e-4  # nearest to the end of a distribution that a point may lie (3.5 deviations)


def space_filling(inputs: int, count: int, seed: int, name: str = "sobol") -> Floats:
    """Return ``count`` points of a Sobol sequence, (count, inputs), moved by keyed luck.

    The first points are the same whatever ``count`` is.
    """
    power = max(1, int(np.ceil(np.log2(count))))
    raw = qmc.Sobol(inputs, scramble=False).random_base2(power)[:count]
    shift = Luck(seed).uniforms(f"{name}.shift", np.arange(inputs))
    return np.clip((raw + shift) % 1.0, LEAST, 1.0 - LEAST)


@dataclass(frozen=True, slots=True)
class Indices:
    """Shares of the variance, (inputs,): an input alone, and with all its interactions.

    ``variance`` is that of the answer over all inputs, chance left out.
    """

    first: Floats
    total: Floats
    variance: float


def indices(answer: Callable[[Floats], Floats], inputs: int, seed: int, many: int) -> Indices:
    """Estimate the Sobol indices of a function on the unit cube.

    First-order: Saltelli and others 2010; total: Jansen 1999.

    Parameters
    ----------
    answer : (points, inputs) to (points,)
    many : points of each of the two samples
    """
    both = space_filling(2 * inputs, many, seed, "indices")
    one, other = both[:, :inputs], both[:, inputs:]
    at_one, at_other = answer(one), answer(other)
    middle = float(np.concatenate([at_one, at_other]).mean())
    at_one, at_other = at_one - middle, at_other - middle
    variance = float(np.mean([at_one**2, at_other**2]))
    first, total = np.zeros(inputs), np.zeros(inputs)
    if variance <= 0.0:
        return Indices(first, total, 0.0)
    for number in range(inputs):
        mixed = one.copy()
        mixed[:, number] = other[:, number]
        at_mixed = answer(mixed) - middle
        first[number] = np.mean(at_other * (at_mixed - at_one)) / variance
        total[number] = np.mean((at_one - at_mixed) ** 2) / (2.0 * variance)
    return Indices(first, total, variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulated:
    """Sobol indices from an emulator, with how sure and how right they are.

    Attributes
    ----------
    first_half, total_half : half the width of the 95% intervals, (inputs,)
    error : root mean squared error at fresh runs, in the answer's unit
    predicted : share of the variance of the fresh runs that the emulator predicts
    """

    indices: Indices
    first_half: Floats
    total_half: Floats
    error: float
    predicted: float


def emulated(
    points: Floats, results: Floats, fresh: Floats, fresh_results: Floats, seed: int
) -> Emulated:
    """Fit an emulator to runs and return the indices that it gives.

    Points lie on the unit cube, (runs, inputs); the emulator sees them as normal scores, the
    scale on which most inputs are spread.

    The intervals are those of a jackknife: the emulator is fitted again without each tenth of
    the runs. They hold the luck of the runs and where the points fell, not what the emulator
    cannot follow; that is in ``error`` and ``predicted``.
    """
    inputs, parts = points.shape[1], min(PARTS, len(results))
    scores = ndtri(points)
    whole = fit(scores, results)
    error, predicted = error_at(whole, ndtri(fresh), fresh_results)
    found = indices(_on_cube(whole), inputs, seed, MANY)
    part_of = np.arange(len(results)) % parts
    without = [
        indices(
            _on_cube(whole.refitted(scores[part_of != part], results[part_of != part])),
            inputs,
            seed,
            MANY // 4,
        )
        for part in range(parts)
    ]
    return Emulated(
        indices=found,
        first_half=_half(np.array([one.first for one in without])),
        total_half=_half(np.array([one.total for one in without])),
        error=error,
        predicted=predicted,
    )


def _on_cube(emulator: Emulator) -> Callable[[Floats], Floats]:
    return lambda points: emulator.mean(ndtri(points))


def _half(estimates: Floats) -> Floats:
    """Return half the 95% interval of a jackknife, (parts, inputs) to (inputs,)."""
    parts = len(estimates)
    squares = ((estimates - estimates.mean(axis=0)) ** 2).sum(axis=0)
    error = np.sqrt((parts - 1) / parts * squares)
    return np.asarray(stdtrit(parts - 1, 0.975) * error, np.float64)
