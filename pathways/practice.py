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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.decisions import HeldBackLearning, Triage
from agents.evidence import Evidence
from agents.luck import Luck, halves
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import YEAR, Calendar
from pathways.ledger import Ledger
from pathways.practice_slots import count_slots, first_free, first_free_from, offers, ranks
from pathways.practice_team import MODES, OWN, REMOTE, ROLES, TABLE, Pools, Team, odd
from pathways.requests import (
    GONE,
    LEFT,
    MISSED,
    REQUEST,
    SEEN,
    Presence,
    Requests,
    chosen,
    happens,
    in_order,
    joined,
    read,
)
from pathways.seasons import Seasons
from pathways.staff import Workload, workload
from pathways.vocabulary import HOURS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

SERVICE, SETTINGS = "practice_consultation", "care_settings"
CONTACTS = ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other")
CONTACT_OF = np.array([0, 1, 2, 2, 2, 2, 2])  # of each role, into ``CONTACTS``
URGENT, PLANNED, ROUTINE = 0, 1, 2
KINDS = ("same-day urgent", "planned ahead 4-45 days", "routine, first free slot")
# Where an unmet request goes; ``again`` asks anew on the next working day by itself.
LEAKS = ("ed", "nhs111", "pharmacy", "again", "nothing")
HORIZON = 60  # working days ahead that appointments can be booked
PER = 10_000
WORKING_WEEK = 5
MINUTES = 60.0  # an hour


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How practices and people behave; every number from the evidence.

    Shares are from 0 to 1, waits in working days.
    """

    slots_per_head: float
    kinds: Floats  # share of requests of each kind
    leak_edges: Floats
    latent: float
    held_back: float
    held_back_highest: float
    memory: float
    monday: float
    give_up_at: float
    give_up_scale: float
    leaving: float
    lead: tuple[float, float, float]
    queue_at_start: float
    any_day: float  # share of routine requests that would be seen today
    after_release: float  # share of routine requests made when held-back slots are released
    missed: Floats  # (5 IMD fifths, 3 groups of conditions: none, 1-3, 4+)

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        capacity: Mapping[str, Mapping[str, float]],
        settings: Mapping[str, float],
    ) -> Rules:
        """Read the rules; ``capacity`` is the place's, per 10,000 people and year."""

        def rows(term: str, levels: tuple[str, ...]) -> Floats:
            return np.array([level(term, name) for name in levels])

        def level(term: str, name: str) -> float:
            return evidence.value("baseline_demand", service=SERVICE, term=term, level=name)

        def setting(name: str) -> float:
            return evidence.value(SETTINGS, key=f"practice.{name}")

        factor = settings.get("gp.capacity_factor", 1.0)
        return cls(
            slots_per_head=capacity["practice"]["all slots"] / PER * factor,
            kinds=rows("request_type_share", KINDS),
            leak_edges=_edges(np.array([setting(f"leak.{name}") for name in LEAKS])),
            latent=level("latent_request_factor", "all"),
            held_back=capacity["practice"]["same-day share held back"],
            held_back_highest=setting("held_back_highest"),
            memory=setting("held_back_memory"),
            monday=setting("monday_factor"),
            give_up_at=level("give_up", "offered wait at which half decline"),
            give_up_scale=setting("give_up_scale"),
            leaving=level("give_up", "leave the queue"),
            lead=(
                setting("planned_lead_lowest"),
                level("planned_lead", "triangular 3-8-32"),
                setting("planned_lead_highest"),
            ),
            any_day=setting("routine_any_day"),
            after_release=setting("routine_after_release"),
            queue_at_start=setting("queue_at_start"),
            missed=_missed(evidence, level("dna", "all")),
        )


def _edges(shares: Floats) -> Floats:
    """Return where each share begins but the first, so that ``searchsorted`` picks one."""
    edges: Floats = np.cumsum(shares / shares.sum())[:-1]
    return edges


def _shares_of_week(monday: float) -> Floats:
    """Return how requests of closed days spread over the next five working days.

    A seventh of the week's requests arise on each day; with what is put off to it, the first
    working day gets ``monday`` times as many as the others.
    """
    other = 1.0 / (WORKING_WEEK - 1 + monday)
    wanted = np.array([monday * other] + [other] * (WORKING_WEEK - 1))
    return wanted - 1.0 / 7.0


