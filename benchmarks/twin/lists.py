"""Outpatients and planned operations: waiting lists, and each referral a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, floor, inf
from typing import TYPE_CHECKING

import simpy

from pathways.calendar import YEAR
from pathways.waiting import Habits

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin
    from benchmarks.twin.resident import Resident

Steps = simpy.events.ProcessGenerator
OPENING = 0.01  # of a day, when the day's referrals have come in
HISTORY = 2 * YEAR
PER = 10_000
KINDS = {
    "first": ("outpatients", "outpatient_first"),
    "follow_up": ("outpatients", "outpatient_follow_up"),
    "day_case": ("elective", "day_cases"),
    "ordinary": ("elective", "elective_admissions"),
}
SLOTS = {
    "first": "first slots kept or DNA",
    "follow_up": "follow-up slots kept or DNA",
    "day_case": "day-case sessions",
    "ordinary": "ordinary elective admissions",
}
PROCESS = {
    "first": "outpatient_first",
    "day_case": "day_case",
    "ordinary": "elective_inpatient",
}


@dataclass(eq=False)
class Referral:
    """One person who waits, until ``due`` if urgent, else by the ``pace`` of a specialty."""

    resident: Resident
    kind: str
    since: float
    due: float
    pace: float
    leaves: float
    seen: simpy.Event

    def turn(self, day: int) -> float:
        """Return how soon this referral's turn is: the highest is seen first."""
        if self.due < inf:
            return 1e9 + day - self.due if day >= self.due else -inf
        return (day - self.since) / self.pace


@dataclass
class Slots:
    """Whole slots of each working day, so that a year has ``yearly``.

    What is taken beyond a day's slots is paid back by the next days.
    """

    yearly: float
    days_a_year: float
    carried: float = 0.0

    def of_today(self, taken: int = 0) -> int:
        """Return how many of today's slots are left after those ``taken``."""
        self.carried += self.yearly / self.days_a_year - taken
        today = max(int(self.carried), 0)
        self.carried -= today
        return today


