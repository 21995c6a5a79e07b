"""The team meeting, and what it shares with caseloads.

A multidisciplinary team discusses a few cases at each meeting; link workers take on a few new
people each week and keep them for months; coordinators keep people for as long as they need.
Whoever is not taken waits in order of priority, and may lose patience.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from simpy import Environment

from agents.decisions import Selection
from agents.evidence import Evidence
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.ledger import Ledger
from pathways.sessions import Session, Sessions
from pathways.settings import settings_of
from pathways.steps import Steps

TABLE = "team_settings"


class Meeting:
    """A multidisciplinary team meeting, one for each neighbourhood.

    Parameters
    ----------
    env, luck, ledger : of the run
    residents : people simulated at the start
    meetings : meetings a year per 10,000
    settings : see ``team_settings``
    team_of : (n,) the team of each resident, such as ``assign_sites(population, teams, luck)``
        gives; all in team 0 where left out

    Attributes
    ----------
    need_of : called with a row; returns where that person's risk stands (0 to 1) among all who
        are referred
    units : cases that there was room for in the period settled last, and those discussed
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
        settings: Mapping[str, float],
        team_of: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self._env = env
        self._ledger = ledger
        self._team_of = team_of
        self.need_of: Callable[[int], float] = lambda row: 0.5
        pool = settings["mdt.pool_people"]
        teams = teams_for(residents, pool)
        usual = settings["mdt.cases"] * residents / teams / pool
        session = Session(
            days=YEAR / (meetings * pool / 10_000.0),
            slots=usual * settings["mdt.capacity_factor"],
            usual=usual,
            pool=settings["mdt.cases"],
            load=settings["mdt.load"],
            queue=settings["mdt.start_queue"],
        )
        self.teams = [Sessions(env, luck, f"mdt.{team}", session) for team in range(teams)]
        self._seen = [(0, 0, team.figures()) for team in self.teams]
        self.units = (0.0, 0.0)

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
        room = discussed = 0.0
        for number, team in enumerate(self.teams):
            offered, used, before = self._seen[number]
            now = team.figures()
            share = team.own_share
            tally = self._ledger.tally
            room += share * (team.slots_offered - offered)
            discussed += share * (team.slots_used - used)
            tally(self.service, "cases", "gave_up", share * now.since(before).gave_up)
            tally(self.service, "cases", "queue_end", share * team.waiting)
            self._seen[number] = (team.slots_offered, team.slots_used, now)
        self.units = room, discussed
        self._ledger.tally(self.service, "cases", "capacity", room)
        self._ledger.tally(self.service, "cases", "used", discussed)

    def check(self) -> None:
        """Raise ``RuntimeError`` if a team lost somebody."""
        for team in self.teams:
            team.check()


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
