"""Hazards that depend on age, integrated over age and solved for age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

OLDEST = 130  # the last published rate holds on until this age, which nobody reaches
_STRIDE = OLDEST + 1  # ages of a series


class IntegratedHazards:
    """Integrated hazards that are constant within each year of age.

    Parameters
    ----------
    rates : (n_series, n_ages) hazard per year at each whole year of age; the last holds on
    """

    def __init__(self, rates: Floats) -> None:
        series, known = rates.shape
        held = np.repeat(rates[:, -1:], OLDEST - known, axis=1)
        yearly = np.concatenate([rates, held, np.zeros((series, 1))], axis=1)
        levels = np.zeros_like(yearly)
        np.cumsum(yearly[:, :-1], axis=1, out=levels[:, 1:])
        self._tables = yearly.ravel(), levels.ravel()
        self._total = levels[:, -1].copy()

    def at(self, series: Integers, age: Floats) -> Floats:
        """Return the hazard of ``series`` integrated from birth to ``age`` (years)."""
        return _levels(self._tables, series, age)

    def age_when(self, series: Integers, level: Floats) -> Floats:
        """Return the age at which ``series`` reaches ``level``, infinite where it never does.

        The inverse of ``at``; ``series`` and ``level`` have the same shape.
        """
        ages = _ages(self._tables, series.ravel(), level.ravel(), self._total)
        return ages.reshape(level.shape)

    def carry_over(self, series: Integers, goal: Floats, ratio: Floats, age: Floats) -> None:
        """Let what is left to each goal count ``ratio`` times from ``age`` on, in place.

        ``series``, ``goal`` and ``ratio`` are (n, clocks), ``age`` (n,). Goals whose ratio is
        one are not touched at all.
        """
        _carry_over(self._tables, series, goal, ratio, age)

    def first(self, series: Integers, goal: Floats, until: Floats) -> tuple[Floats, Integers]:
        """Return the age at which the first of each row's goals is reached, and which it is.

        Infinite where none is before the age ``until`` (n,). ``series`` and ``goal`` are
        (n, clocks).
        """
        return _first(self._tables, series, goal, until, self._total)


# Rates and integrated levels of every series, one after the other.
Tables = tuple[Floats, Floats]


@compiled
def _level(tables: Tables, series: int, age: float) -> float:
    rates, levels = tables
    year = min(int(age), OLDEST)
    place = series * _STRIDE + year
    level: float = rates[place] * (age - year) + levels[place]
    return level


@compiled
def _age(tables: Tables, series: int, level: float) -> float:
    """Return when a series reaches ``level``, which is below its total."""
    rates, levels = tables
    begin = series * _STRIDE
    low, high = begin, begin + OLDEST  # the year in which it does so is from low to below high
    while high - low > 1:
        middle = (low + high) // 2
        if levels[middle] <= level:
            low = middle
        else:
            high = middle
    age: float = low - begin + max(level - levels[low], 0.0) / max(rates[low], 1e-300)
    return age


@compiled
def _levels(tables: Tables, series: Integers, age: Floats) -> Floats:
    found = np.empty(len(series))
    for i in range(len(series)):
        found[i] = _level(tables, series[i], age[i])
    return found


@compiled
def _ages(tables: Tables, series: Integers, level: Floats, total: Floats) -> Floats:
    ages = np.full(len(level), np.inf)
    for i in range(len(level)):
        if level[i] < total[series[i]]:
            ages[i] = _age(tables, series[i], level[i])
    return ages


@compiled
def _carry_over(tables: Tables, series: Integers, goal: Floats, ratio: Floats, age: Floats) -> None:
    for i in range(len(age)):
        for clock in range(goal.shape[1]):
            if ratio[i, clock] != 1.0:
                level = _level(tables, series[i, clock], age[i])
                goal[i, clock] = level + (goal[i, clock] - level) * ratio[i, clock]


@compiled
def _first(
    tables: Tables, series: Integers, goal: Floats, until: Floats, total: Floats
) -> tuple[Floats, Integers]:
    soonest, which = np.full(len(goal), np.inf), np.zeros(len(goal), np.int64)
    for i in range(len(goal)):
        last = min(until[i], OLDEST)
        for clock in range(goal.shape[1]):
            number = series[i, clock]
            if goal[i, clock] < min(_level(tables, number, last), total[number]):
                age = _age(tables, number, goal[i, clock])
                if age < soonest[i]:
                    soonest[i], which[i] = age, clock
    return soonest, which
