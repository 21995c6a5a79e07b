"""Death rates by single year of age, sex and fifth of deprivation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.population import SEXES
from calibration.prevalence import AGES
from calibration.sources import rows_with_figures

Floats = npt.NDArray[np.float64]


def death_rates(evidence: Evidence) -> Floats:
    """Return deaths per person-year, (AGES, 2, 5).

    The published rate of each five-year band and fifth, spread over single years in the
    shape of the national life table, weighted by its survivors.
    """
    shape = _national(evidence)
    survivors = np.exp(-np.cumsum(shape, axis=0) + shape / 2)
    rates = np.zeros((AGES, 2, 5))
    for row, figure in rows_with_figures(evidence, "mortality", measure="death_rate"):
        years = slice(int(row["age_low"]), min(int(row["age_high"]), AGES - 1) + 1)
        sex = SEXES.index(row["sex"])
        usual = np.average(shape[years, sex], weights=survivors[years, sex])
        rates[years, sex, int(row["imd_quintile"]) - 1] = shape[years, sex] * figure.value / usual
    return rates


def _national(evidence: Evidence) -> Floats:
    """Return national death rates (AGES, 2); beyond the published ages the last holds on."""
    rates = np.zeros((AGES, 2))
    rows = rows_with_figures(evidence, "mortality", measure="qx_annual", imd_quintile="all")
    for row, figure in rows:
        age = int(row["age_low"])
        rates[age:, SEXES.index(row["sex"])] = -np.log1p(-figure.value)
    return rates


def life_expectancy(rates: Floats) -> Floats:
    """Return years of life expected at birth under ``rates`` (n_ages, …), with the last held on."""
    alive_at = np.exp(-np.cumsum(rates, axis=0))
    alive_at = np.concatenate([np.ones_like(alive_at[:1]), alive_at])
    lived: Floats = (-np.diff(alive_at, axis=0) / rates).sum(axis=0)
    total: Floats = lived + alive_at[-1] / rates[-1]
    return total
