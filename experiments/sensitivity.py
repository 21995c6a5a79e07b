"""Which inputs drive the answer: one at a time over their ranges, and Morris screening.

Inputs are effects, uptake and capacities of a design one by one, capacities of the place, and
groups of evidence that belong together, whose members move to the same point of their ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence, Figure
from agents.luck import Luck
from experiments import draws
from experiments.catalogue import EVIDENCE
from experiments.draws import Input, design_inputs, input_of, inputs_of, why_left_out
from experiments.experiment import Arm, Experiment
from experiments.points import Point
from experiments.reading import NET_QALYS, ByRun, Interval, Readings, by_draw, interval_of
from experiments.running import Options, Outcome
from experiments.searching import Search, Table, alone, refused, write_found

Floats = npt.NDArray[np.float64]
METHODS = ("oneway", "morris")
LEVELS = 4  # of Morris' grid; a step is two thirds of a range
STEP = LEVELS / (2.0 * (LEVELS - 1))
TRAJECTORIES = 4
ENDS = (0.025, 0.975)  # a range is a 95% interval
CAPACITIES = ("gp", "beds", "ed", "outpatients", "elective")

# Evidence that belongs together: name and patterns of keys; the first that fits.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("admissions by number of conditions", ("*.emergency_admission*.ltc_count.*",)),
    ("admissions by frailty", ("*.emergency_admission*.frailty.*",)),
    ("admissions by deprivation", ("*.emergency_admission*.imd_*",)),
    ("admissions by age", ("*.emergency_admission*.age_band.*",)),
    ("length of emergency stays", ("baseline_demand.emergency_stay.*",)),
    ("readmission", ("*readmission*",)),
    ("delay of discharge", ("hospital_settings.delay.*",)),
    ("other hospital settings", ("hospital_settings.*",)),
    ("spread of need between people", ("*gamma_shape*", "*score_correlation")),
    ("what becomes of unmet requests", ("care_settings.practice.leak.*",)),
    ("missed appointments", ("*dna*", "mechanisms.*")),
    ("blood pressure and new disease", ("intervention_effects.*",)),
    ("control of blood pressure and diabetes", ("diagnosis_control.*",)),
    ("work of the teams", ("team_settings.*", "care_settings.care_coordination.*")),
    ("use of other services", ("baseline_demand.*",)),
    ("who lives here and who moves", ("household.*", "population_change.*")),
    ("frailty, isolation and other traits", ("traits.*",)),
    ("other evidence", ("*",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One input that is moved.

    Attributes
    ----------
    name, group : what it is called, and of what kind it is
    inputs : the numbers that move with it
    where : ``design``, ``replaced`` or ``settings`` of a point
    """

    name: str
    group: str
    inputs: tuple[Input, ...]
    where: str

    @property
    def baseline(self) -> bool:
        """Whether usual care changes too."""
        return self.where != "design"

    def at(self, uniform: float) -> dict[str, float]:
        """Return the numbers at a point between 0 and 1 of their distributions."""
        cut = len("design.") if self.where == "design" else 0
        return {one.key[cut:]: one.at(uniform) for one in self.inputs}

    def said(self, uniform: float) -> str:
        """Return the number as text, or how far a group has moved."""
        if len(self.inputs) == 1:
            return f"{self.inputs[0].at(uniform):.4g}"
        return f"{len(self.inputs)} numbers at {'low' if uniform < 0.5 else 'high'} ends"


def factors_of(experiment: Experiment, arm: Arm, patterns: Sequence[str] = ()) -> list[Factor]:
    """Return the inputs of an experiment with one design; ``patterns`` keep some by name.

    Raises
    ------
    BadInput
        If no input is left.
    """
    found = [*_of_design(alone(experiment, arm), arm), *_capacities(), *_groups(experiment)]
    kept = [
        factor
        for factor in found
        if not patterns
        or any(fnmatchcase(text, pattern) for pattern in patterns for text in _names(factor))
    ]
    if not kept:
        names = ", ".join(factor.name for factor in found)
        raise refused("--inputs", ",".join(patterns), names, 'write, for example, --inputs "*"')
    return kept


def _names(factor: Factor) -> tuple[str, str]:
    return factor.name, factor.group


def _of_design(experiment: Experiment, arm: Arm) -> list[Factor]:
    """Return what is unknown of a design, and its own numbers that have a range."""
    unknown = design_inputs(experiment)
    known = {one.key for one in unknown}
    start = f"design.{arm.name}."
    own = []
    for source in arm.design.sources:
        figure = Figure(
            key=start + source.key,
            value=source.value,
            low=source.low,
            high=source.high,
            unit=source.unit,
            source=source.source,
            basis=source.basis,
            note=source.note,
        )
        acts = source.key in arm.design.changes or source.key.startswith(("reach.", "support."))
        if acts and figure.key not in known and not why_left_out(figure):
            own.append(input_of(figure))
    return [
        *(_single(one, start, "effects, uptake and costs") for one in unknown),
        *(_single(one, start, "the design's own numbers") for one in own),
    ]


def _single(one: Input, start: str, group: str) -> Factor:
    name = one.key.removeprefix(start)
    return Factor(name=name, group=group, inputs=(one,), where="design")


