"""Everything about one thing, resolved, with the source of each number."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agents.evidence import Evidence, Figure, Row
from agents.faults import BadInput, Fault, nearest
from experiments.catalogue import EVIDENCE, installed
from experiments.checking import quoted
from experiments.designs import load_design
from experiments.designs.showing import component_lines, effect_lines
from experiments.designs.sizes import doubtful_signs
from experiments.experiment import resolved_toml
from experiments.form import path_like
from experiments.listing import experiment_sentences
from experiments.places import load_place
from experiments.resolving import read_experiment
from experiments.settings import SETTINGS
from experiments.show_component import kind_lines
from experiments.show_condition import condition_lines, told
from experiments.show_network import network_lines
from experiments.show_services import services_lines
from pathways.components import KINDS as KINDS_OF_COMPONENT
from pathways.design import Design
from pathways.vocabulary import SERVICES, WAITS

# What the tables of capacity and demand call a service, where they do not use our word.
EVIDENCE_NAMES = {
    "gp": ("practice", "practice_consultation"),
    "nhs111": ("nhs_111",),
    "care_coordination": ("coordination",),
    "community_nursing": ("community",),
    "care_home": ("discharge",),
    "ed": ("ed", "ae_attendance"),
    "beds": ("beds", "emergency_admission"),
    "outpatients": ("outpatients", "outpatient_attendance"),
    "elective": ("elective", "elective_admission"),
}
NUMBERS = ("value", "coefficient", "per_10000", "rate", "value_gbp")
ABOUT = ("low", "high", "unit", "source", "basis", "note")
TOLD_ELSEWHERE = ("quantity", "utilisation_baseline", "expected_wait")


def shown(kind: str, name: str) -> list[str]:
    """Return lines that say everything about the ``kind`` of thing called ``name``.

    Raises
    ------
    BadInput
        If there is no such kind or no such thing.
    """
    if kind not in KINDS:
        raise _unknown("show", kind, KINDS)
    return KINDS[kind](name)


def _unknown(key: str, name: str, names: Iterable[str], see: str = "") -> BadInput:
    known = list(names)
    alike = nearest(name, known)
    allowed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return BadInput(
        [
            Fault(
                where="command line",
                key=key,
                found=quoted(name),
                allowed=allowed,
                remedy=f"did you mean {alike}?" if alike else see or "choose one of these",
            )
        ]
    )


# --- Numbers with their sources ---------------------------------------------------------------


def _said(value: float, low: float | None, high: float | None, unit: str) -> str:
    span = "" if low is None and high is None else f" (range {_or_open(low)} to {_or_open(high)})"
    return f"{value:g}{span} {unit}".rstrip()


def _or_open(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _figure_lines(figures: Iterable[Figure]) -> list[str]:
    """Return one line a figure, the common source said once above those that share it."""
    lines: list[str] = []
    last = ""
    for figure in figures:
        source = f"{figure.source} [{figure.basis}]"
        if source != last:
            lines.append(f"  from {source}")
            last = source
        lines.append(
            f"    {figure.key} = {_said(figure.value, figure.low, figure.high, figure.unit)}"
        )
    return lines


def _row_line(table: str, row: Row) -> str:
    """Return a row of an evidence table as a line: what, number, range, unit, source."""
    number = next((row[column] for column in NUMBERS if row.get(column)), "")
    skipped = {*NUMBERS, *ABOUT, *TOLD_ELSEWHERE}
    what = ", ".join(
        f"{name} {value}" for name, value in row.items() if value and name not in skipped
    )
    span = f" ({row.get('low') or '?'} to {row.get('high') or '?'})" if row.get("low") else ""
    unit, source, basis = (row.get(name, "") for name in ("unit", "source", "basis"))
    return f"  {table}: {what} = {number}{span} {unit}; {source} [{basis}]"


def _tables() -> list[str]:
    return sorted(path.stem for path in EVIDENCE.glob("*.csv"))


# --- Kinds ------------------------------------------------------------------------------------


def _design(name: str) -> list[str]:
    catalogue = installed()
    if name not in catalogue.designs and not path_like(name):
        raise _unknown("show design", name, catalogue.designs)
    design = load_design(name, Evidence(EVIDENCE))
    lines = [f"{design.name}: {design.title}", design.summary, f"Source: {design.source}"]
    if design.systems:
        lines.append(f"Systems: {', '.join(design.systems)}")
    if design.same_mechanism_as:
        lines.append(f"Same mechanism as {design.same_mechanism_as}: it differs in numbers only.")
    if design.people:
        lines += ["", "Who", *(f"  {rule}" for rule in design.people.include)]
        lines += [f"  not: {rule}" for rule in design.people.exclude]
        lines += [f"  shown separately: {rule}" for rule in design.people.separately]
    for part in ("reach", "support"):
        lines += _section(part, getattr(design, part), design)
    lines += component_lines(design, _origin)
    lines += _changes(design)
    lines += effect_lines(design)
    lines += [f"Note: {line}" for line in doubtful_signs(design)]
    lines += _costs(design)
    return lines


def _section(title: str, part: Any, design: Design) -> list[str]:
    if part is None:
        return []
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    lines = [
        f"  {key} = {value}{_origin(design, f'{title}.{key}')}" for key, value in fields.items()
    ]
    return ["", title.capitalize(), *lines]


def _origin(design: Design, key: str) -> str:
    """Return range, unit and source of one of the design's own numbers."""
    for source in design.sources:
        if source.key == key:
            low, high = _or_open(source.low), _or_open(source.high)
            span = "" if (low, high) == ("?", "?") else f" ({low} to {high})"
            return f"{span} {source.unit}; {source.source} [{source.basis}]"
    return ""


