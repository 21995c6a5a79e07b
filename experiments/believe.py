"""What one would have to believe: the size of an effect, reach or cost that meets a target.

The design is run at several sizes, paired with one and the same baseline; where the mean of
the paired differences crosses the target is what one would have to believe, and where the ends
of its 95% interval cross it is how surely that is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

from agents.evidence import Evidence
from agents.faults import BadInput, Fault, nearest
from experiments.catalogue import EVIDENCE
from experiments.experiment import Arm, Experiment
from experiments.outcome import Outcome
from experiments.points import Point
from experiments.reading import (
    ALL_YEARS,
    NET_CASH,
    NET_QALYS,
    Interval,
    Readings,
    by_draw,
    interval_of,
)
from experiments.running import Options
from experiments.searching import WHERE, Search, Table, alone, refused, write_found

COVERAGE, COST = "coverage", "cost"
EFFECT_STEPS = (0.0, -0.15, -0.3, -0.45, -0.6, -0.8)
COVERAGE_STEPS = (0.5, 1.0, 2.0, 4.0, 8.0)
COST_STEPS = (0.0, 1.0, 2.0)
MOST = 100.0  # the largest size that may be tried
NUMBER = r"([+-]?\d+(?:\.\d+)?)(%?)"
TARGET = re.compile(rf"^([a-z0-9_-]+)={NUMBER}(?:@(\d+))?$")
BREAK_EVEN = re.compile(r"^break-even(?:@(\d+))?$")

# Outcomes of studies that speak of what an effect acts on.
OUTCOMES: Mapping[str, str] = {
    "demand.emergency_admission": r"(?<!re)(emergency|unplanned|non-elective) admission",
    "demand.ae_attendance": r"A&E attend|ED attend|emergency department",
    "demand.outpatient_attendance": r"outpatient",
    "demand.elective_admission": r"(?<!non-)elective admission",
    "demand.practice_consultation": r"GP consultation|primary care use",
    "blood_pressure": r"systolic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A difference from the baseline to be reached.

    ``value`` is a share of the baseline's level where ``relative``, else in the measure's unit;
    ``year`` is a year, or ``all``.
    """

    measure: str
    value: float
    relative: bool
    year: str = ALL_YEARS

    def __str__(self) -> str:
        size = f"{self.value:+.2%}" if self.relative else f"{self.value:+g}"
        return f"{self.measure} {size}" + ("" if self.year == ALL_YEARS else f", year {self.year}")


def targets_of(texts: Sequence[str], years: int, measures: Sequence[str]) -> list[Target]:
    """Return the targets of ``--target MEASURE=VALUE[%][@YEAR]`` and ``break-even[@YEAR]``.

    Raises
    ------
    BadInput
        With a fault for every target that is not one.
    """
    known = [*measures, NET_QALYS, NET_CASH]
    found: list[Target] = []
    faults: list[Fault] = []
    for text in texts:
        target = _target(text.strip())
        wrong = _wrong(text, target, years, known)
        if wrong:
            faults.append(wrong)
        elif target:
            found.append(target)
    if not texts:
        faults.append(_fault("nothing", "at least one target", _EXAMPLE))
    if faults:
        raise BadInput(faults)
    return found


_EXAMPLE = "write, for example, --target emergency_admissions=-9.73% or --target break-even@5"


def _target(text: str) -> Target | None:
    if match := BREAK_EVEN.match(text):
        year = match[1] or ALL_YEARS
        return Target(measure=NET_CASH, value=0.0, relative=False, year=year)
    if not (match := TARGET.match(text)):
        return None
    relative = match[3] == "%"
    value = float(match[2]) / (100.0 if relative else 1.0)
    return Target(measure=match[1], value=value, relative=relative, year=match[4] or ALL_YEARS)


def _wrong(text: str, target: Target | None, years: int, known: Sequence[str]) -> Fault | None:
    if target is None:
        return _fault(repr(text), "MEASURE=VALUE, VALUE% or …@YEAR, or break-even@YEAR", _EXAMPLE)
    if target.measure not in known:
        close = nearest(target.measure, known)
        remedy = f"did you mean {close}?" if close else "see: carepath list measures"
        return _fault(repr(target.measure), "a measure, net_qalys or net_cash", remedy)
    if target.year != ALL_YEARS and not 1 <= int(target.year) <= years:
        return _fault(f"year {target.year}", f"a year from 1 to {years}", "give another year")
    if target.measure == NET_QALYS and target.year != ALL_YEARS:
        return _fault(f"year {target.year}", "net_qalys over all years", "leave @YEAR out")
    if target.relative and target.measure == NET_CASH:
        return _fault(repr(text), "net_cash in pounds", "leave the % out")
    return None


def _fault(found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where=WHERE, key="--target", found=found, allowed=allowed, remedy=remedy)


