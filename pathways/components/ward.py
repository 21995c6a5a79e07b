"""Hospital care at home: admissions avoided, stays cut short, delays cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pathways.asked import Arrivals
from pathways.components.base import (
    PER,
    Component,
    Integers,
    Reached,
    Scene,
    Words,
    offered,
    succeeds,
    take_places,
    without,
)
from pathways.stays import VisitPlans


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualWard(Component):
    """Places at home for ``share`` of the emergencies that would be admitted.

    ``avoids`` (an effect) is the share of these stays after which no admission is needed;
    the others are admitted all the same. Who finds no place is refused.

    Parameters
    ----------
    share : share of the group's emergency admissions that are offered a place
    places_per_10000 : places for 10,000 residents
    days : how long a place is kept
    """

    kind: ClassVar[str] = "virtual_ward"
    by_event: ClassVar[bool] = True
    about: ClassVar[str] = "places at home in place of an emergency admission, as far as they go"
    targets: ClassVar[tuple[str, ...]] = ("avoids",)

    share: float
    places_per_10000: float
    days: float

    def divert(
        self, scene: Scene, day: int, arrivals: dict[str, Arrivals], reached: Reached
    ) -> dict[str, Arrivals]:
        """Give places while there are any, and take away admissions that they avoid."""
        events = arrivals["emergency_admission"]
        asked = np.flatnonzero(offered(scene, self, self.share, events.rows, events.keys, reached))
        if not len(asked):
            return arrivals
        places = self.places_per_10000 * scene.residents / PER
        stays = np.full(len(asked), self.days)
        got = take_places(reached, places, day + events.times[asked], stays)
        for row in events.rows[asked[got]].tolist():
            scene.ledger.add("virtual_ward_days", row, self.days)
        scene.ledger.count("virtual_ward_refused", events.rows[asked[~got]])
        avoided = np.zeros(len(events), np.bool_)
        avoided[asked[got]] = True
        avoided &= succeeds(scene, self, events.keys, reached.sizes.get("avoids", 0.0))
        return without(arrivals, "emergency_admission", avoided)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDown(Component):
    """The last part of a stay is spent at home, for ``share`` of stays with a night.

    ``stay`` (an effect) is the relative change of the days in hospital.

    Parameters
    ----------
    share : share of the group's stays that are offered it
    days : days of care at home that follow
    """

    kind: ClassVar[str] = "step_down"
    by_event: ClassVar[bool] = True
    about: ClassVar[str] = "the last part of a hospital stay is spent at home"
    targets: ClassVar[tuple[str, ...]] = ("stay",)

    share: float
    days: float

    def change_stays(
        self, scene: Scene, rows: Integers, keys: Words, plans: VisitPlans, reached: Reached
    ) -> VisitPlans:
        """Shorten the stays of those who are offered it."""
        chosen = offered(scene, self, self.share, rows, keys, reached) & ~plans.short
        for row in rows[chosen].tolist():
            scene.ledger.add("virtual_ward_days", row, self.days)
        factor = np.where(chosen, 1.0 + reached.sizes.get("stay", 0.0), 1.0)
        return replace(plans, rounds=plans.rounds * factor, delay=plans.delay * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class SameDay(Component):
    """Same-day emergency care for ``share`` of those who would stay the night.

    ``same_day`` (an effect) is the share of them who then go home the same day.
    """

    kind: ClassVar[str] = "same_day"
    by_event: ClassVar[bool] = True
    about: ClassVar[str] = "same-day emergency care in place of a night in hospital"
    targets: ClassVar[tuple[str, ...]] = ("same_day",)

    share: float

    def change_stays(
        self, scene: Scene, rows: Integers, keys: Words, plans: VisitPlans, reached: Reached
    ) -> VisitPlans:
        """Send home the same day those for whom it succeeds."""
        chosen = offered(scene, self, self.share, rows, keys, reached)
        home = chosen & succeeds(scene, self, keys, reached.sizes.get("same_day", 0.0))
        return replace(plans, short=plans.short | home)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge(Component):
    """Care arranged at home, so that people leave soon after they are fit to.

    ``delay`` (an effect) is the relative change of the days of delay; ``share`` of delayed
    stays are arranged, each counted as a contact ``to`` a service.
    """

    kind: ClassVar[str] = "discharge"
    by_event: ClassVar[bool] = True
    about: ClassVar[str] = "people leave hospital sooner after they are fit to"
    targets: ClassVar[tuple[str, ...]] = ("delay",)

    share: float
    to: str = "urgent_response"

    def change_stays(
        self, scene: Scene, rows: Integers, keys: Words, plans: VisitPlans, reached: Reached
    ) -> VisitPlans:
        """Cut the delays of those whose leaving is arranged."""
        delayed = (plans.delay > 0.0) & ~plans.short
        chosen = offered(scene, self, self.share, rows, keys, reached) & delayed
        scene.ledger.count(self.to, rows[chosen])
        cut = np.where(chosen, -reached.sizes.get("delay", 0.0) * plans.delay, 0.0)
        return replace(plans, rounds=plans.rounds - cut, delay=plans.delay - cut)
