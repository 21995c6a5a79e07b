"""Points at which an experiment is run: its own numbers, or some of them replaced.

Draws of the evidence, scans of an effect and steps of a capacity are all the same: every arm
of the experiment runs once more with a few numbers changed, under the number of its ``draw``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pathways.components import Component, ProactivePathway
from pathways.design import Cost, Design, Effect, Reach, Source, Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Numbers that replace an experiment's own in one set of runs.

    Attributes
    ----------
    draw : its number; 0 is the experiment as it stands
    first_replication : number of its first replication, hence its luck
    replaced : evidence keys and their numbers
    design : ``NAME.KEY`` of a design and the number: ``VERSION.TARGET`` of an effect,
        ``reach.…``, ``support.…``, a capacity that it sets, ``costs`` (a factor on all its
        costs) or the evidence of a cost
    settings : ``service.setting`` of every design, the baseline among them
    structure : named alternatives (``pathways.structure``) and their options
    fitted : which posterior draw of the parameter set is run; 0 is its best set
    baseline : False where nothing changes for the baseline, so that its runs need no repeat
    """

    draw: int = 0
    first_replication: int = 0
    replaced: Mapping[str, float] = field(default_factory=dict)
    design: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)
    structure: Mapping[str, str] = field(default_factory=dict)
    fitted: int = 0
    baseline: bool = True

    def of(self, design: Design) -> dict[str, float]:
        """Return the numbers that replace those of ``design``."""
        start = f"{design.name}."
        return {
            key.removeprefix(start): value
            for key, value in self.design.items()
            if key.startswith(start)
        }


def changed(design: Design, numbers: Mapping[str, float]) -> Design:
    """Return ``design`` with some of its numbers replaced (see ``Point.design``)."""
    if not numbers:
        return design
    return replace(
        design,
        reach=_reach(design.reach, numbers),
        support=_support(design.support, numbers),
        changes=design.changes | {key: numbers[key] for key in design.changes if key in numbers},
        components=tuple(_component(part, numbers) for part in design.components),
        effects=tuple(_effect(effect, numbers) for effect in design.effects),
        costs=tuple(_cost(cost, design, numbers) for cost in design.costs),
        sources=tuple(_source(source, numbers) for source in design.sources),
    )


def numbers_of(part: Component) -> dict[str, str]:
    """Return the parameters of a component that are single numbers, by ``NAME.PARAMETER``."""
    return {
        f"{part.name}.{one.name}": one.name
        for one in fields(part)
        if isinstance(getattr(part, one.name), float)
    }


def _component(part: Component, numbers: Mapping[str, float]) -> Component:
    """Replace numbers of a component, those of a pathway's reach and support among them."""
    found: dict[str, Any] = {
        name: numbers[key] for key, name in numbers_of(part).items() if key in numbers
    }
    if isinstance(part, ProactivePathway):
        start = f"{part.name}."
        own = {key.removeprefix(start): numbers[key] for key in numbers if key.startswith(start)}
        found |= {"reach": _reach(part.reach, own), "support": _support(part.support, own)}
    return replace(part, **found)


def _effect(effect: Effect, numbers: Mapping[str, float]) -> Effect:
    key = effect.key
    return replace(effect, change=numbers[key]) if key in numbers else effect


def _reach(reach: Reach | None, numbers: Mapping[str, float]) -> Reach | None:
    """Replace numbers of the invitations; acceptance is a mean that moves all five fifths."""
    if reach is None:
        return None
    plain = {
        one.name: type(getattr(reach, one.name))(numbers[f"reach.{one.name}"])
        for one in fields(reach)
        if f"reach.{one.name}" in numbers and one.name != "acceptance"
    }
    if "reach.acceptance" in numbers:
        factor = numbers["reach.acceptance"] / (sum(reach.acceptance) / len(reach.acceptance))
        one, two, three, four, five = (min(1.0, share * factor) for share in reach.acceptance)
        return replace(reach, acceptance=(one, two, three, four, five), **plain)
    return replace(reach, **plain)


def _support(support: Support | None, numbers: Mapping[str, float]) -> Support | None:
    if support is None:
        return None
    found: dict[str, Any] = {}
    for one in fields(support):
        key = f"support.{one.name}"
        if key in numbers:
            whole = isinstance(getattr(support, one.name), int)
            found[one.name] = round(numbers[key]) if whole else float(numbers[key])
    return replace(support, **found)


def _cost(cost: Cost, design: Design, numbers: Mapping[str, float]) -> Cost:
    """Scale a cost with the evidence behind it and with ``costs``, a factor on all."""
    factor = numbers.get("costs", 1.0)
    central = {source.key: source.value for source in design.sources}
    if cost.evidence in numbers and central.get(cost.evidence):
        factor *= numbers[cost.evidence] / central[cost.evidence]
    return replace(cost, amount=cost.amount * factor)


def _source(source: Source, numbers: Mapping[str, float]) -> Source:
    return replace(source, value=numbers[source.key]) if source.key in numbers else source
