"""People who wait for planned care, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.calendar import YEAR, Calendar

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

SETTINGS, TABLE = "care_settings", "baseline_demand"
NO_PEOPLE = np.empty(0, np.int64)
_FIRST_OF_ALL = 1e9  # days; longer than any wait

Starts = tuple[Integers, Words, Integers, Floats]  # rows, keys, kinds, days


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
