"""The fit: waves of simulations, an emulator, what is ruled out, the posterior, its check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from agents.conditions import load_conditions
from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from calibration.matching.emulator import Emulator, Tried, fit_emulator, try_out
from calibration.matching.free import Free, Prior, by_key, free_parameters
from calibration.matching.goals import Aims, Goal, fitted_aims, goals_of
from calibration.matching.plan import Plan
from calibration.matching.posterior import (
    Likelihood,
    Posterior,
    Weighed,
    fast_likelihood,
    importance,
    sample_posterior,
)
from calibration.matching.simulator import Counted, simulate_trial, targets_for
from calibration.matching.store import SIMULATIONS, Progress, simulate_all
from calibration.matching.waves import Rule, Ruled, Seen, next_points, rule_of, rule_out, spread_out

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_TOO_FEW = 0.05  # share of the simulations without a value beyond which a goal is left out
_LUCK = 1_000_000  # luck of one seed's trials: each point its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is fitted to what: the same for all waves."""

    plan: Plan
    free: tuple[Free, ...]
    goals: tuple[Goal, ...]
    aims: Aims
    rule: Rule

    @property
    def prior(self) -> Prior:
        """The free parameters as they are spread beforehand."""
        return Prior(self.free)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave: where it looked and what it left plausible.

    ``tried`` is how the emulator before this wave did on it; None for the first.
    """

    number: int
    points: Floats
    tried: Tried | None
    ruled: Ruled


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A finished fit.

    Attributes
    ----------
    problem : what was fitted; ``aims`` are the goals that could be
    left_out : goals that too few simulated people could show
    waves : one after another
    emulator, widen : of the last wave, and what its doubt is multiplied by
    tried : how it did on simulations of posterior draws
    posterior : on the unit cube
    verified : posterior draws simulated, all goals counted
    best : (d,) most likely point of the unit cube
    seconds : processor time of all simulations
    failed : simulations that could not be done and are left out
    """

    problem: Problem
    aims: Aims
    left_out: tuple[Goal, ...]
    waves: tuple[Wave, ...]
    emulator: Emulator
    widen: Floats
    tried: Tried
    posterior: Posterior
    verified: Weighed
    best: Floats
    seconds: float
    failed: int

    def numbers(self, unit: Floats) -> list[dict[str, float]]:
        """Return points of the unit cube (n, d) as values by key."""
        values = self.problem.prior.values(np.atleast_2d(unit))
        return [by_key(self.problem.free, row) for row in values]


def problem_of(plan: Plan) -> Problem:
    """Gather goals and free parameters of a plan.

    Raises
    ------
    BadInput
        If there are fewer goals than free parameters.
    """
    evidence = Evidence(plan.evidence)
    conditions = tuple(each.key for each in load_conditions(evidence))
    targets = list(targets_for(plan.trial({}, 0), conditions))
    goals = goals_of(targets, evidence, nation=plan.nation)
    free = free_parameters(evidence, nation=plan.nation)
    aims = fitted_aims(goals, evidence)
    if len(aims.goals) < len(free):
        raise BadInput([_too_few(plan, len(aims.goals), len(free))])
    return Problem(plan=plan, free=free, goals=goals, aims=aims, rule=rule_of(evidence))


def _too_few(plan: Plan, goals: int, free: int) -> Fault:
    return Fault(
        where=plan.place.name,
        key="targets",
        found=f"{goals} figures to fit",
        allowed=f"at least as many as free parameters, {free}",
        remedy="give more targets with --targets, or let the built-in ones count too",
    )


# -------------------------------------------------------------------- the fit


def fit(
    problem: Problem,
    folder: Path,
    pool: Executor | None,
    progress: Progress,
    simulate: Callable[..., Counted] = simulate_trial,
) -> Fit:
    """Fit the free parameters, with every simulation kept in ``folder``."""
    plan, prior = problem.plan, problem.prior
    d = len(problem.free)
    runs = _Runs(problem, folder, pool, progress, simulate)
    points = spread_out(plan.first, d, plan.seed)
    runs.add("wave-1", points)
    aims, left_out = _countable(problem.aims, runs)
    seen = [_look(runs, aims, None)]
    waves = [
        Wave(
            number=1,
            points=points,
            tried=None,
            ruled=rule_out(seen, problem.rule, d, plan.seed),
        )
    ]
    for number in range(2, plan.waves + 2):
        points = next_points(waves[-1].ruled, plan.later, plan.seed + number)
        fresh = runs.add(f"wave-{number}", points)
        tried = try_out(seen[-1].emulator, fresh, runs.values(aims, last=len(fresh)))
        seen.append(_look(runs, aims, tried))
        ruled = rule_out(seen, problem.rule, d, plan.seed)
        waves.append(Wave(number=number, points=points, tried=tried, ruled=ruled))
    progress.tell("Sampling what is likely …")
    first = sample_posterior(
        seen[-1].emulator, aims, seen[-1].widen, prior, steps=plan.steps, seed=plan.seed
    )
    drawn = runs.add("verified", first.draws(plan.verified, plan.seed))
    simulated = runs.values(aims, last=len(drawn))
    tried = try_out(seen[-1].emulator, drawn, simulated)
    verified = _weighed(problem, aims, seen[-1], runs, drawn)
    last = _look(runs, aims, tried)
    posterior = sample_posterior(
        last.emulator, aims, last.widen, prior, steps=plan.steps, seed=plan.seed + 1
    )
    return Fit(
        problem=problem,
        aims=aims,
        left_out=left_out,
        waves=tuple(waves),
        emulator=last.emulator,
        widen=last.widen,
        tried=tried,
        posterior=posterior,
        verified=verified,
        best=best_point(last, prior, posterior),
        seconds=runs.seconds,
        failed=runs.failed,
    )