def _changes(design: Design) -> list[str]:
    lines = [f"  {key} = {value:g}{_origin(design, key)}" for key, value in design.changes.items()]
    return ["", "Settings it changes", *lines] if lines else []


def _costs(design: Design) -> list[str]:
    evidence = Evidence(EVIDENCE)
    sources = {row["item"]: row for row in evidence.rows("unit_costs")}
    lines = []
    for cost in design.costs:
        row = sources.get(cost.evidence, {})
        origin = (
            _origin(design, cost.evidence) or f"; {row.get('source', '')} [{row.get('basis', '')}]"
        )
        posts = design.posts(cost)
        fte = f", {posts:.3g} FTE per 10,000" if posts else ""
        fte += f" (what {cost.follows} holds over {cost.above:g})" if cost.follows else ""
        lines.append(
            f"  {cost.line}: {cost.amount:g} {cost.unit} at {cost.price_year} prices{fte}, "
            f"{cost.kind.replace('_', '-')}, paid by {cost.payer} from year {cost.first_year}"
            f"{origin}"
        )
    if not lines and (design.pathway or design.components):
        lines = ["  none: whoever does the work is not paid for; add [[costs]] to pay them"]
    return ["", "Costs", *lines] if lines else []


def _place(name: str) -> list[str]:
    catalogue = installed()
    if name not in catalogue.places and not path_like(name):
        raise _unknown("show place", name, catalogue.places)
    evidence = Evidence(EVIDENCE)
    place = load_place(name, evidence)
    lines = [
        f"{place.key}: {place.name}, {place.kind}, {place.archetype.replace('_', ' ')}",
        f"Residents: {place.population:,.0f}; practices: {place.practices:g} of "
        f"{place.list_size:,.0f}; registered people per GP: {place.patients_per_gp:,.0f}",
        f"Aged 65 and over: {place.share_aged(65):.1%}; 75 and over: {place.share_aged(75):.1%}",
        "Deprivation fifths, most deprived first: "
        + ", ".join(f"{share:.1%}" for share in place.imd_mix),
        "Ethnic groups: "
        + ", ".join(f"{group} {share:.1%}" for group, share in place.ethnicity_mix.items()),
    ]
    if place.localities:
        lines.append(f"Localities: {', '.join(place.localities)}")
    lines += [f"Note: {note}" for note in place.notes]
    lines += ["", f"Capacity per 10,000 residents, of {place.capacity_archetype}"]
    for service, roles in place.capacity.items():
        lines += [f"  {service}: {role} = {amount:g}" for role, amount in roles.items()]
    used = sorted(evidence.used.values(), key=lambda figure: (figure.source, figure.key))
    return [*lines, "", "Numbers and their sources", *_figure_lines(used)]


