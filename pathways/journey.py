"""A proactive pathway: what happens, step by step, to each person a team invites.

Find, invite, accept, wait for a coordinator's place, assess and plan, team meeting, link
worker and group, support, review. Every step takes real capacity, unless the staff are
ring-fenced, and a person may decline, drop out, move away or die at any point.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import simpy

from pathways.calendar import YEAR
from pathways.design import Design
from pathways.ledger import STAGE_BITS, Ledger
from pathways.teams import Caseload, Meeting

Steps = Generator[simpy.Event, Any, Any]
Bools = npt.NDArray[np.bool_]
DAYS_PER_MONTH = YEAR / 12
DAYS_PER_WEEK = 7


class Person(Protocol):
    """A resident who decides (see ``agents.resident.Patient``)."""

    row: int

    def is_here(self, day: float) -> bool: ...
    def accepts(self, acceptance: tuple[float, ...], occasion: int) -> bool: ...
    def takes_up(self, offer: str, share: float) -> bool: ...
    def replies_after(self, mean_days: float, occasion: int) -> float: ...
    def stays_for(self, drop_out_per_year: float, occasion: int) -> float: ...


class Slots(Protocol):
    """Practice appointments that a design may use (see ``pathways.practice``)."""

    def take_slots(self, row: int, day: int, role: str, slots: int) -> None: ...


@dataclass(slots=True)
class Services:
    """The capacity a pathway draws on; ``practice`` is None where staff are ring-fenced."""

    practice: Slots | None
    coordinators: Caseload
    meeting: Meeting
    link_workers: Caseload


class Pathway:
    """Everybody's progress along one design's pathway.

    Attributes
    ----------
    stages : (n,) bits of the stages each person has reached
    supported : (n,) who is supported now
    invited_on : (n,) day of the latest invitation, minus infinity where there was none
    """

    def __init__(
        self,
        env: simpy.Environment,
        design: Design,
        services: Services,
        ledger: Ledger,
        n_people: int,
    ) -> None:
        if design.reach is None or design.support is None:
            raise ValueError(f"{design.name} has no pathway; give it people, reach and support")
        self._env = env
        self._reach = design.reach
        self._support = design.support
        self._services = services
        self._ledger = ledger
        self._journeys: dict[int, simpy.Process] = {}
        self.stages = np.zeros(n_people, np.uint8)
        self.supported = np.zeros(n_people, np.bool_)
        self.supported_on = np.full(n_people, np.inf)
        self.invited_on = np.full(n_people, -np.inf)
        self.invitations = np.zeros(n_people, np.int32)

    def may_be_invited(self, day: float) -> Bools:
        """Return who is not on the pathway and was not asked lately."""
        idle = np.ones(len(self.stages), np.bool_)
        idle[list(self._journeys)] = False
        asked_lately = self.invited_on > day - self._reach.again_after_days
        never_supported = (self.stages & STAGE_BITS["supported"]) == 0
        return idle & ~asked_lately & never_supported

    def mark_eligible(self, eligible: Bools) -> None:
        """Remember who has met the rules."""
        self.stages[eligible] |= STAGE_BITS["eligible"]

    def invite(self, person: Person) -> None:
        """Invite one person, who then goes as far as they choose and capacity allows."""
        row = person.row
        self.invited_on[row] = self._env.now
        self.invitations[row] += 1
        self._reached(row, "invited")
        self._journeys[row] = self._env.process(self._journey(person))

    def leave(self, row: int) -> None:
        """End the journey of a person who has died or moved away."""
        journey = self._journeys.get(row)
        if journey is not None and journey.is_alive:
            journey.interrupt()

    def _reached(self, row: int, stage: str) -> None:
        self.stages[row] |= STAGE_BITS[stage]

    def _journey(self, person: Person) -> Steps:
        row, occasion = person.row, int(self.invitations[person.row])
        try:
            yield self._env.timeout(person.replies_after(self._reach.reply_days, occasion))
            if person.accepts(self._reach.acceptance, occasion):
                self._reached(row, "accepted")
                yield from self._care(person, occasion)
        except simpy.Interrupt:
            pass
        finally:
            self.supported[row] = False
            self._journeys.pop(row, None)

    def _care(self, person: Person, occasion: int) -> Steps:
        """Hold a coordinator's place through assessment and support, then review."""
        row, support = person.row, self._support
        stays = person.stays_for(support.drop_out_per_year, occasion) * YEAR
        asked = self._env.now
        with self._services.coordinators.place() as place:
            yield place
            self._services.coordinators.record_wait(row, self._env.now - asked)
            self._assess(person)
            started = self._env.now
            self.supported[row] = True
            self.supported_on[row] = started
            self._reached(row, "supported")
            yield from self._contacts(row, min(support.months * DAYS_PER_MONTH, stays))
        yield from self._reviews(row, started + stays)

    def _assess(self, person: Person) -> None:
        row, support = person.row, self._support
        self._count("assessments", row)
        self._reached(row, "assessed")
        self._use_slots(row, "gp", support.assessment_gp_slots)
        if person.takes_up("mdt", support.mdt_share):
            self._env.process(self._services.meeting.discuss(row))
        if person.takes_up("link_worker", support.link_worker_share):
            self._env.process(self._services.link_workers.episode(row))
        if person.takes_up("group", support.group_share):
            self._env.process(self._group(person))

    def _contacts(self, row: int, days: float) -> Steps:
        contacts = self._support.coordinator_contacts
        for _ in range(contacts):
            self._count("coordinator_contacts", row)
            yield self._env.timeout(days / contacts)
        if not contacts:
            yield self._env.timeout(days)

    def _reviews(self, row: int, until: float) -> Steps:
        while self._env.now + self._support.review_every_days < until:
            yield self._env.timeout(self._support.review_every_days)
            self._use_slots(row, "other", self._support.review_slots)
        yield self._env.timeout(max(until - self._env.now, 0.0))

    def _group(self, person: Person) -> Steps:
        for _ in range(self._support.group_sessions):
            yield self._env.timeout(DAYS_PER_WEEK)
            if not person.is_here(self._env.now):
                return
            self._count("vcse_group_sessions", person.row)

    def _use_slots(self, row: int, role: str, slots: int) -> None:
        """Take ordinary appointments; ring-fenced staff use none of the practice's."""
        if self._services.practice is not None:
            self._services.practice.take_slots(row, int(self._env.now), role, slots)
        else:
            self._ledger.add(f"gp_contacts_{role}", row, slots)

    def _count(self, name: str, row: int) -> None:
        self._ledger.add(name, row, 1.0)
