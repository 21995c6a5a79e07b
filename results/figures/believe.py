"""What one would have to believe: the difference at every size tried, and the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, WIDE
from results.report_data import PER
from results.report_measures import measure_of
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
    factor = difference_factor(row)
    sizes = [one["size"] for one in line]
    ax = canvas.new_axes(WIDE, 3.0, left=0.85, bottom=0.55, top=0.42, right=0.3)
    ax.fill_between(
        sizes,
        [factor * one["low"] for one in line],
        [factor * one["high"] for one in line],
        color=canvas.tint(BLUE),
        linewidth=0,
    )
    ax.plot(sizes, [factor * one["difference"] for one in line], "o-", color=BLUE)
    canvas.zero_line(ax, across=True)
    ax.axhline(factor * row["target"], color=INK, linestyle=(0, (4, 3)), linewidth=1.0)
    if not isnan(row["published_low"]):
        ax.axvspan(row["published_low"], row["published_high"], color=canvas.PALE, zorder=0)
    if not isnan(row["needed"]):
        ax.plot([row["needed"]], [factor * row["target"]], "D", color=INK, zorder=5)
    many = _shown(key_of(row))
    ax.xaxis.set_major_formatter(lambda size, _: figures(many.factor * size))
    ax.set_xlabel(
        f"{capital(row['varied'])}, {many.axis} (grey: published; dashed: target; diamond: needed)"
    )
    unit = _difference_unit(row)
    ax.set_ylabel(unit if relative(row) else f"difference, {unit}".rstrip(", "), color=MUTE)
    ax.set_title(title(row), loc="left", color=INK)
    canvas.bare(ax, grid="y")
    return ax


def title(row: Row) -> str:
    """Return what the figure shows, in a sentence."""
    size, name = target_words(row), capital(measure_of(str(row["measure"])).name)
    if row["reached"] == "no":
        return f"{name} {size} is not reached at any size tried"
    verdict = str(row["verdict"]).split(" (")[0]
    return f"{name} {size} needs {told(key_of(row), row['needed'])}, {verdict}"


def relative(row: Row) -> bool:
    """Tell whether a target is a share of usual care's level."""
    return bool(row["relative"] == "yes")


def difference_factor(row: Row) -> float:
    """Return what makes a difference of the search's tables one in its measure's unit."""
    return 100.0 if relative(row) else measure_of(str(row["measure"])).factor(PER)


def _difference_unit(row: Row) -> str:
    """Return the unit of a difference: a share changes by points, totals are for the place."""
    measure = measure_of(str(row["measure"]))
    if relative(row):
        return "% of usual care"
    return "for the whole place" if measure.total else measure.change_unit


def in_unit(row: Row, number: str) -> str:
    """Return a difference with its unit: "−9.73%", "+2 percentage points", "−300"."""
    measure = measure_of(str(row["measure"]))
    if relative(row):
        return f"{number}%"
    return number if measure.total else f"{number} {measure.change_unit}".strip()


def target_words(row: Row) -> str:
    """Return the target with its unit."""
    size = difference_factor(row) * row["target"]
    if not size:
        return in_unit(row, "0")
    return in_unit(row, f"{size:+.2f}" if relative(row) else f"{size:+g}")


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
