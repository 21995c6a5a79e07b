"""What drives the answer: a tornado, longest first; Morris' means and spreads; Sobol's shares."""

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
    shown = [row for row in rows if _reach(row)][:MOST] or list(rows)[:1]
    ax = canvas.new_axes(WIDE, 1.15 + 0.36 * len(shown), left=2.7, right=0.3, top=0.45)
    for y, row in enumerate(shown):
        low, high, centre = row["low_result"], row["high_result"], row["centre_result"]
        ax.plot([low, centre], [y, y], color=LOW, linewidth=9, solid_capstyle="butt")
        ax.plot([centre, high], [y, y], color=HIGH, linewidth=5, solid_capstyle="butt")
        labels = _labels(row)
        for value, text in labels:
            right = value >= (centre if len(labels) == 1 else max(low, high))
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
    ax.set_xlim(canvas.padded(min([*ends, 0.0]), max([*ends, 0.0]), 0.16))
    ax.set_xlabel(f"Difference from usual care, {shown[0]['unit']} (wide: low end; thin: high end)")
    ax.set_title(title(rows), loc="left", x=-0.55, color=INK)
    canvas.bare(ax)
    return ax


def _reach(row: Row) -> float:
    """Return how far the results of an input lie apart, the centre among them."""
    results = [float(row[key]) for key in ("low_result", "high_result", "centre_result")]
    return max(results) - min(results)


def _labels(row: Row) -> list[tuple[float, str]]:
    """Return what to write where: at each end, or both at the further end of one side."""
    low, high, centre = row["low_result"], row["high_result"], row["centre_result"]
    if (low - centre) * (high - centre) <= 0.0 and low != high:
        return [(low, row["low"]), (high, row["high"])]
    return [(max(low, high, key=lambda end: abs(end - centre)), f"{row['low']} and {row['high']}")]


def _clear(row: Row) -> bool:
    """Say whether the interval of an input's swing leaves out zero."""
    return "swing_low" in row and float(row["swing_low"]) * float(row["swing_high"]) > 0.0


def _short(text: str) -> str:
    if " numbers at " not in text:
        return text
    ends = [part.removesuffix(" ends") for part in text.split(" and ")]
    return " and ".join(end.split(" at ")[-1] for end in ends)


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


def shares(rows: Sequence[Row]) -> Axes:
    """Draw Sobol's shares of the variance: alone (wide), with interactions (thin line).

    Parameters
    ----------
    rows : rows of ``sensitivity.csv`` of one measure, largest first
    """
    shown = list(rows)[:MOST]
    ax = canvas.new_axes(WIDE, 1.5 + 0.36 * len(shown), left=2.7, right=0.3, top=0.45, bottom=0.85)
    for y, row in enumerate(shown):
        ax.barh(y, 100.0 * max(row["first_order"], 0.0), height=0.5, color=HIGH)
        canvas.interval(ax, 100.0 * row["total_low"], 100.0 * row["total_high"], y, LOW)
        ax.plot([100.0 * row["total"]], [y], "o", color=LOW, markersize=5, zorder=5)
    ax.set_yticks(range(len(shown)), [str(row["input"]) for row in shown])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(0.0, 100.0)
    first = shown[0]
    ax.set_xlabel(
        "% of the variance (bar: alone; dot and line: with interactions, 95% interval)\n"
        f"Emulator of {first['points']} runs; it predicts "
        f"{100.0 * max(first['emulator_predicts'], 0.0):.0f}% of the variance of "
        f"{first['fresh_points']} fresh ones"
    )
    ax.set_title(title(rows), loc="left", x=-0.55, color=INK)
    canvas.bare(ax)
    return ax


def title(rows: Sequence[Row]) -> str:
    """Return what the figure shows, in a sentence."""
    measure = str(rows[0]["measure"]).replace("_", " ").replace("qalys", "QALYs")
    turning = [str(row["input"]) for row in rows if row.get("turns_sign") == "yes" and _clear(row)]
    first = str(rows[0]["input"])
    if turning:
        return f"The sign of {measure} turns with {' and '.join(turning[:2])}"
    if "total" in rows[0]:
        told = f"{100.0 * rows[0]['total']:.0f}% of the variance of {measure}"
        return f"{told} comes from {first}"
    if "swing_low" in rows[0] and not _clear(rows[0]):
        return f"No input clearly moves {measure} in so few runs; most: {first}"
    return f"{first[:1].upper()}{first[1:]} moves {measure} most"
