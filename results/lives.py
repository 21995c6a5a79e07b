"""QALYs, fifth and steps reached of every person of a run, so that lives stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from results.utilities import LAST_BAND, five_year_band

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Columns = Mapping[str, npt.NDArray[Any]]
AGE_CELLS = (5, 2, LAST_BAND + 1)  # fifth, sex, five-year band
CELLS = 5 * 2 * (LAST_BAND + 1)
KEPT = ("person", "imd_quintile", "stages", "died", "year")


def age_cell(people: Columns) -> Integers:
    """Return fifth, sex and five-year band of each person-year as one number (``AGE_CELLS``)."""
    fifth = people["imd_quintile"].astype(np.int64) - 1
    return (fifth * 2 + people["sex"]) * (LAST_BAND + 1) + five_year_band(people["age"])


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """One row a person, by rising number.

    ``last_year`` is the last year in which a person was there, ``cell`` their fifth, sex and
    five-year band in it (flat in ``AGE_CELLS``), ``died`` whether they died in the place and
    ``stages`` the bits of the steps of the design that they ever reached.
    """

    person: Integers
    qalys: Floats
    fifth: npt.NDArray[np.int8]
    stages: npt.NDArray[np.uint8]
    died: npt.NDArray[np.bool_]
    last_year: npt.NDArray[np.int16]
    cell: npt.NDArray[np.int16]


class Lives:
    """Person-years as they are read, and each person's life once all of them are.

    The same number is the same person in every design. Numbers are few and far between (those
    who move in are numbered by the day they come), so lives are held by person and not by
    number.
    """

    def __init__(self) -> None:
        self._parts: list[dict[str, npt.NDArray[Any]]] = []

    def add(self, people: Columns, qalys: Floats) -> None:
        """Add person-years with the QALYs lived in them."""
        part = {name: people[name] for name in KEPT}
        cell = age_cell(people).astype(np.int16)
        self._parts.append(part | {"qalys": np.array(qalys, np.float64), "cell": cell})
        self.__dict__.pop("settled", None)

    @cached_property
    def settled(self) -> Settled:
        """Each person's life, by their number."""
        names = (*KEPT, "qalys", "cell")
        if not self._parts:
            return _settled({name: np.zeros(0, np.int64) for name in names})
        return _settled({name: np.concatenate([p[name] for p in self._parts]) for name in names})

    def left(self, years: int) -> Floats:
        """Return those who moved away alive by year, fifth, sex and band, (years, 5, 2, 19).

        They are those who were no longer there in the year after their last and had not died;
        who moves away in the last year cannot be told from who stays.
        """
        held = self.settled
        gone = (held.last_year < years) & ~held.died
        place = (held.last_year[gone].astype(np.int64) - 1) * CELLS + held.cell[gone]
        counts: Floats = np.bincount(place, minlength=years * CELLS).astype(np.float64)
        return counts.reshape(years, *AGE_CELLS)


def _settled(rows: Columns) -> Settled:
    """Put together the person-years of each person, in the order in which they were read."""
    numbers, at = _places(rows["person"].astype(np.int64))
    size = len(numbers)
    fifth, stages = np.zeros(size, np.int8), np.zeros(size, np.uint8)
    died = np.zeros(size, np.bool_)
    last_year, cell = np.zeros(size, np.int16), np.zeros(size, np.int16)
    fifth[at] = rows["imd_quintile"]
    some = rows["stages"] > 0
    np.bitwise_or.at(stages, at[some], rows["stages"][some].astype(np.uint8))
    died[at[rows["died"].astype(bool)]] = True
    in_time = _in_time(rows["year"])
    last_year[at[in_time]] = rows["year"][in_time]
    cell[at[in_time]] = rows["cell"][in_time]
    qalys: Floats = np.bincount(at, rows["qalys"], size).astype(np.float64)
    return Settled(numbers, qalys, fifth, stages, died, last_year, cell)


def _in_time(year: npt.NDArray[Any]) -> npt.NDArray[np.intp] | slice:
    """Return the order of years; as they are where they were read so."""
    read_so = bool((year[1:] >= year[:-1]).all())
    return slice(None) if read_so else np.argsort(year, kind="stable")


def _places(person: Integers) -> tuple[Integers, Integers]:
    """Return the numbers that occur, rising, and the place of each row's number among them."""
    most = int(person.max(initial=-1)) + 1
    there = np.zeros(most, np.bool_)
    there[person] = True
    numbers = np.flatnonzero(there)
    place = np.zeros(most, np.int32)
    place[numbers] = np.arange(len(numbers))
    return numbers, place[person].astype(np.int64)
