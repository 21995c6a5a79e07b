"""The figure of service use: published figures at 1, and what the demand of the sets gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.check_figures import new_figure
from calibration.checks import NEAR
from calibration.matching.figures_rows import draw_row, write_drawings
from calibration.matching.use_targets import UNMATCHED
from calibration.matching.verdicts import near_range
from calibration.targets import HOLDOUT
from results.figures.canvas import INK

NAME = "service_use"
_ENDS = 0.35, 2.2


def write_use_figure(table: pd.DataFrame, folder: Path) -> dict[str, str]:
    """Draw ``use.csv`` as PNG and SVG; return the title by name."""
    return write_drawings({NAME: lambda: service_use(table)}, folder)


def service_use(table: pd.DataFrame) -> Figure:
    """Draw every compared figure, in two columns, services together."""
    shown = table[table["role"] != UNMATCHED]
    shown = shown[shown["published"] > 0].sort_values(["service", "group"], kind="stable")
    half = -(-len(shown) // 2)
    figure = new_figure(12.5, 0.2 * half + 1.7)
    near = int((shown["verdict"] == NEAR).sum())
    figure.suptitle(
        f"Use of services and control: {near} of {len(shown)} published figures near enough",
        x=0.01,
        ha="left",
    )
    axes: Sequence[Axes] = figure.subplots(1, 2)
    for ax, rows in zip(axes, (shown[:half], shown[half:]), strict=True):
        _column(ax, rows)
    return figure


def _column(ax: Axes, rows: pd.DataFrame) -> None:
    for y, (_, row) in enumerate(rows.iterrows()):
        near = near_range(row["published"], row["low"], row["high"], row["role"])
        draw_row(ax, y, row, near, size=4.5)
    ax.set_yticks(range(len(rows)), [_words(row) for _, row in rows.iterrows()], fontsize=6.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.axvline(1, color=INK, linewidth=0.8)
    ax.set_xscale("log")
    ax.set_xlim(*_ENDS)
    ticks = (0.5, 0.75, 1, 1.5, 2)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel(
        "simulated over published (bar: near enough, the published interval\n"
        "or a tenth, 15% where held out; line: 95% of draws, where fitted\n"
        "terms are taken; tick: before)",
        fontsize=8,
    )


SHORT = {"emergency_admission + elective_inpatient + day_case": "all admissions"}


def _words(row: pd.Series[Any]) -> str:
    service = SHORT.get(str(row["service"]), str(row["service"]))
    held = "  [held out]" if row["role"] == HOLDOUT else ""
    return f"{service.replace('_', ' ')}, {row['group']}"[:60] + held