def _first_of_week(open_days: Integers) -> Bools:
    """Say which working days are the first after a weekend: Tuesday where Monday is a holiday."""
    first: Bools = np.diff(open_days, prepend=open_days[0] - 1) > 2
    return first


def _missed(evidence: Evidence, mean: float) -> Floats:
    """Return the chance of not attending by deprivation fifth and number of conditions.

    The published gradients, around the published mean over England's appointments.
    """

    def ratio(to: str) -> float:
        return evidence.value("mechanisms", mechanism="dna", to=to)

    few, most = ratio("missed GP appointments"), ratio("repeated missed GP appointments")
    many = evidence.value(SETTINGS, key="practice.dna_ratio_ltc_4")
    names = ("0", "1_3", "4")
    weights = [evidence.value(SETTINGS, key=f"practice.dna_share_ltc_{name}") for name in names]
    by_ltc = np.array([1.0, few, many])
    by_imd = most ** ((3.0 - np.arange(1, 6)) / 4.0)
    by_imd /= by_imd.mean()
    chances: Floats = mean * by_imd[:, None] * by_ltc / np.average(by_ltc, weights=weights)
    return chances


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
    own_gp, own_gp_change : (n,) usual-provider index and what a design adds to it, where told
    waiting : how many people have an appointment still to come
    team, pools : how requests divide by role and mode, and who shares whose slots
    triage : decides the share of a day's slots held back for people who ask that day
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
    own_gp: Floats | None = field(init=False, default=None)
    own_gp_change: Floats | None = field(init=False, default=None)
    waiting: int = field(init=False, default=0)
    rules: Rules = field(init=False)
    team: Team = field(init=False)
    pools: Pools = field(init=False)
    triage: Triage = field(init=False)
    n_practices: int = field(init=False)
    _open: Integers = field(init=False)
    _index: Integers = field(init=False)
    _weight: Floats = field(init=False)
    _slots: Integers = field(init=False)
    _booked: Integers = field(init=False)
    _odd: Floats = field(init=False)  # by pool and day, so that parts of slots come out on average
    _urgent: Floats = field(init=False)
    _seen_urgent: Integers = field(init=False)
    _due: dict[int, list[Requests]] = field(init=False, default_factory=dict)
    _asked: dict[int, list[tuple[Integers, Words]]] = field(init=False, default_factory=dict)
    _year: int | None = field(init=False, default=None)
    _workload: Workload | None = field(init=False)
    _filled: Floats = field(init=False)  # share of posts, by pool
    # Seen, missed, refused and failed requests of each day since settled, by number.
    _told: list[tuple[Requests, ...]] = field(init=False, default_factory=list)
    _settled_on: int = field(init=False, default=0)  # working day from which that is
    _last: int = field(init=False, default=0)  # the last working day
    _set_on: int = field(init=False, default=0)  # working day from which slots were set last
    _month_from: int = field(init=False, default=0)  # working day on which the month began
    _leaks: tuple[str, ...] = field(init=False, default=LEAKS)
    _leak_edges: Floats = field(init=False)

    def __post_init__(self) -> None:
        calendar, people = self.calendar, self.population
        self.rules = Rules.of(self.evidence, self.capacity, self.settings)
        self._leak_edges = self.rules.leak_edges
        self.n_practices = int(people.practice.max()) + 1
        network = self.evidence.value(TABLE, key="network_people")
        self.pools = Pools.for_practices(self._registered(0), network)
        self.team = Team.of(self.evidence, self.rules.kinds, self.settings)
        first, last = -calendar.warm_up, calendar.end + 92
        self._open = calendar.working_days(first, last)
        self._index = np.searchsorted(self._open, np.arange(first, last))
        weight = np.where(_first_of_week(self._open), self.rules.monday, 1.0)
        weight *= [self.seasons.on("practice_slots", day) for day in self._open.tolist()]
        run = (self._open >= 0) & (self._open < calendar.end)  # its years have their full slots
        self._weight = weight * (calendar.end / YEAR / weight[run].sum())
        shape = (len(self.pools), len(self._open) + HORIZON)
        self._slots, self._booked = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._odd = odd(*np.ogrid[: shape[0], : shape[1]])
        self._urgent = self.rules.held_back * self._urgent_ratio
        self._workload = workload(len(self.pools), self.evidence, self.settings)
        self._filled = np.ones(len(self.pools))
        self.triage = HeldBackLearning(self.rules.held_back, self.rules.held_back_highest)
        self.missed_factor = np.ones(len(people))
        self._set_slots(first)
        self._fill_calendar()

    def index(self, day: int) -> int:
        """Return the working day (index) on or after ``day``."""
        return int(self._index[day + self.calendar.warm_up])

    def _set_slots(self, day: int) -> None:
        """Set the slots of every working day from ``day`` for the people registered now."""
        self._year = max(day, 0) // YEAR
        self._set_on = start = self.index(day)
        by_role = self._registered(day)[:, None] * self.team.slots
        yearly = self.pools.sums(by_role) * self.rules.slots_per_head * self._filled
        total = np.floor(yearly[:, None] * np.cumsum(self._weight[start:]) + 1e-9)
        self._slots[:, start : len(self._open)] = np.diff(total, axis=1, prepend=0.0)

    def _registered(self, day: int) -> Integers:
        """Return (n_practices,) how many people are registered on ``day``."""
        here = self.population.present(max(day, 0))
        return np.bincount(self.population.practice[here], minlength=self.n_practices)

    @property
    def _urgent_ratio(self) -> Floats:
        """(own pools,) same-day requests for a pool's role over those for all roles."""
        ratio: Floats = self.team.urgent[self.pools.role[: self.pools.own]]
        return ratio

    def change_team(self, settings: Mapping[str, float], day: int) -> None:
        """Have the roles and modes that ``settings`` ask for from ``day`` on."""
        self.settings = {**self.settings, **settings}
        self.team = Team.of(self.evidence, self.rules.kinds, self.settings)
        self._set_slots(day)

    def change_capacity(self, factor: float, day: int) -> None:
        """Offer ``factor`` times the place's own appointments from ``day`` on."""
        yearly = self.capacity["practice"]["all slots"] / PER * factor
        if yearly != self.rules.slots_per_head:
            self.rules = replace(self.rules, slots_per_head=yearly)
            self._set_slots(day)

    def send_unmet(self, to: tuple[str, ...], edges: Floats) -> None:
        """Send unmet requests ``to`` services from now on; ``edges`` say where shares end.

        Who is sent to ``gp`` asks anew on the next working day; what is left over does without.
        """
        self._leaks = tuple("again" if name == "gp" else name for name in to)
        self._leak_edges = edges

    def _fill_calendar(self) -> None:
        """Book the first weeks as a steady queue would have left them, for nobody in particular."""
        rules, days = self.rules, np.arange(float(HORIZON))
        slots = self._slots[:, :HORIZON]
        planned = rules.latent * self.team.kinds[self.pools.role, PLANNED, None]
        later = 1.0 - _triangular_share(days + 1.0, *rules.lead)
        bookable = self._bookable(0)
        booked = np.floor(slots * planned * later + self._odd[:, :HORIZON]).astype(np.int64)
        booked = np.minimum(booked, bookable)
        yearly = self._slots[:, : len(self._open)].sum(axis=1) / self._weight.sum()
        heads = yearly / max(rules.slots_per_head, 1e-9)
        routine = self.team.kinds[self.pools.role, ROUTINE] / rules.kinds[ROUTINE]
        queue = (heads * routine * rules.queue_at_start / PER).astype(np.int64)
        filled = np.cumsum(bookable - booked, axis=1)
        taken = np.diff(np.minimum(filled, queue[:, None]), axis=1, prepend=0)
        self._booked[:, :HORIZON] = booked + taken

    # One day

    def day(self, day: int, requests: Arrivals) -> PracticeDay:
        """Let ``day`` happen: requests are made, people are seen, miss, leave or give up."""
        if max(day, 0) // YEAR != self._year:
            self._set_slots(day)
        if not self.calendar.is_working(day):
            self._put_off(day, requests)
            return _nothing()
        now = self.index(day)
        seen, missed, left = self._appointments(day, now)
        new = self._new_requests(day, now, requests)
        plans = self._plans(joined(new[PLANNED:]))
        first = len(new[PLANNED])
        urgent, turned_away = self._see_urgent(new[URGENT], now)
        bookable = self._bookable(now)
        planned, unplanned = self._book_planned(new[PLANNED], now, bookable, plans[0][:first])
        wishes = [some[first:] for some in plans]
        routine, declined = self._book_routine(new[ROUTINE], now, bookable, wishes)
        at_once = routine["at"] == now
        self._await(joined([planned, chosen(routine, ~at_once)]))
        seen = joined([seen, urgent, chosen(routine, at_once)])
        failed = joined([turned_away, unplanned, declined, left])
        refused = joined([turned_away, unplanned])
        self._tally(now, sum(len(some) for some in new), seen, missed, refused, failed)
        self.ledger.tally("gp", "all", "left_queue", len(left))
        self._record(day, seen, missed, failed)
        return self._outcome(now, seen, missed, failed)

    def _put_off(self, day: int, requests: Arrivals) -> None:
        """Spread requests that arise on a closed day over the next working days."""
        which = np.searchsorted(
            _edges(_shares_of_week(self.rules.monday)),
            self.luck.uniforms_of(requests.keys, "practice.put_off"),
        )
        first = self.index(day)
        for later in range(WORKING_WEEK):
            chosen = which == later
            self._ask(first + later, requests.rows[chosen], requests.keys[chosen])

    def _ask(self, index: int, rows: Integers, keys: Words) -> None:
        self._asked.setdefault(index, []).append((rows, keys))

    def _new_requests(self, day: int, now: int, requests: Arrivals) -> list[Requests]:
        """Return today's requests by kind, in order of pool, those put off to today first."""
        parts = [*self._asked.pop(now, []), (requests.rows, requests.keys)]
        rows = np.concatenate([rows for rows, _ in parts])
        keys = np.concatenate([keys for _, keys in parts])
        words = self.luck.words_of(keys, "practice.request")
        new = np.empty(len(rows), REQUEST)
        shares = self.team.edges, self.team.kind_ends, len(MODES)
        pools = self.pools.of, self.population.practice
        count = read(new, rows, keys, words, day, self._presence, shares, pools)
        new = new[:count]
        place = new["kind"] * np.int64(len(self.pools)) + new["pool"]
        new = chosen(new, in_order(place, len(KINDS) * len(self.pools)))
        edges = np.searchsorted(new["kind"], np.arange(len(KINDS) + 1)).tolist()
        return [new[low:high] for low, high in pairwise(edges)]

    def _plans(self, requests: Requests) -> list[Floats]:
        """Return four numbers from 0 to 1 of each request: its wish, hour, patience and staying.

        A planned request has a lead in place of a wish.
        """
        words = self.luck.words_of(requests["key"][:, None], "practice.plans", np.arange(2)).T
        (wish, patience), (hour, staying) = halves(words)
        return [wish, hour, patience, staying]

    @property
    def _presence(self) -> Presence:
        people = self.population
        return people.alive, people.entry_day, people.exit_day

    def _await(self, booked: Requests) -> None:
        """File what is booked under the working day on which something happens to it."""
        booked = chosen(booked, np.argsort(booked["event"], kind="stable"))
        events = booked["event"]
        cuts = (np.flatnonzero(events[1:] != events[:-1]) + 1).tolist()
        for low, high in pairwise([0, *cuts, len(booked)] if len(booked) else []):
            self._due.setdefault(int(events[low]), []).append(booked[low:high])
        self.waiting += len(booked)

    def _appointments(self, day: int, now: int) -> tuple[Requests, Requests, Requests]:
        """Return who is seen and who misses an appointment today, and who leaves the queue."""
        events = joined(self._due.pop(now, []))
        self.waiting -= len(events)
        draws = self.luck.uniforms_of(events["key"], "practice.miss")
        people, chances = self.population, (self.rules.missed, self.missed_factor, self.team.missed)
        found = happens(
            events,
            now,
            day,
            self._presence,
            people.has,
            people.imd_quintile,
            chances,
            draws,
            self._booked,
        )
        self.ledger.tally("gp", "all", "gone", int(np.count_nonzero(found == GONE)))
        seen, missed, left = (chosen(events, found == what) for what in (SEEN, MISSED, LEFT))
        return seen, missed, left

    def _see_urgent(self, urgent: Requests, now: int) -> tuple[Requests, Requests]:
        """See as many of those who want help today as slots are left today.

        Who finds no slot of the role they ask for takes one of another role of the practice.
        """
        slots, pools = self._slots[:, now], len(self.pools)
        asked = np.bincount(urgent["pool"], minlength=pools)
        self._learn(asked, slots)
        left = np.maximum(slots - self._booked[:, now], 0)
        full = np.flatnonzero(ranks(urgent["pool"], asked) >= left[urgent["pool"]])
        found = np.ones(len(urgent), bool)
        if len(full):
            free = (left - np.minimum(asked, left))[: self.pools.own]
            found[full], urgent["pool"][full] = self._by_another_role(free, urgent["pool"][full])
        urgent["at"] = urgent["event"] = now
        seen = chosen(urgent, found)
        self._seen_urgent = np.bincount(seen["pool"], minlength=pools)
        self._booked[:, now] += self._seen_urgent
        return seen, chosen(urgent, ~found)

    def _by_another_role(self, free: Integers, pool: Integers) -> tuple[Bools, Integers]:
        """Give slots of today that are left in other roles of the same practice.

        ``free`` is (own pools,) slots, ``pool`` (k,) who was asked, ascending. Returns who gets
        one, and the pool of each (as asked where there is none).
        """
        practice = pool // len(OWN)
        role = first_free(free.reshape(-1, len(OWN)), practice)
        found = role < len(OWN)
        return found, np.where(found, practice * len(OWN) + role, pool)

    def _learn(self, asked: Integers, slots: Integers) -> None:
        """Let today move what each pool remembers of the share that wants help the same day."""
        asked, slots = asked[: self.pools.own], slots[: self.pools.own]
        share = np.divide(asked, slots, out=self._urgent.copy(), where=slots > 0)
        self._urgent += (share - self._urgent) / self.rules.memory

    def _bookable(self, now: int) -> Integers:
        """Return (pools, HORIZON) slots, taken or not, that are not held back.

        A role of which fewer want help the same day than of others holds back less.
        """
        open_to_all, ratio = np.ones(len(self.pools)), self._urgent_ratio
        asked = np.divide(self._urgent, ratio, out=np.zeros(len(ratio)), where=ratio > 0.0)
        held = np.minimum(self.triage.held_back(asked) * ratio, 1.0)
        open_to_all[: self.pools.own] -= held
        days = slice(now, now + HORIZON)
        whole = self._slots[:, days] * open_to_all[:, None] + self._odd[:, days]
        bookable: Integers = whole.astype(np.int64)
        return bookable

    def _free(self, now: int, bookable: Integers) -> Integers:
        free: Integers = np.maximum(bookable - self._booked[:, now : now + HORIZON], 0)
        return free

    def _book_planned(
        self, planned: Requests, now: int, bookable: Integers, share: Floats
    ) -> tuple[Requests, Requests]:
        """Book people who want an appointment some weeks ahead on or after their day."""
        lead = _triangular(share, *self.rules.lead)
        target = np.minimum(np.rint(lead).astype(np.int64), HORIZON - 1)
        place = planned["pool"] * HORIZON + target
        order = in_order(place, len(self.pools) * HORIZON)
        planned, target = chosen(planned, order), target[order]
        ahead = first_free_from(self._free(now, bookable), planned["pool"], target)
        return self._booked_ahead(planned, now, ahead, now + ahead)

    def _book_routine(
        self, routine: Requests, now: int, bookable: Integers, wishes: Sequence[Floats]
    ) -> tuple[Requests, Requests]:
        """Offer the first free slots; who will not wait that long gives up at once.

        Those who ask early and would come today find the slots that are not held back, those
        who ask late all that are left, of any role of the practice; the others want a later
        day. Who finds none today is offered the days after it, in this order.
        """
        wish, hour, patience, staying = wishes
        today, late = wish < self.rules.any_day, hour < self.rules.after_release
        turn = np.where(today, late.astype(np.int64), 2)
        place = routine["pool"] * 3 + turn
        order = in_order(place, 3 * len(self.pools))
        routine, place = chosen(routine, order), place[order]
        at_once = self._come_today(routine, place, now, bookable)
        free = self._free(now, bookable)
        free[:, 0] = 0
        rest = np.flatnonzero(~at_once)
        longest = self.rules.give_up_at + self.rules.give_up_scale * _logit(patience[order][rest])
        ahead = np.zeros(len(routine), np.int64)
        ahead[rest] = offers(free, routine["pool"][rest], longest)
        stays = np.log(staying[order]) / self._leaving if self._leaving else np.inf
        leaves = now + np.clip(stays, 1, HORIZON).astype(np.int64)
        return self._booked_ahead(routine, now, ahead, np.minimum(now + ahead, leaves))

    @property
    def _leaving(self) -> float:
        """The log of the share who stay in the queue from one day to the next."""
        return float(np.log1p(-self.rules.leaving))

    def _come_today(
        self, routine: Requests, place: Integers, now: int, bookable: Integers
    ) -> Bools:
        """Say who is seen today: those of the first turn, then of the second, while slots last.

        ``place`` (ascending) is three times the pool, plus the turn. Who is seen by another
        role than asked is moved to its pool.
        """
        by_turn = np.bincount(place, minlength=3 * len(self.pools))
        asked = by_turn.reshape(len(self.pools), 3)
        booked = self._booked[:, now]
        left = np.maximum(self._slots[:, now] - booked, 0)
        not_held = np.clip(bookable[:, 0] - (booked - self._seen_urgent), 0, left)
        early = np.minimum(asked[:, 0], not_held)
        late = np.minimum(asked[:, 1], left - early)
        seen = np.stack([early, late, np.zeros_like(late)], axis=1).ravel()
        come: Bools = ranks(place, by_turn) < seen[place]
        free = (left - early - late)[: self.pools.own]
        full = np.flatnonzero(~come & (place % 3 == 1) & (place < 3 * self.pools.own))
        if len(full) and free.any():
            come[full], routine["pool"][full] = self._by_another_role(free, place[full] // 3)
        return come

    def _booked_ahead(
        self, requests: Requests, now: int, ahead: Integers, event: Integers
    ) -> tuple[Requests, Requests]:
        """Write appointments into the calendar; those without a slot are the second part."""
        requests["at"], requests["event"] = now + ahead, event
        found = ahead < HORIZON
        booked = chosen(requests, found)
        count_slots(self._booked, booked["pool"], booked["at"], 1)
        return booked, chosen(requests, ~found)

    # What is told

    def _record(self, day: int, seen: Requests, missed: Requests, failed: Requests) -> None:
        ledger, waits = self.ledger, (day - seen["asked"]).astype(np.float64)
        role = self.pools.role[seen["pool"]]
        contact = CONTACT_OF[role]
        for number, name in enumerate(CONTACTS):
            ledger.count(name, seen["row"][contact == number])
        remote = (role == 0) & (seen["mode"] >= REMOTE[0]) & (seen["mode"] <= REMOTE[-1])
        ledger.count("gp_contacts_remote", seen["row"][remote])
        ledger.count("gp_dna", missed["row"])
        ledger.count("gp_unmet", failed["row"])
        routine = seen["kind"] == ROUTINE
        ledger.wait("gp", seen["row"][routine], waits[routine])
        ledger.event(day, "gp", "seen", seen["row"], waits)
        ledger.event(day, "gp", "unmet", failed["row"], (day - failed["asked"]).astype(np.float64))
        within = np.searchsorted(np.sort(waits), [0.5, 7.5, 14.5, 28.5])
        names = ("same_day", "within_7_days", "within_14_days", "within_28_days")
        for name, count in zip(names, within.tolist(), strict=True):
            ledger.tally("gp", "all", name, count)

    def _tally(
        self,
        now: int,
        new: int,
        seen: Requests,
        missed: Requests,
        refused: Requests,
        failed: Requests,
    ) -> None:
        ledger, turned_away = self.ledger, len(refused)
        self._told.append((seen, missed, refused, failed))
        self._last = now
        ledger.tally("gp", "all", "capacity", float(self._slots[:, now].sum()))
        ledger.tally("gp", "all", "used", float(self._booked[:, now].sum()))
        ledger.tally("gp", "all", "arrivals", new)
        ledger.tally("gp", "all", "served", len(seen))
        ledger.tally("gp", "all", "missed", len(missed))
        ledger.tally("gp", "all", "turned_away", turned_away)
        ledger.tally("gp", "all", "gave_up", len(failed) - turned_away)
        month = self.calendar.month
        if month(int(self._open[now])) != month(int(self._open[now + 1])):
            ledger.tally("gp", "all", "queue_end", self.waiting)
            self._end_month(now)

    def settle(self) -> None:
        """Hand what was counted by role and by mode since the last settlement to the ledger."""
        told, self._told = self._told, []
        if not told:
            return
        seen, missed, refused, failed = (joined(days) for days in zip(*told, strict=True))
        waiting = joined([part for parts in self._due.values() for part in parts])
        days = slice(self._settled_on, self._last + 1)
        self._settled_on = days.stop
        capacity, used = (
            self.pools.by_role(by_day[:, days].sum(axis=1))
            for by_day in (self._slots, self._booked)
        )
        gone, contacts = self._roles(refused), self._by_mode(seen)
        numbers = {
            "capacity": capacity,
            "used": used,
            "turned_away": gone,
            "gave_up": self._roles(failed) - gone,
            "queue_end": self._roles(waiting),
        } | {f"seen {mode}": contacts[:, number] for number, mode in enumerate(MODES)}
        minutes = ((contacts + self._by_mode(missed)) * self.team.minutes).sum(axis=1)
        hours = {"capacity": capacity * self.team.mean_minutes, "used": minutes}
        for number, role in enumerate(ROLES):
            for metric, by_role in numbers.items():
                self.ledger.tally("gp", role, metric, float(by_role[number]))
            for metric, by_role in hours.items():
                self.ledger.tally("gp", HOURS + role, metric, float(by_role[number]) / MINUTES)
        self._tell_own_gp(seen)
        self._tell_waits(chosen(seen, seen["kind"] == ROUTINE))

    def _roles(self, requests: Requests) -> Integers:
        """Return (roles,) how many of ``requests`` are for each role."""
        return np.bincount(self.pools.role[requests["pool"]], minlength=len(ROLES))

    def _by_mode(self, requests: Requests) -> Integers:
        """Return (roles, modes) how many of ``requests`` are for each."""
        cell = self.pools.role[requests["pool"]] * len(MODES) + requests["mode"]
        by_cell = np.bincount(cell, minlength=len(ROLES) * len(MODES))
        return by_cell.reshape(len(ROLES), len(MODES))

    def _tell_own_gp(self, seen: Requests) -> None:
        """Tell how many contacts with a GP were with the person's own."""
        if self.own_gp is None:
            return
        by_gp = chosen(seen, self.pools.role[seen["pool"]] == 0)
        index = self.own_gp[by_gp["row"]]
        if self.own_gp_change is not None:
            index = index + self.own_gp_change[by_gp["row"]]
        own = self.luck.uniforms_of(by_gp["key"], "practice.own_gp") < index
        self.ledger.tally("gp", ROLES[0], "own_gp", int(np.count_nonzero(own)))

    def _tell_waits(self, routine: Requests) -> None:
        """Tell how long people waited for each role."""
        role = self.pools.role[routine["pool"]]
        days = (self._open[routine["at"]] - routine["asked"]).astype(np.float64)
        for number, name in enumerate(ROLES):
            mine = np.flatnonzero(role == number)
            if len(mine):
                self.ledger.wait(f"gp.{name}", routine["row"][mine], days[mine])

    def check(self, day: int) -> None:
        """Raise ``RuntimeError`` if more appointments were given than a pool has, before ``day``.

        Days may hold more that were booked before slots became fewer, which the staff honour.
        """
        days = slice(self._set_on + HORIZON, self.index(day))
        over = self._booked[:, days] - self._slots[:, days]
        if (over > 0).any():
            pools = np.flatnonzero((over > 0).any(axis=1)).tolist()
            raise RuntimeError(f"practices gave slots they do not have: pools {pools}")

    def _end_month(self, now: int) -> None:
        """Let staff leave where the month's work was heavy, and new ones come."""
        if self._workload is None:
            return
        month = slice(self._month_from, now + 1)
        slots, used = (by.sum(axis=1) for by in (self._slots[:, month], self._booked[:, month]))
        self._filled = self._workload.month(used / np.maximum(slots, 1))
        self._month_from = now + 1
        self._set_slots(int(self._open[now + 1]))

    def _outcome(self, now: int, seen: Requests, missed: Requests, failed: Requests) -> PracticeDay:
        """Say where unmet requests go; those who try again ask on the next working day."""
        where = self.luck.uniforms_of(failed["key"], "practice.leak")
        leak = np.searchsorted(self._leak_edges, where)
        again = leak == (self._leaks.index("again") if "again" in self._leaks else -1)
        new_keys = self.luck.words_of(failed["key"][again], "practice.again")
        self._ask(now + 1, failed["row"][again], new_keys)
        return PracticeDay(
            seen["row"].copy(),
            self.pools.role[seen["pool"]],
            seen["key"].copy(),
            missed["row"].copy(),
            failed["row"].copy(),
            failed["key"].copy(),
            leak,
            self._leaks,
        )

    # What designs use

    def take_slots(self, rows: Integers, day: int, *, slots: int = 1) -> Integers:
        """Take ``slots`` appointments for each of ``rows`` from the first free after ``day``.

        They are gone for everyone else. Returns (k,) the day of each person's last one, or -1
        where the calendar is full (then what could be found stays taken).
        """
        now = self.index(day + 1)
        practice = np.repeat(self.population.practice[rows].astype(np.int64), slots)
        order = np.argsort(practice, kind="stable")
        ahead = np.empty(len(practice), np.int64)
        free = self._free(now, self._bookable(now))
        own = free[: self.pools.own].reshape(self.n_practices, len(OWN), -1)
        # The days of a practice with their slots of one role after the other.
        each = first_free(own.swapaxes(1, 2).reshape(self.n_practices, -1), practice[order])
        ahead[order], role = each // len(OWN), np.empty(len(each), np.int64)
        role[order] = each % len(OWN)
        found = ahead < HORIZON
        pool = practice[found] * len(OWN) + role[found]
        count_slots(self._booked, pool, now + ahead[found], 1)
        last = ahead.reshape(len(rows), slots).max(axis=1)
        days = self._open[np.minimum(now + last, len(self._open) - 1)]
        found_all: Integers = np.where(last < HORIZON, days, -1)
        return found_all


def _logit(share: Floats) -> Floats:
    odds: Floats = np.log(share / (1.0 - share))
    return odds


def _triangular(share: Floats, low: float, mode: float, high: float) -> Floats:
    """Return the quantiles of the triangular distribution."""
    rise = (mode - low) / (high - low)
    up = low + np.sqrt(share * (high - low) * (mode - low))
    down = high - np.sqrt((1.0 - share) * (high - low) * (high - mode))
    return np.where(share < rise, up, down)


def _triangular_share(value: Floats, low: float, mode: float, high: float) -> Floats:
    """Return the share of the triangular distribution below each value."""
    value = np.clip(value, low, high)
    up = (value - low) ** 2 / ((high - low) * (mode - low))
    down = 1.0 - (high - value) ** 2 / ((high - low) * (high - mode))
    return np.where(value < mode, up, down)


def _nothing() -> PracticeDay:
    none = np.empty(0, np.int64)
    words = none.view(np.uint64)
    return PracticeDay(none, none, words, none, none, words, none)
