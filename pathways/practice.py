"""General practices: appointments today and in the weeks to come, all practices at once.

A request wants help the same day, is planned some weeks ahead, or takes the first free slot.
Each role has a pool of slots and a queue of its own (``practice_team``); who wants help the
same day and finds the role full is seen by another of the practice that has a slot left.
Part of each day's slots is held back for the day. People give up when the wait they are
offered is too long, and some of those waiting leave; this, not tuning, holds the queue
(``care_closure.md``). People move as arrays, a day at a time; a request's role, type, mode,
lead, patience and attendance all belong to its key, so they are the same in every design.

What is held back and not asked for is released late in the day, when most routine requests
have been booked ahead already; and some who ask want a later day anyway. So slots left over on
the day reach few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import Calendar
from pathways.diary import HORIZON, Diary, registered_on
from pathways.ledger import Ledger
from pathways.practice_booking import Booked, Booking
from pathways.practice_record import Day, PracticeRecord
from pathways.practice_rules import (
    LEAKS,
    PER,
    PLANNED,
    WORKING_WEEK,
    Rules,
    edges,
    shares_of_week,
)
from pathways.practice_team import MODES, TABLE, Pools, Team
from pathways.records import ByDay, joined
from pathways.requests import (
    BOOKED,
    DECLINED,
    GONE,
    LEFT,
    MISSED,
    REQUEST,
    TURNED_AWAY,
    Presence,
    Requests,
    by_outcome,
    columns,
    happens,
    plans,
    read,
)
from pathways.seasons import Seasons
from pathways.staff import workload

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_WORDS = np.arange(2)  # of which a request's plans are read


@dataclass(frozen=True, slots=True)
class PracticeDay:
    """What happened in the practices on one day.

    Attributes
    ----------
    attended, roles, attended_keys : who was seen, by which role (index into ``ROLES``)
    missed : who did not attend
    failed, failed_keys, leak : whose request was not met, and where it goes (into ``leaks``)
    leaks : where unmet requests can go
    """

    attended: Integers
    roles: Integers
    attended_keys: Words
    missed: Integers
    failed: Integers
    failed_keys: Words
    leak: Integers
    leaks: tuple[str, ...] = LEAKS

    def leaked(self, to: str) -> tuple[Integers, Words]:
        """Return the rows and keys of the unmet requests that go ``to`` somewhere."""
        chosen = self.leak == (self.leaks.index(to) if to in self.leaks else -1)
        return self.failed[chosen], self.failed_keys[chosen]


@dataclass(slots=True)
class Practices:
    """The practices of a place.

    Parameters
    ----------
    population : the people; ``practice`` says whose
    evidence, luck, calendar, ledger : as elsewhere
    capacity : ``Place.capacity``: slots per 10,000 people and year under ``practice``
    settings : overrides such as ``gp.capacity_factor``
    seasons : how slots follow leave and sickness over the year

    Attributes
    ----------
    missed_factor : (n,) what care does to the chance of missing an appointment
    diary : the slots of every pool and those taken, and how practices and people behave
    record : tells the ledger what happened
    """

    population: Population
    evidence: Evidence
    luck: Luck
    calendar: Calendar
    ledger: Ledger
    capacity: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, float] = field(default_factory=dict)
    seasons: Seasons = field(default_factory=lambda: Seasons({}))
    missed_factor: Floats = field(init=False)
    diary: Diary = field(init=False)
    record: PracticeRecord = field(init=False)
    _booking: Booking = field(init=False)
    _booked: ByDay = field(init=False)  # by the working day on which something happens
    _asked: dict[int, list[tuple[Integers, Words]]] = field(init=False, default_factory=dict)
    _leaks: tuple[str, ...] = field(init=False, default=LEAKS)
    _leak_edges: Floats = field(init=False)

    def __post_init__(self) -> None:
        evidence, people = self.evidence, self.population
        rules = Rules.of(evidence, self.capacity, self.settings)
        self._leak_edges = rules.leak_edges
        network = evidence.value(TABLE, key="network_people")
        pools = Pools.for_practices(registered_on(0, people), network)
        self.diary = Diary(
            people,
            self.calendar,
            self.seasons,
            rules,
            Team.of(evidence, rules.kinds, self.settings),
            pools,
            workload(len(pools), evidence, self.settings),
        )
        self._booking = Booking(self.diary)
        self._booked = ByDay(self.diary.slots.shape[1], REQUEST)
        self.record = PracticeRecord(self.ledger, self.luck, self.diary)
        self.missed_factor = np.ones(len(people))

    @property
    def waiting(self) -> int:
        """How many people have an appointment still to come."""
        return len(self._booked)

    def change_team(self, settings: Mapping[str, float], day: int) -> None:
        """Have the roles and modes that ``settings`` ask for from ``day`` on."""
        self.settings = {**self.settings, **settings}
        rules = self.diary.rules
        self.diary.change(rules, Team.of(self.evidence, rules.kinds, self.settings), day)

    def change_capacity(self, factor: float, day: int) -> None:
        """Offer ``factor`` times the place's own appointments from ``day`` on."""
        yearly = self.capacity["practice"]["all slots"] / PER * factor
        rules = self.diary.rules
        if yearly != rules.slots_per_head:
            rules = replace(rules, slots_per_head=yearly)
            self.diary.change(rules, self.diary.team, day)

    def send_unmet(self, to: tuple[str, ...], edges: Floats) -> None:
        """Send unmet requests ``to`` services from now on; ``edges`` say where shares end.

        Who is sent to ``gp`` asks anew on the next working day; what is left over does without.
        """
        self._leaks = tuple("again" if name == "gp" else name for name in to)
        self._leak_edges = edges

    # One day

    def day(self, day: int, asked: Arrivals) -> PracticeDay:
        """Let ``day`` happen: requests are made, people are seen, miss, leave or give up."""
        self.diary.follow_year(day)
        if not self.calendar.is_working(day):
            self._put_off(day, asked)
            return _nothing()
        now = self.diary.index(day)
        due = self._appointments(day, now)
        new, edges = self._new_requests(day, now, asked)
        urgent, planned, routine = (new[low:high] for low, high in pairwise(edges))
        wishes = self._plans(new[edges[PLANNED] :])
        booking, middle = self._booking, len(planned)
        today = booking.on_the_day(urgent, now)
        bookable = self.diary.bookable(now)
        ahead = booking.ahead(planned, now, bookable, wishes[0, :middle])
        offered = booking.first_offered(routine, now, bookable, wishes[:, middle:])
        every = [due, today, ahead, offered]
        requests, became = joined([one[0] for one in every]), [one[1] for one in every]
        some, ends = by_outcome(requests, np.concatenate(became))
        begins = ends.tolist()
        self.ledger.tally("gp", "all", "gone", begins[GONE + 1] - begins[GONE])
        booked = some[begins[BOOKED] :]
        self._booked.file(booked, booked["event"])
        told = Day(
            new=len(new),
            seen=some[: begins[MISSED]],
            missed=some[begins[MISSED] : begins[GONE]],
            refused=some[begins[TURNED_AWAY] : begins[DECLINED]],
            failed=some[begins[TURNED_AWAY] : begins[BOOKED]],
            left=begins[BOOKED] - begins[LEFT],
        )
        self.record.day(day, now, told)
        self._end_month(now)
        return self._outcome(now, told.seen, told.missed, told.failed)

    def _end_month(self, now: int) -> None:
        month, days = self.calendar.month, self.diary.open
        if month(int(days[now])) != month(int(days[now + 1])):
            self.ledger.tally("gp", "all", "queue_end", self.waiting)
            self.diary.end_month(now)

    def settle(self) -> None:
        """Hand what happened since the last settlement to the ledger."""
        self.record.settle(self._booked.every())

    def _put_off(self, day: int, requests: Arrivals) -> None:
        """Spread requests that arise on a closed day over the next working days."""
        which = np.searchsorted(
            edges(shares_of_week(self.diary.rules.monday)),
            self.luck.uniforms_of(requests.keys, "practice.put_off"),
        )
        first = self.diary.index(day)
        for later in range(WORKING_WEEK):
            chosen = which == later
            self._ask(first + later, requests.rows[chosen], requests.keys[chosen])

    def _ask(self, index: int, rows: Integers, keys: Words) -> None:
        self._asked.setdefault(index, []).append((rows, keys))

    def _new_requests(self, day: int, now: int, requests: Arrivals) -> tuple[Requests, list[int]]:
        """Return today's requests by kind and pool, and where each kind begins and the last ends.

        Those put off to today come first.
        """
        parts = [*self._asked.pop(now, []), (requests.rows, requests.keys)]
        rows = np.concatenate([rows for rows, _ in parts])
        keys = np.concatenate([keys for _, keys in parts])
        words = self.luck.words_of(keys, "practice.request")
        new, team, pools = np.empty(len(rows), REQUEST), self.diary.team, self.diary.pools
        shares = team.edges, team.kind_ends, len(MODES)
        whose = pools.of, self.population.practice, len(pools)
        edges = read(rows, keys, words, day, self._presence, shares, whose, new).tolist()
        return new[: edges[-1]], edges

    def _plans(self, requests: Requests) -> Floats:
        """Return (4, k) numbers from 0 to 1 of each request (see ``requests.plans``)."""
        return plans(self.luck.words_of(requests["key"][:, None], "practice.plans", _WORDS))

    @property
    def _presence(self) -> Presence:
        people = self.population
        return people.alive, people.entry_day, people.exit_day

    def _appointments(self, day: int, now: int) -> Booked:
        """Return whose appointment is today or who leaves the queue, and what becomes of each."""
        events = self._booked.take(now)
        draws = self.luck.uniforms_of(events["key"], "practice.miss")
        people, rules = self.population, self.diary.rules
        chances = rules.missed, self.missed_factor, self.diary.team.missed
        became = happens(
            events,
            now,
            day,
            self._presence,
            people.has,
            people.imd_quintile,
            chances,
            draws,
            self.diary.booked,
        )
        return events, became

    def _outcome(self, now: int, seen: Requests, missed: Requests, failed: Requests) -> PracticeDay:
        """Say where unmet requests go; those who try again ask on the next working day."""
        seen_rows, seen_keys = columns(seen)
        rows, keys = columns(failed)
        leak = np.searchsorted(self._leak_edges, self.luck.uniforms_of(keys, "practice.leak"))
        again = leak == (self._leaks.index("again") if "again" in self._leaks else -1)
        self._ask(now + 1, rows[again], self.luck.words_of(keys[again], "practice.again"))
        return PracticeDay(
            seen_rows,
            self.diary.pools.role[seen["pool"]],
            seen_keys,
            missed["row"].copy(),
            rows,
            keys,
            leak,
            self._leaks,
        )

    # What designs use

    def take_slots(self, rows: Integers, day: int, *, slots: int = 1) -> Integers:
        """Take ``slots`` appointments for each of ``rows`` from the first free after ``day``.

        They are gone for everyone else. Returns (k,) the day of each person's last one, or -1
        where the calendar is full (then what could be found stays taken).
        """
        now, days = self.diary.index(day + 1), self.diary.open
        practice = np.repeat(self.population.practice[rows].astype(np.int64), slots)
        last = self.diary.take(practice, now).reshape(len(rows), slots).max(axis=1)
        on = days[np.minimum(now + last, len(days) - 1)]
        found_all: Integers = np.where(last < HORIZON, on, -1)
        return found_all

    def check(self, day: int) -> None:
        """Raise ``RuntimeError`` if more appointments were given than there were (``Diary``)."""
        self.diary.check(day)


def _nothing() -> PracticeDay:
    none = np.empty(0, np.int64)
    words = none.view(np.uint64)
    return PracticeDay(none, none, words, none, none, words, none)
