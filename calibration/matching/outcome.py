"""What a fit says, as tables: parameters, targets, waves, what is not identified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.evidence import Evidence
from calibration.checks import CHANCE, MISS, NEAR, UNKNOWN
from calibration.matching.fit import Fit
from calibration.matching.free import SETTINGS
from calibration.matching.goals import APART, STAGE_1, STAGE_2, Goal
from calibration.matching.simulator import Counted
from calibration.matching.verdicts import near_range, verdict_of
from calibration.targets import CALIBRATE, HOLDOUT

Floats = npt.NDArray[np.float64]

NOT_IDENTIFIED, WEAKLY = 0.8, 0.5  # posterior over prior standard deviation
TOGETHER = 0.7  # correlation beyond which two parameters are known only together
_TOP = 3
_PRIOR_DRAWS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The tables of a calibration.

    Attributes
    ----------
    fit : behind it
    parameters : one row a free parameter
    targets : one row a published figure
    waves : one row a wave of simulations
    informed : (d, n_goals) how much each fitted target alone tells of each parameter
    correlation : (d, d) of the posterior
    """

    fit: Fit
    parameters: pd.DataFrame
    targets: pd.DataFrame
    waves: pd.DataFrame
    informed: Floats
    correlation: Floats


def outcome_of(fit: Fit, before: Counted, after: Counted) -> Outcome:
    """Gather the tables; ``before`` and ``after`` are checks of the base and the best set."""
    informed = information(fit)
    return Outcome(
        fit=fit,
        parameters=parameters_table(fit, informed),
        targets=targets_table(fit, before, after),
        waves=waves_table(fit),
        informed=informed,
        correlation=np.asarray(np.corrcoef(fit.posterior.sample.T)),
    )


# -------------------------------------------------------------------- parameters


def prior_deviation(fit: Fit) -> Floats:
    """Return the standard deviation of each parameter beforehand, on the unit cube."""
    deviation: Floats = _prior_draws(fit).std(axis=0)
    return deviation


def prior_mean(fit: Fit) -> Floats:
    """Return the mean of each parameter beforehand, on the unit cube."""
    mean: Floats = _prior_draws(fit).mean(axis=0)
    return mean


def _prior_draws(fit: Fit) -> Floats:
    uniforms = np.random.default_rng(0).random((_PRIOR_DRAWS, len(fit.problem.free)))
    return fit.problem.prior.drawn(uniforms)


def information(fit: Fit) -> Floats:
    """Return what each target alone tells of each parameter, (d, n_goals).

    The change of the target over one prior standard deviation of the parameter, over what is
    not known of the target: 1 means that it would halve the parameter's variance alone.
    """
    some = fit.posterior.draws(64, 0)
    slopes = fit.emulator.slopes(some).T  # (d, n_goals)
    unknown = np.sqrt(np.diag(fit.aims.covariance()))
    told: Floats = np.abs(slopes) * prior_deviation(fit)[:, None] / unknown
    return told


def parameters_table(fit: Fit, informed: Floats) -> pd.DataFrame:
    """Return ``parameters.csv``: before and after, how sure, and by what."""
    level = Evidence(fit.problem.plan.evidence).value(SETTINGS, key="coverage.level")
    middle, low, high = fit.posterior.interval(level)
    narrower = fit.posterior.sample.std(axis=0) / prior_deviation(fit)
    moved = np.abs(fit.posterior.sample.mean(axis=0) - prior_mean(fit)) / prior_deviation(fit)
    rows = []
    for place, one in enumerate(fit.problem.free):
        order = np.argsort(informed[place])[::-1][:_TOP]
        rows.append(
            {
                "parameter": one.key,
                "name": one.name,
                "unit": one.unit,
                "prior_low": one.low,
                "start": one.start,
                "prior_high": one.high,
                "median": float(one.at(middle[place : place + 1])[0]),
                "low": float(one.at(low[place : place + 1])[0]),
                "high": float(one.at(high[place : place + 1])[0]),
                "best": float(one.at(fit.best[place : place + 1])[0]),
                "width_after_over_before": float(narrower[place]),
                "identified": identified(float(narrower[place]), float(moved[place])),
                "r_hat": float(fit.posterior.r_hat[place]),
                "effective_draws": float(fit.posterior.effective[place]),
                "informed_by": "; ".join(fit.aims.goals[int(each)].label for each in order),
                "evidence": one.evidence_key,
                "source_of_prior": one.source,
                "basis_of_prior": one.basis,
            }
        )
    return pd.DataFrame(rows)


