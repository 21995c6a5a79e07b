"""Figures of a calibration, each with a title that says what to see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from calibration.check_figures import new_figure
from calibration.checks import MISS, UNKNOWN
from calibration.matching.figures_method import (
    AFTER,
    BEFORE,
    BEST,
    COLUMNS,
    convergence,
    emulator,
    implausibility,
    key,
    two_lines,
)
from calibration.matching.figures_rows import draw_row, write_drawings
from calibration.matching.goals import APART, STAGE_1, STAGE_2
from calibration.matching.outcome import Outcome, prior_deviation
from calibration.matching.verdicts import near_range
from calibration.targets import HOLDOUT
from results.figures.canvas import INK

Floats = npt.NDArray[np.float64]

MOST_IN_PAIRS = 7
ROWS_A_PAGE = 42


def write_figures(outcome: Outcome, folder: Path) -> dict[str, str]:
    """Draw and write every figure as PNG and SVG; return the title of each by name."""
    return write_drawings(drawings(outcome), folder)


def drawings(outcome: Outcome) -> Mapping[str, Callable[[], Figure]]:
    """Return what draws each figure, by name, in the order of the report."""
    pages = {
        f"targets_{number}": (lambda rows=rows, number=number: targets(rows, number))
        for number, rows in enumerate(pages_of(outcome.targets), 1)
    }
    return {
        "prior_and_posterior": lambda: prior_and_posterior(outcome),
        **pages,
        "implausibility": lambda: implausibility(outcome),
        "pairs": lambda: pairs(outcome),
        "informed_by": lambda: informed_by(outcome),
        "convergence": lambda: convergence(outcome),
        "emulator": lambda: emulator(outcome),
    }


# -------------------------------------------------------------------- parameters


def prior_and_posterior(outcome: Outcome) -> Figure:
    """Draw what was assumed of each parameter, and what is left."""
    fit, table = outcome.fit, outcome.parameters
    rows = -(-len(table) // COLUMNS)
    figure = new_figure(10.5, 1.75 * rows + 0.9)
    told = int((table["identified"] == "yes").sum())
    figure.suptitle(
        f"Published figures narrow or move {told} of {len(table)} parameters clearly",
        x=0.01,
        ha="left",
    )
    along = np.linspace(0, 1, 201)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for ax in axes[len(table) :]:
        ax.set_visible(False)
    for place, one in enumerate(fit.problem.free):
        ax = axes[place]
        values = one.at(along)
        away = (along - fit.problem.prior.middle[place]) / fit.problem.prior.deviation
        before = np.exp(-0.5 * away**2)
        ax.fill_between(values, before / before.mean(), color=BEFORE, alpha=0.35, linewidth=0)
        ax.plot(values, _density(fit.posterior.sample[:, place], along), color=AFTER, linewidth=1.6)
        best = float(one.at(fit.best[place : place + 1])[0])
        ax.axvline(best, color=BEST, linewidth=1.2, linestyle="--")
        ax.set_title(f"{one.name}", fontsize=8, loc="left", color=INK)
        ax.set_yticks([])
        ax.set_xlim(values[0], values[-1])
        if one.logs:
            ax.set_xscale("log")
            ax.set_xticks(
                [one.low, one.start, one.high], [f"{v:g}" for v in (one.low, one.start, one.high)]
            )
            ax.minorticks_off()
        ax.tick_params(labelsize=7)
    key(
        figure,
        (("beforehand", BEFORE), ("left likely by the figures", AFTER), ("best point", BEST)),
    )
    return figure


def _density(sample: Floats, along: Floats) -> Floats:
    """Return a density on the unit range, mirrored at its ends, of mean 1."""
    some = sample[:: max(len(sample) // 3000, 1)]
    if some.std() < 1e-6:
        return np.zeros_like(along)
    mirrored = np.concatenate([some, -some, 2 - some])
    width = 1.06 * some.std() * some.size**-0.2
    kernel = gaussian_kde(mirrored, bw_method=width / mirrored.std(ddof=1))
    density: Floats = 3 * kernel(along)
    return density


def pairs(outcome: Outcome) -> Figure:
    """Draw the posterior of the best-told parameters two by two."""
    fit = outcome.fit
    narrow = fit.posterior.sample.std(axis=0) / prior_deviation(fit)
    strong = np.abs(outcome.correlation - np.eye(len(narrow))).max(axis=1)
    chosen = sorted(np.argsort(narrow - strong)[:MOST_IN_PAIRS])
    n = len(chosen)
    figure = new_figure(10.5, 10.2)
    figure.suptitle(
        "What is likely together: the parameters most told or most tied", x=0.01, ha="left"
    )
    axes = figure.subplots(n, n, squeeze=False)
    sample = fit.posterior.sample[:: max(len(fit.posterior.sample) // 4000, 1)]
    for i, row in enumerate(chosen):
        for j, column in enumerate(chosen):
            _pair(axes[i, j], outcome, sample, (row, column), (i, j, n))
    return figure


def _pair(
    ax: Axes, outcome: Outcome, sample: Floats, which: tuple[int, int], at: tuple[int, int, int]
) -> None:
    (row, column), (i, j, n) = which, at
    free = outcome.fit.problem.free
    ax.set_xticks([])
    ax.set_yticks([])
    across = free[column].at(sample[:, column])
    if j > i:
        ax.set_visible(False)
        return
    if i == j:
        ax.hist(across, bins=30, color=AFTER, alpha=0.8)
    else:
        ax.hexbin(
            across, free[row].at(sample[:, row]), gridsize=22, cmap="Blues", mincnt=1, linewidths=0
        )
        ax.text(
            0.97,
            0.95,
            f"{outcome.correlation[row, column]:+.2f}",
            transform=ax.transAxes,
            ha="right",
            va="top",
            fontsize=7,
            color=INK,
        )
    if i == n - 1:
        ends = np.quantile(across, [0.02, 0.98])
        ax.set_xticks(ends, [f"{end:.2g}" for end in ends], fontsize=6)
        ax.set_xlabel(two_lines(free[column].name), fontsize=7)
    if j == 0:
        ax.set_ylabel(two_lines(free[row].name), fontsize=7)


def informed_by(outcome: Outcome) -> Figure:
    """Draw which kinds of figures tell of which parameter."""
    fit = outcome.fit
    kinds = list(dict.fromkeys(_kind(goal.measure) for goal in fit.aims.goals))
    of_kind = np.array([kinds.index(_kind(goal.measure)) for goal in fit.aims.goals])
    told = np.stack(
        [np.sqrt((outcome.informed[:, of_kind == k] ** 2).sum(axis=1)) for k in range(len(kinds))],
        axis=1,
    )
    figure = new_figure(10.5, 0.32 * len(fit.problem.free) + 2.4)
    figure.suptitle("Which figures tell of which parameter", x=0.01, ha="left")
    ax = figure.subplots()
    shown = ax.imshow(told, cmap="Blues", aspect="auto", vmin=0, vmax=max(float(told.max()), 1.0))
    ax.set_xticks(range(len(kinds)), kinds, rotation=35, ha="right", fontsize=8)
    ax.set_yticks(range(len(fit.problem.free)), [one.name for one in fit.problem.free], fontsize=8)
    middle = told.max() / 2
    for i in range(told.shape[0]):
        for j in range(told.shape[1]):
            if told[i, j] >= 0.05:
                colour = "white" if told[i, j] > middle else INK
                ax.text(
                    j, i, f"{told[i, j]:.1f}", ha="center", va="center", fontsize=7, color=colour
                )
    figure.colorbar(shown, ax=ax, shrink=0.7, label="change over one prior sd, per sd of misfit")
    return figure


def _kind(measure: str) -> str:
    words = measure.replace("_", " ").split(" ")
    first = (
        " ".join(words[:2])
        if words[0] in ("odds", "deprivation", "life", "age", "share", "mean", "onset")
        else words[0]
    )
    return {"prevalence": "share with 1+, 2+, 4+"}.get(first, first)


# -------------------------------------------------------------------- targets


def pages_of(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return fitted and held-out figures in pages; those met in closed form only if missed."""
    closed = (table["stage"] == STAGE_1) & (table["verdict"] == MISS)
    shown = table[(table["stage"] == STAGE_2) | (table["role"] == HOLDOUT) | closed]
    shown = shown[(shown["verdict"] != UNKNOWN) & (shown["published"] > 0)]
    order = {STAGE_2: 0, APART: 1, STAGE_1: 2}
    rank = shown["stage"].map(order).fillna(3)
    shown = shown.assign(rank=rank).sort_values(["rank", "measure", "group"], kind="stable")
    return [shown[i : i + ROWS_A_PAGE] for i in range(0, len(shown), ROWS_A_PAGE)]


