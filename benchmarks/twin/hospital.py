"""An emergency department and the ward behind it; every visit is a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
import simpy

from agents.evidence import Evidence
from agents.population import FRAILTY
from pathways.pools import ADMITTED, DIRECT, MAJOR, MINOR, RESOURCES, Capacity, Rates
from pathways.pools import hospital_settings as all_settings
from pathways.rates import AGE_BANDS, AGE_EDGES, LTC_GROUPS
from pathways.stays import HOURS, HourShape

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin
    from benchmarks.twin.resident import Resident

Steps = simpy.events.ProcessGenerator


class Places(simpy.Resource):
    """Beds or spaces of which more or fewer are open from day to day.

    ``places`` may be a fraction: the last one is open on some days only.
    """

    def __init__(self, env: simpy.Environment, places: float) -> None:
        super().__init__(env, max(int(places), 1))
        self.places, self.extra = places, 0

    def open_day(self, number: int) -> None:
        """Open the day's whole number of places; days count from 0."""
        self._resize(int((number + 1) * self.places + 1e-9) - int(number * self.places + 1e-9))

    def _resize(self, core: int) -> None:
        self._core = core
        self._capacity = core + self.extra
        while self.queue and self.count < self.capacity:
            self._trigger_put(None)


class Ward(Places):
    """Beds that people leave after a daily round; fuller wards discharge sooner."""

    def __init__(
        self, env: simpy.Environment, beds: float, quickening: float, settings: dict[str, float]
    ) -> None:
        super().__init__(env, beds)
        self._quickening, self._settings = quickening, settings
        self.rounds = 0.0
        self.open_day(0)
        self._round = env.event()
        env.process(self._daily())

    def _daily(self) -> Steps:
        day = 0
        while True:
            yield self._env.timeout(1.0)
            fullness = self.count / max(self.capacity, 1) - self._settings["beds.normal_occupancy"]
            self.rounds += exp(self._quickening * fullness)
            done, self._round = self._round, self._env.event()
            done.succeed()
            day += 1
            self.open_day(day)

    def leaving(self, rounds: float, time_of_day: float) -> Steps:
        """End after so many ward rounds, at a time of the day."""
        until = self.rounds + rounds
        while self.rounds < until:
            yield self._round
        yield self._env.timeout(time_of_day)

    def crowd(self) -> None:
        """Open escalation beds if too many wait."""
        if not self.extra and len(self.queue) >= self._settings["beds.escalation_opens"]:
            self.extra = round(self._settings["beds.escalation_share"] * self.places)
            self._resize(self._core)

    def calm(self) -> None:
        """Close them when nobody waits."""
        if self.extra and not self.queue:
            self.extra = 0
            self._resize(self._core)


@dataclass
class Plan:
    """What a visit needs: a factor on hours, then hours or ward rounds in a bed."""

    hours: float
    short_days: float
    rounds: float
    delay: float
    leaves: float
    again: float


