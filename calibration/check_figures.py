"""Figures of a check: published in grey, simulated in blue, misses in red with a cross."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from calibration.checks import CHANCE, MISS, NEAR, UNKNOWN, families, tally
from calibration.simulated import Simulated
from calibration.targets_counts import age_of_half
from results.figures import canvas
from results.figures.canvas import INK, MUTE, RULE

SIMULATED, MISSED = "#005EB8", "#D5281B"
MARKS = {
    NEAR: ("o", SIMULATED, SIMULATED),
    CHANCE: ("o", "white", MISSED),
    MISS: ("X", MISSED, MISSED),
}
WORDS = {NEAR: "simulated, within", CHANCE: "miss, perhaps by chance", MISS: "miss"}
BANDS = ((0, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 110))
MIDDLES = np.array([(low + min(high, 89) + 1) / 2 for low, high in BANDS])
FIFTH_COLOURS = ("#7C2855", "#AE2573", "#768692", "#41B6E6", "#003087")
COLUMNS = 4
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure that can be written; sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def mark(ax: Axes, x: float, y: float, verdict: str, size: float = 6.0) -> None:
    """Draw a simulated value in the mark of its verdict."""
    if verdict == UNKNOWN:
        return
    shape, face, edge = MARKS[verdict]
    ax.plot(
        [x],
        [y],
        marker=shape,
        markersize=size,
        markerfacecolor=face,
        markeredgecolor=edge if verdict != MISS else "white",
        markeredgewidth=1.2 if verdict == CHANCE else 0.5,
        linestyle="none",
        zorder=6,
    )


def legend(figure: Figure, published: str = "published, and what is allowed") -> None:
    """Name the marks below a figure."""
    handles = [
        Line2D([], [], color=MUTE, marker="|", linewidth=5, alpha=0.4),
        *(
            Line2D(
                [],
                [],
                linestyle="none",
                marker=shape,
                markerfacecolor=face,
                markeredgecolor=edge,
            )
            for shape, face, edge in MARKS.values()
        ),
    ]
    figure.legend(
        handles,
        [published, *WORDS.values()],
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=8,
    )


def headline(name: str, rows: pd.DataFrame) -> str:
    """Return a figure's title with its count of misses."""
    counted = rows[rows["role"] != "check"] if (rows["role"] != "check").any() else rows
    found = tally(counted, name)
    missed = found.rows - found.near
    return f"{name}: {missed} of {found.rows} missed" + (
        f", {found.by_chance} of them perhaps by chance" if found.by_chance else ""
    )


# -------------------------------------------------------------------- rows of dots


def dots(name: str, rows: pd.DataFrame, *, logarithmic: bool = False) -> Figure:
    """Draw one line a target: published as a grey band of what is allowed, simulated as a dot."""
    known = rows[rows["verdict"] != UNKNOWN]
    figure = new_figure(canvas.WIDE, 1.3 + 0.2 * len(known))
    ax = figure.subplots()
    for y, (_, row) in enumerate(known.iterrows()):
        low, high = row["published"] - row["allowance"], row["published"] + row["allowance"]
        low = np.nanmin([low, _number(row["published_low"])])
        high = np.nanmax([high, _number(row["published_high"])])
        ax.plot([max(low, 1e-3) if logarithmic else low, high], [y, y], color=RULE, linewidth=7)
        ax.plot([row["published"]], [y], marker="|", color=MUTE, markersize=9, markeredgewidth=2)
        colour = SIMULATED if row["verdict"] == NEAR else MISSED
        canvas.interval(ax, row["low"], row["high"], y, colour, width=1.0)
        mark(ax, row["mean"], y, row["verdict"])
    labels = [_label(row) for _, row in known.iterrows()]
    ax.set_yticks(range(len(known)), labels, fontsize=8)
    for label, role in zip(ax.get_yticklabels(), known["role"], strict=True):
        label.set_color(MUTE if role == "check" else INK)
        label.set_fontstyle("italic" if role == "holdout" else "normal")
    ax.set_ylim(len(known) - 0.4, -0.6)
    if logarithmic:
        ax.set_xscale("log")
        low_end, high_end = ax.get_xlim()
        shown = [tick for tick in TICKS if low_end <= tick <= high_end]
        ax.set_xticks(shown, [f"{tick:g}" for tick in shown])
        ax.minorticks_off()
    canvas.bare(ax)
    ax.set_xlabel(", ".join(known["unit"].unique()))
    ax.set_title(headline(name, rows), loc="left", fontweight="bold")
    legend(figure)
    return figure


def _number(value: object) -> float:
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]


