"""Cross-validation: what the figures of one source would be, told from all others."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.matching.fit import Fit
from calibration.matching.posterior import sample_posterior

Floats = npt.NDArray[np.float64]

LEAST = 3  # figures of a source that is left out
SHARE_OF_STEPS = 0.4


def sources_of(fit: Fit) -> list[str]:
    """Return sources with enough figures to be left out, and enough others to be told from."""
    counted = Counter(goal.source for goal in fit.aims.goals)
    most = len(fit.aims.goals) - len(fit.problem.free)
    return [source for source, n in counted.items() if LEAST <= n <= most]


def cross_validation(fit: Fit) -> pd.DataFrame:
    """Leave each source out, sample again, and predict its figures, on the emulator."""
    rows = []
    for number, source in enumerate(sources_of(fit)):
        out = np.array([goal.source == source for goal in fit.aims.goals])
        part = fit.emulator.of(~out)
        posterior = sample_posterior(
            part,
            fit.aims.without(out),
            fit.widen[~out],
            fit.problem.prior,
            steps=max(int(fit.problem.plan.steps * SHARE_OF_STEPS), 300),
            seed=fit.problem.plan.seed + 100 + number,
        )
        left = fit.aims.without(~out)
        told = fit.emulator.of(out).mean(posterior.draws(400, number))
        fitted = fit.emulator.of(out).mean(fit.posterior.draws(400, number))
        allowed = np.array([goal.allowance for goal in left.goals])
        spread = np.sqrt(np.diag(left.covariance()) + told.var(axis=0))
        away = (told.mean(axis=0) - left.values) / spread
        rows.append(
            {
                "source": source,
                "figures": int(out.sum()),
                "near_enough_predicted": _near(told.mean(axis=0), left.values, allowed),
                "near_enough_fitted": _near(fitted.mean(axis=0), left.values, allowed),
                "root_mean_square_misfit": float(np.sqrt((away**2).mean())),
                "within_95": float((np.abs(away) <= 1.96).mean()),
            }
        )
    return pd.DataFrame(rows)


def _near(found: Floats, published: Floats, allowed: Floats) -> int:
    return int((np.abs(found - published) <= np.maximum(allowed, 0.1 * np.abs(published))).sum())