def _capacities() -> list[Factor]:
    evidence = Evidence(EVIDENCE)
    found = []
    for service in CAPACITIES:
        figure = evidence.figure("search_settings", key=f"capacity.{service}")
        one = input_of(figure)
        name = f"{service}.capacity_factor"
        moved = Input(**{**_fields(one), "key": name})
        found.append(Factor(name=name, group="capacity here", inputs=(moved,), where="settings"))
    return found


def _fields(one: Input) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Input.__dataclass_fields__}


def _groups(experiment: Experiment) -> list[Factor]:
    """Return the evidence that runs read, in groups."""
    used = {
        figure.key: figure
        for place in experiment.places
        for figure in draws.figures_used(experiment, place)
    }
    members: dict[str, list[Input]] = {}
    for one in inputs_of(used.values()):
        members.setdefault(group_of(one.key), []).append(one)
    return [
        Factor(name=name, group="evidence", inputs=tuple(members[name]), where="replaced")
        for name, _ in GROUPS
        if name in members
    ]


def group_of(key: str) -> str:
    """Return the group of an evidence key."""
    return next(
        name for name, patterns in GROUPS if any(fnmatchcase(key, pattern) for pattern in patterns)
    )


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


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Morris' trajectories: from point to point one factor moves by one step.

    ``points`` are (trajectories, factors + 1, factors), between 0 and 1; ``moved`` are
    (trajectories, factors), which factor each step moves.
    """

    points: Floats
    moved: npt.NDArray[np.int64]


def trajectories(factors: int, count: int, seed: int) -> Trajectories:
    """Return ``count`` trajectories through a grid of ``LEVELS`` levels.

    Morris (1991): starts, order and directions are random; each step is ``STEP`` long.
    """
    luck, who = Luck(seed), np.arange(factors)
    points = np.empty((count, factors + 1, factors))
    moved = np.empty((count, factors), np.int64)
    lowest = np.arange(LEVELS // 2) / (LEVELS - 1)
    for number in range(count):
        start = lowest[(luck.uniforms("morris.start", who, number) * len(lowest)).astype(np.int64)]
        up = luck.uniforms("morris.up", who, number) < 0.5
        moved[number] = np.argsort(luck.uniforms("morris.order", who, number))
        here = np.where(up, start, start + STEP)
        points[number, 0] = here
        for step, factor in enumerate(moved[number], 1):
            here = here.copy()
            here[factor] += STEP if up[factor] else -STEP
            points[number, step] = here
    return Trajectories(points, moved)


def elementary_effects(ways: Trajectories, values: Floats) -> Floats:
    """Return each factor's effect in each trajectory, per whole range.

    Parameters
    ----------
    values : (trajectories, factors + 1), the model at ``ways.points``

    Returns
    -------
    (trajectories, factors)
    """
    effects = np.empty(ways.moved.shape)
    rows = np.arange(len(ways.moved))
    for step in range(ways.moved.shape[1]):
        factor = ways.moved[:, step]
        walked = ways.points[rows, step + 1, factor] - ways.points[rows, step, factor]
        effects[rows, factor] = (values[:, step + 1] - values[:, step]) / walked
    return effects


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


# --- What they say ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a sensitivity search runs and how its runs are read."""

    factors: tuple[Factor, ...]
    method: str
    ways: Trajectories | None = None
    points: tuple[Point, ...] = field(default=())

    @classmethod
    def of(cls, factors: Sequence[Factor], method: str, count: int, seed: int) -> Plan:
        """Return the plan of a method of ``METHODS``."""
        if method == "oneway":
            return cls(factors=tuple(factors), method=method, points=tuple(oneway_points(factors)))
        ways = trajectories(len(factors), count, seed)
        points = morris_points(factors, ways)
        return cls(factors=tuple(factors), method=method, ways=ways, points=tuple(points))

    def rows(self, readings: Readings, measures: Sequence[str]) -> Table:
        """Return ``sensitivity.csv``: inputs that move a measure most first."""
        found: Table = []
        read: Callable[[ByRun], Table] = self._oneway if self.ways is None else self._morris
        for arm in readings.designs:
            for measure in measures:
                about = dict(zip(("place", "design", "effects"), arm, strict=True))
                about |= {"method": self.method, "measure": measure, "unit": unit_of(measure)}
                rows = read(readings.difference(arm, measure))
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
    from results.figures.sensitivity import screening, tornado

    ours = [row for row in rows if row["measure"] == measure]
    return (tornado if "low_result" in ours[0] else screening)(ours)


def said(rows: Table, most: int = 5) -> list[str]:
    """Return the inputs that move each measure most, a line each."""
    lines = []
    for measure in dict.fromkeys(row["measure"] for row in rows):
        ours = [row for row in rows if row["measure"] == measure][:most]
        lines.append(f"{measure} ({ours[0]['unit']}), inputs that move the difference most:")
        for row in ours:
            if "low_result" in row:
                ends = f"{row['low_result']:+.4g} at {row['low']}, {row['high_result']:+.4g} at "
                turn = "; turns the sign" if row["turns_sign"] == "yes" else ""
                lines.append(f"  {row['input']}: {ends}{row['high']}{turn}")
            else:
                lines.append(
                    f"  {row['input']}: mean absolute effect {row['mu_star']:.4g}, spread "
                    f"{row['sigma']:.4g}"
                )
    return lines
