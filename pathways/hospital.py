"""Emergency department and emergency beds: arrivals, stays, boarding, readmission.

Residents use their share of one or more pools of a stated size; the rest of a pool is filled
by visitors, people from elsewhere who come at the same times in every design and are nobody
in the simulation but queue like everyone else. A pool of the same size in every place keeps
a small place from looking worse than a large one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf

import numpy as np
from simpy import Environment, Event

from agents.evidence import Evidence
from agents.luck import Luck, Words
from agents.population import Integers, Population
from pathways.hospital_record import HospitalRecord
from pathways.hospital_returns import Returns
from pathways.hospital_visitors import HospitalVisitors
from pathways.leaving import WaitForPlace
from pathways.ledger import Ledger
from pathways.pools import (
    ADMITTED,
    DIRECT,
    MAJOR,
    MINOR,
    OTHER,
    Capacity,
    Rates,
    Site,
    assign_sites,
    hospital_settings,
    make_sites,
)
from pathways.queues import Turn
from pathways.same_day import ACTIVITY as SEEN_SAME_DAY
from pathways.same_day import SameDay
from pathways.stays import HOURS, Stays, VisitPlans
from pathways.steps import Steps, Walk
from pathways.visits import Arriving, Visit, sent_on, together, visits_of
from pathways.whereabouts import Counts, checked

# What each setting of capacity opens or closes.
CAPACITY_FACTORS = {"beds.capacity_factor": ("beds",), "ed.capacity_factor": ("majors", "minors")}
OnDischarge = Callable[[int, float, float, int], None]
ChangePlans = Callable[[Integers, Words, VisitPlans], VisitPlans]


class Hospital:
    """The emergency departments and emergency beds of a place.

    Parameters
    ----------
    env : the clock, in days; its time now is the start of the warm-up
    population, evidence, luck, ledger : of the run
    residents : people simulated at the start, who own the place's share of capacity
    capacity : the place's beds and spaces per 10,000
    settings : changes to ``hospital_settings`` by key, such as ``beds.capacity_factor``
    on_discharge : called for each resident who leaves a bed alive, with the row, the day,
        the days in bed and the visit's key

    Raises
    ------
    BadInput
        If a setting is unknown or negative.
    """

    def __init__(
        self,
        env: Environment,
        population: Population,
        evidence: Evidence,
        luck: Luck,
        ledger: Ledger,
        *,
        residents: int,
        capacity: Capacity,
        settings: Mapping[str, float] | None = None,
        on_discharge: OnDischarge | None = None,
    ) -> None:
        self._env = env
        self._population = population
        self._on_discharge = on_discharge
        self.change_plans: ChangePlans | None = None  # set by a design that changes stays
        self.wait_for_place: WaitForPlace | None = None
        self.settings = hospital_settings(evidence, settings or {})
        self.rates = Rates.load(evidence)
        self.stays = Stays(evidence, luck, self.settings)
        self.sites = make_sites(env, capacity.for_people(residents), self.rates, self.settings)
        self._site_of = assign_sites(population, len(self.sites), luck)
        self._inside: dict[int, Visit] = {}
        self.counts = Counts()
        self.visitors = Counts()
        self._paths = {
            MINOR: self._minor,
            MAJOR: self._major,
            ADMITTED: self._major,
            DIRECT: self._direct,
        }
        self._same_day = SameDay(
            self.sites, luck, ledger, capacity.beds, self.settings, float(env.now)
        )
        for site in self.sites:
            for spaces in (site.majors, site.minors):
                spaces.comes, spaces.goes = self._guest_comes, self._guest_goes
        self._gone: set[int] = set()
        self._record = HospitalRecord(env, ledger, self.sites)
        self._note, self._leaves_ed = self._record.note, self._record.leaves_ed
        self._returns = Returns(
            luck,
            self.stays,
            through_ed=self.rates.through_ed,
            window=self.settings["readmission.window"],
        )
        self._elsewhere = HospitalVisitors(
            self.sites, self.stays, luck, self.settings, int(env.now)
        )
        self._start_with_full_beds()

    @property
    def inside(self) -> dict[int, Visit]:
        """Everyone in the hospital now, by row; visitors have negative rows."""
        self._follow_guests()
        return self._inside

    def _follow_guests(self) -> None:
        """Let all happen that has happened to guests of spaces until now."""
        for site in self.sites:
            for spaces in (site.majors, site.minors):
                spaces.follow()

    # ---- who comes ----

    def receive(self, day: int, arriving: Arriving) -> None:
        """Take in everyone who comes on ``day``, and those who return after a discharge.

        Call once for every day, before the clock passes ``day``.
        """
        self._follow_guests()
        self._record.hand_over()
        for site in self.sites:
            site.start_day(day)
        for number, visitors, their_plans in self._elsewhere.coming(day):
            self._invite(number, visitors, their_plans)
        everyone = together(arriving, self._returns.on(day))
        self.counts.announced += len(everyone.rows)
        people = self._population
        here = people.alive[everyone.rows] & (everyone.times < people.exit_day[everyone.rows])
        self.counts.absent += len(here) - int(np.count_nonzero(here))
        everyone = sent_on(everyone, self.sites[0])
        elsewhere = everyone.kinds == OTHER
        self._see_elsewhere(everyone.rows[elsewhere & here])
        visits = everyone.only(~elsewhere & here)
        plans = self.stays.of_residents(self._population, visits.rows, visits.keys, float(day))
        if self.change_plans is not None:
            plans = self.change_plans(visits.rows, visits.keys, plans)
        self._begin(visits, self._site_of[visits.rows], plans, self._alone(visits.rows))

    def _alone(self, rows: Integers) -> list[bool]:
        """Say whose visit meets no other visit of theirs: neither under way nor of today."""
        here, of = self._inside, rows.tolist()
        times = Counter(of)
        return [times[row] == 1 and row not in here for row in of]

    def _begin(
        self, arriving: Arriving, sites: Integers, plans: VisitPlans, alone: Sequence[bool]
    ) -> None:
        """Let visits begin, as guests of a space where nothing about them is left open."""
        at = [self.sites[number] for number in sites.tolist()]
        short_stay = self.settings["beds.short_stay"]
        visits = visits_of(arriving, at, plans, self.rates, short_stay)
        for visit, lone in zip(visits, alone, strict=True):
            if lone and visit.kind in (MINOR, MAJOR):
                visit.guest = visit.spaces.expect(visit.time, visit.ed_days, visit, visit.until)
            else:
                visit.walk = Walk(self._paths[visit.kind](visit))

    def _guest_comes(self, visit: Visit, now: float) -> None:
        self._inside[visit.row] = visit
        self._counts(visit.row).entered += 1
        self._note("ae_type1", visit.row, now)

    def _guest_goes(self, visit: Visit, now: float) -> None:
        if visit.guest is not None and visit.guest.left:
            self._record.leaves_unseen(visit, now)
        else:
            minor = visit.kind == MINOR
            after = self.settings["ed.minors_after_hours"] / HOURS if minor else 0.0
            self._leaves_ed(visit, now + after, now)
        self._finish(visit)

    def change_capacity(self, changes: Mapping[str, float]) -> None:
        """Follow ``beds.capacity_factor`` and ``ed.capacity_factor`` of ``changes`` from now on."""
        for setting, names in CAPACITY_FACTORS.items():
            for name in names if setting in changes else ():
                for site in self.sites:
                    site.change(name, changes[setting])
        if "sdec.capacity_factor" in changes:
            self._same_day.change(changes["sdec.capacity_factor"])

    def _see_elsewhere(self, rows: Integers) -> None:
        inside = self._inside
        free = np.array([row not in inside for row in rows.tolist()], np.bool_)
        seen = rows[free]
        self.counts.elsewhere += len(seen)
        self.counts.already_in += len(rows) - len(seen)
        self._record.seen_elsewhere(seen)

    def _invite(self, site: int, visitors: Arriving, plans: VisitPlans) -> None:
        count = len(visitors.rows)
        self.visitors.announced += count
        self._begin(visitors, np.full(count, site), plans, [True] * count)

    def _start_with_full_beds(self) -> None:
        for site, rounds, leaves in self._elsewhere.in_beds_at_start():
            self.visitors.announced += 1
            Walk(self._half_over(site, -self.visitors.announced, rounds, leaves))

    def _half_over(self, site: Site, row: int, rounds: float, leaves: float) -> Steps[None]:
        visit = Visit(site, row, self._env.now, 0, DIRECT, False, 0, inf, rounds, 0, leaves, inf)
        self._enter(visit)
        with site.beds.request() as bed:
            yield bed
            yield site.beds.readiness(rounds, leaves)
        self._finish(visit)

    # ---- the ways through the hospital ----

    def _minor(self, visit: Visit) -> Steps[None]:
        """Wait for a cubicle, be treated, wait for results outside it, go home.

        Who waits longer than their patience goes home unseen.
        """
        yield self._env.timeout(visit.time - self._env.now)
        if not self._enter(visit):
            return
        self._note("ae_type1", visit.row)
        with visit.site.minors.request() as cubicle:
            if cubicle.waits:
                yield cubicle | self._env.timeout(max(visit.until - self._env.now, 0.0))
            if cubicle.held:
                yield self._env.timeout(visit.ed_days)
                after = self.settings["ed.minors_after_hours"] / HOURS
                self._leaves_ed(visit, self._env.now + after)
            else:
                self._record.leaves_unseen(visit, self._env.now)
        self._finish(visit)

    def _major(self, visit: Visit) -> Steps[None]:
        """Wait for a space, be treated, then go home, or stay in the space until a bed is free."""
        yield self._env.timeout(visit.time - self._env.now)
        if not self._enter(visit):
            return
        self._note("ae_type1", visit.row)
        with visit.site.majors.request() as space:
            yield space
            yield self._env.timeout(visit.ed_days)
            if visit.kind == ADMITTED:
                yield from self._stay(visit, space)
            else:
                self._leaves_ed(visit, self._env.now)
        self._finish(visit)

    def _direct(self, visit: Visit) -> Steps[None]:
        """Go to a bed without passing through the emergency department."""
        yield self._env.timeout(visit.time - self._env.now)
        if self._enter(visit):
            yield from self._stay(visit, None)
            self._finish(visit)

    def _stay(self, visit: Visit, space: Turn | None) -> Steps[None]:
        """Wait for a bed, holding ``space``; stay until ready and the hour of leaving.

        The stay counts from the decision to admit, as published stays do: who is ready to
        leave before a bed is free goes home from where they wait.
        """
        again = self._returns.follows_discharge(visit.row, self._env.now)
        self._record.admitted(visit, again=again)
        if visit.short_days < inf and self._sits(visit):
            if space is not None:
                space.release()
                self._leaves_ed(visit, self._env.now)
            yield self._env.timeout(visit.short_days)
            self._discharge(visit)
            return
        decided = self._env.now
        leaving = self._leaving(visit)
        with visit.site.beds.request() as bed:
            if bed.waits:
                yield bed | leaving
            self._record.wait("beds", visit.row, self._env.now - decided)
            if space is not None:
                space.release()
                self._leaves_ed(visit, self._env.now)
            if bed.held:
                visit.bed_since = visit.bed_counted = self._env.now
                yield leaving
                if visit.delay and visit.short_days == inf:
                    yield from self._wait_for_place(visit)
        self._discharge(visit)

    def _sits(self, visit: Visit) -> bool:
        """Say whether an admission without a night is seen in same-day emergency care."""
        now = self._env.now
        visit.same_day = self._same_day.takes(
            visit.site, visit.row, visit.key, now, visit.short_days
        )
        if visit.same_day:
            self._note(SEEN_SAME_DAY, visit.row)
        return visit.same_day

    def _wait_for_place(self, visit: Visit) -> Steps[None]:
        """Keep a resident in bed while the place they are to go to has a longer queue."""
        if visit.row < 0 or self.wait_for_place is None:
            return
        more = self.wait_for_place.beyond(visit.key, visit.delay)
        if more > 0.0:
            yield self._env.timeout(more)
            visit.delay += more

    def _leaving(self, visit: Visit) -> Event:
        if visit.short_days < inf:
            return self._env.timeout(visit.short_days)
        return visit.site.beds.readiness(visit.rounds, visit.leaves)

    # ---- what happens on the way ----

    def _enter(self, visit: Visit) -> bool:
        """Let the visit begin unless the person is gone or in hospital already."""
        row, counts = visit.row, self._counts(visit.row)
        if row in self._gone:
            counts.absent += 1
        elif row in self._inside and row in self.inside:  # guests may have gone since
            counts.already_in += 1
        else:
            counts.entered += 1
            self._inside[row] = visit
            return True
        return False

    def _counts(self, row: int) -> Counts:
        return self.counts if row >= 0 else self.visitors

    def _discharge(self, visit: Visit) -> None:
        row, now = visit.row, self._env.now
        if row < 0:
            return
        self._record.discharged(visit)
        self._returns.discharged(visit, now)
        if self._on_discharge is not None:
            self._on_discharge(row, now, max(now - visit.bed_since, 0.0), visit.key)

    def _finish(self, visit: Visit) -> None:
        # The person may have died at discharge, by the hand of ``on_discharge``.
        if self._inside.pop(visit.row, None) is not None:
            self._counts(visit.row).finished += 1

    def leave(self, rows: Sequence[int]) -> None:
        """Take out residents who die or move away now, for good."""
        self._gone.update(rows)
        inside = self.inside
        for visit in [inside.pop(row) for row in rows if row in inside]:
            self._record.count_bed_days(visit)
            self.counts.left += 1
            if visit.guest is not None:
                visit.spaces.let_go(visit.guest)
            elif visit.walk is not None:
                visit.walk.stop()

    # ---- records ----

    def settle(self) -> None:
        """Bring every record up to now: at the end of the warm-up and of every month.

        Call it before the ledger's month or year is taken and before it is turned on.
        """
        self._record.settle(self.inside.values())
        self._same_day.settle(self._env.now)
        self._record.tally_places()

    def escalated_days(self) -> float:
        """Return bed-days of escalation beds open so far, the residents' usual share of them."""
        return sum(
            site.beds.escalated_time() * site.own["beds"] / max(site.usual_beds, 1e-9)
            for site in self.sites
        )

    def check(self) -> dict[str, int]:
        """Return where everyone announced is.

        Raises
        ------
        RuntimeError
            If somebody is missing or stands in two places.
        """
        return checked(self.counts, self.visitors, self.inside, self.sites)
