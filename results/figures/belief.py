"""Plan beside evidence, what drives the answer, the model beside the world."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, PANEL, WIDE
from results.findings_checks import CheckRow
from results.report_data import READINGS, Option
from results.report_numbers import signed
from results.wording import Change

READING_MARKS = {"plan": "s", "published": "", "null": "D", "inert": "x"}
READING_LABELS = {
    "plan": "plan",
    "published": "published",
    "null": "no effect",
    "inert": "inert",
}


def readings(
    every: list[tuple[Option, dict[str, Change]]], *, unit: str, ax: Axes | None = None
) -> Axes:
    """Draw a panel of figure 18: a design under its plan, published evidence and no effect."""
    lines = [
        (option, reading, found.get(reading))
        for option, found in every
        for reading in READINGS
        if reading in found or reading in ("plan", "published", "null")
    ]
    if ax is None:
        ax = canvas.new_axes(
            PANEL, 0.62 + 0.25 * len(lines), left=1.0, right=0.2, top=0.06, bottom=0.5
        )
    for y, (option, reading, change) in enumerate(lines):
        if change is None:
            ax.annotate(
                "not run",
                (0.5, y),
                xycoords=("axes fraction", "data"),
                va="center",
                ha="center",
                color=MUTE,
                style="italic",
            )
            continue
        canvas.interval(ax, change.low, change.high, y, option.colour, 1.6)
        _reading_mark(ax, y, option, reading, change)
    canvas.zero_line(ax)
    ax.set_yticks(range(len(lines)), [_label(o, r) for o, r, _ in lines])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ends = [e for _, found in every for c in found.values() for e in (c.low, c.high)]
    ax.set_xlim(canvas.padded(min([*ends, 0.0]), max([*ends, 0.0])))
    ax.set_xlabel(unit)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    canvas.bare(ax)
    return ax


def _label(option: Option, reading: str) -> str:
    name = READING_LABELS[reading]
    return f"{option.letter} {name}" if reading == "plan" else name


def _reading_mark(ax: Axes, y: float, option: Option, reading: str, change: Change) -> None:
    if reading == "published":
        canvas.disc(ax, change.mean, y, option, filled=change.clear)
        return
    hollow = reading == "plan" or not change.clear
    ax.plot(
        [change.mean],
        [y],
        marker=READING_MARKS[reading],
        markersize=6.5,
        markerfacecolor="white" if hollow else option.colour,
        markeredgecolor=option.colour,
        markeredgewidth=1.5,
        linestyle="none",
        zorder=6,
    )


def checks(rows: list[CheckRow], ax: Axes | None = None) -> Axes:
    """Draw figure 23: simulated over published, fitted and held-out checks apart."""
    lines = _check_lines(rows)
    if ax is None:
        ax = canvas.new_axes(
            WIDE, 0.65 + 0.25 * (lines[-1][0] + 1), left=2.75, right=1.25, top=0.1, bottom=0.5
        )
    farthest = max(abs(100 * (row.ratio.mean - 1)) for row in rows)
    reach = min(max(22.0, 1.2 * farthest), 100.0)
    ax.set_xlim(-reach, reach)
    ax.axvspan(-10, 10, color="#E3E8EA", linewidth=0, zorder=0)
    for edge in (-10, 10):
        ax.axvline(edge, color="#AEB7BD", linewidth=0.8, zorder=1)
    for y, row, title in lines:
        if row is None:
            ax.annotate(
                title.upper(),
                (0, y),
                xycoords=("axes fraction", "data"),
                xytext=(-190, 0),
                textcoords="offset points",
                va="center",
                fontweight="bold",
                fontsize=8.5,
                color="#003087",
                annotation_clip=False,
            )
        else:
            _check_row(ax, y, row)
    ax.axvline(0, color=INK, linewidth=1.1, zorder=2)
    ax.set_yticks([y for y, row, _ in lines if row], [row.name for _, row, _ in lines if row])
    ax.set_ylim(lines[-1][0] + 0.7, -0.7)
    ax.set_xlabel("Simulated against published")
    ax.locator_params(axis="x", nbins=7)
    ax.xaxis.set_major_formatter(lambda v, _: "same" if v == 0 else f"{canvas.tick(v)}%")
    canvas.bare(ax)
    return ax


def _check_lines(rows: list[CheckRow]) -> list[tuple[float, CheckRow | None, str]]:
    lines: list[tuple[float, CheckRow | None, str]] = []
    y = 0.0
    for fitted, title in ((True, "Used to fit"), (False, "Not used to fit")):
        mine = [row for row in rows if row.fitted == fitted]
        if not mine:
            continue
        lines.append((y, None, title))
        y += 1.0
        for row in mine:
            lines.append((y, row, ""))
            y += 1.0
        y += 0.3
    return lines


def _check_row(ax: Axes, y: float, row: CheckRow) -> None:
    ratio = row.ratio
    off = 100 * (ratio.mean - 1)
    left, right = ax.get_xlim()
    ends = np.clip([100 * (ratio.low - 1), 100 * (ratio.high - 1)], left, right)
    canvas.interval(ax, float(ends[0]), float(ends[1]), y, INK, 1.6)
    shown = min(max(off, left), right)
    ax.plot(
        [shown],
        [y],
        marker="o",
        markersize=6.5,
        markeredgewidth=1.5,
        linestyle="none",
        markerfacecolor=INK if row.within else "white",
        markeredgecolor=INK,
        zorder=6,
        clip_on=False,
    )
    step = 0.1 if 9.5 <= abs(off) < 10.5 else 1.0  # never "10%, outside 10%"
    words = "same" if signed(off) == "0" else f"{signed(off, step)}%"
    if ratio.mean < 0:
        words = "other way round"
    elif not row.within:
        words += f", {row.reading}"
    canvas.beside(ax, y, words, 8, fontweight="bold" if row.missed else "normal")
