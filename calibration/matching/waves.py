"""History matching: ruling out what is implausible, wave by wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from agents.evidence import Evidence
from calibration.matching.emulator import Emulator
from calibration.matching.free import SETTINGS
from calibration.matching.goals import Aims

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CANDIDATES = 4096  # points of the unit cube looked at by the emulator


@dataclass(frozen=True, slots=True)
class Rule:
    """When a point is implausible (see ``calibration_settings.csv``)."""

    cut_off: float
    share: float
    least_kept: float


def rule_of(evidence: Evidence) -> Rule:
    """Return the rule of the evidence."""
    names = ("cut_off", "share_of_targets", "least_kept")
    return Rule(*(evidence.value(SETTINGS, key=f"implausibility.{name}") for name in names))


def spread_out(n: int, d: int, seed: int) -> Floats:
    """Return ``n`` points of a Latin hypercube in ``d`` dimensions."""
    points: Floats = qmc.LatinHypercube(d, rng=np.random.default_rng(seed)).random(n)
    return points


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An emulator and what it says of the goals it was fitted for."""

    emulator: Emulator
    aims: Aims
    widen: Floats

    def implausibility(self, at: Floats) -> Floats:
        """Return each target's distance in standard deviations, (n, n_goals).

        Standard deviations hold discrepancy, published error and doubt of the emulator.
        """
        doubt = (self.emulator.deviation(at) * self.widen) ** 2
        variance = self.aims.deviations**2 + self.aims.errors**2 + doubt
        away: Floats = np.abs(self.emulator.mean(at) - self.aims.values) / np.sqrt(variance)
        return away


def overall(implausibility: Floats, share: float) -> Floats:
    """Return the implausibility of points: what ``share`` of the targets stays under."""
    level: Floats = np.quantile(implausibility, share, axis=1)
    return level


@dataclass(frozen=True, slots=True)
class Ruled:
    """What is left after a wave.

    Attributes
    ----------
    points : (n, d) plausible points of the unit cube
    share : share of the space that is left, of all prior ranges
    cut_off : the level used; above the rule's where nothing was plausible at that
    levels : (n_candidates,) implausibility of points spread over all ranges
    candidates : (n_candidates, d) those points
    """

    points: Floats
    share: float
    cut_off: float
    levels: Floats
    candidates: Floats


def rule_out(waves: Sequence[Seen], rule: Rule, d: int, seed: int) -> Ruled:
    """Return what all waves so far leave plausible.

    Where at the cut-off less than the least share of candidates is left, the most plausible
    such share is kept instead, and ``cut_off`` says at which level.
    """
    candidates = spread_out(CANDIDATES, d, seed)
    levels = worst(waves, candidates, rule)
    kept = levels <= rule.cut_off
    least = max(int(rule.least_kept * CANDIDATES), 1)
    cut_off = rule.cut_off
    if kept.sum() < least:
        cut_off = max(rule.cut_off, float(np.sort(levels)[least - 1]))
        kept = levels <= cut_off
    return Ruled(candidates[kept], float(kept.mean()), cut_off, levels, candidates)


def worst(waves: Sequence[Seen], at: Floats, rule: Rule) -> Floats:
    """Return the largest implausibility of points over waves."""
    levels = [overall(seen.implausibility(at), rule.share) for seen in waves]
    largest: Floats = np.max(levels, axis=0)
    return largest


def next_points(ruled: Ruled, n: int, seed: int) -> Floats:
    """Choose ``n`` plausible points that lie far from each other, one after another."""
    points = ruled.points
    random = np.random.default_rng(seed)
    if len(points) <= n:
        more = random.integers(len(points), size=n - len(points))
        jitter = random.normal(0, 0.03, (more.size, points.shape[1]))
        around: Floats = np.clip(np.concatenate([points, points[more] + jitter]), 0, 1)
        return around
    chosen = [int(random.integers(len(points)))]
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < n:
        farthest = int(nearest.argmax())
        chosen.append(farthest)
        nearest = np.minimum(nearest, ((points - points[farthest]) ** 2).sum(axis=1))
    kept: Floats = points[chosen]
    return kept
