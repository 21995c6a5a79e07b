"""Factorial grids in experiment files: one ``[[design]]`` that stands for many.

    [[design]]
    use = ["vcse-social-prescribing", "vcse-peer-support"]
    name = "offer"
    [design.grid]
    "vcse.link_workers_per_10000" = [0.85, 1.7]

is four designs: each design with each combination of values. Settings of services and
parameters of components (``COMPONENT.PARAMETER``) may both be varied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from agents.faults import Fault
from experiments.settings import flat

GRID = "grid"
LARGEST = 1000  # designs that one file may come to
LONGEST = 60  # characters of a design's name
Entry = dict[str, Any]


def is_grid(entry: Any) -> bool:
    """Say whether a ``[[design]]`` stands for several."""
    return isinstance(entry, Mapping) and (GRID in entry or isinstance(entry.get("use"), list))


def expanded(entries: list[Any], where: str) -> tuple[list[Any], list[Fault]]:
    """Return the designs that ``entries`` stand for, and what is wrong with their grids."""
    found: list[Any] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries, 1):
        if not is_grid(entry):
            found.append(entry)
            continue
        wrong = _faults(entry, where, f"design {number}: {GRID}")
        faults += wrong
        if not wrong:
            found += _combinations(entry)
    return found, faults


def _faults(entry: Mapping[str, Any], where: str, key: str) -> list[Fault]:
    grid = entry.get(GRID, {})
    if not isinstance(grid, Mapping):
        return [_fault(where, key, repr(grid), "a table of lists")]
    faults, count = [], 1
    for name, values in flat(grid).items():
        right = isinstance(values, list) and values
        if not right or not all(_plain(value) for value in values):
            faults.append(_fault(where, f"{key}: {name}", repr(values), "a list of numbers"))
        elif len(set(values)) < len(values):
            faults.append(_fault(where, f"{key}: {name}", repr(values), "each number once"))
        else:
            count *= len(values)
    uses = entry.get("use")
    texts = uses if isinstance(uses, list) else [uses]
    if not texts or not all(isinstance(use, str) and use for use in texts):
        faults.append(_fault(where, key.replace(GRID, "use"), repr(uses), "a name or a list"))
    count *= len(texts)
    if count > LARGEST:
        faults.append(_fault(where, key, f"{count} designs", f"at most {LARGEST}"))
    return faults


def _plain(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fault(where: str, key: str, found: str, allowed: str) -> Fault:
    remedy = 'write, say, "vcse.link_workers_per_10000" = [0.5, 1.0]'
    return Fault(where=where, key=key, found=found[:80], allowed=allowed, remedy=remedy)


def _combinations(entry: Mapping[str, Any]) -> list[Entry]:
    """Return one plain entry for each design and combination of values, the last fastest."""
    grid = flat(entry.get(GRID, {}))
    uses = entry["use"] if isinstance(entry["use"], list) else [entry["use"]]
    same = {key: value for key, value in entry.items() if key not in (GRID, "use", "name", "set")}
    found = []
    for use in uses:
        for values in product(*grid.values()):
            chosen = dict(zip(grid, values, strict=True))
            name = _name(entry, use, len(uses) > 1, chosen)
            settings = flat(entry.get("set", {})) | chosen
            found.append({"use": use, "name": name, **same, "set": settings})
    return found


def _name(entry: Mapping[str, Any], use: str, several: bool, chosen: Mapping[str, float]) -> str:
    """Return the name of one combination: what it is, and each value after its setting."""
    own = str(entry.get("name", ""))
    stem = slug(use.removesuffix(".toml").rsplit("/", 1)[-1])
    first = "-".join(part for part in (own, stem if several or not own else "") if part)
    parts = [
        f"{slug(key.rsplit('.', 1)[-1])}-{slug(f'{value:g}')}" for key, value in chosen.items()
    ]
    name = "-".join([first, *parts])
    if len(name) > LONGEST:
        name = "-".join([first, *(slug(f"{value:g}") for value in chosen.values())])
    return name[:LONGEST].strip("-")


def slug(text: str) -> str:
    """Return ``text`` in small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def told(settings: Mapping[str, Any]) -> str:
    """Return settings in words, to tell designs of one grid apart: ``share 0.2``."""
    words = [
        f"{key.rsplit('.', 1)[-1].replace('_', ' ')} {value}" for key, value in settings.items()
    ]
    return ", ".join(words)
