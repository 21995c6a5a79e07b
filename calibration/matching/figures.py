"""Figures of a calibration, each with a title that says what to see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from scipy.stats import gaussian_kde

from calibration.check_figures import MARKS, new_figure
from calibration.checks import MISS, UNKNOWN
from calibration.matching.goals import STAGE_2
from calibration.matching.outcome import Outcome, prior_deviation
from results.figures.canvas import INK, MUTE, RULE, styled

Floats = npt.NDArray[np.float64]

BEFORE, AFTER, BEST = "#768692", "#005EB8", "#AE2573"
WAVE_COLOURS = ("#768692", "#005EB8", "#AE2573", "#006747", "#330072")
COLUMNS = 4
MOST_IN_PAIRS = 7
ROWS_A_PAGE = 42


def write_figures(outcome: Outcome, folder: Path) -> dict[str, str]:
    """Draw and write every figure as PNG and SVG; return the title of each by name."""
    folder.mkdir(parents=True, exist_ok=True)
    titles: dict[str, str] = {}
    with styled():
        for name, draw in drawings(outcome).items():
            figure = draw()
            for kind in ("png", "svg"):
                aside = folder / f".tmp-{name}.{kind}"
                figure.savefig(
                    aside, format=kind, dpi=110, metadata={"Date": None} if kind == "svg" else None
                )
                aside.replace(folder / f"{name}.{kind}")
            titles[name] = str(figure.get_suptitle())
    return titles


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
        f"Published figures narrow {told} of {len(table)} parameters to half their range or less",
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
    _key(
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
        ax.set_xlabel(_two_lines(free[column].name), fontsize=7)
    if j == 0:
        ax.set_ylabel(_two_lines(free[row].name), fontsize=7)


def _two_lines(name: str) -> str:
    words = name.split(" ")
    half = -(-len(words) // 2)
    return " ".join(words[:half]) + "\n" + " ".join(words[half:])


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
    """Return fitted and held-out figures in pages; cells met in closed form only if missed."""
    shown = table[(table["stage"] != "stage 1") | (table["verdict"] == MISS)]
    shown = shown[(shown["verdict"] != UNKNOWN) & (shown["published"] > 0)]
    order = {"stage 2": 0, "apart": 1, "stage 1": 2}
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
    for y, (_, row) in enumerate(rows.iterrows()):
        one = row["published"]
        ax.plot(
            [1 - row["allowance"] / one, 1 + row["allowance"] / one],
            [y, y],
            color=RULE,
            linewidth=7,
            solid_capstyle="butt",
        )
        ax.plot(
            [row["posterior_low"] / one, row["posterior_high"] / one],
            [y, y],
            color=AFTER,
            linewidth=1.6,
        )
        ax.plot([row["before"] / one], [y], marker="|", color=MUTE, markersize=8, linestyle="none")
        shape, face, edge = MARKS[row["verdict"]]
        ax.plot(
            [row["ratio"]],
            [y],
            marker=shape,
            markerfacecolor=face,
            markeredgecolor=edge,
            markersize=5,
            linestyle="none",
        )
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
        "simulated over published (bar: allowed; line: 95% of posterior draws; tick: before)"
    )
    return figure


# -------------------------------------------------------------------- the method


def implausibility(outcome: Outcome) -> Figure:
    """Draw how implausible points of the whole space are, wave by wave."""
    fit = outcome.fit
    last = fit.waves[-1].ruled
    figure = new_figure(10.5, 1.5 * -(-len(fit.problem.free) // COLUMNS) + 3.6)
    figure.suptitle(
        f"After {len(fit.waves)} waves {last.share:.1%} of the prior space is left",
        x=0.01,
        ha="left",
    )
    top, below = _parts(figure, [1, 0.55 * -(-len(fit.problem.free) // COLUMNS)])
    ax = top.subplots()
    most = float(np.quantile(last.levels, 0.99))
    for wave, colour in zip(fit.waves, WAVE_COLOURS, strict=False):
        levels = np.sort(wave.ruled.levels)
        share = np.arange(1, levels.size + 1) / levels.size
        ax.plot(
            levels,
            100 * share,
            color=colour,
            label=f"wave {wave.number}: {wave.ruled.share:.1%} left",
        )
    ax.axvline(last.cut_off, color=INK, linewidth=0.8, linestyle="--")
    ax.set_xlim(0, most)
    ax.set_xlabel("implausibility (standard deviations); dashed: cut-off of the last wave")
    ax.set_ylabel("% of the space below")
    ax.legend(frameon=False, fontsize=8)
    _by_parameter(below, outcome)
    _key(figure, (("least implausible at this value", AFTER), ("half of the space", BEFORE)))
    return figure


def _by_parameter(part: SubFigure, outcome: Outcome) -> None:
    fit = outcome.fit
    ruled = fit.waves[-1].ruled
    rows = -(-len(fit.problem.free) // COLUMNS)
    axes = part.subplots(rows, COLUMNS, squeeze=False, sharey=True).ravel()
    for ax in axes[len(fit.problem.free) :]:
        ax.set_visible(False)
    edges = np.linspace(0, 1, 13)
    for place, one in enumerate(fit.problem.free):
        bin_of = np.clip(np.digitize(ruled.candidates[:, place], edges) - 1, 0, 11)
        least = [ruled.levels[bin_of == each].min() for each in range(12)]
        usual = [np.median(ruled.levels[bin_of == each]) for each in range(12)]
        middle = one.at((edges[1:] + edges[:-1]) / 2)
        axes[place].plot(middle, least, color=AFTER, linewidth=1.4)
        axes[place].plot(middle, usual, color=BEFORE, linewidth=1.0)
        axes[place].axhline(ruled.cut_off, color=INK, linewidth=0.6, linestyle="--")
        axes[place].set_title(one.name, fontsize=7, loc="left")
        axes[place].tick_params(labelsize=6)


def convergence(outcome: Outcome) -> Figure:
    """Draw whether the walkers agree: R-hat, effective draws, and traces of the worst."""
    fit = outcome.fit
    posterior, names = fit.posterior, [one.name for one in fit.problem.free]
    worst = np.argsort(posterior.r_hat)[::-1][:3]
    figure = new_figure(10.5, 0.24 * len(names) + 5.2)
    figure.suptitle(
        f"Largest R-hat {posterior.r_hat.max():.3f}, fewest effective draws "
        f"{posterior.effective.min():.0f}",
        x=0.01,
        ha="left",
    )
    top, below = _parts(figure, [0.24 * len(names) + 1.0, 4.0])
    left, right = top.subplots(1, 2, sharey=True)
    places = np.arange(len(names))
    left.plot(posterior.r_hat, places, "o", color=AFTER)
    left.axvline(1.0, color=RULE)
    left.axvline(1.05, color=MUTE, linestyle="--", linewidth=0.8)
    left.set_xlabel("R-hat (dashed: 1.05)")
    left.set_yticks(places, names, fontsize=7)
    right.plot(posterior.effective, places, "o", color=AFTER)
    right.set_xlim(left=0)
    right.set_xlabel("effective draws")
    axes = below.subplots(3, 1, sharex=True)
    for ax, place in zip(axes, worst, strict=False):
        one = fit.problem.free[int(place)]
        ax.plot(one.at(posterior.chains[:, ::4, place]), color=AFTER, alpha=0.25, linewidth=0.5)
        ax.set_ylabel(_two_lines(one.name), fontsize=7)
    axes[-1].set_xlabel("step of each walker")
    return figure


def emulator(outcome: Outcome) -> Figure:
    """Draw the emulator against simulations it had not seen."""
    fit = outcome.fit
    names = [goal.name for goal in fit.problem.goals]
    columns = [names.index(goal.name) for goal in fit.aims.goals]
    simulated = fit.verified.values[:, columns]
    expected = fit.emulator.mean(fit.verified.points)
    scale = np.sqrt(np.diag(fit.aims.covariance()))
    figure = new_figure(10.5, 4.2)
    figure.suptitle(
        f"{fit.tried.within:.0%} of {simulated.size:,} fresh simulated values lay inside the "
        "emulator's 95% intervals",
        x=0.01,
        ha="left",
    )
    left, right = figure.subplots(1, 2)
    left.plot(fit.tried.expected / scale, fit.tried.error / scale, "o", color=AFTER, markersize=3.5)
    top = float(np.nanmax(np.concatenate([fit.tried.expected / scale, fit.tried.error / scale])))
    left.plot([0, top], [0, top], color=MUTE, linewidth=0.8)
    left.set_xlabel("error expected of one simulation (standard deviations of misfit)")
    left.set_ylabel("error found")
    away = ((simulated - fit.aims.values) / scale)[np.isfinite(simulated)]
    emulated = ((expected - fit.aims.values) / scale)[np.isfinite(simulated)]
    right.hexbin(emulated, away, gridsize=40, cmap="Blues", mincnt=1, bins="log", linewidths=0)
    ends = [float(min(emulated.min(), away.min())), float(max(emulated.max(), away.max()))]
    right.plot(ends, ends, color=MUTE, linewidth=0.8)
    right.set_xlabel("misfit emulated (standard deviations)")
    right.set_ylabel("misfit simulated (standard deviations)")
    return figure


def _parts(figure: Figure, heights: list[float]) -> list[SubFigure]:
    """Return parts of a figure, one above the other."""
    made = figure.subfigures(len(heights), 1, height_ratios=heights)
    assert isinstance(made, np.ndarray)
    return list(made.ravel())


def _key(figure: Figure, entries: tuple[tuple[str, str], ...]) -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        [Line2D([], [], color=colour, linewidth=2) for _, colour in entries],
        [name for name, _ in entries],
        loc="outside lower left",
        ncols=len(entries),
        frameon=False,
        fontsize=8,
    )
