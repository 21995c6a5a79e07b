"""Onset, diagnosis, remission and death of everyone, each at its exact day.

Every person carries, for each condition and for death, how much integrated hazard is left
until its next turn (see ``clocks``). A lower hazard delays its own event and moves nobody
else's luck.
"""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agents import hazards
from agents import health_events as events
from agents.clocks import Clocks
from agents.diagnoses import DELAY, Diagnoses
from agents.disease_tables import DiseaseTables
from agents.health_events import HealthEvents
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from agents.risk_factors import CLASS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_BLOCK = 1 << 13  # people lived together to their entry: their arrays stay in the cache
_LIVES, _TURNS = 1 << 18, 1 << 10


class Health:
    """The conditions and deaths of a population.

    Parameters
    ----------
    population : its columns are kept up to date
    tables : base hazards, for the same conditions as the population
    luck : of the replication
    like : the health of others under the same tables, if there is one, to share its making

    Raises
    ------
    ValueError
        If the tables are for other conditions than the population's.
    """

    def __init__(
        self,
        population: Population,
        tables: DiseaseTables,
        luck: Luck,
        like: Health | None = None,
    ) -> None:
        if tables.conditions != population.conditions:
            raise ValueError(
                f"the tables are for {', '.join(tables.conditions)} but the population has "
                f"{', '.join(population.conditions)}; derive tables for its conditions"
            )
        self._people = population
        self._tables = tables
        self._luck = luck
        self._clocks: Clocks = Clocks(population, tables, like._clocks if like else None)
        self._first_diagnosis = self._clocks.change + 1
        self._diagnoses = Diagnoses(population, tables, luck)
        names = [zlib.crc32(key.encode()) for key in tables.conditions]
        self._keys: Integers = np.array(names, np.int64) * (_LIVES * _TURNS)
        shape = population.has.shape
        self._turn = np.zeros(shape, np.uint8)
        self._known: Bools = np.zeros(shape, np.bool_)
        self._life = np.zeros(shape[0], np.int64)
        self._next_day = np.full(shape[0], np.inf)
        self._next_column = np.zeros(shape[0], np.int64)
        self.refreshed = False  # since ``advance`` was last called

    @property
    def scores(self) -> Floats:
        """Normal scores of susceptibility, (n, n_clusters), in the order of the tables."""
        return self._clocks.scores

    def live_to_entry(self, until: float = np.inf) -> None:
        """Live everyone from birth to the day they are first here, redrawn until alive.

        Today's residents become people of their age with the conditions, diagnoses and
        remaining luck that such a life leaves. Call it once, before ``advance``, which never
        is to be asked for more than the day ``until``: what falls later is not looked for.

        Raises
        ------
        ValueError
            If people have an age that hardly any life reaches.
        """
        age = self._people.age_at_entry()
        everyone = self._clocks.alike_together()
        self._clocks.horizon = age
        for rows in _blocks(everyone):
            self._live_from_birth(rows)
        dead = everyone[~self._people.alive[everyone]]
        while dead.size:
            for rows in _blocks(dead):
                self._redraw(rows)
            dead = dead[~self._people.alive[dead]]
        last = np.minimum(self._people.exit_day, until)
        self._clocks.horizon = (last - self._people.birth_day) / DAYS_PER_YEAR
        for rows in _blocks(everyone):
            self._clocks.look_ahead(rows, age[rows])
            self._choose(rows)

    def advance(self, until: float) -> HealthEvents:
        """Let everything happen that falls before the day ``until``; return it in time order."""
        self.refreshed = False
        due = (self._next_day < until).nonzero()[0]
        if not due.size:
            return events.NOTHING
        return events.in_time_order(self._live(due, np.full(due.size, until)))

    def refresh(self, rows: Integers, day: float) -> None:
        """Take up what care changed for ``rows`` on ``day``.

        The hazard spent until then counts at its old pace. A condition that care gave,
        ended or diagnosed (``has``, ``diagnosed``) is taken over; ``onset_factor`` and
        ``death_factor`` hold from ``day`` on. Rows not yet here take it up at their entry.
        """
        people = self._people
        rows = rows[people.alive[rows] & np.isinf(people.death_day[rows])]
        if not rows.size:
            return
        self.refreshed = True
        days = np.maximum(people.entry_day[rows], day)
        age = (days - people.birth_day[rows]) / DAYS_PER_YEAR
        np.maximum(age, self._clocks.settled_age[rows], out=age)
        self._diagnoses.already_made(rows)
        which, column = np.nonzero(people.has[rows] != self._known[rows])
        fresh = self._turned(rows[which], column, days[which])
        self._clocks.settle(rows, age, which, column, fresh)
        self._choose(rows)

    # ---------------------------------------------------------------- a life until entry

    def _live_from_birth(self, rows: Integers) -> None:
        """Live the next life of ``rows`` from birth to their entry, or to death before it."""
        people, clocks = self._people, self._clocks
        age = people.age_at_entry(rows)
        death = self._luck.exponentials("death", people.person[rows], self._life[rows])
        lasting = death >= clocks.least_death(rows, age)
        people.alive[rows] = False  # the others die before their entry, however healthy
        self._be_born(rows[lasting], death[lasting])
        self._live(rows[lasting], people.entry_day[rows[lasting]])

    def _be_born(self, rows: Integers, death: Floats) -> None:
        """Start a life of ``rows``, with the conditions of birth and luck for the others."""
        people, tables, clocks = self._people, self._tables, self._clocks
        person, life = people.person[rows], self._life[rows]
        self._forget(rows)
        for place, cluster in enumerate(tables.clusters):
            scores = self._luck.normals(f"susceptibility.{cluster}", person, life)
            clocks.scores[rows, place] = hazards.exact(scores)
        born = np.zeros(rows.size)
        occurrence = self._keys + (life * _TURNS)[:, None]
        left = np.empty((rows.size, occurrence.shape[1] + 1))
        left[:, :-1] = self._luck.exponentials("condition", person[:, None], occurrence)
        left[:, -1] = death
        spent = tables.at_birth[:, people.sex[rows], people.imd_quintile[rows] - 1].T
        left[:, :-1] -= spent * clocks.multipliers(rows, people.has[rows], born)
        clocks.start(rows, left)
        which, column = np.nonzero(left <= 0)
        people.has[rows[which], column] = True
        fresh = self._turned(rows[which], column, people.birth_day[rows[which]])
        clocks.settle(rows, born, which, column, fresh)
        self._choose(rows)

    def _forget(self, rows: Integers) -> None:
        """Clear what an earlier life of ``rows`` left."""
        people = self._people
        people.alive[rows] = True
        people.death_day[rows] = np.inf
        for facts in (people.has, people.diagnosed, people.controlled, self._known):
            facts[rows] = False
        for days in (people.onset_day, people.diagnosis_day):
            days[rows] = np.inf
        self._turn[rows] = 0
        self._diagnoses.forget(rows)

    def _redraw(self, rows: Integers) -> None:
        """Live further lives of ``rows`` side by side; each takes its first that lasts.

        The more lives have failed, the more are lived at once: few live to a great age.
        """
        failed = int(self._life[rows].max()) + 1
        copies = max(1, min(_BLOCK // rows.size, failed // 2))
        if failed + copies > _LIVES:
            oldest = self._people.age_at_entry(rows).max()
            raise ValueError(
                f"none of {failed} lives lasts to age {oldest:.0f}; give people ages that "
                "the death rates let someone reach"
            )
        lives = np.repeat(rows, copies)
        trial = Health(_part_of(self._people, lives), self._tables, self._luck, self)
        trial._life = self._life[lives] + 1 + np.tile(np.arange(copies), rows.size)
        trial._clocks.horizon = trial._people.age_at_entry()
        trial._live_from_birth(np.arange(lives.size))
        lasts = trial._people.alive.reshape(rows.size, copies)
        first = np.where(lasts.any(axis=1), lasts.argmax(axis=1), copies - 1)
        chosen = np.arange(rows.size) * copies + first
        for mine, theirs in zip(self._columns(), trial._columns(), strict=True):
            mine[rows] = theirs[chosen]

    def _columns(self) -> tuple[npt.NDArray[np.generic], ...]:
        """Return every array that living changes."""
        people, clocks = self._people, self._clocks
        return (
            *(people.has, people.diagnosed, people.onset_day, people.diagnosis_day),
            *(people.controlled, people.alive, people.death_day),
            *(clocks.scores, clocks.goal, clocks.pace, clocks.settled_age),
            *(clocks.next_age, clocks.next_column),
            *(self._diagnoses.due, self._turn, self._known, self._life),
            *(self._next_day, self._next_column),
        )

    # ---------------------------------------------------------------- events

    def _live(self, rows: Integers, until: Floats) -> list[HealthEvents]:
        """Let everything happen to ``rows`` that falls before ``until``, round by round.

        People do not act on each other's bodies, so each round takes everyone's next event.
        """
        happened: list[HealthEvents] = []
        while True:
            due = (self._next_day[rows] < until).nonzero()[0]
            if not due.size:
                return happened
            rows, until = rows[due], until[due]
            happened += self._round(rows)

    def _round(self, rows: Integers) -> list[HealthEvents]:
        column, day = self._next_column[rows], self._next_day[rows]
        happened: list[HealthEvents] = []
        found = (column >= self._first_diagnosis).nonzero()[0]
        if found.size:
            conditions = column[found] - self._first_diagnosis
            happened.append(self._diagnose(rows[found], conditions, day[found]))
        died = (column == self._clocks.death).nonzero()[0]
        if died.size:
            happened.append(self._die(rows[died], day[died]))
        moved = ((column < self._clocks.death) | (column == self._clocks.change)).nonzero()[0]
        if moved.size:
            happened += self._move(rows[moved], column[moved], day[moved])
        return happened

    def _diagnose(self, rows: Integers, conditions: Integers, day: Floats) -> HealthEvents:
        new = self._diagnoses.make(rows, conditions, day)
        self._choose(rows)
        return events.of_kind(events.DIAGNOSIS, rows[new], day[new], conditions[new])

    def _die(self, rows: Integers, day: Floats) -> HealthEvents:
        self._people.alive[rows] = False
        self._people.death_day[rows] = day
        self._next_day[rows] = np.inf
        return events.deaths(rows, day)

    def _move(self, rows: Integers, column: Integers, day: Floats) -> list[HealthEvents]:
        """Let a condition start or end, or an effect of a condition change with age."""
        turns = (column < self._clocks.death).nonzero()[0]
        who, condition, when = rows[turns], column[turns], day[turns]
        has = ~self._people.has[who, condition]
        self._people.has[who, condition] = has
        fresh = self._turned(who, condition, when)
        self._clocks.settle(rows, self._clocks.next_age[rows], turns, condition, fresh)
        self._choose(rows)
        kinds = np.where(has, events.ONSET, events.REMISSION).astype(np.int8)
        happened = [HealthEvents(who, when, kinds, condition)]
        prompt = has & self._diagnoses.prompt[condition]
        if prompt.any():
            told = who[prompt], when[prompt], condition[prompt]
            happened.append(events.of_kind(events.DIAGNOSIS, *told))
        return happened

    def _turned(self, rows: Integers, column: Integers, day: Floats) -> Floats:
        """Note that conditions started or ended; return the luck of their next turns."""
        if not rows.size:
            return day
        people = self._people
        has = people.has[rows, column]
        self._known[rows, column] = has
        self._turn[rows, column] += 1
        key = self._keys[column] + self._life[rows] * _TURNS + self._turn[rows, column]
        people.onset_day[rows, column] = np.where(has, day, np.inf)
        people.controlled[rows, column] &= has
        self._diagnoses.note(rows, column, day, key)
        return self._luck.exponentials("condition", people.person[rows], key)

    def _choose(self, rows: Integers) -> None:
        """Note which comes first for ``rows``: a diagnosis that is due or a clock's strike."""
        found, found_day = self._diagnoses.first(rows)
        day = self._people.birth_day[rows] + self._clocks.next_age[rows] * DAYS_PER_YEAR
        diagnosis = found_day <= day
        day[diagnosis] = found_day[diagnosis]
        day[day >= self._people.exit_day[rows]] = np.inf
        self._next_day[rows] = day
        self._next_column[rows] = np.where(
            diagnosis, found + self._first_diagnosis, self._clocks.next_column[rows]
        )


def _blocks(rows: Integers) -> list[Integers]:
    return [rows[first : first + _BLOCK] for first in range(0, rows.size, _BLOCK)]


def _part_of(people: Population, rows: Integers) -> Population:
    """Return a copy of ``rows`` of a population, one row for each, repeated where asked."""
    columns: dict[str, Any] = {
        part.name: value[rows]
        for part in fields(people)
        if isinstance(value := getattr(people, part.name), np.ndarray)
    }
    known = {name: people.extra[name][rows] for name in (CLASS, DELAY) if name in people.extra}
    return replace(people, **columns, extra=known)
