"""When a condition that is present will be known to the practice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.integrated import IntegratedHazards
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

DELAY = "diagnosis_delay"  # column of Population.extra: what multiplies each person's delay


class Diagnoses:
    """The diagnoses that are on their way.

    Attributes
    ----------
    prompt : (n_conditions,) the condition is diagnosed at its onset
    due : (n, n_conditions) day on which a hidden condition will be found, else infinite
    """

    def __init__(self, people: Population, tables: DiseaseTables, luck: Luck) -> None:
        self._people = people
        self._luck = luck
        waits = np.isfinite(tables.diagnosis)
        self.prompt: Bools = np.logical_not(waits.all(axis=(1, 2)))
        by_sex = np.where(waits, tables.diagnosis, 0.0).transpose(0, 2, 1)
        self._hazards = IntegratedHazards(by_sex.reshape(2 * by_sex.shape[0], -1))
        self.due = np.full(people.has.shape, np.inf)
        delay = people.extra.get(DELAY)
        self._delay = None if delay is None else delay.astype(np.float64)

    def forget(self, rows: Integers) -> None:
        """Clear what an earlier life of ``rows`` left."""
        self.due[rows] = np.inf

    def already_made(self, rows: Integers) -> None:
        """Take up that care may have diagnosed conditions of ``rows``."""
        self.due[rows] = np.where(self._people.diagnosed[rows], np.inf, self.due[rows])

    def note(self, rows: Integers, column: Integers, day: Floats, key: Integers) -> None:
        """Take up that conditions ``column`` of ``rows`` started or ended on ``day``.

        One that starts is found at once, or waits for its diagnosis under the luck of ``key``.
        """
        people = self._people
        has = people.has[rows, column]
        known = has & (self.prompt[column] | people.diagnosed[rows, column])
        people.diagnosed[rows, column] = known
        people.diagnosis_day[rows, column] = np.where(known, day, np.inf)
        self.due[rows, column] = np.inf
        hidden = (has & ~known).nonzero()[0]
        if hidden.size:
            self._await(rows[hidden], column[hidden], day[hidden], key[hidden])

    def _await(self, rows: Integers, column: Integers, day: Floats, key: Integers) -> None:
        birth = self._people.birth_day[rows]
        wait = self._luck.exponentials("diagnosis", self._people.person[rows], key)
        if self._delay is not None:
            wait *= self._delay[rows]
        series = column * 2 + self._people.sex[rows]
        level = self._hazards.at(series, (day - birth) / DAYS_PER_YEAR)
        age = self._hazards.age_when(series, level + wait)
        self.due[rows, column] = np.maximum(birth + age * DAYS_PER_YEAR, day)

    def first(self, rows: Integers) -> tuple[Integers, Floats]:
        """Return the condition of each of ``rows`` that is found first, and the day."""
        due = self.due[rows]
        condition = due.argmin(axis=1)
        return condition, due[np.arange(rows.size), condition]

    def make(self, rows: Integers, conditions: Integers, day: Floats) -> Bools:
        """Diagnose ``conditions`` of ``rows``; return which were not known already."""
        self.due[rows, conditions] = np.inf
        new: Bools = ~self._people.diagnosed[rows, conditions]
        self._people.diagnosed[rows, conditions] = True
        self._people.diagnosis_day[rows[new], conditions[new]] = day[new]
        return new
