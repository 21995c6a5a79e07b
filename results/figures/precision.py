"""How the interval of the main difference narrows as replications are added."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from results.figures import canvas
from results.figures.canvas import INK, WIDE
from results.report_measures import measure_of
from results.report_numbers import capital

COLOURS = ("#005EB8", "#AE2573", "#006747", "#330072")
DASHES = ("-", "--", "-.", ":")


def narrowing(table: pd.DataFrame, asked: float) -> Axes:
    """Draw half the interval's width, % of the baseline's level, by replications.

    Parameters
    ----------
    table : ``precision.csv``
    asked : the share that was asked for
    """
    lines = list(table.groupby(["place", "design", "effects"], sort=False))
    ax = canvas.new_axes(WIDE, 3.0, left=0.7, bottom=0.55, top=0.45, right=1.9)
    for number, (arm, part) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        share = 100.0 * part["half_width_share"]
        dash = DASHES[number % len(DASHES)]
        ax.plot(part["replications"], share, dash, color=colour, linewidth=1.8)
        ax.annotate(
            f"{arm[1]} ({arm[2]})",
            (part["replications"].iloc[-1], share.iloc[-1]),
            xytext=(6, 9 * number),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )
    ax.axhline(100.0 * asked, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.annotate(
        f"asked: {100.0 * asked:g}%",
        (1.0, 100.0 * asked),
        xycoords=("axes fraction", "data"),
        xytext=(6, -9),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )
    ax.set_ylim(0, None)
    ax.set_xlabel("Replications")
    ax.set_ylabel("± % of the baseline's level")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_title(title(table, asked), loc="left", color=INK)
    canvas.bare(ax, grid="y")
    return ax


def title(table: pd.DataFrame, asked: float) -> str:
    """Return what the figure shows, in a sentence."""
    last = int(table["replications"].max())
    reached = (table[table["replications"] == last]["met"] == "yes").all()
    measure = capital(measure_of(str(table["measure"].iloc[0])).name)
    verb = "is" if reached else "is not"
    return f"{measure}: after {last} replications the interval {verb} as narrow as asked"
