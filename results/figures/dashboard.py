"""Figures of the dashboard: combinations, the network of conditions, a funnel of practices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from results.figures import canvas
from results.figures.canvas import INK, MUTE, RULE
from results.regression import regression_table
from results.residents import Residents, combinations, funnel, residents_of
from results.store import Run

BLUE, RED = "#005EB8", "#D5281B"
SHOWN = 18  # combinations in the plot
EDGES = 36  # strongest ties in the network
LEAST_PAIRS = 30  # people with both conditions that a tie needs
LIMITS = ((1.96, "95%", "-"), (3.09, "99.8%", ":"))


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _words(name: str) -> str:
    return name.replace("_", " ")


def upset(people: Residents) -> Figure:
    """Draw the most frequent exact combinations: bars above, dots for their conditions below."""
    everyone = np.ones(len(people.has), np.bool_)
    found = combinations(people, everyone)[:SHOWN]
    counts = [1000 * count / len(people.has) for _, count in found]
    present = sorted(
        {name for names, _ in found for name in names},
        key=lambda name: -people.has[:, people.conditions.index(name)].sum(),
    )
    figure = _figure(canvas.WIDE, 2.2 + 0.22 * len(present))
    bars, matrix = figure.subplots(2, 1, sharex=True, height_ratios=(1.7, 0.22 * len(present)))
    places = np.arange(len(found))
    bars.bar(places, counts, color=BLUE, width=0.65)
    bars.set_ylabel("per 1,000 residents")
    bars.set_title(
        "Most frequent exact combinations of two or more conditions on a register",
        loc="left",
        fontweight="bold",
    )
    canvas.bare(bars, grid="y")
    for x, (names, _) in zip(places, found, strict=True):
        rows = sorted(present.index(name) for name in names)
        matrix.scatter([x] * len(present), range(len(present)), color=RULE, s=16, zorder=2)
        matrix.plot([x, x], [rows[0], rows[-1]], color=INK, linewidth=1.3, zorder=3)
        matrix.scatter([x] * len(rows), rows, color=INK, s=22, zorder=4)
    matrix.set_yticks(range(len(present)), [_words(name) for name in present], fontsize=8)
    matrix.set_ylim(len(present) - 0.4, -0.6)
    matrix.set_xticks([])
    for side in matrix.spines.values():
        side.set_visible(False)
    return figure


def ties(people: Residents) -> pd.DataFrame:
    """Return pairs of conditions: people with both, over those expected by age, sex and fifth."""
    one = np.ones(len(people.has))
    cell = people.cell()
    size = np.bincount(cell).astype(np.float64)
    share = np.array(
        [np.bincount(cell, each, size.size) for each in people.has.T.astype(np.float64)]
    ) / np.maximum(size, one.min())
    expected = (share * size) @ share.T
    both = people.has.T.astype(np.float64) @ people.has.astype(np.float64)
    first, second = np.triu_indices(len(people.conditions), 1)
    table = pd.DataFrame(
        {
            "first": np.array(people.conditions, object)[first],
            "second": np.array(people.conditions, object)[second],
            "both": both[first, second],
            "ratio": both[first, second] / np.maximum(expected[first, second], 1e-9),
        }
    )
    return table[table["both"] >= LEAST_PAIRS].sort_values("ratio", ascending=False)


def network(people: Residents) -> Figure:
    """Draw conditions that meet more often than age, sex and fifth explain."""
    strong = ties(people).head(EDGES)
    graph: nx.Graph[str] = nx.Graph()
    for _, tie in strong.iterrows():
        graph.add_edge(tie["first"], tie["second"], ratio=float(tie["ratio"]))
    # Stronger ties are shorter; parts without a tie between them stand apart.
    for *_, data in graph.edges(data=True):
        data["length"] = 1.0 / np.log2(1.0 + data["ratio"])
    where = _places(graph)
    figure = _figure(canvas.WIDE, 5.6)
    ax = figure.subplots()
    for first, second, data in graph.edges(data=True):
        ends = np.array([where[first], where[second]])
        width = 0.6 + 1.6 * np.log2(max(data["ratio"], 1.0))
        ax.plot(*ends.T, color=MUTE, alpha=0.45, linewidth=width, zorder=2)
    for name, (x, y) in where.items():
        share = people.has[:, people.conditions.index(name)].mean()
        ax.scatter([x], [y], s=60 + 5000 * share, color=BLUE, alpha=0.85, zorder=3)
        ax.annotate(
            f"{_words(name)} {100 * share:.1f}%",
            (x, y),
            xytext=(0, -9 - np.sqrt(60 + 5000 * share) / 2),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            zorder=5,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )
    ax.set_title(
        f"Conditions that meet more often than age, sex and deprivation explain "
        f"(the {len(strong)} strongest ties)",
        loc="left",
        fontweight="bold",
    )
    ax.set_axis_off()
    ax.margins(0.12)
    return figure


def _places(graph: nx.Graph[str]) -> dict[str, tuple[float, float]]:
    """Lay out each part of the network, one beside the other, the largest first."""
    placed: dict[str, tuple[float, float]] = {}
    left = 0.0
    for part in sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part))):
        width = np.sqrt(len(part))
        names = sorted(part)
        here = nx.kamada_kawai_layout(graph.subgraph(names), weight="length", scale=width / 2)
        for name in names:
            x, y = here[name]
            placed[name] = (left + width / 2 + float(x), float(y))
        left += width + 0.5
    return placed


def funnel_plot(table: pd.DataFrame) -> Figure:
    """Draw each practice's emergency admissions over what its people make one expect."""
    figure = _figure(canvas.WIDE, 3.6)
    ax = figure.subplots()
    spread = float(table["dispersion"].mean())
    ratio = table["observed"] / table["expected"]
    ends = table["expected"].min() * 0.85, table["expected"].max() * 1.1
    along = np.linspace(*ends, 200)
    for times, name, style in LIMITS:
        reach = times * np.sqrt(spread / along)
        for sign in (-1, 1):
            ax.plot(along, 1 + sign * reach, style, color=MUTE, linewidth=1)
        ax.annotate(
            name,
            (along[-1], 1 + reach[-1]),
            xytext=(0, 4),
            textcoords="offset points",
            fontsize=8,
            color=MUTE,
            ha="right",
        )
    outside = (ratio - 1).abs() > LIMITS[1][0] * np.sqrt(spread / table["expected"])
    for out, marker, colour in ((False, "o", BLUE), (True, "X", RED)):
        here = outside == out
        ax.scatter(table.loc[here, "expected"], ratio[here], marker=marker, color=colour, s=26)
    ax.axhline(1, color=INK, linewidth=1)
    ax.set_xlabel("Emergency admissions expected in the first year, by age, sex and fifth")
    ax.set_ylabel("Observed over expected")
    ax.set_title(
        f"{len(table)} practices, {int(outside.sum())} outside 99.8% limits "
        "(every replication's practices)",
        loc="left",
        fontweight="bold",
    )
    canvas.bare(ax, grid="y")
    return figure


