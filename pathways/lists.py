"""Planned hospital care: outpatients, day cases and operations, and their waiting lists.

Some referrals start a referral-to-treatment clock and wait on a list; the list's capacity is
fixed, so what one person does not use the next one takes. A third are urgent; the others are
taken by how long they have waited for their specialty, so that specialties keep their
different waits. Some leave the list unseen. All other appointments and cases are planned:
they happen unless clinics are full. Clinics are run a week at a time, when the week is over.

While a full hospital has escalation beds open, part of them are beds of planned care: operations
with a night that needed one are put off on the day. Nobody is lost: they come back first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field, replace

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import YEAR, Calendar
from pathways.demand import Demand
from pathways.ledger import Ledger

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

SETTINGS, TABLE = "care_settings", "baseline_demand"
PER = 10_000
NO_PEOPLE = np.empty(0, np.int64)
_FIRST_OF_ALL = 1e9  # days; longer than any wait

_SUNDAY = 6

Starts = tuple[Integers, Words, Integers, Floats]  # rows, keys, kinds, days
Planned = tuple[Integers, Words]  # rows, keys
Asked = list[tuple[int, Mapping[str, Arrivals]]]  # days and what was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How waiting lists behave; every number from the evidence.

    Attributes
    ----------
    removal : chance per day of leaving the list unseen
    urgent : share of starts that are urgent, seen from ``soonest`` to ``latest`` days
    sigma : log standard deviation of waits between specialties
    overnight, stay_days : share of ordinary admissions that stay, and their mean stay
    lent : share of escalation beds that are beds of planned care
    usual_put_off : share of ordinary admissions put off for want of a bed today, beyond which
        the published admissions are what is left
    missed : (5,) chance of missing an outpatient appointment by deprivation fifth
    """

    removal: float
    urgent: float
    soonest: float
    latest: float
    sigma: float
    overnight: float
    stay_days: float
    lent: float
    usual_put_off: float
    missed: Floats

    @classmethod
    def of(cls, evidence: Evidence) -> Habits:
        """Read the habits."""

        def rtt(term: str) -> float:
            return evidence.value(TABLE, service="rtt_pathway", term=term)

        def setting(name: str) -> float:
            return evidence.value(SETTINGS, key=f"lists.{name}")

        overnight = setting("overnight_share")
        most = evidence.value("mechanisms", mechanism="dna", to="outpatient DNA")
        gradient = most ** ((3.0 - np.arange(1, 6)) / 4.0)
        missed = evidence.value(TABLE, service="outpatient_attendance", term="dna")
        return cls(
            removal=rtt("removal_hazard") / YEAR,
            urgent=rtt("urgent_share"),
            soonest=setting("urgent_soonest"),
            latest=setting("urgent_latest"),
            sigma=setting("specialty_sigma"),
            overnight=overnight,
            stay_days=evidence.value(TABLE, service="elective_stay") / overnight,
            lent=setting("beds_lent_share"),
            usual_put_off=setting("usual_put_off"),
            missed=missed * gradient / gradient.mean(),
        )


@dataclass(slots=True)
class Allowance:
    """Whole slots of working days out of a yearly number, with nothing lost to rounding."""

    yearly: float
    calendar: Calendar
    _days_a_year: float = field(init=False)
    _carried: float = 0.0

    def __post_init__(self) -> None:
        calendar = self.calendar
        self._days_a_year = len(calendar.working_days(0, calendar.end)) / calendar.years

    def of_days(self, working_days: int, n_people: int) -> int:
        """Return the slots of some working days for ``n_people``; ``yearly`` is per person."""
        self._carried += self.yearly * n_people * working_days / self._days_a_year
        slots = int(self._carried)
        self._carried -= slots
        return slots


@dataclass(frozen=True, slots=True)
class Waiting:
    """People on a list, of the same length.

    Attributes
    ----------
    rows, keys, kind : who, their luck, and what they wait for
    since : day they joined
    due : day from which an urgent one is seen; infinite for the others
    pace : how long their specialty makes people wait, relative to the mean
    leaves : day they leave unseen
    """

    rows: Integers
    keys: Words
    kind: Integers
    since: Floats
    due: Floats
    pace: Floats
    leaves: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: npt.NDArray[np.generic]) -> Waiting:
        """Return those that a mask or an index chooses."""
        return Waiting(*(getattr(self, name)[chosen] for name in self.__slots__))

    def and_also(self, other: Waiting) -> Waiting:
        """Return those of both."""
        columns = (
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__slots__
        )
        return Waiting(*columns)


