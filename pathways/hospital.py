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
from pathways.hospital_guests import HospitalGuests
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
    Capacity,
    Rates,
    Site,
    assign_sites,
    hospital_settings,
    make_sites,
)
from pathways.queues import Guest, Turn
from pathways.same_day import ACTIVITY as SEEN_SAME_DAY
from pathways.same_day import SameDay
from pathways.stays import HOURS, Stays, VisitPlans
from pathways.steps import FirstOf, Steps, Walk
from pathways.visits import Arriving, Visit, facts_of, sent_on, sorted_out, together
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
        self._visits: dict[int, Visit] = {}  # under way, by row; guests are with ``_guests``
        self.counts = Counts()
        self.visitors = Counts()
        self._ways = {
            MINOR: self._minor,
            MAJOR: self._major,
            ADMITTED: self._major,
            DIRECT: self._direct,
        }
        self._same_day = SameDay(
            self.sites, luck, ledger, capacity.beds, self.settings, float(env.now)
        )
        self._gone: set[int] = set()
        self._record = HospitalRecord(ledger, self.sites)
        self._minors_after = self.settings["ed.minors_after_hours"] / HOURS
        self._guests = HospitalGuests(
            self.sites, self._record, self.counts, self.visitors, self._minors_after
        )
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
    def inside(self) -> dict[int, Visit | Guest]:
        """Everyone in the hospital now, by row; visitors have negative rows."""
        self._guests.follow()
        return {**self._visits, **self._guests.inside}

    # ---- who comes ----

    def receive(self, day: int, arriving: Arriving) -> None:
        """Take in everyone who comes on ``day``, and those who return after a discharge.

        Call once for every day, before the clock passes ``day``.
        """
        self._guests.follow()
        for site in self.sites:
            site.start_day(day)
        for number, visitors, their_plans in self._elsewhere.coming(day):
            self._invite(number, visitors, their_plans)
        everyone = sent_on(together(arriving, self._returns.on(day)), self.sites[0])
        here, elsewhere = sorted_out(everyone, self._population)
        self.counts.announced += len(everyone.rows)
        self.counts.absent += len(everyone.rows) - len(here) - len(elsewhere)
        self._see_elsewhere(everyone.rows[elsewhere])
        visits = everyone.only(here)
        plans = self.stays.of_residents(self._population, visits.rows, visits.keys, float(day))
        if self.change_plans is not None:
            plans = self.change_plans(visits.rows, visits.keys, plans)
        self._begin(visits, self._site_of[visits.rows], plans)

    def _begin(self, arriving: Arriving, sites: Integers, plans: VisitPlans) -> None:
        """Let visits begin, as guests of a space where nothing about them is left open.

        That is so for who goes home and meets no other visit of theirs, neither under way nor
        of today.
        """
        now = self._env.now
        here, guests, twice = self._visits, self._guests.inside, _repeated(arriving.rows)
        short_stay = self.settings["beds.short_stay"]
        facts = facts_of(arriving, plans, self.rates, short_stay)
        for number, (row, key, kind, avoidable, times) in zip(sites.tolist(), facts, strict=True):
            site = self.sites[number]
            meets = row in here or row in guests or row in twice
            if kind in (MINOR, MAJOR) and not meets:
                spaces = site.minors if kind == MINOR else site.majors
                spaces.expect(times[0], times[1], row, times[-1])
            else:
                visit = Visit(site, row, key, kind, avoidable, *times)
                begins = self._env.timeout(visit.time - now)
                visit.walk = Walk(self._ways[kind](visit), begins)

    def change_capacity(self, changes: Mapping[str, float]) -> None:
        """Follow ``beds.capacity_factor`` and ``ed.capacity_factor`` of ``changes`` from now on."""
        for setting, names in CAPACITY_FACTORS.items():
            for name in names if setting in changes else ():
                for site in self.sites:
                    site.change(name, changes[setting])
        if "sdec.capacity_factor" in changes:
            self._same_day.change(changes["sdec.capacity_factor"])

    def _see_elsewhere(self, rows: Integers) -> None:
        visits, guests = self._visits, self._guests.inside
        seen = [row for row in rows.tolist() if row not in visits and row not in guests]
        self.counts.elsewhere += len(seen)
        self.counts.already_in += len(rows) - len(seen)
        self._record.seen_elsewhere(np.array(seen, np.int64))

    def _invite(self, site: int, visitors: Arriving, plans: VisitPlans) -> None:
        count = len(visitors.rows)
        self.visitors.announced += count
        self._begin(visitors, np.full(count, site), plans)

    def _start_with_full_beds(self) -> None:
        for site, rounds, leaves in self._elsewhere.in_beds_at_start():
            self.visitors.announced += 1
            Walk(self._half_over(site, -self.visitors.announced, rounds, leaves))

    def _half_over(self, site: Site, row: int, rounds: float, leaves: float) -> Steps[None]:
        visit = Visit(site, row, 0, DIRECT, False, self._env.now, 0, inf, rounds, 0, leaves, inf)
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
        now = self._env.now
        if not self._enter(visit):
            return
        self._record.note("ae_type1", visit.row, now)
        with visit.site.minors.request() as cubicle:
            if cubicle.waits:
                yield FirstOf(cubicle, self._env.timeout(max(visit.until - now, 0.0)))
            if cubicle.held:
                yield self._env.timeout(visit.ed_days)
                now = self._env.now
                self._record.leaves_ed(visit.row, visit.time, now + self._minors_after, now)
            else:
                now = self._env.now
                self._record.leaves_unseen(visit.row)
                self._record.leaves_ed(visit.row, visit.time, now, now)
        self._finish(visit)

    def _major(self, visit: Visit) -> Steps[None]:
        """Wait for a space, be treated, then go home, or stay in the space until a bed is free."""
        if not self._enter(visit):
            return
        self._record.note("ae_type1", visit.row, self._env.now)
        with visit.site.majors.request() as space:
            if space.waits:
                yield space
            yield self._env.timeout(visit.ed_days)
            if visit.kind == ADMITTED:
                yield from self._stay(visit, space)
            else:
                now = self._env.now
                self._record.leaves_ed(visit.row, visit.time, now, now)
        self._finish(visit)

    def _direct(self, visit: Visit) -> Steps[None]:
        """Go to a bed without passing through the emergency department."""
        if self._enter(visit):
            yield from self._stay(visit, None)
            self._finish(visit)

    def _stay(self, visit: Visit, space: Turn | None) -> Steps[None]:
        """Wait for a bed, holding ``space``; stay until ready and the hour of leaving.

        The stay counts from the decision to admit, as published stays do: who is ready to
        leave before a bed is free goes home from where they wait.
        """
        decided = now = self._env.now
        short = visit.short_days < inf
        if visit.row >= 0:
            again = self._returns.follows_discharge(visit.row, now)
            self._record.admitted(visit, now, again=again)
        if short and self._sits(visit, now):
            if space is not None:
                self._leave_space(visit, space, now)
            yield self._env.timeout(visit.short_days)
            self._discharge(visit)
            return
        if short:
            leaving: Event = self._env.timeout(visit.short_days)
        else:
            leaving = visit.site.beds.readiness(visit.rounds, visit.leaves)
        with visit.site.beds.request() as bed:
            if bed.waits:
                yield FirstOf(bed, leaving)
                now = self._env.now
            self._record.wait("beds", visit.row, now - decided, now)
            if space is not None:
                self._leave_space(visit, space, now)
            if bed.held:
                visit.bed_since = visit.bed_counted = now
                yield leaving
                if visit.delay and not short:
                    yield from self._wait_for_place(visit)
        self._discharge(visit)

    def _leave_space(self, visit: Visit, space: Turn, now: float) -> None:
        space.release()
        self._record.leaves_ed(visit.row, visit.time, now, now)

    def _sits(self, visit: Visit, now: float) -> bool:
        """Say whether an admission without a night is seen in same-day emergency care."""
        visit.same_day = self._same_day.takes(
            visit.site, visit.row, visit.key, now, visit.short_days
        )
        if visit.same_day:
            self._record.note(SEEN_SAME_DAY, visit.row, now)
        return visit.same_day

    def _wait_for_place(self, visit: Visit) -> Steps[None]:
        """Keep a resident in bed while the place they are to go to has a longer queue."""
        if visit.row < 0 or self.wait_for_place is None:
            return
        more = self.wait_for_place.beyond(visit.key, visit.delay)
        if more > 0.0:
            yield self._env.timeout(more)
            visit.delay += more

    # ---- what happens on the way ----

    def _enter(self, visit: Visit) -> bool:
        """Let the visit begin unless the person is gone or in hospital already."""
        row = visit.row
        counts = self.counts if row >= 0 else self.visitors
        if row in self._gone:
            counts.absent += 1
        elif (row in self._visits or row in self._guests.inside) and row in self.inside:
            counts.already_in += 1  # guests may have gone since the spaces were last looked at
        else:
            counts.entered += 1
            self._visits[row] = visit
            return True
        return False

    def _discharge(self, visit: Visit) -> None:
        if visit.row < 0:
            return
        now = self._env.now
        self._record.discharged(visit, now)
        self._returns.discharged(visit, now)
        if self._on_discharge is not None:
            self._on_discharge(visit.row, now, max(now - visit.bed_since, 0.0), visit.key)

    def _finish(self, visit: Visit) -> None:
        # The person may have died at discharge, by the hand of ``on_discharge``.
        if self._visits.pop(visit.row, None) is not None:
            (self.counts if visit.row >= 0 else self.visitors).finished += 1

    def leave(self, rows: Sequence[int]) -> None:
        """Take out residents who die or move away now, for good."""
        self._gone.update(rows)
        self._guests.follow()
        visits, guests = self._visits, self._guests.inside
        for one in [visits.pop(row, None) or guests.pop(row, None) for row in rows]:
            if one is None:
                continue
            self.counts.left += 1
            if isinstance(one, Guest):
                one.release()
                continue
            self._record.count_bed_days(one, self._env.now)
            if one.walk is not None:
                one.walk.stop()

    # ---- records ----

    def settle(self) -> None:
        """Bring every record up to now: at the end of the warm-up and of every month.

        Call it before the ledger's month or year is taken and before it is turned on.
        """
        now = self._env.now
        self._guests.follow()
        self._record.settle(self._visits.values(), now)
        self._same_day.settle(now)
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
        sitting = sum(visit.same_day for visit in self._visits.values())
        return checked(self.counts, self.visitors, self.inside, sitting, self.sites)


def _repeated(rows: Integers) -> set[int]:
    """Return the rows that come more than once."""
    come = rows.tolist()
    if len(set(come)) == len(come):
        return set()
    return {row for row, times in Counter(come).items() if times > 1}
