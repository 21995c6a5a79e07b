"""Saving the figures of searches: precision, sensitivity, what one would have to believe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

from results.figures.canvas import png_bytes, styled, svg_text


def save(folder: Path, name: str, draw: Callable[[], Axes]) -> None:
    """Draw a figure and write it as SVG and PNG, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with styled():
        ax = draw()
    for ending, content in (("svg", svg_text(ax).encode("utf-8")), ("png", png_bytes(ax))):
        aside = folder / f".tmp-{name}.{ending}"
        aside.write_bytes(content)
        aside.replace(folder / f"{name}.{ending}")
