"""Teams that see people by the session or keep them on a caseload.

A multidisciplinary team discusses a few cases at each meeting; link workers take on a few new
people each week and keep them for months; coordinators keep people for as long as they need.
Whoever is not taken waits in order of priority, and may lose patience.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify
from math import ceil, log

import numpy as np
import numpy.typing as npt
from simpy import Environment

from agents.decisions import AtEndOfPlan, Closing, ReferralOrder, Selection
from agents.evidence import Evidence
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.ledger import Ledger
from pathways.queues import Guest, Places, QueueFigures, Steps, Turn, Walk, whole_share
from pathways.settings import settings_of

TABLE = "team_settings"
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


class Meeting:
    """A multidisciplinary team meeting, one for each neighbourhood.

    Parameters
    ----------
    env, luck, ledger : of the run
    residents : people simulated at the start
    meetings : meetings a year per 10,000
    hours : hours a year per 10,000 of each role, preparation included
    settings : see ``team_settings``
    team_of : (n,) the team of each resident, such as ``assign_sites(population, teams, luck)``
        gives; all in team 0 where left out

    Attributes
    ----------
    need_of : called with a row; returns where that person's risk stands (0 to 1) among all who
        are referred
    """

    service = "mdt"

    def __init__(
        self,
        env: Environment,
        luck: Luck,
        ledger: Ledger,
        *,
        residents: int,
        meetings: float,
        hours: Mapping[str, float],
        settings: Mapping[str, float],
        team_of: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self._env = env
        self._ledger = ledger
        self._team_of = team_of
        self.need_of: Callable[[int], float] = lambda row: 0.5
        pool = settings["mdt.pool_people"]
        teams = teams_for(residents, pool)
        self._hours = {role: share / meetings for role, share in hours.items()}
        self._people_share = residents / teams / pool
        usual = settings["mdt.cases"] * self._people_share
        session = Session(
            days=YEAR / (meetings * pool / 10_000.0),
            slots=usual * settings["mdt.capacity_factor"],
            usual=usual,
            pool=settings["mdt.cases"],
            load=settings["mdt.load"],
            queue=settings["mdt.start_queue"],
        )
        self.teams = [Sessions(env, luck, f"mdt.{team}", session) for team in range(teams)]
        self._seen = [(0, 0, 0, team.figures()) for team in self.teams]

    def select_by(self, selection: Selection) -> None:
        """Let every team take cases by ``selection`` from now on."""
        for team in self.teams:
            team.select_by(selection)

    def discuss(self, row: int) -> Steps[float]:
        """Wait for a meeting with room for the case; return the days waited."""
        asked = self._env.now
        team = 0 if self._team_of is None else int(self._team_of[row])
        self._ledger.tally(self.service, "cases", "arrivals", 1)
        with self.teams[min(team, len(self.teams) - 1)].ask(self.need_of(row)) as turn:
            yield turn
        waited = float(self._env.now - asked)
        record(self._ledger, self.service, "cases", row, waited, self._env.now)
        self._ledger.add("mdt_reviews", row, 1)
        return waited

    def settle(self) -> None:
        """Hand the use since the last time to the ledger, at the end of every month."""
        for number, team in enumerate(self.teams):
            offered, used, held, before = self._seen[number]
            now = team.figures()
            share = team.own_share
            tally = self._ledger.tally
            tally(self.service, "cases", "capacity", share * (team.slots_offered - offered))
            tally(self.service, "cases", "used", share * (team.slots_used - used))
            tally(self.service, "cases", "gave_up", share * now.since(before).gave_up)
            tally(self.service, "cases", "queue_end", share * team.waiting)
            self._tally_hours(team, offered, used, held)
            self._seen[number] = (team.slots_offered, team.slots_used, team.held_sessions, now)

    def _tally_hours(self, team: Sessions, offered: int, used: int, held: int) -> None:
        meetings = (team.held_sessions - held) * self._people_share
        full = (team.slots_used - used) / max(team.slots_offered - offered, 1)
        for role, hours in self._hours.items():
            self._ledger.tally(self.service, role, "capacity", hours * meetings)
            self._ledger.tally(self.service, role, "used", hours * meetings * full)

    def check(self) -> None:
        """Raise ``RuntimeError`` if a team lost somebody."""
        for team in self.teams:
            team.check()


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
        starts, limit = (self._luck.uniform(process, key, part) for part in range(2))
        if starts >= self._start_share:
            self._tally("turned_away", 1)
            return None
        asked = self._env.now
        turn = self.places.request(priority)
        try:
            if turn.waits:
                yield turn | self._env.timeout(-self._patience * log(limit))
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
            self.places.capacity = places

    def _tally(self, metric: str, amount: float) -> None:
        self._ledger.tally(self.service, self.role, metric, amount)

    def settle(self) -> None:
        """Hand the use since the last time to the ledger, at the end of every month."""
        now = self.places.figures()
        month, self._seen = now.since(self._seen), now
        share = self.places.own_share if isinstance(self.places, Sessions) else 1.0
        # Capacity and use are in place-days.
        self.units = share * month.place_time, share * month.occupied_time
        for metric, amount in zip(("capacity", "used"), self.units, strict=True):
            self._tally(metric, amount)
        self._tally("queue_end", share * self.places.waiting)

    def check(self) -> None:
        """Raise ``RuntimeError`` if somebody was lost."""
        self.places.check()


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


def teams_for(residents: int, pool_people: float) -> int:
    """Return how many neighbourhood teams serve ``residents``: at least one."""
    return max(1, round(residents / pool_people))


def record(ledger: Ledger, service: str, role: str, row: int, waited: float, day: float) -> None:
    """Record one person's wait and that they were served on ``day``."""
    rows, waits = np.array([row], np.int64), np.array([waited])
    ledger.tally(service, role, "served", 1)
    ledger.wait(service, rows, waits)
    ledger.event(day, service, "seen", rows, waits)


def team_settings(evidence: Evidence, changes: Mapping[str, float]) -> dict[str, float]:
    """Return every team setting, from its table or from ``changes`` (see ``settings_of``)."""
    return settings_of(evidence, TABLE, changes)
