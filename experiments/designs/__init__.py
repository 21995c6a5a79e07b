"""Design files: read, checked and resolved into ``pathways.design.Design``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.evidence import Evidence, Figure, Row
from agents.faults import BadInput, Fault, nearest
from agents.vulnerabilities import vulnerabilities_of
from experiments.checking import faults_of, key_text, parse_toml, read_text
from experiments.designs.combining import COMBINING, Table, as_components, combined
from experiments.designs.components import Reading
from experiments.designs.forms import EffectForm, FileForm, ReachForm
from experiments.designs.intervals import with_intervals
from experiments.designs.names import conditions_of, name_faults
from experiments.designs.shapes import shape_faults
from experiments.designs.standing import stored_for, with_standing
from experiments.settings import flat
from pathways.components import Component
from pathways.components.parameters import change_range
from pathways.design import NO_STUDY, Cost, Design, Effect, People, Reach, Source, Support

FOLDER = Path(__file__).parent


def design_names() -> tuple[str, ...]:
    """Return the names of the built-in designs, usual care first."""
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: (name != "usual-care", name)))


def load_design(
    name_or_path: str | Path, evidence: Evidence, changes: Mapping[str, Any] | None = None
) -> Design:
    """Read and check a design: a built-in name or the path of a TOML file.

    Parameters
    ----------
    name_or_path : of the design
    evidence : where its numbers come from
    changes : parameters of its components to set, ``COMPONENT.PARAMETER``; the pathway of a
        design that has one of its own is called as the design

    Raises
    ------
    BadInput
        With every fault of the file at once.
    """
    where = str(name_or_path)
    path = _path(name_or_path)
    text = read_text(path)
    table, faults = _resolved(path, where, text, ())
    if changes:
        table = as_components(table)
        own = flat(table.get("set") or {})
        table, more = combined(table | {"set": own | dict(changes)}, _none, "")
        faults += more
    form, found = _form(table, where, text)
    faults += found
    faults += name_faults(table, where, evidence, design_names())
    reading, parts, effects = _components(table, where, evidence)
    faults += reading.faults
    if faults or form is None:
        raise BadInput(list(dict.fromkeys(faults)))
    studies = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    design = with_standing(_design(form, evidence, parts, effects), studies, stored_for(path))
    return with_intervals(design, studies, evidence)


def _form(table: Table, where: str, text: str) -> tuple[FileForm | None, list[Fault]]:
    """Check keys, types and ranges; what holds None was told before (``shape_faults``)."""
    told = {key_text(loc) for loc in _emptied(table)}
    try:
        return FileForm.model_validate(table), []
    except ValidationError as error:
        found = faults_of(error, where, FileForm, text=text)
        return None, [fault for fault in found if fault.key not in told]


def _emptied(table: Any, above: tuple[int | str, ...] = ()) -> Iterator[tuple[int | str, ...]]:
    """Return where a table holds None."""
    inside = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in inside:
        if value is None:
            yield (*above, key)
        elif isinstance(value, dict | list):
            yield from _emptied(value, (*above, key))


def _none(use: str) -> Table:
    """Stand for designs in use where none is left to be put in."""
    raise AssertionError(use)


def _resolved(
    path: Path, where: str, text: str, above: tuple[Path, ...]
) -> tuple[Table, list[Fault]]:
    """Return a file's table with the designs it uses put in; ``above`` are those using it."""
    if path in above:
        fault = Fault(
            where=where,
            key="use",
            found="a design that uses itself",
            allowed="other designs",
            remedy="take it out of use",
        )
        raise BadInput([fault])

    def load(use: str) -> Table:
        other = path.parent / use if use.endswith(".toml") else _path(use)
        table, faults = _resolved(other, use, read_text(other), (*above, path))
        if faults:
            raise BadInput(faults)
        return table

    faults, written = shape_faults(parse_toml(text, where), where, text)
    try:
        table, more = combined(written, load, where)
    except BadInput as bad:  # of a design in use: what changes its parts cannot be judged
        left = {key: value for key, value in written.items() if key not in (*COMBINING, "set")}
        return left, [*faults, *bad.faults]
    return table, faults + more


