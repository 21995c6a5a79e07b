"""Case finding and groups: what reaches people a few at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pathways.calendar import YEAR
from pathways.components.base import PER, STEP, Bools, Component, Reached, Scene
from pathways.effects import DEMAND, LASTING

DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection(Component):
    """People are screened for conditions that nobody knows they have.

    ``detected`` (an effect) is the share of hidden conditions that a screening finds. A case
    found changes care (control, eligibility), not the body.

    Parameters
    ----------
    conditions : looked for
    screened_per_year : share of the people reached who are screened in a year
    to : what a screening is counted as, an activity
    """

    kind: ClassVar[str] = "detection"
    by_event: ClassVar[bool] = True
    about: ClassVar[str] = "screening finds conditions that were present but not known"
    targets: ClassVar[tuple[str, ...]] = ("detected",)

    conditions: tuple[str, ...]
    screened_per_year: float
    to: str = "assessments"
    slots: int = 0

    def each_step(self, scene: Scene, day: int, reached: Reached) -> None:
        """Screen a month's share of those reached and make the diagnoses that it finds."""
        people, step = scene.population, day // STEP
        draws = scene.luck.uniforms(f"component.{self.name}.screen", people.person, step)
        chance = self.screened_per_year * STEP / YEAR * reached.share
        rows = np.flatnonzero(reached.rows & (draws < chance))
        scene.ledger.count(self.to, rows)
        for _ in range(self.slots):
            scene.use_slots(rows)
        size = reached.sizes.get("detected", 0.0)
        for column in [people.conditions.index(key) for key in self.conditions]:
            hidden = rows[people.has[rows, column] & ~people.diagnosed[rows, column]]
            purpose = f"component.{self.name}.detect.{column}"
            seen = hidden[scene.luck.uniforms(purpose, people.person[hidden], step) < size]
            scene.found(seen, np.full(len(seen), column))


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups(Component):
    """Courses of a voluntary organisation, peer groups or structured education.

    Parameters
    ----------
    places_per_10000 : people who can be in a group at a time, for 10,000 residents
    weeks : how long a course lasts, with a session a week
    again_after_days : days after a course before a person may join one again
    """

    kind: ClassVar[str] = "groups"
    about: ClassVar[str] = "groups and courses with a limited number of places"
    targets: ClassVar[tuple[str, ...]] = (*DEMAND, *LASTING)

    places_per_10000: float
    weeks: float
    again_after_days: float = 365.0

    def choose(self, scene: Scene, day: int, willing: Bools, reached: Reached) -> Bools:
        """Fill the free places from those willing, in an order that luck decides."""
        people, n = scene.population, len(scene.population)
        if not len(reached.ends):
            reached.ends = np.full(n, -np.inf)
        until = reached.ends
        here = people.present(day)
        attending = (until > day) & here
        places = round(self.places_per_10000 * scene.residents / PER)
        free = max(places - int(attending.sum()), 0)
        wanting = np.flatnonzero(willing & (until + self.again_after_days <= day))
        purpose = f"component.{self.name}.order"
        order = np.argsort(scene.luck.uniforms(purpose, people.person[wanting], day // STEP))
        chosen = wanting[order[:free]]
        until[chosen] = day + self.weeks * DAYS_PER_WEEK
        tally = scene.ledger.tally
        tally("vcse", "groups", "capacity", places * STEP)
        tally("vcse", "groups", "used", (int(attending.sum()) + len(chosen)) * STEP)
        tally("vcse", "groups", "queue_end", len(wanting) - len(chosen))
        return (until > day) & here

    def each_step(self, scene: Scene, day: int, reached: Reached) -> None:
        """Count the sessions until the next step."""
        rows = np.flatnonzero(reached.rows)
        left = np.ceil(np.minimum(reached.ends[rows] - day, STEP) / DAYS_PER_WEEK)
        for row, sessions in zip(rows.tolist(), left.tolist(), strict=True):
            scene.ledger.add("vcse_group_sessions", row, sessions)
