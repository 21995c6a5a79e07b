"""The neighbourhood team of a run: its meeting, its coordinators and its link workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from agents.evidence import Evidence
from pathways.calendar import YEAR
from pathways.caseload import Caseload, coordinators, link_workers
from pathways.pools import assign_sites
from pathways.sessions import Sessions
from pathways.teams import Meeting, team_settings, teams_for
from sim.scene import Scene


def open_meeting(scene: Scene, teams: Mapping[str, float]) -> Meeting:
    """Return the meeting of a place's teams; ``teams`` are settings (``team_settings``)."""
    number = teams_for(scene.spec.population, teams["mdt.pool_people"])
    return Meeting(
        scene.env,
        scene.luck,
        scene.ledger,
        residents=scene.spec.population,
        meetings=scene.spec.place.capacity["mdt"]["meetings"],
        settings=teams,
        team_of=assign_sites(scene.population, number, scene.luck),
    )


def open_coordinators(scene: Scene, teams: Mapping[str, float]) -> Caseload:
    """Return the caseload of usual care's coordinators."""
    return _caseload_of(scene, usual_coordinators(scene.evidence), teams)


def usual_coordinators(evidence: Evidence) -> float:
    """Return the FTE of coordinators that usual care has free per 10,000 residents."""
    return evidence.value("care_settings", key="care_coordination.usual_fte_per_10000")


def _caseload_of(scene: Scene, fte: float, settings: Mapping[str, float]) -> Caseload:
    """Return the caseload of so many coordinators per 10,000 residents."""
    return coordinators(
        scene.env,
        scene.luck,
        scene.ledger,
        residents=scene.spec.population,
        fte=fte,
        settings=settings,
    )


def open_link_workers(scene: Scene, teams: Mapping[str, float]) -> Caseload:
    """Return the caseload of the place's own link workers."""
    usual = scene.spec.place.capacity["vcse"]["social prescribing link worker"]
    return link_workers(
        scene.env,
        scene.luck,
        scene.ledger,
        residents=scene.spec.population,
        fte=usual,
        settings=teams,
        contacts=contacts_of_episode(scene.evidence),
    )


def own_caseload(scene: Scene, places_per_10000: float) -> Caseload:
    """Return a caseload that one pathway of a design keeps for itself."""
    settings = team_settings(scene.evidence, {})
    return _caseload_of(
        scene, places_per_10000 / settings["care_coordination.open_per_fte"], settings
    )


def meet_more_often(team: Sessions, meetings_a_year: float) -> None:
    """Let a team meet so many times a year (for 50,000 residents) from its next meeting on."""
    team.session = replace(team.session, days=YEAR / meetings_a_year)


def take_more_cases(team: Sessions, factor: float) -> None:
    """Let a team discuss ``factor`` times its usual cases from its next meeting on."""
    team.session = replace(team.session, slots=team.session.usual * factor)


def take_on_more(caseload: Caseload, fte: float, settings: Mapping[str, float]) -> None:
    """Let ``fte`` link workers take people on and keep them from now on."""
    queue = caseload.places
    assert isinstance(queue, Sessions)
    fte *= settings["vcse.capacity_factor"]
    weekly = settings["vcse.starts_per_fte"] * settings["vcse.session_days"] / YEAR
    elsewhere = queue.session.elsewhere / weekly
    queue.session = replace(queue.session, slots=fte * weekly)
    caseload.open_places(ceil((fte + elsewhere) * settings["vcse.open_per_fte"]))


def contacts_of_episode(evidence: Evidence) -> int:
    """Return the meetings with a link worker in one episode: cost of one over the other."""
    episode = evidence.value("unit_costs", item="social_prescribing_person")
    contact = evidence.value("unit_costs", item="social_prescribing_contact")
    return round(episode / contact)
