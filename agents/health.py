"""Onset, diagnosis, remission and death of everyone, each at its exact day.

Every person carries, for each condition and for death, how much integrated hazard is left
until its next turn. Between two events of a person nothing that multiplies their hazards
changes, so the age of the next event is solved from integrated tables at once; birthdays
need no work. A lower hazard delays its own event and moves nobody else's luck.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents import hazards
from agents.disease_tables import DiseaseTables
from agents.integrated import IntegratedHazards
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]

ONSET, DIAGNOSIS, REMISSION, DEATH = 0, 1, 2, 3
KINDS = ("onset", "diagnosis", "remission", "death")
NO_CONDITION = -1

_BLOCK = 1 << 14  # people lived together to their entry: their arrays stay in the cache
_LEAST_PACE = 1e-12  # a hazard that care has stopped keeps the luck it has left
_LIVES, _TURNS = 1 << 12, 1 << 12
_FIFTHS = 5


@dataclass(frozen=True, slots=True)
class HealthEvents:
    """What happened to whom, in time order.

    Attributes
    ----------
    rows : (n_events,) row of the person
    days : (n_events,) day, with its fraction
    kinds : (n_events,) index into ``KINDS``
    conditions : (n_events,) index of the condition, -1 for a death
    """

    rows: Integers
    days: Floats
    kinds: Small
    conditions: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.rows)


def _events(rows: Integers, days: Floats, kind: int | Small, condition: int | Integers) -> HealthEvents:
    kinds = np.broadcast_to(np.asarray(kind, np.int8), rows.shape)
    conditions = np.broadcast_to(np.asarray(condition, np.int16), rows.shape)
    return HealthEvents(rows, days, kinds, conditions)


NOTHING = _events(np.empty(0, np.int64), np.empty(0), ONSET, NO_CONDITION)


def _in_time_order(parts: list[HealthEvents]) -> HealthEvents:
    """Join events, by day; those of one day stay in the order in which they happened."""
    if not parts:
        return NOTHING
    days = np.concatenate([part.days for part in parts])
    order = np.argsort(days, kind="stable")
    return HealthEvents(
        np.concatenate([part.rows for part in parts])[order],
        days[order],
        np.concatenate([part.kinds for part in parts])[order],
        np.concatenate([part.conditions for part in parts])[order],
    )


class Health:
    """The conditions and deaths of a population.

    Parameters
    ----------
    population : its columns are kept up to date
    tables : base hazards, for the same conditions as the population
    luck : of the replication

    Raises
    ------
    ValueError
        If the tables are for other conditions than the population's.
    """

    def __init__(self, population: Population, tables: DiseaseTables, luck: Luck) -> None:
        if tables.conditions != population.conditions:
            raise ValueError(
                f"the tables are for {', '.join(tables.conditions)} but the population has "
                f"{', '.join(population.conditions)}; derive tables for its conditions"
            )
        self._people = population
        self._tables = tables
        self._luck = luck
        count, conditions = population.has.shape
        self._n_conditions = conditions
        self._death = conditions  # columns: the conditions, death, then what is no hazard
        self._change = conditions + 1
        self._first_diagnosis = conditions + 2
        self._hazards = _processes(tables)
        waits = np.isfinite(tables.diagnosis)
        self._prompt: Bools = ~waits.all(axis=(1, 2))
        self._diagnosis = IntegratedHazards(
            np.where(waits, tables.diagnosis, 0.0).transpose(0, 2, 1).reshape(2 * conditions, -1)
        )
        names = [zlib.crc32(key.encode()) for key in tables.conditions]
        self._keys: Integers = np.array(names, np.int64) * (_LIVES * _TURNS)
        self._group: Integers = (
            population.sex.astype(np.int64) * _FIFTHS + population.imd_quintile - 1
        )
        self._scores = np.zeros((count, len(tables.clusters)))
        self._goal = np.full((count, conditions + 1), np.inf)
        self._pace = np.ones((count, conditions + 1))
        self._due = np.full((count, conditions), np.inf)
        self._turn = np.zeros((count, conditions), np.uint8)
        self._known: Bools = np.zeros((count, conditions), np.bool_)
        self._life = np.zeros(count, np.int64)
        self._settled_age = np.zeros(count)
        self._hazard_age = np.full(count, np.inf)
        self._hazard_column = np.zeros(count, np.int64)
        self._next_day = np.full(count, np.inf)
        self._next_column = np.zeros(count, np.int64)

    def live_to_entry(self) -> None:
        """Live everyone from birth to the day they are first here, redrawn until alive.

        Today's residents become people of their age with the conditions, diagnoses and
        remaining luck that such a life leaves. Call it once, before ``advance``.
        """
        everyone = np.arange(len(self._people))
        for first in range(0, everyone.size, _BLOCK):
            rows = everyone[first : first + _BLOCK]
            while rows.size:
                self._begin(rows)
                self._live(rows, self._people.entry_day[rows])
                rows = rows[~self._people.alive[rows]]
                self._life[rows] += 1

    def advance(self, until: float) -> HealthEvents:
        """Let everything happen that falls before the day ``until``; return it in time order."""
        due = np.flatnonzero(self._next_day < until)
        if not due.size:
            return NOTHING
        return _in_time_order(self._live(due, until))

    def refresh(self, rows: Integers, day: float) -> None:
        """Take up what care changed for ``rows`` on ``day``.

        The hazard spent until then counts at its old pace. A condition that care gave,
        ended or diagnosed (``has``, ``diagnosed``) is taken over; ``onset_factor`` and
        ``death_factor`` hold from ``day`` on. Rows not yet here take it up at their entry.
        """
        rows = rows[self._people.alive[rows]]
        if not rows.size:
            return
        days = np.maximum(self._people.entry_day[rows], day)
        age = np.maximum(
            (days - self._people.birth_day[rows]) / DAYS_PER_YEAR, self._settled_age[rows]
        )
        which, column = np.nonzero(self._people.has[rows] != self._known[rows])
        self._due[rows] = np.where(self._people.diagnosed[rows], np.inf, self._due[rows])
        fresh = self._turned(rows[which], column, days[which])
        self._solve(rows, age, which, column, fresh)

    # ---------------------------------------------------------------- a life begins

    def _begin(self, rows: Integers) -> None:
        """Start the lives of ``rows`` at birth."""
        people, tables = self._people, self._tables
        person, life = people.person[rows], self._life[rows]
        for place, cluster in enumerate(tables.clusters):
            process = f"susceptibility.{cluster}"
            self._scores[rows, place] = self._luck.normals(process, person, life)
        self._clear(rows)
        occurrence = self._keys + (life * _TURNS)[:, None]
        left = self._luck.exponentials("condition", person[:, None], occurrence)
        sex = people.sex[rows]
        likely = hazards.multiplier(
            hazards.susceptibility(self._scores[rows], tables.effects),
            people.has[rows],
            np.zeros(rows.size),
            sex,
            tables.effects,
        )
        left -= tables.at_birth[:, sex, people.imd_quintile[rows] - 1].T * likely
        self._goal[rows, :-1] = left
        self._goal[rows, -1] = self._luck.exponentials("death", person, life)
        self._pace[rows] = 1.0
        which, column = np.nonzero(left <= 0)
        people.has[rows[which], column] = True
        fresh = self._turned(rows[which], column, people.birth_day[rows[which]])
        self._solve(rows, np.zeros(rows.size), which, column, fresh)

    def _clear(self, rows: Integers) -> None:
        people = self._people
        people.alive[rows] = True
        people.death_day[rows] = np.inf
        for facts in (people.has, people.diagnosed, people.controlled, self._known):
            facts[rows] = False
        for days in (people.onset_day, people.diagnosis_day, self._due):
            days[rows] = np.inf
        self._turn[rows] = 0

    # ---------------------------------------------------------------- events

    def _live(self, rows: Integers, until: float | Floats) -> list[HealthEvents]:
        """Let everything happen to ``rows`` that falls before ``until``, round by round.

        People do not act on each other's bodies, so each round takes everyone's next event.
        """
        happened: list[HealthEvents] = []
        limit = np.broadcast_to(until, rows.shape)
        while True:
            due = self._next_day[rows] < limit
            rows, limit = rows[due], limit[due]
            if not rows.size:
                return happened
            happened += self._round(rows)

    def _round(self, rows: Integers) -> list[HealthEvents]:
        column, day = self._next_column[rows], self._next_day[rows]
        happened: list[HealthEvents] = []
        found = np.flatnonzero(column >= self._first_diagnosis)
        if found.size:
            conditions = column[found] - self._first_diagnosis
            happened += self._diagnose(rows[found], conditions, day[found])
        died = np.flatnonzero(column == self._death)
        if died.size:
            happened.append(self._die(rows[died], day[died]))
        moved = np.flatnonzero((column < self._death) | (column == self._change))
        if moved.size:
            happened += self._move(rows[moved], column[moved], day[moved])
        return happened

    def _diagnose(self, rows: Integers, conditions: Integers, day: Floats) -> list[HealthEvents]:
        self._due[rows, conditions] = np.inf
        new = ~self._people.diagnosed[rows, conditions]
        self._choose(rows)
        rows, conditions, day = rows[new], conditions[new], day[new]
        self._people.diagnosed[rows, conditions] = True
        self._people.diagnosis_day[rows, conditions] = day
        return [_events(rows, day, DIAGNOSIS, conditions)] if rows.size else []

    def _die(self, rows: Integers, day: Floats) -> HealthEvents:
        self._people.alive[rows] = False
        self._people.death_day[rows] = day
        self._next_day[rows] = np.inf
        return _events(rows, day, DEATH, NO_CONDITION)

    def _move(self, rows: Integers, column: Integers, day: Floats) -> list[HealthEvents]:
        """Let a condition start or end, or an effect of a condition change with age."""
        turns = np.flatnonzero(column < self._death)
        who, condition, when = rows[turns], column[turns], day[turns]
        has = ~self._people.has[who, condition]
        self._people.has[who, condition] = has
        fresh = self._turned(who, condition, when)
        self._solve(rows, self._hazard_age[rows], turns, condition, fresh)
        kinds = np.where(has, ONSET, REMISSION).astype(np.int8)
        happened = [_events(who, when, kinds, condition)] if who.size else []
        prompt = np.flatnonzero(has & self._prompt[condition])
        if prompt.size:
            happened.append(_events(who[prompt], when[prompt], DIAGNOSIS, condition[prompt]))
        return happened

    def _turned(self, rows: Integers, column: Integers, day: Floats) -> Floats:
        """Note that conditions started or ended; return the luck of their next turns."""
        if not rows.size:
            return np.empty(0)
        people = self._people
        has = people.has[rows, column]
        self._known[rows, column] = has
        self._turn[rows, column] += 1
        key = self._keys[column] + self._life[rows] * _TURNS + self._turn[rows, column]
        person = people.person[rows]
        prompt = has & (self._prompt[column] | people.diagnosed[rows, column])
        people.onset_day[rows, column] = np.where(has, day, np.inf)
        people.diagnosed[rows, column] = prompt
        people.diagnosis_day[rows, column] = np.where(prompt, day, np.inf)
        people.controlled[rows, column] &= has
        self._due[rows, column] = np.inf
        later = np.flatnonzero(has & ~prompt)
        if later.size:
            wait = self._luck.exponentials("diagnosis", person[later], key[later])
            self._await_diagnosis(rows[later], column[later], day[later], wait)
        return self._luck.exponentials("condition", person, key)

    def _await_diagnosis(
        self, rows: Integers, column: Integers, day: Floats, wait: Floats
    ) -> None:
        birth = self._people.birth_day[rows]
        series = column * 2 + self._people.sex[rows]
        level = self._diagnosis.at(series, (day - birth) / DAYS_PER_YEAR) + wait
        age = self._diagnosis.age_when(series, level)
        self._due[rows, column] = np.maximum(birth + age * DAYS_PER_YEAR, day)

    # ---------------------------------------------------------------- hazards

    def _solve(
        self, rows: Integers, age: Floats, which: Integers, column: Integers, fresh: Floats
    ) -> None:
        """Find the next event of ``rows`` from ``age`` on.

        Their ``column`` (of places ``which`` in ``rows``) has just turned and has ``fresh``
        luck; every other hazard keeps what is left of its own, at its new pace.
        """
        has = self._people.has[rows]
        series = np.empty((rows.size, self._n_conditions + 1), np.int64)
        series[:, :-1] = np.arange(self._n_conditions) + self._n_conditions * has
        series[:, -1] = 2 * self._n_conditions
        series *= 2 * _FIFTHS
        series += self._group[rows, None]
        pace, old = self._paces(rows, has, age), self._pace[rows]
        level = self._hazards.at(series, age[:, None])
        goal = self._goal[rows]
        goal = np.where(pace == old, goal, level + (goal - level) * (old / pace))
        goal[which, column] = level[which, column] + fresh / pace[which, column]
        self._goal[rows], self._pace[rows] = goal, pace
        self._settled_age[rows] = age
        ages = self._hazards.age_when(series.ravel(), goal.ravel()).reshape(series.shape)
        first = ages.argmin(axis=1)
        soonest = np.take_along_axis(ages, first[:, None], axis=1)[:, 0]
        change = hazards.next_change(has, age, self._tables.effects)
        self._hazard_age[rows] = np.minimum(np.maximum(soonest, age), change)
        self._hazard_column[rows] = np.where(change < soonest, self._change, first)
        self._choose(rows)

    def _paces(self, rows: Integers, has: Bools, age: Floats) -> Floats:
        """Return how fast each hazard of ``rows`` runs against its table."""
        people, effects = self._people, self._tables.effects
        sex = people.sex[rows]
        log_likely = hazards.susceptibility(self._scores[rows], effects)
        likely = hazards.multiplier(log_likely, has, age, sex, effects)
        likely *= people.onset_factor[rows]
        pace = np.empty((rows.size, self._n_conditions + 1))
        pace[:, :-1] = np.where(has, 1.0, likely)
        pace[:, -1] = hazards.death_ratio(has, sex, effects) * people.death_factor[rows]
        floored: Floats = np.maximum(pace, _LEAST_PACE, out=pace)
        return floored

    def _choose(self, rows: Integers) -> None:
        """Note which comes first for ``rows``: a diagnosis that is due or a hazard."""
        due = self._due[rows]
        found = due.argmin(axis=1)
        found_day = np.take_along_axis(due, found[:, None], axis=1)[:, 0]
        day = self._people.birth_day[rows] + self._hazard_age[rows] * DAYS_PER_YEAR
        diagnosis = found_day <= day
        first = np.where(diagnosis, found_day, day)
        first[first >= self._people.exit_day[rows]] = np.inf
        self._next_day[rows] = first
        self._next_column[rows] = np.where(
            diagnosis, found + self._first_diagnosis, self._hazard_column[rows]
        )


def _processes(tables: DiseaseTables) -> IntegratedHazards:
    """Return one series per process, sex and fifth: onsets, then remissions, then death."""
    ages = tables.onset.shape[1]
    onset = tables.onset.transpose(0, 2, 3, 1).reshape(-1, ages)
    remission = np.repeat(tables.remission.transpose(0, 2, 1).reshape(-1, ages), _FIFTHS, axis=0)
    death = tables.death.transpose(1, 2, 0).reshape(-1, ages)
    return IntegratedHazards(np.concatenate([onset, remission, death]))
