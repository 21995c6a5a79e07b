"""Everyone's hazards as clocks: how much is left of each and which strikes next.

A person has one clock per condition (its onset while absent, its remission while present)
and one for death. A clock strikes when its integrated hazard reaches its goal. Between two
events of a person nothing that multiplies the hazards changes, so the age of the next
strike is solved from integrated tables at once and birthdays need no work.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents import hazards
from agents.disease_tables import DiseaseTables
from agents.integrated import IntegratedHazards
from agents.population import Population
from agents.risk_factors import CLASS, UNKNOWN

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_LEAST_PACE = 1e-12  # a hazard that care has stopped keeps the luck it has left
_FIFTHS = 5


class Clocks:
    """The clocks of a population.

    Attributes
    ----------
    scores : (n, n_clusters) normal scores of susceptibility
    goal : (n, n_conditions + 1) level of the integrated table at which each clock strikes
    pace : (n, n_conditions + 1) multiplier of each clock's hazard since it was last settled
    settled_age : (n,) age at which the clocks were last settled
    next_age : (n,) age of the next strike, or of the next change of an effect with age
    next_column : (n,) condition that strikes; ``death`` or ``change`` otherwise
    horizon : (n,) age beyond which no strike is looked for, or None

    Clocks ``like`` others share their integrated hazards, which take some time to make.
    """

    def __init__(
        self, people: Population, tables: DiseaseTables, like: Clocks | None = None
    ) -> None:
        count, conditions = people.has.shape
        self.death, self.change = conditions, conditions + 1
        self._people = people
        self._effects = tables.effects
        self._changes = hazards.changes(tables.effects)
        self._hazards: IntegratedHazards = like._hazards if like else _processes(tables)
        groups, classes = 2 * _FIFTHS, _classes(tables)
        self._group = people.sex.astype(np.int64) * _FIFTHS + people.imd_quintile - 1
        unknown = np.full(count, UNKNOWN)
        known = people.extra.get(CLASS, unknown) if classes > 1 else unknown
        self._group_and_class = known.astype(np.int64) * groups + self._group
        remission = conditions * classes * groups
        self._onsets = np.arange(conditions) * (classes * groups)
        self._remissions = remission + np.arange(conditions) * groups
        self._death = remission + conditions * groups
        self._ethnic = _log_ethnic(people, tables)
        self.scores = np.zeros((count, len(tables.clusters)))
        self.goal = np.full((count, conditions + 1), np.inf)
        self.pace = np.ones((count, conditions + 1))
        self.settled_age = np.zeros(count)
        self.next_age = np.full(count, np.inf)
        self.next_column = np.zeros(count, np.int64)
        self.horizon: Floats | None = None

    def alike_together(self) -> Integers:
        """Return every row, people of one sex, fifth and class after the other.

        They run on the same hazards, so living them together keeps those in the cache.
        """
        return np.argsort(self._group_and_class, kind="stable")

    def multipliers(self, rows: Integers, has: Bools, age: Floats) -> Floats:
        """Return what multiplies the base hazard of onset, apart from care."""
        likely = hazards.susceptibility(self.scores[rows], self._effects)
        if self._ethnic is not None:
            likely += self._ethnic[self._people.ethnicity[rows]]
        return hazards.multiplier(likely, has, age, self._people.sex[rows], self._effects)

    def least_death(self, rows: Integers, age: Floats) -> Floats:
        """Return the least hazard of death that anyone spends until ``age``."""
        least = np.minimum(self._effects.log_death_ratio, 0.0).sum(axis=1).min()
        series = self._death + self._group[rows]
        spent: Floats = self._hazards.at(series, age) * np.exp(least)
        return spent

    def start(self, rows: Integers, left: Floats) -> None:
        """Set the clocks of the newborn: ``left`` is the hazard until each strikes."""
        self.goal[rows] = left
        self.pace[rows] = 1.0

    def settle(
        self, rows: Integers, age: Floats, which: Integers, column: Integers, fresh: Floats
    ) -> None:
        """Find the next strike of ``rows`` from ``age`` on.

        The conditions ``column`` (of places ``which`` in ``rows``) have just started or
        ended and have ``fresh`` luck; every other clock keeps what is left of its own, at
        its new pace, and a clock whose pace is as it was is not touched at all.
        """
        has = self._people.has[rows]
        series = self._running(rows, has)
        pace, goal = self._paces(rows, has, age), self.goal[rows]
        self._hazards.carry_over(series, goal, self.pace[rows] / pace, age)
        level = self._hazards.at(series[which, column], age[which])
        goal[which, column] = level + fresh / pace[which, column]
        self.goal[rows], self.pace[rows] = goal, pace
        self._find_next(rows, has, series, goal, age)

    def look_ahead(self, rows: Integers, age: Floats) -> None:
        """Find the next strike of ``rows`` beyond the horizon that held until ``age``."""
        has = self._people.has[rows]
        self._find_next(rows, has, self._running(rows, has), self.goal[rows], age)

    def _running(self, rows: Integers, has: Bools) -> Integers:
        """Return which integrated hazard each clock of ``rows`` runs on."""
        group = self._group[rows]
        series = np.empty((rows.size, self.death + 1), np.int64)
        np.add(self._onsets, self._group_and_class[rows, None], out=series[:, :-1])
        which, column = np.nonzero(has)
        series[which, column] = self._remissions[column] + group[which]
        series[:, -1] = self._death + group
        return series

    def _find_next(
        self, rows: Integers, has: Bools, series: Integers, goal: Floats, age: Floats
    ) -> None:
        self.settled_age[rows] = age
        until = np.full(len(rows), np.inf) if self.horizon is None else self.horizon[rows]
        soonest, first = self._hazards.first(series, goal, until)
        change = hazards.next_change(has, age, self._changes)
        sooner = change < soonest
        self.next_age[rows] = np.where(sooner, change, np.maximum(soonest, age))
        self.next_column[rows] = np.where(sooner, self.change, first)

    def _paces(self, rows: Integers, has: Bools, age: Floats) -> Floats:
        """Return how fast each clock of ``rows`` runs against its table."""
        people = self._people
        pace = np.empty((rows.size, self.death + 1))
        np.multiply(self.multipliers(rows, has, age), people.onset_factor[rows], out=pace[:, :-1])
        pace[:, :-1][has] = 1.0
        ratio = hazards.death_ratio(has, people.sex[rows], self._effects)
        pace[:, -1] = ratio * people.death_factor[rows]
        floored: Floats = np.maximum(pace, _LEAST_PACE, out=pace)
        return floored


def _processes(tables: DiseaseTables) -> IntegratedHazards:
    """Return one series per process, sex and fifth: onsets, then remissions, then death.

    Onsets have one for every lasting class as well.
    """
    ages = tables.onset.shape[1]
    onset = tables.onset.transpose(0, 2, 3, 1)[:, None]
    if tables.risks is not None:
        onset = onset * tables.risks.with_unknown
    onset = onset.reshape(-1, ages)
    remission = np.repeat(tables.remission.transpose(0, 2, 1).reshape(-1, ages), _FIFTHS, axis=0)
    death = tables.death.transpose(1, 2, 0).reshape(-1, ages)
    return IntegratedHazards(np.concatenate([onset, remission, death]))


def _classes(tables: DiseaseTables) -> int:
    """Return how many lasting classes the tables tell apart, the unknown included."""
    return 1 if tables.risks is None else 1 + tables.risks.ratio.shape[3]


def _log_ethnic(people: Population, tables: DiseaseTables) -> Floats | None:
    """Return log ratios by ethnic group of the population, None where there are none."""
    if tables.risks is None:
        return None
    logs = tables.risks.log_ethnic_of(people.ethnic_groups)
    return logs if logs.any() else None