def _components(
    file: Table, where: str, evidence: Evidence
) -> tuple[Reading, tuple[Component, ...], tuple[Effect, ...]]:
    """Read the components of a file and their effects; the reading holds the faults."""
    reading = Reading(
        where=where,
        values={str(row.get("key")): row for row in file.get("evidence") or ()},
        studies={row["effect_id"]: row for row in evidence.rows("intervention_effects")},
        conditions=conditions_of(evidence),
        traits=vulnerabilities_of(evidence),
    )
    tables = file.get("component") or []
    names = [str(table.get("name", "")) for table in tables]
    pathways = [str(one.get("name")) for one in tables if one.get("kind") == "pathway"]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        reading.wrong("component: name", repr(name) + " again", "each name once", "rename one")
    parts: list[Component] = []
    effects: list[Effect] = []
    for table in tables:
        part = reading.component(table, pathways)
        effects += reading.effects(table)
        if part is not None:
            parts.append(part)
    return reading, tuple(parts), tuple(effects)


def _path(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if text.endswith(".toml"):
        return Path(text)
    if text not in design_names():
        raise BadInput(
            [
                Fault(
                    where="design",
                    key="use",
                    found=repr(text),
                    allowed=", ".join(design_names()) + ", or the path of a .toml file",
                    remedy=f"use {nearest(text, design_names()) or 'one of these'}",
                )
            ]
        )
    return FOLDER / f"{text}.toml"


def _design(
    form: FileForm,
    evidence: Evidence,
    parts: tuple[Component, ...],
    effects: tuple[Effect, ...],
) -> Design:
    studies = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    return Design(
        name=form.name,
        title=form.title,
        summary=" ".join(form.summary.split()),
        source=form.source,
        systems=tuple(form.systems),
        people=People(
            include=tuple(form.people.include),
            exclude=tuple(form.people.exclude),
            separately=tuple(form.people.separately),
        )
        if form.people
        else None,
        reach=_reach(form.reach),
        support=Support(**form.support.model_dump()) if form.support else None,
        changes=flat(form.set),
        money={key: float(value) for key, value in form.money.items()},
        effects=(*(_effect(effect, studies) for effect in form.effects), *effects),
        components=parts,
        same_mechanism_as=form.same_mechanism_as,
        costs=tuple(Cost(**cost.model_dump()) for cost in form.costs),
        sources=tuple(Source(**source.model_dump()) for source in form.evidence),
    )


def _reach(form: ReachForm | None) -> Reach | None:
    if form is None:
        return None
    one, two, three, four, five = form.acceptance
    fields = form.model_dump() | {"acceptance": (one, two, three, four, five)}
    return Reach(**fields)


def _effect(form: EffectForm, studies: dict[str, Row]) -> Effect:
    study = studies.get(form.evidence, {})
    return Effect(
        **form.model_dump(),
        source=study.get("source", ""),
        grade=study.get("evidence_grade", "assumption"),
    )


def design_figures(design: Design, evidence: Evidence) -> tuple[Figure, ...]:
    """Return the numbers a design rests on: its own, its studies' and its unit costs."""
    own = [source.figure(design.name) for source in design.sources]
    effects = [_effect_figure(design, effect) for effect in design.effects]
    items = {row["item"] for row in evidence.rows("unit_costs")}
    costs = [
        figure
        for cost in design.costs
        if cost.evidence in items
        for figure in evidence.figures("unit_costs", item=cost.evidence)
    ]
    return (*own, *effects, *costs)


def _effect_figure(design: Design, effect: Effect) -> Figure:
    unit = change_range(effect.target).unit
    return Figure(
        key=f"design.{design.name}.{effect.key}",
        value=effect.change,
        low=effect.low,
        high=effect.high,
        unit=unit,
        source=f"{effect.evidence}: {effect.source}",
        basis="read" if effect.standing not in ("", NO_STUDY) else "assumption",
        note="; ".join(
            text
            for text in (effect.interval and f"interval: {effect.interval}", effect.note)
            if text
        ),
    )
