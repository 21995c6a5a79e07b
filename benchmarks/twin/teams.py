"""Team meetings, link workers and coordinators: a queue each, and each case a process."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

import simpy

from pathways.calendar import YEAR
from pathways.caseload import link_worker_days
from pathways.teams import team_settings
from sim.teams import contacts_of_episode

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin
    from benchmarks.twin.resident import Resident

Steps = simpy.events.ProcessGenerator
PER = 10_000


def settings_of(model: PlainTwin) -> dict[str, float]:
    """Return the settings of the teams, with what an experiment changes."""
    teams = {"mdt", "vcse", "care_coordination"}
    changes = {
        key: value
        for key, value in model.spec.settings.items()
        if key.endswith(".capacity_factor") and key.split(".")[0] in teams
    }
    return team_settings(model.evidence, changes)


class Sessions:
    """A team that takes people on at sessions, a few at a time, and may keep them.

    A full team serves more people than are simulated; referrals from elsewhere use the rest.
    """

    def __init__(
        self,
        model: PlainTwin,
        *,
        days: float,
        own_slots: float,
        elsewhere: float,
        load: float,
        places: float = inf,
        stay: float = 0.0,
    ) -> None:
        self._model, self._env, self._random = model, model.env, model.random
        self.days, self.own_slots, self.elsewhere, self.load = days, own_slots, elsewhere, load
        self.places, self.stay, self.kept = places, stay, 0
        self._line: list[simpy.Event] = []
        self._env.process(self._meet())

    def ask(self) -> simpy.Event:
        """Stand in line; the event happens when one's turn has come."""
        turn = self._env.event()
        self._line.append(turn)
        return turn

    def give_up(self, turn: simpy.Event) -> None:
        """Leave the line."""
        if turn in self._line:
            self._line.remove(turn)

    def refer_elsewhere(self, number: int) -> None:
        """Put referrals from elsewhere in line."""
        for _ in range(number):
            self._env.process(self._one_elsewhere(0.0))

    def _meet(self) -> Steps:
        slots = 0.0
        while True:
            time, rate = 0.0, self.elsewhere * self.load / self.days
            while rate and (time := time + self._random.expovariate(rate)) < self.days:
                self._env.process(self._one_elsewhere(time))
            yield self._env.timeout(self.days)
            slots += self.own_slots + self.elsewhere
            for _ in range(int(slots + 1e-9)):
                if self._line and self.kept < self.places:
                    self._line.pop(0).succeed()
                    self.kept += 1
            slots -= int(slots + 1e-9)

    def _one_elsewhere(self, delay: float) -> Steps:
        yield self._env.timeout(delay)
        yield self.ask()
        yield self._env.timeout(self.stay)
        self.kept -= 1


class Meeting:
    """The multidisciplinary team of the neighbourhood."""

    def __init__(self, model: PlainTwin) -> None:
        self._model = model
        settings = settings_of(model)
        pool = settings["mdt.pool_people"]
        if model.spec.population >= 1.5 * pool:
            raise ValueError("the twin has one neighbourhood team; simulate fewer people")
        usual = settings["mdt.cases"] * model.spec.population / pool
        elsewhere = max(settings["mdt.cases"] - usual, 0.0)
        meetings = model.spec.place.capacity["mdt"]["meetings"] * pool / PER
        self.sessions = Sessions(
            model,
            days=YEAR / meetings,
            own_slots=usual * settings["mdt.capacity_factor"],
            elsewhere=elsewhere,
            load=settings["mdt.load"],
        )
        queue = settings["mdt.load"] * (usual + elsewhere) * meetings / YEAR
        self.sessions.refer_elsewhere(round(queue * settings["mdt.start_queue"]))

    def discuss(self, resident: Resident) -> Steps:
        """Wait for a meeting with room for the case."""
        asked = self._model.env.now
        turn = self.sessions.ask()
        try:
            yield turn
        finally:
            self.sessions.give_up(turn)
        self.sessions.kept -= 1
        self._model.wait("mdt", self._model.env.now - asked)
        self._model.count("mdt_reviews")


class LinkWorkers:
    """Link workers: they take on a few people each week and meet them over some months."""

    def __init__(self, model: PlainTwin) -> None:
        self._model, self._env = model, model.env
        self.settings = settings = settings_of(model)
        self._days, self._contacts = link_worker_days(settings), contacts_of_episode(model.evidence)
        heads = model.spec.population / PER
        usual = model.spec.place.capacity["vcse"]["social prescribing link worker"] * heads
        weekly = settings["vcse.starts_per_fte"] * settings["vcse.session_days"] / YEAR
        pool = usual * settings["vcse.pool_people"] / model.spec.population
        workers = usual * settings["vcse.capacity_factor"]
        self._weekly, self._elsewhere = weekly, max(pool - usual, 0.0)
        self.sessions = Sessions(
            model,
            days=settings["vcse.session_days"],
            own_slots=workers * weekly,
            elsewhere=self._elsewhere * weekly,
            load=settings["vcse.load"],
            places=self._places(workers),
            stay=self._days,
        )
        full = settings["vcse.load"] * max(pool, usual)
        rate = full * weekly / settings["vcse.session_days"]
        self.sessions.refer_elsewhere(round(rate * settings["vcse.start_queue"]))
        for _ in range(round(full * settings["vcse.open_per_fte"])):
            self.sessions.kept += 1
            self._env.process(self._half_over(self._days * model.random.random()))

    def _places(self, workers: float) -> int:
        return ceil((workers + self._elsewhere) * self.settings["vcse.open_per_fte"])

    def employ(self, fte: float) -> None:
        """Let ``fte`` link workers take people on from now on."""
        fte *= self.settings["vcse.capacity_factor"]
        self.sessions.own_slots = fte * self._weekly
        self.sessions.places = self._places(fte)

    def _half_over(self, days: float) -> Steps:
        yield self._env.timeout(days)
        self.sessions.kept -= 1

    def support(self, resident: Resident) -> Steps:
        """Wait for a link worker and meet them several times; some never start."""
        draw, env = self._model.random, self._env
        if draw.random() >= self.settings["vcse.start_share"]:
            return
        asked, turn = env.now, self.sessions.ask()
        try:
            yield turn | env.timeout(draw.expovariate(1.0 / self.settings["vcse.patience"]))
        finally:
            self.sessions.give_up(turn)
        if not turn.triggered:
            return
        self._model.wait("vcse", env.now - asked)
        try:
            for _ in range(self._contacts):
                self._model.count("vcse_contacts")
                yield env.timeout(self._days / self._contacts)
        finally:
            self.sessions.kept -= 1


class Coordinators(simpy.Resource):
    """Care coordinators: so many people at a time."""

    def __init__(self, model: PlainTwin) -> None:
        self._model, self.settings = model, settings_of(model)
        free = model.evidence.value("care_settings", key="care_coordination.usual_fte_per_10000")
        super().__init__(model.env, 1)
        self.employ(free)

    def employ(self, fte_per_10000: float) -> None:
        """Have so many coordinators per 10,000 people from now on."""
        fte = fte_per_10000 * self._model.spec.population / PER
        fte *= self.settings["care_coordination.capacity_factor"]
        self._capacity = round(fte * self.settings["care_coordination.open_per_fte"])
        while self.queue and self.count < self.capacity:
            self._trigger_put(None)