def joining(
    rows: Integers, keys: Words, kind: Integers, since: Floats, *, luck: Luck, habits: Habits
) -> Waiting:
    """Return people who join a list, each with the urgency and specialty of their key."""
    urgent = luck.uniforms_of(keys, "list.urgent") < habits.urgent
    soon = habits.soonest + (habits.latest - habits.soonest) * luck.uniforms_of(keys, "list.soon")
    score = luck.normals("list.specialty", keys)
    return Waiting(
        rows,
        keys,
        kind,
        since,
        np.where(urgent, since + soon, np.inf),
        np.exp(habits.sigma * score - habits.sigma**2 / 2.0),
        since + luck.exponentials_of(keys, "list.leaves") / habits.removal,
    )


def next_to_be_seen(waiting: Waiting, day: float, slots: int) -> Integers:
    """Return whom ``slots`` are for, in order of their turn.

    Urgent ones who are due come first, the longest due before the others; then the longest
    waits relative to the specialty. Urgent ones who are not yet due are left.
    """
    urgent, late = np.isfinite(waiting.due), day - waiting.due
    progress = (day - waiting.since) / waiting.pace
    rank = np.where(urgent, np.where(late >= 0.0, _FIRST_OF_ALL + late, -np.inf), progress)
    slots = min(slots, int(np.isfinite(rank).sum()))
    if not slots:
        return NO_PEOPLE
    chosen = np.argpartition(-rank, slots - 1)[:slots]
    turn: Integers = chosen[np.lexsort((waiting.keys[chosen], -rank[chosen]))]
    return turn


@dataclass(slots=True)
class WaitingList:
    """A referral-to-treatment list with fixed capacity."""

    allowance: Allowance
    luck: Luck
    habits: Habits
    waiting: Waiting

    def __len__(self) -> int:
        return len(self.waiting)

    def put_back(self, some: Waiting, today: int) -> None:
        """Let people who had their turn wait again, to be seen before all others."""
        self.waiting = self.waiting.and_also(replace(some, due=np.full(len(some), today, float)))

    def run(
        self, starts: Starts, days: Integers, n_people: int, population: Population
    ) -> tuple[Waiting, Integers, int]:
        """Let people join and be called in on the working ``days`` of a week that is over.

        Returns those seen, the day of each, and how many slots there were.
        """
        slots = self.allowance.of_days(len(days), n_people)
        waiting = self.waiting.and_also(joining(*starts, luck=self.luck, habits=self.habits))
        if not len(days):
            self.waiting = waiting
            return waiting.take(NO_PEOPLE), NO_PEOPLE, 0
        first = float(days[0])
        waiting = waiting.take(is_here(population, waiting.rows, first) & (waiting.leaves > first))
        order = next_to_be_seen(waiting, float(days[-1]), slots)
        when = days[np.arange(len(order)) * len(days) // max(slots, 1)]
        stay = np.ones(len(waiting), bool)
        stay[order] = False
        self.waiting, called = waiting.take(stay), waiting.take(order)
        when = np.maximum(when, np.floor(called.since).astype(np.int64))
        return called, when, slots


def is_here(population: Population, rows: Integers, day: float) -> Bools:
    """Say which of ``rows``, who have been here, are still alive and live here."""
    here: Bools = population.alive[rows] & (population.exit_day[rows] > day)
    return here


@dataclass(slots=True)
class Backlog:
    """Planned appointments in turn: each on its day unless the clinics are full."""

    luck: Luck
    removal: float
    rows: Integers = field(default_factory=lambda: NO_PEOPLE)
    keys: Words = field(default_factory=lambda: NO_PEOPLE.view(np.uint64))
    leaves: Floats = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.rows)

    def put_back(self, rows: Integers, keys: Words) -> None:
        """Let people who had their turn come first again."""
        self.rows = np.concatenate([rows, self.rows])
        self.keys = np.concatenate([keys, self.keys])
        self.leaves = np.concatenate([np.full(len(rows), np.inf), self.leaves])

    def see(self, day: int, rows: Integers, keys: Words, slots: int) -> tuple[Integers, Words]:
        """Add people; return the rows and keys of those seen, the longest waiting first."""
        rows = np.concatenate([self.rows, rows])
        keys = np.concatenate([self.keys, keys])
        leaves = np.concatenate([self.leaves, np.full(len(rows) - len(self.rows), np.inf)])
        if len(self.rows):
            kept = leaves > day
            rows, keys, leaves = rows[kept], keys[kept], leaves[kept]
        self.rows, self.keys, self.leaves = rows[slots:], keys[slots:], leaves[slots:]
        fresh = np.isinf(self.leaves)
        if fresh.any():
            patience = self.luck.exponentials_of(self.keys[fresh], "list.leaves") / self.removal
            self.leaves[fresh] = day + patience
        return rows[:slots], keys[:slots]


