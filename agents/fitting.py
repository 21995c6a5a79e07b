"""Whole people by age, sex and deprivation that meet every margin of a place.

A place is known by age and sex, by deprivation fifth, and by broad age within each fifth.
Proportional fitting joins these, with England's ages within each fifth as the start; then
each table of shares becomes a table of whole people with the same margins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.by_age import Floats, smooth_distribution, tail_of_ages
from agents.evidence import Evidence
from agents.place import AGE_BANDS, BROAD_BANDS, QUINTILES, Place, largest_remainder
from agents.population import SEXES

Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

# The five-year bands, with 15-19 cut at 16 so that they nest in the broad bands.
FINE_BANDS: tuple[tuple[int, int], ...] = (*AGE_BANDS[:3], (15, 15), (16, 19), *AGE_BANDS[4:])
_CUT = 3  # position of the band that is cut, in AGE_BANDS
_ROUNDS = 500
_CLOSE = 1e-9


def broad_band_of(band: tuple[int, int]) -> int:
    """Return the position in ``BROAD_BANDS`` of the broad band that holds ``band``."""
    return next(i for i, (low, high) in enumerate(BROAD_BANDS) if low <= band[0] <= high)


_BROAD = np.array([broad_band_of(band) for band in FINE_BANDS])


def proportional_fit(table: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return ``table`` scaled by rows and columns until it has these totals.

    A row or column of zeros stays so. Rows and columns must have the same sum.
    """
    fitted = table.astype(float)
    for _ in range(_ROUNDS):
        fitted *= _ratio(columns, fitted.sum(axis=0))
        found = fitted.sum(axis=1)
        fitted *= _ratio(rows, found)[:, None]
        if np.abs(found - rows).max() < _CLOSE * max(1.0, rows.max()):
            break
    return fitted


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)


def whole_table(table: Floats, rows: Counts, columns: Counts) -> Counts:
    """Return whole numbers with these totals, each the fitted number rounded down or up.

    Rounding that keeps all totals is a transport problem, whose best corner is whole.
    """
    fitted = proportional_fit(table, rows.astype(float), columns.astype(float))
    down = np.floor(fitted + 1e-6).astype(np.int64)
    short_rows, short_columns = rows - down.sum(axis=1), columns - down.sum(axis=0)
    if not short_rows.any():
        return down
    up = _round_up(fitted - down, table > 0, short_rows, short_columns)
    whole: Counts = down + up
    return whole


def _round_up(fractions: Floats, possible: Bools, rows: Counts, columns: Counts) -> Counts:
    """Return where to add ones so that ``rows`` and ``columns`` are met, large fractions first."""
    from scipy.optimize import linprog

    n_rows, n_columns = fractions.shape
    by_row = np.kron(np.eye(n_rows), np.ones(n_columns))
    by_column = np.kron(np.ones(n_rows), np.eye(n_columns))
    for most in (1.0, None):  # tiny tables may need more than one person in a cell
        answer = linprog(
            -fractions.ravel(),
            A_eq=np.vstack([by_row, by_column]),
            b_eq=np.concatenate([rows, columns]),
            bounds=[(0, most if cell else 0) for cell in possible.ravel()],
            method="highs-ds",
        )
        if answer.x is not None:
            return np.rint(answer.x).astype(np.int64).reshape(fractions.shape)
    raise ValueError(f"no whole table has rows {rows.tolist()} and columns {columns.tolist()}")


def start_table(evidence: Evidence) -> Floats:
    """Return England's (20, 2, 5) shares of each fifth by fine band and sex."""
    where = {"archetype": "england", "dimension": "age_sex_share_within_imd"}
    shares = np.zeros((len(AGE_BANDS), len(SEXES), len(QUINTILES)))
    rows = evidence.rows("population", **where)
    for row, figure in zip(rows, evidence.figures("population", **where), strict=True):
        band = next(i for i, (low, _) in enumerate(AGE_BANDS) if low == int(row["age_low"]))
        shares[band, SEXES.index(row["sex"]), int(row["imd_quintile"]) - 1] = figure.value
    return np.insert(shares, _CUT, shares[_CUT], axis=0)


def age_curves(place: Place, evidence: Evidence) -> Floats:
    """Return (112, 2): of each sex, the share younger than each whole age."""
    decline, oldest = tail_of_ages(evidence)
    lows = np.array([low for low, _ in AGE_BANDS], float)
    curves = np.empty((112, len(SEXES)))
    for sex in range(len(SEXES)):
        shares = place.age_sex_share[:, sex]
        curves[:, sex] = smooth_distribution(
            shares / max(shares.sum(), 1e-12), lows, decline, oldest
        )
    return curves


def count_people(place: Place, n: int, evidence: Evidence) -> Counts:
    """Return (20, 2, 5) whole people by fine band, sex and fifth that sum to ``n``.

    The margins by five-year band and sex, by fifth, and by broad band within each fifth are
    met to the person (each the place's share of ``n``, rounded).
    """
    age_sex = _age_sex_counts(place, n, age_curves(place, evidence))
    fifths = largest_remainder(place.imd_mix, n)
    by_broad = np.zeros((len(BROAD_BANDS), len(SEXES)), np.int64)
    np.add.at(by_broad, _BROAD, age_sex)
    broad = whole_table(
        place.age_share_within_imd * place.imd_mix + 1e-9 * (place.imd_mix > 0),
        by_broad.sum(axis=1),
        fifths,
    )
    start = start_table(evidence) * (place.imd_mix > 0)
    people = np.zeros_like(start, dtype=np.int64)
    for i in range(len(BROAD_BANDS)):
        inside = np.flatnonzero(i == _BROAD)
        rows = age_sex[inside].ravel()
        table = start[inside].reshape(rows.size, len(QUINTILES))
        whole = whole_table(table * (broad[i] > 0), rows, broad[i])
        people[inside] = whole.reshape(inside.size, len(SEXES), len(QUINTILES))
    return people


def _age_sex_counts(place: Place, n: int, curves: Floats) -> Counts:
    """Return (20, 2) whole people by fine band and sex; 15-19 is cut at 16.

    Those aged 15 are what the broad band 0-15 holds above 0-14; where that is no credible
    share of 15-19 (a user's tables may disagree), the smooth curve says how many.
    """
    counts = largest_remainder(place.age_sex_share, n)
    teens = curves[16:21] - curves[15]
    smooth = float((counts[_CUT] * teens[0] / np.maximum(teens[4], 1e-12)).sum())
    known = n * float(place.age_share_within_imd[0] @ place.imd_mix) - counts[:_CUT].sum()
    credible = smooth / 2 <= known <= smooth * 2
    aged_15 = min(round(known if credible else smooth), int(counts[_CUT].sum()))
    by_sex = largest_remainder(counts[_CUT] + 1e-9, aged_15)
    cut = np.insert(counts, _CUT, by_sex, axis=0)
    cut[_CUT + 1] -= by_sex
    return cut
