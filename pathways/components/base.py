"""What every component of a design has: a name, people, coverage, a beginning, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.eligible import People
from pathways.ledger import Ledger
from pathways.stays import VisitPlans

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Fifths = tuple[float, float, float, float, float]

EVERYONE: Fifths = (1.0, 1.0, 1.0, 1.0, 1.0)
EVERYBODY = People(include=())
STEP = 28  # days (whole weeks) between looks at whom a component reaches and steps of its effects
PER = 10_000


class Scene(Protocol):
    """What a component may see and use of a run."""

    population: Population
    luck: Luck
    ledger: Ledger
    residents: int

    def use_slots(self, rows: Integers) -> None:
        """Take one ordinary practice appointment for each of ``rows`` (none where inert)."""

    def found(self, rows: Integers, columns: Integers) -> None:
        """Record that conditions ``columns`` of ``rows`` became known to the practice."""


class Reached(Protocol):
    """Whom a component reaches now and what it changes in this version of effects.

    Attributes
    ----------
    rows : (n,) True where the component reaches the person
    share : (n,) how far it is developed where the person lives, 0 to 1
    sizes : by target, the change of this version (nothing where null or inert)
    ends : days on which the places in use become free
    """

    rows: Bools
    share: Floats
    sizes: Mapping[str, float]
    ends: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a design.

    Parameters
    ----------
    name : unique in the design
    people : rules that say who it is for
    coverage : share of those people that it reaches, by deprivation fifth, most deprived first
    starts_day : day of the run on which it begins
    places : places or localities where it works; everywhere where empty
    activity, per_year : what each person reached has, and how often a year
    slots_per_year : ordinary practice appointments that each person reached uses a year

    ``by_event`` says that how far a place has come scales the share of events seen to, not
    the people reached.
    """

    kind: ClassVar[str] = ""
    about: ClassVar[str] = ""
    targets: ClassVar[tuple[str, ...]] = ()
    by_event: ClassVar[bool] = False

    name: str
    people: People = EVERYBODY
    coverage: Fifths = EVERYONE
    starts_day: float = 0.0
    places: tuple[str, ...] = ()
    activity: str = ""
    per_year: float = 0.0
    slots_per_year: float = 0.0

    def choose(self, scene: Scene, day: int, willing: Bools, reached: Reached) -> Bools:
        """Return whom the component reaches for the next ``STEP`` days, of those ``willing``."""
        return willing

    def divert(
        self, scene: Scene, day: int, arrivals: dict[str, Arrivals], reached: Reached
    ) -> dict[str, Arrivals]:
        """Return what is left to ask for today when the component has seen to its share."""
        return arrivals

    def change_stays(
        self, scene: Scene, rows: Integers, keys: Words, plans: VisitPlans, reached: Reached
    ) -> VisitPlans:
        """Return how long people who come to hospital will stay."""
        return plans

    def each_step(self, scene: Scene, day: int, reached: Reached) -> None:
        """Do what the component does in ``STEP`` days beside its own contacts."""


def without(arrivals: dict[str, Arrivals], process: str, gone: Bools) -> dict[str, Arrivals]:
    """Return ``arrivals`` without the events of ``process`` that are ``gone``."""
    events, stay = arrivals[process], ~gone
    left = Arrivals(events.rows[stay], events.times[stay], events.keys[stay])
    return arrivals | {process: left}


def offered(
    scene: Scene, component: Component, share: float, rows: Integers, keys: Words, reached: Reached
) -> Bools:
    """Say which events of ``rows`` the component takes on: a keyed draw for each event."""
    draws = scene.luck.uniforms_of(keys, f"component.{component.name}.offer")
    taken: Bools = reached.rows[rows] & (draws < share * reached.share[rows])
    return taken


def succeeds(scene: Scene, component: Component, keys: Words, size: float) -> Bools:
    """Say for which events the component does what it is for: a second keyed draw."""
    draws = scene.luck.uniforms_of(keys, f"component.{component.name}.succeeds")
    return np.asarray(draws < size)


def take_places(reached: Reached, places: float, starts: Floats, stays: Floats) -> Bools:
    """Give places in order of ``starts`` while there are any; say who got one.

    Parameters
    ----------
    places : how many there are
    starts, stays : (k,) day of asking, in ascending order, and days for which a place is kept
    """
    ends = reached.ends
    got = np.zeros(len(starts), np.bool_)
    for number, (start, stay) in enumerate(zip(starts.tolist(), stays.tolist(), strict=True)):
        ends = ends[ends > start]
        if len(ends) < round(places):
            got[number] = True
            ends = np.append(ends, start + stay)
    reached.ends = ends
    return got