def _label(row: pd.Series) -> str:
    group = "" if row["group"] in ("all", "1 over 5") else f", {row['group']}"
    name = str(row["measure"])
    if name.endswith("plus"):  # published counts of different lists are told apart
        name = str(row["definition"]).split(";")[0].split(",")[0]
    for start in ("register_", "deprivation_ratio_", "incidence_"):
        name = name.removeprefix(start)
    return name.replace("_", " ") + group + ("  (held out)" if row["role"] == "holdout" else "")


# -------------------------------------------------------------------- prevalence


def prevalence(rows: pd.DataFrame) -> Figure:
    """Draw prevalence by age and sex, a panel for each condition."""
    names = list(dict.fromkeys(rows["measure"]))
    lines = -(-len(names) // COLUMNS)
    figure = new_figure(canvas.WIDE * 1.35, 1.35 * lines + 0.9)
    panels = figure.subplots(lines, COLUMNS, sharex=True, squeeze=False).ravel()
    for ax, name in zip(panels, names, strict=False):
        _panel(ax, rows[rows["measure"] == name])
        missed = (rows["measure"] == name) & (rows["role"] == "calibrate")
        count = int((rows.loc[missed, "verdict"].isin([MISS, CHANCE])).sum())
        title = name.removeprefix("prevalence_").replace("_", " ")
        ax.set_title(
            title + (f"  {count} missed" if count else ""),
            loc="left",
            fontsize=8,
            color=MISSED if count else INK,
        )
    for ax in panels[len(names) :]:
        ax.set_axis_off()
    figure.supylabel("Percent on a register, by age in years", fontsize=9)
    small = rows[rows["role"] == "check"]
    beside = f"; beside them {(small['verdict'] == MISS).sum()} of {len(small)} smaller ones"
    title = headline("Prevalence cells over 1%", rows) + beside
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    legend(figure, published="published: women dashed, men solid")
    return figure


def _panel(ax: Axes, rows: pd.DataFrame) -> None:
    for sex, line in (("female", "--"), ("male", "-"), ("", "-")):
        here = rows[rows["group"].str.partition(" ")[2] == sex]
        if here.empty:
            continue
        middle = [MIDDLES[_band(str(group))] for group in here["group"]]
        ax.plot(middle, here["published"], line, color=MUTE, linewidth=1.1, alpha=0.8)
        for x, (_, row) in zip(middle, here.iterrows(), strict=True):
            # Small cells miss by chance so often that only their clear misses are red.
            small = row["role"] == "check" and row["verdict"] == CHANCE
            mark(ax, x, row["mean"], NEAR if small else row["verdict"], size=3.6)
    ax.set_ylim(0, None)
    ax.set_xticks([0, 20, 40, 60, 80])
    ax.tick_params(labelsize=7)
    canvas.bare(ax, grid="y")


def _band(group: str) -> int:
    low = int(group.split(" ")[0].split("-")[0].rstrip("+").replace("all", "0"))
    return min(low // 10, 8)


# -------------------------------------------------------------------- other pictures


def age_at_two(found: Simulated, rows: pd.DataFrame) -> Figure:
    """Draw the share with 2+ of 24 conditions by age and fifth, and when it reaches a half."""
    figure = new_figure(canvas.WIDE, 3.9)
    ax = figure.subplots()
    people = found.register
    two = people.count(24) >= 2
    for fifth, colour in zip(range(1, 6), FIFTH_COLOURS, strict=True):
        lows = range(20, 95, 5)
        groups = [people.aged(low, low + 4, fifth=fifth) for low in lows]
        share = [100 * two[who].mean() if who.sum() > 30 else np.nan for who in groups]
        ax.plot(
            [low + 2.5 for low in lows], share, color=colour, linewidth=1.8, label=f"fifth {fifth}"
        )
        if fifth in (1, 5):
            half = age_of_half(people, fifth)
            ax.plot([half, half], [0, 50], color=colour, linewidth=1, linestyle=":")
            ax.annotate(f"{half:.1f}", (half, 3), color=colour, ha="left", fontsize=8)
    for _, row in rows[rows["measure"] == "age_reaching_2plus"].iterrows():
        ax.plot([row["published"]], [50], marker="D", color=MUTE, zorder=6)
        ax.annotate(
            f"published {row['published']:.0f}",
            (row["published"], 50),
            xytext=(-4, 9),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=MUTE,
        )
    ax.axhline(50, color=RULE, linewidth=1)
    ax.set_xlabel("Age, years")
    ax.set_ylabel("Percent with 2+ of 24 conditions")
    canvas.bare(ax, grid="y")
    ax.legend(frameon=False, fontsize=8, title="1 most deprived", title_fontsize=8)
    ax.set_title(headline("Age at two conditions", rows), loc="left", fontweight="bold")
    return figure


def associations(pairs: pd.DataFrame, triads: pd.DataFrame) -> Figure:
    """Draw simulated against published associations of pairs and triads."""
    figure = new_figure(canvas.WIDE, 4.2)
    titles = ("Pairs", "Triads, ever recorded")
    for ax, rows, title in zip(figure.subplots(1, 2), (pairs, triads), titles, strict=True):
        known = rows[rows["verdict"] != UNKNOWN]
        if known.empty:
            ax.set_axis_off()
            ax.set_title(f"{title}: too few people", loc="left", fontsize=8, fontweight="bold")
            continue
        ends = _ends(known)
        ax.plot(ends, ends, color=RULE, linewidth=1)
        for _, row in known.iterrows():
            canvas.upright(ax, row["published"], row["low"], row["high"], RULE, width=1)
            mark(ax, row["published"], row["mean"], row["verdict"], size=5)
        for axis in (ax.xaxis, ax.yaxis):
            axis.axes.set_xscale("log")
            axis.axes.set_yscale("log")
        ticks = [tick for tick in (0.5, 1, 2, 3, 5, 10, 20) if ends[0] <= tick <= ends[1]]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_xlim(*ends)
        ax.set_ylim(*ends)
        ax.set_xlabel("Published ratio")
        ax.set_ylabel("Simulated ratio")
        ax.set_title(headline(title, rows), loc="left", fontsize=8, fontweight="bold")
    legend(figure, published="published equals simulated")
    return figure


def _ends(rows: pd.DataFrame) -> tuple[float, float]:
    values = rows[["published", "mean"]].to_numpy(float)
    return float(values.min() * 0.85), float(values.max() * 1.2)


def projection(projected: Mapping[str, pd.DataFrame], rows: pd.DataFrame) -> Figure:
    """Draw the share of older people with 2+ and 4+ from 2015 to 2035, and Kingston's figures."""
    figure = new_figure(canvas.WIDE, 3.4)
    first = next(iter(projected.values()))
    names = list(dict.fromkeys(first["series"]))
    for ax, series in zip(figure.subplots(1, len(names)), names, strict=True):
        for style, (name, table) in zip(("-", "--"), projected.items(), strict=False):
            here = table[table["series"] == series]
            ax.plot(here["year"], here["percent"], style, color=SIMULATED, label=name)
        published = rows[rows["measure"].str.startswith(f"projection of {series}")]
        first_of_year = published.drop_duplicates("group")
        ax.plot(
            first_of_year["group"].astype(int),
            first_of_year["published"],
            "D:",
            color=MUTE,
            label="Kingston 2018",
        )
        for _, row in published.iterrows():
            if row["verdict"] != NEAR:
                mark(ax, int(row["group"]), row["mean"], row["verdict"], size=7)
        ax.set_ylim(0, 1.1 * max(ax.get_ylim()[1], published["published"].max()))
        ax.set_xticks([2015, 2025, 2035])
        ax.set_title(series, loc="left", fontsize=9, fontweight="bold")
        canvas.bare(ax, grid="y")
    figure.axes[0].set_ylabel("Percent")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle(headline("Projection", rows), x=0.01, ha="left", fontsize=10)
    return figure


# -------------------------------------------------------------------- all of them

NAMES: dict[str, tuple[str, bool]] = {
    "deprivation ratios": ("deprivation_ratios", True),
    "1+, 2+ and 4+ conditions": ("counts", False),
    "incidence": ("incidence", True),
    "life expectancy": ("life_expectancy", False),
    "registers of practices": ("registers", True),
}


def figures_of(
    table: pd.DataFrame, found: Simulated, projected: Mapping[str, pd.DataFrame]
) -> dict[str, Callable[[], Figure]]:
    """Return the figures that a check's table has rows for, by file name."""
    kinds = families(table)
    drawn: dict[str, Callable[[], Figure]] = {}
    if "prevalence by condition, age and sex" in kinds:
        rows = kinds["prevalence by condition, age and sex"]
        drawn["prevalence"] = lambda: prevalence(rows)
    for kind, (file, logarithmic) in NAMES.items():
        if kind in kinds:
            drawn[file] = _later(kind, kinds[kind], logarithmic)
    if "age at two conditions" in kinds:
        drawn["age_at_2plus"] = lambda: age_at_two(found, kinds["age at two conditions"])
    if "pairs" in kinds and "triads" in kinds:
        drawn["associations"] = lambda: associations(kinds["pairs"], kinds["triads"])
    if projected:
        drawn["projection"] = lambda: projection(projected, kinds["projection"])
    return drawn


def _later(kind: str, rows: pd.DataFrame, logarithmic: bool) -> Callable[[], Figure]:
    return lambda: dots(kind.capitalize(), rows, logarithmic=logarithmic)
