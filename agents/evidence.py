"""Evidence tables: every number of the model with its range, unit, source and basis.

A folder of CSV tables is read as text; a number is asked for by table and by the columns
that name it, and every number asked for is remembered, so that a run can list the evidence
it rests on. A parameter set or a draw replaces numbers by key without touching the tables.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from agents.faults import BadInput, Fault, nearest

VALUE_COLUMNS = ("value", "coefficient", "per_10000", "value_gbp", "rate", "index_2022_23_eq_100")

# A table with one of these columns is named by it alone.
_IDENTITY = ("key", "effect_id")

# Columns that say something about a number and do not name it.
_RANGE = ("low", "high", "se")
_ABOUT = ("unit", "source", "basis", "note", "preferred")
_OTHER_NUMBERS = (
    "quantity",
    "utilisation_baseline",
    "expected_wait",
    "annual_percent",
    "england_share",
)
_DESCRIPTIONS = frozenset((*VALUE_COLUMNS, *_RANGE, *_ABOUT, *_OTHER_NUMBERS))


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


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a table and the key that no other row has."""

    key: str
    row: Row


def _key(table: str, row: Row) -> str:
    for name in _IDENTITY:
        if row.get(name):
            return f"{table}.{row[name]}"
    return ".".join(
        [table, *(row[name] for name in row if name not in _DESCRIPTIONS and row[name])]
    )


def _read(path: Path) -> tuple[_Line, ...]:
    """Return the lines of one table; rows that share a key are told apart by #2, #3."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, restval=None))
    ragged = [
        Fault(
            where=path.name,
            key=f"row {number}",
            found="more cells than columns" if None in row else "fewer cells than columns",
            allowed="one cell for each column",
            remedy="quote a cell that holds a comma, and end no row early",
        )
        for number, row in enumerate(rows, 2)
        if None in row or None in row.values()
    ]
    if ragged:
        raise BadInput(ragged)
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        key = _key(path.stem, row)
        seen[key] += 1
        found.append(_Line(key if seen[key] == 1 else f"{key}#{seen[key]}", row))
    return tuple(found)


@lru_cache(maxsize=8)
def _tables(folder: Path) -> dict[str, tuple[_Line, ...]]:
    return {path.stem: _read(path) for path in sorted(folder.glob("*.csv"))}


@lru_cache(maxsize=256)
def _index(
    folder: Path, table: str, columns: tuple[str, ...]
) -> dict[tuple[str, ...], list[_Line]]:
    """Return the lines of a table by what stands in ``columns``, so that a look-up is quick."""
    index: dict[tuple[str, ...], list[_Line]] = {}
    for line in _tables(folder)[table]:
        index.setdefault(tuple(line.row[column] for column in columns), []).append(line)
    return index


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _faults(table: str, line: _Line, column: str) -> list[Fault]:
    """Return what is wrong with the number and the range of one line."""
    cells = {name: line.row.get(name, "") for name in (column, "low", "high")}
    return [
        Fault(
            where=f"{table}.csv",
            key=f"{line.key}: {name}",
            found=repr(text),
            allowed="a number" if name == column else "a number, or nothing",
            remedy=f"give {name} a number",
        )
        for name, text in cells.items()
        if _number(text) is None and (text or name == column)
    ]


def _figure(table: str, line: _Line, replaced: Mapping[str, float]) -> Figure:
    row = line.row
    column = next((name for name in VALUE_COLUMNS if name in row), "value")
    value = _number(row.get(column))
    faults = _faults(table, line, column)
    if faults or value is None:
        raise BadInput(faults)
    return Figure(
        key=line.key,
        value=float(replaced.get(line.key, value)),
        low=_number(row.get("low")),
        high=_number(row.get("high")),
        unit=row.get("unit", ""),
        source=row.get("source", ""),
        basis=row.get("basis", ""),
        note=row.get("note", ""),
    )


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
    _found: dict[tuple[str, ...], Figure] = field(default_factory=dict, compare=False, repr=False)

    def rows(self, table: str, **where: str) -> list[Row]:
        """Return the rows of ``table`` whose columns equal ``where``, in file order.

        Raises
        ------
        BadInput
            If the folder holds no such table, or the table no such column.
        """
        return [line.row for line in self._lines(table, where)]

    def keys(self, table: str, **where: str) -> list[str]:
        """Return the keys of the rows that ``rows`` returns, in the same order."""
        return [line.key for line in self._lines(table, where)]

    def figures(self, table: str, **where: str) -> list[Figure]:
        """Return every number of ``table`` that ``where`` names, and remember its use.

        Raises
        ------
        BadInput
            If a row holds no number, or a range that is no number; all such rows at once.
        """
        figures: list[Figure] = []
        faults: list[Fault] = []
        for line in self._lines(table, where):
            try:
                figures.append(_figure(table, line, self.replaced))
            except BadInput as bad:
                faults.extend(bad.faults)
        if faults:
            raise BadInput(faults)
        self.keep(figures)
        return figures

    def figure(self, table: str, **where: str) -> Figure:
        """Return the one number that ``where`` names.

        Raises
        ------
        BadInput
            If no row or more than one row fits, or the row holds no number.
        """
        asked = (table, *(part for pair in where.items() for part in pair))
        figure = self._found.get(asked)
        if figure is None:
            figure = self._found[asked] = self._one_figure(table, where)
        self.used[figure.key] = figure
        return figure

    def _one_figure(self, table: str, where: Mapping[str, str]) -> Figure:
        lines = self._lines(table, where)
        if len(lines) != 1:
            asked = ", ".join(f"{name}={value!r}" for name, value in where.items())
            raise BadInput(
                [
                    Fault(
                        where=f"{table}.csv",
                        key=asked,
                        found=f"{len(lines)} rows",
                        allowed="exactly one row",
                        remedy="remove or tell apart the doubles" if lines else "add the row",
                    )
                ]
            )
        return _figure(table, lines[0], self.replaced)

    def value(self, table: str, **where: str) -> float:
        """Return the value of the one number that ``where`` names (see ``figure``)."""
        return self.figure(table, **where).value

    def keep(self, figures: Iterable[Figure]) -> None:
        """Remember the use of figures, also of those that were read by other means."""
        for figure in figures:
            self.used[figure.key] = figure

    def _lines(self, table: str, where: Mapping[str, str]) -> list[_Line]:
        folder = self.folder.resolve()
        tables = _tables(folder)
        if table not in tables:
            raise BadInput([_unknown(str(self.folder), table, "table", tables)])
        lines = tables[table]
        columns = list(lines[0].row) if lines else list(where)
        missing = [column for column in where if column not in columns]
        if missing:
            raise BadInput(_unknown(f"{table}.csv", name, "column", columns) for name in missing)
        return _index(folder, table, tuple(where)).get(tuple(where.values()), [])


def _unknown(where: str, name: str, kind: str, names: Iterable[str]) -> Fault:
    known = list(names)
    return Fault(
        where=where,
        key=name,
        found=f"no such {kind}",
        allowed=", ".join(known) or f"a {kind}",
        remedy=f"use {nearest(name, known) or 'one of these'}",
    )
