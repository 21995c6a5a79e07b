"""The people of a run and the luck they carry, before any design touches them.

A world depends on the place, the number of people, the seed and the replication, and not on
the design: every design of a replication meets the same people with the same luck ahead.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents.control import Control
from agents.diagnoses import DELAY
from agents.diagnosis import contact_delay
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from agents.frailty import FrailtyModel
from agents.health import Health
from agents.luck import Luck
from agents.network import Network
from agents.population import DAYS_PER_YEAR, Population
from agents.synthesis import synthesise
from agents.traits import settle_traits
from pathways.calendar import YEAR
from sim.spec import RunSpec

Rows = npt.NDArray[np.int64]

MOST_KEPT = 300_000  # people that are kept for other designs; of more, memory costs more than time


@dataclass(slots=True)
class World:
    """The people, what their health does next, and the numbers they were made from."""

    evidence: Evidence
    luck: Luck
    population: Population
    health: Health
    frailty: FrailtyModel
    control: Control
    network: Network


def replaced_numbers(parameters: Path, replaced: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers of a parameter set, with those of a draw on top.

    Raises
    ------
    BadInput
        If the folder's ``demand.json`` is not a table of numbers.
    """
    path = parameters / "demand.json"
    if not path.exists():
        return dict(replaced)
    try:
        numbers = json.loads(path.read_text(encoding="utf-8"))["replaced"]
        return {str(key): float(value) for key, value in numbers.items()} | dict(replaced)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            [
                Fault(
                    where=str(path),
                    key="replaced",
                    found=f"{type(error).__name__}: {error}",
                    allowed="a table of numbers by evidence key",
                    remedy="make the parameter set again",
                )
            ]
        ) from None


def build_world(spec: RunSpec) -> World:
    """Make the people of a run and live their lives up to the day they are first here."""
    evidence = Evidence(spec.evidence, replaced_numbers(spec.parameters, spec.replaced))
    evidence.keep(spec.figures)
    luck = Luck(spec.seed, spec.replication)
    people_luck = Luck(spec.seed, 0) if spec.hold_population else luck
    tables = DiseaseTables.load(spec.parameters)
    population = synthesise(
        spec.place, spec.population, spec.years, people_luck, evidence, tables.risks
    )
    population.extra[DELAY] = contact_delay(population.person, people_luck, evidence)
    health = Health(population, tables, people_luck)
    health.live_to_entry(until=spec.years * YEAR + 1)
    network = Network(population, people_luck, evidence)
    frailty = settle_traits(population, people_luck, evidence, network)
    control = Control(evidence, population, people_luck)
    control.settle(np.arange(len(population)), 0.0)
    return World(
        evidence=evidence,
        luck=luck,
        population=population,
        health=health,
        frailty=frailty,
        control=control,
        network=network,
    )


class Shelf:
    """Keeps the last world that was made, for other designs of the same replication.

    A run uses its world up, so each gets a copy; copying takes a twentieth of the time. A world
    of more than ``MOST_KEPT`` people is made anew each time: with a copy of it a run would need
    half as much memory again.
    """

    def __init__(self) -> None:
        self._made_for: object = None
        self._world: World | None = None

    def world_of(self, spec: RunSpec) -> World:
        """Return the world of ``spec``, made now or copied."""
        wanted = (
            pickle.dumps(spec.place),
            (spec.population, spec.start, spec.years, spec.seed, spec.replication),
            (spec.hold_population, spec.evidence, spec.parameters),
            tuple(sorted(spec.replaced.items())),
        )
        if self._world is None or self._made_for != wanted:
            self._world = None  # let the old one go before the new one is made
            world = build_world(replace(spec, figures=()))
            if spec.population <= MOST_KEPT:
                self._world, self._made_for = world, wanted
        if self._world is not None:
            world = deepcopy(self._world)
        for figure in spec.figures:
            world.evidence.used.setdefault(figure.key, figure)
        return world


def birthdays(population: Population, first: int, last: int) -> npt.NDArray[np.int64]:
    """Return the rows of people whose birthday falls on a day from ``first`` up to ``last``."""
    years = np.floor((np.array([[first], [last]]) - population.birth_day) / DAYS_PER_YEAR)
    return np.flatnonzero(years[0] != years[1])


class Moves:
    """Who moves away and who comes on each day of a run, from the people's own schedule."""

    def __init__(self, population: Population) -> None:
        everyone = np.arange(len(population))
        self._leaving = _by_day(everyone, population.exit_day)
        self._coming = _by_day(everyone, population.entry_day)

    def of(self, day: int) -> tuple[Rows, Rows]:
        """Return the rows that left since the day before, and those that have come since."""
        nobody = np.empty(0, np.int64)
        return self._leaving.get(day, nobody), self._coming.get(day, nobody)


def _by_day(rows: Rows, days: npt.NDArray[np.float64]) -> dict[int, Rows]:
    """Group ``rows`` by the first whole day on or after ``days``; day 0 and before left out."""
    later = (days > 0.0) & np.isfinite(days)
    if not later.any():
        return {}
    rows, on = rows[later], np.ceil(days[later]).astype(np.int64)
    order = np.argsort(on, kind="stable")
    found, starts = np.unique(on[order], return_index=True)
    return dict(zip(found.tolist(), np.split(rows[order], starts[1:]), strict=True))
