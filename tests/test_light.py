"""Light services: nobody lost, closures that move something, routes that are obeyed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.evidence import Evidence
from agents.faults import BadInput
from pathways.calendar import Calendar
from pathways.contacts import contacts_of
from pathways.light import PLACES, SLOTS
from pathways.light_places import Places, Stay
from pathways.light_slots import Hours, Slots
from pathways.referrals import DOES, load_routes
from pathways.vocabulary import ACTIVITY, SERVICES, WAITS
from sim.model import CareModel
from sim.world import Shelf
from tests.small_runs import small_run

EVIDENCE = Path(calibration.__file__).parent / "evidence"
PARAMETERS = Path(calibration.__file__).parent / "parameters" / "default"
SHELF = Shelf()


@lru_cache(maxsize=64)
def model_of(*settings: tuple[str, float]) -> CareModel:
    """Return a finished year of 4,000 people in Tilbury under some settings."""
    spec = small_run(place="tilbury", population=4000, seed=7, settings=dict(settings))
    model = CareModel(spec, SHELF.world_of(spec))
    model.run_to_end()
    return model


def total(model: CareModel, activity: str) -> float:
    return float(sum(year[activity].sum() for year in model.record.person_years))


def series(model: CareModel, service: str, role: str, metric: str) -> float:
    return float(
        sum(
            month["value"][
                (month["service"] == service)
                & (month["role"] == role)
                & (month["metric"] == metric)
            ].sum()
            for month in model.record.series
        )
    )


# ---- what a closure moves ----

# A service, and an activity that must rise when it closes: where its people go instead.
INSTEAD = {
    "nhs111": "gp_unmet",
    "urgent_response": "ambulance_incidents",
    "extended_access": "gp_unmet",
    "vcse_groups": "vcse_contacts",
    "care_home": "discharge_delay_days",
    "ambulance": "ae_attendances",
    "community_nursing": "emergency_admissions",
    "mental_health": "ae_attendances",
    "talking_therapies": "mental_health_contacts",
    "pharmacy": "gp_unmet",
    "utc": "ae_type1",
    "out_of_hours": "ae_attendances",
    "virtual_ward": "community_contacts",
    "reablement": "discharge_delay_days",
    "social_care": "discharge_delay_days",
    "case_management": "community_contacts",
    "end_of_life": "community_contacts",  # and fewer die at home: tests/test_leaving.py
}


# A service, and another whose queue must grow when it closes: it has no slots to spare.
QUEUED = {"specialist_clinics": "outpatients", "advice_guidance": "outpatients"}


def standing(model: CareModel, service: str) -> float:
    """Return the mean number of people who stand in the queues of a service at a month's end."""
    ends = [
        month["value"][(month["service"] == service) & (month["metric"] == "queue_end")].sum()
        for month in model.record.series
    ]
    return float(np.mean(ends))


def test_every_closing_is_looked_for_in_a_named_measure() -> None:
    assert {*SLOTS, *PLACES} == {*INSTEAD, *QUEUED}


@pytest.mark.slow
@pytest.mark.parametrize("service", [*SLOTS, *PLACES])
def test_closing_a_service_ends_its_work_and_sends_its_people_elsewhere(service: str) -> None:
    usual, closed = model_of(), model_of((f"{service}.capacity_factor", 0.0))
    activity = {**SLOTS, **PLACES}[service].activity
    assert total(usual, activity) > 0.0
    assert total(closed, activity) == 0.0
    sent = sum(
        float(month["value"][month["role"] == f"{service}.overflow"].sum())
        for month in closed.record.series
    )
    assert sent > 0.0 or series(closed, service, "all", "arrivals") < 5
    if service in QUEUED:
        queue = QUEUED[service]
        assert standing(closed, queue) > standing(usual, queue)
    if service in INSTEAD:
        assert total(closed, INSTEAD[service]) > total(usual, INSTEAD[service])


def test_same_day_care_that_closes_sends_its_people_to_beds() -> None:
    usual, closed = model_of(), model_of(("sdec.capacity_factor", 0.0))
    seen = total(usual, "sdec_attendances")
    assert 0.05 < seen / total(usual, "emergency_admissions") < 0.25
    assert total(closed, "sdec_attendances") == 0.0
    moved = series(closed, "beds", "sdec.overflow", "routed")
    assert moved == pytest.approx(seen, rel=0.15)
    more = series(closed, "beds", "all", "arrivals") - series(usual, "beds", "all", "arrivals")
    assert more == pytest.approx(seen, rel=0.25)
    # It replaces a bed for the day and no admission.
    admitted = total(usual, "emergency_admissions")
    assert total(closed, "emergency_admissions") == pytest.approx(admitted, rel=0.03)
    for model in (usual, closed):
        asked, served, refused = (
            series(model, "sdec", "all", metric) for metric in ("arrivals", "served", "turned_away")
        )
        assert asked == served + refused
        assert served == total(model, "sdec_attendances")


