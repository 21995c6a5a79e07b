"""What types alone cannot tell of a design file: names, rules, units, sizes, missing parts.

All of it reads the file's table as it stands, so that one mistake hides no other. A key that
was of the wrong kind (``experiments.designs.shapes``) holds None here and is told already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from agents.evidence import Evidence
from agents.faults import Fault, nearest
from agents.rule_check import rule_faults
from agents.vulnerabilities import vulnerabilities_of
from experiments.designs.forms import POSTS, TARGETS, UNITS
from experiments.designs.sizes import limit_faults, pressed_twice, size_faults
from experiments.settings import check_settings, flat
from pathways.vocabulary import ACTIVITY
from results.settings import contract_faults

Table = Mapping[str, Any]
PEOPLE = ("include", "exclude", "separately")
SECTIONS = ("people", "reach", "support")
OWN_ROW = " or add a row of this key to the design's evidence"


def name_faults(table: Table, where: str, evidence: Evidence, known: Iterable[str]) -> list[Fault]:
    """Return what is wrong with the names, rules and units of a design's own parts.

    Parameters
    ----------
    table : the file with the designs it uses put in
    where : how messages call the file
    known : names of the built-in designs
    """
    faults = check_settings(flat(table.get("set") or {}), where)
    faults += _section_faults(table, where)
    faults += [
        replace(fault, where=where, key=f"money: {fault.key}")
        for fault in contract_faults(table.get("money") or {}, where)
    ]
    like = table.get("same_mechanism_as")
    if isinstance(like, str) and like:
        faults += unknown(like, known, where, "same_mechanism_as")
    people = table.get("people")
    if isinstance(people, Mapping):
        faults += _people_faults(people, where, evidence)
    studies = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    own = {str(one.get("key")) for one in _tables(table, "evidence")}
    for number, effect in enumerate(_tables(table, "effects"), 1):
        faults += _effect_faults(effect, where, f"effects[{number}]", studies, own)
    told = [(str(one.get("version")), str(one.get("target"))) for one in _tables(table, "effects")]
    faults += pressed_twice(told, where, "effects")
    items = {row["item"] for row in evidence.rows("unit_costs")} | own
    for number, cost in enumerate(_tables(table, "costs"), 1):
        faults += _cost_faults(cost, where, f"costs[{number}]", items)
    return faults


def _section_faults(table: Table, where: str) -> list[Fault]:
    missing = [name for name in SECTIONS if name not in table]
    if len(missing) in (0, len(SECTIONS)):
        return []
    return [
        Fault(
            where=where,
            key=name,
            found="no such section",
            allowed="people, reach and support together, or none of them",
            remedy=f"add [{name}]",
        )
        for name in missing
    ]


def _people_faults(people: Table, where: str, evidence: Evidence) -> list[Fault]:
    conditions, traits = conditions_of(evidence), vulnerabilities_of(evidence)
    return [
        Fault(
            where=where,
            key=f"people.{part} {fault.key}",
            found=fault.found,
            allowed=fault.allowed,
            remedy=fault.remedy,
        )
        for part in PEOPLE
        for text in people.get(part) or ()
        for fault in rule_faults(text, conditions, traits)
    ]


def _effect_faults(
    effect: Table, where: str, key: str, studies: Mapping[str, Any], own: set[str]
) -> list[Fault]:
    faults = []
    target, study, change = (effect.get(name) for name in ("target", "evidence", "change"))
    if isinstance(target, str):
        faults += unknown(target, TARGETS, where, f"{key}.target")
    if isinstance(study, str):
        faults += unknown(study, {*studies, *own}, where, f"{key}.evidence", OWN_ROW)
    if isinstance(target, str) and isinstance(change, int | float):
        ends = effect.get("low"), effect.get("high")
        row = studies.get(str(study))
        faults += limit_faults(target, change, where, key) or size_faults(
            target, change, ends, row, where, key
        )
    return faults


def _cost_faults(cost: Table, where: str, key: str, items: set[str]) -> list[Fault]:
    units = (*UNITS, *(f"GBP per {name}" for name in ACTIVITY))
    faults = []
    for name, allowed in (("evidence", items), ("unit", units), ("follows", POSTS)):
        value = cost.get(name)
        if isinstance(value, str) and value:
            other = OWN_ROW if name == "evidence" else ""
            faults += unknown(value, allowed, where, f"{key}.{name}", other)
    return faults


def conditions_of(evidence: Evidence) -> tuple[str, ...]:
    """Return the keys of all conditions."""
    return tuple(row["key"] for row in evidence.rows("conditions"))


def unknown(
    name: str, names: Iterable[str], where: str, key: str, otherwise: str = ""
) -> list[Fault]:
    """Return a fault with the nearest valid name where ``name`` is none of ``names``.

    ``otherwise`` says what else can be done than to take one of them.
    """
    known = list(names)
    if name in known:
        return []
    close = nearest(name, known)
    shown = ", ".join(sorted(known)[:12]) + (" …" if len(known) > 12 else "")
    return [
        Fault(
            where=where,
            key=key,
            found=repr(name),
            allowed=shown,
            remedy=(f"did you mean {close!r}?" if close else "use one of these") + otherwise,
        )
    ]


def _tables(table: Table, key: str) -> Iterator[Table]:
    for one in table.get(key) or ():
        if isinstance(one, Mapping):
            yield one
