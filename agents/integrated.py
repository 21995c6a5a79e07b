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
        self._rates = yearly.ravel()
        self._levels = levels.ravel()
        self._total = levels[:, -1].copy()
        # Each series is scaled onto its own unit interval, so that one sorted array holds all.
        self._scale = 1.0 / np.where(self._total > 0, self._total, 1.0)
        scaled = levels * self._scale[:, None] + np.arange(series)[:, None]
        self._scaled = scaled.ravel()

    def at(self, series: Integers, age: Floats) -> Floats:
        """Return the hazard of ``series`` integrated from birth to ``age`` (years)."""
        shape = np.broadcast_shapes(series.shape, age.shape)
        series, age = np.broadcast_to(series, shape), np.broadcast_to(age, shape)
        levels = _at(self._rates, self._levels, series.ravel(), age.ravel())
        return levels.reshape(shape)

    def age_when(self, series: Integers, level: Floats, below: Floats | None = None) -> Floats:
        """Return the age at which ``series`` reaches ``level``, infinite where it never does.

        The inverse of ``at``; ``series`` and ``level`` have the same shape. Where ``below``
        is given, levels from there on count as never reached, which saves their solution.
        """
        if below is None:
            below = self._total[series]
        tables = self._rates, self._levels, self._scaled, self._scale
        ages = _age_when(tables, series.ravel(), level.ravel(), below.ravel())
        return ages.reshape(level.shape)


@compiled
def _at(rates: Floats, levels: Floats, series: Integers, age: Floats) -> Floats:
    found = np.empty(len(age))
    for i in range(len(age)):
        year = min(int(age[i]), OLDEST)
        place = series[i] * _STRIDE + year
        found[i] = rates[place] * (age[i] - year) + levels[place]
    return found


@compiled
def _age_when(
    tables: tuple[Floats, Floats, Floats, Floats], series: Integers, level: Floats, below: Floats
) -> Floats:
    rates, levels, scaled, scale = tables
    ages = np.full(len(level), np.inf)
    for i in range(len(level)):
        if not level[i] < below[i]:
            continue
        begin = series[i] * _STRIDE
        wanted = level[i] * scale[series[i]] + series[i]
        low, high = begin, begin + _STRIDE  # the last year whose level is not above is between
        while low < high:
            middle = (low + high) // 2
            if scaled[middle] <= wanted:
                low = middle + 1
            else:
                high = middle
        place = max(low - 1, begin)
        # A level within rounding of a year's end may be placed a year too far: pull it back.
        part = (level[i] - levels[place]) / max(rates[place], 1e-300)
        ages[i] = place - begin + max(min(part, 1.0), 0.0)
    return ages
