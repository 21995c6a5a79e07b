"""Who lives in the place and who a design reaches: population.csv and stages.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pathways.vocabulary import STAGES
from results.outcomes import year_labels
from results.quantities import COLUMN, TWO, bits
from results.sheets import Sheet, joined, keyed
from results.store import Run
from results.sums import AGE_BANDS, FIFTHS, GROUPINGS, SEXES, Sums, age_band
from results.utilities import DAYS

Floats = npt.NDArray[np.float64]
Columns = Mapping[str, npt.NDArray[Any]]
STATUSES = ("true", "diagnosed")
STILL = "still_supported_a_year_later"
SHOWN_STAGES = (*STAGES, STILL)
_CELL = ("imd_quintile", "age", "sex")
_GROUPED = {
    "imd_quintile": ("imd_quintile",),
    "age_band": ("age",),
    "sex": ("sex",),
    "ethnicity": ("ethnicity",),
    "locality": ("locality",),
    "practice": ("practice",),
    "segment": ("segment",),
    "ltc_count": ("conditions",),
}


def population_sheet(run: Run) -> Sheet:
    """Return people and prevalence at the start and in the last year of a baseline run.

    The start is those resident on day 0 with what they had then. The end is the last year's
    residents, each weighted by the time they lived in the place, with what they had at its end.
    ``value`` is people of the place with the condition; ``people`` all in the group.
    """
    start = run.year(1, ["person", "conditions", "diagnosed", *_CELL])
    resident = start["person"] < int(run.facts["population"])
    start = {name: values[resident] for name, values in start.items()}
    end = run.year(run.years, ["days_alive", "conditions_end", "diagnosed_end", *_CELL])
    weights = (np.ones(int(resident.sum())), end["days_alive"].astype(np.float64) / DAYS)
    return joined(
        [
            _at(run, "start", start, (start["conditions"], start["diagnosed"]), weights[0]),
            _at(run, "end", end, (end["conditions_end"], end["diagnosed_end"]), weights[1]),
        ]
    )


def _at(
    run: Run, when: str, people: Columns, masks: tuple[npt.NDArray[Any], ...], weight: Floats
) -> Sheet:
    conditions = [*run.facts["conditions"], "any", "two_or_more"]
    cell = _cells(people)
    shape = (5, len(AGE_BANDS), 2)
    size = int(np.prod(shape))

    def counted(weights: Floats) -> Floats:
        return np.bincount(cell, weights, size).astype(np.float64).reshape(shape)

    whole = counted(weight)
    each = [np.stack([counted(weight * has) for has in _has(mask)]) for mask in masks]
    with_each = np.stack(each, axis=1)
    blocks = [
        _marginal(run, when, conditions, with_each, whole, grouping) for grouping in GROUPINGS[:4]
    ]
    return joined(blocks)


def _cells(people: Columns) -> npt.NDArray[np.int64]:
    fifth = people["imd_quintile"].astype(np.int64) - 1
    cells: npt.NDArray[np.int64] = (fifth * len(AGE_BANDS) + age_band(people["age"])) * 2
    return cells + people["sex"]


def _has(mask: npt.NDArray[Any], conditions: int = 27) -> list[npt.NDArray[np.bool_]]:
    count = bits(mask)
    each = [(mask >> np.uint32(bit)) & np.uint32(1) > 0 for bit in range(conditions)]
    return [*each, count > 0, count >= TWO]


def _marginal(
    run: Run,
    when: str,
    conditions: list[str],
    with_each: Floats,
    whole: Floats,
    grouping: str,
) -> Sheet:
    """Sum the cells over all but one grouping."""
    over = {
        "all": (0, 1, 2),
        "imd_quintile": (1, 2),
        "age_band": (0, 2),
        "sex": (0, 1),
    }[grouping]
    labels = {"all": ("all",), "imd_quintile": FIFTHS, "age_band": AGE_BANDS, "sex": SEXES}
    people = whole.sum(axis=over).reshape(-1)
    found = with_each.sum(axis=tuple(axis + 2 for axis in over))
    found = found.reshape(len(conditions), len(STATUSES), -1)
    keys = keyed(
        {"condition": conditions, "status": STATUSES, "group": labels[grouping]},
        ("when", "condition", "status", "group_by", "group"),
        when=when,
        group_by=grouping,
    )
    spread = np.broadcast_to(people, found.shape)
    return Sheet(
        keys,
        {"value": found.ravel() * run.scale, "people": spread.ravel() * run.scale},
    )


def stage_sheet(sums: Sums) -> Sheet:
    """Return how many people of each group have reached each step of the design by each year.

    Steps are those reached by the end of the year by people who lived in the place in it;
    ``still_supported_a_year_later`` are those supported by the end of the year before who still
    are at the end of this one. Over all years a person counts once, by their last year.
    """
    run = sums.run
    table = _reached(sums.reached)
    blocks = []
    for grouping in GROUPINGS:
        labels = sums.labels[grouping]
        counts = _stage_counts(table, grouping, len(labels), run.years)
        people = sums.by(grouping)[..., COLUMN["person_years"]]
        people = np.concatenate([people, people.mean(axis=0, keepdims=True)])
        keys = keyed(
            {"stage": SHOWN_STAGES, "group": labels, "year": year_labels(run.years)},
            ("stage", "group_by", "group", "year"),
            group_by=grouping,
        )
        spread = np.broadcast_to(people.T, (len(SHOWN_STAGES), *people.T.shape))
        blocks.append(
            Sheet(
                keys,
                {"value": counts.ravel() * run.scale, "people": spread.ravel() * run.scale},
            )
        )
    return joined(blocks)


def _reached(reached: Columns) -> dict[str, npt.NDArray[Any]]:
    """Return the person-years of people who have reached any step, by person and year."""
    order = np.lexsort((reached["year"], reached["person"]))
    table = {name: values[order] for name, values in reached.items()}
    return table | _flags(table)


def _flags(table: Columns) -> dict[str, npt.NDArray[Any]]:
    """Return the rows of the person-years of each step, and those that count a person once.

    A person counts once by their last year, and who was ever still supported too.
    """
    person, year, stages = table["person"], table["year"], table["stages"].astype(np.int64)
    flags = {stage: (stages >> bit) & 1 > 0 for bit, stage in enumerate(STAGES)}
    same = np.zeros(len(person), bool)
    same[1:] = (person[1:] == person[:-1]) & (year[1:] == year[:-1] + 1)
    before = np.zeros(len(person), bool)
    before[1:] = flags["supported"][:-1]
    flags[STILL] = same & before & table["supported_at_end"].astype(bool)
    last = np.ones(len(person), bool)
    last[:-1] = person[1:] != person[:-1]
    ever = np.zeros(len(person), bool)
    if len(person):
        starts = np.flatnonzero(np.concatenate([[True], person[1:] != person[:-1]]))
        any_of = np.logical_or.reduceat(flags[STILL], starts)
        ever[last] = any_of
    once = {
        f"{stage} once": ever if stage == STILL else flag & last for stage, flag in flags.items()
    }
    return {name: np.flatnonzero(held) for name, held in {**flags, **once}.items()}


def _stage_counts(table: Columns, grouping: str, groups: int, years: int) -> Floats:
    """Return (stages, groups, years and all) of people."""
    code = _codes(table, grouping)
    cell = code * years + table["year"].astype(np.int64) - 1
    counts = np.zeros((len(SHOWN_STAGES), groups, years + 1))
    for place, stage in enumerate(SHOWN_STAGES):
        yearly = np.bincount(cell[table[stage]], minlength=groups * years)
        counts[place, :, :-1] = yearly.reshape(groups, years)
        counts[place, :, -1] = np.bincount(code[table[f"{stage} once"]], minlength=groups)
    return counts


def _codes(table: Columns, grouping: str) -> npt.NDArray[np.int64]:
    if grouping == "all":
        return np.zeros(len(table["person"]), np.int64)
    values = table[_GROUPED[grouping][0]]
    if grouping == "imd_quintile":
        return values.astype(np.int64) - 1
    if grouping == "age_band":
        return age_band(values)
    if grouping == "ltc_count":
        return np.minimum(bits(values), 4)
    return values.astype(np.int64)
