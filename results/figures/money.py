"""What is freed, what stays paid for, what is spent, and when."""

from __future__ import annotations

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import INK, MUTE, PANEL, SMALL, WIDE
from results.findings_money import CASCADE, CASCADE_NAMES
from results.report_data import Option
from results.report_numbers import signed
from results.wording import Change


def cascade(
    option: Option,
    lines: dict[str, Change],
    *,
    years: int,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a panel of figure 8: value avoided, stranded, reinvested and what is left as cash.

    The only bars of the report: each begins where the one before ends, so lengths add up.
    """
    if ax is None:
        ax = canvas.new_axes(PANEL, 2.0, left=1.5, right=0.48, top=0.1, bottom=0.52)
    bars = _bars(lines)
    step = common_step(lines)
    colours = {
        "activity_avoided": canvas.blend(option.colour, 0.45),
        "stranded": canvas.blend(MUTE, 0.35),
        "reinvested": canvas.blend(MUTE, 0.85),
        "net_cash": option.colour,
    }
    for place, line in enumerate(CASCADE):
        if line not in lines:
            continue
        start, end = bars[line]
        ax.barh(
            place,
            end - start,
            left=start,
            height=0.5,
            color=colours[line],
            hatch="/////" if line == "stranded" else None,
            edgecolor="white",
            linewidth=0,
            zorder=3,
        )
        _whisker(ax, place, end, lines[line], step)
    for place, line in enumerate(CASCADE[:-2]):
        if line in bars:
            end = bars[line][1]
            ax.plot([end, end], [place + 0.25, place + 0.75], color=MUTE, linewidth=0.8, zorder=2)
    canvas.zero_line(ax)
    ax.set_yticks(range(len(CASCADE)), [CASCADE_NAMES[line] for line in CASCADE])
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(3.55, -0.55)
    ax.set_xlim(limits or cascade_limits([lines]))
    ax.set_xlabel(f"£ million over {years} years")
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    canvas.bare(ax)
    return ax


def common_step(lines: dict[str, Change]) -> float:
    """Return one step for all lines of a cascade: numbers that add up are rounded alike."""
    last = lines.get("net_cash")
    return last.step if last is not None else max(c.step for c in lines.values())


def _bars(lines: dict[str, Change]) -> dict[str, tuple[float, float]]:
    """Return where each bar starts and ends: stranded and reinvested go on from the one before."""
    bars, at = {}, 0.0
    for line in CASCADE[:-1]:
        if line in lines:
            bars[line] = (at, at + lines[line].mean)
            at += lines[line].mean
    if "net_cash" in lines:
        bars["net_cash"] = (0.0, lines["net_cash"].mean)
    return bars


def _whisker(ax: Axes, place: int, end: float, change: Change, step: float) -> None:
    """Draw the interval around the bar's end, and its number to the right of everything."""
    low, high = end + change.low - change.mean, end + change.high - change.mean
    ax.plot([low, high], [place, place], color=INK, linewidth=1.2, zorder=5)
    ax.plot(
        [low, low, high, high],
        [place] * 4,
        linestyle="none",
        marker="|",
        markersize=5,
        color=INK,
        zorder=5,
    )
    weight = "bold" if place == len(CASCADE) - 1 else "normal"
    words = signed(change.mean, step)
    canvas.beside(ax, place, words, 32, ha="right", fontsize=SMALL, fontweight=weight)


def cascade_limits(every: list[dict[str, Change]]) -> tuple[float, float]:
    """Return limits that hold every bar and whisker of every design."""
    ends = [0.0]
    for lines in every:
        bars = _bars(lines)
        for line, (start, end) in bars.items():
            change = lines[line]
            ends += [start, end, end + change.low - change.mean, end + change.high - change.mean]
    return canvas.padded(min(ends), max(ends))


def cash_by_year(every: list[tuple[Option, dict[int, Change]]], ax: Axes | None = None) -> Axes:
    """Draw figure 9: the cumulative effect on cash by years 1, 3, 5 and 10."""
    years = sorted({year for _, by_year in every for year in by_year})
    if ax is None:
        ax = canvas.new_axes(WIDE, 2.6, left=0.6, right=0.15, top=0.32, bottom=0.35)
    width = len(every) + 0.8
    for order, (option, by_year) in enumerate(every):
        for place, year in enumerate(years):
            if year not in by_year:
                continue
            change = by_year[year]
            x = place * width + order
            canvas.upright(ax, x, change.low, change.high, option.colour)
            canvas.disc(ax, x, change.mean, option, filled=change.clear)
            ax.annotate(
                signed(change.mean, max(change.step, 0.1)),
                (x, change.high if change.mean >= 0 else change.low),
                xytext=(0, 8 if change.mean >= 0 else -16),
                textcoords="offset points",
                ha="center",
                fontweight="bold",
                color=option.colour,
            )
    canvas.zero_line(ax, across=True)
    middle = (len(every) - 1) / 2
    ax.set_xticks(
        [place * width + middle for place in range(len(years))],
        [f"by year {year}" for year in years],
    )
    ax.set_xlim(-1, len(years) * width - 1)
    for place in range(1, len(years)):
        ax.axvline(place * width - 1, color=canvas.RULE, linewidth=0.8)
    ends = [e for _, found in every for c in found.values() for e in (c.low, c.high)]
    low, high = canvas.padded(min([*ends, 0.0]), max([*ends, 0.0]), 0.24)
    ax.set_ylim(low, high)
    ax.annotate(
        "£ million since the start: released above the line, spent below it",
        (0, 1),
        xycoords="axes fraction",
        xytext=(-36, 8),
        textcoords="offset points",
        fontsize=SMALL,
        color=MUTE,
    )
    ax.yaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    canvas.bare(ax, grid="y")
    ax.tick_params(axis="x", length=0)
    return ax
