"""Saving the figures of searches: precision, sensitivity, what one would have to believe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

from results.figures.canvas import styled, write


def save(folder: Path, name: str, draw: Callable[[], Axes]) -> None:
    """Draw a figure and write it as SVG and PNG, each whole or not at all."""
    with styled():
        ax = draw()
    write(ax, folder, name)
