"""Who is reached, who is still admitted, when it changes, and for whom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, PANEL, SMALL, WIDE
from results.report_data import Option
from results.report_findings import Squares, StageRow
from results.report_numbers import people, plain, signed, signed_range
from results.wording import Change

FEW = 10  # under this many replications: dots and ranges, no bands


def reach(rows: list[StageRow], ax: Axes | None = None) -> Axes:
    """Draw figure 1: people at each stage per 1,000 residents, a disc and interval a design.

    Parameters
    ----------
    rows : see ``report_findings.stage_rows``
    ax : axes to draw on; new ones where None
    """
    stages = list(dict.fromkeys(row.name for row in rows))
    letters = list(dict.fromkeys(row.option.letter for row in rows))
    if ax is None:
        height = 0.55 + len(stages) * (0.2 + (0.2 if len(letters) < 3 else 0.135) * len(letters))
        ax = canvas.new_axes(WIDE, height, left=2.25, right=0.45)
    group = len(letters) + 1.0
    for row in rows:
        y = stages.index(row.name) * group + letters.index(row.option.letter)
        canvas.interval(ax, row.people.low, row.people.high, y, row.option.colour)
        canvas.disc(ax, row.people.mean, y, row.option)
        ax.annotate(
            people(row.people.mean),
            (np.nanmax([row.people.mean, row.people.high]), y),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=row.option.colour,
        )
    ax.set_yticks([i * group + (len(letters) - 1) / 2 for i in range(len(stages))], stages)
    ax.set_ylim(len(stages) * group - 0.75, -0.9)
    for edge in range(1, len(stages)):
        ax.axhline(edge * group - 1, color=canvas.RULE, linewidth=0.8)
    top = max(np.nanmax([row.people.high, row.people.mean]) for row in rows)
    ax.set_xlim(0, top * 1.08)
    ax.set_xlabel("People in every 1,000 residents")
    canvas.bare(ax)
    return ax


def squares(found: Squares, ax: Axes | None = None) -> Axes:
    """Draw figure 2: 1,000 residents as squares: still admitted, no longer (or newly), never."""
    if ax is None:
        ax = canvas.new_axes(WIDE, 2.15, left=0.1, bottom=0.1, top=0.1, right=2.35)
    was, moved = round(found.before.mean), abs(round(found.change.mean))
    fewer = found.change.mean < 0
    both = was - moved if fewer else was
    state = np.array(["never"] * 1000, dtype=object)
    state[:both] = "both"
    state[both : both + moved] = "moved"
    table = pd.DataFrame(
        {"column": np.arange(1000) // 20, "row": np.arange(1000) % 20, "state": state}
    )
    colours = {"both": MUTE, "moved": "white", "never": canvas.RULE}
    sns.scatterplot(
        data=table[table["state"] != "moved"],
        x="column",
        y="row",
        hue="state",
        palette=colours,
        marker="s",
        s=13,
        linewidth=0,
        legend=False,
        ax=ax,
    )
    edge = table[table["state"] == "moved"]
    ax.scatter(
        edge["column"],
        edge["row"],
        marker="s",
        s=15,
        facecolor="white",
        edgecolor=found.option.colour,
        linewidth=1.5,
    )
    ax.set_ylim(20, -1)
    ax.set_xlim(-1, 50)
    ax.axis("off")
    for y, (value, words, colour) in zip(
        (2.2, 9.5, 16.8), _square_words(found, both, moved, fewer), strict=True
    ):
        ax.annotate(
            value,
            (51.5, y),
            fontsize=15,
            fontweight="bold",
            color=colour,
            va="center",
            annotation_clip=False,
        )
        ax.annotate(
            words,
            (57.5, y),
            fontsize=SMALL,
            color=INK,
            va="center",
            annotation_clip=False,
            linespacing=1.25,
        )
    return ax


def _square_words(found: Squares, both: int, moved: int, fewer: bool) -> list[tuple[str, str, str]]:
    letter = found.option.letter
    change = found.change
    low, high = sorted((abs(change.low), abs(change.high)))
    still = change.still
    if change.clear:
        spread = f"(between {plain(low, change.step)} and {plain(high, change.step)})"
    else:
        spread = f"(95% interval {signed_range(change.low, change.high)})"
    if still:
        changed = f"differ, under {letter}\n(in any pair of runs)"
    elif moved == 0:
        way = ("fewer" if change.mean < 0 else "more") if change.clear else "more or fewer"
        changed = f"{way}, under {letter}\n{spread}"
    elif fewer:
        changed = f"no longer are, under {letter}\n{spread}"
    else:
        changed = f"newly are, under {letter}\n{spread}"
    either = "are admitted as an\nemergency either way"
    return [
        (plain(both), either, MUTE),
        (plain(moved) if moved or still else "<1", changed, found.option.colour),
        (plain(1000 - both - moved), "would not have been\neither way", "#5B6770"),
    ]


def over_time(
    option: Option,
    by_year: dict[int, Change],
    *,
    plan: dict[int, float],
    replications: int,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a panel of figure 5: the difference by year, with bands (or dots and ranges)."""
    if ax is None:
        ax = canvas.new_axes(PANEL, 2.35, left=0.82, right=0.55, top=0.12)
    years = sorted(by_year)
    found = [by_year[year] for year in years]
    if replications >= FEW:
        _bands(ax, years, found, option)
        table = pd.DataFrame({"year": years, "mean": [change.mean for change in found]})
        sns.lineplot(
            data=table,
            x="year",
            y="mean",
            color=option.colour,
            linewidth=2.2,
            errorbar=None,
            ax=ax,
            zorder=5,
        )
    else:
        for year, change in zip(years, found, strict=True):
            canvas.upright(ax, year, change.low, change.high, option.colour)
            ax.plot([year], [change.mean], "o", markersize=4, color=option.colour, zorder=5)
    canvas.zero_line(ax, across=True)
    if plan:
        _plan_line(ax, plan)
    last = found[-1]
    canvas.disc(ax, years[-1], last.mean, option, filled=last.clear)
    ax.annotate(
        signed(last.mean, last.step),
        (years[-1], last.mean),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
        color=option.colour,
    )
    ax.set_xlim(years[0] - 0.4, years[-1] + 0.4)
    ax.set_xticks(_few_years(years))
    ax.set_ylim(limits or _limits(found, plan))
    ax.set_xlabel("Year")
    ax.set_ylabel("")
    ax.yaxis.set_major_formatter(
        lambda value, _: "usual care" if value == 0 else canvas.tick(value)
    )
    canvas.bare(ax, grid="y")
    return ax