@dataclass(slots=True)
class Lists:
    """Outpatients and elective care of a place.

    Nothing happens before day 0: the lists start as ``history`` left them.

    Parameters
    ----------
    demand : how referrals split, and the luck of the people
    history : ``demand.history`` of at least two years
    capacity : ``Place.capacity``, per 10,000 people and year
    settings : overrides such as ``outpatients.capacity_factor``
    escalated : called for the bed-days of escalation beds so far, the residents' share
    """

    population: Population
    evidence: Evidence
    luck: Luck
    calendar: Calendar
    ledger: Ledger
    demand: Demand
    history: InitVar[Mapping[str, Arrivals]]
    capacity: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, float] = field(default_factory=dict)
    escalated: Callable[[], float] = field(default=lambda: 0.0)
    habits: Habits = field(init=False)
    lists: dict[str, WaitingList] = field(init=False)
    backlogs: dict[str, Backlog] = field(init=False)
    _allowances: dict[str, Allowance] = field(init=False)
    _left_over: dict[str, float] = field(init=False)
    _asked: Asked = field(init=False, default_factory=list)
    _n_people: int = field(init=False)
    _escalated: float = field(init=False, default=0.0)  # up to the last run of clinics
    _put_off: float = field(init=False, default=0.0)  # chance of a night's operation this week

    def __post_init__(self, history: Mapping[str, Arrivals]) -> None:
        self.habits = Habits.of(self.evidence)
        self._n_people = int(self.population.present(0.0).sum())
        share = self.evidence.value(SETTINGS, key="lists.outpatient_rtt_share_of_stops")
        shares = {"outpatients": share, "elective": 1.0 - share}
        self.lists = {service: self._list(service, shares[service], history) for service in shares}
        self._allowances = {name: Allowance(0.0, self.calendar) for name in _PLANNED}
        self.change(self.settings)
        self._left_over = dict.fromkeys(_PLANNED, 0.0)
        removal = self.habits.removal
        self.backlogs = {name: Backlog(self.luck, removal) for name in _PLANNED}

    def change(self, changes: Mapping[str, float]) -> None:
        """Follow ``outpatients.capacity_factor`` and ``elective.capacity_factor`` from now on."""
        self.settings = {**self.settings, **changes}
        for service, waiting in self.lists.items():
            waiting.allowance.yearly = self._stops(service)
        for name, (service, role) in _PLANNED.items():
            yearly = self._yearly(service, self.capacity[service][role])
            if name == "ordinary":
                yearly /= 1.0 - self.habits.usual_put_off
            self._allowances[name].yearly = yearly

    def _yearly(self, service: str, per_10000: float) -> float:
        """Return the slots a head and year that a service offers now."""
        return per_10000 / PER * self.settings.get(f"{service}.capacity_factor", 1.0)

    def _stops(self, service: str) -> float:
        """Return the people a head and year who are seen from a service's list."""
        share = self.evidence.value(SETTINGS, key="lists.outpatient_rtt_share_of_stops")
        share = share if service == "outpatients" else 1.0 - share
        return self._yearly(service, self.capacity["elective"]["RTT stops (capacity)"] * share)

    def _list(self, service: str, share: float, history: Mapping[str, Arrivals]) -> WaitingList:
        """Return a list as it stands at day 0: of past referrals, those who waited least.

        As many as published, after those who left unseen; least relative to the wait of their
        specialty, so that waits so far spread evenly up to each specialty's own.
        """
        elective = self.capacity["elective"]
        rows, keys, kind, since = self._starts([(0, history)], service)[0]
        waiting = joining(rows, keys, kind, since, luck=self.luck, habits=self.habits)
        here = self.population.present(0.0)[rows]
        waiting = waiting.take(here & (waiting.leaves > 0.0))
        urgent = np.isfinite(waiting.due)
        unseen = np.where(waiting.due > 0.0, 0.0, np.inf)
        progress = np.where(urgent, unseen, -waiting.since / waiting.pace)
        at_start = elective["RTT pathways waiting at start"] * share * self._n_people / PER
        size = min(int(at_start), int(np.isfinite(progress).sum()))
        waiting = waiting.take(np.argsort(progress, kind="stable")[:size])
        stops = Allowance(self._stops(service), self.calendar)
        return WaitingList(stops, self.luck, self.habits, waiting)

    def _starts(self, asked: Asked, service: str) -> tuple[Starts, dict[str, Planned]]:
        """Part referrals into those that start a clock, and by name those that do not."""
        names, splits = _REFERRED[service], self.demand.splits
        parts = [
            (number, day, arrivals[process])
            for number, process in enumerate(names)
            for day, arrivals in asked
        ]
        rows = np.concatenate([some.rows for _, _, some in parts])
        keys = np.concatenate([some.keys for _, _, some in parts])
        since = np.concatenate([some.times + day for _, day, some in parts])
        kind = np.repeat([number for number, _, _ in parts], [len(some) for _, _, some in parts])
        share = splits.first_rtt if service == "outpatients" else splits.elective_rtt
        clock = self.luck.uniforms_of(keys, "list.starts_clock") < share
        others = {}
        for number, name in enumerate(names.values()):
            chosen = ~clock & (kind == number)
            others[name] = rows[chosen], keys[chosen]
        return (rows[clock], keys[clock], kind[clock], since[clock]), others

    def day(self, day: int, arrivals: Mapping[str, Arrivals]) -> None:
        """Note who is referred on ``day``; when a week or month is over, let its clinics run."""
        if day < 0:
            return
        if day % YEAR == 0:
            self._n_people = int(self.population.present(day).sum())
        if day == 0:
            self._escalated = self.escalated()
        self._asked.append((day, arrivals))
        month_ends = self.calendar.month(day) != self.calendar.month(day + 1)
        if month_ends or self.calendar.weekday(day) == _SUNDAY:
            self._run(self.calendar.working_days(self._asked[0][0], day + 1), day)
            self._asked = []
        if month_ends:
            self._tally_month()

    def _run(self, days: Integers, today: int) -> None:
        """Run the clinics of working ``days``: people are seen, operated on, or leave a list."""
        self._put_off = self._share_put_off(len(self._asked))
        for service, waiting in self.lists.items():
            starts, others = self._starts(self._asked, service)
            seen, when, slots = waiting.run(starts, days, self._n_people, self.population)
            lost = 0
            if service == "elective":
                off = (seen.kind == _ORDINARY) & self._is_put_off(today, seen.keys)
                waiting.put_back(seen.take(off), today)
                self._tell_put_off(today, seen.rows[off])
                seen, when, lost = seen.take(~off), when[~off], int(np.count_nonzero(off))
            self._record_stops(today, seen, when, slots)
            if service == "outpatients":
                some = [arrivals["outpatient_follow_up"] for _, arrivals in self._asked]
                others["follow_up"] = (
                    np.concatenate([part.rows for part in some]),
                    np.concatenate([part.keys for part in some]),
                )
            self._tell_asked(service, starts[2], others)
            self._see(today, len(days), seen, others, lost)

    def _tell_asked(self, service: str, kinds: Integers, others: Mapping[str, Planned]) -> None:
        """Count who was referred, onto the list (``kinds``) or for a planned date."""
        listed = np.bincount(kinds, minlength=len(others))
        for number, (name, (rows, _)) in enumerate(others.items()):
            self.ledger.tally(service, name, "arrivals", float(listed[number]) + len(rows))

    def _share_put_off(self, days: int) -> float:
        """Return the share of operations with a night put off in the last ``days``: beds lent."""
        now = self.escalated()
        lent, self._escalated = self.habits.lent * (now - self._escalated), now
        beds = self.capacity["beds"]["elective pool"] * self._n_people / PER
        return min(lent / max(beds * days, 1e-9), 1.0)

    def _is_put_off(self, today: int, keys: Words) -> Bools:
        """Say which ordinary admissions of the week are put off; new luck every week."""
        if not self._put_off:
            return np.zeros(len(keys), np.bool_)
        off = self.luck.uniforms_of(keys, f"elective.put_off.{today}") < self._put_off
        return off & self._has_night(keys)

    def _has_night(self, keys: Words) -> Bools:
        nights: Bools = self.luck.uniforms_of(keys, "elective.overnight") < self.habits.overnight
        return nights

    def _tell_put_off(self, today: int, rows: Integers) -> None:
        self.ledger.tally("elective", "ordinary", "put_off", len(rows))
        self.ledger.event(today, "elective", "put off", rows, np.zeros(len(rows)))

    def _record_stops(self, today: int, seen: Waiting, when: Integers, slots: int) -> None:
        waits = when.astype(np.float64) - np.floor(seen.since)
        self.ledger.wait("outpatients", seen.rows, waits)
        self.ledger.event(today, "outpatients", "seen", seen.rows, waits)
        self.ledger.tally("outpatients", "rtt", "capacity", slots)
        self.ledger.tally("outpatients", "rtt", "used", len(seen))

    def _see(
        self,
        today: int,
        working_days: int,
        called: Waiting,
        others: Mapping[str, Planned],
        lost: int,
    ) -> None:
        """See those called from the list, and with what slots are left the planned ones.

        ``lost`` are slots for ordinary admissions of those called who were put off on the day.
        """
        for number, (name, (rows, keys)) in enumerate(others.items()):
            service, _ = _PLANNED[name]
            slots = self._allowances[name].of_days(working_days, self._n_people)
            kept = 1.0 - self.habits.missed.mean() if service == "outpatients" else 1.0
            listed = called.take(called.kind == number)
            taken = len(listed) + (lost if name == "ordinary" else 0)
            room = self._room(name, slots * kept - taken)
            rows, keys = self.backlogs[name].see(today, rows, keys, room)
            if name == "ordinary":
                off = self._is_put_off(today, keys)
                self.backlogs[name].put_back(rows[off], keys[off])
                self._tell_put_off(today, rows[off])
                rows, keys = rows[~off], keys[~off]
            here = is_here(self.population, rows, today)
            rows = np.concatenate([listed.rows, rows[here]])
            keys = np.concatenate([listed.keys, keys[here]])
            self._count(today, name, rows, keys)
            self.ledger.tally(service, name, "capacity", slots)
            self.ledger.tally(service, name, "used", float(len(rows) / kept))

    def _room(self, name: str, slots: float) -> int:
        """Return the whole slots left for planned ones.

        What rounding leaves over counts next time, and so does what the list took beyond its
        week's slots, so that a small place has as many slots a head as a large one.
        """
        left = self._left_over[name] + slots
        room = max(int(left), 0)
        self._left_over[name] = left - room
        return room

    def _count(self, day: int, name: str, rows: Integers, keys: Words) -> None:
        """Count who was seen, the appointments they missed before, and their bed days."""
        self.ledger.count(_ACTIVITY[name], rows)
        if name == "ordinary":
            self._stay(day, rows, keys)
        if name in ("first", "follow_up"):
            chance = self.habits.missed[self.population.imd_quintile[rows] - 1]
            missed = self.luck.uniforms_of(keys, "outpatient.miss") < chance / (1.0 - chance)
            self.ledger.count("outpatient_dna", rows[missed])

    def _stay(self, day: int, rows: Integers, keys: Words) -> None:
        """Put ordinary admissions in elective beds for their stay."""
        habits = self.habits
        overnight = self._has_night(keys)
        stays = self.luck.exponentials_of(keys, "elective.stay") * habits.stay_days * overnight
        for row, stay in zip(rows.tolist(), stays.tolist(), strict=True):
            self.ledger.add("elective_bed_days", row, stay)
        self.ledger.tally("elective", "beds", "used", float(stays.sum()))

    def _tally_month(self) -> None:
        tally = self.ledger.tally
        beds = self.capacity["beds"]["elective pool"] * self._n_people / PER
        tally("elective", "beds", "capacity", beds * YEAR / 12)
        tally("outpatients", "rtt", "queue_end", sum(len(some) for some in self.lists.values()))
        for name, (service, _) in _PLANNED.items():
            tally(service, name, "queue_end", len(self.backlogs[name]))


# Process and the name of its appointments or cases, by whose capacity a list is.
_REFERRED = {
    "outpatients": {"outpatient_first": "first"},
    "elective": {"day_case": "day_case", "elective_inpatient": "ordinary"},
}
# Service and capacity of each kind of appointment or case.
_PLANNED = {
    "first": ("outpatients", "first slots kept or DNA"),
    "follow_up": ("outpatients", "follow-up slots kept or DNA"),
    "day_case": ("elective", "day-case sessions"),
    "ordinary": ("elective", "ordinary elective admissions"),
}
_ORDINARY = list(_REFERRED["elective"].values()).index("ordinary")
_ACTIVITY = {
    "first": "outpatient_first",
    "follow_up": "outpatient_follow_up",
    "day_case": "day_cases",
    "ordinary": "elective_admissions",
}
