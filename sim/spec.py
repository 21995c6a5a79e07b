"""The inputs of one run: everything its result depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from agents.evidence import Figure
from agents.place import Place
from pathways.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One run: a design in a place under one version of effects and one set of luck.

    ``effects`` is ``none`` for the baseline, else ``plan``, ``published``, ``null`` or
    ``inert``. ``settings`` are ``service.setting`` values of the experiment; ``replaced`` are
    evidence numbers by key (a draw or a fitted parameter set). ``evidence`` and
    ``parameters`` are folders; ``figures`` are the numbers that the place and the design were
    made from, for the list of what the run rests on. Same spec, same result, to the byte.
    """

    place: Place
    design: Design
    effects: str
    population: int
    start: date
    years: int
    seed: int
    replication: int
    evidence: Path
    parameters: Path
    draw: int = 0
    replaced: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)
    keep_events: bool = False
    hold_population: bool = False
    figures: tuple[Figure, ...] = ()

    @property
    def baseline(self) -> bool:
        """True for a run of the comparator."""
        return self.effects == "none"

    @property
    def scale(self) -> float:
        """Residents of the place for each simulated one."""
        return self.place.population / self.population
