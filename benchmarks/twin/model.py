"""The twin of ``sim.model``: the same days, lived one resident at a time.

Its people, rates and rules are those of the model; its engine is not. Every resident is a
Mesa agent that steps each day, every contact a SimPy process, and chance is Mesa's own
generator, drawn in whatever order things happen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import mesa
import numpy as np
import simpy

from agents.control import targets
from agents.disease_tables import DiseaseTables
from benchmarks.twin.hospital import Hospital
from benchmarks.twin.lists import Lists
from benchmarks.twin.pathway import Team
from benchmarks.twin.practice import NEVER_LATER, open_pools, open_practices
from benchmarks.twin.rates import CareRates
from benchmarks.twin.resident import Resident
from benchmarks.twin.teams import Coordinators, LinkWorkers, Meeting
from pathways.calendar import Calendar
from pathways.practice_rules import Rules
from pathways.practice_team import Team as PracticeTeam
from sim.spec import RunSpec
from sim.world import World, build_world

Steps = simpy.events.ProcessGenerator

# Care without a queue: process of demand, and the name under which it is counted.
COUNTED = {
    "nhs_111_call": "nhs111_calls",
    "ambulance_incident": "ambulance_incidents",
    "community_nursing": "community_contacts",
    "urgent_community_response": "urgent_response",
    "virtual_ward_admission": "virtual_ward_admissions",
    "mental_health_contact": "mental_health_contacts",
    "talking_therapy_appointment": "talking_therapy_contacts",
}


class PlainTwin(mesa.Model):
    """Residents of one place under one design, day by day, person by person.

    Attributes
    ----------
    counts : what happened to residents from day 0 on
    waits : days waited by those who were served, by service
    person_days : days that residents were here
    """

    def __init__(self, spec: RunSpec, world: World | None = None) -> None:
        super().__init__(seed=1_000_003 * spec.seed + spec.replication)
        self.spec = spec
        self.world = world or build_world(spec)
        self.people, self.evidence = self.world.population, self.world.evidence
        self.tables = DiseaseTables.load(spec.parameters)
        warm_up = round(self.evidence.value("clock", key="warm_up_days"))
        self.env = simpy.Environment(initial_time=-warm_up)
        self.calendar = Calendar(spec.start, spec.years, warm_up)
        self.today = -warm_up
        self.counts: defaultdict[str, float] = defaultdict(float)
        self.waits: dict[str, list[float]] = {}
        self.person_days = 0
        self.care_rates = CareRates(self)
        self.practice_rules = Rules.of(self.evidence, spec.place.capacity, spec.settings)
        kinds = self.practice_rules.kinds
        self.practice_team = PracticeTeam.of(self.evidence, kinds, spec.settings)
        first, last = -self.calendar.warm_up, self.calendar.end + NEVER_LATER
        self.working_days: list[int] = self.calendar.working_days(first, last).tolist()
        self.practices = open_practices(self)
        self.hospital = Hospital(self)
        self.meeting = Meeting(self)
        self.link_workers = LinkWorkers(self)
        self.coordinators = Coordinators(self)
        self.lists = Lists(self)
        self.team = Team(self) if spec.design.pathway and not spec.baseline else None
        self._asked = self._services()
        self.blood_pressure = targets(self.evidence)[0]
        self.susceptibility = self.world.health.scores
        risks = self.tables.risks
        assert risks is not None, "the twin follows tables with smoking, body mass and ethnicity"
        self.risks = risks.with_unknown  # (condition, class, sex, fifth, age)
        self.ethnic = np.exp(risks.log_ethnic_of(self.people.ethnic_groups))
        self.effects_from: dict[int, list[int]] = {}
        for number, source in enumerate(self.tables.effects.source.tolist()):
            self.effects_from.setdefault(source, []).append(number)
        self._to_come = np.argsort(-self.people.entry_day, kind="stable").tolist()
        self._welcome(0)
        self.care_rates.keep_totals(self.agents)
        for resident in self.agents:
            resident.refresh()
        open_pools(self, self.practices)

    def count(self, name: str, amount: float = 1.0) -> None:
        """Count what happened to a resident; nothing counts before day 0."""
        if self.env.now >= 0:
            self.counts[name] += amount

    def wait(self, service: str, days: float) -> None:
        """Remember how long a resident waited."""
        if self.env.now >= 0:
            self.waits.setdefault(service, []).append(days)

    def step(self) -> None:
        """Live one day."""
        day = self.today
        self._welcome(max(day, 0))
        if day == 0:
            self.lists.open()
        if self.team is not None:
            self.team.decide(day)
        self.hospital.invite_visitors(day)
        self.agents.do("step")
        self.person_days += len(self.agents) if day >= 0 else 0
        self.env.run(until=day + 1)
        self.today += 1
        self.running = self.today < self.calendar.end

    def run_to_end(self) -> PlainTwin:
        """Live all days; then close the books on everybody still in a bed."""
        while self.today < self.calendar.end:
            self.step()
        for resident in list(self.agents):
            resident.go()
        self.env.run(until=self.calendar.end + 1e-9)
        return self

    def ask(self, process: str, resident: Resident, time: float) -> None:
        """Let a resident ask for care at ``time`` today."""
        if process in self._asked:
            resident.begin(self._asked[process](resident, time))
        elif process in COUNTED:
            self.count(COUNTED[process])

    def _services(self) -> dict[str, Callable[[Resident, float], Steps]]:
        """Return what each process of demand asks for."""
        lists, hospital = self.lists, self.hospital
        return {
            "practice_consultation": lambda who, time: who.practice.consult(who, time),
            "ed_attendance": lambda who, time: hospital.attend(who),
            "emergency_admission": lambda who, time: hospital.fall_ill(who),
            "outpatient_first": lambda who, time: lists.refer(who, "first", time),
            "outpatient_follow_up": lambda who, time: lists.refer(who, "follow_up", time),
            "day_case": lambda who, time: lists.refer(who, "day_case", time),
            "elective_inpatient": lambda who, time: lists.refer(who, "ordinary", time),
            "mdt_review": lambda who, time: self.meeting.discuss(who),
            "social_prescribing_referral": lambda who, time: self.link_workers.support(who),
        }

    def _welcome(self, day: int) -> None:
        """Let people be born or move in whose first day is ``day`` or before."""
        entry = self.people.entry_day
        while self._to_come and entry[self._to_come[-1]] <= day:
            Resident(self, self._to_come.pop())
