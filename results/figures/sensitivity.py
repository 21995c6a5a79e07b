"""What drives the answer: a tornado, longest first, and Morris' means and spreads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, WIDE

LOW, HIGH = "#AE2573", "#005EB8"
MOST = 8
Row = Mapping[str, Any]


def tornado(rows: Sequence[Row]) -> Axes:
    """Draw the results at both ends of each input; zero and the centre are marked.

    Parameters
    ----------
    rows : rows of ``sensitivity.csv`` of one measure, longest first
    """
    shown = list(rows)[:MOST]
    ax = canvas.new_axes(WIDE, 1.15 + 0.36 * len(shown), left=2.7, right=0.3, top=0.45)
    for y, row in enumerate(shown):
        low, high, centre = row["low_result"], row["high_result"], row["centre_result"]
        ax.plot([low, centre], [y, y], color=LOW, linewidth=9, solid_capstyle="butt")
        ax.plot([centre, high], [y, y], color=HIGH, linewidth=5, solid_capstyle="butt")
        for value, text in ((low, row["low"]), (high, row["high"])):
            right = value >= max(low, high)
            ax.annotate(
                f"{_short(text)}",
                (value, y),
                xytext=(5 if right else -5, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                color=MUTE,
                annotation_clip=False,
            )
    canvas.zero_line(ax)
    ax.axvline(shown[0]["centre_result"], color=MUTE, linestyle=(0, (4, 3)), linewidth=1.0)
    ax.set_yticks(range(len(shown)), [str(row["input"]) for row in shown])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ends = [row[key] for row in shown for key in ("low_result", "high_result")]
    ax.set_xlim(canvas.padded(min(*ends, 0.0), max(*ends, 0.0), 0.16))
    ax.set_xlabel(f"Difference from usual care, {shown[0]['unit']} (wide: low end; thin: high end)")
    ax.set_title(title(rows), loc="left", x=-0.55, color=INK)
    canvas.bare(ax)
    return ax


def _short(text: str) -> str:
    return text.split(" at ")[-1].removesuffix(" ends") if " at " in text else text


def screening(rows: Sequence[Row]) -> Axes:
    """Draw Morris' mean absolute effect (across) and spread (up) of each input."""
    ax = canvas.new_axes(WIDE, 3.6, left=0.9, bottom=0.55, top=0.45, right=1.8)
    ax.plot([row["mu_star"] for row in rows], [row["sigma"] for row in rows], "o", color=HIGH)
    for row in list(rows)[:MOST]:
        ax.annotate(
            str(row["input"]),
            (row["mu_star"], row["sigma"]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    unit = rows[0]["unit"]
    ax.set_xlabel(f"Mean absolute effect over the range, {unit}")
    ax.set_ylabel(f"Spread of the effect, {unit}")
    ax.set_title(title(rows), loc="left", color=INK)
    canvas.bare(ax, grid="both")
    return ax


def title(rows: Sequence[Row]) -> str:
    """Return what the figure shows, in a sentence."""
    measure = str(rows[0]["measure"]).replace("_", " ").replace("qalys", "QALYs")
    turning = [str(row["input"]) for row in rows if row.get("turns_sign") == "yes"][:2]
    first = str(rows[0]["input"])
    if turning:
        return f"The sign of {measure} turns with {' and '.join(turning)}"
    return f"{first[:1].upper()}{first[1:]} moves {measure} most"