# --- What is varied ---------------------------------------------------------------------------


def vary_of(text: str | None, arm: Arm, version: str) -> str:
    """Return what is varied: an effect of the design, ``coverage`` or ``cost``."""
    effects = [effect.target for effect in arm.design.acting(version)]
    choices = [*effects, COVERAGE, COST]
    if text is None:
        admissions = "demand.emergency_admission"
        return admissions if admissions in effects else choices[0]
    if text not in choices:
        close = nearest(text, choices)
        raise refused("--vary", text, ", ".join(choices), f"did you mean {close or choices[0]}?")
    return text


def steps_of(text: str | None, vary: str) -> tuple[float, ...]:
    """Return the sizes at which the design is run, in order from the weakest."""
    if text is None:
        return {COVERAGE: COVERAGE_STEPS, COST: COST_STEPS}.get(vary, EFFECT_STEPS)
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    least = 0.0 if vary in (COVERAGE, COST) else -inf if vary == "blood_pressure" else -1.0
    fine = [size for size in found if least <= size <= MOST]
    if len(set(fine)) < 2 or len(fine) < len(found):
        raise refused(
            "--at", text, f"two different numbers or more, from {least:g}", "write --at 0,-0.3,-0.6"
        )
    return tuple(sorted(set(found), key=lambda size: (abs(size), size)))


def points_of(arm: Arm, version: str, vary: str, steps: Sequence[float]) -> list[Point]:
    """Return the design as it stands (with the baseline), and at every step (without)."""
    scan = [
        Point(
            draw=number,
            design={
                f"{arm.name}.{key}": value for key, value in _changes(arm, version, vary, size)
            },
            baseline=False,
        )
        for number, size in enumerate(steps, 1)
    ]
    return [Point(), *scan]


def _changes(arm: Arm, version: str, vary: str, size: float) -> list[tuple[str, float]]:
    if vary == COST:
        return [("costs", size)]
    if vary != COVERAGE:
        return [(f"{version}.{vary}", size)]
    assert arm.design.reach is not None
    invited = arm.design.reach.invitations_per_10000_a_year * size
    capacity = [(key, value * size) for key, value in arm.design.changes.items()]
    return [("reach.invitations_per_10000_a_year", invited), *capacity, ("costs", size)]


def as_modelled(arm: Arm, version: str, vary: str) -> float:
    """Return the size that the design itself has."""
    if vary in (COVERAGE, COST):
        return 1.0
    return next(one.change for one in arm.design.acting(version) if one.target == vary)


# --- What it says -----------------------------------------------------------------------------


def crossing(sizes: Sequence[float], values: Sequence[float], target: float) -> float:
    """Return the first size, in the order given, at which ``values`` reach ``target``.

    Straight lines between the steps; not a number where they never reach it.
    """
    for number in range(len(sizes) - 1):
        first, second = values[number] - target, values[number + 1] - target
        if first == 0.0:
            return sizes[number]
        if first * second < 0.0:
            share = first / (first - second)
            return sizes[number] + share * (sizes[number + 1] - sizes[number])
    return sizes[-1] if len(sizes) and values[-1] == target else nan


def scan_of(
    readings: Readings, arm: tuple[str, str, str], target: Target, steps: Sequence[float]
) -> list[Interval]:
    """Return the paired difference at every step, as a share of the level where relative."""
    changes = readings.difference(arm, target.measure, target.year)
    level = 1.0
    if target.relative:
        base = readings.level(readings.baselines[arm[0]], target.measure, target.year)
        level = abs(sum(base.values()) / len(base))
    return [
        interval_of([value / level for value in by_draw(changes, number).values()])
        for number in range(1, len(steps) + 1)
    ]


def needed(scan: Sequence[Interval], steps: Sequence[float], target: Target) -> Interval:
    """Return the size that reaches the target, and where the interval's ends reach it."""
    middle = crossing(steps, [one.mean for one in scan], target.value)
    ends = [
        crossing(steps, [getattr(one, end) for one in scan], target.value)
        for end in ("low", "high")
    ]
    low, high = (nan, nan) if any(map(isnan, ends)) else (min(ends), max(ends))
    return Interval(mean=middle, low=low, high=high, runs=min(one.runs for one in scan))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The range that studies span: the design's own source, and every study of the outcome."""

    own: tuple[float, float] | None
    every: tuple[float, float] | None
    studies: int
    strongest: str


