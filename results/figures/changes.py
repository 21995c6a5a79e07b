"""What changes: every measure of a report beside usual care."""

from __future__ import annotations

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, SMALL, WIDE
from results.report_findings import ForestRow
from results.report_measures import RATE, forest_group
from results.report_numbers import capital, figures, signed, signed_range


def forest(rows: list[ForestRow], smallest: float, ax: Axes | None = None) -> Axes:
    """Draw figure 3: differences in % of usual care; the absolute ones stand at the right."""
    lines = _forest_lines(rows)
    if ax is None:
        pitch = 0.185 if len({row.option.letter for row in rows}) < 3 else 0.158
        height = 0.85 + pitch * (lines[-1][0] + 1)
        ax = canvas.new_axes(WIDE, height, left=2.2, right=2.0, top=0.3, bottom=0.55)
    ends = [value for row in rows for value in (row.relative.low, row.relative.high)]
    low, high = canvas.padded(min([*ends, -100 * smallest]), max([*ends, 100 * smallest]))
    ax.set_xlim(low, high)
    ax.axvspan(-100 * smallest, 100 * smallest, color="#E3E8EA", linewidth=0, zorder=0)
    for y, kind, row, name in lines:
        if kind == "group":
            _left(ax, y, name.upper(), weight="bold", colour="#003087", size=8.5)
        elif row is not None:
            _forest_row(ax, y, row, name)
    canvas.zero_line(ax)
    ax.set_ylim(lines[-1][0] + 0.9, -0.9)
    ax.set_yticks([])
    ax.set_xlabel("Difference from usual care, %")
    ax.xaxis.set_major_formatter(
        lambda value, _: "same" if value == 0 else f"{canvas.tick(value)}%"
    )
    _above(ax, 0, "← less", -7, ha="right", units="data")
    _above(ax, 0, "more →", 7, units="data")
    _above(ax, 1, RATE, 10)
    canvas.bare(ax)
    return ax


def _above(
    ax: Axes, x: float, words: str, right: float, *, ha: str = "left", units: str = "axes fraction"
) -> None:
    """Write just above the axes, ``right`` points off ``x``, a fraction of them or in data."""
    ax.annotate(
        words,
        (x, 1),
        xycoords=(units, "axes fraction"),
        xytext=(right, 5),
        textcoords="offset points",
        ha=ha,
        fontsize=SMALL,
        color=MUTE,
    )


def _forest_lines(rows: list[ForestRow]) -> list[tuple[float, str, ForestRow | None, str]]:
    """Return what stands on each line: a group's name, or a row with its measure's name."""
    lines: list[tuple[float, str, ForestRow | None, str]] = []
    y, group = 0.0, ""
    by_measure: dict[str, list[ForestRow]] = {}
    for row in rows:
        by_measure.setdefault(row.measure.key, []).append(row)
    for found in by_measure.values():
        if forest_group(found[0].measure.key) != group:
            group = forest_group(found[0].measure.key)
            lines.append((y, "group", None, group))
            y += 1.5
        # Room for the measure's name and its second line, also where there is one design.
        rise = max(0.0, (2.0 - len(found)) / 2.0)
        y += rise
        for place, row in enumerate(found):
            lines.append((y, "row", row, "first" if place == 0 else ""))
            y += 1.0
        y += rise + 0.45
    return lines


def _forest_row(ax: Axes, y: float, row: ForestRow, place: str) -> None:
    relative, change = row.relative, row.change
    canvas.interval(ax, relative.low, relative.high, y, row.option.colour, 1.8)
    canvas.disc(ax, relative.mean, y, row.option, filled=change.clear)
    step = change.step
    weight = "bold" if change.clear else "normal"
    canvas.beside(
        ax, y, signed(change.mean, step), 46, ha="right", fontsize=SMALL, fontweight=weight
    )
    ends = f"({signed_range(change.low, change.high, step)})"
    canvas.beside(ax, y, ends, 51, fontsize=SMALL, color=MUTE)
    if place == "first":
        base = figures(change.baseline, 3)
        _left(ax, y, capital(row.measure.name), weight="bold", lift=5)
        _left(ax, y, f"{row.measure.goal}; {base} now", colour=MUTE, lift=-6)


def _left(
    ax: Axes,
    y: float,
    text: str,
    *,
    weight: str = "normal",
    colour: str = INK,
    size: float = SMALL,
    lift: float = 0.0,
) -> None:
    ax.annotate(
        text,
        (0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-156, lift),
        textcoords="offset points",
        va="center",
        fontsize=size,
        fontweight=weight,
        color=colour,
        annotation_clip=False,
    )