class _Runs:
    """Simulations so far: points of the unit cube and what was counted there."""

    def __init__(
        self,
        problem: Problem,
        folder: Path,
        pool: Executor | None,
        progress: Progress,
        simulate: Callable[..., Counted],
    ) -> None:
        self._problem, self._folder = problem, folder / SIMULATIONS
        self._pool, self._progress, self._simulate = pool, progress, simulate
        self.points = np.empty((0, len(problem.free)))
        self.counted: list[Counted] = []
        self.failed = 0

    @property
    def seconds(self) -> float:
        """Processor time of all simulations."""
        return sum(one.seconds for one in self.counted)

    def add(self, name: str, points: Floats) -> Floats:
        """Simulate ``points`` and return those that did not fail."""
        plan = self._problem.plan
        began = plan.seed * _LUCK + len(self.points) + self.failed
        trials = [
            plan.trial(by_key(self._problem.free, values), began + place)
            for place, values in enumerate(self._problem.prior.values(points))
        ]
        found = simulate_all(
            trials, self._folder / name, self._pool, self._progress, self._simulate
        )
        good = np.array([one is not None for one in found], np.bool_)
        self.counted += [one for one in found if one is not None]
        self.failed += int((~good).sum())
        kept: Floats = points[good]
        self.points = np.concatenate([self.points, kept])
        return kept

    def named(self, goals: Sequence[Goal], last: int = 0) -> Floats:
        """Return values (n, n_goals) of all simulations, or the ``last`` ones."""
        some = self.counted[-last:] if last else self.counted
        return np.array(
            [[one.values.get(goal.name, np.nan) for goal in goals] for one in some], np.float64
        ).reshape(len(some), len(goals))

    def values(self, aims: Aims, last: int = 0) -> Floats:
        """Return values of goals, a few missing ones as the mean of the others."""
        every = self.named(aims.goals)
        found = every[-last:] if last else every
        filled: Floats = np.where(np.isfinite(found), found, np.nanmean(every, axis=0))
        return filled


def _countable(aims: Aims, runs: _Runs) -> tuple[Aims, tuple[Goal, ...]]:
    """Leave out the goals that too few simulated people could show."""
    missing = ~np.isfinite(runs.named(aims.goals))
    dropped = missing.mean(axis=0) > _TOO_FEW
    out = tuple(goal for goal, drop in zip(aims.goals, dropped, strict=True) if drop)
    return aims.without(dropped), out


def _look(runs: _Runs, aims: Aims, tried: Tried | None) -> Seen:
    emulator = fit_emulator(runs.points, runs.values(aims))
    widen = tried.widen if tried is not None else np.ones(len(aims.goals))
    return Seen(emulator=emulator, aims=aims, widen=widen)


def _weighed(problem: Problem, aims: Aims, seen: Seen, runs: _Runs, drawn: Floats) -> Weighed:
    """Weigh posterior draws by what their own simulations say."""
    simulated = runs.values(aims, last=len(drawn))
    random = np.random.default_rng(problem.plan.seed)
    emulated = fast_likelihood(seen.emulator, aims, seen.widen, problem.prior, random)(drawn)
    by_chance = Likelihood(aims=aims, doubt=seen.emulator.chance).of(simulated)
    return Weighed(
        points=drawn,
        values=runs.named(problem.goals, last=len(drawn)),
        weights=importance(by_chance, emulated),
    )


def best_point(seen: Seen, prior: Prior, posterior: Posterior) -> Floats:
    """Return the most likely point: from the best of the sample uphill."""
    random = np.random.default_rng(0)
    likelihood = fast_likelihood(seen.emulator, seen.aims, seen.widen, prior, random)

    def unlikely(point: Floats) -> float:
        one = np.clip(point, 0.0, 1.0)[None]
        return float(-(likelihood(one) + prior.log_density(one))[0])

    some = posterior.sample[:: max(len(posterior.sample) // 2000, 1)]
    start = some[np.argmax(likelihood(some) + prior.log_density(some))]
    found = minimize(unlikely, start, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(prior.free))
    return np.clip(np.asarray(found.x, np.float64), 0.0, 1.0)
