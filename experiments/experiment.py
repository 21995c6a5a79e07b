"""A checked experiment: what is compared, where, for how long and how often.

``experiments.resolving`` makes one of a file; ``resolved_toml`` writes it as a file again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import tomli_w

from agents.place import Place
from experiments.schedules import KEY as SCHEDULE
from experiments.schedules import schedule_table
from experiments.settings import worded
from experiments.structures import structure_table
from pathways.design import Design
from pathways.schedule import Entry

SAMPLED_ABOVE = 300_000  # larger places are simulated by a sample …
SAMPLE = 100_000  # … of this many residents, unless the file says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A design as one experiment uses it.

    ``design`` bears the name that the experiment gives it; ``use`` is the built-in name or
    the path it came from, ``settings`` the experiment's own changes of services, ``parameters``
    those of the design's components, ``effects`` the versions to run (the baseline has only
    ``none``), ``money`` the numbers of the contract under which it is paid.
    """

    use: str
    design: Design
    effects: tuple[str, ...]
    settings: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    money: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The design's name in this experiment."""
        return self.design.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A checked experiment with its places and designs loaded."""

    name: str
    title: str
    place_uses: tuple[str, ...]
    places: tuple[Place, ...]
    population: int | None
    start: date
    years: int
    replications: int
    seed: int
    effects: tuple[str, ...]
    uncertainty: str
    draws: int
    baseline: str
    main_measure: str
    smallest_difference_that_matters: float
    parameters: str
    hold_population: bool
    keep_events: bool
    arms: tuple[Arm, ...]
    structure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schedule: tuple[Entry, ...] = ()
    money: Mapping[str, Any] = field(default_factory=dict)

    def residents(self, place: Place) -> int:
        """Return how many residents of ``place`` are simulated."""
        if self.population is not None:
            return self.population
        return SAMPLE if place.population > SAMPLED_ABOVE else int(place.population)


def experiment_table(experiment: Experiment) -> dict[str, Any]:
    """Return what an experiment file with these resolved inputs says."""
    table: dict[str, Any] = {"name": experiment.name, "title": experiment.title}
    uses = list(experiment.place_uses)
    table["place"] = uses[0] if len(uses) == 1 else uses
    if experiment.population is not None:
        table["population"] = experiment.population
    for key in (
        "start",
        "years",
        "replications",
        "seed",
        "effects",
        "uncertainty",
        "baseline",
        "main_measure",
        "smallest_difference_that_matters",
        "parameters",
        "hold_population",
        "keep_events",
    ):
        value = getattr(experiment, key)
        table[key] = list(value) if isinstance(value, tuple) else value
        if value == "psa":
            table["draws"] = experiment.draws
    if experiment.structure:
        table["structure"] = structure_table(experiment.structure)
    if experiment.money:
        table["money"] = dict(experiment.money)
    if experiment.schedule:
        table[SCHEDULE] = schedule_table(experiment.schedule)
    table["design"] = [_arm_table(arm, experiment) for arm in experiment.arms]
    return table


def _arm_table(arm: Arm, experiment: Experiment) -> dict[str, Any]:
    table: dict[str, Any] = {"use": arm.use, "name": arm.name}
    if arm.name != experiment.baseline and arm.effects != experiment.effects:
        table["effects"] = list(arm.effects)
    if arm.settings or arm.parameters:
        table["set"] = worded(arm.settings) | dict(arm.parameters)
    if arm.money:
        table["money"] = dict(arm.money)
    return table


def resolved_toml(experiment: Experiment) -> str:
    """Return an experiment file that resolves to this very experiment."""
    return tomli_w.dumps(experiment_table(experiment))
