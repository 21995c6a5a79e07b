"""An emulator: Gaussian processes that say what the simulator would give, and how surely.

One process for each target, with a straight part, a curved part and noise: every simulation
has its own luck, so the noise is chance of one simulation, which the process averages out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel
from sklearn.linear_model import Ridge

from calibration.checks import NORMAL_95

Floats = npt.NDArray[np.float64]

_RIDGE, _LEAST_SCALE = 1.0, 0.15
_PART = 256  # points predicted at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """Fitted processes of m targets over d parameters at n points of the unit cube.

    Attributes
    ----------
    points : (n, d)
    scale : (m, d) how much each parameter matters to each target, at most 1
    centre, spread : (m,) of the targets' values
    straight, curved, length, noise : (m,) kernel: variances, length scale, variance of noise
    alpha : (m, n) weights of the points
    inverse : (m, n, n) inverse covariance of the points
    """

    points: Floats
    scale: Floats
    centre: Floats
    spread: Floats
    straight: Floats
    curved: Floats
    length: Floats
    noise: Floats
    alpha: Floats
    inverse: Floats

    def mean(self, at: Floats) -> Floats:
        """Return what is expected at points ``at`` (k, d), (k, m)."""
        parts = [self._mean(at[i : i + _PART]) for i in range(0, len(at), _PART)]
        return np.concatenate(parts) if parts else np.empty((0, self.centre.size))

    def deviation(self, at: Floats) -> Floats:
        """Return the standard deviation of the expected value itself, (k, m)."""
        parts = [self._deviation(at[i : i + _PART]) for i in range(0, len(at), _PART)]
        return np.concatenate(parts)

    @property
    def chance(self) -> Floats:
        """Standard deviation of one simulation about its expected value, (m,)."""
        deviation: Floats = np.sqrt(self.noise) * self.spread
        return deviation

    def of(self, which: npt.NDArray[np.bool_]) -> Emulator:
        """Return the emulator of some of the targets."""
        kept = {
            name: getattr(self, name)[which]
            for name in (
                *("scale", "centre", "spread", "straight", "curved"),
                *("length", "noise", "alpha", "inverse"),
            )
        }
        return Emulator(points=self.points, **kept)

    def expecting(self) -> Emulator:
        """Return a light copy that tells what is expected, and no deviation."""
        return replace(self, inverse=np.empty((len(self.centre), 0, 0)))

    def slopes(self, at: Floats, step: float = 0.05) -> Floats:
        """Return the change of each target per unit of each parameter's range, (m, d).

        Central differences of the mean, averaged over points ``at``.
        """
        d = self.points.shape[1]
        found = []
        for place in range(d):
            move = np.zeros(d)
            move[place] = step
            up, down = np.clip(at + move, 0, 1), np.clip(at - move, 0, 1)
            run = (up - down)[:, place, None]
            found.append(((self.mean(up) - self.mean(down)) / np.maximum(run, 1e-9)).mean(axis=0))
        return np.stack(found, axis=1)

    def _covariance(self, at: Floats) -> Floats:
        """Return covariances (m, k, n) of points with the points simulated, standardised."""
        squares = self.scale**2
        one, other = at - 0.5, self.points - 0.5
        product = np.matmul(one * squares[:, None, :], other.T)
        size = (squares @ (one**2).T)[:, :, None] + (squares @ (other**2).T)[:, None, :]
        distance = np.maximum(size - 2 * product, 0.0)
        bend = np.exp(-0.5 * distance / self.length[:, None, None] ** 2)
        covariance: Floats = (
            self.straight[:, None, None] * product + self.curved[:, None, None] * bend
        )
        return covariance

    def _mean(self, at: Floats) -> Floats:
        standard = np.einsum("mkn,mn->km", self._covariance(at), self.alpha)
        expected: Floats = self.centre + self.spread * standard
        return expected

    def _deviation(self, at: Floats) -> Floats:
        across = self._covariance(at)
        explained = (np.matmul(across, self.inverse) * across).sum(axis=2).T
        own = (at - 0.5) ** 2 @ (self.scale**2).T * self.straight + self.curved
        deviation: Floats = np.sqrt(np.maximum(own - explained, 0.0)) * self.spread
        return deviation


def fit_emulator(points: Floats, values: Floats) -> Emulator:
    """Fit a process to each column of ``values`` (n, m) at ``points`` (n, d)."""
    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    standard = (values - centre) / spread
    scale = _importance(points, standard)
    fitted = [_one(points, standard[:, m], scale[m]) for m in range(standard.shape[1])]
    straight, curved, length, noise, alpha, inverse = zip(*fitted, strict=True)
    return Emulator(
        points=points,
        scale=scale,
        centre=centre,
        spread=spread,
        straight=np.array(straight),
        curved=np.array(curved),
        length=np.array(length),
        noise=np.array(noise),
        alpha=np.array(alpha),
        inverse=np.array(inverse),
    )


def _importance(points: Floats, standard: Floats) -> Floats:
    """Return how much each parameter matters to each target (m, d), at most 1."""
    slopes = np.abs(Ridge(alpha=_RIDGE).fit(points, standard).coef_.reshape(-1, points.shape[1]))
    largest = np.maximum(slopes.max(axis=1, keepdims=True), 1e-12)
    scale: Floats = np.maximum(np.sqrt(slopes / largest), _LEAST_SCALE)
    return scale


_Part = tuple[float, float, float, float, Floats, Floats]


def _one(points: Floats, values: Floats, scale: Floats) -> _Part:
    inputs = (points - 0.5) * scale
    kernel = (
        ConstantKernel(1.0, (1e-4, 1e3)) * DotProduct(0.0, "fixed")
        + ConstantKernel(0.1, (1e-4, 1e2)) * RBF(1.0, (0.3, 10.0))
        + WhiteKernel(0.3, (1e-6, 1.5))
    )
    process = GaussianProcessRegressor(kernel, optimizer="fmin_l_bfgs_b", alpha=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bound reached is an answer
        process.fit(inputs, values)
    straight, curved, length, noise = np.exp(process.kernel_.theta)
    inverse = _inverse(process)
    return straight, curved, length, noise, inverse @ values, inverse


def _inverse(process: GaussianProcessRegressor) -> Floats:
    lower = np.linalg.inv(process.L_)
    inverse: Floats = lower.T @ lower
    return inverse


@dataclass(frozen=True, slots=True)
class Tried:
    """How an emulator did on simulations it had not seen.

    Attributes
    ----------
    error : (m,) root mean squared error
    expected : (m,) what it should be: doubt of the emulator, and chance of one simulation
    within : share of the simulated values inside the 95% intervals
    """

    error: Floats
    expected: Floats
    within: float

    @property
    def widen(self) -> Floats:
        """What the emulator's doubt must be multiplied by, (m,), at least 1.

        Shrunk towards the mean of all targets, since one target has few fresh simulations.
        """
        ratio = (self.error / np.maximum(self.expected, 1e-12)) ** 2
        shared = float(np.mean(ratio))
        widened: Floats = np.sqrt(np.maximum(1.0, (ratio + shared) / 2))
        return widened


def try_out(emulator: Emulator, points: Floats, values: Floats) -> Tried:
    """Compare an emulator with fresh simulations ``values`` (n, m) at ``points``."""
    away = values - emulator.mean(points)
    doubt = np.sqrt(emulator.deviation(points) ** 2 + emulator.chance**2)
    inside = np.abs(away) <= NORMAL_95 * doubt
    return Tried(
        np.sqrt((away**2).mean(axis=0)),
        np.sqrt((doubt**2).mean(axis=0)),
        float(inside.mean()),
    )
