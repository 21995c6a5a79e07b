"""One pool of emergency beds: a queue, a daily ward round, and two valves when it is full.

People leave at their own hour after the ward round that finds them ready. The fuller the
pool, the faster the rounds count (valve 1); when several people wait, escalation beds open
until nobody waits (valve 2). The hospital decides on both by rules that can be replaced
(``agents.decisions``).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Protocol

from simpy import Environment, Event

from agents.decisions import Discharge, Escalation
from pathways.queues import Places, Turn, whole_share
from pathways.steps import Steps, Walk, happens_in


class Decider(Protocol):
    """Who decides for a ward: a hospital agent, or a bare pair of rules."""

    def extra_beds(self, beds: float, waiting: int, extra: int) -> int:
        """Return the escalation beds to have open (see ``agents.decisions.Escalation``)."""

    def pace(self, occupancy: float) -> float:
        """Return the pace of discharge (see ``agents.decisions.Discharge``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valves:
    """The two rules that keep a full pool finite."""

    escalation: Escalation
    discharge: Discharge

    def extra_beds(self, beds: float, waiting: int, extra: int) -> int:
        """Return the escalation beds to have open."""
        return self.escalation.extra_beds(beds, waiting, extra)

    def pace(self, occupancy: float) -> float:
        """Return the pace of discharge at an occupancy."""
        return self.discharge.pace(occupancy)


class Ward(Places):
    """Emergency beds of one pool. ``beds`` may be a fraction: the last bed opens on some days.

    Attributes
    ----------
    decider : who decides on escalation beds and on the pace of discharge
    """

    def __init__(self, env: Environment, beds: float, decider: Decider) -> None:
        self._beds = beds
        self.decider = decider
        self._days = 0
        self._season = (1.0, 1.0)
        self._rounds = 0.0
        self._ready: list[tuple[float, int, Event, float]] = []
        self._patients = 0
        self._extra = 0
        self._extra_since: float = env.now
        self._extra_time = 0.0
        super().__init__(env, whole_share(beds, 0))
        Walk(self._daily())

    @property
    def core(self) -> int:
        """Beds open today without escalation."""
        return whole_share(self._beds * self._season[0], self._days)

    def change_beds(self, beds: float) -> None:
        """Have ``beds`` beds of the ward's own from now on; nobody is sent away."""
        self._beds = beds
        self.capacity = self.core + self._extra

    def follow_season(self, beds: float, stays: float) -> None:
        """Have ``beds`` times the usual beds, and stays ``stays`` times as long, from now on."""
        self._season = (beds, stays)

    def request(self, priority: float = 0.0) -> Turn:
        """Ask for a bed; open escalation beds if too many wait."""
        turn = super().request(priority)
        if turn.waits:
            self._decide()
        return turn

    def release(self, turn: Turn) -> None:
        """Take back a bed; close escalation beds when nobody waits."""
        super().release(turn)
        if self._extra:
            self._decide()

    def readiness(self, rounds: float, leaves: float) -> Event:
        """Return the event of leaving: at time of day ``leaves``, after so many ``rounds``."""
        leaving = Event(self.env)
        self._patients += 1
        heappush(self._ready, (self._rounds + rounds, self._patients, leaving, leaves))
        return leaving

    def escalated_time(self) -> float:
        """Return bed-days of escalation beds open so far."""
        return self._extra_time + self._extra * (self.env.now - self._extra_since)

    def _decide(self) -> None:
        """Open or close escalation beds as the hospital decides."""
        beds = self.decider.extra_beds(self._beds, self.waiting, self._extra)
        if beds == self._extra:
            return
        self._extra_time = self.escalated_time()
        self._extra, self._extra_since = beds, self.env.now
        self.capacity = self.core + beds

    def _daily(self) -> Steps[None]:
        while True:
            yield self.env.timeout(1.0)
            self._round()

    def _round(self) -> None:
        occupancy = self.in_use / max(self.capacity, 1)
        self._rounds += self.decider.pace(occupancy) / self._season[1]
        while self._ready and self._ready[0][0] <= self._rounds:
            _, _, leaving, leaves = heappop(self._ready)
            happens_in(leaving, leaves)
        self._days += 1
        if self.core + self._extra != self.capacity:
            self.capacity = self.core + self._extra
