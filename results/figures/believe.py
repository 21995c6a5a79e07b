"""What one would have to believe: the difference at every size tried, and the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, WIDE
from results.report_numbers import capital, figures

BLUE = "#005EB8"
Row = Mapping[str, Any]
MULTIPLES = ("coverage", "cost")


@dataclass(frozen=True, slots=True)
class _Unit:
    """How a size is shown: what it is multiplied with, its unit after a number and at an axis."""

    factor: float
    unit: str
    axis: str
    signed: bool


def scans(rows: Sequence[Row], points: Sequence[Row]) -> Axes:
    """Draw the first target's scan: difference and its 95% interval by size.

    Parameters
    ----------
    rows : ``believe.csv``
    points : ``believe_scan.csv``
    """
    row = rows[0]
    same = ("place", "design", "effects", "measure", "year", "target")
    line = [one for one in points if all(one[key] == row[key] for key in same)]
    percent = 100.0 if row["relative"] == "yes" else 1.0
    sizes = [one["size"] for one in line]
    ax = canvas.new_axes(WIDE, 3.0, left=0.85, bottom=0.55, top=0.42, right=0.3)
    ax.fill_between(
        sizes,
        [percent * one["low"] for one in line],
        [percent * one["high"] for one in line],
        color=canvas.tint(BLUE),
        linewidth=0,
    )
    ax.plot(sizes, [percent * one["difference"] for one in line], "o-", color=BLUE)
    canvas.zero_line(ax, across=True)
    ax.axhline(percent * row["target"], color=INK, linestyle=(0, (4, 3)), linewidth=1.0)
    if not isnan(row["published_low"]):
        ax.axvspan(row["published_low"], row["published_high"], color=canvas.PALE, zorder=0)
    if not isnan(row["needed"]):
        ax.plot([row["needed"]], [percent * row["target"]], "D", color=INK, zorder=5)
    many = _shown(key_of(row))
    ax.xaxis.set_major_formatter(lambda size, _: figures(many.factor * size))
    ax.set_xlabel(
        f"{capital(row['varied'])}, {many.axis} (grey: published; dashed: target; diamond: needed)"
    )
    unit = "% of usual care" if percent == 100.0 else "difference from usual care"
    ax.set_ylabel(unit, color=MUTE)
    ax.set_title(title(row), loc="left", color=INK)
    canvas.bare(ax, grid="y")
    return ax


def title(row: Row) -> str:
    """Return what the figure shows, in a sentence."""
    size = f"{row['target']:+.2%}" if row["relative"] == "yes" else f"{row['target']:+g}"
    name = str(row["measure"]).replace("_", " ").capitalize()
    if row["reached"] == "no":
        return f"{name} {size} is not reached at any size tried"
    verdict = str(row["verdict"]).split(" (")[0]
    return f"{name} {size} needs {told(key_of(row), row['needed'])}, {verdict}"


def key_of(row: Row) -> str:
    """Return what is varied as the search named it, before it was put in words."""
    return str(row.get("key", row["varied"]))


def told(key: str, size: float, high: float | None = None) -> str:
    """Return a size (or the range up to ``high``) in the unit of what is varied.

    An effect on need is a share of it, coverage and cost are in multiples of the design's own,
    every other effect in a unit of its own.
    """
    many = _shown(key)
    ends = [figures(many.factor * end, 2) for end in (size, *([] if high is None else [high]))]
    if many.signed:
        ends = [f"+{end}" if end[:1].isdigit() and end != "0" else end for end in ends]
    return " to ".join(ends) + many.unit


def _shown(key: str) -> _Unit:
    if key in MULTIPLES:
        return _Unit(1.0, " times the design’s own", "times the design’s own", signed=False)
    if "demand." in key:
        return _Unit(100.0, "%", "%", signed=True)
    return _Unit(1.0, "", "in its own unit", signed=True)