def _experiment(name: str) -> list[str]:
    experiment = read_experiment(name)
    settings = [
        f"  {arm.name}: {key} = {value:g}"
        for arm in experiment.arms
        for key, value in (arm.design.changes | dict(arm.settings)).items()
    ]
    lines = experiment_sentences(experiment)
    if settings:
        lines += ["", "Settings, those of the designs included", *settings]
    return [*lines, "", *resolved_toml(experiment).splitlines()]


def _condition(name: str) -> list[str]:
    evidence = Evidence(EVIDENCE)
    rows = {row["key"]: row for row in evidence.rows("conditions")}
    if name not in rows:
        raise _unknown("show condition", name, rows, "see: carepath list conditions")
    row = rows[name]
    lines = [f"{name}: {row['name']}", f"Definition: {row['definition']}"]
    lines += [f"Source: {row['source']} [{row['basis']}]"]
    lines += condition_lines(told(name, evidence))
    lines += ["", "Numbers and their sources"]
    for table in _tables():
        for other in evidence.rows(table):
            if table != "conditions" and name in _names_in(other):
                lines.append(_row_line(table, other))
    return lines


def _names_in(row: Row) -> list[str]:
    columns = ("condition", "condition_a", "condition_b", "item")
    return [row[column] for column in columns if row.get(column)]


def _service(name: str) -> list[str]:
    if name not in SERVICES:
        raise _unknown("show service", name, SERVICES)
    evidence = Evidence(EVIDENCE)
    lines = [f"{name}: {SERVICES[name]}"]
    if name in WAITS:
        lines.append(f"Wait: {WAITS[name]}")
    lines += ["", "Settings"]
    lines += [
        f"  {setting.name}: {setting.meaning}; {setting.allowed}"
        for setting in SETTINGS.values()
        if setting.service == name
    ]
    words = EVIDENCE_NAMES.get(name, (name,))
    for table, title in (("baseline_capacity", "Capacity"), ("baseline_demand", "Demand")):
        rows = [row for row in evidence.rows(table) if row["service"] in words]
        lines += ["", title, *(_row_line(table, row) for row in rows)] if rows else []
    return lines


def _measure(name: str) -> list[str]:
    from results.measures import MEASURES

    if name not in MEASURES:
        raise _unknown("show measure", name, MEASURES, "see: carepath list measures")
    measure = MEASURES[name]
    lines = [f"{name}: {measure.title}", measure.definition]
    for field in dataclasses.fields(measure):
        value = getattr(measure, field.name)
        if field.name not in ("key", "title", "definition") and value not in ("", ()):
            words = ", ".join(value) if isinstance(value, tuple) else value
            lines.append(f"  {field.name}: {words}")
    return lines


def _component(name: str) -> list[str]:
    if name not in KINDS_OF_COMPONENT:
        raise _unknown("show component", name, KINDS_OF_COMPONENT, "see: carepath list components")
    return kind_lines(name)


KINDS: Mapping[str, Callable[[str], list[str]]] = {
    "design": _design,
    "component": _component,
    "place": _place,
    "experiment": _experiment,
    "condition": _condition,
    "service": _service,
    "measure": _measure,
    "network": network_lines,
    "services": services_lines,
}