class Hospital:
    """The place's emergency department and ward, shared with visitors from elsewhere."""

    def __init__(self, model: PlainTwin) -> None:
        self._model, self._env, self._random = model, model.env, model.random
        evidence, capacity = model.evidence, model.spec.place.capacity
        own = {"beds", "ed"}
        changes = {
            key: value
            for key, value in model.spec.settings.items()
            if key.endswith(".capacity_factor") and key.split(".")[0] in own
        }
        self.settings = all_settings(evidence, changes)
        self.rates = Rates.load(evidence)
        self._tables = StayTables(evidence, self.settings)
        self._hours = HourShape.load(evidence, "ae_attendance", "hour_of_day")
        self._leaving = HourShape.load(evidence, "emergency_stay", "discharge_hour")
        splits = model.care_rates.splits
        self._type_1, self._through_ed = splits.type_1, splits.through_ed
        majors, admitted = self.rates.majors, _share_admitted(evidence)
        self._major = (majors - admitted) / (1.0 - admitted)
        place = Capacity(
            beds=capacity["beds"]["emergency pool"],
            majors=capacity["ed"]["majors and resuscitation spaces"],
            minors=capacity["ed"]["minors cubicles and clinicians"],
        )
        self._open_places(place.for_people(model.spec.population))
        self._fill_beds()

    def _open_places(self, own: dict[str, float]) -> None:
        """Open one pool: what residents own, and the rest of a whole pool for visitors."""
        settings = self.settings
        most = settings["beds.pool_size"] * (1.0 + settings["beds.pool_slack"])
        if own["beds"] > most:
            raise ValueError(f"{own['beds']:.0f} beds are more than one pool; use fewer people")
        visitors = {name: max(settings[f"{name}.pool_size"] - own[name], 0.0) for name in RESOURCES}
        ed, beds = settings["ed.capacity_factor"], settings["beds.capacity_factor"]
        self.majors = Places(self._env, visitors["majors"] + own["majors"] * ed)
        self.minors = Places(self._env, visitors["minors"] + own["minors"] * ed)
        self.ward = Ward(
            self._env,
            visitors["beds"] + own["beds"] * beds,
            self.rates.quickening * 100.0,
            settings,
        )
        self._usual_beds = visitors["beds"] + own["beds"]
        self._visitors = self.rates.visitors(visitors)

    def _fill_beds(self) -> None:
        """Let the stays of visitors be half over at the start."""
        residual = self.settings["beds.start_residual_stay"]
        for _ in range(round(self.settings["beds.start_occupancy"] * self._usual_beds)):
            rounds = residual * self._random.expovariate(1.0)
            plan = Plan(0.0, inf, rounds, 0.0, self._time(self._leaving), inf)
            self._env.process(self._stay(None, plan, lambda: None))

    def _time(self, shape: HourShape) -> float:
        return float(np.interp(self._random.random(), shape.share_before, shape.hours)) / HOURS

    # ---- who comes ----

    def attend(self, resident: Resident) -> Steps:
        """Go to an emergency department today and be sent home from it."""
        time = int(self._env.now) + self._time(self._hours)
        yield self._env.timeout(max(time - self._env.now, 0.0))
        if self._random.random() >= self._type_1:
            if not resident.in_hospital:
                self._model.count("ae_attendances")
            return
        kind = MAJOR if self._random.random() < self._major else MINOR
        yield from self._visit(resident, kind, self._plan(resident))

    def fall_ill(self, resident: Resident) -> Steps:
        """Be admitted as an emergency today."""
        time = int(self._env.now) + self._time(self._hours)
        yield self._env.timeout(max(time - self._env.now, 0.0))
        kind = ADMITTED if self._random.random() < self._through_ed else DIRECT
        yield from self._visit(resident, kind, self._plan(resident))

    def invite_visitors(self, day: int) -> None:
        """Let the day's visitors come, and open the day's spaces."""
        for places in (self.majors, self.minors):
            places.open_day(max(day, 0))
        for kind, rate in self._visitors.items():
            time = self._random.expovariate(rate) if rate else inf
            while time < 1.0:
                self._env.process(self._visitor(kind))
                time += self._random.expovariate(rate)

    def _visitor(self, kind: int) -> Steps:
        yield self._env.timeout(self._time(self._hours))
        yield from self._visit(None, kind, self._plan(None))

    # ---- a visit ----

    def _visit(self, person: Resident | None, kind: int, plan: Plan) -> Steps:
        if person is None:
            yield from self._through(None, kind, plan)
        elif not person.in_hospital:
            person.in_hospital = True
            try:
                yield from self._through(person, kind, plan)
            finally:
                person.in_hospital = False

    def _through(self, person: Resident | None, kind: int, plan: Plan) -> Steps:
        arrived = self._env.now
        if kind == DIRECT:
            yield from self._stay(person, plan, lambda: None)
            return
        self._count(person, "ae_attendances", "ae_type1")
        minor = kind == MINOR
        with (self.minors if minor else self.majors).request() as space:
            if minor:
                mean = self.settings["ed.patience"] / HOURS
                yield space | self._env.timeout(self._random.expovariate(1.0 / mean))
                if not space.triggered:
                    self._leave_ed(person, self._env.now - arrived)
                    return
            yield space
            hours = self.rates.minors_hours if minor else self.rates.majors_hours
            yield self._env.timeout(plan.hours * hours / HOURS)
            if kind == ADMITTED:

                def leave_space() -> None:
                    self.majors.release(space)  # type: ignore[arg-type]
                    self._leave_ed(person, self._env.now - arrived)

                yield from self._stay(person, plan, leave_space)
                return
        after = self.settings["ed.minors_after_hours"] / HOURS if minor else 0.0
        self._leave_ed(person, self._env.now - arrived + after)

    def _leave_ed(self, person: Resident | None, days: float) -> None:
        if person is None:
            return
        self._model.wait("ed", days)
        for hours in (4, 12):
            if days * HOURS > hours:
                self._count(person, f"ae_over_{hours}_hours")

    def _stay(self, person: Resident | None, plan: Plan, leave_space: Callable[[], None]) -> Steps:
        """Wait for a bed where one stands; stay until ready, and the hour of leaving."""
        self._admit(person)
        leaving: simpy.Event = (
            self._env.timeout(plan.short_days)
            if plan.short_days < inf
            else self._env.process(self.ward.leaving(plan.rounds, plan.leaves))
        )
        decided = self._env.now
        with self.ward.request() as bed:
            if not bed.triggered:
                self.ward.crowd()
                yield bed | leaving
            if person is not None:
                self._model.wait("beds", self._env.now - decided)
            leave_space()
            if bed.triggered:
                yield from self._in_bed(person, leaving)
        self.ward.calm()
        if person is not None:
            self._discharge(person, plan)

    def _in_bed(self, person: Resident | None, leaving: simpy.Event) -> Steps:
        since = max(self._env.now, 0.0)
        try:
            if not leaving.processed:
                yield leaving
        finally:
            if person is not None:
                self._model.count("emergency_bed_days", max(self._env.now - since, 0.0))

    def _admit(self, person: Resident | None) -> None:
        if person is None:
            return
        self._count(person, "emergency_admissions")
        person.admissions.append(self._env.now)
        if self._env.now - person.last_discharge <= self.settings["readmission.window"]:
            self._count(person, "readmissions_30d")

    def _discharge(self, person: Resident, plan: Plan) -> None:
        if plan.short_days == inf:
            self._model.count("discharge_delay_days", plan.delay)
        person.last_discharge = self._env.now
        if plan.again < inf:
            person.begin(self._return(person, plan.again))

    def _return(self, person: Resident, days: float) -> Steps:
        yield self._env.timeout(int(self._env.now + days) - self._env.now)
        yield from self.fall_ill(person)

    def _count(self, person: Resident | None, *names: str) -> None:
        if person is not None:
            for name in names:
                self._model.count(name)

    # ---- what a visit needs ----

    def _plan(self, person: Resident | None) -> Plan:
        settings, draw, tables = self.settings, self._random, self._tables
        no_night, mean, delayed, spread, again = tables.of(person)
        delay = 0.0
        if draw.random() < delayed:
            delay = 1.0 + (settings["delay.days"] - 1.0) * draw.expovariate(1.0)
        fit = max(mean - delayed * settings["delay.days"], settings["delay.shortest_stay"])
        hours = self._lognormal(1.0, settings["ed.hours_spread"])
        short = hours * settings["beds.short_stay"] / HOURS
        return Plan(
            hours=hours,
            short_days=short if draw.random() < no_night else inf,
            rounds=self._lognormal(fit - 1.0, spread) + draw.random() + delay,
            delay=delay,
            leaves=self._time(self._leaving),
            again=self._days_to_return() if draw.random() < again else inf,
        )

    def _lognormal(self, mean: float, spread: float) -> float:
        variance = log(1.0 + spread**2)
        return mean * float(self._random.lognormvariate(-variance / 2.0, sqrt(variance)))

    def _days_to_return(self) -> float:
        """Draw days to readmission: exponential after the first day, within the window."""
        days = inf
        while days > self.settings["readmission.window"]:
            days = 1.0 + self._random.expovariate(1.0 / self.settings["readmission.scale"])
        return days


