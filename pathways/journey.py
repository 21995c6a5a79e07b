"""A proactive pathway: what happens, step by step, to each person a team invites.

Find, invite, accept, wait for a coordinator's place, assess and plan, team meeting, link
worker and group, support, review. Every step takes real capacity, unless the staff are
ring-fenced, and a person may decline, drop out, move away or die at any point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import simpy

from pathways.calendar import YEAR
from pathways.caseload import Caseload
from pathways.design import Reach, Support
from pathways.ledger import STAGE_BITS, Ledger
from pathways.steps import Steps, Walk
from pathways.teams import Meeting

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
DAYS_PER_MONTH = YEAR / 12
DAYS_PER_WEEK = 7
PARTS = ("plan", "mdt", "link_worker", "group")


class Person(Protocol):
    """A resident who decides (see ``agents.resident.Patient``)."""

    row: int

    @property
    def key(self) -> int:
        """What the person's waits on this pathway are keyed to."""

    def is_here(self, day: float) -> bool:
        """Say whether the person is alive and lives in the place on ``day``."""

    def accepts(self, acceptance: Sequence[float], occasion: int) -> bool:
        """Decide on an invitation."""

    def takes_up(self, offer: str, share: float) -> bool:
        """Say whether an offer is right for this person and taken up."""

    def replies_after(self, mean_days: float, occasion: int) -> float:
        """Return the days this person takes to reply."""

    def stays_for(self, drop_out_per_year: float, occasion: int) -> float:
        """Return the years until this person would drop out of support."""