def identified(narrower: float, moved: float) -> str:
    """Say in a word how much the targets told of a parameter.

    ``narrower`` is the standard deviation after over that before, ``moved`` how many of the
    latter the mean moved by.
    """
    if narrower <= WEAKLY or moved > 1:
        return "yes"
    return "weakly" if narrower <= NOT_IDENTIFIED or moved > WEAKLY else "no"


# -------------------------------------------------------------------- targets


def targets_table(fit: Fit, before: Counted, after: Counted) -> pd.DataFrame:
    """Return ``targets.csv``: published beside simulated, before and after, with verdicts."""
    reach = reachable(fit)
    names = [goal.name for goal in fit.problem.goals]
    rows = []
    for goal in fit.problem.goals:
        values = fit.verified.values[:, names.index(goal.name)]
        low, high = weighted_interval(values, fit.verified.weights)
        value, error = after.values.get(goal.name, np.nan), after.errors.get(goal.name, np.nan)
        first = before.values.get(goal.name, np.nan)
        rows.append(
            {
                "measure": goal.measure,
                "group": goal.group,
                "unit": goal.unit,
                "definition": goal.definition,
                "role": goal.role,
                "stage": _stage(goal, fit),
                "published": goal.value,
                "published_low": goal.low,
                "published_high": goal.high,
                "allowance": goal.allowance,
                "before": first,
                "simulated": value,
                "simulated_error": error,
                "posterior_low": low,
                "posterior_high": high,
                "ratio": value / goal.value if goal.value else np.nan,
                "verdict_before": verdict(goal, first, before.errors.get(goal.name, np.nan)),
                "verdict": verdict(goal, value, error),
                "why": "",
                "allowance_reason": goal.reason,
                "source": goal.source,
            }
        )
        if rows[-1]["verdict"] in (MISS, CHANCE):
            rows[-1]["why"] = why_missed(goal, value, error, reach.get(goal.name), fit)
    return pd.DataFrame(rows)


def _stage(goal: Goal, fit: Fit) -> str:
    if goal.name in {each.name for each in fit.left_out}:
        return "left out: too few people"
    return goal.stage


def verdict(goal: Goal, value: float, error: float) -> str:
    """Say whether a value with a standard error is near enough to its goal."""
    near = near_range(goal.value, goal.low, goal.high, goal.role, goal.allowance)
    return verdict_of(value, near, error)


