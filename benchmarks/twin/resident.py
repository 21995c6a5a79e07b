"""A resident: lives a day, falls ill, is diagnosed, asks for care, dies."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, inf
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
import simpy

from agents.frailty import LATENT, STEPS
from agents.population import DAYS_PER_YEAR
from agents.risk_factors import CLASS
from benchmarks.twin.rates import NAMES

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin

DEATH, ONSET, REMISSION, DIAGNOSIS = "death", "onset", "remission", "diagnosis"
Steps = simpy.events.ProcessGenerator
Turn = tuple[float, str, int]  # hazard per year, what happens, condition


class Resident(mesa.Agent):
    """One person. ``has`` and ``diagnosed`` are sets of conditions by number."""

    def __init__(self, model: PlainTwin, row: int) -> None:
        super().__init__(model)
        people = model.people
        self.twin, self.row = model, row
        self.sex, self.fifth = int(people.sex[row]), int(people.imd_quintile[row])
        self.birth_day, self.exit_day = float(people.birth_day[row]), float(people.exit_day[row])
        self.has = set(np.flatnonzero(people.has[row]).tolist())
        self.diagnosed = set(np.flatnonzero(people.diagnosed[row]).tolist())
        self.frailty = int(people.frailty[row])
        self.ethnicity = int(people.ethnicity[row])
        self.risk_class = int(people.extra[CLASS][row])
        self.susceptibility = model.susceptibility[row]
        self.practice = model.practices[int(people.practice[row])]
        self.practice.registered += 1
        self.here, self.in_hospital, self.last_discharge = True, False, -inf
        self.admissions: list[float] = []
        self.contacts: set[simpy.Process] = set()
        self.stages: set[str] = set()
        self.supported = False
        self.factors: dict[str, float] = {}  # what care does to the rate of each process
        self.onset_factors: dict[int, float] = {}  # and to the onset of each condition
        self.control_score = model.random.random()
        self.controlled = False
        self._grow_older(max(model.today, 0))

    # ---- a day ----

    def step(self) -> None:
        """Live one day: a birthday, a turn of health, and whatever care is asked for."""
        today = self.twin.today
        if today >= 0:
            self._live(today)
        if self.here:
            self._ask_for_care(today)

    def _live(self, today: int) -> None:
        if today >= self.exit_day:
            self.go()
            return
        if today >= self._next_birthday:
            self._grow_older(today)
            self._become_frailer()
        if self.random.random() < self._chance_of_a_turn:
            self._turn()

    def _ask_for_care(self, today: int) -> None:
        """Ask for care at times that come by chance at today's rates."""
        time = self._next_wish()
        while time < 1.0:
            process = self.random.choices(NAMES, cum_weights=self._wishes)[0]
            self.twin.ask(process, self, today + time)
            time += self._next_wish()

    def _next_wish(self) -> float:
        return float(self.random.expovariate(self._wishes[-1]))

    # ---- health ----

    def _grow_older(self, today: int) -> None:
        self.age = max(int((today - self.birth_day) / DAYS_PER_YEAR), 0)
        self._next_birthday = self.birth_day + (self.age + 1) * DAYS_PER_YEAR
        self._check_control()
        self.refresh()

    def _become_frailer(self) -> None:
        people = self.twin.people
        category = self.twin.world.frailty.category(
            np.array([float(self.age)]),
            np.array([len(self.has)], np.int8),
            people.extra[LATENT][[self.row]].astype(np.float64),
            people.extra[STEPS][[self.row]].astype(np.int8),
        )
        self.frailty = int(category[0])
        self.refresh()

    def _check_control(self) -> None:
        """See at each birthday whether high blood pressure is treated to target."""
        target = self.twin.blood_pressure
        column = self.twin.people.conditions.index(target.condition)
        if column in self.diagnosed:
            share = target.share(np.array([float(self.age)]), np.array([self.fifth], np.int8))
            self.controlled = self.control_score < share[0]

    def refresh(self) -> None:
        """Work out anew how likely everything is, since something about the person changed."""
        self._turns = list(self._possible_turns())
        yearly = sum(hazard for hazard, _, _ in self._turns)
        self._chance_of_a_turn = 1.0 - exp(-yearly / DAYS_PER_YEAR)
        self._wishes = self.twin.care_rates.cumulated(self)

    def _possible_turns(self) -> Iterator[Turn]:
        """Give the hazard of everything that may happen to this person's health."""
        tables, sex = self.twin.tables, self.sex
        age = min(self.age, len(tables.death) - 1)
        onset = tables.onset[:, age, sex, self.fifth - 1] * self._likelier()
        onset *= self.twin.risks[:, self.risk_class, sex, self.fifth - 1, age]
        onset *= self.twin.ethnic[self.ethnicity]
        for condition, hazard in enumerate(onset.tolist()):
            if condition not in self.has:
                yield hazard * self.onset_factors.get(condition, 1.0), ONSET, condition
        for condition in self.has:
            yield float(tables.remission[condition, age, sex]), REMISSION, condition
        for condition in self.has - self.diagnosed:
            yield float(tables.diagnosis[condition, age, sex]), DIAGNOSIS, condition
        ratio = exp(sum(tables.effects.log_death_ratio[sex, condition] for condition in self.has))
        yield float(tables.death[age, sex, self.fifth - 1]) * ratio, DEATH, -1

    def _likelier(self) -> Any:
        """Return what multiplies the hazard of each onset: susceptibility and other illness."""
        effects = self.twin.tables.effects
        log = self.susceptibility @ effects.loadings
        for condition in self.has:
            for number in self.twin.effects_from.get(condition, ()):
                young, old = effects.from_age[number], effects.to_age[number]
                if effects.for_sex[number, self.sex] and young <= self.age < old:
                    log = log + effects.log_ratio[number]
        physical = sum(bool(effects.physical[condition]) for condition in self.has)
        burden = effects.log_per_physical * min(physical, effects.physical_cap)
        return np.exp(log + burden * effects.mood)

    def _turn(self) -> None:
        """Let one thing happen to this person's health."""
        hazards = [hazard for hazard, _, _ in self._turns]
        _, kind, condition = self.random.choices(self._turns, hazards)[0]
        if kind == DEATH:
            self.twin.count("deaths")
            self.go()
            return
        if kind == ONSET:
            self.twin.count("onsets")
            self.has.add(condition)
            if not np.isfinite(self.twin.tables.diagnosis[condition]).all():
                self.diagnosed.add(condition)
        elif kind == REMISSION:
            self.has.discard(condition)
            self.diagnosed.discard(condition)
        else:
            self.diagnosed.add(condition)
        self.refresh()

    # ---- contacts ----

    def begin(self, steps: Steps) -> None:
        """Start a contact with care; it is broken off when the person dies or moves away."""
        self.twin.env.process(self._until_gone(steps))

    def _until_gone(self, steps: Steps) -> Steps:
        contact = self.twin.env.active_process
        assert contact is not None
        self.contacts.add(contact)
        try:
            yield from steps
        except simpy.Interrupt:
            pass
        finally:
            self.contacts.discard(contact)

    def go(self) -> None:
        """Die or move away."""
        self.here = self.supported = False
        self.practice.registered -= 1
        for contact in self.contacts:
            contact.interrupt()
        self.remove()
