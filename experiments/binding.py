"""What binds: what one more unit of a capacity is worth, by paired runs.

Each capacity in turn is raised by a step, for usual care and for the design, with the same
people and the same luck. What changes against the same arm as it stands, for each unit added,
is what that unit is worth; where nothing changes, something else binds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan, nan
from pathlib import Path
from typing import Any

from agents.evidence import Evidence
from agents.faults import nearest
from agents.place import Place
from experiments.catalogue import EVIDENCE
from experiments.experiment import Arm, Experiment
from experiments.outcome import Outcome
from experiments.points import Point
from experiments.reading import Readings, by_draw, interval_of
from experiments.running import Options
from experiments.searching import Search, Table, alone, refused, write_found

PER, TEAM = 10_000.0, 50_000.0
# Service: its unit, and the row of the place's capacity that counts it.
UNITS: Mapping[str, tuple[str, str, str]] = {
    "gp": ("appointments a year", "practice", "all slots"),
    "beds": ("beds", "beds", "emergency pool"),
    "ed": ("majors spaces", "ed", "majors and resuscitation spaces"),
    "mdt": ("team meetings a year", "mdt", "meetings"),
    "vcse": ("link workers (FTE)", "vcse", "social prescribing link worker"),
    "care_coordination": ("care coordinators (FTE)", "", ""),
    "outpatients": ("", "", ""),
    "elective": ("", "", ""),
}
# What a design may set in place of the place's own capacity.
SET: Mapping[str, str] = {
    "mdt": "mdt.meetings_per_year",
    "vcse": "vcse.link_workers_per_10000",
    "care_coordination": "care_coordination.coordinators_per_10000",
    "beds": "beds.emergency_beds_per_10000",
}
MEASURES = (
    "emergency_admissions",
    "bed_days",
    "gp_wait_days",
    "gp_unmet",
    "mdt_wait_days",
    "vcse_wait_days",
    "outpatient_wait_days",
    "qalys",
)


def services_of(text: str | None) -> tuple[str, ...]:
    """Return the services whose capacity is raised; all that are limited by default."""
    if text is None:
        return tuple(UNITS)
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in UNITS:
            close = nearest(name, UNITS)
            raise refused(
                "--services", name, ", ".join(UNITS), f"did you mean {close}?" if close else "…"
            )
    return names


def step_of(step: float | None) -> float:
    """Return the factor by which capacities are raised."""
    usual = Evidence(EVIDENCE).value("search_settings", key="step.binding")
    if step is not None and not 1.0 < step <= 10.0:
        raise refused("--step", step, "a factor above 1 and up to 10", f"write --step {usual:g}")
    return step or usual


def points_of(services: Sequence[str], step: float) -> list[Point]:
    """Return the experiment as it stands, then with each capacity raised."""
    raised = [
        Point(draw=number, settings={f"{service}.capacity_factor": step})
        for number, service in enumerate(services, 1)
    ]
    return [Point(), *raised]


def units_added(place: Place, arm: Arm, service: str, step: float) -> float:
    """Return how many units the step adds in the whole place, not a number where none counts.

    A design's own capacity counts where it sets one.
    """
    per_50000 = service == "mdt"
    _, row, role = UNITS[service]
    settings = arm.design.changes | dict(arm.settings)
    name = SET.get(service, "")
    if name in settings:
        usual = settings[name]
    elif service == "care_coordination":
        usual = Evidence(EVIDENCE).value(
            "care_settings", key="care_coordination.usual_fte_per_10000"
        )
    elif row:
        usual = place.capacity[row][role]
    else:
        return nan
    return usual * (step - 1.0) * place.population / (TEAM if per_50000 else PER)


def binding(
    experiment: Experiment,
    *,
    arm: Arm,
    services: Sequence[str],
    step: float,
    folder: Path | None = None,
    options: Options | None = None,
    command: str = "",
    **how: Any,
) -> tuple[Path, Outcome, Table]:
    """Raise each capacity and return the folder, how runs ended, and ``binding.csv``."""
    asked = alone(experiment, arm)
    search = Search(
        name="binding", experiment=asked, points=points_of(services, step), command=command
    )
    folder = folder or search.default_folder
    outcome = search.do(folder, options, **how)
    if not outcome.ready:
        return folder, outcome, []
    measures = tuple(dict.fromkeys((experiment.main_measure, *MEASURES)))
    rows = rows_of(search.readings(folder), asked, services, step, measures)
    write_found(folder, {"binding": rows}, {})
    return folder, outcome, rows


def rows_of(
    readings: Readings,
    experiment: Experiment,
    services: Sequence[str],
    step: float,
    measures: Sequence[str],
) -> Table:
    """Return ``binding.csv``: what each step changes in each arm, in all and for a unit."""
    from results.measures import MEASURES as KNOWN

    arms = {arm.name: arm for arm in experiment.arms}
    places = {place.key: place for place in experiment.places}
    rows: Table = []
    for key in [*readings.baselines.values(), *readings.designs]:
        for number, service in enumerate(services, 1):
            added = units_added(places[key[0]], arms[key[1]], service, step)
            for measure in measures:
                levels = readings.level(key, measure)
                now, then = by_draw(levels, 0), by_draw(levels, number)
                pairs = [then[one] - now[one] for one in sorted(now) if one in then]
                held = interval_of(pairs)
                usual = sum(now.values()) / len(now)
                rows.append(
                    dict(zip(("place", "design", "effects"), key, strict=True))
                    | {
                        "service": service,
                        "factor": step,
                        "unit_added": UNITS[service][0],
                        "units_added": added,
                        "measure": measure,
                        "unit": KNOWN[measure].unit,
                        "level": usual,
                        "difference": held.mean,
                        "difference_low": held.low,
                        "difference_high": held.high,
                        "per_unit_added": held.mean / added if added else nan,
                        "clear": "yes" if held.low > 0.0 or held.high < 0.0 else "no",
                        "replications": held.runs,
                    }
                )
    return rows


def said(rows: Table) -> list[str]:
    """Return what each capacity clearly changes, a line each arm and service."""
    lines: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        key = (row["design"], row["service"])
        lines.setdefault(key, [])
        if row["clear"] == "yes":
            ends = f"{row['difference_low']:+.3g} to {row['difference_high']:+.3g}"
            lines[key].append(f"{row['measure']} {row['difference']:+.3g} ({ends})")
    return [
        f"{design}, {service} {_more(rows, design, service)}: "
        + ("; ".join(parts) or "nothing clear changes")
        for (design, service), parts in lines.items()
    ]


def _more(rows: Table, design: str, service: str) -> str:
    row = next(one for one in rows if (one["design"], one["service"]) == (design, service))
    share = f"{row['factor'] - 1.0:+.0%}"
    return (
        share
        if isnan(row["units_added"])
        else (f"{share} ({row['units_added']:+,.3g} {row['unit_added']})")
    )
