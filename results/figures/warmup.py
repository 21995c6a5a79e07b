"""How queues open: the first quarters beside what later years lead to expect."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, WIDE
from results.report_measures import service_name

AS_EXPECTED, DIFFERS = "#005EB8", "#AE2573"
WIDEST = 100.0  # %; intervals of short queues go beyond
EDGE = 98.0  # where an arrow stands that says so, clear of the names
WORDS = {"queue_end": "waiting", "utilisation": "use"}


def opening(table: pd.DataFrame) -> Axes:
    """Draw the difference of the first quarter of each queue, % of what was expected.

    Parameters
    ----------
    table : rows of ``warm_up.csv`` of one place
    """
    shown = table[(table["quarter"] == 1) & (table["expected"].abs() > 0)]
    ax = canvas.new_axes(WIDE, 1.2 + 0.22 * len(shown), left=2.7, right=0.3, top=0.45, bottom=0.65)
    for y, row in enumerate(shown.to_dict("records")):
        differs = row["verdict"] == "differs"
        colour = DIFFERS if differs else AS_EXPECTED
        scale = 100.0 / abs(row["expected"])
        canvas.interval(ax, scale * row["low"], scale * row["high"], y, colour, 3.0)
        ax.plot([scale * row["difference"]], [y], "D" if differs else "o", color=colour, ms=5)
        _goes_on(ax, scale * row["low"], scale * row["high"], y, colour)
    names = [
        f"{service_name(row['service'], row['role'], 2)}, {WORDS.get(row['metric'], row['metric'])}"
        for row in shown.to_dict("records")
    ]
    ax.set_yticks(range(len(shown)), names)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(-WIDEST, WIDEST)
    canvas.zero_line(ax)
    ax.set_xlabel(
        "First quarter less what later years lead to expect, % of it (99% interval)\n"
        "disc: not clearly elsewhere; diamond: clearly; arrow: the interval goes on beyond the axis"
    )
    ax.xaxis.label.set_color(MUTE)
    ax.set_title(title(table), loc="left", x=-0.55, color=INK)
    canvas.bare(ax)
    return ax


def _goes_on(ax: Axes, low: float, high: float, y: float, colour: str) -> None:
    """Mark with an arrow each end of an interval that lies beyond the axis."""
    for beyond, edge, mark in ((low < -WIDEST, -EDGE, "<"), (high > WIDEST, EDGE, ">")):
        if beyond:
            ax.plot([edge], [y], mark, color=colour, ms=7, zorder=6)


def title(table: pd.DataFrame) -> str:
    """Return what the figure shows, in a sentence."""
    queues = table.groupby(["service", "role", "metric"])["quarters_to_leave_out"].first()
    late = queues[queues > 0]
    if late.empty:
        return (
            f"None of {len(queues)} queues clearly opens elsewhere than later years lead to expect"
        )
    return (
        f"{len(late)} of {len(queues)} queues clearly open elsewhere than expected; the longest "
        f"for {int(late.max())} quarter{'s' if late.max() > 1 else ''}"
    )
