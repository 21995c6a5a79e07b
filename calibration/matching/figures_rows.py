"""What the figures of a calibration share: a row for a published figure, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.files import whole
from calibration.check_figures import MARKS
from calibration.matching.figures_method import AFTER
from results.figures.canvas import MUTE, RULE, styled


def write_drawings(drawings: Mapping[str, Callable[[], Figure]], folder: Path) -> dict[str, str]:
    """Draw and write figures as PNG and SVG; return the title of each by name."""
    folder.mkdir(parents=True, exist_ok=True)
    titles: dict[str, str] = {}
    with styled():
        for name, draw in drawings.items():
            figure = draw()
            for kind in ("png", "svg"):
                metadata = {"Date": None} if kind == "svg" else None
                with whole(folder / f"{name}.{kind}") as aside:
                    figure.savefig(aside, format=kind, dpi=110, metadata=metadata)
            titles[name] = str(figure.get_suptitle())
    return titles


def draw_row(
    ax: Axes, y: int, row: pd.Series[Any], near: tuple[float, float], size: float = 5.0
) -> None:
    """Draw a published figure as 1 at height ``y``, and what was simulated over it.

    A bar is the range ``near`` in which its verdict is near enough, a line 95% of the draws
    (``after_low``, ``after_high``), a tick the value ``before``, a mark the value ``after``.
    """
    one = row["published"]
    ends = [each / one for each in near]
    ax.plot(ends, [y, y], color=RULE, linewidth=7, solid_capstyle="butt")
    draws = [row["after_low"] / one, row["after_high"] / one]
    ax.plot(draws, [y, y], color=AFTER, linewidth=1.6)
    ax.plot([row["before"] / one], [y], marker="|", color=MUTE, markersize=8, linestyle="none")
    shape, face, edge = MARKS[str(row["verdict"])]
    ax.plot(
        [row["after"] / one],
        [y],
        marker=shape,
        markerfacecolor=face,
        markeredgecolor=edge,
        markersize=size,
        linestyle="none",
    )
