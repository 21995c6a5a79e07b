"""Organisations: Mesa agents that decide, each by rules that can be replaced.

A commissioner decides when a design begins, a neighbourhood team whom to invite, practices how
much of a day to hold back, a hospital when to open escalation beds and how readily people
leave, link workers when to close a case, a team meeting whose case comes first. Each rule is a
small object with a name and a source (``agents.decisions``); a design or an experiment can
replace it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import numpy.typing as npt

from agents.decisions import Closing, Discharge, Escalation, Selection, Triage

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


class GeneralPractice(Organisation):
    """The practices of a place: each decides how much of its day to hold back.

    Attributes
    ----------
    triage : the rule they decide by
    held : (pools,) what they decided last, of each role of each practice
    """

    def __init__(self, model: Any, name: str, triage: Triage) -> None:
        super().__init__(model, name)
        self.triage = triage
        self.held: Floats = np.zeros(0)

    def held_back(self, asked: Floats) -> Floats:
        """Decide the share held back of each pool (see ``agents.decisions.Triage``)."""
        self.held = self.triage.held_back(asked)
        return self.held


class AcuteHospital(Organisation):
    """The hospital: when to open escalation beds, and how readily people are discharged.

    Attributes
    ----------
    escalation, discharge : the rules it decides by
    escalated : how often it has opened escalation beds
    """

    def __init__(self, model: Any, name: str, escalation: Escalation, discharge: Discharge) -> None:
        super().__init__(model, name)
        self.escalation = escalation
        self.discharge = discharge
        self.escalated = 0

    def extra_beds(self, beds: float, waiting: int, extra: int) -> int:
        """Decide on escalation beds (see ``agents.decisions.Escalation``)."""
        opened = self.escalation.extra_beds(beds, waiting, extra)
        self.escalated += opened > extra
        return opened

    def pace(self, occupancy: float) -> float:
        """Decide how readily people leave (see ``agents.decisions.Discharge``)."""
        return self.discharge.pace(occupancy)


class LinkWorkerService(Organisation):
    """Link workers: when a case is closed.

    Attributes
    ----------
    closing : the rule they decide by
    closed_early : cases closed before the end of their plan
    """

    def __init__(self, model: Any, name: str, closing: Closing) -> None:
        super().__init__(model, name)
        self.closing = closing
        self.closed_early = 0

    def closes(self, met: int, planned: int, waiting_share: float) -> bool:
        """Decide whether to close a case (see ``agents.decisions.Closing``)."""
        closed = self.closing.closes(met, planned, waiting_share)
        self.closed_early += closed and met < planned
        return closed


class TeamMeeting(Organisation):
    """The multidisciplinary team meeting: whose case comes first.

    Attributes
    ----------
    selection : the rule it decides by
    """

    def __init__(self, model: Any, name: str, selection: Selection) -> None:
        super().__init__(model, name)
        self.selection = selection

    def priority(self, risk: float) -> float:
        """Decide on the place of a case (see ``agents.decisions.Selection``)."""
        return self.selection.priority(risk)
