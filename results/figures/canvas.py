"""The one look of every figure: sizes, letters in discs, intervals, and how files are written.

Figures are made without pyplot, so drawing one leaves nothing behind in the session. The same
figure gives the same bytes: ids are salted alike, no date is written, coordinates are rounded.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from agents.files import write_whole
from results.report_data import Option
from results.report_numbers import signed

INK, MUTE, RULE, PALE = "#212B32", "#425563", "#D8DDE0", "#E8EDEE"
WIDE, PANEL = 7.08, 3.5  # inches: 680 and 336 px
SMALL, LETTER = 9.0, 7.5  # points: 12 and 10 px as drawn
FAMILIES = ("Arial", "Liberation Sans", "Helvetica", "DejaVu Sans")
FONT_STACK = "Arial, 'Liberation Sans', Helvetica, 'DejaVu Sans', sans-serif"


def style() -> dict[Any, Any]:
    """Return the settings that all figures share, with the families found on this machine."""
    known = set(font_manager.get_font_names())
    return {
        **sns.axes_style("white"),
        "font.family": "sans-serif",
        "font.sans-serif": [name for name in FAMILIES if name in known] or ["DejaVu Sans"],
        "font.size": SMALL,
        "axes.labelsize": SMALL,
        "axes.titlesize": SMALL,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "axes.edgecolor": "#768692",
        "axes.labelcolor": MUTE,
        "axes.linewidth": 0.8,
        "axes.unicode_minus": True,
        "text.color": INK,
        "xtick.color": MUTE,
        "ytick.color": INK,
        "xtick.bottom": True,
        "xtick.major.size": 3.0,
        "grid.color": RULE,
        "text.parse_math": False,  # a name in a file may hold a dollar sign
        "svg.fonttype": "none",
        "svg.hashsalt": "carepath",
        "figure.dpi": 96,
    }


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save inside this, so that the session's own settings stay as they were."""
    with mpl.rc_context(style()):
        yield


def new_axes(
    width: float,
    height: float,
    *,
    left: float,
    bottom: float = 0.5,
    top: float = 0.08,
    right: float = 0.12,
) -> Axes:
    """Return axes on a figure of its own; every size is in inches."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - bottom - top) / height,
        )
    )


def close_top(ax: Axes, room: float = 0.1) -> None:
    """Cut the figure above its only axes down to ``room`` inches; the axes keep their size."""
    figure, place = ax.figure, ax.get_position()
    width, height = figure.get_size_inches()  # type: ignore[union-attr]
    left = height - max((1.0 - place.y1) * height - room, 0.0)
    if len(figure.axes) > 1 or left >= height:
        return
    figure.set_size_inches(width, left)  # type: ignore[union-attr]
    share = height / left
    ax.set_position((place.x0, place.y0 * share, place.width, place.height * share))


def disc(ax: Axes, x: float, y: float, option: Option, *, filled: bool = True) -> None:
    """Draw an option's letter in a disc: filled where no change is left out, else hollow."""
    ax.plot(
        [x],
        [y],
        marker="o",
        markersize=10.5,
        markeredgewidth=1.5,
        linestyle="none",
        markerfacecolor=option.colour if filled else "white",
        markeredgecolor=option.colour,
        zorder=6,
        clip_on=False,
    )
    ax.text(
        x,
        y,
        option.letter,
        fontsize=LETTER,
        fontweight="bold",
        ha="center",
        va="center_baseline",
        color="white" if filled else option.colour,
        zorder=7,
    )


def interval(ax: Axes, low: float, high: float, y: float, colour: str, width: float = 2.0) -> None:
    """Draw a horizontal interval."""
    if np.isfinite(low) and np.isfinite(high):
        ax.plot([low, high], [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=4)


def upright(ax: Axes, x: float, low: float, high: float, colour: str, width: float = 2.0) -> None:
    """Draw a vertical interval."""
    if np.isfinite(low) and np.isfinite(high):
        ax.plot([x, x], [low, high], color=colour, linewidth=width, solid_capstyle="butt", zorder=4)


def beside(ax: Axes, y: float, words: str, right: float, **look: Any) -> None:
    """Write to the right of the axes, ``right`` points off, what the row at ``y`` says."""
    ax.annotate(
        words,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(right, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
        **look,
    )


def zero_line(ax: Axes, *, across: bool = False) -> None:
    """Draw the line of no change: upright, or across the panel."""
    draw = ax.axhline if across else ax.axvline
    draw(0, color=INK, linewidth=1.1, zorder=2)


def bare(ax: Axes, *, grid: str = "x") -> None:
    """Leave only the bottom spine and a light grid along one axis."""
    sns.despine(ax=ax, left=True)
    ax.grid(True, axis=grid, linewidth=0.8)  # type: ignore[arg-type]
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)


def tick(value: float) -> str:
    """Return a tick's label: as many decimals as it has, a sign, a true minus."""
    decimals = next((n for n in range(4) if abs(round(value, n) - value) < 1e-9), 4)
    return signed(value, 10.0**-decimals)


def tint(colour: str, share: float = 0.22) -> str:
    """Return a colour mixed with white, for bands."""
    return str(mpl.colors.to_hex(sns.light_palette(colour, as_cmap=True)(share)))


def blend(colour: str, share: float) -> str:
    """Return ``share`` of a colour over white paper, as hexadecimal."""
    mixed = 1.0 - share * (1.0 - np.array(mpl.colors.to_rgb(colour)))
    return str(mpl.colors.to_hex(mixed.tolist()))


def padded(low: float, high: float, share: float = 0.08) -> tuple[float, float]:
    """Return limits a little beyond both ends; never of no width."""
    room = (high - low) * share or max(abs(low), 1.0) * share
    return low - room, high + room


def svg_text(ax: Axes) -> str:
    """Return a figure as a stand-alone SVG: the same bytes each time."""
    figure = ax.figure
    stream = io.StringIO()
    with styled():
        figure.savefig(  # type: ignore[union-attr]
            stream,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"font: ([^;\"]*?[\d.]+px) [^;\"]*", rf"font: \1 {FONT_STACK}", text)
    return re.sub(r"-?\d+\.\d{3,}", _short, text)


def write(ax: Axes, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and SVG, each whole or not at all; return their paths."""
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    write_whole(png, png_bytes(ax))
    write_whole(svg, svg_text(ax))
    return [png, svg]


def _short(match: re.Match[str]) -> str:
    text = f"{float(match.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def inline_svg(text: str, prefix: str, alt: str) -> str:
    """Return an SVG to stand inside a page: ids prefixed, sized by the page, named by ``alt``."""
    body = text[text.index("<svg") :]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}-\2"', body)
    view = re.search(r'viewBox="([^"]+)"', body)
    box = view.group(1) if view else "0 0 100 100"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box}" role="img" aria-labelledby="{prefix}-name">'
        f'<title id="{prefix}-name">{escape(alt)}</title>'
    )
    return head + re.sub(r"^<svg[^>]*>", "", body, count=1, flags=re.S)


def png_bytes(ax: Axes) -> bytes:
    """Return a figure as PNG at 200 dots an inch, on white."""
    stream = io.BytesIO()
    with styled():
        ax.figure.savefig(  # type: ignore[union-attr]
            stream, format="png", dpi=200, facecolor="white", metadata={"Software": None}
        )
    return stream.getvalue()
