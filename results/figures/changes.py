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
    ax.annotate(
        "← less",
        (0, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-7, 5),
        textcoords="offset points",
        ha="right",
        fontsize=SMALL,
        color=MUTE,
    )
    ax.annotate(
        "more →",
        (0, 1),
        xycoords=("data", "axes fraction"),
        xytext=(7, 5),
        textcoords="offset points",
        fontsize=SMALL,
        color=MUTE,
    )
    ax.annotate(
        RATE,
        (1, 1),
        xycoords="axes fraction",
        xytext=(10, 5),
        textcoords="offset points",
        fontsize=SMALL,
        color=MUTE,
    )
    canvas.bare(ax)
    return ax


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
    ax.annotate(
        signed(change.mean, step),
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(46, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=SMALL,
        fontweight="bold" if change.clear else "normal",
    )
    ax.annotate(
        f"({signed_range(change.low, change.high, step)})",
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(51, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=MUTE,
    )
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
