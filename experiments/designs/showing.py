"""What a design is made of and what it changes, plan beside published, in lines of text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from experiments.comparing import aligned
from experiments.designs.intervals import PUBLISHED
from experiments.designs.standing import why_assumed
from pathways.components import Component
from pathways.design import Design, Effect, People

Origin = Callable[[Design, str], str]
_OWN = ("name", "people")


def component_lines(design: Design, origin: Origin) -> list[str]:
    """Return the components with their parameters; ``origin`` gives a number's source."""
    lines: list[str] = []
    for part in design.components:
        lines += ["", f"Component {part.name} ({part.kind}: {part.about})"]
        lines += people_lines(part.people)
        lines += _parameters(part, design, origin)
    return lines


def people_lines(people: People) -> list[str]:
    """Return the rules that say who something is for."""
    lines = [f"  for {rule}" for rule in people.include]
    lines += [f"  not: {rule}" for rule in people.exclude]
    return lines + [f"  shown separately: {rule}" for rule in people.separately]


def _parameters(part: Component, design: Design, origin: Origin) -> list[str]:
    lines = []
    for one in dataclasses.fields(part):
        value = getattr(part, one.name)
        if one.name in _OWN or value == one.default or value == ():
            continue
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            lines += _section(f"{part.name}.{one.name}", value, design, origin)
            continue
        lines.append(f"  {one.name} = {_said(value)}{origin(design, f'{part.name}.{one.name}')}")
    return lines


def _section(name: str, value: Any, design: Design, origin: Origin) -> list[str]:
    section = name.rsplit(".", 1)[1]
    return [
        f"  {section}.{one.name} = {_said(getattr(value, one.name))}"
        f"{origin(design, f'{name}.{one.name}')}"
        for one in dataclasses.fields(value)
    ]


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(one)}" for key, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def effect_lines(design: Design) -> list[str]:
    """Return the effects, plan and published side by side, with sources and grades."""
    keys = dict.fromkeys((effect.component, effect.target) for effect in design.effects)
    if not keys:
        return []
    rows = [["", "what it changes", "the plan assumes", "studies published"]]
    for component, target in keys:
        found = {
            effect.version: effect
            for effect in design.effects
            if (effect.component, effect.target) == (component, target)
        }
        sizes = [_size(found.get(version)) for version in ("plan", "published")]
        rows.append(["", f"{component} {target}".strip(), *sizes])
    lines = ["", "Effects, plan beside published", *aligned(rows)]
    lines += ["", "Where the effects come from", *_sources(design)]
    if design.assumption_only:
        lines += ["", "Assumption only, in these parts:"]
        lines += [f"  {line}" for line in why_assumed(design)]
    return lines


def _size(effect: Effect | None) -> str:
    if effect is None:
        return "nothing"
    low, high = effect.low, effect.high
    span = "" if low is None or high is None else f" ({low:+.3g} to {high:+.3g})"
    marks = ", direct" if effect.direct else ""
    whose = "" if effect.interval in ("", PUBLISHED) else f"; interval: {effect.interval}"
    return f"{effect.change:+.3g}{span} [{effect.grade}{marks}{whose}]"


def _sources(design: Design) -> list[str]:
    lines = []
    for effect in design.effects:
        lines.append(
            f"  {effect.key}: {effect.evidence}: {effect.source} [{effect.grade}]; builds over "
            f"{effect.builds_over_years:g} years, fades over {effect.fades_over_years:g}"
        )
        if effect.note:
            lines.append(f"    {effect.note}")
    return lines
