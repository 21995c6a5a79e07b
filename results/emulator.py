"""A Gaussian process in place of the model: fitted to a few runs, asked at many points.

The process is a straight line in every input plus a smooth surface with a length scale of its
own in each, plus chance (the luck of runs). Its sizes are the most likely ones.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve

Floats = npt.NDArray[np.float64]
LENGTHS = (0.1, 30.0)  # in standard deviations of an input: from wiggly to all but straight
SIZES = (1e-6, 1e3)  # in variances of the result
FEWEST = 8  # points without which nothing is fitted


@dataclass(frozen=True, slots=True)
class Emulator:
    """A fitted process; ``middle`` and ``spread`` are those of the results it was fitted to."""

    process: Any
    middle: float
    spread: float
    centre: Floats
    scale: Floats

    def mean(self, points: Floats) -> Floats:
        """Return the expected result at ``points``, (points, inputs): (points,)."""
        found = self.process.predict((points - self.centre) / self.scale)
        return np.asarray(self.middle + self.spread * found, np.float64)

    def left_out(self, results: Floats) -> Floats:
        """Return what is expected of each of the fitted ``results`` from the others, (runs,).

        Each run is left out once, by the usual formula, of the mean level too: a level known
        from all runs would betray the one left out where there are as many inputs as runs.
        """
        inverse = cho_solve((self.process.L_, True), np.eye(len(results)))
        level = inverse.sum(axis=0)
        free = inverse - np.outer(level, level) / level.sum()
        return np.asarray(results - free @ results / np.diag(free), np.float64)

    def refitted(self, points: Floats, results: Floats) -> Emulator:
        """Return a process of the same sizes fitted to other runs."""
        return _fitted(points, results, self.process.kernel_, None)


def fit(points: Floats, results: Floats, *, one_length: bool = False) -> Emulator:
    """Fit a process to runs.

    Parameters
    ----------
    points : (runs, inputs), in any units
    results : (runs,)
    one_length : one length scale for all inputs, where there are many for the runs
    """
    from sklearn.gaussian_process.kernels import (
        RBF,
        ConstantKernel,
        DotProduct,
        WhiteKernel,
    )

    inputs = points.shape[1]
    length = 3.0 if one_length else np.full(inputs, 3.0)
    line = ConstantKernel(1.0 / inputs, SIZES) * DotProduct(0.0, "fixed")
    surface = ConstantKernel(0.5, SIZES) * RBF(length, LENGTHS)
    return _fitted(points, results, line + surface + WhiteKernel(0.1, SIZES), "fmin_l_bfgs_b")


def _fitted(points: Floats, results: Floats, kernel: Any, optimiser: str | None) -> Emulator:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    middle, spread = float(results.mean()), float(results.std()) or 1.0
    centre, scale = points.mean(axis=0), points.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    process = GaussianProcessRegressor(kernel, alpha=1e-9, optimizer=optimiser)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a size at its bound is an answer
        process.fit((points - centre) / scale, (results - middle) / spread)
    return Emulator(process, middle, spread, centre, scale)


def predicted_share(expected: Floats, results: Floats) -> float:
    """Return the share of the variance of ``results`` that was expected of each from the others.

    Below 0 is worse than the mean of the others.
    """
    runs = len(results)
    others = (results - results.mean()) * runs / (runs - 1)
    return 1.0 - float(np.mean((results - expected) ** 2) / np.mean(others**2))


def error_at(emulator: Emulator, points: Floats, results: Floats) -> tuple[float, float]:
    """Return how far the emulator is from runs it has not seen.

    Returns
    -------
    The root of the mean squared error, in the unit of ``results``, and the share of their
    variance that it predicts (below 0: worse than their mean).
    """
    squares = float(np.mean((emulator.mean(points) - results) ** 2))
    variance = float(results.var())
    return squares**0.5, 1.0 - squares / variance if variance > 0.0 else float("nan")
