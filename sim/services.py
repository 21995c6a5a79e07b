"""The services of a run, opened with the place's own capacity and changed by a design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import exp

import numpy as np

from agents.evidence import Evidence
from pathways.caseload import Caseload, link_worker_days
from pathways.community import Community
from pathways.components import MoreCapacity
from pathways.hospital import Hospital, OnDischarge
from pathways.journey import Services
from pathways.leaving import WaitForPlace
from pathways.light import PLACES
from pathways.lists import Lists
from pathways.own_gp import admissions, own_gp
from pathways.pools import Capacity
from pathways.practice import Practices
from pathways.practice_team import SETTINGS as TEAM_SETTINGS
from pathways.teams import Meeting, team_settings
from pathways.workforce import SETTINGS as STAFF_SETTINGS
from sim.for_want import ForWant
from sim.organisations import Organisations
from sim.scene import Scene
from sim.teams import (
    contacts_of_episode,
    meet_more_often,
    open_coordinators,
    open_link_workers,
    open_meeting,
    take_more_cases,
    take_on_more,
    usual_coordinators,
)

PER = 10_000
AFTER_HOSPITAL = ("social_care", "reablement", "care_home")  # that people wait for in bed
COORDINATORS = "care_coordination.coordinators_per_10000"
LINK_WORKERS = "vcse.link_workers_per_10000"
TEAM_FACTORS = ("mdt.capacity_factor", "care_coordination.capacity_factor", "vcse.capacity_factor")
LISTS = ("outpatients.capacity_factor", "elective.capacity_factor")
TEAMS = ("mdt.", "care_coordination.", "vcse.")  # what a ring-fenced design has of its own


def factors_of(service: str) -> set[str]:
    """Return the settings that multiply the capacity of a service, its staff's among them."""
    return {f"{service}.{name}" for name in ("capacity_factor", *STAFF_SETTINGS)}


