"""The inputs that a sensitivity search moves: of a design, of the place, and of the evidence.

Effects, uptake and costs of a design and capacities of the place are inputs one by one;
evidence that belongs together is moved as a group, whose members stand at the same point of
their ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from agents.evidence import Evidence
from experiments import draws
from experiments.catalogue import EVIDENCE
from experiments.draws import design_inputs
from experiments.experiment import Arm, Experiment
from experiments.groups import GROUPS, group_of
from experiments.searching import alone, refused
from experiments.unknowns import Input, input_of, inputs_of, why_left_out

CAPACITIES = ("gp", "beds", "ed", "outpatients", "elective")
EFFECTS, OWN_NUMBERS, CAPACITY, OF_EVIDENCE = (
    "effects, uptake and costs",
    "the design's own numbers",
    "capacity here",
    "evidence",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One input that is moved.

    Attributes
    ----------
    name, group : what it is called, and of what kind it is
    inputs : the numbers that move with it
    where : ``design``, ``replaced`` or ``settings`` of a point
    """

    name: str
    group: str
    inputs: tuple[Input, ...]
    where: str

    @property
    def baseline(self) -> bool:
        """Whether usual care changes too."""
        return self.where != "design"

    def at(self, uniform: float) -> dict[str, float]:
        """Return the numbers at a point between 0 and 1 of their distributions."""
        cut = len("design.") if self.where == "design" else 0
        return {one.key[cut:]: one.at(uniform) for one in self.inputs}

    def said(self, uniform: float) -> str:
        """Return the number as text, or how far a group has moved."""
        if len(self.inputs) == 1:
            return f"{self.inputs[0].at(uniform):.4g}"
        return f"{len(self.inputs)} numbers at {'low' if uniform < 0.5 else 'high'} ends"


def factors_of(experiment: Experiment, arm: Arm, patterns: Sequence[str] = ()) -> list[Factor]:
    """Return the inputs of an experiment with one design; ``patterns`` keep some by name.

    Raises
    ------
    BadInput
        If no input is left.
    """
    found = [*_of_design(alone(experiment, arm), arm), *_capacities(), *_groups(experiment)]
    kept = [
        factor
        for factor in found
        if not patterns
        or any(fnmatchcase(text, pattern) for pattern in patterns for text in _names(factor))
    ]
    if not kept:
        names = ", ".join(factor.name for factor in found)
        raise refused("--inputs", ",".join(patterns), names, 'write, for example, --inputs "*"')
    return kept


def _names(factor: Factor) -> tuple[str, str]:
    return factor.name, factor.group


def _of_design(experiment: Experiment, arm: Arm) -> list[Factor]:
    """Return what is unknown of a design, and its own numbers that have a range."""
    unknown = design_inputs(experiment)
    known = {one.key for one in unknown}
    start = f"design.{arm.name}."
    own = []
    for source in arm.design.sources:
        figure = source.figure(arm.name)
        acts = source.key in arm.design.changes or source.key.startswith(("reach.", "support."))
        if acts and figure.key not in known and not why_left_out(figure):
            own.append(input_of(figure))
    return [
        *(_single(one, start, EFFECTS) for one in unknown),
        *(_single(one, start, OWN_NUMBERS) for one in own),
    ]


def _single(one: Input, start: str, group: str) -> Factor:
    name = one.key.removeprefix(start)
    return Factor(name=name, group=group, inputs=(one,), where="design")


def _capacities() -> list[Factor]:
    evidence = Evidence(EVIDENCE)
    found = []
    for service in CAPACITIES:
        figure = evidence.figure("search_settings", key=f"capacity.{service}")
        one = input_of(figure)
        name = f"{service}.capacity_factor"
        moved = Input(**{**_fields(one), "key": name})
        found.append(Factor(name=name, group=CAPACITY, inputs=(moved,), where="settings"))
    return found


def _fields(one: Input) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Input.__dataclass_fields__}


def _groups(experiment: Experiment) -> list[Factor]:
    """Return the evidence that runs read, in groups."""
    used = {
        figure.key: figure
        for place in experiment.places
        for figure in draws.figures_used(experiment, place)
    }
    members: dict[str, list[Input]] = {}
    for one in inputs_of(used.values()):
        members.setdefault(group_of(one.key), []).append(one)
    return [
        Factor(name=name, group=OF_EVIDENCE, inputs=tuple(members[name]), where="replaced")
        for name, _ in GROUPS
        if name in members
    ]
