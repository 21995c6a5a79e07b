"""Figures of how a calibration was done: what was ruled out, convergence, the emulator."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from calibration.check_figures import new_figure
from calibration.matching.outcome import Outcome
from results.figures.canvas import INK, MUTE, RULE

BEFORE, AFTER, BEST = "#768692", "#005EB8", "#AE2573"
WAVE_COLOURS = ("#768692", "#005EB8", "#AE2573", "#006747", "#330072")
COLUMNS = 4


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
    key(figure, (("least implausible at this value", AFTER), ("half of the space", BEFORE)))
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
    right.set_xlim(0, 1.05 * float(posterior.effective.max()))
    right.set_xlabel("effective draws")
    axes = below.subplots(3, 1, sharex=True)
    for ax, place in zip(axes, worst, strict=False):
        one = fit.problem.free[int(place)]
        ax.plot(one.at(posterior.chains[:, ::4, place]), color=AFTER, alpha=0.25, linewidth=0.5)
        ax.set_ylabel(two_lines(one.name), fontsize=7)
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


def two_lines(name: str) -> str:
    """Break a name in the middle."""
    words = name.split(" ")
    half = -(-len(words) // 2)
    return " ".join(words[:half]) + "\n" + " ".join(words[half:])


def _parts(figure: Figure, heights: list[float]) -> list[SubFigure]:
    """Return parts of a figure, one above the other."""
    made = figure.subfigures(len(heights), 1, height_ratios=heights)
    assert isinstance(made, np.ndarray)
    return list(made.ravel())


def key(figure: Figure, entries: tuple[tuple[str, str], ...]) -> None:
    """Write what each colour is below a figure."""
    figure.legend(
        [Line2D([], [], color=colour, linewidth=2) for _, colour in entries],
        [name for name, _ in entries],
        loc="outside lower left",
        ncols=len(entries),
        frameon=False,
        fontsize=8,
    )
