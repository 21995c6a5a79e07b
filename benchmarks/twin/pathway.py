"""The proactive pathway: the team that invites, and each person's journey as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import simpy

from agents.population import DAYS_PER_YEAR
from agents.rule_columns import columns_of
from agents.segments import RiskModel
from pathways.calendar import YEAR
from pathways.components.base import STEP
from pathways.effects import BloodPressure, processes
from sim.programme import eligibility

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin
    from benchmarks.twin.resident import Resident

Steps = simpy.events.ProcessGenerator
PER = 10_000
WEEK = 7


class Team:
    """A neighbourhood team: it searches, invites those at highest risk, and supports them."""

    def __init__(self, model: PlainTwin) -> None:
        design = model.spec.design
        if model.spec.effects == "inert":
            raise ValueError("the twin has no ring-fenced staff; run it with other effects")
        if design.components:
            raise ValueError("the twin knows a design's own pathway, and no components")
        assert design.people is not None
        assert design.reach is not None
        assert design.support is not None
        self._model, self._env, self._random = model, model.env, model.random
        self._reach, self._support, self._changes = design.reach, design.support, design.changes
        self._effects = design.acting(model.spec.effects)
        for effect in self._effects:
            if effect.target != "blood_pressure" and not processes(effect):
                raise ValueError(f"the twin does not know how {effect.target} acts; teach it")
        self._pressure = BloodPressure.read(model.evidence)
        self._include, self._exclude = eligibility(design.people, design.name)
        self._risk = RiskModel.of(model.evidence)
        self._owed = 0.0
        self._asked: dict[Resident, float] = {}
        self._on_pathway: set[Resident] = set()
        self._strength: dict[Resident, list[float]] = {}

    def decide(self, day: int) -> None:
        """Open the design's staff on day 0; search and step effects on their days."""
        if day == 0:
            self._open()
        if day >= 0 and day % STEP == 0:
            self._step_effects()
        if day >= 0 and day % self._reach.every_days == 0:
            self._search(day)

    def _open(self) -> None:
        model, heads = self._model, self._model.spec.population / PER
        model.coordinators.employ(self._changes["care_coordination.coordinators_per_10000"])
        model.meeting.sessions.days = YEAR / self._changes["mdt.meetings_per_year"]
        model.link_workers.employ(self._changes["vcse.link_workers_per_10000"] * heads)

    # ---- whom to invite ----

    def _search(self, day: int) -> None:
        yearly = self._reach.invitations_per_10000_a_year * self._model.spec.population / PER
        a_search = yearly * self._reach.every_days / YEAR
        self._owed += a_search
        candidates = self._candidates(day)
        candidates.sort(key=lambda resident: -self._risk_of(resident, day))
        chosen = candidates[: int(self._owed)]
        self._owed = min(self._owed - len(chosen), a_search)
        for resident in chosen:
            self._asked[resident] = day
            self._on_pathway.add(resident)
            self._reached(resident, "invited")
            resident.begin(self._journey(resident))

    def _candidates(self, day: int) -> list[Resident]:
        """Return who meets the rules, is not on the pathway and was not asked lately."""
        self._write_down()
        columns = columns_of(self._model.people, day, {})
        meets = np.ones(len(self._model.people), np.bool_)
        for rule in self._include:
            meets &= rule.rows(columns)
        for rule in self._exclude:
            meets &= ~rule.rows(columns)
        return [
            resident
            for resident in self._model.agents
            if meets[resident.row]
            and resident not in self._on_pathway
            and "supported" not in resident.stages
            and self._asked.get(resident, -np.inf) <= day - self._reach.again_after_days
        ]

    def _write_down(self) -> None:
        """Write what has become of residents into the columns that rules read."""
        people = self._model.people
        for resident in self._model.agents:
            for facts, mine in ((people.has, resident.has), (people.diagnosed, resident.diagnosed)):
                facts[resident.row] = False
                facts[resident.row, list(mine)] = True
            people.frailty[resident.row] = resident.frailty

    def _risk_of(self, resident: Resident, day: int) -> float:
        admissions = sum(day - YEAR <= when < day for when in resident.admissions)
        score = self._risk.score(
            np.array([(day - resident.birth_day) / DAYS_PER_YEAR]),
            np.array([len(resident.diagnosed)]),
            np.array([resident.frailty], np.int8),
            np.array([admissions]),
        )
        return float(score[0])

    # ---- the journey ----

    def _reached(self, resident: Resident, stage: str) -> None:
        """Count the people who reach a stage, each once."""
        if stage not in resident.stages:
            resident.stages.add(stage)
            self._model.count(stage)

    def _journey(self, resident: Resident) -> Steps:
        try:
            yield self._env.timeout(self._random.expovariate(1.0 / self._reach.reply_days))
            if self._random.random() < self._reach.acceptance[resident.fifth - 1]:
                self._reached(resident, "accepted")
                yield from self._care(resident)
        finally:
            resident.supported = False
            self._on_pathway.discard(resident)

    def _care(self, resident: Resident) -> Steps:
        support, coordinators = self._support, self._model.coordinators
        stays = YEAR * self._random.expovariate(support.drop_out_per_year)
        patience = self._random.expovariate(
            1.0 / coordinators.settings["care_coordination.patience"]
        )
        with coordinators.request() as place:
            yield place | self._env.timeout(patience)
            if not place.triggered:
                return
            started = self._env.now
            self._assess(resident)
            resident.supported = True
            self._reached(resident, "supported")
            days = min(support.months * YEAR / 12, stays)
            for _ in range(support.coordinator_contacts):
                self._model.count("coordinator_contacts")
                yield self._env.timeout(days / support.coordinator_contacts)
        yield from self._reviews(resident, started + stays)

    def _assess(self, resident: Resident) -> None:
        support, model = self._support, self._model
        model.count("assessments")
        self._use_slots(resident, "gp", support.assessment_gp_slots)
        if self._random.random() < support.mdt_share:
            resident.begin(model.meeting.discuss(resident))
        if self._random.random() < support.link_worker_share:
            resident.begin(model.link_workers.support(resident))
        if self._random.random() < support.group_share:
            resident.begin(self._group())

    def _reviews(self, resident: Resident, until: float) -> Steps:
        while self._env.now + self._support.review_every_days < until:
            yield self._env.timeout(self._support.review_every_days)
            self._use_slots(resident, "other", self._support.review_slots)
        yield self._env.timeout(max(until - self._env.now, 0.0))

    def _group(self) -> Steps:
        for _ in range(self._support.group_sessions):
            yield self._env.timeout(WEEK)
            self._model.count("vcse_group_sessions")

    def _use_slots(self, resident: Resident, role: str, slots: int) -> None:
        resident.practice.take_slots(slots)
        self._model.count(f"gp_contacts_{role}", slots)

    # ---- what it changes ----

    def _step_effects(self) -> None:
        """Let effects grow in those supported and fade in the others."""
        for resident in list(self._model.agents):
            before = self._strength.get(resident, [0.0] * len(self._effects))
            after = [self._grown(now, resident, n) for n, now in enumerate(before)]
            if after != before:
                self._strength[resident] = after
                self._act(resident, after)

    def _grown(self, strength: float, resident: Resident, number: int) -> float:
        effect = self._effects[number]
        over = effect.builds_over_years if resident.supported else effect.fades_over_years
        step = STEP / YEAR / over if over else 1.0
        return min(max(strength + (step if resident.supported else -step), 0.0), 1.0)

    def _act(self, resident: Resident, strengths: list[float]) -> None:
        resident.factors, resident.onset_factors, mmhg = {}, {}, 0.0
        for effect, strength in zip(self._effects, strengths, strict=True):
            if effect.target == "blood_pressure":
                mmhg += effect.change * strength
            for process in processes(effect):
                so_far = resident.factors.get(process, 1.0)
                resident.factors[process] = so_far * (1.0 + effect.change * strength)
        names = self._model.people.conditions
        if names.index("hypertension") in resident.diagnosed and not resident.controlled:
            factors = self._pressure.onset_factors(np.array([mmhg]))[0]
            for name, factor in zip(self._pressure.conditions, factors.tolist(), strict=True):
                resident.onset_factors[names.index(name)] = factor
        resident.refresh()
