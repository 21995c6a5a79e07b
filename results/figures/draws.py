"""What draws of the evidence say of health, fairness and cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, SMALL, WIDE
from results.report_data import Option

Floats = npt.NDArray[np.float64]
WITHIN_95 = 5.991464547107979  # of the chi-squared distribution with two degrees of freedom
POINTS = 120
Cloud = tuple[Option, Floats, Floats]


def outline(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the ellipse that holds 95% of a normal cloud with the draws' covariance."""
    spread = np.cov(np.vstack([x, y]))
    sizes, axes = np.linalg.eigh(spread)
    turn = np.linspace(0.0, 2.0 * np.pi, POINTS)
    circle = np.vstack([np.cos(turn), np.sin(turn)])
    edge = axes @ (np.sqrt(np.maximum(sizes, 0.0) * WITHIN_95)[:, None] * circle)
    return x.mean() + edge[0], y.mean() + edge[1]


def plane(
    clouds: Sequence[Cloud],
    *,
    across: str,
    up: str,
    slopes: dict[str, float] | None = None,
    good: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one 95% outline and one disc a design on a plane of two differences.

    Parameters
    ----------
    clouds : a design with its draws across and up
    across, up : what each axis measures, with its unit
    slopes : lines through the origin by their words, in units of up for one across
    good : words for the top right and the bottom left, where both differences are welcome and
        where neither is
    """
    if ax is None:
        ax = canvas.new_axes(WIDE, 3.7, left=0.75, right=0.2, top=0.2, bottom=0.55)
    ends_x, ends_y = [0.0], [0.0]
    for option, x, y in clouds:
        edge_x, edge_y = outline(x, y)
        ax.fill(edge_x, edge_y, color=option.colour, alpha=0.12, zorder=2)
        ax.plot(edge_x, edge_y, color=option.colour, linewidth=1.6, zorder=3)
        canvas.disc(ax, float(x.mean()), float(y.mean()), option, filled=True)
        ends_x += [edge_x.min(), edge_x.max()]
        ends_y += [edge_y.min(), edge_y.max()]
    ax.set_xlim(*canvas.padded(min(ends_x), max(ends_x), 0.12))
    ax.set_ylim(*canvas.padded(min(ends_y), max(ends_y), 0.16))
    for order, (words, slope) in enumerate((slopes or {}).items()):
        _through_origin(ax, words, slope, dashed=order > 0)
    ax.axhline(0, color=INK, linewidth=1.1, zorder=1)
    ax.axvline(0, color=INK, linewidth=1.1, zorder=1)
    for words, place in zip(good or (), ((0.99, 0.97), (0.01, 0.03)), strict=False):
        side, level = ("right", "top") if place[1] > 0.5 else ("left", "bottom")
        ax.text(*place, words, transform=ax.transAxes, ha=side, va=level, color=MUTE)
    ax.set_xlabel(across)
    ax.set_ylabel(up)
    ax.xaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    ax.yaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    canvas.bare(ax, grid="both")
    return ax


def _through_origin(ax: Axes, words: str, slope: float, *, dashed: bool) -> None:
    left, right = ax.get_xlim()
    low, high = ax.get_ylim()
    x = np.array([left, right])
    style = (0, (5, 3)) if dashed else "-"
    ax.plot(x, slope * x, color=MUTE, linewidth=1.1, linestyle=style, zorder=1)
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    at = min(right, high / slope) * 0.9
    if low < slope * at < high:
        ax.annotate(
            words,
            (at, slope * at),
            xytext=(-6, 4),
            textcoords="offset points",
            ha="right",
            color=MUTE,
            fontsize=SMALL,
        )


def curves(
    every: Sequence[tuple[Option, pd.DataFrame]], marks: Sequence[float], ax: Axes | None = None
) -> Axes:
    """Draw figure 12: how likely each option is the best, thick where it is best on average.

    Parameters
    ----------
    every : an option with its rows of ``ceac.csv``, by rising threshold
    marks : thresholds to mark on the axis
    """
    if ax is None:
        ax = canvas.new_axes(WIDE, 3.1, left=0.75, right=0.3, top=0.2, bottom=0.55)
    for order, (option, table) in enumerate(every):
        pounds = table["threshold"].to_numpy(np.float64) / 1000.0
        share = 100.0 * table["probability_best"].to_numpy(np.float64)
        ax.plot(pounds, share, color=option.colour, linewidth=1.2, zorder=3)
        thick = np.where(table["frontier"] == "yes", share, np.nan)
        ax.plot(pounds, thick, color=option.colour, linewidth=4.0, zorder=4)
        place = len(pounds) * (order + 1) // (len(every) + 1)
        canvas.disc(ax, float(pounds[place]), float(share[place]), option)
    for mark in marks:
        ax.axvline(mark / 1000.0, color=canvas.RULE, linewidth=1.0, zorder=1)
    ax.set_ylim(-4, 104)
    ax.set_xlabel("What a year in full health is held to be worth, £ thousand")
    ax.set_ylabel("Best in so many of 100 draws")
    canvas.bare(ax, grid="y")
    return ax
