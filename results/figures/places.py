"""Places side by side: each design's difference in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import RULE, WIDE
from results.report_data import Option
from results.wording import Change

STEP = 0.155  # inches between the designs of a place
BETWEEN = 0.17  # inches between places


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """One design in one place: its difference in the measure's unit, and its net cash."""

    place: str
    option: Option
    change: Change
    cash: Change | None = None


def by_place(rows: Sequence[PlaceRow], label: str) -> Axes:
    """Draw each place in a band of its own, its designs one under the other.

    ``label`` says what stands along the axis, with its unit.
    """
    places = list(dict.fromkeys(row.place for row in rows))
    band = STEP * max(sum(row.place == place for row in rows) for place in places) + BETWEEN
    ax = canvas.new_axes(WIDE, 0.6 + band * len(places), left=1.75, right=0.25)
    for number, place in enumerate(places):
        own = [row for row in rows if row.place == place]
        middle = number * band
        for line, row in enumerate(own):
            y = middle + STEP * (line - (len(own) - 1) / 2)
            change, option = row.change, row.option
            canvas.interval(ax, change.low, change.high, y, option.colour)
            canvas.disc(ax, change.mean, y, option, filled=change.known and change.clear)
        if number:
            ax.axhline(middle - band / 2, color=RULE, linewidth=0.8, zorder=1)
    canvas.zero_line(ax)
    ax.set_yticks([number * band for number in range(len(places))], places)
    ax.set_ylim((len(places) - 0.5) * band, -0.5 * band)
    ax.set_xlabel(label)
    canvas.bare(ax)
    return ax