def test_an_urgent_treatment_centre_that_closes_fills_the_emergency_department() -> None:
    usual, closed = model_of(), model_of(("utc.capacity_factor", 0.0))
    moved = series(closed, "ed", "utc.overflow", "routed")
    assert moved > 100
    more = total(closed, "ae_type1") - total(usual, "ae_type1")
    assert more == pytest.approx(moved, rel=0.15)
    assert total(closed, "utc_attendances") == 0


def test_usual_care_turns_hardly_anybody_away() -> None:
    model = model_of()
    for service in ("community_nursing", "mental_health", "talking_therapies", "utc", "pharmacy"):
        asked = series(model, service, "all", "arrivals")
        assert series(model, service, "all", "turned_away") < 0.05 * asked, service


# ---- conservation ----


def waits_of(model: CareModel, service: str) -> np.ndarray:
    """Return every wait of a service, in days."""
    tables = [table for table in model.record.waits if len(table["service"])]
    mine = [np.asarray(table["service"]) == service for table in tables]
    days = [np.asarray(t["wait_days"])[m] for t, m in zip(tables, mine, strict=True)]
    count = [np.asarray(t["count"])[m] for t, m in zip(tables, mine, strict=True)]
    return np.repeat(np.concatenate(days), np.concatenate(count))


def test_a_small_place_shares_services_that_are_as_full_as_in_england() -> None:
    usual = model_of()
    for service, share in (("urgent_response", 0.26), ("ambulance", 0.75)):
        used = series(usual, service, "all", "used") / series(usual, service, "all", "capacity")
        assert used == pytest.approx(share, abs=0.1), service


def test_most_people_have_a_rapid_response_within_two_hours() -> None:
    within = np.mean(waits_of(model_of(), "urgent_response") <= 2.0 / 24.0)
    assert within > 0.7  # the published standard; 91 per cent in baseline_capacity


def test_every_arrival_is_served_turned_away_gone_or_waiting() -> None:
    model = model_of()
    for service in (*SLOTS, *PLACES):
        own = {
            metric: series(model, service, "all", metric)
            for metric in ("arrivals", "served", "turned_away", "gave_up", "gone")
        }
        left = own["arrivals"] - sum(own.values()) + own["arrivals"]
        waiting = [
            float(month["value"][place][0])
            for month in model.record.series
            if (
                place := (month["service"] == service)
                & (month["role"] == "all")
                & (month["metric"] == "queue_end")
            ).any()
        ]
        at_start = waiting[-1] - left  # those of the warm-up who waited on day 0
        assert 0 <= at_start <= own["arrivals"] / 4 + 20, service
    checks = model.services.community.check()
    assert checks["arrivals"] == checks["served"] + checks["gone"] + checks["waiting"] > 0


def test_capacity_that_changes_within_a_month_counts_for_the_days_it_lasts() -> None:
    spec = small_run(place="tilbury", population=4000, seed=7)
    model = CareModel(spec, SHELF.world_of(spec))
    month = next(day for day in range(1, 40) if model.calendar.month(day) > 0)
    model.env.run(until=20)
    model.services.community.change(
        {"community_nursing.capacity_factor": 2.5, "virtual_ward.capacity_factor": 0.0}
    )
    model.env.run(until=month + 1)
    more = (20 + (month - 20) * 2.5) / month
    for service, share in (("community_nursing", more), ("virtual_ward", 20 / month)):
        usual = series(model_of(), service, "all", "capacity") * month / 365
        changed = series(model, service, "all", "capacity")
        assert changed == pytest.approx(share * usual, rel=1e-6), service


def test_every_light_service_is_in_the_vocabulary_and_tells_its_wait() -> None:
    for name, light in {**SLOTS, **PLACES}.items():
        assert name in SERVICES
        assert name in WAITS
        assert light.activity in ACTIVITY


# ---- routes ----


def test_a_route_that_is_shut_sends_nobody_and_one_that_is_added_sends_some() -> None:
    shut = model_of(("routes.gp.overflow.ed", 0.0), ("routes.gp.overflow.utc", 0.12))
    assert series(model_of(), "ed", "gp.overflow", "routed") > 0
    assert series(shut, "ed", "gp.overflow", "routed") == 0
    assert series(shut, "utc", "gp.overflow", "routed") > 0
    assert total(shut, "ae_from_gp_wait") == 0


def test_shares_of_the_practice_are_those_of_the_table() -> None:
    model = model_of()
    routes = {route.key: route.share for route in load_routes(Evidence(EVIDENCE))}
    unmet = total(model, "gp_unmet")
    for to in ("ed", "nhs111", "pharmacy", "gp", "extended_access"):
        sent = series(model, to, "gp.overflow", "routed")
        assert sent / unmet == pytest.approx(routes[f"gp.overflow.{to}"], abs=0.04), to


