"""Organisations: Mesa agents that decide whom to invite, what to open and when to begin.

Each rule is a small object with a name and a source, so a design or an experiment can
replace it; the organisation only says when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Organisation(mesa.Agent):
    """An organisation of the neighbourhood, asked once a day what it decides."""

    def __init__(self, model: Any, name: str) -> None:
        super().__init__(model)
        self.name = name

    def decide(self, day: int) -> None:
        """Take the decisions that fall on ``day``; the default is none."""


class NeighbourhoodTeam(Organisation):
    """The team that searches its records and invites the people at highest risk.

    Parameters
    ----------
    every_days : days between searches
    a_search : invitations sent after each search
    candidates : called with the day; returns who may be invited, as (n,) booleans
    risk : called with rows; returns their risk, highest first to be invited
    invite : called with each row invited
    """

    def __init__(
        self,
        model: Any,
        name: str,
        *,
        every_days: int,
        a_search: float,
        candidates: Callable[[int], Bools],
        risk: Callable[[Rows], Floats],
        invite: Callable[[int], None],
    ) -> None:
        super().__init__(model, name)
        self._every_days = every_days
        self._a_search = a_search
        self._candidates = candidates
        self._risk = risk
        self._invite = invite
        self._owed = 0.0
        self.invited = 0

    def decide(self, day: int) -> None:
        """Search on each search day and invite as many as the year's number allows."""
        if day < 0 or day % self._every_days:
            return
        rows = np.flatnonzero(self._candidates(day))
        self._owed += self._a_search
        chosen = highest(rows, self._risk(rows), int(self._owed))
        self._owed -= len(chosen) if len(chosen) else 0
        self._owed = min(self._owed, self._a_search)
        for row in chosen:
            self._invite(int(row))
        self.invited += len(chosen)


def highest(rows: Rows, risk: Floats, number: int) -> Rows:
    """Return the ``number`` rows at highest risk; of equals, the earlier row first."""
    order = np.argsort(-risk, kind="stable")
    return rows[order[:number]]


class Commissioner(Organisation):
    """Decides when a design's added capacity begins.

    Parameters
    ----------
    begin : called once, on ``first_day``
    """

    def __init__(self, model: Any, name: str, *, first_day: int, begin: Callable[[], None]) -> None:
        super().__init__(model, name)
        self._first_day = first_day
        self._begin = begin

    def decide(self, day: int) -> None:
        """Open the design's capacity on its first day."""
        if day == self._first_day:
            self._begin()
