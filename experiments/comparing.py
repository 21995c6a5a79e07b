"""The comparison of designs as text: a table for people, CSV or JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.checking import read_toml

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json")
DEFAULT_MEASURE = "emergency_admissions"
HEADINGS = {
    "place": "place",
    "design": "design",
    "effects": "effects",
    "group": "group",
    "year": "year",
    "discounted": "discounted",
    "mean": "level",
    "baseline_mean": "baseline",
    "difference": "difference",
    "difference_low": "from",
    "difference_high": "to",
    "relative_difference": "relative",
    "replications": "replications",
}


def comparison_text(
    folders: Sequence[Path], *, baseline: str | None, measure: str | None, by: str, style: str
) -> str:
    """Return the paired comparison of one measure over run folders in one of ``FORMATS``.

    Without ``measure`` it is the main measure of the first folder's experiment.
    """
    from results.across import compare

    chosen = measure or _main_measure(folders[0])
    table = compare(folders, baseline=baseline, measure=chosen, by=by)
    if style == "csv":
        return table.to_csv(index=False, lineterminator="\n").rstrip("\n")
    if style == "json":
        return table.to_json(orient="records", indent=1, double_precision=12)
    return _as_table(table, chosen)


def _main_measure(folder: Path) -> str:
    file = folder / "experiment.toml"
    table = read_toml(file) if file.is_file() else {}
    return str(table.get("main_measure", DEFAULT_MEASURE))


def _as_table(table: pd.DataFrame, measure: str) -> str:
    """Return the whole period's rows, aligned, under a line that says what they are."""
    if table.empty:
        return f"{measure}: nothing to compare; the folder holds the baseline alone"
    whole = table[table["year"].astype(str) == "all"]
    shown = whole if len(whole) else table
    unit = str(shown["unit"].iloc[0]) if "unit" in shown else ""
    base = ", ".join(dict.fromkeys(shown["baseline"].astype(str)))
    head = f"{measure} ({unit}), all years; difference from {base}, paired, with 95% interval"
    rows = [[_cell(row.get(key), key) for key in HEADINGS if key in shown] for row in _rows(shown)]
    names = [HEADINGS[key] for key in HEADINGS if key in shown]
    return "\n".join([head, *aligned([names, *rows])])


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _cell(value: object, key: str) -> str:
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "-"
    if key == "relative_difference":
        return f"{value:+.2%}"
    sign = "+" if key.startswith("difference") else ""
    return f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.4g}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines in which columns begin at the same place."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
