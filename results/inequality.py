"""How unequal: gaps and slopes across the fifths of deprivation, gaps between ethnic groups.

Fifths run from most (1) to least deprived (5); a fifth's rank is the middle of its share of the
population, so that the slope is a gap across everybody and not between two groups alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.costs import RunCosts
from results.measure import AVERAGE, COUNT, RATIO, Measure
from results.measures import MEASURES
from results.outcomes import ADDED, PER, Parts, parts_of, with_total, year_labels
from results.sheets import Sheet, joined, keyed
from results.store import Run
from results.sums import FIFTHS, Sums

Floats = npt.NDArray[np.float64]
INDICES = ("absolute_gap", "relative_gap", "sii", "rii", "concentration_index", "erreygers_index")
KEYS = ("measure", "index", "group_by", "group", "standardised", "year")
COMPARED = tuple(measure for measure in ADDED if measure.kind != AVERAGE)
CHOSEN = [column for column, measure in enumerate(ADDED) if measure.kind != AVERAGE]
SHARES = [measure.key for measure in COMPARED if measure.is_share]


def ranks(weights: Floats) -> Floats:
    """Return the midpoint of each group's cumulative share, groups along the first axis."""
    share = weights / weights.sum(axis=0)
    middle: Floats = np.cumsum(share, axis=0) - 0.5 * share
    return middle


def slope(level: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return intercept and slope of the weighted regression of ``level`` on rank.

    Both inputs have the groups along the first axis, most deprived first. The intercept is the
    fitted level of the most deprived person, intercept + slope that of the least deprived.
    """
    rank = ranks(weights)
    share = weights / weights.sum(axis=0)
    mean_rank = (share * rank).sum(axis=0)
    mean_level = (share * level).sum(axis=0)
    spread = (share * (rank - mean_rank) ** 2).sum(axis=0)
    together = (share * (rank - mean_rank) * (level - mean_level)).sum(axis=0)
    steep = together / spread
    return mean_level - steep * mean_rank, steep


def slope_index(level: Floats, weights: Floats) -> Floats:
    """Return the slope index of inequality: least less most deprived, across everybody."""
    return slope(level, weights)[1]


def relative_index(level: Floats, weights: Floats) -> Floats:
    """Return the relative index: fitted level of the least over that of the most deprived."""
    start, steep = slope(level, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        index: Floats = (start + steep) / start
    return index


def concentration_index(level: Floats, weights: Floats) -> Floats:
    """Return the concentration index: 2 cov(level, rank) / mean, weighted.

    Negative where the level is concentrated among the most deprived.
    """
    rank = ranks(weights)
    share = weights / weights.sum(axis=0)
    mean_rank = (share * rank).sum(axis=0)
    mean = (share * level).sum(axis=0)
    together = (share * (level - mean) * (rank - mean_rank)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        index: Floats = 2.0 * together / mean
    return index


def erreygers_index(level: Floats, weights: Floats, low: float = 0.0, high: float = 1.0) -> Floats:
    """Return Erreygers' index for a level bounded by ``low`` and ``high``: 4 mean C / range."""
    share = weights / weights.sum(axis=0)
    mean = (share * level).sum(axis=0)
    index: Floats = 4.0 * mean * concentration_index(level, weights) / (high - low)
    return index


def equal_equivalent(level: Floats, weights: Floats, aversion: float) -> float:
    """Return Atkinson's equally distributed equivalent of ``level``.

    The level that, given to everybody, would be worth as much as the unequal one to a public
    with this ``aversion`` to inequality (0 none: the mean; 1: the geometric mean).
    """
    share = weights / weights.sum()
    if abs(aversion - 1.0) < 1e-12:
        return float(np.exp((share * np.log(level)).sum()))
    power = 1.0 - aversion
    return float((share * level**power).sum() ** (1.0 / power))


def standardised(top: Floats, bottom: Floats, standard: Floats) -> Floats:
    """Return rates as they would be if every fifth had the ages and sexes of the standard.

    Parameters
    ----------
    top, bottom : (years, 5, 7, 2, measures), sums and what they are divided by
    standard : (7, 2), shares of the standard population

    Returns
    -------
    (years, 5, measures); cells without anybody are left out and the others weigh more
    """
    known = bottom > 0
    rate = np.divide(top, bottom, out=np.zeros_like(top), where=known)
    weight = known * standard[None, None, :, :, None]
    weighted = (rate * weight).sum(axis=(2, 3))
    total = weight.sum(axis=(2, 3))
    filled: Floats = np.divide(weighted, total, out=np.full_like(weighted, np.nan), where=total > 0)
    return filled


def inequality_sheet(
    sums: Sums, costs: RunCosts, standard: Floats, ages: Mapping[str, Floats]
) -> Sheet:
    """Return every index of every measure, by deprivation and by ethnicity.

    Parameters
    ----------
    standard : (7, 2), the population that fifths are standardised to
    ages : levels of measures that do not add up, (years and all, 5)
    """
    cells = parts_of(sums, costs, "cells")
    fifths = Parts(*(part.sum(axis=(2, 3)) for part in (cells.top, cells.bottom, cells.people)))
    level = standardised(with_total(cells.top), _divided(cells), standard) * _per()
    people = with_total(fifths.people)
    other = np.stack(list(ages.values()), axis=-1)
    blocks = [
        _indices(_rates(fifths)[..., CHOSEN], people, COMPARED, "no"),
        _indices(level[..., CHOSEN], people, COMPARED, "yes"),
        _indices(other, people, tuple(MEASURES[name] for name in ages), "no"),
        _ethnic_gaps(sums, costs),
    ]
    return joined(blocks)


def _per() -> Floats:
    return np.array([PER if measure.kind == COUNT else 1.0 for measure in ADDED])


def _divided(parts: Parts) -> Floats:
    """Return what each numerator is divided by: its denominator, or the people of a count."""
    bottom = with_total(parts.bottom)
    people = with_total(parts.people)[..., None]
    of_ratio = np.array([measure.kind == RATIO for measure in ADDED])
    return np.where(of_ratio, bottom, people)


def _rates(parts: Parts) -> Floats:
    bottom = _divided(parts)
    top = with_total(parts.top)
    rate = np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
    return rate * _per()


def _indices(
    level: Floats, people: Floats, measures: tuple[Measure, ...], is_standardised: str
) -> Sheet:
    """Return the indices of levels (years and all, 5, measures), people (years and all, 5)."""
    high = np.moveaxis(level, 1, 0)
    weights = np.broadcast_to(np.moveaxis(people, 1, 0)[..., None], high.shape)
    shares = np.array([measure.is_share for measure in measures])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "absolute_gap": high[0] - high[-1],
            "relative_gap": high[0] / high[-1],
            "sii": slope_index(high, weights),
            "rii": relative_index(high, weights),
            "concentration_index": concentration_index(high, weights),
            "erreygers_index": np.where(shares, erreygers_index(high, weights), np.nan),
        }
    values = np.stack([found[name] for name in INDICES], axis=1)
    keys, kept = _index_keys(measures, len(level) - 1, is_standardised)
    return Sheet(keys, {"value": finite(values.transpose(2, 1, 0).ravel())[kept]})


