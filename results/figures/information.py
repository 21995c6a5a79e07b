"""What to study next: the value of knowing each group of numbers."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, WIDE
from results.information import ALL

COLOUR, WHISKER = "#005EB8", "#212B32"
MOST = 8
WANTED = 200  # draws that tell groups apart which explain some 5% of the variance


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that are told from luck and worth something, the most valuable first."""
    rest = table[(table["group"] != ALL) & (table["told_from_luck"] == "yes")]
    return rest[rest["value"] > 0.0]


def worth_knowing(table: pd.DataFrame) -> Axes:
    """Draw the value of each group told from luck with its 95% interval, the greatest first.

    Parameters
    ----------
    table : rows of ``information.csv`` of one place and one reading of the evidence, of which
        one at least is told (see ``told``)
    """
    whole = table[table["group"] == ALL].iloc[0]
    shown = told(table).head(MOST)
    ax = canvas.new_axes(WIDE, 1.45 + 0.36 * len(shown), left=2.7, right=0.3, top=0.45, bottom=0.8)
    for y, row in enumerate(shown.to_dict("records")):
        ax.barh(y, row["value"] / 1000.0, height=0.5, color=COLOUR)
        canvas.interval(ax, row["low"] / 1000.0, row["high"] / 1000.0, y, WHISKER)
    ax.set_yticks(range(len(shown)), [str(name) for name in shown["group"]])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(0.0, canvas.padded(0.0, max(shown["high"].max() / 1000.0, 1.0))[1])
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel(
        "Most that knowing it exactly is worth to this choice, £ thousand for the whole place\n"
        f"All {whole['numbers']:,} numbers together: {whole['value'] / 1000.0:,.0f}; "
        f"{whole['draws']} draws, £{whole['threshold']:,.0f} a QALY"
    )
    ax.set_title(title(table), loc="left", x=-0.55, color=INK)
    canvas.bare(ax)
    return ax


def title(table: pd.DataFrame) -> str:
    """Return what to study next, in a sentence."""
    rest, draws = told(table), int(table["draws"].iloc[0])
    whole = float(table.loc[table["group"] == ALL, "value"].iloc[0])
    if whole <= 0.0:
        return f"In all {draws} draws the same option is best, so no study would change this choice"
    if rest.empty:
        return f"With {draws} draws no single group of numbers is told from luck"
    first, second = rest.iloc[0], rest.iloc[min(1, len(rest) - 1)]
    if len(rest) > 1 and float(second["high"]) >= float(first["low"]):
        return f"Worth studying next, which first not clear: {first['group']} or {second['group']}"
    return f"Worth studying next: {first['group']}"


def caution(table: pd.DataFrame) -> str:
    """Return how much so many draws can tell, in a sentence."""
    draws = int(table["draws"].iloc[0])
    whole = float(table.loc[table["group"] == ALL, "value"].iloc[0])
    if whole <= 0.0:
        return (
            f"What happens in fewer than one of {draws // 3} cases may be missing from "
            f"{draws} draws."
        )
    if draws < WANTED:
        return f"{draws} draws tell little; {WANTED} or more are wanted to say what to study."
    return ""
