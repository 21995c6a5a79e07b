"""What a run adds up to: every quantity by year and group, read once and in pieces.

A quantity is something that adds over people: days lived, admissions, QALYs, people of a kind.
Every measure is one sum of quantities, or one sum over another, so nothing else is ever read
from the person-years. Memory is bounded by the piece, not by the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from agents.compiled import compiled
from agents.faults import BadInput, Fault
from pathways.vocabulary import ACTIVITY
from results.lives import CELLS, Lives, age_cell
from results.quantities import COLUMN, FOUR, QUANTITIES, Baseline, bits, quantities
from results.store import Run
from results.utilities import (
    LAST_BAND,
    Utilities,
    loss_by_cell,
    recentring,
)
from results.utilities import NEEDED as UTILITY_COLUMNS

Columns = Mapping[str, npt.NDArray[Any]]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
AGE_BANDS = ("0-4", "5-15", "16-44", "45-64", "65-74", "75-84", "85+")
AGE_STARTS = (5, 16, 45, 65, 75, 85)
SEXES = ("female", "male")
FIFTHS = ("1", "2", "3", "4", "5")
SEGMENTS = ("mostly healthy", "rising risk", "high risk")
LTC_COUNTS = ("0", "1", "2", "3", "4+")
GROUPINGS = (
    "all",
    "imd_quintile",
    "age_band",
    "sex",
    "ethnicity",
    "locality",
    "practice",
    "segment",
    "ltc_count",
)
# What is summed by five-year band: for life tables and the age at two conditions.
BY_AGE = ("person_years", "years_2plus", "deaths", "qalys", "alive_at_end")
READ = tuple(
    dict.fromkeys(
        (
            "year",
            "died",
            "died_at_home",
            "ethnicity",
            "locality",
            "practice",
            "segment",
            "care_home",
            "smoker",
            "activation",
            "diagnosed",
            "diagnosed_end",
            "controlled",
            "onsets",
            "days_supported",
            "person",
            "stages",
            "supported_at_end",
            *UTILITY_COLUMNS,
            *ACTIVITY,
        )
    )
)

FEW = 0.1  # share of people below which a quantity is added for those alone who have it
APART, TURNED = 8, 4096  # numbers between quantities, and people turned round at a time
# What is kept of the person-years of people who have reached a step of a design.
REACHED = (
    "person",
    "year",
    "stages",
    "supported_at_end",
    "imd_quintile",
    "age",
    "sex",
    "ethnicity",
    "locality",
    "practice",
    "segment",
    "conditions",
)


def age_band(age: npt.NDArray[Any]) -> Integers:
    """Return the reporting band of each age, 0 for 0-4 … 6 for 85 and over."""
    return np.searchsorted(np.asarray(AGE_STARTS), np.asarray(age), side="right")


def read_baseline(runs: list[Run], utilities: Utilities, weights: Floats) -> Baseline:
    """Return what all runs of a place share, from the first year of its baseline runs."""
    years = np.zeros((5, LAST_BAND + 1, 2))
    loss = np.zeros_like(years)
    standard = np.zeros((len(AGE_BANDS), 2))
    controllable = np.uint32(0)
    for run in runs:
        people = run.first_year([*UTILITY_COLUMNS, "controlled"])
        of_run = loss_by_cell(utilities, people)
        years += of_run[0]
        loss += of_run[1]
        cell = age_band(people["age"]) * 2 + people["sex"]
        standard += np.bincount(cell, people["days_alive"], standard.size).reshape(standard.shape)
        controllable |= np.bitwise_or.reduce(people["controlled"], initial=np.uint32(0))
    return Baseline(
        recentring=recentring(years, loss, weights),
        standard=standard / standard.sum(),
        controllable=controllable,
        depression=_bit(runs[0].facts["conditions"], "depression"),
        anxiety=_bit(runs[0].facts["conditions"], "anxiety"),
    )


def _bit(conditions: Sequence[str], key: str) -> np.uint32:
    place = list(conditions).index(key) if key in conditions else None
    return np.uint32(0 if place is None else 1 << place)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Totals of one run.

    ``cells`` are (years, 5 fifths, 7 age bands, 2 sexes, quantities); ``groups`` hold the other
    groupings as (years, groups, quantities); ``ages`` are (years, 5, 2, 19, ``BY_AGE``) by
    five-year band. ``labels`` name the groups. ``lives`` are QALYs and the rest by person.
    ``reached`` are the columns ``REACHED`` of the person-years of people who have reached any
    step of a design.
    """

    run: Run
    cells: Floats
    groups: Mapping[str, Floats]
    ages: Floats
    labels: Mapping[str, tuple[str, ...]]
    lives: Lives
    reached: Columns

    def by(self, grouping: str) -> Floats:
        """Return (years, groups, quantities) of one of ``GROUPINGS``."""
        if grouping in self.groups:
            return self.groups[grouping]
        over = {
            "all": (1, 2, 3),
            "imd_quintile": (2, 3),
            "age_band": (1, 3),
            "sex": (1, 2),
        }[grouping]
        total: Floats = self.cells.sum(axis=over)
        return total[:, None] if grouping == "all" else total


