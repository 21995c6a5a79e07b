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
from dataclasses import InitVar, dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import YEAR, Calendar
from pathways.demand import Demand
from pathways.ledger import Ledger
from pathways.waiting import (
    SETTINGS,
    Allowance,
    Backlog,
    Habits,
    Starts,
    Waiting,
    WaitingList,
    is_here,
    joining,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

PER = 10_000
_SUNDAY = 6

Planned = tuple[Integers, Words]  # rows, keys
Asked = list[tuple[int, Mapping[str, Arrivals]]]  # days and what was asked for


@dataclass(slots=True)
class Lists:
    """Outpatients and elective care of a place.

    Nothing happens before day 0: the lists start as ``history`` left them.

    Parameters
    ----------
    demand : how referrals split, and the luck of the people
    history : ``Past.of_last`` of at least two years
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
        referred = self._referred([(0, history)])
        self.lists = {
            service: self._list(service, share, referred[service][0])
            for service, share in shares.items()
        }
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

    def _list(self, service: str, share: float, past: Starts) -> WaitingList:
        """Return a list as it stands at day 0: of past referrals, those who waited least.

        As many as published, after those who left unseen; least relative to the wait of their
        specialty, so that waits so far spread evenly up to each specialty's own.
        """
        elective = self.capacity["elective"]
        waiting = joining(*past, luck=self.luck, habits=self.habits)
        here = self.population.present(0.0)[waiting.rows]
        waiting = waiting.take(here & (waiting.leaves > 0.0))
        urgent = np.isfinite(waiting.due)
        unseen = np.where(waiting.due > 0.0, 0.0, np.inf)
        progress = np.where(urgent, unseen, -waiting.since / waiting.pace)
        at_start = elective["RTT pathways waiting at start"] * share * self._n_people / PER
        size = min(int(at_start), int(np.isfinite(progress).sum()))
        waiting = waiting.take(np.argsort(progress, kind="stable")[:size])
        stops = Allowance(self._stops(service), self.calendar)
        return WaitingList(stops, self.luck, self.habits, waiting)

    def _referred(self, asked: Asked) -> dict[str, tuple[Starts, dict[str, Planned]]]:
        """Part referrals, by service, into those that start a clock and, by name, the others."""
        processes = [process for names in _REFERRED.values() for process in names]
        parts = [arrivals[process] for process in processes for _, arrivals in asked]
        lengths = [len(some) for some in parts]
        rows = np.concatenate([some.rows for some in parts])
        keys = np.concatenate([some.keys for some in parts])
        since = np.concatenate([some.times for some in parts])
        since += np.repeat([day for day, _ in asked] * len(processes), lengths)
        number = np.repeat(np.arange(len(processes)).repeat(len(asked)), lengths)
        share = np.array([self._clock_share(process) for process in processes])
        clock = self.luck.uniforms_of(keys, "list.starts_clock") < share[number]
        group = np.where(clock, number, number + len(processes)).astype(np.int8)
        order = group.argsort(kind="stable")
        rows, keys, number, since = rows[order], keys[order], number[order], since[order]
        edges = np.searchsorted(group[order], np.arange(2 * len(processes) + 1)).tolist()
        referred, first = {}, 0
        for service, names in _REFERRED.items():
            last = first + len(names)
            on = slice(edges[first], edges[last])
            others = {
                name: (rows[low:high], keys[low:high])
                for name, (low, high) in zip(
                    names.values(), pairwise(edges[len(processes) + first :]), strict=False
                )
            }
            referred[service] = (rows[on], keys[on], number[on] - first, since[on]), others
            first = last
        return referred

    def _clock_share(self, process: str) -> float:
        """Return the share of the referrals of a process that start a clock."""
        splits = self.demand.splits
        return splits.first_rtt if process in _REFERRED["outpatients"] else splits.elective_rtt

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
        referred = self._referred(self._asked)
        for service, waiting in self.lists.items():
            starts, others = referred[service]
            seen, when, slots = waiting.run(starts, days, self._n_people, self.population)
            lost = 0
            if service == "elective":
                off = (seen.kind == _ORDINARY) & self._is_put_off(today, seen.keys)
                self._tell_put_off(today, seen.rows[off])
                lost = int(np.count_nonzero(off))
                if lost:
                    waiting.put_back(seen.take(off), today)
                    seen, when = seen.take(~off), when[~off]
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
            kept = self.habits.kept if service == "outpatients" else 1.0
            listed = (called.kind == number).nonzero()[0]
            taken = len(listed) + (lost if name == "ordinary" else 0)
            room = self._room(name, slots * kept - taken)
            rows, keys = self.backlogs[name].see(today, rows, keys, room)
            if name == "ordinary":
                off = self._is_put_off(today, keys)
                self._tell_put_off(today, rows[off])
                if off.any():
                    self.backlogs[name].put_back(rows[off], keys[off])
                    rows, keys = rows[~off], keys[~off]
            here = is_here(self.population, rows, today)
            rows = np.concatenate([called.rows[listed], rows[here]])
            keys = np.concatenate([called.keys[listed], keys[here]])
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
            before = self.habits.missed_before[self.population.imd_quintile[rows] - 1]
            missed = self.luck.uniforms_of(keys, "outpatient.miss") < before
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