def weighted_interval(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the 95% interval of weighted values; NaN where there are none."""
    known = np.isfinite(values)
    if not known.any():
        return float("nan"), float("nan")
    order = np.argsort(values[known])
    ranked, share = values[known][order], weights[known][order]
    total = np.cumsum(share) - share / 2
    low, high = np.interp([0.025, 0.975], total / share.sum(), ranked)
    return float(low), float(high)


def reachable(fit: Fit) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest value of each goal over all prior ranges."""
    expected = fit.emulator.mean(fit.waves[-1].ruled.candidates)
    ends = np.quantile(expected, [0.001, 0.999], axis=0)
    return {
        goal.name: (float(ends[0, j]), float(ends[1, j])) for j, goal in enumerate(fit.aims.goals)
    }


def why_missed(
    goal: Goal, value: float, error: float, reach: tuple[float, float] | None, fit: Fit
) -> str:
    """Say why a figure is missed: chance, out of reach, or at odds with others."""
    if verdict(goal, value, error) == CHANCE:
        return "perhaps chance: few such people are simulated"
    if goal.stage == STAGE_1:
        return "met in closed form up to chance and the smoothing of ages; not a fitted figure"
    if reach is None:
        return "not fitted" if goal.stage == APART else "too few such people to be fitted"
    low, high = reach
    if not low <= goal.value <= high:
        return f"out of reach: all prior ranges give {low:.3g} to {high:.3g}"
    return "within reach, but only where others are missed: " + "; ".join(at_odds(goal, fit))


def at_odds(goal: Goal, fit: Fit) -> list[str]:
    """Return the figures that get worse most when this one is met."""
    names = [each.name for each in fit.aims.goals]
    own = names.index(goal.name)
    expected = fit.emulator.mean(fit.waves[-1].ruled.candidates)
    scale = np.sqrt(np.diag(fit.aims.covariance()))
    away = np.abs(expected - fit.aims.values) / scale
    close = np.argsort(away[:, own])[: max(len(away) // 50, 5)]
    at_best = np.abs(fit.emulator.mean(fit.best[None])[0] - fit.aims.values) / scale
    worse = away[close].mean(axis=0) - at_best
    worse[own] = -np.inf
    return [fit.aims.goals[int(j)].label for j in np.argsort(worse)[::-1][:_TOP]]


# -------------------------------------------------------------------- waves and words


def waves_table(fit: Fit) -> pd.DataFrame:
    """Return ``waves.csv``: how much of the space each wave left, and the emulator's error."""
    rows = [
        {
            "wave": str(wave.number),
            "simulations": len(wave.points),
            "space_left": wave.ruled.share,
            "cut_off": wave.ruled.cut_off,
            "emulator_within_95": wave.tried.within if wave.tried else np.nan,
            "emulator_error_over_expected": _ratio(wave.tried) if wave.tried else np.nan,
        }
        for wave in fit.waves
    ]
    rows.append(
        {
            "wave": "posterior draws",
            "simulations": len(fit.verified.points),
            "space_left": np.nan,
            "cut_off": np.nan,
            "emulator_within_95": fit.tried.within,
            "emulator_error_over_expected": _ratio(fit.tried),
        }
    )
    return pd.DataFrame(rows)


def _ratio(tried: object) -> float:
    error, expected = tried.error, tried.expected  # type: ignore[attr-defined]
    return float(np.sqrt(np.mean((error / np.maximum(expected, 1e-12)) ** 2)))


@dataclass(frozen=True, slots=True)
class Score:
    """How many figures of a kind are near enough, before and after."""

    name: str
    rows: int
    before: int
    after: int
    by_chance: int

    @property
    def sentence(self) -> str:
        """The score in words."""
        if not self.rows:
            return f"{self.name}: none"
        chance = f"; {self.by_chance} of the misses may be chance" if self.by_chance else ""
        return (
            f"{self.name}: {self.after} of {self.rows} ({self.after / self.rows:.0%}) near "
            f"enough, {self.before} ({self.before / self.rows:.0%}) before{chance}"
        )


def scores(targets: pd.DataFrame) -> list[Score]:
    """Return how many figures are near enough: fitted, closed form, all to fit, held out."""
    known = targets[targets["verdict"] != UNKNOWN]
    parts = {
        "figures fitted": known[known["stage"] == STAGE_2],
        "figures met in closed form": known[known["stage"] == STAGE_1],
        "all figures with the role calibrate": known[known["role"] == CALIBRATE],
        "figures held out": known[known["role"] == HOLDOUT],
    }
    return [
        Score(
            name,
            len(rows),
            int((rows["verdict_before"] == NEAR).sum()),
            int((rows["verdict"] == NEAR).sum()),
            int((rows["verdict"] == CHANCE).sum()),
        )
        for name, rows in parts.items()
    ]


def not_identified(outcome: Outcome) -> list[str]:
    """Say in sentences what the published figures do not tell."""
    table = outcome.parameters
    sentences = []
    for word, said in (
        ("no", "The figures say nothing of {}: what was assumed beforehand is what comes out."),
        ("weakly", "The figures say little of {}."),
    ):
        names = table.loc[table["identified"] == word, "name"].tolist()
        if names:
            sentences.append(said.format(listed(names)))
    for one, other, r in pairs_together(outcome):
        how = (
            "when one is higher so is the other"
            if r > 0
            else "more of one allows less of the other"
        )
        sentences.append(f"{one} and {other} are known only together ({how}; correlation {r:.2f}).")
    edge = table[
        (table["best"] - table["prior_low"]).abs()
        < 0.02 * (table["prior_high"] - table["prior_low"])
    ]
    top = table[
        (table["prior_high"] - table["best"]).abs()
        < 0.02 * (table["prior_high"] - table["prior_low"])
    ]
    for rows, end in ((edge, "lower"), (top, "upper")):
        if len(rows):
            sentences.append(
                f"At the {end} end of their range, beyond which the figures would pull them: "
                f"{listed(rows['name'].tolist())}."
            )
    return sentences or ["Every parameter is told by some figure."]


def pairs_together(outcome: Outcome) -> list[tuple[str, str, float]]:
    """Return pairs of parameters that the figures know only together."""
    names = outcome.parameters["name"].tolist()
    found = [
        (names[i], names[j], float(outcome.correlation[i, j]))
        for i in range(len(names))
        for j in range(i)
        if abs(outcome.correlation[i, j]) > TOGETHER
    ]
    return sorted(found, key=lambda each: -abs(each[2]))


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence, with semicolons since names hold commas."""
    if len(names) == 1:
        return str(names[0])
    return "; ".join(names[:-1]) + " and " + names[-1]
