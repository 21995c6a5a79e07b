"""A kind of component: its parameters with ranges, units and what the library's designs write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any

from experiments.catalogue import installed
from experiments.comparing import aligned
from pathways.components import KINDS, Component
from pathways.components.parameters import RANGES, change_range
from pathways.components.steps import ENABLERS, LEVELS
from pathways.design import Design, Reach, Source, Support
from pathways.effects import ONSET
from pathways.journey import PARTS
from pathways.processes import PROCESSES
from pathways.vocabulary import ACTIVITY

SECTIONS: Mapping[str, type[Any]] = {"reach": Reach, "support": Support}
NAMED: Mapping[str, tuple[str, Iterable[str]]] = {
    "process": ("a process", PROCESSES),
    "part": ("a part of the pathway", PARTS),
    "to": ("an activity", ACTIVITY),
    "activity": ("an activity", ACTIVITY),
}
WORDS: Mapping[str, str] = {
    "name": "text",
    "people": "lists of rules: include, exclude, separately",
    "places": "a list of places or localities; everywhere where empty",
    "conditions": "a list of conditions (carepath list conditions)",
    "of": "the name of a component of kind pathway in this design",
    "set": "settings of services (carepath list settings)",
    "levels": f"a list of levels 0 to {LEVELS[-1]}, one a quarter; the last one stays",
    "by_place": "such a list for each place or locality that has its own",
    "enablers": f"{', '.join(ENABLERS)} for each enabler, by a name of your own",
}
# What the parameters of reach and support that hold no plain number may be.
OTHERS: Mapping[str, str] = {
    "acceptance": "a share, one number or one for each deprivation fifth",
    "order": "risk (highest first) or chance (no case finding)",
}
SHOWN = 4  # designs that are named for each parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one design writes for a parameter, with where the number comes from."""

    design: str
    source: Source


def kind_lines(kind: str) -> list[str]:
    """Return lines that say what a kind of component takes and changes."""
    one = KINDS[kind]
    uses = _uses(kind)
    lines = [f"{kind}: {one.about}", "", "Parameters"]
    for field in fields(one):
        if field.name in SECTIONS:
            lines += _section_lines(field.name, uses)
        else:
            lines += _parameter_lines(field.name, _takes(field), _means(one, field.name), uses)
    lines += ["", "Effects may change"]
    lines += [f"  {line}" for line in aligned([list(row) for row in _targets(one)])]
    if not one.targets:
        lines.append("  nothing by themselves")
    lines += ["", "In a design file", *_example(one, uses)]
    return lines


def _parameter_lines(
    name: str, takes: str, means: str, uses: Mapping[str, Sequence[Use]]
) -> list[str]:
    lines = [f"  {name}: {takes}"]
    if means:
        lines.append(f"    {means}")
    written: dict[str, list[str]] = {}
    for use in uses.get(name, ()):
        written.setdefault(_said(use.source), []).append(use.design)
    for said, designs in list(written.items())[:SHOWN]:
        others = len(set(designs)) - 1
        more = f" and {others} more" if others else ""
        lines.append(f"    {said} in {designs[0]}{more}")
    if len(written) > SHOWN:
        values = [use.source.value for use in uses[name]]
        lines.append(f"    in the whole library {min(values):g} to {max(values):g}")
    return lines


def _said(source: Source) -> str:
    span = ""
    if source.low is not None and source.high is not None and source.low != source.high:
        span = f" ({source.low:g} to {source.high:g})"
    return f"{source.value:g}{span} {source.unit}; {source.source} [{source.basis}]"


def _section_lines(section: str, uses: Mapping[str, Sequence[Use]]) -> list[str]:
    lines = []
    for field in fields(SECTIONS[section]):
        name = f"{section}.{field.name}"
        takes = OTHERS.get(field.name, "a number from 0")
        if field.name.endswith("_share"):
            takes = "a number from 0 to 1 (share of those assessed)"
        lines += _parameter_lines(name, takes + _default(field), "", uses)
    return lines


def _takes(field: Field[Any]) -> str:
    """Return what may be written for a parameter, and its default."""
    if field.name in RANGES:
        return RANGES[field.name].allowed + _default(field)
    if field.name in NAMED:
        what, names = NAMED[field.name]
        return f"{what}: {', '.join(names)}{_default(field)}"
    return WORDS.get(field.name, "see the guide") + _default(field)


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        value = field.default
        if isinstance(value, tuple):
            value = value[0] if len(set(value)) == 1 else ""
        plain = isinstance(value, int | float | str) and value != ""
        return f"; {value} if left out" if plain else "; may be left out"
    if field.default_factory is not MISSING or field.name == "people":
        return "; may be left out"
    return "; needed, here or as a row of evidence"


def _means(kind: type[Component], name: str) -> str:
    """Return what a parameter means: its line in the class's own words, or of a class above."""
    for one in kind.__mro__:
        found = re.search(rf"^ *(?:\w+, )*{name}(?:, \w+)* : (.*)$", one.__doc__ or "", re.M)
        if found:
            return found.group(1)
    return ""


def _targets(kind: type[Component]) -> Iterator[tuple[str, str]]:
    for target in kind.targets:
        limits = change_range(target)
        yield target, f"{limits.low:g} to {limits.high:g} {limits.unit}"
    if kind.targets and "death" in kind.targets:
        limits = change_range(ONSET)
        yield f"{ONSET}CONDITION", f"{limits.low:g} to {limits.high:g} {limits.unit}"


def _uses(kind: str) -> dict[str, list[Use]]:
    """Return what the library's designs write for each parameter of a kind, by parameter."""
    found: dict[str, list[Use]] = {}
    seen: set[tuple[str, Source]] = set()
    for name in installed().designs:
        for key, source in _sources(installed().load_design(name), kind):
            if (key, source) not in seen:  # a design that uses another says the same again
                seen.add((key, source))
                found.setdefault(key, []).append(Use(design=name, source=source))
    return found


def _sources(design: Design, kind: str) -> Iterator[tuple[str, Source]]:
    own = kind == "pathway" and design.pathway
    starts = [f"{part.name}." for part in design.components if part.kind == kind]
    for source in design.sources:
        if own and source.key.split(".")[0] in SECTIONS:
            yield source.key, source
        for start in starts:
            if source.key.startswith(start):
                yield source.key.removeprefix(start), source


def _example(kind: type[Component], uses: Mapping[str, Sequence[Use]]) -> list[str]:
    """Return the shortest section that says all that must be said."""
    lines = ["  [[component]]", f'  kind = "{kind.kind}"', '  name = "my-part"']
    needed = [
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING and field.name != "name"
    ]
    return lines + [f"  {_sample(name, uses)}" for name in needed]


def _sample(name: str, uses: Mapping[str, Sequence[Use]]) -> str:
    if name in NAMED:
        return f'{name} = "{next(iter(NAMED[name][1]))}"'
    if name in SECTIONS:
        return f"{name} = {{ … }}  # each number above, here or as a row of evidence"
    texts = {"conditions": '["hypertension"]', "of": '"my-pathway"'}
    number = uses[name][0].source.value if uses.get(name) else 1.0
    return f"{name} = {texts.get(name, f'{number:g}')}"
