"""Named alternatives to how the model is built, as an experiment chooses or varies them.

``[structure]`` of an experiment file names alternatives of ``pathways.structure``: a text
fixes an option for all runs; a list gives each draw of the evidence one of its options, each
option equally often, in an order of luck keyed to the alternative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from agents.faults import BadInput, Fault
from agents.luck import Luck
from experiments.checking import plain, quoted
from pathways.structure import STRUCTURE, Option, chosen

KEY = "structure"
Choices = Mapping[str, tuple[str, ...]]
Add = Callable[[str, Fault], None]


def choices_of(table: Any, uncertainty: Any, add: Add) -> dict[str, tuple[str, ...]]:
    """Return the options of each alternative that a ``[structure]`` names.

    Parameters
    ----------
    table : what the file says, of any type
    uncertainty : the experiment's; options vary from draw to draw, so a list needs ``psa``
    add : called with the alternative's name and a fault
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in (table if isinstance(table, Mapping) else {}).items():
        options = tuple(value) if isinstance(value, list | tuple) else (value,)
        faults = _faults(str(name), options, uncertainty)
        for fault in faults:
            add(str(name), fault)
        if not faults:
            found[str(name)] = options
    return found


def _faults(name: str, options: Sequence[Any], uncertainty: Any) -> list[Fault]:
    key = f"{KEY}: {plain(name)}"
    faults: list[Fault] = []
    for option in options or ("",):
        try:
            chosen({name: option}, "", KEY)
        except BadInput as bad:
            faults += bad.faults
    if name not in STRUCTURE:
        return faults[:1]
    doubles = sorted({str(one) for one in options if list(options).count(one) > 1})
    if doubles:
        allowed, remedy = "each option once", f"keep one {doubles[0]!r}"
        faults.append(_fault(key, quoted(list(options)), allowed, remedy))
    if len(options) > 1 and uncertainty != "psa":
        allowed = 'one option, or several with uncertainty = "psa", which vary from draw to draw'
        remedy = f"write {name} = {quoted(str(options[0]))}, or ask for draws"
        faults.append(_fault(key, f"{len(options)} options", allowed, remedy))
    return faults


def _fault(key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where="", key=key, found=found, allowed=allowed, remedy=remedy)


def fixed(choices: Choices) -> dict[str, str]:
    """Return the alternatives that are the same in all runs, with their option."""
    return {name: options[0] for name, options in choices.items() if len(options) == 1}


def varied(choices: Choices, draws: int, seed: int) -> dict[str, list[str]]:
    """Return the option of every draw of each alternative that varies."""
    luck, rows = Luck(seed), np.arange(draws)
    found = {}
    for name, options in choices.items():
        if len(options) > 1:
            order = np.argsort(np.argsort(luck.uniforms(f"structure.{name}", rows)))
            found[name] = [options[place % len(options)] for place in order]
    return found


def built(choices: Choices, point: Mapping[str, str]) -> Option:
    """Return what the fixed choices and those of a point replace and set, all together."""
    return chosen(fixed(choices) | dict(point), "experiment", KEY)


def structure_table(choices: Choices) -> dict[str, Any]:
    """Return what a ``[structure]`` says."""
    return {
        name: options[0] if len(options) == 1 else list(options)
        for name, options in choices.items()
    }
