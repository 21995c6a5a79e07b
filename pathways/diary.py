"""The diaries of practices: slots of every pool on every working day, and those taken.

Part of each day's slots is held back for people who ask that day: as much as people lately
asked for, by a rule that may be replaced (``triage``). Staff who leave because work is heavy
take their slots with them, where a run says so (``pathways.staff``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.decisions import HeldBackLearning, Triage
from agents.population import Population
from pathways.calendar import YEAR, Calendar
from pathways.practice_rules import PER, PLANNED, ROUTINE, Rules, triangular_share
from pathways.practice_slots import count_slots, first_free_of_any, open_slots, remember
from pathways.practice_team import OWN, Pools, Team, odd
from pathways.seasons import Seasons
from pathways.staff import Workload

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HORIZON = 60  # working days ahead that appointments can be booked
BEYOND = 92  # days after the run for which slots are known


@dataclass(slots=True)
class Diary:
    """The slots of all practices of a place, by pool and working day.

    Attributes
    ----------
    open : (working days,) the day of each working day
    slots, booked : (pools, working days and ``HORIZON`` more) slots, and those that are taken
    for_designs : (pools, …) of those, the ones that designs took
    triage : decides the share of a day's slots held back for people who ask that day
    """

    population: Population
    calendar: Calendar
    seasons: Seasons
    rules: Rules
    team: Team
    pools: Pools
    workload: Workload | None
    open: Integers = field(init=False)
    slots: Integers = field(init=False)
    booked: Integers = field(init=False)
    for_designs: Integers = field(init=False)
    triage: Triage = field(init=False)
    _index: Integers = field(init=False)
    _weight: Floats = field(init=False)
    _odd: Floats = field(init=False)  # by pool and day, so that parts of slots come out on average
    _urgent: Floats = field(init=False)
    _filled: Floats = field(init=False)  # share of posts, by pool
    _year: int | None = field(init=False, default=None)
    _honoured: Integers = field(init=False)  # booked before slots became fewer, beyond those left
    _month_from: int = field(init=False, default=0)  # working day on which the month began

    def __post_init__(self) -> None:
        calendar = self.calendar
        first, last = -calendar.warm_up, calendar.end + BEYOND
        self.open = calendar.working_days(first, last)
        self._index = np.searchsorted(self.open, np.arange(first, last))
        weight = np.where(_first_of_week(self.open), self.rules.monday, 1.0)
        weight *= [self.seasons.on("practice_slots", day) for day in self.open.tolist()]
        run = (self.open >= 0) & (self.open < calendar.end)  # its years have their full slots
        self._weight = weight * (calendar.end / YEAR / weight[run].sum())
        shape = (len(self.pools), len(self.open) + HORIZON)
        self.slots, self.booked, self.for_designs, self._honoured = np.zeros((4, *shape), np.int64)
        self._odd = odd(*np.ogrid[: shape[0], : shape[1]])
        self._urgent = self.rules.held_back * self._urgent_ratio
        self._filled = np.ones(len(self.pools))
        self.triage = HeldBackLearning(self.rules.held_back, self.rules.held_back_highest)
        self._set_slots(first)
        self._fill()

    def index(self, day: int) -> int:
        """Return the working day (index) on or after ``day``."""
        return int(self._index[day + self.calendar.warm_up])

    # ---- slots ----

    def follow_year(self, day: int) -> None:
        """Have slots for the people registered now, when a year begins on ``day``."""
        if max(day, 0) // YEAR != self._year:
            self._set_slots(day)

    def change(self, rules: Rules, team: Team, day: int) -> None:
        """Have the slots that ``rules`` and ``team`` ask for from ``day`` on."""
        self.rules, self.team = rules, team
        self._set_slots(day)

    def _set_slots(self, day: int) -> None:
        """Set the slots of every working day from ``day`` for the people registered now."""
        self._year = max(day, 0) // YEAR
        start = self.index(day)
        registered = registered_on(day, self.population)
        by_role = registered[:, None] * self.team.slots
        yearly = self.pools.sums(by_role) * self.rules.slots_per_head * self._filled
        total = np.floor(yearly[:, None] * np.cumsum(self._weight[start:]) + 1e-9)
        self.slots[:, start : len(self.open)] = np.diff(total, axis=1, prepend=0.0)
        beyond = self.booked[:, start:] - self.slots[:, start:]
        self._honoured[:, start:] = np.maximum(beyond, 0)

    def _fill(self) -> None:
        """Book the first weeks as a steady queue would have left them, for nobody in particular."""
        rules, days = self.rules, np.arange(float(HORIZON))
        slots = self.slots[:, :HORIZON]
        planned = rules.latent * self.team.kinds[self.pools.role, PLANNED, None]
        later = 1.0 - triangular_share(days + 1.0, *rules.lead)
        bookable = self.bookable(0)
        booked = np.floor(slots * planned * later + self._odd[:, :HORIZON]).astype(np.int64)
        booked = np.minimum(booked, bookable)
        yearly = self.slots[:, : len(self.open)].sum(axis=1) / self._weight.sum()
        heads = yearly / max(rules.slots_per_head, 1e-9)
        routine = self.team.kinds[self.pools.role, ROUTINE] / rules.kinds[ROUTINE]
        queue = (heads * routine * rules.queue_at_start / PER).astype(np.int64)
        filled = np.cumsum(bookable - booked, axis=1)
        taken = np.diff(np.minimum(filled, queue[:, None]), axis=1, prepend=0)
        self.booked[:, :HORIZON] = booked + taken

    def end_month(self, now: int) -> None:
        """Let staff leave where the month's work was heavy, and new ones come."""
        if self.workload is None:
            return
        month = slice(self._month_from, now + 1)
        slots, used = (by.sum(axis=1) for by in (self.slots[:, month], self.booked[:, month]))
        self._filled = self.workload.month(used / np.maximum(slots, 1))
        self._month_from = now + 1
        self._set_slots(int(self.open[now + 1]))

    # ---- what is held back, and what is free ----

    @property
    def _urgent_ratio(self) -> Floats:
        """(own pools,) same-day requests for a pool's role over those for all roles."""
        ratio: Floats = self.team.urgent[self.pools.role[: self.pools.own]]
        return ratio

    def learn(self, asked: Integers, now: int) -> None:
        """Let today move what each pool remembers of the share that wants help the same day."""
        remember(self._urgent, asked, self.slots[:, now], self.rules.memory)

    def bookable(self, now: int) -> Integers:
        """Return (pools, HORIZON) slots, taken or not, that are not held back.

        A role of which fewer want help the same day than of others holds back less.
        """
        ratio, days = self._urgent_ratio, slice(now, now + HORIZON)
        asked = np.divide(self._urgent, ratio, out=np.zeros(len(ratio)), where=ratio > 0.0)
        held = np.minimum(self.triage.held_back(asked) * ratio, 1.0)
        return open_slots(self.slots[:, days], held, self._odd[:, days])

    def free(self, now: int, bookable: Integers) -> Integers:
        """Return (pools, HORIZON) slots of ``bookable`` that nobody has."""
        free: Integers = np.maximum(bookable - self.booked[:, now : now + HORIZON], 0)
        return free

    # ---- what designs use ----

    def take(self, practice: Integers, now: int) -> Integers:
        """Take the first free slot of a ``practice`` for each, of any role, from ``now`` on.

        Returns (k,) how many working days ahead it is, ``HORIZON`` where there is none.
        """
        order = np.argsort(practice, kind="stable")
        free = self.free(now, self.bookable(now))[: self.pools.own]
        ahead, pool = np.empty((2, len(practice)), np.int64)
        ahead[order], pool[order] = first_free_of_any(free, practice[order], len(OWN))
        found = ahead < HORIZON
        for taken in (self.booked, self.for_designs):
            count_slots(taken, pool[found], now + ahead[found], 1)
        return ahead

    def check(self, day: int) -> None:
        """Raise ``RuntimeError`` if more appointments were given than a pool has, before ``day``.

        Days may hold more that were booked before slots became fewer, which the staff honour.
        """
        days = slice(0, self.index(day))
        over = self.booked[:, days] - self.slots[:, days] - self._honoured[:, days]
        if (over > 0).any():
            pools = np.flatnonzero((over > 0).any(axis=1)).tolist()
            raise RuntimeError(f"practices gave slots they do not have: pools {pools}")


def registered_on(day: int, population: Population) -> Integers:
    """Return (n_practices,) how many people are registered on ``day`` (from day 0)."""
    here = population.present(max(day, 0))
    practices = int(population.practice.max()) + 1
    return np.bincount(population.practice[here], minlength=practices)


def _first_of_week(open_days: Integers) -> Bools:
    """Say which working days are the first after a weekend: Tuesday where Monday is a holiday."""
    first: Bools = np.diff(open_days, prepend=open_days[0] - 1) > 2
    return first
