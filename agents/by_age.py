"""Numbers by age: rows of an evidence table spread over single years."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.population import SEXES

Floats = npt.NDArray[np.float64]

OLDEST = 110
AGES = np.arange(OLDEST + 1)


def keys_of(evidence: Evidence, table: str, prefix: str) -> list[str]:
    """Return the keys of ``table`` that begin with ``prefix`` and a dot, in file order."""
    start = prefix + "."
    return [row["key"] for row in evidence.rows(table) if row["key"].startswith(start)]


def by_age(evidence: Evidence, table: str, prefix: str) -> Floats:
    """Return (111,) values by age from rows ``prefix.low-high``; 0 where no row speaks."""
    values = np.zeros(OLDEST + 1)
    for key in keys_of(evidence, table, prefix):
        values[_band(key.split(".")[1])] = evidence.value(table, key=key)
    return values


def by_age_and_sex(evidence: Evidence, table: str, prefix: str) -> Floats:
    """Return (111, 2) values from rows ``prefix.low-high.sex``; 0 where no row speaks."""
    values = np.zeros((OLDEST + 1, len(SEXES)))
    for key in keys_of(evidence, table, prefix):
        _, band, sex = key.split(".")
        values[_band(band), SEXES.index(sex)] = evidence.value(table, key=key)
    return values


def _band(text: str) -> slice:
    low, high = text.split("-")
    return slice(int(low), int(high) + 1)


def whole_years(age: Floats) -> npt.NDArray[np.int64]:
    """Return completed years of age, held within 0 and 110, as positions in such tables."""
    return np.clip(age, 0, OLDEST).astype(np.int64)


def tail_of_ages(evidence: Evidence) -> tuple[float, float]:
    """Return how people thin out from year to year after 90, and the age of the oldest."""
    decline, oldest = (
        evidence.value("population_change", key=key) for key in ("decline_after_90", "oldest")
    )
    return decline, oldest


def smooth_distribution(
    band_shares: Floats, lows: Floats, decline: float, oldest: float = OLDEST
) -> Floats:
    """Return the share of people younger than each whole age 0 … 111.

    The cumulative shares of the bands are joined by a monotone cubic; in the last band, which
    is open, each year of age up to ``oldest`` holds ``decline`` times the people of the year
    before.

    Parameters
    ----------
    band_shares : (n_bands,), shares by band, ascending
    lows : (n_bands,), the first age of each band
    """
    from scipy.interpolate import PchipInterpolator

    edges = np.concatenate([[0.0], np.cumsum(band_shares)])
    ages = np.arange(OLDEST + 2, dtype=float)
    last = int(lows[-1])
    cumulative: Floats = np.empty(OLDEST + 2)
    # A band before birth, as large as the first, keeps the curve level at age 0.
    knots = np.concatenate([[lows[0] - lows[1]], lows[:-1], [last]])
    closed = PchipInterpolator(knots, np.concatenate([[-band_shares[0]], edges[:-1]]))
    cumulative[: last + 1] = closed(ages[: last + 1])
    fading = 1.0 - decline ** (np.minimum(ages[last + 1 :], oldest + 1.0) - last)
    fading /= fading[-1]
    cumulative[last + 1 :] = edges[-2] + band_shares[-1] * fading
    return cumulative