class Lists:
    """The clinics and theatres of a place; nothing happens before day 0."""

    def __init__(self, model: PlainTwin) -> None:
        self._model, self._env, self._random = model, model.env, model.random
        self.habits = Habits.of(model.evidence)
        splits = model.care_rates.splits
        self._on_list = {
            "first": splits.first_rtt,
            "day_case": splits.elective_rtt,
            "ordinary": splits.elective_rtt,
            "follow_up": 0.0,
        }
        share = model.evidence.value("care_settings", key="lists.outpatient_rtt_share_of_stops")
        self._shares = {"outpatients": share, "elective": 1.0 - share}
        self._waiting: dict[str, list[Referral]] = {service: [] for service in self._shares}
        self._backlog: dict[str, list[Referral]] = {kind: [] for kind in KINDS}

    def open(self) -> None:
        """Begin on day 0 with the lists that two years of referrals have left."""
        self._share_out()
        for service in self._shares:
            self._fill_list(service)
        self._env.process(self._days())

    def _share_out(self) -> None:
        """Give each kind its slots, for the people who are here now."""
        capacity, heads = self._model.spec.place.capacity, len(self._model.agents) / PER
        calendar, changes = self._model.calendar, self._model.spec.settings
        days = len(calendar.working_days(0, calendar.end)) / calendar.years

        def slots(service: str, per_10000: float) -> Slots:
            factor = changes.get(f"{service}.capacity_factor", 1.0)
            return Slots(per_10000 * heads * factor, days)

        stops = capacity["elective"]["RTT stops (capacity)"]
        self._stops = {name: slots(name, stops * share) for name, share in self._shares.items()}
        self._slots = {
            kind: slots(service, capacity[service][SLOTS[kind]] * self._kept(service))
            for kind, (service, _) in KINDS.items()
        }

    def _kept(self, service: str) -> float:
        """Return the share of slots that are not lost to somebody who does not come."""
        return 1.0 - float(self.habits.missed.mean()) if service == "outpatients" else 1.0

    # ---- the start ----

    def _fill_list(self, service: str) -> None:
        """Put those who have waited least for their specialty on the list, as many as published."""
        past = [
            referral
            for kind, (of_service, _) in KINDS.items()
            if of_service == service
            for resident in self._model.agents
            for referral in self._past(resident, kind)
        ]
        past.sort(key=lambda r: 0.0 if r.due > 0.0 and r.due < inf else -r.since / r.pace)
        waiting = self._model.spec.place.capacity["elective"]["RTT pathways waiting at start"]
        size = int(waiting * self._shares[service] * len(self._model.agents) / PER)
        for referral in past[:size]:
            self._waiting[service].append(referral)
            referral.resident.begin(self._wait(referral))

    def _past(self, resident: Resident, kind: str) -> Iterator[Referral]:
        """Give the referrals of the last two years that may still wait on day 0."""
        if not self._on_list[kind]:
            return
        rate = self._model.care_rates.of_process(resident, PROCESS[kind]) * self._on_list[kind]
        before = self._random.expovariate(rate)
        while before < HISTORY:
            referral = self._referral(resident, kind, -before)
            if referral.leaves > 0.0 and referral.due > 0.0:
                yield referral
            before += self._random.expovariate(rate)

    # ---- one referral ----

    def refer(self, resident: Resident, kind: str, time: float) -> Steps:
        """Wait on the list, or for a planned day; be seen."""
        if self._env.now < 0:
            return
        referral = self._referral(resident, kind, time)
        if self._random.random() < self._on_list[kind]:
            self._waiting[KINDS[kind][0]].append(referral)
            yield from self._wait(referral)
        else:
            referral.leaves = inf
            self._backlog[kind].append(referral)
            yield referral.seen
            self._see(referral)

    def _referral(self, resident: Resident, kind: str, since: float) -> Referral:
        habits, draw = self.habits, self._random
        urgent = draw.random() < habits.urgent
        return Referral(
            resident=resident,
            kind=kind,
            since=since,
            due=since + draw.uniform(habits.soonest, habits.latest) if urgent else inf,
            pace=exp(draw.gauss(-(habits.sigma**2) / 2.0, habits.sigma)),
            leaves=since + draw.expovariate(habits.removal),
            seen=self._env.event(),
        )

    def _wait(self, referral: Referral) -> Steps:
        yield referral.seen
        self._model.wait("outpatients", max(int(self._env.now) - floor(referral.since), 0))
        self._see(referral)

    def _see(self, referral: Referral) -> None:
        service, activity = KINDS[referral.kind]
        self._model.count(activity)
        if service == "outpatients":
            chance = self.habits.missed[referral.resident.fifth - 1]
            if self._random.random() < chance / (1.0 - chance):
                self._model.count("outpatient_dna")

    # ---- a day in the clinics ----

    def _days(self) -> Steps:
        for day in range(self._model.calendar.end):
            yield self._env.timeout(day + OPENING - self._env.now)
            if day and day % YEAR == 0:
                self._share_out()
            if self._model.calendar.is_working(day):
                self._open_clinics(day)

    def _open_clinics(self, day: int) -> None:
        """See those whose turn has come on the lists; the planned ones fill the other slots."""
        listed = [referral for service in self._shares for referral in self._list(service, day)]
        planned = [
            referral
            for kind, slots in self._slots.items()
            for referral in self._planned(
                kind, day, slots.of_today(sum(other.kind == kind for other in listed))
            )
        ]
        for referral in listed + planned:
            referral.seen.succeed()

    def _list(self, service: str, day: int) -> list[Referral]:
        """Return who is seen from a list today; those who have left are struck off."""
        waiting = [r for r in self._waiting[service] if r.resident.here and r.leaves > day]
        turns = sorted((r for r in waiting if r.turn(day) > -inf), key=lambda r: -r.turn(day))
        seen = turns[: self._stops[service].of_today()]
        for referral in seen:
            waiting.remove(referral)
        self._waiting[service] = waiting
        return seen

    def _planned(self, kind: str, day: int, room: int) -> list[Referral]:
        """Return whom today's room is for; those left may lose patience from now on."""
        line = [r for r in self._backlog[kind] if r.resident.here and r.leaves > day]
        self._backlog[kind] = line[room:]
        for referral in line[room:]:
            if referral.leaves == inf:
                referral.leaves = day + self._random.expovariate(self.habits.removal)
        return line[:room]
