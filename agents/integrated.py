"""Hazards that depend on age, integrated over age and solved for age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class IntegratedHazards:
    """Integrated hazards that are constant within each year of age.

    Parameters
    ----------
    rates : (n_series, n_ages) hazard per year at each whole year of age; the last holds on
    """

    def __init__(self, rates: Floats) -> None:
        series, self._ages = rates.shape
        self._rates = np.ascontiguousarray(rates, dtype=np.float64).ravel()
        levels = np.zeros((series, self._ages + 1))
        np.cumsum(rates, axis=1, out=levels[:, 1:])
        self._levels = np.ascontiguousarray(levels[:, :-1]).ravel()
        self._total = levels[:, -2].copy()
        # Each series is scaled onto its own unit interval, so that one sorted array holds all.
        scale = np.where(self._total > 0, self._total, 1.0)
        self._scale = 1.0 / scale
        scaled = levels[:, :-1] * self._scale[:, None] + np.arange(series)[:, None]
        self._scaled = scaled.ravel()

    def at(self, series: Integers, age: Floats) -> Floats:
        """Return the hazard of ``series`` integrated from birth to ``age`` (years)."""
        year = np.minimum(age.astype(np.int64), self._ages - 1)
        place = series * self._ages + year
        levels: Floats = self._levels[place] + (age - year) * self._rates[place]
        return levels

    def age_when(self, series: Integers, level: Floats) -> Floats:
        """Return the age at which ``series`` reaches ``level``, infinite where it never does.

        The inverse of ``at``; ``series`` and ``level`` are flat arrays of the same length.
        """
        ages = np.full(level.shape, np.inf)
        total = self._total[series]
        within = np.flatnonzero(level < total)
        if within.size:
            ages[within] = self._solved(series[within], level[within])
        last = series * self._ages + self._ages - 1
        beyond = np.flatnonzero((level >= total) & np.isfinite(level) & (self._rates[last] > 0))
        if beyond.size:
            excess = (level[beyond] - total[beyond]) / self._rates[last[beyond]]
            ages[beyond] = self._ages - 1 + excess
        return ages

    def _solved(self, series: Integers, level: Floats) -> Floats:
        sought = level * self._scale[series] + series
        place = np.searchsorted(self._scaled, sought, side="right") - 1
        first = series * self._ages
        place = np.clip(place, first, first + self._ages - 2)
        part = (level - self._levels[place]) / self._rates[place]
        ages: Floats = place - first + np.clip(part, 0.0, 1.0)
        return ages