def published(arm: Arm, vary: str, evidence: Evidence) -> Published:
    """Return what studies found of what is varied, as relative changes (or mmHg)."""
    ranges = [
        (one.low, one.high)
        for one in arm.design.effects
        if one.version == "published" and one.target == vary
    ]
    own = next(((low, high) for low, high in ranges if low is not None and high is not None), None)
    pattern = OUTCOMES.get(vary)
    found: list[tuple[float, str]] = []
    for row in evidence.rows("intervention_effects") if pattern else []:
        if row["kind"] == "published_effect" and re.search(pattern or "", row["outcome"], re.I):
            text = row["value"] if vary == "blood_pressure" else row["relative_change_percent"]
            if text:
                change = float(text) / (1.0 if vary == "blood_pressure" else 100.0)
                found.append((change, row["effect_id"]))
    every = (min(found)[0], max(found)[0]) if found else None
    return Published(
        own=own, every=every, studies=len(found), strongest=min(found)[1] if found else ""
    )


def verdict(size: float, known: Published) -> str:
    """Return in words where the needed size lies among what was published."""
    if isnan(size):
        return "not reached at any size that was tried"
    if known.own and known.own[0] <= size <= known.own[1]:
        return "within the published range that the design uses"
    if known.every and known.every[0] <= size <= known.every[1]:
        return f"within what some study found (strongest: {known.strongest})"
    if known.every:
        return f"beyond every study found (strongest: {known.strongest})"
    return "no published figure to set it beside"


def believe(
    experiment: Experiment,
    targets: Sequence[Target],
    *,
    arm: Arm,
    version: str,
    vary: str,
    steps: Sequence[float],
    folder: Path | None = None,
    options: Options | None = None,
    command: str = "",
    **how: Any,
) -> tuple[Path, Outcome, Table]:
    """Scan a design and return its folder, how its runs ended, and ``believe.csv`` row by row.

    Parameters
    ----------
    arm, version : the design with the version of its effects, from ``searching.design_of``
    how : progress, work and engine, as for ``run_experiment``
    """
    search = Search(
        name="believe",
        experiment=alone(experiment, arm),
        points=points_of(arm, version, vary, steps),
        command=command,
    )
    folder = folder or search.default_folder
    outcome = search.do(folder, options, **how)
    if not outcome.ready:
        return folder, outcome, []
    rows, scans = found_in(search.readings(folder), targets, arm, version, vary, steps)
    write_found(
        folder,
        {"believe": rows, "believe_scan": scans},
        {"believe": partial(_figure, rows, scans)},
    )
    return folder, outcome, rows


def _figure(rows: Table, scans: Table) -> Any:
    from results.figures.believe import scans as draw

    return draw(rows, scans)


def found_in(
    readings: Readings,
    targets: Sequence[Target],
    arm: Arm,
    version: str,
    vary: str,
    steps: Sequence[float],
) -> tuple[Table, Table]:
    """Return the rows of ``believe.csv`` and of ``believe_scan.csv``."""
    known = published(arm, vary, Evidence(EVIDENCE))
    rows: Table = []
    scans: Table = []
    for one in readings.designs:
        for target in targets:
            scan = scan_of(readings, one, target, steps)
            need = needed(scan, steps, target)
            about = dict(zip(("place", "design", "effects"), one, strict=True)) | {
                "measure": target.measure,
                "year": target.year,
                "target": target.value,
                "relative": "yes" if target.relative else "no",
                "varied": vary,
            }
            rows.append(
                about
                | {
                    "needed": need.mean,
                    "needed_low": need.low,
                    "needed_high": need.high,
                    "reached": "no" if isnan(need.mean) else "yes",
                    "as_modelled": as_modelled(arm, version, vary),
                    "tried_from": steps[0],
                    "tried_to": steps[-1],
                    "published_low": known.own[0] if known.own else nan,
                    "published_high": known.own[1] if known.own else nan,
                    "any_study_low": known.every[0] if known.every else nan,
                    "any_study_high": known.every[1] if known.every else nan,
                    "studies": known.studies,
                    "verdict": verdict(need.mean, known),
                    "replications": need.runs,
                }
            )
            scans += [
                about | {"size": size, "difference": held.mean, "low": held.low, "high": held.high}
                for size, held in zip(steps, scan, strict=True)
            ]
    return rows, scans


def said(rows: Table) -> list[str]:
    """Return what was found, a sentence for each target."""
    return [_sentence(row) for row in rows]


def _sentence(row: Mapping[str, Any]) -> str:
    target = Target(
        measure=row["measure"],
        value=row["target"],
        relative=row["relative"] == "yes",
        year=str(row["year"]),
    )
    what, now = row["varied"], f"as modelled {row['as_modelled']:g}"
    if row["reached"] == "no":
        tried = f"{row['tried_from']:g} to {row['tried_to']:g}"
        return f"{target}: not reached with {what} from {tried} ({now})."
    ends = f" ({row['needed_low']:.3g} to {row['needed_high']:.3g})"
    interval = "" if isnan(row["needed_low"]) else ends
    return f"{target}: needs {what} of {row['needed']:.3g}{interval}; {now}; {row['verdict']}."
