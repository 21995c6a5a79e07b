"""People who wait for planned care, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
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

# Rows, keys, kinds, since, due, pace and leaves, as of ``Waiting``.
Columns = tuple[Integers, Words, Integers, Floats, Floats, Floats, Floats]
Starts = tuple[Integers, Words, Integers, Floats]  # rows, keys, kinds, days


@dataclass(frozen=True, kw_only=True)
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

    @cached_property
    def kept(self) -> float:
        """The mean share of outpatient appointments that are kept."""
        return float(1.0 - self.missed.mean())

    @cached_property
    def missed_before(self) -> Floats:
        """(5,) appointments missed for each that is kept, by deprivation fifth."""
        return self.missed / (1.0 - self.missed)

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

    @property
    def columns(self) -> Columns:
        """All columns, for compiled loops."""
        return self.rows, self.keys, self.kind, self.since, self.due, self.pace, self.leaves

    def take(self, chosen: npt.NDArray[np.generic]) -> Waiting:
        """Return those that a mask or an index chooses."""
        return Waiting(*(column[chosen] for column in self.columns))

    def and_also(self, other: Waiting) -> Waiting:
        """Return those of both."""
        both = zip(self.columns, other.columns, strict=True)
        return Waiting(*(np.concatenate(columns) for columns in both))

    def going_on(self, joined: Waiting, population: Population, day: float) -> Waiting:
        """Return those of both who are alive and live here on ``day`` and have not left."""
        present = population.alive, population.exit_day
        return Waiting(*_going_on(self.columns, joined.columns, present, day))

    def parted(self, chosen: Integers) -> tuple[Waiting, Waiting]:
        """Return those that an index chooses, in its order, and the others in theirs."""
        some, others = _parted(self.columns, chosen)
        return Waiting(*some), Waiting(*others)


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
    behind, n_ready = _behind(waiting.columns, day)
    slots = min(slots, n_ready)
    if not slots:
        return NO_PEOPLE
    chosen = np.argpartition(behind, slots - 1)[:slots]
    turn: Integers = chosen[np.lexsort((waiting.keys[chosen], behind[chosen]))]
    return turn


@compiled
def _behind(waiting: Columns, day: float) -> tuple[Floats, int]:
    """Return how far each stands from the front, and how many are ready to be called."""
    _, _, _, since, due, pace, _ = waiting
    behind, n_ready = np.empty(len(since)), 0
    for i in range(len(since)):
        if not np.isfinite(due[i]):
            behind[i] = -((day - since[i]) / pace[i])
        elif day >= due[i]:
            behind[i] = -(_FIRST_OF_ALL + (day - due[i]))
        else:
            behind[i] = np.inf
        n_ready += np.isfinite(behind[i])
    return behind, n_ready


@compiled
def _room(count: int) -> Columns:
    """Return the columns of ``count`` people, to be filled."""
    rows, keys, kind = (
        np.empty(count, np.int64),
        np.empty(count, np.uint64),
        np.empty(count, np.int64),
    )
    return rows, keys, kind, np.empty(count), np.empty(count), np.empty(count), np.empty(count)


@compiled
def _put(waiting: Columns, which: int, into: Columns, place: int) -> None:
    """Copy one of those waiting into a place."""
    into[0][place] = waiting[0][which]
    into[1][place] = waiting[1][which]
    into[2][place] = waiting[2][which]
    into[3][place] = waiting[3][which]
    into[4][place] = waiting[4][which]
    into[5][place] = waiting[5][which]
    into[6][place] = waiting[6][which]


@compiled
def _stay(waiting: Columns, present: tuple[Bools, Floats], day: float) -> Integers:
    """Return where those stand who are alive and live here on ``day`` and have not left."""
    alive, exit_day = present
    rows, leaves = waiting[0], waiting[6]
    stay, count = np.empty(len(rows), np.int64), 0
    for i in range(len(rows)):
        if alive[rows[i]] and exit_day[rows[i]] > day and leaves[i] > day:
            stay[count] = i
            count += 1
    return stay[:count]


@compiled
def _going_on(
    waiting: Columns, joined: Columns, present: tuple[Bools, Floats], day: float
) -> Columns:
    before, new = _stay(waiting, present, day), _stay(joined, present, day)
    both = _room(len(before) + len(new))
    for place in range(len(before)):
        _put(waiting, before[place], both, place)
    for place in range(len(new)):
        _put(joined, new[place], both, len(before) + place)
    return both


@compiled
def _parted(waiting: Columns, chosen: Integers) -> tuple[Columns, Columns]:
    some, others = _room(len(chosen)), _room(len(waiting[0]) - len(chosen))
    left = np.ones(len(waiting[0]), np.bool_)
    for place in range(len(chosen)):
        _put(waiting, chosen[place], some, place)
        left[chosen[place]] = False
    place = 0
    for i in range(len(left)):
        if left[i]:
            _put(waiting, i, others, place)
            place += 1
    return some, others


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
        joined = joining(*starts, luck=self.luck, habits=self.habits)
        if not len(days):
            self.waiting = self.waiting.and_also(joined)
            return joined.take(NO_PEOPLE), NO_PEOPLE, 0
        waiting = self.waiting.going_on(joined, population, float(days[0]))
        order = next_to_be_seen(waiting, float(days[-1]), slots)
        when = days[np.arange(len(order)) * len(days) // max(slots, 1)]
        called, self.waiting = waiting.parted(order)
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
        if not len(self.rows) and len(rows) <= slots:
            return rows, keys
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