@dataclass(slots=True)
class ServiceSet:
    """Every service of a place, and the shares that route people among them."""

    practices: Practices
    hospital: Hospital
    lists: Lists
    community: Community
    meeting: Meeting
    coordinators: Caseload
    link_workers: Caseload
    settings: Mapping[str, float]
    residents: int
    major_share: float
    for_want: ForWant  # how those are seen in A&E whom no practice could see
    link_worker_contacts: int
    organisations: Organisations  # who decide for the services
    posts: Mapping[str, float]  # FTE per 10,000 of the teams now, by what sets them
    own_caseloads: list[Caseload] = field(default_factory=list)  # that designs open

    def for_pathway(self) -> Services:
        """Return the shared capacity that a design's pathway competes for."""
        return Services(
            practice=self.practices,
            coordinators=self.coordinators,
            meeting=self.meeting,
            link_workers=self.link_workers,
            link_worker_days=link_worker_days(self.settings),
            link_worker_contacts=self.link_worker_contacts,
        )

    def begin(self, changes: Mapping[str, float], day: int = 0) -> None:
        """Open the capacity that a design or an experiment sets, from ``day`` on, which is now."""
        self.lists.change({key: changes[key] for key in LISTS if key in changes})
        if "gp.capacity_factor" in changes:
            self.practices.change_capacity(changes["gp.capacity_factor"], day)
        if TEAM_SETTINGS & changes.keys():
            self.practices.change_team(changes, day)
        self.community.change(changes)
        self.staff_teams(changes)
        self.practices.send_unmet(*self.community.unmet())
        self.hospital.change_capacity(changes)
        self.organisations.adopt(changes)

    def staff_teams(self, changes: Mapping[str, float]) -> None:
        """Follow what ``changes`` say of the meeting, the coordinators and the link workers."""
        factors = {key: changes[key] for key in TEAM_FACTORS if key in changes}
        self.settings = {**self.settings, **factors}
        self.posts = {key: changes.get(key, fte) for key, fte in self.posts.items()}
        if changes.keys() & {COORDINATORS, *factors_of("care_coordination")}:
            places = self._fte(COORDINATORS) * self.settings["care_coordination.capacity_factor"]
            places *= self.community.workforce.factor("care_coordination")
            places *= self.settings["care_coordination.open_per_fte"]
            self.coordinators.open_places(round(places))
        if "mdt.meetings_per_year" in changes:
            for team in self.meeting.teams:
                meet_more_often(team, changes["mdt.meetings_per_year"])
        if changes.keys() & factors_of("mdt"):
            cases = self.settings["mdt.capacity_factor"] * self.community.workforce.factor("mdt")
            for team in self.meeting.teams:
                take_more_cases(team, cases)
        if changes.keys() & {LINK_WORKERS, *factors_of("vcse")}:
            fte = self._fte(LINK_WORKERS) * self.community.workforce.factor("vcse")
            take_on_more(self.link_workers, fte, self.settings)

    def _fte(self, posts: str) -> float:
        """Return the FTE that the simulated residents have of some ``posts`` now."""
        return self.posts[posts] * self.residents / PER

    def settle(self) -> None:
        """Hand every service's use to the ledger, at the end of a month."""
        for service in (self.hospital, self.meeting, self.coordinators, self.link_workers):
            service.settle()
        self.practices.settle()
        self.community.settle()
        for caseload in self.own_caseloads:
            caseload.settle()
        self._settle_staff()

    def _settle_staff(self) -> None:
        """Tell the hours of staff; follow posts that fell empty or were filled."""
        teams = (self.meeting, self.coordinators, self.link_workers)
        units = self.community.record.units | {one.service: one.units for one in teams}
        if self.community.workforce.settle(self.practices.ledger, units):
            self.community.reopen()
            self.staff_teams({name: self.settings[name] for name in TEAM_FACTORS})

    def checks(self) -> dict[str, dict[str, int]]:
        """Check that no service lost anybody; return where people are.

        Raises
        ------
        RuntimeError
            If somebody is missing or stands in two places.
        """
        for team in (self.meeting, self.coordinators, self.link_workers):
            team.check()
        for caseload in self.own_caseloads:
            caseload.check()
        self.practices.check(self.practices.calendar.end)
        return {"hospital": self.hospital.check(), "light services": self.community.check()}


def _own(settings: Mapping[str, float], prefixes: tuple[str, ...]) -> dict[str, float]:
    """Return the ``capacity_factor`` settings of services that ``prefixes`` name."""
    return {
        f"{name}.capacity_factor": settings[f"{name}.capacity_factor"]
        for name in prefixes
        if f"{name}.capacity_factor" in settings
    }


def open_services(scene: Scene) -> ServiceSet:
    """Open every service with the place's capacity and the experiment's settings."""
    spec, evidence = scene.spec, scene.evidence
    capacity, settings = spec.place.capacity, dict(spec.settings)
    teams = team_settings(evidence, _own(settings, ("mdt", "vcse", "care_coordination")))
    practices = Practices(
        scene.population,
        evidence,
        scene.luck,
        scene.calendar,
        scene.ledger,
        capacity,
        settings,
        scene.seasons,
    )
    _keep_own_gp(scene, practices)
    community = Community(
        scene.population,
        evidence,
        scene.luck,
        scene.ledger,
        scene.calendar,
        capacity,
        scene.demand.is_type_1,
        settings,
    )
    hospital = _hospital(scene, settings, community)
    for site in hospital.sites:
        site.seasons = scene.seasons
    stay = dict(zip(PLACES, community.numbers.stay.tolist(), strict=True))
    outside = {name: community.places[name] for name in AFTER_HOSPITAL}
    hospital.wait_for_place = WaitForPlace(scene.luck, outside, stay, hospital.settings)
    meeting, workers = open_meeting(scene, teams), open_link_workers(scene, teams)
    return ServiceSet(
        practices=practices,
        hospital=hospital,
        lists=Lists(
            scene.population,
            evidence,
            scene.luck,
            scene.calendar,
            scene.ledger,
            scene.demand,
            scene.history,
            capacity,
            settings,
            hospital.escalated_days,
        ),
        community=community,
        meeting=meeting,
        coordinators=open_coordinators(scene, teams),
        link_workers=workers,
        settings=teams,
        residents=spec.population,
        major_share=_major_share(evidence),
        for_want=ForWant.of(evidence),
        link_worker_contacts=contacts_of_episode(evidence),
        organisations=Organisations(
            scene,
            practices=practices,
            hospital=hospital,
            link_workers=workers,
            meeting=meeting,
            settings=teams,
        ),
        posts={
            COORDINATORS: usual_coordinators(evidence),
            LINK_WORKERS: capacity["vcse"]["social prescribing link worker"],
        },
    )