def _bands(ax: Axes, years: list[int], found: list[Change], option: Option) -> None:
    ax.fill_between(
        years,
        [c.low for c in found],
        [c.high for c in found],
        color=canvas.blend(option.colour, 0.16),
        linewidth=0,
        zorder=1,
    )
    if np.isfinite([c.low50 for c in found]).all():
        ax.fill_between(
            years,
            [c.low50 for c in found],
            [c.high50 for c in found],
            color=canvas.blend(option.colour, 0.38),
            linewidth=0,
            zorder=1.5,
        )
    for edge in ("low", "high"):
        ax.plot(
            years,
            [getattr(c, edge) for c in found],
            color=option.colour,
            linewidth=0.7,
            alpha=0.8,
            zorder=3,
        )


def _plan_line(ax: Axes, plan: dict[int, float]) -> None:
    years = sorted(plan)
    ax.plot(
        years,
        [plan[year] for year in years],
        color=INK,
        linewidth=1.2,
        linestyle=(0, (4, 3)),
        zorder=4,
    )
    ax.annotate(
        "plan",
        (years[-1], plan[years[-1]]),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=INK,
    )


def _few_years(years: list[int]) -> list[int]:
    return (
        years
        if len(years) <= 5
        else [y for y in years if y in (1, 3, 5) or y == years[-1] or (y > 5 and y % 5 == 0)]
    )


def _limits(found: list[Change], plan: dict[int, float]) -> tuple[float, float]:
    values = [value for change in found for value in (change.low, change.high)]
    values += [0.0, *plan.values()]
    return canvas.padded(min(values), max(values))


def shared_limits(
    series: list[dict[int, Change]], plans: list[dict[int, float]]
) -> tuple[float, float]:
    """Return limits that hold every design's path, so that panels have the same axes."""
    found = [change for by_year in series for change in by_year.values()]
    return _limits(found, dict(enumerate(v for p in plans for v in p.values())))


def fifths(
    option: Option,
    by_fifth: dict[int, Change],
    *,
    unit: str,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a panel of figure 6: the difference in each deprivation fifth, most deprived at top."""
    if ax is None:
        ax = canvas.new_axes(PANEL, 2.1, left=1.1, right=0.2, top=0.1, bottom=0.55)
    names = {1: "1 most deprived", 5: "5 least deprived"}
    places = sorted(by_fifth)
    ax.plot(
        [by_fifth[f].mean for f in places],
        places,
        color=option.colour,
        linewidth=0.9,
        linestyle=":",
        zorder=3,
    )
    for fifth in places:
        change = by_fifth[fifth]
        canvas.interval(ax, change.low, change.high, fifth, option.colour)
        canvas.disc(ax, change.mean, fifth, option, filled=change.clear)
    canvas.zero_line(ax)
    ax.set_yticks(places, [names.get(fifth, str(fifth)) for fifth in places])
    ax.set_ylim(5.6, 0.4)
    ax.set_xlim(limits or fifth_limits([by_fifth]))
    ax.set_xlabel(unit)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    canvas.bare(ax)
    return ax


def fifth_limits(every: list[dict[int, Change]]) -> tuple[float, float]:
    """Return limits that hold every design's fifths and the line of no change."""
    ends = [
        end for found in every for change in found.values() for end in (change.low, change.high)
    ]
    return canvas.padded(min([*ends, 0.0]), max([*ends, 0.0]))
