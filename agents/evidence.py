"""Evidence tables: every number of the model with its range, unit, source and basis.

A folder of CSV tables is read as text; a number is asked for by table and by the columns
that name it, and every number asked for is remembered, so that a run can list the evidence
it rests on. A parameter set or a draw replaces numbers by key without touching the tables.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from agents.faults import BadInput, Fault, nearest

VALUE_COLUMNS = ("value", "coefficient", "per_10000", "value_gbp", "index_2022_23_eq_100")
_DESCRIPTIONS = frozenset(
    {"low", "high", "unit", "source", "basis", "note", "se", "year", "geography", "role", "preferred"}
    | set(VALUE_COLUMNS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the model and how it is known.

    ``key`` is the table and the naming columns; ``low`` and ``high`` are None where no range
    was published; ``basis`` is ``read``, ``derived``, ``recalled`` or ``assumption``.
    """

    key: str
    value: float
    low: float | None
    high: float | None
    unit: str
    source: str
    basis: str
    note: str


Row = Mapping[str, str]


@lru_cache(maxsize=8)
def _tables(folder: str) -> dict[str, tuple[Row, ...]]:
    tables = {}
    for path in sorted(Path(folder).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            tables[path.stem] = tuple(csv.DictReader(lines))
    return tables


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text not in (None, "") else None
    except ValueError:
        return None


@dataclass(slots=True)
class Evidence:
    """The evidence tables of one folder, with the numbers of a parameter set on top.

    Parameters
    ----------
    folder : a folder of CSV tables, such as ``calibration/evidence``
    replaced : numbers by key that replace the tables' own (a draw, a fitted set)
    """

    folder: Path
    replaced: Mapping[str, float] = field(default_factory=dict)
    used: dict[str, Figure] = field(default_factory=dict)

    def rows(self, table: str, **where: str) -> list[Row]:
        """Return the rows of ``table`` whose columns equal ``where``, in file order.

        Raises
        ------
        BadInput
            If the folder holds no such table, or the table no such column.
        """
        tables = _tables(str(self.folder))
        if table not in tables:
            raise BadInput(
                [
                    Fault(
                        where=str(self.folder),
                        key=table,
                        found="no such table",
                        allowed=", ".join(sorted(tables)) or "CSV tables",
                        remedy=f"use {nearest(table, tables) or 'a folder that holds it'}",
                    )
                ]
            )
        rows = tables[table]
        missing = [column for column in where if rows and column not in rows[0]]
        if missing:
            raise BadInput(
                [
                    Fault(
                        where=f"{table}.csv",
                        key=column,
                        found="no such column",
                        allowed=", ".join(rows[0]),
                        remedy=f"use {nearest(column, rows[0]) or 'one of these'}",
                    )
                    for column in missing
                ]
            )
        return [row for row in rows if all(row[name] == want for name, want in where.items())]

    def figures(self, table: str, **where: str) -> list[Figure]:
        """Return every number of ``table`` that ``where`` names, and remember its use."""
        rows = self.rows(table, **where)
        return [self._remembered(self._figure(table, row)) for row in rows]

    def figure(self, table: str, **where: str) -> Figure:
        """Return the one number that ``where`` names.

        Raises
        ------
        BadInput
            If no row or more than one row fits.
        """
        rows = self.rows(table, **where)
        if len(rows) != 1:
            asked = ", ".join(f"{name}={value!r}" for name, value in where.items())
            raise BadInput(
                [
                    Fault(
                        where=f"{table}.csv",
                        key=asked,
                        found=f"{len(rows)} rows",
                        allowed="exactly one row",
                        remedy="add the row" if not rows else "remove or tell apart the doubles",
                    )
                ]
            )
        return self._remembered(self._figure(table, rows[0]))

    def value(self, table: str, **where: str) -> float:
        """Return the value of the one number that ``where`` names (see ``figure``)."""
        return self.figure(table, **where).value

    def keep(self, figures: Iterable[Figure]) -> None:
        """Remember the use of figures that were read by other means."""
        for figure in figures:
            self.used[figure.key] = figure

    def _remembered(self, figure: Figure) -> Figure:
        self.used[figure.key] = figure
        return figure

    def _figure(self, table: str, row: Row) -> Figure:
        column = next((name for name in VALUE_COLUMNS if name in row), "value")
        names = [row[name] for name in row if name not in _DESCRIPTIONS and row[name]]
        key = ".".join([table, *names])
        value = _number(row.get(column))
        if value is None:
            raise BadInput(
                [
                    Fault(
                        where=f"{table}.csv",
                        key=key,
                        found=repr(row.get(column)),
                        allowed="a number",
                        remedy=f"give {column} a number",
                    )
                ]
            )
        return Figure(
            key=key,
            value=self.replaced.get(key, value),
            low=_number(row.get("low")),
            high=_number(row.get("high")),
            unit=row.get("unit", ""),
            source=row.get("source", ""),
            basis=row.get("basis", ""),
            note=row.get("note", ""),
        )
