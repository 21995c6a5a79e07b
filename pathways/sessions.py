"""A queue for places that are given out at sessions: a few at a time, every so many days.

People from elsewhere who share a full team use what the simulated residents do not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify

import numpy as np
from simpy import Environment

from agents.decisions import AtEndOfPlan, Closing, ReferralOrder, Selection
from agents.luck import Luck
from pathways.queues import Guest, Places, Turn, whole_share
from pathways.steps import Steps, Walk

UNLIMITED = 1_000_000_000  # places of a team that keeps nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """How a team takes people: so many at a time, every so many days.

    ``slots`` are the residents' own at each session and may be a fraction. ``usual`` are
    those of usual care; where a full team would have more (``pool``), referrals from
    elsewhere use the difference at ``load``, in every design alike, and are kept for ``stay``
    days. ``queue`` is the days of usual referrals that wait at the start; ``contacts`` is the
    meetings that are planned in a stay.
    """

    days: float
    slots: float
    usual: float
    pool: float
    load: float
    queue: float
    stay: float = 0.0
    contacts: int = 1

    @property
    def elsewhere(self) -> float:
        """Slots a session that people from elsewhere would use."""
        return max(self.pool - self.usual, 0.0)


class Sessions(Places):
    """Places that are given out at sessions only, a few at a time; unused slots lapse.

    Parameters
    ----------
    env : the clock, in days
    luck, name : for the referrals from elsewhere, the same in every design
    session : how people are taken
    places : people who can be kept at a time
    kept : days from now that each of those kept at the start still stays
    """

    def __init__(
        self,
        env: Environment,
        luck: Luck,
        name: str,
        session: Session,
        *,
        places: int = UNLIMITED,
        kept: Iterable[float] = (),
    ) -> None:
        super().__init__(env, places)
        self.session = session
        self.held_sessions = 0
        self.slots_offered = 0
        self.slots_used = 0
        self._left = 0
        self._luck = luck
        self._name = name
        self._referred = 0
        self._selection: Selection = ReferralOrder()
        self.closing: Closing = AtEndOfPlan()
        self._keep(kept)
        self._refer_first_queue()
        Walk(self._meet())

    @property
    def own_share(self) -> float:
        """The residents' share of the slots."""
        slots = self.session.slots
        return slots / (slots + self.session.elsewhere) if slots else 0.0

    def ask(self, need: float) -> Turn:
        """Ask for a slot; ``need`` (0 to 1) is where the case stands among all referred."""
        turn = self.request(self._selection.priority(need))
        turn.need = need
        return turn

    def select_by(self, selection: Selection) -> None:
        """Take cases by ``selection`` from now on, those that wait already too."""
        self._selection = selection
        self._queue = [
            (selection.priority(turn.need), number, turn) for _, number, turn in self._queue
        ]
        heapify(self._queue)

    def closes(self, met: int, planned: int) -> bool:
        """Say whether a case is closed after ``met`` of its ``planned`` meetings."""
        return self.closing.closes(met, planned, self.waiting / max(self.capacity, 1))

    def _has_free(self) -> bool:
        return self._left > 0 and super()._has_free()

    def _give(self, turn: Turn | Guest) -> None:
        super()._give(turn)
        self._left -= 1

    def _meet(self) -> Steps[None]:
        while True:
            self._refer_elsewhere()
            yield self.env.timeout(self.session.days)
            slots = whole_share(self.session.slots + self.session.elsewhere, self.held_sessions)
            self.held_sessions += 1
            self._left = slots
            self._pass_time()
            self._give_free_places()
            self.slots_offered += slots
            self.slots_used += slots - self._left
            self._left = 0

    def _keep(self, kept: Iterable[float]) -> None:
        for days in kept:
            self._left = 1
            Walk(self._one_kept(days))
        self._left = 0

    def _refer_first_queue(self) -> None:
        """Let two weeks' referrals (say) wait when the clock starts."""
        session = self.session
        rate = session.load * (session.usual + session.elsewhere) / session.days
        for _ in range(round(rate * session.queue)):
            Walk(self._one_elsewhere(0.0))

    def _refer_elsewhere(self) -> None:
        """Refer the people from elsewhere who come before the next session."""
        expected = self.session.elsewhere * self.session.load
        if not expected:
            return
        most = np.arange(int(expected + 10.0 * expected**0.5 + 10.0))
        process = f"{self._name}.elsewhere.{self.held_sessions}"
        come = np.cumsum(self._luck.exponentials(process, most))
        for part in (come[come < expected] / expected).tolist():
            Walk(self._one_elsewhere(part * self.session.days))

    def _one_elsewhere(self, delay: float) -> Steps[None]:
        if delay:
            yield self.env.timeout(delay)
        self._referred += 1
        with self.ask(self._luck.uniform(f"{self._name}.need", self._referred)) as turn:
            yield turn
            stay, planned = self.session.stay, self.session.contacts
            for met in range(1, planned + 1 if stay else 0):
                yield self.env.timeout(stay / planned)
                if self.closes(met, planned):
                    break

    def _one_kept(self, days: float) -> Steps[None]:
        with self.request() as turn:
            yield turn
            yield self.env.timeout(days)