def regression_plot(table: pd.DataFrame) -> Figure:
    """Draw what becomes of older people picked in year 1 for two admissions, without any care."""
    figure = _figure(canvas.WIDE, 3.2)
    share, rate = figure.subplots(1, 2)
    lines = ((share, "share", BLUE), (rate, "rate", BLUE), (rate, "rate_all", MUTE))
    for ax, measure, colour in lines:
        here = table[table["measure"] == measure]
        ax.plot(here["year"], here["mean"], "o-", color=colour, markersize=4)
        for _, row in here.iterrows():
            canvas.upright(ax, row["year"], row["low"], row["high"], colour, width=1)
    published = table[(table["measure"] == "share") & table["published"].notna()]
    share.plot(published["year"], published["published"], "D:", color=MUTE, label="Roland 2005")
    share.legend(frameon=False, fontsize=8)
    share.set_ylabel("% of admissions at 65+")
    rate.set_ylabel("Admissions per 1,000 person-years")
    last = table[table["year"] == table["year"].max()].set_index("measure")["mean"]
    for measure, words in (("rate", "picked"), ("rate_all", "everyone of 65+")):
        rate.annotate(words, (table["year"].max(), last[measure]), ha="right", va="bottom")
    for ax in (share, rate):
        ax.set_ylim(0, None)
        ax.set_xlabel("Year; picked in year 1")
        canvas.bare(ax, grid="y")
    share.set_title(
        "People of 65+ with two emergency admissions in year 1, usual care",
        loc="left",
        fontweight="bold",
    )
    return figure


def write_figures(
    baselines: Mapping[tuple[str, str, str], Sequence[Run]], folder: Path
) -> list[Path]:
    """Write the dashboard's figures of each place as PNG and SVG; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with canvas.styled():
        for (place, _, _), runs in baselines.items():
            people = residents_of(runs[0])
            figures = {
                "combinations": upset(people),
                "network": network(people),
                "practices": funnel_plot(funnel(runs)),
                "regression": regression_plot(regression_table(runs)),
            }
            for name, figure in figures.items():
                written += canvas.write(figure.axes[0], folder, f"dashboard-{place}-{name}")
    return written
