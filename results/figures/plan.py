"""The plan's own table beside what was simulated: points of delivery, and localities."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from results.figures import canvas
from results.figures.canvas import INK, MUTE, WIDE
from results.plan_evidence import ALL

# In the order in which they lie from top to bottom at each point of delivery, as everywhere.
LOOKS = {
    "published": ("as published", "#005EB8", "o"),
    "plan": ("as planned", "#AE2573", "s"),
    "null": ("no effect on health", "#768692", "^"),
}
DOCUMENT = ("the plan itself", INK, "D")
STEP = 0.2


def by_point(table: pd.DataFrame) -> Axes:
    """Draw each point of delivery: what the plan states, and each version simulated.

    Parameters
    ----------
    table : rows of ``plan.csv`` of one design
    """
    rows = table[table["locality"] == ALL]
    return _drawn(rows, "point_of_delivery", "Change from momentum in the last year, %")


def by_locality(table: pd.DataFrame, point: str) -> Axes:
    """Draw each locality, the largest fall of the plan first, at one point of delivery.

    Parameters
    ----------
    table : rows of ``plan.csv`` of one design
    point : a point of delivery for which the plan has targets by locality
    """
    rows = table[(table["locality"] != ALL) & (table["point_of_delivery"] == point)]
    rows = rows[rows["plan"].notna()].sort_values(["plan", "locality"], kind="stable")
    rows = rows.assign(locality=rows["locality"].map(name_of))
    return _drawn(rows, "locality", f"Change of {point} from momentum, %")


def name_of(key: str) -> str:
    """Return a locality's key as its name: ``Benfleet and Hadleigh``."""
    return " ".join(word if word == "and" else word.capitalize() for word in key.split("_"))


def _drawn(rows: pd.DataFrame, column: str, label: str) -> Axes:
    names = list(dict.fromkeys(rows[column]))
    height = 0.95 + 0.62 * len(names) if column != "locality" else 0.95 + 0.3 * len(names)
    ax = canvas.new_axes(WIDE, height, left=1.75, right=0.25, top=0.4)
    shown = [effects for effects in LOOKS if effects in set(rows["effects"])]
    for y, name in enumerate(names):
        own = rows[rows[column] == name]
        ax.plot(own["plan"].iloc[0], y, DOCUMENT[2], color=DOCUMENT[1], ms=7, zorder=6)
        for place, effects in enumerate(shown):
            _, colour, marker = LOOKS[effects]
            offset = y + STEP * (place - (len(shown) - 1) / 2)
            for row in own[own["effects"] == effects].itertuples():
                canvas.interval(ax, row.low, row.high, offset, colour)
                ax.plot(row.mean, offset, marker, color=colour, ms=5, zorder=5)
    canvas.zero_line(ax)
    ax.set_yticks(range(len(names)), [name[:1].upper() + name[1:] for name in names])
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.set_xlabel(label)
    looks = [DOCUMENT, *(LOOKS[effects] for effects in shown)]
    handles = [
        Line2D([], [], marker=marker, color=colour, linestyle="none", ms=6, label=text)
        for text, colour, marker in looks
    ]
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=len(handles),
        frameon=False,
        handletextpad=0.2,
        labelcolor=MUTE,
        borderaxespad=0.1,
    )
    canvas.bare(ax)
    return ax