def _keep_own_gp(scene: Scene, practices: Practices) -> None:
    """Say how often people see their own GP, and let it act on admissions where a run says so."""
    own = own_gp(scene.population, scene.luck, scene.evidence, scene.spec.place.list_size)
    practices.record.own_gp = own.index
    acts = admissions(own, scene.evidence)
    if acts is not None:
        everyone = np.arange(len(scene.population))
        scene.demand.multiply(acts[0], everyone, acts[1])
        scene.demand.refresh(everyone, 0)


def ring_fenced(scene: Scene, services: ServiceSet) -> Services:
    """Return staff of the design's own, so that nothing it does touches anybody else.

    Of its settings only those of posts, places and meetings act: vacancies and sickness are
    those of the workforce that everybody shares.
    """
    design = scene.spec.design
    later = [part.set for part in design.components if isinstance(part, MoreCapacity)]
    changes: dict[str, float] = dict(design.changes)
    for one in later:
        changes |= one
    changes |= scene.spec.settings
    own = replace(
        services,
        meeting=open_meeting(scene, services.settings),
        coordinators=open_coordinators(scene, services.settings),
        link_workers=open_link_workers(scene, services.settings),
    )
    teams = {key: value for key, value in changes.items() if key.startswith(TEAMS)}
    own.staff_teams(teams)
    return replace(own.for_pathway(), practice=None)


def _hospital(scene: Scene, settings: Mapping[str, float], community: Community) -> Hospital:
    capacity = scene.spec.place.capacity
    # A place whose people are admitted less often than their illness explains has the beds
    # for that: its factor is a fact of coding and hospitals, not of need.
    admitted = exp(scene.spec.place.demand_log_factor.get("emergency_admission", 0.0))
    usual = capacity["beds"]["emergency pool"] * admitted
    beds = settings.get("beds.emergency_beds_per_10000", usual)
    return Hospital(
        scene.env,
        scene.population,
        scene.evidence,
        scene.luck,
        scene.ledger,
        residents=scene.spec.population,
        capacity=Capacity(
            beds=beds,
            majors=capacity["ed"]["majors and resuscitation spaces"],
            minors=capacity["ed"]["minors cubicles and clinicians"],
        ),
        settings=_own(settings, ("beds", "ed", "sdec")),
        on_discharge=_both(community.discharged, scene.discharged),
    )


def _both(first: OnDischarge, second: OnDischarge) -> OnDischarge:
    """Return what tells two of a discharge, in this order."""

    def discharged(row: int, day: float, days: float, key: int) -> None:
        first(row, day, days, key)
        second(row, day, days, key)

    return discharged


def _major_share(evidence: Evidence) -> float:
    """Return the share of type 1 attendances without admission that are majors.

    Everybody admitted through the department is one of the published share of majors.
    """
    majors = evidence.value("baseline_demand", service="ed_stay", term="majors_share")
    admitted = evidence.value("baseline_demand", service="ae_attendance", term="share_admitted")
    return (majors - admitted) / (1.0 - admitted)
