"""Rate ratios adjusted for other things, as studies of records adjust them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STEPS, ENOUGH, RIDGE = 25, 1e-6, 1e-4


def rate_ratios(
    events: Bools, years: Floats, exposures: Bools, cell: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return the rate ratio of each exposure, adjusted for the others and for strata.

    A Poisson regression with a level for each stratum, solved by Newton's method. A very
    small ridge holds exposures still that nobody with an event has.

    Parameters
    ----------
    events : (n,), had the event
    years : (n,), at risk, above 0
    exposures : (n, k)
    cell : (n,), stratum of each person

    Returns
    -------
    ratios (k,) and standard errors of their logarithms (k,)
    """
    design = _design(exposures, cell)
    k = exposures.shape[1]
    slopes = np.zeros(design.shape[1])
    slopes[k:] = np.log(max(events.sum(), 1) / years.sum())
    hold = np.full(slopes.size, RIDGE)
    start = slopes.copy()
    information = np.eye(slopes.size)
    for _ in range(STEPS):
        expected = years * np.exp(np.minimum(design @ slopes, 10.0))
        gradient = design.T @ (events - expected) - hold * (slopes - start)
        information = (design * expected[:, None]).T @ design + np.diag(hold)
        step = np.clip(np.linalg.solve(information, gradient), -1.0, 1.0)
        slopes += step
        if np.abs(step).max() < ENOUGH:
            break
    error = np.sqrt(np.diag(np.linalg.inv(information)))
    return np.exp(slopes[:k]), error[:k]


def _design(exposures: Bools, cell: npt.NDArray[np.int64]) -> Floats:
    levels = np.unique(cell)
    return np.hstack([exposures, cell[:, None] == levels]).astype(np.float64)
