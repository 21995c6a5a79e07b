"""Read a table of people that a user gives: counts or shares by age, sex, deprivation, group."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.faults import Fault, nearest
from agents.files import is_file
from agents.place import AGE_BANDS, BROAD_BANDS, ETHNIC_GROUPS, QUINTILES, Floats
from agents.population import SEXES

TOLERANCE = 1e-3  # of a sum of shares; more than rounding is a mistake
Cells = Mapping[str, str]
Position = Callable[[Cells], int]  # position of a row on one axis of the table


@dataclass(frozen=True, slots=True)
class Axis:
    """One way in which a table divides people: the columns it needs and where a row falls."""

    columns: tuple[str, ...]
    size: int
    position: Position
    allowed: str


@dataclass(frozen=True, slots=True)
class Margin:
    """What a table holds: its axes, and whether shares sum to 1 in each column of the last."""

    axes: tuple[Axis, ...]
    sums_by_column: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: ``values`` by its axes, counts of people or shares."""

    values: Floats
    counts: bool
    both_sexes: bool = False


def _age_axis(bands: tuple[tuple[int, int], ...]) -> Axis:
    def position(row: Cells) -> int:
        low = int(row["age_low"])
        high = int(row.get("age_high") or low)
        for i, (first, last) in enumerate(bands):
            if first <= low <= high <= (last if last < bands[-1][1] else 200):
                return i
        raise ValueError(f"{low}-{high}")

    edges = ", ".join(f"{low}-{high}" for low, high in bands)
    return Axis(("age_low",), len(bands), position, f"ages within one of {edges}")


def _quintile(row: Cells) -> int:
    return QUINTILES.index(int(row["imd_quintile"]))


def _group(row: Cells) -> int:
    name = row["ethnic_group"].strip()
    if name not in ETHNIC_GROUPS:
        near = nearest(name, ETHNIC_GROUPS)
        raise ValueError(f"{name} (did you mean {near}?)" if near else name)
    return ETHNIC_GROUPS.index(name)


def _sex(row: Cells) -> int:
    # Without sexes, everyone is put first and split later.
    return SEXES.index(row["sex"].strip().lower()) if row.get("sex") not in (None, "all") else 0


_SEX = Axis((), len(SEXES), _sex, "female, male, or all")
_IMD = Axis(("imd_quintile",), len(QUINTILES), _quintile, "1 (most deprived) to 5")
_GROUP = Axis(("ethnic_group",), len(ETHNIC_GROUPS), _group, ", ".join(ETHNIC_GROUPS))

MARGINS: dict[str, Margin] = {
    "age_sex": Margin((_age_axis(AGE_BANDS), _SEX)),
    "imd": Margin((_IMD,)),
    "age_by_imd": Margin((_age_axis(BROAD_BANDS), _IMD), sums_by_column=True),
    "ethnicity": Margin((_GROUP,)),
}


def read_table(path: Path, margin: Margin, faults: list[Fault]) -> Table | None:
    """Return the table of ``path``; add all that is wrong with it to ``faults``.

    The table has the columns of its axes (``age_low, age_high, sex``, ``imd_quintile``,
    ``ethnic_group``) and either ``count`` or ``share``. Finer ages than needed are added up.
    """
    before = len(faults)
    rows = _read_rows(path, margin, faults)
    if rows is None:
        return None
    unit = "count" if "count" in rows[0] else "share"
    values = np.zeros([axis.size for axis in margin.axes])
    for line, row in enumerate(rows, start=2):
        _add_row(values, row, margin, unit, f"{path.name}:{line}", faults)
    if unit == "share" and len(faults) == before:
        _check_sums(values, margin, path, faults)
    _check_people(values, path, unit, faults, before)
    return Table(values, unit == "count", both_sexes="sex" not in rows[0])


def _read_rows(path: Path, margin: Margin, faults: list[Fault]) -> list[dict[str, str]] | None:
    if not is_file(path):
        faults.append(_fault(path.name, "file", "no such file", str(path), "put the file there"))
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = [_cells(row) for row in csv.DictReader(lines)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        faults.append(_fault(path.name, "file", str(error), "a CSV file in UTF-8", "save it anew"))
        return None
    if not rows:
        faults.append(_fault(path.name, "file", "no rows", "at least one row", "add the counts"))
        return None
    wanted = [column for axis in margin.axes for column in axis.columns]
    missing = [column for column in wanted if column not in rows[0]]
    if "count" not in rows[0] and "share" not in rows[0]:
        missing.append("count")
    for column in missing:
        near = nearest(column, rows[0])
        remedy = f"rename {near}" if near else f"add a column {column}"
        columns = ", ".join(rows[0]) or "no columns"
        faults.append(_fault(path.name, column, "no such column", columns, remedy))
    return None if missing else rows


def _cells(row: Mapping[str | None, object]) -> dict[str, str]:
    """Return the named cells of a row; one that is not there is empty, extra ones are left."""
    return {name: str(cell or "") for name, cell in row.items() if name is not None}


def _fault(where: str, key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where=where, key=key, found=found, allowed=allowed, remedy=remedy)


def _add_row(
    values: Floats, row: Cells, margin: Margin, unit: str, where: str, faults: list[Fault]
) -> None:
    cell = []
    for axis in margin.axes:
        try:
            cell.append(axis.position(row))
        except (ValueError, KeyError) as error:
            key = axis.columns[0] if axis.columns else "sex"
            faults.append(_fault(where, key, str(error), axis.allowed, "mend the row"))
    amount = _amount(row, unit, where, faults)
    if len(cell) == len(margin.axes):
        values[tuple(cell)] += amount


def _amount(row: Cells, unit: str, where: str, faults: list[Fault]) -> float:
    try:
        amount = float(row[unit])
    except (ValueError, TypeError):
        amount = math.nan
    if not math.isfinite(amount):
        faults.append(_fault(where, unit, repr(row[unit]), "a number", "give a number"))
        return 0.0
    if amount < 0:
        faults.append(_fault(where, unit, row[unit], "0 or more", "people cannot be negative"))
    return amount


def _check_sums(values: Floats, margin: Margin, path: Path, faults: list[Fault]) -> None:
    totals = values.sum(axis=0) if margin.sums_by_column else np.array([values.sum()])
    for fifth, total in enumerate(totals, start=1):
        if abs(total - 1.0) > TOLERANCE and not (margin.sums_by_column and total == 0):
            key = f"share of fifth {fifth}" if margin.sums_by_column else "share"
            found = f"shares that sum to {total:.4f}"
            faults.append(_fault(path.name, key, found, "a sum of 1", "mend them or give counts"))


def _check_people(values: Floats, path: Path, unit: str, faults: list[Fault], before: int) -> None:
    if len(faults) == before and values.sum() <= 0:
        faults.append(_fault(path.name, unit, "nobody", "at least one person", "add the counts"))
