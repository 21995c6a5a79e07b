"""Every measure of a run, for every group, by year and over all years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.cost_lines import COST_QUANTITIES
from results.costs import RunCosts, discounting
from results.measure import AVERAGE, COUNT, RATIO, Measure
from results.measures import MEASURES
from results.quantities import COLUMN
from results.settings import Settings
from results.sheets import Sheet, joined
from results.sums import GROUPINGS, Sums

Floats = npt.NDArray[np.float64]
PER = 1000.0
ADDED = tuple(measure for measure in MEASURES.values() if measure.kind in (COUNT, AVERAGE, RATIO))
PLACE = {**COLUMN, **{name: len(COLUMN) + i for i, name in enumerate(COST_QUANTITIES)}}


@lru_cache(maxsize=1)
def _weights() -> tuple[Floats, Floats]:
    """Return what turns quantities into numerators and denominators, (quantities, measures)."""
    top, bottom = (np.zeros((len(PLACE), len(ADDED))) for _ in range(2))
    for column, measure in enumerate(ADDED):
        for name in measure.numerator:
            top[PLACE[name.removeprefix("-")], column] += -1.0 if name[0] == "-" else 1.0
        for name in measure.denominator:
            bottom[PLACE[name], column] += 1.0
    return top, bottom


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Numerators and denominators of the measures that add up, (years, …, measures).

    ``people`` are person-years, (years, …).
    """

    top: Floats
    bottom: Floats
    people: Floats


def parts_of(sums: Sums, costs: RunCosts, grouping: str) -> Parts:
    """Return the parts of every measure for a grouping, or for ``cells``."""
    amounts = sums.cells if grouping == "cells" else sums.by(grouping)
    every = np.concatenate([amounts, costs.quantities(grouping)], axis=-1)
    top, bottom = _weights()
    return Parts(every @ top, every @ bottom, amounts[..., COLUMN["person_years"]])


def with_total(yearly: Floats) -> Floats:
    """Append the sum over years to the years."""
    return np.concatenate([yearly, yearly.sum(axis=0, keepdims=True)])


def year_labels(years: int) -> tuple[str, ...]:
    """Return 1, 2 … and ``all``."""
    return (*(str(year) for year in range(1, years + 1)), "all")


def outcome_sheet(sums: Sums, costs: RunCosts, settings: Settings) -> Sheet:
    """Return every measure that adds up: ``value`` for the place, ``people`` in the group.

    ``people`` are person-years of the place, from which rates are taken.
    """
    blocks = [_grouping_sheet(sums, costs, settings, grouping) for grouping in GROUPINGS]
    return joined(blocks)


def _grouping_sheet(sums: Sums, costs: RunCosts, settings: Settings, grouping: str) -> Sheet:
    parts = parts_of(sums, costs, grouping)
    labels = sums.labels[grouping]
    people = with_total(parts.people) * sums.run.scale
    plain = values_of(parts, sums.run.scale)
    blocks = [_sheet(ADDED, grouping, labels, "no", plain, people)]
    for worth in ("health", "money"):
        rate = settings.value(
            "discount_rate_health" if worth == "health" else "discount_rate_costs"
        )
        chosen = [column for column, measure in enumerate(ADDED) if measure.worth == worth]
        weights = discounting(rate, sums.run.years)[:, None, None]
        less = with_total(parts.top[..., chosen] * weights) * sums.run.scale
        measures = tuple(ADDED[column] for column in chosen)
        blocks.append(_sheet(measures, grouping, labels, "yes", less, people))
    return joined(blocks)


def values_of(parts: Parts, scale: float) -> Floats:
    """Return each measure by (years and all, …, measures), counts scaled to the place."""
    top, bottom = with_total(parts.top), with_total(parts.bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = top / bottom
    years = len(parts.top)
    values = np.empty_like(top)
    for column, measure in enumerate(ADDED):
        if measure.kind == RATIO:
            values[..., column] = np.where(bottom[..., column] > 0, ratio[..., column], np.nan)
        else:
            values[..., column] = top[..., column] * scale
        if measure.kind == AVERAGE:
            values[-1, ..., column] /= years
    return values


def _sheet(
    measures: tuple[Measure, ...],
    grouping: str,
    labels: tuple[str, ...],
    discounted: str,
    values: Floats,
    people: Floats,
) -> Sheet:
    keys = outcome_keys(measures, grouping, labels, len(values) - 1, discounted)
    of_counts = np.array([measure.kind == COUNT for measure in measures])
    spread = np.where(of_counts, people[..., None], np.nan)
    return Sheet(keys, {"value": _flat(values), "people": _flat(spread)})


def _flat(values: Floats) -> Floats:
    """Order (years, groups, measures) by measure, group and year, as the keys are."""
    return np.ascontiguousarray(values.transpose(2, 1, 0)).ravel()


@lru_cache(maxsize=256)
def outcome_keys(
    measures: tuple[Measure, ...],
    grouping: str,
    labels: tuple[str, ...],
    years: int,
    discounted: str,
) -> pd.DataFrame:
    """Return measure, unit, group_by, group, year and discounted of every number."""
    labelled = year_labels(years)
    each = len(labels) * len(labelled)
    names = [measure.key for measure in measures]
    units = [measure.unit for measure in measures]
    return pd.DataFrame(
        {
            "measure": np.repeat(names, each),
            "unit": np.repeat(units, each),
            "group_by": grouping,
            "group": np.tile(np.repeat(labels, len(labelled)), len(measures)),
            "year": np.tile(labelled, len(measures) * len(labels)),
            "discounted": discounted,
        }
    )


def level_sheet(measure: str, values: Floats, grouping: str, labels: Sequence[str]) -> Sheet:
    """Return a sheet of a measure that does not add up, from (years and all, groups)."""
    keys = outcome_keys((MEASURES[measure],), grouping, tuple(labels), len(values) - 1, "no")
    return Sheet(keys, {"value": np.ascontiguousarray(values.T).ravel()})
