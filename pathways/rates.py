"""How often people use each service: rates as tables over small groups of people.

Every rate of ``baseline_demand.csv`` is log-linear in the number of conditions, age band,
deprivation (times its weight at that age), frailty and, for the practice, sex by age. All
combinations make 1,400 cells, so a person's rate is one look-up instead of an exponential.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammainccinv, gammaincinv, ndtr

from agents.compiled import compiled
from agents.evidence import Evidence
from agents.population import FRAILTY, SEXES

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TABLE = "baseline_demand"
AGE_BANDS = ("0-4", "5-15", "16-44", "45-64", "65-74", "75-84", "85+")
AGE_EDGES = np.array([5.0, 16.0, 45.0, 65.0, 75.0, 85.0])
LTC_GROUPS = ("0", "1", "2", "3", "4+")
IMD_LEVELS = ("1", "2", "3", "4", "5")
SHAPE = (len(LTC_GROUPS), len(AGE_BANDS), len(IMD_LEVELS), len(FRAILTY), len(SEXES))
N_CELLS = int(np.prod(SHAPE))
_SCORES = np.linspace(-8.5, 8.5, 4097)


def age_band(age: Floats) -> Integers:
    """Return the index into ``AGE_BANDS`` of each age in years (0 before birth)."""
    return np.searchsorted(AGE_EDGES, age, side="right")


def cells(
    *,
    ltc_count: npt.NDArray[np.integer],
    age: Floats,
    imd_quintile: npt.NDArray[np.integer],
    frailty: npt.NDArray[np.integer],
    sex: npt.NDArray[np.integer],
) -> Integers:
    """Return each person's cell: the last axis of ``rate_table``."""
    return _cells(ltc_count, age, imd_quintile, frailty, sex)


@compiled
def _cells(
    ltc_count: npt.NDArray[np.integer],
    age: Floats,
    imd_quintile: npt.NDArray[np.integer],
    frailty: npt.NDArray[np.integer],
    sex: npt.NDArray[np.integer],
) -> Integers:
    groups, bands, levels, degrees, sexes = SHAPE
    found = np.empty(len(age), np.int64)
    for i in range(len(age)):
        band = 0
        while band < len(AGE_EDGES) and AGE_EDGES[band] <= age[i]:
            band += 1
        code = min(ltc_count[i], groups - 1) * bands + band
        code = code * levels + (imd_quintile[i] - 1)
        found[i] = (code * degrees + frailty[i]) * sexes + sex[i]
    return found


def service_rates(evidence: Evidence, service: str, *, era: str | None = None) -> Floats:
    """Return the (N_CELLS,) rates per person-year of ``service``, before personal spread.

    ``era`` names a row of the ``era`` term (such as ``2024/25``) where the service has one.
    """
    terms = _terms(evidence, service)
    log = np.full(SHAPE, terms["intercept"][next(iter(terms["intercept"]))])
    log += _vector(terms, "ltc_count", LTC_GROUPS)[:, None, None, None, None]
    log += _vector(terms, "age_band", AGE_BANDS)[None, :, None, None, None]
    imd = _vector(terms, "imd_quintile", IMD_LEVELS)
    by_age = _vector(terms, "imd_by_age", AGE_BANDS, default=1.0)
    log += (by_age[:, None] * imd)[None, :, :, None, None]
    log += _vector(terms, "frailty", FRAILTY)[None, None, None, :, None]
    log += _sex_by_age(terms)[None, :, None, None, :]
    log += terms.get("era", {}).get(era or "", 0.0)
    table: Floats = np.exp(log).ravel()
    return table


def _terms(evidence: Evidence, service: str) -> dict[str, dict[str, float]]:
    """Return the coefficients of ``service`` by term and level."""
    terms: dict[str, dict[str, float]] = {}
    rows = evidence.rows(TABLE, service=service)
    for row, figure in zip(rows, evidence.figures(TABLE, service=service), strict=True):
        terms.setdefault(row["term"], {})[row["level"]] = figure.value
    return terms


def _vector(
    terms: Mapping[str, Mapping[str, float]],
    term: str,
    levels: Iterable[str],
    default: float = 0.0,
) -> Floats:
    return np.array([terms.get(term, {}).get(level, default) for level in levels])


def _sex_by_age(terms: Mapping[str, Mapping[str, float]]) -> Floats:
    """Return (age band, sex) terms; the table's oldest band is 75+."""
    bands = [*AGE_BANDS[:5], "75+", "75+"]
    return np.array(
        [[terms.get("sex_by_age", {}).get(f"{sex} {band}", 0.0) for sex in SEXES] for band in bands]
    )


def gamma_multipliers(scores: Floats, shape: float) -> Floats:
    """Return gamma multipliers with mean one at the quantiles of normal ``scores``.

    The quantile function is tabulated in the score (error under 1 in 10,000) because its
    inverse is slow for tens of thousands of people.
    """
    logs = _between(scores.ravel(), _SCORES, _log_gamma_quantiles(shape))
    return np.exp(logs, out=logs).reshape(scores.shape)


@compiled
def _between(x: Floats, grid: Floats, values: Floats) -> Floats:
    """Return the values at ``x`` of a curve over an even ``grid``: ``np.interp``, but faster."""
    found = np.empty(len(x))
    last, step = len(grid) - 1, (grid[-1] - grid[0]) / (len(grid) - 1)
    for i in range(len(x)):
        if x[i] <= grid[0] or x[i] >= grid[last]:
            found[i] = values[0] if x[i] <= grid[0] else values[last]
            continue
        place = min(int((x[i] - grid[0]) / step), last - 1)
        while grid[place] > x[i]:
            place -= 1
        while grid[place + 1] <= x[i]:
            place += 1
        slope = (values[place + 1] - values[place]) / (grid[place + 1] - grid[place])
        found[i] = slope * (x[i] - grid[place]) + values[place]
    return found


@cache
def _log_gamma_quantiles(shape: float) -> Floats:
    """Return the logs of the gamma quantiles of ``shape`` at ``_SCORES``."""
    grid = _SCORES
    lower = gammaincinv(shape, ndtr(np.minimum(grid, 0.0)))
    upper = gammainccinv(shape, ndtr(-np.maximum(grid, 0.0)))
    quantiles = np.where(grid < 0.0, lower, upper) / shape
    logs: Floats = np.log(np.maximum(quantiles, 1e-300))
    return logs
