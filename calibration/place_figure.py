"""One picture of how places differ: ages, deprivation, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.place import Place
from calibration.check_figures import FIFTH_COLOURS, new_figure
from calibration.fit_measures import People
from results.figures import canvas
from results.figures.canvas import INK, MUTE

Floats = npt.NDArray[np.float64]

BANDS = np.arange(0, 95, 5)
SEX_COLOURS = ("#AE2573", "#005EB8")
COUNTS = ("0", "1", "2", "3", "4+")


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the picture shows of a place, in percent of its residents."""

    pyramid: Floats  # (19 bands, 2 sexes)
    fifths: Floats  # (5,)
    counts: Floats  # (5,) with 0, 1, 2, 3 and 4+ conditions on a register
    median_age: float
    two: float  # with 2+, percent


def portrait(people: People) -> Portrait:
    """Return the portrait of a place's people."""
    n = people.age.size / 100
    band = np.minimum(people.age // 5, len(BANDS) - 1)
    cells = np.bincount(band * 2 + people.sex, minlength=2 * len(BANDS))
    count = np.minimum(people.count(27), 4)
    return Portrait(
        pyramid=cells.reshape(-1, 2) / n,
        fifths=np.bincount(people.fifth - 1, minlength=5) / n,
        counts=np.bincount(count, minlength=5) / n,
        median_age=float(np.median(people.age)),
        two=float((count >= 2).sum() / n),
    )


def contrasts(people: Mapping[str, tuple[Place, People]], england: People) -> Figure:
    """Draw places side by side, each with England as a thin line.

    Parameters
    ----------
    people : place and its residents, with conditions on a register, by key
    england : residents of England, likewise
    """
    whole = portrait(england)
    figure = new_figure(canvas.WIDE * 1.3, 6.6)
    panels = figure.subplots(
        3, len(people), sharey="row", squeeze=False, height_ratios=(2.2, 1.2, 1.2)
    )
    for column, (place, residents) in enumerate(people.values()):
        here = portrait(residents)
        _pyramid(panels[0, column], here, whole)
        panels[0, column].set_title(
            f"{place.name}\nmedian age {here.median_age:.0f}, 2+ conditions {here.two:.0f}%",
            loc="left",
            fontsize=9,
            fontweight="bold",
        )
        _bars(panels[1, column], here.fifths, whole.fifths, FIFTH_COLOURS, list("12345"))
        _bars(panels[2, column], here.counts, whole.counts, (SEX_COLOURS[1],) * 5, list(COUNTS))
        panels[1, column].set_xlabel("Deprivation fifth, 1 most")
        panels[2, column].set_xlabel("Conditions on a register")
    panels[0, 0].set_ylabel("Age, years")
    panels[1, 0].set_ylabel("% of residents")
    panels[2, 0].set_ylabel("% of residents")
    figure.suptitle(
        "How places differ: women left, men right; England as a line",
        x=0.01,
        ha="left",
        fontsize=10,
        color=MUTE,
    )
    return figure


def _pyramid(ax: Axes, here: Portrait, whole: Portrait) -> None:
    for sex, sign in ((0, -1), (1, 1)):
        ax.barh(BANDS + 2.5, sign * here.pyramid[:, sex], height=4.6, color=SEX_COLOURS[sex])
        ax.step(
            sign * np.append(whole.pyramid[:, sex], whole.pyramid[-1:, sex]),
            np.append(BANDS, 95),
            where="pre",
            color=INK,
            linewidth=0.9,
        )
    widest = max(here.pyramid.max(), whole.pyramid.max()) * 1.1
    ax.set_xlim(-widest, widest)
    ticks = [-4, -2, 0, 2, 4]
    ax.set_xticks(ticks, [str(abs(tick)) for tick in ticks])
    ax.set_xlabel("% of residents")
    canvas.bare(ax)


def _bars(
    ax: Axes, here: Floats, whole: Floats, colours: tuple[str, ...], labels: list[str]
) -> None:
    places = np.arange(len(here))
    ax.bar(places, here, color=colours, width=0.75)
    ax.plot(places, whole, color=INK, marker="_", markersize=13, linewidth=0, markeredgewidth=1.4)
    ax.set_xticks(places, labels)
    canvas.bare(ax, grid="y")
