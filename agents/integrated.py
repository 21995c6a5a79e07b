"""Hazards that depend on age, integrated over age and solved for age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

OLDEST = 130  # the last published rate holds on until this age, which nobody reaches


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
        self._stride = OLDEST + 1
        self._rates = yearly.ravel()
        self._levels = levels.ravel()
        self._total = levels[:, -1].copy()
        # Each series is scaled onto its own unit interval, so that one sorted array holds all.
        self._scale = 1.0 / np.where(self._total > 0, self._total, 1.0)
        scaled = levels * self._scale[:, None] + np.arange(series)[:, None]
        self._scaled = scaled.ravel()

    def at(self, series: Integers, age: Floats) -> Floats:
        """Return the hazard of ``series`` integrated from birth to ``age`` (years)."""
        year = age.astype(np.int64)
        np.minimum(year, OLDEST, out=year)
        place = series * self._stride + year
        levels: Floats = self._rates[place]
        levels *= age - year
        levels += self._levels[place]
        return levels

    def age_when(self, series: Integers, level: Floats, below: Floats | None = None) -> Floats:
        """Return the age at which ``series`` reaches ``level``, infinite where it never does.

        The inverse of ``at``; ``series`` and ``level`` have the same shape. Where ``below``
        is given, levels from there on count as never reached, which saves their solution.
        """
        # Series by series (columns of a table of people), so that what is searched stays near.
        ages = np.full(level.T.shape, np.inf)
        within = (level < (self._total[series] if below is None else below)).T.nonzero()
        some, wanted = series.T[within], level.T[within]
        place = self._scaled.searchsorted(wanted * self._scale[some] + some, side="right")
        place -= 1
        # A level within rounding of a year's end may be placed a year too far: pull it back.
        part = (wanted - self._levels[place]) / np.maximum(self._rates[place], 1e-300)
        np.minimum(part, 1.0, out=part)
        np.maximum(part, 0.0, out=part)
        ages[within] = place - some * self._stride + part
        return ages.T