def test_faults_of_routes_are_refused_all_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        load_routes(
            Evidence(EVIDENCE),
            {
                "gp.overflow.atlantis": 0.1,
                "gp.overflow.utc": 0.9,
                "utc.overflow.ed": 1.5,
                "nhs111.tells.ed": 0.2,
                "nonsense": 0.1,
            },
        )
    told = " ".join(f"{fault.key} {fault.found}" for fault in bad.value.faults)
    for part in ("nowhere (atlantis)", "add up to", "1.5", "moves nobody", "nonsense no route"):
        assert part in told, told


def test_the_share_of_a_route_has_one_home() -> None:
    evidence = Evidence(EVIDENCE)
    changed = Evidence(EVIDENCE, {"care_settings.practice.leak.ed": 0.2})
    shares = {route.key: route.share for route in load_routes(evidence)}
    for row in evidence.rows("referral_routes"):
        assert shares[row["key"]] == float(row["value"]), row["key"]
    moved = {route.key: route.share for route in load_routes(changed)}
    assert moved["gp.overflow.ed"] == 0.2


def test_the_network_reaches_every_light_service() -> None:
    routes = load_routes(Evidence(EVIDENCE))
    reached = {end for route in routes for end in (route.origin, route.to)}
    assert set(SLOTS) | set(PLACES) <= reached
    assert {route.does for route in routes} == set(DOES)


# ---- theory ----

FLAT = np.linspace(0.0, 1.0, 25)[None, :]


def slotted_waits(rate: float, load: float, days: int, seed: int) -> float:
    """Return the mean wait (in slots) for slots every 1/rate days at a load of arrivals."""
    random = np.random.default_rng(seed)
    calendar = Calendar(date(2025, 4, 1), days // 365)
    slots = Slots(
        calendar,
        Hours(by_hour=FLAT, every_day=np.array([True])),
        np.zeros(1),
        np.full(1, 100.0),
        np.array([rate * 365.0]),
    )
    waits = []
    for day in range(days):
        n = random.poisson(rate * load)
        asked = day + np.sort(random.random(n))
        none = np.zeros(n, np.int64)
        due, _ = slots.pass_day(day, contacts_of(none, none, none.astype(np.uint64), asked))
        waits.append(due["at"] - due["asked"])
    slots.diary.check(float(days))
    return float(np.concatenate(waits).mean() * rate)


@pytest.mark.parametrize("load", [0.5, 0.8, 0.9])
def test_slots_wait_as_the_slotted_queue_does(load: float) -> None:
    runs = np.array([slotted_waits(37.0, load, 730, seed) for seed in range(20)])
    theory = load / (2.0 * (1.0 - load)) + 0.5  # M/D/1 with a gate: the next slot is half away
    error = runs.std(ddof=1) / np.sqrt(len(runs))
    assert abs(runs.mean() - theory) < 2.86 * error


def test_patience_keeps_waits_below_it_and_loses_nobody() -> None:
    calendar = Calendar(date(2025, 4, 1), 1)
    slots = Slots(
        calendar,
        Hours(by_hour=np.vstack([FLAT, FLAT]), every_day=np.array([True, False])),
        np.array([0.0, 3.0]),
        np.array([2.0, 5.0]),
        np.array([365.0 * 2, 260.0]),
    )
    random = np.random.default_rng(1)
    left = 0
    for day in range(200):
        service = np.sort(random.integers(0, 2, 8))
        asked = day + random.random(8)
        order = np.lexsort((asked, service))
        zero = np.zeros(8, np.int64)
        asking = contacts_of(service, zero, zero.astype(np.uint64), asked[order])
        due, elsewhere = slots.pass_day(day, asking)
        left += len(elsewhere)
        waits = due["at"] - due["asked"]
        assert (waits >= np.array([0.0, 3.0])[due["service"]] - 1e-9).all()
        assert (waits <= np.array([2.0, 8.0])[due["service"]]).all()
        weekdays = [calendar.is_working(int(at)) for at in due["at"][due["service"] == 1]]
        assert all(weekdays)
    slots.diary.check(200.0)
    assert left > 500


def test_who_dies_frees_the_place_for_the_next() -> None:
    places = Places(1)
    first = Stay(1, 0, 0.5, 100.0, 99.0)
    second = Stay(2, 0, 1.5, 100.0, 99.0)
    assert places.pass_until(2.0, [first, second]).began == [first]
    places.leave(1, 2.0)
    assert places.pass_until(3.0, []).began == [second]
    places.leave(2, 3.0)
    assert (places.in_use, places.waiting) == (0, 0)
    places.check()


def test_a_spec_with_a_wrong_route_is_refused() -> None:
    spec = model_of().spec
    with pytest.raises(BadInput, match="nowhere"):
        CareModel(replace(spec, settings={"routes.gp.refers.moon": 0.1}))
