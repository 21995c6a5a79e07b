"""Which inputs drive the answer: one at a time, Morris screening, and Sobol on an emulator.

Each method is a plan: where the experiment is run, and how its runs are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments import sobol
from experiments.experiment import Arm, Experiment
from experiments.factors import Factor
from experiments.morris import Trajectories, elementary_effects, trajectories
from experiments.outcome import Outcome
from experiments.points import Point
from experiments.reading import NET_QALYS, ByRun, Interval, Readings, by_draw, interval_of
from experiments.running import Options
from experiments.searching import Search, Table, alone, write_found
from results.emulator import FEWEST

Floats = npt.NDArray[np.float64]
METHODS = ("oneway", "morris", "sobol")
TRAJECTORIES = 4
ENDS = (0.025, 0.975)  # a range is a 95% interval
TRUSTED = 0.5  # share of the variance below which an emulator is not to be relied on

# --- Points -----------------------------------------------------------------------------------


def point_at(number: int, moved: Mapping[Factor, float]) -> Point:
    """Return the point at which ``moved`` factors stand at these uniforms."""
    numbers: dict[str, dict[str, float]] = {"design": {}, "replaced": {}, "settings": {}}
    for factor, uniform in moved.items():
        numbers[factor.where] |= factor.at(uniform)
    return Point(
        draw=number,
        replaced=numbers["replaced"],
        design=numbers["design"],
        settings=numbers["settings"],
        baseline=any(factor.baseline for factor in moved),
    )


def oneway_points(factors: Sequence[Factor]) -> list[Point]:
    """Return the experiment as it stands, then each factor at its low and its high end."""
    ends = [(factor, end) for factor in factors for end in ENDS]
    return [Point(), *(point_at(n, {factor: end}) for n, (factor, end) in enumerate(ends, 1))]


def morris_points(factors: Sequence[Factor], ways: Trajectories) -> list[Point]:
    """Return the experiment as it stands, then the points of all trajectories.

    Levels lie between the ends of each range.
    """
    low, high = ENDS
    places = low + (high - low) * ways.points.reshape(-1, len(factors))
    walked = [
        point_at(number, dict(zip(factors, map(float, place), strict=True)))
        for number, place in enumerate(places, 1)
    ]
    return [Point(), *walked]


def space_points(factors: Sequence[Factor], places: Floats) -> list[Point]:
    """Return the experiment as it stands, then all factors at ``places``, (points, factors)."""
    moved = [
        point_at(number, dict(zip(factors, map(float, place), strict=True)))
        for number, place in enumerate(places, 1)
    ]
    return [Point(), *moved]


# --- What they say ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a sensitivity search runs and how its runs are read.

    ``ways`` are those of Morris, ``places`` those of Sobol, (points, factors), of which the
    first ``fitted`` are for the emulator and the others to judge it.
    """

    factors: tuple[Factor, ...]
    method: str
    points: tuple[Point, ...]
    ways: Trajectories | None = None
    places: Floats | None = None
    fitted: int = 0
    seed: int = 0

    @classmethod
    def of(
        cls,
        factors: Sequence[Factor],
        method: str,
        seed: int,
        *,
        count: int = TRAJECTORIES,
        fitted: int = sobol.POINTS,
    ) -> Plan:
        """Return the plan of a method of ``METHODS``.

        Parameters
        ----------
        count : trajectories of ``morris``
        fitted : points of ``sobol`` that the emulator is fitted to
        """
        every = tuple(factors)
        if method == "oneway":
            return cls(factors=every, method=method, points=tuple(oneway_points(every)))
        if method == "morris":
            ways = trajectories(len(every), count, seed)
            points = tuple(morris_points(every, ways))
            return cls(factors=every, method=method, ways=ways, points=points)
        places = sobol.space_filling(len(every), fitted + -(-fitted // sobol.FRESH), seed)
        points = tuple(space_points(every, places))
        return cls(
            factors=every, method=method, points=points, places=places, fitted=fitted, seed=seed
        )

    def rows(self, readings: Readings, measures: Sequence[str]) -> Table:
        """Return ``sensitivity.csv``: inputs that move a measure most first."""
        found: Table = []
        ways: dict[str, Callable[[ByRun], Table]] = {
            "oneway": self._oneway,
            "morris": self._morris,
            "sobol": self._sobol,
        }
        for arm in readings.designs:
            for measure in measures:
                about = dict(zip(("place", "design", "effects"), arm, strict=True))
                about |= {"method": self.method, "measure": measure, "unit": unit_of(measure)}
                rows = ways[self.method](readings.difference(arm, measure))
                rows.sort(key=_longest_first)
                found += [about | row for row in rows]
        return found

    def _oneway(self, changes: ByRun) -> Table:
        centre = interval_of(list(by_draw(changes, 0).values()))
        rows: Table = []
        for number, factor in enumerate(self.factors):
            low, high = (
                interval_of(list(by_draw(changes, 1 + 2 * number + end).values())) for end in (0, 1)
            )
            both = by_draw(changes, 1 + 2 * number), by_draw(changes, 2 + 2 * number)
            swing = interval_of([both[1][key] - both[0][key] for key in both[0] if key in both[1]])
            rows.append(_tornado_row(factor, centre, low, high, swing))
        return rows

    def _morris(self, changes: ByRun) -> Table:
        assert self.ways is not None
        count, factors = self.ways.moved.shape
        means = np.array(
            [_mean(by_draw(changes, number)) for number in range(1, count * (factors + 1) + 1)]
        )
        effects = elementary_effects(self.ways, means.reshape(count, factors + 1))
        return [
            {
                "input": factor.name,
                "group": factor.group,
                "low": factor.said(ENDS[0]),
                "high": factor.said(ENDS[1]),
                "mu": float(effects[:, number].mean()),
                "mu_star": float(np.abs(effects[:, number]).mean()),
                "sigma": float(effects[:, number].std(ddof=1)) if count > 1 else nan,
                "swing": float(np.abs(effects[:, number]).mean()),
                "trajectories": count,
            }
            for number, factor in enumerate(self.factors)
        ]

    def _sobol(self, changes: ByRun) -> Table:
        assert self.places is not None
        means = np.array([_mean(by_draw(changes, n)) for n in range(1, len(self.places) + 1)])
        known = np.isfinite(means)
        own = np.arange(len(means)) < self.fitted
        if min((known & own).sum(), (known & ~own).sum() * sobol.FRESH) < FEWEST:
            return []
        fit, fresh = known & own, known & ~own
        found = sobol.emulated(
            self.places[fit], means[fit], self.places[fresh], means[fresh], self.seed
        )
        about = {
            "points": int(fit.sum()),
            "fresh_points": int(fresh.sum()),
            "standard_deviation": found.indices.variance**0.5,
            "chance": _chance(changes),
            "emulator_error": found.error,
            "emulator_predicts": found.predicted,
        }
        return [
            _sobol_row(factor, found, number) | about for number, factor in enumerate(self.factors)
        ]


def _chance(changes: ByRun) -> float:
    """Return the standard deviation that luck gives to the mean of a point's replications."""
    numbers = sorted({draw for draw, _ in changes})
    groups = [list(by_draw(changes, number).values()) for number in numbers]
    repeated = [np.var(group, ddof=1) / len(group) for group in groups if len(group) > 1]
    return float(np.mean(repeated)) ** 0.5 if repeated else nan


def _sobol_row(factor: Factor, found: sobol.Emulated, number: int) -> dict[str, Any]:
    first, total = (
        float(np.clip(shares[number], 0.0, 1.0))
        for shares in (found.indices.first, found.indices.total)
    )
    first_half, total_half = found.first_half[number], found.total_half[number]
    return {
        "input": factor.name,
        "group": factor.group,
        "low": factor.said(ENDS[0]),
        "high": factor.said(ENDS[1]),
        "first_order": first,
        "first_order_low": float(max(first - first_half, 0.0)),
        "first_order_high": float(min(first + first_half, 1.0)),
        "total": total,
        "total_low": float(max(total - total_half, 0.0)),
        "total_high": float(min(total + total_half, 1.0)),
        "swing": float(total * found.indices.variance) ** 0.5,
    }


def _mean(values: Mapping[int, float]) -> float:
    return float(np.mean(list(values.values()))) if values else nan


def _tornado_row(
    factor: Factor, centre: Interval, low: Interval, high: Interval, swing: Interval
) -> dict[str, Any]:
    return {
        "input": factor.name,
        "group": factor.group,
        "low": factor.said(ENDS[0]),
        "high": factor.said(ENDS[1]),
        "centre_result": centre.mean,
        "centre_result_low": centre.low,
        "centre_result_high": centre.high,
        "low_result": low.mean,
        "high_result": high.mean,
        "swing": swing.mean,
        "swing_low": swing.low,
        "swing_high": swing.high,
        "turns_sign": "yes" if low.mean * high.mean < 0.0 else "no",
        "replications": swing.runs,
    }


def _longest_first(row: Mapping[str, Any]) -> float:
    """Return minus how far an input moves the result, from the centre too."""
    ends = [row[key] for key in ("low_result", "high_result", "centre_result") if key in row]
    reach = max(ends) - min(ends) if ends else row["swing"]
    return -reach if isfinite(reach) else 0.0


def unit_of(measure: str) -> str:
    """Return the unit of a measure."""
    from results.measures import MEASURES

    return "QALYs" if measure == NET_QALYS else MEASURES[measure].unit


def sensitivity(
    experiment: Experiment,
    plan: Plan,
    *,
    arm: Arm,
    measures: Sequence[str],
    folder: Path | None = None,
    options: Options | None = None,
    command: str = "",
    **how: Any,
) -> tuple[Path, Outcome, Table]:
    """Do a plan and return its folder, how its runs ended, and ``sensitivity.csv`` row by row."""
    search = Search(
        name="sensitivity",
        experiment=alone(experiment, arm),
        points=plan.points,
        command=command,
    )
    folder = folder or search.default_folder
    outcome = search.do(folder, options, **how)
    if not outcome.ready:
        return folder, outcome, []
    rows = plan.rows(search.readings(folder), measures)
    figures = {
        f"sensitivity-{measure}": partial(_figure, rows, measure)
        for measure in measures
        if any(row["measure"] == measure for row in rows)
    }
    write_found(folder, {"sensitivity": rows}, figures)
    return folder, outcome, rows


def _figure(rows: Table, measure: str) -> Any:
    from results.figures.sensitivity import screening, shares, tornado

    draw = {"oneway": tornado, "morris": screening, "sobol": shares}
    ours = [row for row in rows if row["measure"] == measure]
    return draw[ours[0]["method"]](ours)


def said(rows: Table, most: int = 5) -> list[str]:
    """Return the inputs that move each measure most, a line each."""
    lines = []
    for measure in dict.fromkeys(row["measure"] for row in rows):
        ours = [row for row in rows if row["measure"] == measure][:most]
        lines.append(f"{measure} ({ours[0]['unit']}), inputs that move the difference most:")
        lines += [_line(row) for row in ours]
        if ours[0]["method"] == "sobol":
            lines.append(_told_error(ours[0]))
    return lines


def _line(row: Mapping[str, Any]) -> str:
    """Return what a row of ``sensitivity.csv`` says, by its method."""
    if row["method"] == "oneway":
        ends = f"{row['low_result']:+.4g} at {row['low']}, {row['high_result']:+.4g} at "
        turn = "; turns the sign" if row["turns_sign"] == "yes" else ""
        return f"  {row['input']}: {ends}{row['high']}{turn}"
    if row["method"] == "morris":
        return (
            f"  {row['input']}: mean absolute effect {row['mu_star']:.4g}, spread "
            f"{row['sigma']:.4g}"
        )
    return (
        f"  {row['input']}: {row['first_order']:.0%} of the variance alone, {row['total']:.0%} "
        f"with its interactions ({row['total_low']:.0%} to {row['total_high']:.0%})"
    )


def _told_error(row: Mapping[str, Any]) -> str:
    """Return how far to trust the emulator."""
    share = max(float(row["emulator_predicts"]), 0.0)
    doubt = (
        "" if share >= TRUSTED else "; too little to rely on: take more --points or --replications"
    )
    return (
        f"  The emulator predicts {share:.0%} of the variance of {row['fresh_points']} fresh "
        f"points (error {row['emulator_error']:.4g}, luck alone {row['chance']:.4g}){doubt}"
    )
