"""The model: people, practices, hospital and teams on one clock.

``CareModel`` is a ``mesa.Model`` whose clock is one ``simpy.Environment`` in days. A day is
one step: health happens, people ask for care, services give it, organisations decide. What
happened is recorded; money and outcomes are worked out from the record elsewhere.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import mesa
import numpy as np
import numpy.typing as npt
import simpy

from agents.evidence import Evidence
from agents.health_events import ONSET
from agents.resident import Patient
from agents.segments import Segments
from pathways.asked import Arrivals
from pathways.calendar import WEEK, YEAR, Calendar
from pathways.demand import Demand
from pathways.journey import link_worker_episode
from pathways.ledger import Ledger
from pathways.seasons import Seasons
from sim.account import account_of
from sim.bodies import Bodies
from sim.cases import Cases
from sim.crises import Crises
from sim.deconditioning import deconditioning
from sim.emergencies import Emergencies
from sim.isolation import Isolation
from sim.last_days import LastDays
from sim.lookback import LookBack
from sim.organisations import needs_of_referred
from sim.programme import Programme
from sim.recording import (
    RunRecord,
    YearBook,
    event_log,
    month_series,
    wait_counts,
)
from sim.returning import unmet_returns
from sim.services import ServiceSet, open_services
from sim.spec import RunSpec
from sim.world import Moves, Shelf, World, birthdays, build_world

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_OBJECTS_BETWEEN = 50_000  # new objects between two looks for circles of them
HISTORY = 2 * YEAR  # days before the start that waiting lists and look-back rules need

# Series of the model as a whole, collected at the end of every month (or step).
REPORTERS = {
    "day": lambda model: int(model.env.now),
    "people": lambda model: int(model.population.present(max(model.env.now, 0)).sum()),
    "supported": lambda model: int(model.programme.supported.sum()),
    "in_hospital": lambda model: len(model.services.hospital.inside),
    "practice_queue": lambda model: model.services.practices.waiting,
}


class CareModel(mesa.Model):
    """Residents of one place under one design, day by day.

    Parameters
    ----------
    spec : everything the run depends on
    world : the people, if they have been made already (they are used up by the run)

    ``step`` simulates one day; ``running`` turns False when the years are over. Mesa's own
    random numbers are never used.
    """

    services: ServiceSet
    programme: Programme

    def __init__(self, spec: RunSpec, world: World | None = None, **_: Any) -> None:
        super().__init__(rng=spec.seed)
        self.spec = spec
        self.world = world or build_world(spec)
        self.luck = self.world.luck
        self.population = self.world.population
        warm_up = round(self.world.evidence.value("clock", key="warm_up_days"))
        self.calendar = Calendar(spec.start, spec.years, warm_up)
        self.ledger = Ledger(len(self.population), keep_events=spec.keep_events)
        self.env = simpy.Environment(initial_time=-warm_up)
        self.demand = Demand(
            self.population,
            self.world.evidence,
            self.luck,
            spec.start,
            spec.place.demand_log_factor,
        )
        self.isolation = Isolation(self.world.network, self.demand, self.world.evidence)
        self.crises = Crises(self.demand, self.world.evidence)
        self.history: Mapping[str, Arrivals] = self.demand.past.of_last(HISTORY)
        self.seasons = Seasons.of(self.world.evidence, spec.start, spec.settings)
        self.seasons.follow(self.demand)
        self.deconditioning = deconditioning(self.world, spec, self.changed)
        self._fixed_luck: dict[str, Floats] = {}
        self.services = open_services(self)
        self.services.begin(spec.settings)
        returns = unmet_returns(spec, self.world.evidence, self.luck)
        self.emergencies = Emergencies(self.demand, self.services, self.ledger, returns)
        self._shared = self.services.for_pathway()
        self.look_back = LookBack(self.demand, self.history, len(self.population))
        self.demand.past.forget()
        self.history = {}  # a tenth of the memory of a run
        self.segments = Segments(self.population, self.world.evidence, self.look_back.columns())
        self.services.meeting.need_of = needs_of_referred(self.segments, self.demand)
        self.programme = Programme(self)
        self._cases = Cases()
        self._moves = Moves(self.population)
        self.record = RunRecord(events=[] if spec.keep_events else None)
        self._bodies = Bodies(self.world.health, self.population)
        self._dirty: list[Rows] = []
        self._died: list[Rows] = []
        self._book: YearBook | None = None
        self.datacollector = mesa.DataCollector(model_reporters=REPORTERS)
        self.running = True
        self.env.process(self._days())

    def fixed_luck(self, process: str) -> Floats:
        """Return everyone's number between 0 and 1 for something decided once."""
        if process not in self._fixed_luck:
            self._fixed_luck[process] = self.luck.uniforms(process, self.population.person)
        return self._fixed_luck[process]

    @property
    def evidence(self) -> Evidence:
        """The numbers of the run."""
        return self.world.evidence

    # ---- time ----

    def step(self) -> None:
        """Simulate one day."""
        self.env.run(until=int(self.env.now) + 1)
        self.running = self.env.now < self.calendar.end
        self.datacollector.collect(self)

    def run_to_end(self) -> RunRecord:
        """Simulate all days and return the record."""
        began = time.process_time()
        with few_collections():
            for day in self._month_ends():
                self.env.run(until=day)
                self.datacollector.collect(self)
        self.running = False
        self._finish(time.process_time() - began)
        return self.record

    def _month_ends(self) -> list[int]:
        """Return the first day after each month of the run."""
        days = range(1, self.calendar.end + 1)
        return [day for day in days if self.calendar.month(day) != self.calendar.month(day - 1)]

    def _days(self) -> Any:
        for day in range(-self.calendar.warm_up, self.calendar.end):
            self._day(day)
            yield self.env.timeout(1)

    def _day(self, day: int) -> None:
        if day == 0:
            self._begin_recording()
        if day > 0:
            self._deaths(day)
            self._close_periods(day)
        if day >= 0:
            self._move(day)
            self._age(day)
            self.programme.step_effects(day)
            self._health(day)
        if day % WEEK == 0:
            self._refresh_rates(day)
        self.programme.decide(day)
        self._care(day)

    # ---- who is here ----

    def discharged(self, row: int, day: float, days: float, key: int) -> None:
        """Let a stay in hospital do to the person what it does."""
        if self.deconditioning is not None and day >= 0:
            self.deconditioning.discharged(row, day, days, key)

    def _health(self, day: int) -> None:
        """Let bodies live to the end of the week when it begins (see ``sim.bodies``)."""
        events = self._bodies.live_on(day)
        if not len(events):
            return
        assert self._book is not None
        np.add.at(self._book.onsets, events.rows[events.kinds == ONSET], 1)
        self._dirty.append(events.rows)

    def _deaths(self, day: int) -> None:
        """End the lives of those who died since the day before."""
        died = self._bodies.die(day)
        if not len(died):
            return
        self._note_deaths(died)
        self._gone(died)
        self._died.append(died)

    @cached_property
    def _last_days(self) -> LastDays:
        """The chance of those who die outside a bed to die at home."""
        return LastDays.of(self.evidence, self.luck)

    def _note_deaths(self, died: Rows) -> None:
        assert self._book is not None
        if not len(died):
            return
        people = self.population.person[died]
        share = self._last_days.at_home(people, self.services.community.places["end_of_life"])
        draws = self.luck.uniforms("death.place", people)
        inside = self.services.hospital.inside
        in_bed = np.array([row in inside for row in died.tolist()], np.bool_)
        at_home = draws < share * self.programme.home_factor(died)
        self._book.died_at_home[died] = at_home & ~in_bed

    def _move(self, day: int) -> None:
        """Let people move away and new ones come."""
        left, came = self._moves.of(day)
        self._gone(left)
        self._dirty += [left, came]

    def _gone(self, rows: Rows) -> None:
        """End the care of people who have died or moved away."""
        if not len(rows):
            return
        left = rows.tolist()
        self.services.hospital.leave(left)
        self.services.community.leave(left, self.env.now)
        self._cases.leave(left)
        self.programme.leave(left)

    def _age(self, day: int) -> None:
        """Let frailty and control follow age and conditions, at birthdays, month by month."""
        if self.calendar.month(day) == self.calendar.month(day - 1) and day > 0:
            return
        rows = birthdays(self.population, day - 31, day)
        rows = rows[self.population.present(day)[rows]]
        before = self.population.frailty[rows]
        self.world.frailty.update(self.population, rows, day)
        self.world.control.settle(rows, day)
        self._dirty.append(rows[self.population.frailty[rows] != before])
        self._dirty.append(self.crises.follow(rows))

    def changed(self, rows: Rows) -> None:
        """Remember that the rates of ``rows`` must be worked out anew."""
        self._dirty.append(rows)

    def _refresh_rates(self, day: int) -> None:
        if day >= 0:
            if self._died:
                died, self._died = np.concatenate(self._died), []
                self._dirty += [died, self.isolation.bereaved(died, day)]
            groups = self.programme.groups_count
            self._dirty.append(self.isolation.week(day, self.ledger, groups=groups))
        if self._dirty:
            rows = np.unique(np.concatenate(self._dirty))
            self._dirty = []
            self.crises.follow(rows)
            self.demand.refresh(rows, day)

    # ---- care ----

    def _care(self, day: int) -> None:
        """Let everyone ask for what they need today, and the services give what they can."""
        community = self.services.community
        arrivals = community.day(day, self.programme.divert(day, self.demand.today(day)))
        practice = self.services.practices.day(day, arrivals["practice_consultation"])
        self.services.hospital.receive(day, self.emergencies.of_day(day, arrivals, practice))
        self.services.lists.day(day, arrivals)
        community.after_practice(day, practice)
        for row in arrivals["mdt_review"].rows.tolist():
            self._cases.open(row, self.services.meeting.discuss(row))
        referred = arrivals["social_prescribing_referral"]
        for row, key in zip(referred.rows.tolist(), referred.keys.tolist(), strict=True):
            person = Patient(self, row, key)
            episode = link_worker_episode(self.env, self._shared, self.ledger, person)
            self._cases.open(row, episode)
        if self._book is not None and self.programme.has_pathway:
            self._book.support(self.programme.supported)
        self.look_back.add(day, arrivals)

    # ---- records ----

    def _begin_recording(self) -> None:
        self.services.settle()
        self.ledger.take_month()
        self.ledger.on = True
        self.look_back.next_month()
        self._open_book(0)

    def _open_book(self, day: int) -> None:
        self.segments.update(day, self.look_back.columns())
        self._book = YearBook(self.population, day, self.segments.segment.copy())

    def _close_periods(self, day: int) -> None:
        month = self.calendar.month(day)
        if month == self.calendar.month(day - 1):
            return
        self.services.settle()
        self._add_expected(day)
        self.look_back.next_month()
        self.record.series.append(month_series(self.ledger, month - 1))
        if self.record.events is not None:
            self.record.events += event_log(self.ledger, self.population)
        if day % YEAR == 0:
            self._close_year(day)

    def _add_expected(self, day: int) -> None:
        """Add the month's expected prescriptions of everyone present."""
        here = np.flatnonzero(self.population.present(day - 1))
        items = self.demand.rate["prescription_item"][here] / 12
        self.ledger.activity["prescription_items"][here] += items.astype(np.float32)

    def _close_year(self, day: int) -> None:
        assert self._book is not None
        self.record.waits += wait_counts(self.ledger, self.population, day // YEAR)
        programme = self.programme
        year = self._book.close(self.ledger, programme.stages, programme.supported)
        self.record.keep_year(year)
        if day < self.calendar.end:
            self._open_book(day)

    def _finish(self, seconds: float) -> None:
        """Close the last year, check that nobody was lost, and say what the run was."""
        end = self.calendar.end
        self._deaths(end)
        self._close_periods(end)
        self.record.evidence = tuple(self.world.evidence.used.values())
        self.record.about = account_of(self.spec, self.population, self.services.checks(), seconds)


@contextmanager
def few_collections() -> Iterator[None]:
    """Let Python look for circles of objects seldom: a run makes few, and looking takes time."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def simulate(spec: RunSpec, shelf: Shelf | None = None) -> RunRecord:
    """Simulate one run. The same spec gives the same record, to the byte.

    A ``shelf`` that is handed on saves making the same people again for another design.
    """
    model = CareModel(spec, shelf.world_of(spec) if shelf else None)
    record = model.run_to_end()
    forget(model)
    return record


def forget(model: mesa.Model) -> None:
    """Let a finished model go: Mesa 3.3 keeps each that had agents, to number the next one."""
    getattr(mesa.Agent, "_ids", {}).pop(model, None)