def labels_of(run: Run) -> dict[str, tuple[str, ...]]:
    """Return the names of the groups of every grouping in a run."""
    facts = run.facts
    localities = tuple(facts.get("localities") or ("all",))
    return {
        "all": ("all",),
        "imd_quintile": FIFTHS,
        "age_band": AGE_BANDS,
        "sex": SEXES,
        "ethnicity": tuple(facts["ethnic_groups"]),
        "locality": localities,
        "practice": tuple(str(number) for number in range(int(facts.get("practices", 1)))),
        "segment": SEGMENTS,
        "ltc_count": LTC_COUNTS,
    }


def add_up(run: Run, utilities: Utilities, baseline: Baseline) -> Sums:
    """Read the person-years of ``run`` once and return its totals."""
    labels = labels_of(run)
    others = [name for name in GROUPINGS if name not in ("all", "imd_quintile", "age_band", "sex")]
    sizes = [5 * len(AGE_BANDS) * 2, *(len(labels[name]) for name in others)]
    totals = _Totals(run.years * sum(sizes))
    ages = np.zeros((run.years, 5, 2, LAST_BAND + 1, len(BY_AGE)))
    lives = Lives()
    reached: list[dict[str, npt.NDArray[Any]]] = []
    for people in run.batches(READ):
        some = np.flatnonzero(people["stages"])
        reached.append({name: people[name][some] for name in REACHED})
        amounts = quantities(people, utilities, baseline)
        year = people["year"].astype(np.int64) - 1
        index = _places(people, year, run.years, others, sizes)
        totals.add(index, amounts)
        _add_ages(ages, people, year, amounts)
        lives.add(people, amounts[COLUMN["qalys"]])
    parts = np.split(totals.table(), np.cumsum([run.years * size for size in sizes])[:-1])
    cells = parts[0].reshape(run.years, 5, len(AGE_BANDS), 2, len(QUANTITIES))
    groups = {
        name: part.reshape(run.years, -1, len(QUANTITIES))
        for name, part in zip(others, parts[1:], strict=True)
    }
    steps = {name: np.concatenate([part[name] for part in reached]) for name in REACHED}
    return Sums(run, cells, groups, ages, labels, lives, steps)


def _places(
    people: Columns, year: Integers, years: int, others: Sequence[str], sizes: Sequence[int]
) -> Integers:
    """Return the row of the totals that each person-year adds to, (n, groupings)."""
    fifth = people["imd_quintile"].astype(np.int64) - 1
    cell = (fifth * len(AGE_BANDS) + age_band(people["age"])) * 2 + people["sex"]
    index = np.empty((len(year), len(sizes)), np.int64)
    start = 0
    for column, size in enumerate(sizes):
        code = cell if column == 0 else _code(people, others[column - 1], size)
        index[:, column] = start + year * size + code
        start += years * size
    return index


