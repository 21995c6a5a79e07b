"""Usual care's cases: people whom a team meeting or a link worker sees without any design.

Who dies or moves away leaves the queue, or the caseload, and is counted no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pathways.steps import Steps, Walk


class Cases:
    """The cases that are open, by the row of the person."""

    def __init__(self) -> None:
        self._of: dict[int, list[Walk]] = {}

    def open(self, row: int, steps: Steps[Any]) -> None:
        """Let a case of the person in ``row`` begin, and go on by itself."""
        walk = Walk(steps)
        if walk.over:
            return
        others = [one for one in self._of.get(row, ()) if not one.over]
        self._of[row] = [*others, walk]

    def leave(self, rows: Sequence[int]) -> None:
        """End the cases of people who have died or moved away."""
        for row in rows:
            for walk in self._of.pop(row, ()):
                walk.stop()