class Plan(Protocol):
    """What a pathway is declared by: a design, or a component of one."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def reach(self) -> Reach | None:
        """How people are found and invited."""

    @property
    def support(self) -> Support | None:
        """What people receive."""


class Slots(Protocol):
    """Practice appointments that a design may use (see ``pathways.practice``)."""

    def take_slots(self, rows: Rows, day: int, *, slots: int = 1) -> Rows:
        """Take ordinary appointments for each of ``rows`` (see ``pathways.practice``)."""


@dataclass(slots=True)
class Services:
    """The capacity a pathway draws on; ``practice`` is None where staff are ring-fenced."""

    practice: Slots | None
    coordinators: Caseload
    meeting: Meeting
    link_workers: Caseload
    link_worker_days: float
    link_worker_contacts: int


class Pathway:
    """Everybody's progress along one design's pathway.

    Attributes
    ----------
    stages : (n,) bits of the stages each person has reached
    supported : (n,) who is supported now
    received : by part (plan, mdt, link_worker, group), (n,) who has had it or has a place in it
    invited_on : (n,) day of the latest invitation, minus infinity where there was none
    """

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        services: Services,
        ledger: Ledger,
        n_people: int,
    ) -> None:
        if plan.reach is None or plan.support is None:
            raise ValueError(f"{plan.name} has no pathway; give it people, reach and support")
        self._env = env
        self._reach = plan.reach
        self._support = plan.support
        self._services = services
        self._ledger = ledger
        self._journeys: dict[int, Walk] = {}
        self._beside: dict[int, list[Walk]] = {}
        self._wanted: list[int] = []
        self.stages = np.zeros(n_people, np.uint8)
        self.supported = np.zeros(n_people, np.bool_)
        self.received = {part: np.zeros(n_people, np.bool_) for part in PARTS}
        self.invited_on = np.full(n_people, -np.inf)
        self.invitations = np.zeros(n_people, np.int32)

    def may_be_invited(self, day: float) -> Bools:
        """Return who is not on the pathway and was not asked lately."""
        idle = np.ones(len(self.stages), np.bool_)
        idle[list(self._journeys)] = False
        asked_lately = self.invited_on > day - self._reach.again_after_days
        never_supported = (self.stages & STAGE_BITS["supported"]) == 0
        may: Bools = idle & ~asked_lately & never_supported
        return may

    def take_slots(self, day: int) -> None:
        """Take the practice appointments that assessments and reviews used since yesterday.

        Ring-fenced staff use none of the practice's.
        """
        wanted, self._wanted = self._wanted, []
        if wanted and self._services.practice is not None:
            self._services.practice.take_slots(np.array(wanted), day)

    def mark_eligible(self, eligible: Bools) -> None:
        """Remember who has met the rules."""
        self.stages[eligible] |= STAGE_BITS["eligible"]

    def invite(self, person: Person) -> None:
        """Invite one person, who then goes as far as they choose and capacity allows."""
        row = person.row
        self.invited_on[row] = self._env.now
        self.invitations[row] += 1
        self._reached(row, "invited")
        self._journeys[row] = Walk(self._journey(person))

    def leave(self, rows: Sequence[int]) -> None:
        """End the journeys of people who have died or moved away."""
        for row in rows:
            if row in self._journeys:
                self._journeys.pop(row).stop()
                self.supported[row] = False
            for walk in self._beside.pop(row, ()):
                walk.stop()

    def _reached(self, row: int, stage: str) -> None:
        self.stages[row] |= STAGE_BITS[stage]

    def _journey(self, person: Person) -> Steps[None]:
        row, occasion = person.row, int(self.invitations[person.row])
        yield self._env.timeout(person.replies_after(self._reach.reply_days, occasion))
        if person.accepts(self._reach.acceptance, occasion):
            self._reached(row, "accepted")
            yield from self._care(person, occasion)
        self.supported[row] = False
        self._journeys.pop(row, None)

    def _care(self, person: Person, occasion: int) -> Steps[None]:
        """Hold a coordinator's place through assessment and support, then review."""
        row, support = person.row, self._support
        stays = person.stays_for(support.drop_out_per_year, occasion) * YEAR
        place = yield from self._services.coordinators.join(row, person.key)
        if place is None:
            return
        with place:
            self._assess(person)
            started = float(self._env.now)
            self.supported[row] = True
            self._reached(row, "supported")
            yield from self._contacts(row, min(support.months * DAYS_PER_MONTH, stays))
        yield from self._reviews(row, started + stays)

    def _assess(self, person: Person) -> None:
        row, support = person.row, self._support
        self._count("assessments", row)
        self._reached(row, "assessed")
        self.received["plan"][row] = True
        self._use_slots(row, "gp", support.assessment_gp_slots)
        beside = self._beside.setdefault(row, [])
        if person.takes_up("mdt", support.mdt_share):
            beside.append(Walk(self._discussion(row)))
        if person.takes_up("link_worker", support.link_worker_share):
            beside.append(Walk(self._with_link_worker(person)))
        if person.takes_up("group", support.group_share):
            beside.append(Walk(self._group(row)))

    def _contacts(self, row: int, days: float) -> Steps[None]:
        contacts = self._support.coordinator_contacts
        for _ in range(contacts):
            self._count("coordinator_contacts", row)
            yield self._env.timeout(days / contacts)
        if not contacts:
            yield self._env.timeout(days)

    def _reviews(self, row: int, until: float) -> Steps[None]:
        while self._env.now + self._support.review_every_days < until:
            yield self._env.timeout(self._support.review_every_days)
            self._use_slots(row, "other", self._support.review_slots)
        yield self._env.timeout(max(until - self._env.now, 0.0))

    def _discussion(self, row: int) -> Steps[None]:
        yield from self._services.meeting.discuss(row)
        self.received["mdt"][row] = True

    def _with_link_worker(self, person: Person) -> Steps[None]:
        def begins() -> None:
            self.received["link_worker"][person.row] = True

        yield from link_worker_episode(self._env, self._services, self._ledger, person, begins)

    def _group(self, row: int) -> Steps[None]:
        self.received["group"][row] = True
        for _ in range(self._support.group_sessions):
            yield self._env.timeout(DAYS_PER_WEEK)
            self._count("vcse_group_sessions", row)

    def _use_slots(self, row: int, role: str, slots: int) -> None:
        """Ask for ordinary appointments, which are taken once a day for everyone."""
        self._wanted += [row] * slots
        if slots:
            self._ledger.add(f"gp_contacts_{role}", row, slots)

    def _count(self, name: str, row: int) -> None:
        self._ledger.add(name, row, 1.0)


def link_worker_episode(
    env: simpy.Environment,
    services: Services,
    ledger: Ledger,
    person: Person,
    begins: Callable[[], None] = lambda: None,
) -> Steps[None]:
    """Wait for a link worker, meet them over some months, and leave their caseload.

    ``begins`` is called when the first meeting comes.
    """
    place = yield from services.link_workers.join(person.row, person.key)
    if place is None:
        return
    with place:
        begins()
        planned = services.link_worker_contacts
        for met in range(1, planned + 1):
            ledger.add("vcse_contacts", person.row, 1.0)
            yield env.timeout(services.link_worker_days / planned)
            if services.link_workers.closes(met, planned):
                break