class StayTables:
    """Mean stays and shares by age, conditions and frailty."""

    def __init__(self, evidence: Evidence, settings: dict[str, float]) -> None:
        def row(service: str, term: str, level: str) -> float:
            return evidence.value("baseline_demand", service=service, term=term, level=level)

        stay = "emergency_stay"
        self._base = log(evidence.value("baseline_demand", service=stay, term="base"))
        self._by_age = [row(stay, "age_band", level) for level in AGE_BANDS]
        self._by_ltc = [row(stay, "ltc_count", level) for level in LTC_GROUPS]
        self._by_frailty = [row(stay, "frailty", level) for level in FRAILTY]
        share = "zero_night_share"
        self._no_night = [row("emergency_admission", share, level) for level in AGE_BANDS]
        self._settings = settings

    def of(self, person: Resident | None) -> tuple[float, float, float, float, float]:
        """Return share without a night, mean stay, share delayed, spread, share readmitted."""
        settings = self._settings
        if person is None:
            return (
                1.0 - settings["visitors.overnight_share"],
                settings["visitors.stay"],
                settings["delay.share.visitor"],
                settings["beds.visitor_stay_spread"],
                0.0,
            )
        band = int(np.searchsorted(AGE_EDGES, person.age, side="right"))
        ltc = min(len(person.has), len(LTC_GROUPS) - 1)
        return (
            self._no_night[band],
            exp(
                self._base
                + self._by_age[band]
                + self._by_ltc[ltc]
                + self._by_frailty[person.frailty]
            ),
            settings[f"delay.share.{FRAILTY[person.frailty]}"],
            settings["beds.stay_spread"],
            settings["readmission.share"],
        )


def _share_admitted(evidence: Evidence) -> float:
    return evidence.value("baseline_demand", service="ae_attendance", term="share_admitted")