def _code(people: Columns, name: str, size: int) -> Integers:
    """Return the group of each person-year, checked against the groups that the run names."""
    if name == "ltc_count":
        return np.minimum(bits(people["conditions"]), FOUR)
    code = people[name].astype(np.int64)
    if len(code) and (code.min() < 0 or code.max() >= size):
        raise BadInput(
            [
                Fault(
                    where="person_years.parquet",
                    key=name,
                    found=f"{code.min()} to {code.max()}",
                    allowed=f"0 to {size - 1}, the groups that run.json names",
                    remedy="delete the run and run `carepath resume` on the experiment folder",
                )
            ]
        )
    return code


class _Totals:
    """Sums of quantities by row.

    Most quantities are nothing for most people; of those that the first people tell to be so,
    only what is something is added.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._usual: list[int] = []
        self._rare: list[int] | None = None
        self._many = np.zeros((0, 0))
        self._few = np.zeros((0, 0))

    def add(self, index: Integers, amounts: Sequence[npt.NDArray[Any]]) -> None:
        """Add the amounts of each person to each of their rows, (people, groupings)."""
        if self._rare is None:
            self._rare = _rare(amounts)
            self._usual = [column for column in range(len(amounts)) if column not in self._rare]
            self._many = np.zeros((self._size, len(self._usual)))
            self._few = np.zeros((self._size, len(self._rare)))
        self._many += _of_many(index, [amounts[column] for column in self._usual], self._size)
        self._few += _of_few(index, [amounts[column] for column in self._rare], self._size)

    def table(self) -> Floats:
        """Return the sums, (rows, quantities)."""
        whole = np.zeros((self._size, len(QUANTITIES)))
        whole[:, self._usual] = self._many
        whole[:, self._rare or []] = self._few
        return whole


def _rare(amounts: Sequence[npt.NDArray[Any]]) -> list[int]:
    """Return the columns of which few people have any."""
    shares = [np.count_nonzero(of_all != 0) / max(len(of_all), 1) for of_all in amounts]
    return [column for column, share in enumerate(shares) if share < FEW]


def _of_few(index: Integers, amounts: Sequence[npt.NDArray[Any]], size: int) -> Floats:
    """Return sums by row of quantities that few people have, (rows, quantities)."""
    found = np.zeros((len(amounts), size))
    for row, of_all in zip(found, amounts, strict=True):
        _add_some(index, of_all.astype(np.float64), row)
    return found.T


@compiled
def _add_some(index: Integers, amount: Floats, found: Floats) -> None:
    """Add what people have of one quantity to their rows, one after the other, in place."""
    for person in range(len(amount)):
        if amount[person] != 0.0:
            for grouping in range(index.shape[1]):
                found[index[person, grouping]] += amount[person]


def _of_many(index: Integers, amounts: Sequence[npt.NDArray[Any]], size: int) -> Floats:
    """Return sums by row of quantities that most people have, (rows, quantities)."""
    people, groupings = index.shape
    starts = np.arange(people + 1) * groupings
    member = sparse.csr_matrix((np.ones(index.size), index.ravel(), starts), shape=(people, size))
    found: Floats = member.T @ turned(amounts)
    return found


def turned(amounts: Sequence[npt.NDArray[Any]]) -> Floats:
    """Return quantities, an array each, as (people, quantities).

    A quantity at a time is written side by side, and few people at a time are turned round, so
    that they stay in the cache; some numbers between quantities keep these apart in it.
    """
    size = len(amounts[0])
    whole = np.empty((size, len(amounts)))
    found = np.empty((len(amounts), TURNED + APART))
    for start in range(0, size, TURNED):
        end = min(start + TURNED, size)
        for row, of_all in enumerate(amounts):
            found[row, : end - start] = of_all[start:end]
        whole[start:end] = found[:, : end - start].T
    return whole


def _add_ages(
    ages: Floats, people: Columns, year: Integers, amounts: Sequence[npt.NDArray[Any]]
) -> None:
    place = year * CELLS + age_cell(people)
    there = amounts[COLUMN["person_years"]] * (1.0 - amounts[COLUMN["deaths"]])
    for column, name in enumerate(BY_AGE):
        amount = there if name == "alive_at_end" else amounts[COLUMN[name]]
        flat = np.bincount(place, amount, ages[..., 0].size)
        ages[..., column] += flat.reshape(ages.shape[:-1])
