"""Design files: read, checked and resolved into ``pathways.design.Design``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.evidence import Evidence, Figure, Row
from agents.faults import BadInput, Fault, nearest
from agents.rule_check import rule_faults
from agents.vulnerabilities import vulnerabilities_of
from experiments.checking import faults_of, parse_toml, read_text
from experiments.designs.combining import Table, as_components, combined
from experiments.designs.components import Reading
from experiments.designs.intervals import with_intervals
from experiments.designs.shapes import shape_faults
from experiments.designs.standing import read_stored, with_standing
from experiments.settings import SETTINGS, check_settings, flat
from pathways.components import Component
from pathways.components.parameters import change_range
from pathways.design import NO_STUDY, Cost, Design, Effect, People, Reach, Source, Support
from pathways.vocabulary import ACTIVITY

FOLDER = Path(__file__).parent
Share = Annotated[float, Field(ge=0.0, le=1.0, description="a share from 0 to 1", examples=["0.3"])]
Amount = Annotated[
    float, Field(ge=0.0, le=1e9, description="a number of 0 or more", examples=["1000"])
]
Days = Annotated[
    float, Field(gt=0.0, le=3660.0, description="days, above 0 and up to 3660", examples=["91"])
]
Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,59}$",
        description="small letters, digits and hyphens, at most 60",
        examples=['"my-design"'],
    ),
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False)


class _People(_Form):
    include: list[str] = Field(min_length=1)
    exclude: list[str] = []
    separately: list[str] = []


class _Reach(_Form):
    every_days: Annotated[int, Field(ge=1, le=3660)]
    invitations_per_10000_a_year: Annotated[float, Field(ge=0.0, le=20000.0)]
    acceptance: Annotated[list[Share], Field(min_length=5, max_length=5)]
    reply_days: Days
    again_after_days: Days
    order: Literal["risk", "chance"] = "risk"


class _Support(_Form):
    months: Annotated[float, Field(gt=0.0, le=240.0)]
    coordinator_contacts: Annotated[int, Field(ge=0, le=1000)]
    assessment_gp_slots: Annotated[int, Field(ge=0, le=20)]
    review_every_days: Days
    review_slots: Annotated[int, Field(ge=0, le=20)]
    mdt_share: Share
    link_worker_share: Share
    group_share: Share
    group_sessions: Annotated[int, Field(ge=0, le=200)]
    drop_out_per_year: Annotated[float, Field(ge=0.0, le=20.0)]


class _Effect(_Form):
    version: Literal["plan", "published"]
    target: str
    evidence: str
    change: Annotated[float, Field(ge=-100.0, le=100.0)]
    low: float | None = None
    high: float | None = None
    builds_over_years: Annotated[float, Field(ge=0.0, le=50.0)] = 0.0
    fades_over_years: Annotated[float, Field(ge=0.0, le=50.0)] = 0.0
    direct: bool = True
    note: str = ""


class _Cost(_Form):
    line: str
    kind: Literal["recurrent", "non_recurrent", "capital"]
    payer: Literal["nhs", "social_care", "vcse"]
    setting: str
    role: str = ""
    fte_per_10000: Amount = 0.0
    amount: Amount
    unit: str
    price_year: Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]
    first_year: Annotated[int, Field(ge=1, le=100)] = 1
    evidence: str
    follows: str = ""
    above: Amount = 0.0


class _Source(_Form):
    key: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str
    source: str
    basis: Literal["read", "derived", "recalled", "assumption"]
    note: str = ""


class _File(_Form):
    name: Name
    title: Annotated[str, Field(max_length=120)]
    summary: str
    source: str
    systems: list[str] = []
    same_mechanism_as: str = ""
    component: list[dict[str, Any]] = []
    people: _People | None = None
    reach: _Reach | None = None
    support: _Support | None = None
    set: dict[str, Any] = {}
    effects: list[_Effect] = []
    costs: list[_Cost] = []
    evidence: list[_Source] = []


TARGETS = (
    "demand.practice_consultation",
    "demand.ae_attendance",
    "demand.emergency_admission",
    "demand.outpatient_attendance",
    "demand.elective_admission",
    "blood_pressure",
    "activation",
)
# Settings that count posts, which a line of costs may follow.
POSTS = tuple(one.name for one in SETTINGS.values() if one.unit.startswith("FTE per 10,000"))
UNITS = (
    "GBP per FTE year",
    "GBP per FTE once",
    "GBP per resident year",
    "GBP per resident once",
    "GBP per year",
    "GBP once",
)


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
        table, more = combined(
            table | {"set": flat(table.get("set", {})) | dict(changes)}, _none, ""
        )
        faults += more
    try:
        form = _File.model_validate(table)
    except ValidationError as error:
        found = faults_of(error, where, _File, text=text)
        raise BadInput([*faults, *found]) from None
    faults += _faults(form, where, evidence)
    reading, parts, effects = _components(form, where, evidence)
    faults += reading.faults
    if faults:
        raise BadInput(faults)
    studies = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    design = with_standing(_design(form, evidence, parts, effects), studies, read_stored())
    return with_intervals(design, studies, evidence)


def _none(use: str) -> Table:
    """Stand for designs in use where none is left to be put in."""
    raise AssertionError(use)


def design_table(name_or_path: str | Path) -> Table:
    """Return what a design says once the designs it uses are put in: the resolved file.

    Raises
    ------
    BadInput
        If a name is unknown or a file cannot be read.
    """
    path = _path(name_or_path)
    table, faults = _resolved(path, str(name_or_path), read_text(path), ())
    if faults:
        raise BadInput(faults)
    return table


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

    written = parse_toml(text, where)
    wrong = shape_faults(written, where, text)
    if wrong:
        raise BadInput(wrong)
    return combined(written, load, where)


def _components(
    form: _File, where: str, evidence: Evidence
) -> tuple[Reading, tuple[Component, ...], tuple[Effect, ...]]:
    """Read the components of a file and their effects; the reading holds the faults."""
    reading = Reading(
        where=where,
        values={source.key: source.model_dump() for source in form.evidence},
        studies={row["effect_id"]: row for row in evidence.rows("intervention_effects")},
        conditions=_conditions(evidence),
        traits=vulnerabilities_of(evidence),
    )
    names = [str(table.get("name", "")) for table in form.component]
    pathways = [str(one.get("name")) for one in form.component if one.get("kind") == "pathway"]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reading.wrong("component: name", repr(name) + " again", "each name once", "rename one")
    parts: list[Component] = []
    effects: list[Effect] = []
    for table in form.component:
        part = reading.component(table, pathways)
        if part is not None:
            parts.append(part)
            effects += reading.effects(table, part)
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


def _faults(form: _File, where: str, evidence: Evidence) -> list[Fault]:
    """Return what the types alone cannot tell: names, rules, units, missing parts."""
    faults = check_settings(flat(form.set), where)
    parts = {"people": form.people, "reach": form.reach, "support": form.support}
    missing = [name for name, part in parts.items() if part is None]
    if missing and len(missing) < len(parts):
        faults += [
            Fault(
                where=where,
                key=name,
                found="no such section",
                allowed="people, reach and support together, or none of them",
                remedy=f"add [{name}]",
            )
            for name in missing
        ]
    if form.same_mechanism_as:
        faults += _unknown(form.same_mechanism_as, design_names(), where, "same_mechanism_as")
    if form.people:
        for key in ("include", "exclude", "separately"):
            for text in getattr(form.people, key):
                faults += _rule_faults(text, where, f"people.{key}", evidence)
    studies = {row["effect_id"] for row in evidence.rows("intervention_effects")}
    own = {source.key for source in form.evidence}
    items = {row["item"] for row in evidence.rows("unit_costs")} | own
    for number, effect in enumerate(form.effects, 1):
        faults += _unknown(effect.target, TARGETS, where, f"effects[{number}].target")
        faults += _unknown(effect.evidence, studies | own, where, f"effects[{number}].evidence")
        if effect.target.startswith("demand.") and effect.change < -1.0:
            faults.append(
                Fault(
                    where=where,
                    key=f"effects[{number}].change",
                    found=str(effect.change),
                    allowed="-1 (all gone) or more",
                    remedy="give the change as a share: -0.2 is a fifth fewer",
                )
            )
    units = (*UNITS, *(f"GBP per {name}" for name in ACTIVITY))
    for number, cost in enumerate(form.costs, 1):
        faults += _unknown(cost.evidence, items, where, f"costs[{number}].evidence")
        faults += _unknown(cost.unit, units, where, f"costs[{number}].unit")
        if cost.follows:
            faults += _unknown(cost.follows, POSTS, where, f"costs[{number}].follows")
    return faults


def _rule_faults(text: str, where: str, key: str, evidence: Evidence) -> list[Fault]:
    return [
        Fault(
            where=where,
            key=f"{key} {fault.key}",
            found=fault.found,
            allowed=fault.allowed,
            remedy=fault.remedy,
        )
        for fault in rule_faults(text, _conditions(evidence), vulnerabilities_of(evidence))
    ]


def _conditions(evidence: Evidence) -> tuple[str, ...]:
    return tuple(row["key"] for row in evidence.rows("conditions"))


def _unknown(name: str, names: tuple[str, ...] | set[str], where: str, key: str) -> list[Fault]:
    if name in names:
        return []
    close = nearest(name, names)
    shown = ", ".join(sorted(names)[:12]) + (" …" if len(names) > 12 else "")
    return [
        Fault(
            where=where,
            key=key,
            found=repr(name),
            allowed=shown,
            remedy=f"did you mean {close!r}?" if close else "use one of these",
        )
    ]


def _design(
    form: _File,
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
        effects=(*(_effect(effect, studies) for effect in form.effects), *effects),
        components=parts,
        same_mechanism_as=form.same_mechanism_as,
        costs=tuple(Cost(**cost.model_dump()) for cost in form.costs),
        sources=tuple(Source(**source.model_dump()) for source in form.evidence),
    )


def _reach(form: _Reach | None) -> Reach | None:
    if form is None:
        return None
    one, two, three, four, five = form.acceptance
    fields = form.model_dump() | {"acceptance": (one, two, three, four, five)}
    return Reach(**fields)


def _effect(form: _Effect, studies: dict[str, Row]) -> Effect:
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
