"""Caseloads: people whom link workers or coordinators keep, and those who wait for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, log

import numpy as np
from simpy import Environment

from agents.decisions import AtEndOfPlan, Closing
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.ledger import Ledger
from pathways.place_days import PlaceDays
from pathways.queue_figures import QueueFigures
from pathways.queues import Places, Turn
from pathways.sessions import Session, Sessions
from pathways.steps import FirstOf, Steps, Walk
from pathways.teams import record


class Caseload:
    """People whom a group of workers keep on their books, and those who wait for it.

    Parameters
    ----------
    env, luck, ledger : of the run
    service, role : in the vocabulary, such as ``vcse`` and ``link worker``
    places : people kept at a time, or a queue of ``Sessions`` that takes them by the week
    settings : ``SERVICE.start_share`` and ``SERVICE.patience``

    Attributes
    ----------
    units : place-days that there were in the period settled last, and those in use
    """

    def __init__(
        self,
        env: Environment,
        luck: Luck,
        ledger: Ledger,
        *,
        service: str,
        role: str,
        places: Places,
        settings: Mapping[str, float],
    ) -> None:
        self._env = env
        self._luck = luck
        self._ledger = ledger
        self.service = service
        self.role = role
        self.places = places
        self._start_share = settings[f"{service}.start_share"]
        self._patience = settings[f"{service}.patience"]
        self._closing: Closing = AtEndOfPlan()
        self._seen: QueueFigures = places.figures()
        self._days = PlaceDays(service, max(places.capacity, places.in_use), env.now)
        self.units = (0.0, 0.0)

    def place(self, priority: float = 0.0) -> Turn:
        """Ask for a place: ``with caseload.place() as turn: yield turn; …``."""
        return self.places.request(priority)

    def join(self, row: int, key: int, priority: float = 0.0) -> Steps[Turn | None]:
        """Wait for a place and return it held; None for who does not start or gives up.

        Use the place at once: ``turn = yield from caseload.join(row, key)``, then
        ``with turn: …``. Whether and how long somebody waits is decided by ``key``.
        """
        self._tally("arrivals", 1)
        process = f"{self.service}.join"
        if self._luck.uniform(process, key, 0) >= self._start_share:
            self._tally("turned_away", 1)
            return None
        asked = self._env.now
        turn = self.places.request(priority)
        try:
            if turn.waits:
                limit = -self._patience * log(self._luck.uniform(process, key, 1))
                yield FirstOf(turn, self._env.timeout(limit))
        except GeneratorExit:
            turn.release()
            raise
        if not turn.held:
            turn.release()
            self._tally("gave_up", 1)
            return None
        now = float(self._env.now)
        record(self._ledger, self.service, self.role, row, now - asked, now)
        return turn

    def close_by(self, closing: Closing) -> None:
        """Close cases by ``closing`` from now on, also those of people from elsewhere."""
        self._closing = closing
        if isinstance(self.places, Sessions):
            self.places.closing = closing

    def closes(self, met: int, planned: int) -> bool:
        """Say whether a case is closed after ``met`` of its ``planned`` meetings."""
        share = self.places.waiting / max(self.places.capacity, 1)
        return self._closing.closes(met, planned, share)

    def change(self, schedule: Iterable[tuple[float, int]]) -> None:
        """Follow a ``schedule`` of (day, places): recruitment, or places that close."""
        Walk(self._follow(sorted(schedule)))

    def _follow(self, schedule: Iterable[tuple[float, int]]) -> Steps[None]:
        for day, places in schedule:
            if day > self._env.now:
                yield self._env.timeout(day - self._env.now)
            self.open_places(places)

    def open_places(self, places: int) -> None:
        """Have so many places from now on; nobody who has one is sent away."""
        self.places.capacity = places
        self._days.opened(places)

    def _tally(self, metric: str, amount: float) -> None:
        self._ledger.tally(self.service, self.role, metric, amount)

    def settle(self) -> None:
        """Hand the use since the last time to the ledger, at the end of every month."""
        now = self.places.figures()
        month, self._seen = now.since(self._seen), now
        places = self.places
        self._days.passed(self._env.now, month.occupied_time, places.in_use, places.capacity)
        share = self.places.own_share if isinstance(self.places, Sessions) else 1.0
        # Capacity and use are in place-days.
        self.units = share * month.place_time, share * month.occupied_time
        for metric, amount in zip(("capacity", "used"), self.units, strict=True):
            self._tally(metric, amount)
        self._tally("queue_end", share * self.places.waiting)

    def check(self) -> None:
        """Raise ``RuntimeError`` if somebody was lost, or kept in hours that nobody has."""
        self.places.check()
        self._days.check()


def link_workers(
    env: Environment,
    luck: Luck,
    ledger: Ledger,
    *,
    residents: int,
    fte: float,
    settings: Mapping[str, float],
    usual_fte: float | None = None,
    contacts: int = 1,
) -> Caseload:
    """Return the caseload of social-prescribing link workers, ``fte`` per 10,000.

    They take on new people once a week, up to ``vcse.starts_per_fte`` a year each, and begin
    with the caseload of usual care (``usual_fte`` per 10,000, ``fte`` where left out).
    ``contacts`` is the meetings planned with each person.
    """
    usual = (fte if usual_fte is None else usual_fte) * residents / 10_000.0
    workers = fte * residents / 10_000.0 * settings["vcse.capacity_factor"]
    weekly = settings["vcse.starts_per_fte"] * settings["vcse.session_days"] / YEAR
    session = Session(
        days=settings["vcse.session_days"],
        slots=workers * weekly,
        usual=usual * weekly,
        pool=usual * weekly * settings["vcse.pool_people"] / residents,
        load=settings["vcse.load"],
        queue=settings["vcse.start_queue"],
        stay=link_worker_days(settings),
        contacts=contacts,
    )
    # People from elsewhere fill up a full team's caseload, as they do its weekly sessions.
    elsewhere = session.elsewhere / weekly
    places = ceil((workers + elsewhere) * settings["vcse.open_per_fte"])
    open_at_start = (usual + elsewhere) * settings["vcse.open_per_fte"] * settings["vcse.load"]
    kept = min(places, round(open_at_start))
    stays = link_worker_days(settings) * luck.uniforms("vcse.start", np.arange(kept))
    queue = Sessions(env, luck, "vcse", session, places=places, kept=stays.tolist())
    return Caseload(
        env, luck, ledger, service="vcse", role="link worker", places=queue, settings=settings
    )


def coordinators(
    env: Environment,
    luck: Luck,
    ledger: Ledger,
    *,
    residents: int,
    fte: float,
    settings: Mapping[str, float],
) -> Caseload:
    """Return the caseload of care coordinators, ``fte`` per 10,000 free for case work."""
    workers = fte * residents / 10_000.0 * settings["care_coordination.capacity_factor"]
    places = Places(env, round(workers * settings["care_coordination.open_per_fte"]))
    return Caseload(
        env,
        luck,
        ledger,
        service="care_coordination",
        role="care coordinator",
        places=places,
        settings=settings,
    )


def link_worker_days(settings: Mapping[str, float]) -> float:
    """Return the mean days that a link worker keeps a person: open places over starts."""
    return YEAR * settings["vcse.open_per_fte"] / settings["vcse.starts_per_fte"]
