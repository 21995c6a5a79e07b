"""How long people wait, and how full services are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap

from results.figures import canvas
from results.figures.canvas import INK, MUTE, PANEL, SMALL, WIDE
from results.findings_services import UseRow, WaitRow
from results.report_data import Option
from results.report_numbers import capital, percent, plain, value_within

RAMP = ("#FFFFFF", "#D5E3F2", "#9CC0E4", "#2F73B7", "#0B2F7D")
EDGES = (0.0, 0.85, 0.90, 0.95, 1.0, 9.0)
ONE_LINE = 3  # with more options a cell's interval goes under its share
LIGHT_TEXT = 3  # from this step on, the text is white


def waits(rows: list[WaitRow], ax: Axes | None = None) -> Axes:
    """Draw a panel of figure 13: one service; disc = median, tick = 9 in 10 wait less."""
    if ax is None:
        ax = canvas.new_axes(
            PANEL, 0.68 + 0.2 * len(rows), left=0.15, right=0.3, top=0.06, bottom=0.5
        )
    for y, row in enumerate(rows):
        colour = row.option.colour
        ax.plot(
            [row.median.mean, row.nine_in_ten.mean],
            [y, y],
            color=canvas.blend(colour, 0.25),
            linewidth=7,
            solid_capstyle="butt",
            zorder=2,
        )
        canvas.interval(ax, row.nine_in_ten.low, row.nine_in_ten.high, y, colour, 1.0)
        canvas.interval(ax, row.median.low, row.median.high, y, colour, 1.4)
        ax.plot(
            [row.nine_in_ten.mean],
            [y],
            marker="|",
            markersize=12,
            markeredgewidth=2,
            color=colour,
            zorder=5,
        )
        canvas.disc(ax, row.median.mean, y, row.option)
        tail = row.nine_in_ten
        edge = np.nanmax([tail.mean, tail.high])
        ax.annotate(
            value_within(tail.mean, tail.low, tail.high, 3),
            (edge, y),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
        )
    longest = max(np.nanmax([r.nine_in_ten.mean, r.nine_in_ten.high]) for r in rows)
    ax.set_xlim(0, longest * 1.12)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks([])
    ax.set_xlabel(rows[0].unit.capitalize())
    ax.locator_params(axis="x", nbins=6)
    ax.xaxis.set_major_formatter(lambda value, _: canvas.tick(value).removeprefix("+"))
    canvas.bare(ax)
    return ax


def capacity_used(rows: list[UseRow], options: tuple[Option, ...], ax: Axes | None = None) -> Axes:
    """Draw figure 14: share of capacity used, services by options, printed in the cell."""
    services = list(dict.fromkeys((row.service, row.role) for row in rows))
    table, words = _grid(rows, services, options)
    if ax is None:
        wide = min(1.45, (WIDE - 2.2) / len(options))
        right = WIDE - 2.1 - wide * len(options)
        height = 0.42 + (0.28 if len(options) <= ONE_LINE else 0.36) * len(services)
        ax = canvas.new_axes(WIDE, height, left=2.1, right=right, top=0.32, bottom=0.1)
    sns.heatmap(
        table,
        ax=ax,
        cmap=ListedColormap(RAMP),
        norm=BoundaryNorm(EDGES, len(RAMP)),
        cbar=False,
        annot=words,
        fmt="",
        linewidths=1.5,
        linecolor="white",
        annot_kws={"fontsize": SMALL},
        mask=table.isna(),
    )
    _readable(ax, table, words)
    ax.set_xticks([i + 0.5 for i in range(len(options))], [o.letter for o in options])
    ax.xaxis.tick_top()
    _column_names(ax, options)
    names = [capital(name) for name in {(r.service, r.role): r.name for r in rows}.values()]
    ax.set_yticks([i + 0.5 for i in range(len(services))], names, rotation=0)
    ax.tick_params(length=0)
    ax.set_xlabel("")
    ax.set_ylabel("")
    return ax


def _column_names(ax: Axes, options: tuple[Option, ...]) -> None:
    ax.set_xticklabels([""] * len(options))
    for place, option in enumerate(options):
        ax.annotate(
            option.letter,
            (place + 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
            va="center_baseline",
            color="white",
            fontsize=LETTER_SIZE,
            fontweight="bold",
            bbox={
                "boxstyle": "circle,pad=0.28",
                "facecolor": option.colour,
                "edgecolor": option.colour,
            },
        )


LETTER_SIZE = canvas.LETTER + 0.5


def _grid(
    rows: list[UseRow], services: list[tuple[str, str]], options: tuple[Option, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return shares and the words of each cell, services down and options across."""
    letters = [option.letter for option in options]
    table = pd.DataFrame(np.nan, index=pd.MultiIndex.from_tuples(services), columns=letters)
    words = pd.DataFrame("", index=table.index, columns=letters)
    for row in rows:
        where = ((row.service, row.role), row.option.letter)
        table.loc[where] = row.used.mean
        words.loc[where] = use_words(row, "\n" if len(options) > ONE_LINE else " ")
    return table, words


def use_words(row: UseRow, gap: str = " ") -> str:
    """Return what a cell says: "93% (90–96)"; ▲ where more is asked for than exists."""
    words = percent(row.used.mean) + (" ▲" if row.over else "")
    if np.isfinite(row.used.low) and np.isfinite(row.used.high):
        words += f"{gap}({plain(100 * row.used.low)}–{plain(100 * row.used.high)})"
    return words


def _readable(ax: Axes, table: pd.DataFrame, words: pd.DataFrame) -> None:
    """Give each cell's text a colour that reads on its blue; say "not used" where it is so."""
    texts = {(t.get_position()[0], t.get_position()[1]): t for t in ax.texts}
    for place, (_, row) in enumerate(table.iterrows()):
        for column, value in enumerate(row):
            if not np.isfinite(value):
                ax.text(
                    column + 0.5,
                    place + 0.5,
                    "not used",
                    ha="center",
                    va="center",
                    color=MUTE,
                    fontsize=SMALL,
                )
                continue
            text = texts[(column + 0.5, place + 0.5)]
            step = int(np.searchsorted(EDGES, value, side="right")) - 1
            text.set_color("white" if step >= LIGHT_TEXT else INK)
            text.set_fontweight("bold" if step >= LIGHT_TEXT else "normal")