def targets(rows: pd.DataFrame, number: int) -> Figure:
    """Draw published figures at 1, what is allowed, and what the fit gives of each."""
    figure = new_figure(10.5, 0.2 * len(rows) + 1.7)
    missed = int((rows["verdict"] == MISS).sum())
    figure.suptitle(
        f"Figures, part {number}: {len(rows) - missed} of {len(rows)} near enough or perhaps so",
        x=0.01,
        ha="left",
    )
    ax = figure.subplots()
    shown = rows.rename(
        columns={
            "simulated": "after",
            "posterior_low": "after_low",
            "posterior_high": "after_high",
        }
    )
    for y, (_, row) in enumerate(shown.iterrows()):
        ends = row["published_low"], row["published_high"]
        draw_row(ax, y, row, near_range(row["published"], *ends, row["role"], row["allowance"]))
    words = [
        f"{row['measure'].replace('_', ' ')}, {row['group']}"[:70]
        + ("" if row["stage"] == STAGE_2 else f"  [{row['role']}]")
        for _, row in rows.iterrows()
    ]
    ax.set_yticks(range(len(rows)), words, fontsize=7)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.axvline(1, color=INK, linewidth=0.8)
    ax.set_xlim(0.3, 1.9)
    ax.set_xlabel(
        "simulated over published (bar: near enough; line: 95% of posterior draws; tick: before)"
    )
    return figure
