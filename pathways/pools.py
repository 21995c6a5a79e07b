"""Pools of emergency capacity: their size, who uses which, and how many visitors fill them.

A pool of a stated size stands in every place. Where residents own less than a whole pool,
visitors from elsewhere use the rest, at England's rates for that much capacity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

import numpy as np
import numpy.typing as npt
from simpy import Environment

from agents.decisions import OpenWhenQueueing, QuickerWhenFull
from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.beds import Valves, Ward
from pathways.calendar import YEAR
from pathways.queue_figures import QueueFigures
from pathways.queues import Places, whole_share
from pathways.seasons import Seasons
from pathways.settings import settings_of

OTHER, MINOR, MAJOR, ADMITTED, DIRECT = range(5)
KINDS = ("other department", "minor", "major", "admitted", "admitted directly")
TABLE = "hospital_settings"
RESOURCES = ("majors", "minors", "beds")
SPACES = {MINOR: "minors", MAJOR: "majors", ADMITTED: "majors"}  # what each kind is seen in


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A place's own emergency capacity per 10,000 residents, by resource."""

    beds: float
    majors: float
    minors: float

    def for_people(self, people: int) -> dict[str, float]:
        """Return the beds and spaces that ``people`` residents own."""
        return {name: getattr(self, name) * people / 10_000.0 for name in RESOURCES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """England's emergency use per head and year, and its shares and hours."""

    attendances: float
    admissions: float
    type_1: float  # share of attendances
    majors: float  # share of type 1; everyone admitted is one
    through_ed: float  # share of admissions
    majors_hours: float
    minors_hours: float
    quickening: float  # log rate of discharge per 1 per cent of occupancy
    capacity: Capacity

    @classmethod
    def load(cls, evidence: Evidence) -> Rates:
        """Read the rates from ``baseline_demand`` and ``baseline_capacity``."""

        def demand(service: str, term: str, level: str) -> float:
            return evidence.value("baseline_demand", service=service, term=term, level=level)

        def own(service: str, role: str) -> float:
            return evidence.value(
                "baseline_capacity", archetype="england", service=service, role=role
            )

        return cls(
            attendances=demand("ae_attendance", "england_mean", "all ages"),
            admissions=demand("emergency_admission", "england_mean", "all ages"),
            type_1=demand("ae_attendance", "share_by_type", "type 1"),
            majors=demand("ed_stay", "majors_share", "type 1"),
            through_ed=demand("emergency_admission", "share_through_ed", "all"),
            majors_hours=demand("ed_stay", "majors_hours", "all"),
            minors_hours=demand("ed_stay", "minors_hours", "all"),
            quickening=demand("emergency_stay", "discharge_rate_per_occupancy", "per 1 per cent"),
            capacity=Capacity(
                beds=own("beds", "emergency pool"),
                majors=own("ed", "majors and resuscitation spaces"),
                minors=own("ed", "minors cubicles and clinicians"),
            ),
        )

    def by_kind(self) -> dict[int, float]:
        """Return arrivals per head and year of each kind."""
        type_1 = self.attendances * self.type_1
        admitted = self.admissions * self.through_ed
        return {
            OTHER: self.attendances - type_1,
            MINOR: type_1 * (1.0 - self.majors),
            MAJOR: type_1 * self.majors - admitted,
            ADMITTED: admitted,
            DIRECT: self.admissions - admitted,
        }

    def visitors(self, places: Mapping[str, float]) -> dict[int, float]:
        """Return arrivals a day, by kind, of the people from elsewhere who use ``places``."""
        kinds = self.by_kind()
        people = {name: 1e4 * places[name] / getattr(self.capacity, name) for name in RESOURCES}
        # Who has a bed here but no space in this department comes to the bed directly.
        admitted = kinds[ADMITTED] * min(people["majors"], people["beds"])
        admissions = self.admissions * people["beds"]
        yearly = {
            MINOR: kinds[MINOR] * people["minors"],
            MAJOR: kinds[MAJOR] * people["majors"],
            ADMITTED: admitted,
            DIRECT: admissions - admitted,
        }
        return {kind: rate / YEAR for kind, rate in yearly.items()}


@dataclass(slots=True)
class Site:
    """One pool: the spaces of an emergency department and the ward behind it.

    ``open`` is the places of each resource, possibly a fraction (some are open on some days
    only), ``own_share`` the residents' share of them and ``visitors`` arrivals a day by kind.
    ``own`` and ``elsewhere`` are residents' and visitors' usual places, before a design adds
    or closes any. Residents of the kinds ``shut`` are not seen here: none of the spaces they
    need is theirs.
    """

    majors: Places
    minors: Places
    beds: Ward
    own: Mapping[str, float]
    elsewhere: Mapping[str, float]
    visitors: Mapping[int, float]
    open: dict[str, float] = field(default_factory=dict)
    own_share: dict[str, float] = field(default_factory=dict)
    shut: list[int] = field(default_factory=list)
    seasons: Seasons = field(default_factory=lambda: Seasons({}))
    seen: dict[str, QueueFigures] = field(default_factory=dict)

    @property
    def usual_beds(self) -> float:
        """The beds before a design adds or closes any."""
        return self.elsewhere["beds"] + self.own["beds"]

    def change(self, name: str, factor: float) -> None:
        """Have ``factor`` times the residents' usual places of a resource from now on."""
        own = self.own[name] * factor
        self.open[name] = self.elsewhere[name] + own
        self.own_share[name] = own / max(self.open[name], 1e-9)
        if name == "beds":
            self.beds.change_beds(self.open[name])
        else:
            self.shut = [kind for kind in SPACES if self.own_share.get(SPACES[kind], 1.0) <= 0.0]

    def start_day(self, day: int) -> None:
        """Open the day's whole number of spaces; let beds and stays follow the season."""
        seasons = self.seasons
        self.beds.follow_season(seasons.on("beds", day), seasons.on("emergency_stay", day))
        for name, places in (("majors", self.majors), ("minors", self.minors)):
            today = whole_share(self.open[name], max(day, 0))
            if today != places.capacity:
                places.capacity = today

    def since_last(self, name: str) -> QueueFigures:
        """Return what one resource saw since this was last asked."""
        places: Places = getattr(self, name)
        now = places.figures()
        before = self.seen.get(name)
        self.seen[name] = now
        return now if before is None else now.since(before)


def make_sites(
    env: Environment, own: Mapping[str, float], rates: Rates, settings: Mapping[str, float]
) -> list[Site]:
    """Return as many equal pools as hold the place's ``own`` capacity."""
    slack = settings["beds.pool_slack"]
    pools = max(1, ceil(own["beds"] / settings["beds.pool_size"] - slack))
    share = {name: own[name] / pools for name in RESOURCES}
    return [_site(env, share, rates, settings) for _ in range(pools)]


def _site(
    env: Environment, own: Mapping[str, float], rates: Rates, settings: Mapping[str, float]
) -> Site:
    least = {name: settings[f"{name}.pool_size"] for name in RESOURCES}
    visitors = {name: max(least[name] - own[name], 0.0) for name in RESOURCES}
    factor = {
        "majors": settings["ed.capacity_factor"],
        "minors": settings["ed.capacity_factor"],
        "beds": settings["beds.capacity_factor"],
    }
    usual = {name: visitors[name] + own[name] for name in RESOURCES}
    site = Site(
        majors=Places(env, 0),
        minors=Places(env, 0),
        beds=Ward(env, usual["beds"], usual_valves(rates, settings)),
        own=own,
        elsewhere=visitors,
        visitors=rates.visitors(visitors),
    )
    for name in RESOURCES:
        site.change(name, factor[name])
    site.start_day(0)
    return site


def usual_valves(rates: Rates, settings: Mapping[str, float]) -> Valves:
    """Return the rules by which a hospital usually keeps its beds from filling up."""
    return Valves(
        escalation=OpenWhenQueueing(
            share=settings["beds.escalation_share"], opens=settings["beds.escalation_opens"]
        ),
        discharge=QuickerWhenFull(
            quickening=rates.quickening * 100.0, normal=settings["beds.normal_occupancy"]
        ),
    )


def assign_sites(population: Population, pools: int, luck: Luck) -> npt.NDArray[np.int64]:
    """Return each resident's pool: equal shares, and neighbours of one practice together.

    Practices are laid end to end by size at the start and cut into equal lengths, so that a
    practice at a cut is split by luck, in the same way in every design.
    """
    practice = population.practice.astype(np.int64)
    size = np.bincount(practice[population.entry_day <= 0.0], minlength=practice.max() + 1)
    length = size / size.sum()
    begins = np.cumsum(length) - length
    place = luck.uniforms("hospital.site", population.person) * length[practice] + begins[practice]
    sites: npt.NDArray[np.int64] = np.minimum((place * pools).astype(np.int64), pools - 1)
    return sites


def hospital_settings(evidence: Evidence, changes: Mapping[str, float]) -> dict[str, float]:
    """Return every hospital setting, from its table or from ``changes`` (see ``settings_of``)."""
    return settings_of(evidence, TABLE, changes)
