"""Emergency department and emergency beds: arrivals, stays, boarding, readmission.

Residents use their share of one or more pools of a stated size; the rest of a pool is filled
by visitors, people from elsewhere who come at the same times in every design and are nobody
in the simulation but queue like everyone else. A pool of the same size in every place keeps
a small place from looking worse than a large one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from simpy import Environment, Event

from agents.evidence import Evidence
from agents.luck import Luck, Words
from agents.population import Bools, Floats, Integers, Population, Small
from pathways.leaving import WaitForPlace
from pathways.ledger import Ledger
from pathways.pools import (
    ADMITTED,
    DIRECT,
    MAJOR,
    MINOR,
    OTHER,
    RESOURCES,
    Capacity,
    Rates,
    Site,
    assign_sites,
    hospital_settings,
    make_sites,
)
from pathways.queues import Guest, Places, Turn
from pathways.same_day import ACTIVITY as SEEN_SAME_DAY
from pathways.same_day import SameDay
from pathways.stays import HOURS, Stays, VisitPlans
from pathways.steps import Steps, Walk

VISITOR_BLOCK = 30  # visitors are drawn for this many days at a time
# What each setting of capacity opens or closes.
CAPACITY_FACTORS = {"beds.capacity_factor": ("beds",), "ed.capacity_factor": ("majors", "minors")}
FIRST_VISITOR = -1_000_000  # rows below are visitors; those above, to -1, fill the beds at first
OnDischarge = Callable[[int, float, float, int], None]
ChangePlans = Callable[[Integers, Words, VisitPlans], VisitPlans]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """People who come to hospital, one row an arrival, in any order.

    Parameters
    ----------
    rows : (n,) rows of the population; visitors have negative rows of their own
    times : (n,) days since the start of the run
    keys : (n,) the point's own bits; everything about the visit follows from them
    kinds : (n,) ``OTHER`` department without a queue, ``MINOR``, ``MAJOR`` and sent home,
        ``ADMITTED`` through the emergency department, or admitted ``DIRECT``
    avoidable : (n,) an admission for an ambulatory-care-sensitive condition
    """

    rows: Integers
    times: Floats
    keys: Words
    kinds: Small
    avoidable: Bools

    def only(self, chosen: Bools) -> Arriving:
        """Return the arrivals that are ``chosen``."""
        return Arriving(
            rows=self.rows[chosen],
            times=self.times[chosen],
            keys=self.keys[chosen],
            kinds=self.kinds[chosen],
            avoidable=self.avoidable[chosen],
        )


def together(*parts: Arriving) -> Arriving:
    """Return the arrivals of all ``parts``, in their order."""
    return Arriving(
        rows=np.concatenate([part.rows for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        keys=np.concatenate([part.keys for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
        avoidable=np.concatenate([part.avoidable for part in parts]),
    )


@dataclass(slots=True, eq=False)
class Visit:
    """One person or visitor on the way through the hospital. Times are in days."""

    site: Site
    row: int
    time: float
    key: int
    kind: int
    avoidable: bool
    ed_days: float
    short_days: float  # infinite for a stay with a night
    rounds: float
    delay: float
    leaves: float
    again: float
    until: float = inf  # when a minor case leaves that still waits for a cubicle
    walk: Walk | None = None
    guest: Guest | None = None  # of a space, where nothing about the visit is left open
    bed_since: float = inf
    bed_counted: float = inf
    same_day: bool = False  # in same-day emergency care, without a bed

    @property
    def spaces(self) -> Places:
        """The spaces of the emergency department that the visit needs one of."""
        return self.site.minors if self.kind == MINOR else self.site.majors


@dataclass(slots=True)
class Counts:
    """Where everyone who was announced is."""

    announced: int = 0
    absent: int = 0  # dead or moved away before the visit
    already_in: int = 0  # in hospital already: the visit does not happen
    elsewhere: int = 0  # seen in another department, without a queue
    entered: int = 0
    finished: int = 0
    left: int = 0  # died or moved away in hospital


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
        self._luck = luck
        self._ledger = ledger
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
        self._last_discharge: dict[int, float] = {}
        self._returning: dict[int, list[tuple[int, int, bool]]] = {}
        self._notes: defaultdict[str, list[int]] = defaultdict(list)
        self._waits: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._through_ed = 0  # residents admitted through the department since the last record
        self._left_unseen = 0  # residents who left it before they were seen
        self._visitors_until = int(env.now)
        self._invited = 0
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
        self._flush()
        for site in self.sites:
            site.start_day(day)
        if day >= self._visitors_until:
            self._invite_visitors(day)
        everyone = together(arriving, self._returning_on(day))
        self.counts.announced += len(everyone.rows)
        people = self._population
        here = people.alive[everyone.rows] & (everyone.times < people.exit_day[everyone.rows])
        self.counts.absent += len(here) - int(np.count_nonzero(here))
        everyone = self._sent_on(everyone)
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
        rates, minor = self.rates, arriving.kinds == MINOR
        ed_hours = plans.hours * np.where(minor, rates.minors_hours, rates.majors_hours)
        short = plans.hours * self.settings["beds.short_stay"] / HOURS
        columns = (
            arriving.rows,
            arriving.times,
            arriving.keys,
            arriving.kinds,
            arriving.avoidable,
            ed_hours / HOURS,
            np.where(plans.short, short, inf),
            plans.rounds,
            plans.delay,
            plans.leaves,
            plans.again,
            np.where(minor, arriving.times + plans.patience, inf),
        )
        lists = (column.tolist() for column in columns)
        for site, lone, *facts in zip(sites.tolist(), alone, *lists, strict=True):
            visit = Visit(self.sites[site], *facts)
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
            self._leave_unseen(visit, now)
        else:
            minor = visit.kind == MINOR
            after = self.settings["ed.minors_after_hours"] / HOURS if minor else 0.0
            self._leave_ed(visit, now + after, now)
        self._finish(visit)

    def change_capacity(self, changes: Mapping[str, float]) -> None:
        """Follow ``beds.capacity_factor`` and ``ed.capacity_factor`` of ``changes`` from now on."""
        for setting, names in CAPACITY_FACTORS.items():
            for name in names if setting in changes else ():
                for site in self.sites:
                    site.change(name, changes[setting])
        if "sdec.capacity_factor" in changes:
            self._same_day.change(changes["sdec.capacity_factor"])

    def _sent_on(self, arriving: Arriving) -> Arriving:
        """Send those whose emergency department is shut elsewhere; the admitted go to a bed."""
        shut = [kind for kind in (MINOR, MAJOR, ADMITTED) if self.sites[0].closed(kind)]
        if not shut:
            return arriving
        kinds = arriving.kinds.copy()
        kinds[np.isin(kinds, shut) & (kinds != ADMITTED)] = OTHER
        kinds[np.isin(kinds, shut) & (kinds == ADMITTED)] = DIRECT
        return replace(arriving, kinds=kinds)

    def _see_elsewhere(self, rows: Integers) -> None:
        inside = self._inside
        free = np.array([row not in inside for row in rows.tolist()], np.bool_)
        seen = rows[free]
        self.counts.elsewhere += len(seen)
        self.counts.already_in += len(rows) - len(seen)
        self._ledger.count("ae_attendances", seen)

    def _returning_on(self, day: int) -> Arriving:
        planned = self._returning.pop(day, [])
        rows = np.array([row for row, _, _ in planned], np.int64)
        before = np.array([key for _, key, _ in planned], np.uint64)
        keys = self._luck.words_of(before, "hospital.return")
        through_ed = self._luck.uniforms_of(keys, "hospital.route") < self.rates.through_ed
        return Arriving(
            rows=rows,
            times=day + self.stays.arrival_times(keys),
            keys=keys,
            kinds=np.where(through_ed, ADMITTED, DIRECT).astype(np.int8),
            avoidable=np.array([avoidable for _, _, avoidable in planned], np.bool_),
        )

    # ---- visitors ----

    def _invite_visitors(self, day: int) -> None:
        """Draw the arrivals of visitors for the next days, the same in every design."""
        self._visitors_until = day + VISITOR_BLOCK
        for number, site in enumerate(self.sites):
            for kind, rate in site.visitors.items():
                self._invite(day, number, kind, rate)

    def _invite(self, day: int, site: int, kind: int, rate: float) -> None:
        count = self._points(day, site, kind, rate)
        if not count:
            return
        occurrence = self._invited + np.arange(count)
        self._invited += count
        self.visitors.announced += count
        keys = self._luck.words("hospital.visitor", site, occurrence)
        within = VISITOR_BLOCK * self._luck.uniforms("hospital.visitor_day", site, occurrence)
        days = np.floor(within)
        arriving = Arriving(
            rows=FIRST_VISITOR - occurrence,
            times=day + days + self.stays.time_of_day(within - days),
            keys=keys,
            kinds=np.full(count, kind, np.int8),
            avoidable=np.zeros(count, np.bool_),
        )
        self._begin(arriving, np.full(count, site), self.stays.of_visitors(keys), [True] * count)

    def _points(self, day: int, site: int, kind: int, rate: float) -> int:
        """Return a Poisson count: unit exponentials that fit into the expected number."""
        expected = rate * VISITOR_BLOCK
        if expected <= 0.0:
            return 0
        most = int(expected + 10.0 * expected**0.5 + 10.0)
        gaps = self._luck.exponentials(f"hospital.visitors.{kind}.{day}", site, np.arange(most))
        return int(np.searchsorted(np.cumsum(gaps), expected))

    def _start_with_full_beds(self) -> None:
        """Put visitors into the beds that are in use at the start, with stays half over."""
        residual = self.settings["beds.start_residual_stay"]
        for number, site in enumerate(self.sites):
            beds = round(self.settings["beds.start_occupancy"] * site.usual_beds)
            rounds = residual * self._luck.exponentials("hospital.start", number, np.arange(beds))
            hours = self._luck.uniforms("hospital.start_leaves", number, np.arange(beds))
            leaves = self.stays.time_of_leaving(hours)
            for stay, leave in zip(rounds.tolist(), leaves.tolist(), strict=True):
                self.visitors.announced += 1
                Walk(self._half_over(site, -self.visitors.announced, stay, leave))

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
                self._leave_ed(visit, self._env.now + after)
            else:
                self._leave_unseen(visit, self._env.now)
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
                self._leave_ed(visit, self._env.now)
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
        self._admit(visit)
        if visit.short_days < inf and self._sits(visit):
            if space is not None:
                space.release()
                self._leave_ed(visit, self._env.now)
            yield self._env.timeout(visit.short_days)
            self._discharge(visit)
            return
        decided = self._env.now
        leaving = self._leaving(visit)
        with visit.site.beds.request() as bed:
            if bed.waits:
                yield bed | leaving
            self._wait("beds", visit.row, self._env.now - decided)
            if space is not None:
                space.release()
                self._leave_ed(visit, self._env.now)
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

    def _leave_ed(self, visit: Visit, day: float, now: float | None = None) -> None:
        hours = (day - visit.time) * HOURS
        self._wait("ed", visit.row, day - visit.time, now)
        if hours > 4.0:
            self._note("ae_over_4_hours", visit.row, now)
        if hours > 12.0:
            self._note("ae_over_12_hours", visit.row, now)

    def _leave_unseen(self, visit: Visit, now: float) -> None:
        """Count somebody who goes home before a cubicle was free."""
        self._left_unseen += visit.row >= 0
        self._leave_ed(visit, now, now)

    def _admit(self, visit: Visit) -> None:
        self._note("emergency_admissions", visit.row)
        self._through_ed += visit.row >= 0 and visit.kind == ADMITTED
        if visit.avoidable:
            self._note("avoidable_emergency_admissions", visit.row)
        earlier = self._last_discharge.get(visit.row, -inf)
        if self._env.now - earlier <= self.settings["readmission.window"]:
            self._note("readmissions_30d", visit.row)

    def _discharge(self, visit: Visit) -> None:
        row, now = visit.row, self._env.now
        if row < 0:
            return
        self._count_bed_days(visit)
        if visit.short_days == inf and visit.delay:
            self._ledger.add("discharge_delay_days", row, visit.delay)
        self._last_discharge[row] = now
        if visit.again < inf:
            back = int(now + visit.again)
            self._returning.setdefault(back, []).append((row, visit.key, visit.avoidable))
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
            self._count_bed_days(visit)
            self.counts.left += 1
            if visit.guest is not None:
                visit.spaces.let_go(visit.guest)
            elif visit.walk is not None:
                visit.walk.stop()

    # ---- records ----

    def _note(self, activity: str, row: int, now: float | None = None) -> None:
        if row >= 0:
            self._notes[activity].append(row)
            if self._ledger.keep_events:
                self._log(activity, row, 0.0, now)

    def _wait(self, service: str, row: int, days: float, now: float | None = None) -> None:
        if row >= 0:
            self._waits[service].append((row, days))
            if self._ledger.keep_events:
                self._log(f"leaves queue of {service}", row, days, now)

    def _log(self, event: str, row: int, days: float, now: float | None) -> None:
        service = "ed" if event.startswith("ae") or event.endswith("ed") else "beds"
        day = self._env.now if now is None else now
        self._ledger.event(day, service, event, np.array([row]), np.array([days]))

    def _flush(self) -> None:
        """Hand what was noted to the ledger, many at once."""
        self._follow_guests()
        ledger = self._ledger
        for activity, rows in self._notes.items():
            ledger.count(activity, np.array(rows, np.int64))
        type_1 = self._notes["ae_type1"]
        ledger.count("ae_attendances", np.array(type_1, np.int64))
        to_bed = len(self._notes["emergency_admissions"]) - len(self._notes[SEEN_SAME_DAY])
        arrivals = {"ed": len(type_1), "beds": to_bed}
        ledger.tally("beds", "ed.tells", "routed", self._through_ed)
        ledger.tally("ed", "all", "gave_up", self._left_unseen)
        for service, arrived in arrivals.items():
            waits = self._waits[service]
            ledger.tally(service, "all", "arrivals", arrived)
            unseen = self._left_unseen if service == "ed" else 0
            ledger.tally(service, "all", "served", len(waits) - unseen)
            if waits:
                people = np.array([row for row, _ in waits], np.int64)
                ledger.wait(service, people, np.array([days for _, days in waits]))
        self._through_ed = self._left_unseen = 0
        self._notes.clear()
        self._waits.clear()

    def _count_bed_days(self, visit: Visit) -> None:
        if visit.bed_since < inf:
            now = self._env.now
            self._ledger.add("emergency_bed_days", visit.row, now - visit.bed_counted)
            visit.bed_counted = now

    def settle(self) -> None:
        """Bring every record up to now: at the end of the warm-up and of every month.

        Call it before the ledger's month or year is taken and before it is turned on.
        """
        self._flush()
        for row, visit in self._inside.items():
            if row >= 0:
                self._count_bed_days(visit)
        self._same_day.settle(self._env.now)
        for site in self.sites:
            for name in RESOURCES:
                self._tally(site, name)

    def _tally(self, site: Site, name: str) -> None:
        service, role = ("beds", "emergency") if name == "beds" else ("ed", name)
        figures, share = site.since_last(name), site.own_share[name]
        waiting = getattr(site, name).waiting
        self._ledger.tally(service, role, "capacity", figures.place_time * share)
        self._ledger.tally(service, role, "used", figures.occupied_time * share)
        self._ledger.tally(service, role, "queue_end", waiting * share)

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
        return checked(self)


def checked(hospital: Hospital) -> dict[str, int]:
    """Compare counts of people, queues and places (see ``Hospital.check``)."""
    inside = sum(row >= 0 for row in hospital.inside)
    counts, visitors = hospital.counts, hospital.visitors
    visiting = len(hospital.inside) - inside
    held = sum(getattr(site, name).in_use for site in hospital.sites for name in RESOURCES)
    waiting = sum(getattr(site, name).waiting for site in hospital.sites for name in RESOURCES)
    sitting = sum(visit.same_day for visit in hospital.inside.values())
    boarding = held + waiting + sitting - len(hospital.inside)
    for site in hospital.sites:
        for name in RESOURCES:
            getattr(site, name).check()
    boarders = sum(site.beds.waiting for site in hospital.sites)
    sound = (
        counts.entered == counts.finished + counts.left + inside
        and visitors.entered == visitors.finished + visiting
        and 0 <= boarding <= boarders
    )
    expected = counts.announced - counts.absent - counts.already_in - counts.elsewhere
    if not sound or expected < counts.entered:
        raise RuntimeError(
            f"the hospital lost people: {counts}, {inside} inside; visitors {visitors}, "
            f"{visiting} inside; {held} places held, {waiting} waiting"
        )
    return {
        "arrivals": counts.announced,
        "served": counts.finished + counts.elsewhere,
        "gone": counts.absent + counts.already_in + counts.left,
        "inside": inside,
        "expected": expected - counts.entered,
    }
