"""Figure 10: what a contract leaves each provider with, beside what its care costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.canvas import WIDE
from results.report_data import Option
from results.report_numbers import ONE_RUN, signed, signed_range
from results.wording import Change

PITCH = 0.2  # inches between rows: letters just apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """A provider's income less its cost in a year under one option, £ million."""

    provider: str
    option: Option
    left: Change


def margins(rows: Sequence[Margin], ax: Axes | None = None) -> Axes:
    """Draw a disc and an interval for each provider and design; left of zero it is short.

    Parameters
    ----------
    rows : provider by provider, usual care and the designs of one beside each other
    """
    if ax is None:
        ax = canvas.new_axes(
            WIDE, 0.75 + PITCH * len(rows), left=1.6, right=1.6, top=0.1, bottom=0.5
        )
    for y, row in enumerate(rows):
        canvas.interval(ax, row.left.low, row.left.high, y, row.option.colour)
        canvas.disc(ax, row.left.mean, y, row.option, filled=row.left.clear)
        canvas.beside(ax, y, _in_millions(row.left), 8)
    canvas.zero_line(ax)
    first = [n for n, row in enumerate(rows) if n == 0 or rows[n - 1].provider != row.provider]
    ax.set_yticks(first, [_capital(rows[n].provider) for n in first])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ends = [end for row in rows for end in (row.left.low, row.left.high, row.left.mean, 0.0)]
    known = [end for end in ends if end == end]
    ax.set_xlim(canvas.padded(min(known), max(known)))
    ax.set_xlabel("Income less cost, £ million a year (below zero: short of it)")
    ax.xaxis.set_major_formatter(lambda value, _: canvas.tick(value))
    canvas.bare(ax)
    return ax


def _in_millions(left: Change) -> str:
    """Return pounds in millions to two decimals, as the table beside it does."""
    known = isfinite(left.low + left.high)
    ends = signed_range(left.low, left.high, 0.01) if known else ONE_RUN
    return f"{signed(left.mean, 0.01)} ({ends})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
