"""Cross-validation: what the figures of one source would be, told from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.checks import NORMAL_95
from calibration.matching.emulator import Emulator
from calibration.matching.fit import Fit
from calibration.matching.free import Prior
from calibration.matching.goals import Aims
from calibration.matching.posterior import doubt_of, sample_with
from calibration.matching.simulator import Counted
from calibration.matching.store import SIMULATIONS, Progress, simulate_all
from calibration.matching.verdicts import GOAL_CALIBRATE

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STAGE = "cross-validation"
LEAST = 3  # figures of a source that is left out
SHARE_OF_STEPS, LEAST_STEPS = 0.2, 300
DRAWS = 400
COUNTS = ("figures", "near_enough_predicted", "near_enough_fitted")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """One source to leave out, with all that predicting its figures needs.

    Attributes
    ----------
    emulator : of all figures, without its doubt; ``doubt`` is that of the others
    out : (n_goals,) which figures are the source's
    fitted : (n_draws, n_out) its figures at draws of the fit to all
    """

    emulator: Emulator
    aims: Aims
    doubt: Floats
    prior: Prior
    out: Bools
    fitted: Floats
    random: np.random.Generator
    steps: int
    seed: int
    number: int


def sources_of(fit: Fit) -> list[str]:
    """Return sources with enough figures to be left out, and enough others to be told from."""
    counted = Counter(goal.source for goal in fit.aims.goals)
    most = len(fit.aims.goals) - len(fit.problem.free)
    return [source for source, n in counted.items() if LEAST <= n <= most]


def cross_validation(
    fit: Fit, folder: Path, pool: Executor | None, tell: Callable[[str], None]
) -> pd.DataFrame:
    """Leave each source out, sample again, and predict its figures, on the emulator.

    What is finished is kept in ``folder``, like the simulations.
    """
    sources = sources_of(fit)
    tasks = [_task(fit, source, number) for number, source in enumerate(sources)]
    progress = Progress(tell, planned=len(tasks))
    found = simulate_all(tasks, folder / SIMULATIONS / STAGE, pool, progress, predict)
    rows = [
        {"source": source, **one.values}
        for source, one in zip(sources, found, strict=True)
        if one is not None
    ]
    table = pd.DataFrame(rows)
    return table.astype(dict.fromkeys(COUNTS, int)) if rows else table


def _task(fit: Fit, source: str, number: int) -> LeftOut:
    plan, prior = fit.problem.plan, fit.problem.prior
    out = np.array([goal.source == source for goal in fit.aims.goals])
    seed = plan.seed + 100 + number
    random = np.random.default_rng(seed)
    light = fit.emulator.expecting()
    return LeftOut(
        emulator=light,
        aims=fit.aims,
        doubt=doubt_of(fit.emulator.of(~out), fit.widen[~out], prior, random),
        prior=prior,
        out=out,
        fitted=light.of(out).mean(fit.posterior.draws(DRAWS, number)),
        random=random,
        steps=max(int(plan.steps * SHARE_OF_STEPS), LEAST_STEPS),
        seed=seed,
        number=number,
    )


def predict(task: LeftOut) -> Counted:
    """Sample without one source, and count how near its figures come."""
    began, out = process_time(), task.out
    posterior = sample_with(
        task.emulator.of(~out),
        task.aims.without(out),
        task.doubt,
        task.prior,
        task.random,
        steps=task.steps,
        seed=task.seed,
    )
    left = task.aims.without(~out)
    told = task.emulator.of(out).mean(posterior.draws(DRAWS, task.number))
    allowed = np.array([goal.allowance for goal in left.goals])
    spread = np.sqrt(np.diag(left.covariance()) + told.var(axis=0))
    away = (told.mean(axis=0) - left.values) / spread
    values = {
        "figures": float(out.sum()),
        "near_enough_predicted": _near(told.mean(axis=0), left.values, allowed),
        "near_enough_fitted": _near(task.fitted.mean(axis=0), left.values, allowed),
        "root_mean_square_misfit": float(np.sqrt((away**2).mean())),
        "within_95": float((np.abs(away) <= NORMAL_95).mean()),
    }
    return Counted(values, dict.fromkeys(values, 0.0), process_time() - began)


def _near(found: Floats, published: Floats, allowed: Floats) -> float:
    near = np.abs(found - published) <= np.maximum(allowed, GOAL_CALIBRATE * np.abs(published))
    return float(near.sum())