@lru_cache(maxsize=64)
def _index_keys(
    measures: tuple[Measure, ...], years: int, is_standardised: str
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return the names of the indices, and which of all combinations they are.

    Erreygers' index is of shares alone.
    """
    keys = keyed(
        {
            "measure": [measure.key for measure in measures],
            "index": INDICES,
            "year": year_labels(years),
        },
        KEYS,
        group_by="imd_quintile",
        group=f"{FIFTHS[0]} against {FIFTHS[-1]}",
        standardised=is_standardised,
    )
    kept = (keys["index"].ne("erreygers_index") | keys["measure"].isin(SHARES)).to_numpy(bool)
    return keys[kept].reset_index(drop=True), kept


def finite(values: Floats) -> Floats:
    """Return ``values`` with what cannot be said (a ratio to nothing) as not a number."""
    return np.where(np.isfinite(values), values, np.nan)


def _ethnic_gaps(sums: Sums, costs: RunCosts) -> Sheet:
    """Return each ethnic group's gap from the largest group: groups have no order."""
    parts = parts_of(sums, costs, "ethnicity")
    level = _rates(parts)
    labels = sums.labels["ethnicity"]
    largest = int(parts.people.sum(axis=0).argmax())
    others = [place for place in range(len(labels)) if place != largest]
    own, reference = level[:, others][..., CHOSEN], level[:, [largest]][..., CHOSEN]
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = np.stack([own - reference, own / reference])
    keys = keyed(
        {
            "measure": [measure.key for measure in COMPARED],
            "index": INDICES[:2],
            "group": [f"{labels[place]} against {labels[largest]}" for place in others],
            "year": year_labels(sums.run.years),
        },
        KEYS,
        group_by="ethnicity",
        standardised="no",
    )
    return Sheet(keys, {"value": finite(gaps.transpose(3, 0, 2, 1).ravel())})


def gap_units(run: Run, keys: pd.DataFrame) -> Floats:
    """Return what one event in one fifth adds to each index, 0 where it is made of no events.

    Gaps and slopes of counts are differences of rates for 1,000 people a year.
    """
    counts = {measure.key for measure in ADDED if measure.of_events}
    made = keys["measure"].isin(counts) & keys["index"].isin(("absolute_gap", "sii"))
    years = np.where(keys["year"] == "all", run.years, 1)
    people_years = float(run.facts["population"]) / len(FIFTHS) * years
    return np.where(made, PER / people_years, 0.0)
