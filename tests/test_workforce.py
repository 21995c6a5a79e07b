"""Hours of staff behind community services: posts, sickness, vacancies and what they cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agents.evidence import Evidence
from benchmarks.whole_model import USUAL, spec_of
from experiments.places import load_place
from pathways.ledger import Ledger
from pathways.place_days import PlaceDays
from pathways.vocabulary import HOURS
from pathways.workforce import MEETING, STAFF, Workforce
from sim.model import CareModel

EVIDENCE = Evidence(Path(__file__).parents[1] / "calibration" / "evidence")
PLACE = load_place("england", EVIDENCE)
ON = {"structure.workload": 1.0}


def number(key: str) -> float:
    return EVIDENCE.value("staff", key=key)


def staff(settings: Mapping[str, float] | None = None) -> Workforce:
    return Workforce(EVIDENCE, settings or {}, PLACE.capacity)


def per_case(role: str) -> float:
    """Return the hours of a role that a case takes: an hour a meeting of eight, say."""
    hours = {"care coordinator": 3.0, "geriatrician": 0.5}.get(role, 1.0)
    return hours / EVIDENCE.value("team_settings", key="mdt.cases")


def units(capacity: float, used: float) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(STAFF, (capacity, used))


def test_at_usual_vacancies_and_sickness_capacity_is_the_places_own() -> None:
    team = staff()
    assert all(team.factor(name) == pytest.approx(1.0) for name in STAFF)
    assert team.factor("pharmacy") == 1.0


def test_the_role_of_which_most_is_missing_decides() -> None:
    team = staff({"virtual_ward.sickness_factor": 3.0})
    nurse, doctor = (number(f"{kind}.sickness") for kind in ("nurse", "doctor"))
    short = (1.0 - 3.0 * nurse) / (1.0 - nurse)
    assert team.factor("virtual_ward") == pytest.approx(short)
    assert short < (1.0 - 3.0 * doctor) / (1.0 - doctor)
    assert team.factor("end_of_life") == pytest.approx(1.0)


def test_vacancies_cut_capacity_and_quicker_recruitment_gives_it_back() -> None:
    more = staff({"community_nursing.vacancy_factor": 2.0})
    assert more.factor("community_nursing") == pytest.approx(
        (1.0 - 2.0 * number("nurse.vacancy")) / (1.0 - number("nurse.vacancy"))
    )
    quick = staff({"case_management.recruitment_factor": 0.5})
    saved = number("nurse.turnover") * number("nurse.recruitment_lag") / 365.0 * 0.5
    assert quick.factor("case_management") == pytest.approx(
        1.0 + saved / (1.0 - number("nurse.vacancy"))
    )
    nobody = staff({"community_nursing.vacancy_factor": 20.0})
    assert nobody.factor("community_nursing") == 0.0


def test_a_visit_takes_hours_of_several_roles_at_once() -> None:
    team, ledger = staff(), Ledger(1, on=True)
    team.settle(ledger, units(100.0, 80.0))
    month = ledger.take_month()
    for service, roles in STAFF.items():
        for role in roles:
            each = per_case(role) if service == MEETING else number(f"{service}.hours.{role}")
            assert month[service, HOURS + role, "used"] == pytest.approx(80.0 * each)
            assert month[service, HOURS + role, "capacity"] == pytest.approx(100.0 * each)


def test_a_role_that_is_not_scarce_has_hours_to_spare() -> None:
    team, ledger = staff({"virtual_ward.sickness_factor": 3.0}), Ledger(1, on=True)
    team.settle(ledger, units(100.0, 100.0))
    month = ledger.take_month()
    use = [
        month["virtual_ward", HOURS + role, "used"]
        / month["virtual_ward", HOURS + role, "capacity"]
        for role in ("virtual-ward nurse", "doctor")
    ]
    assert use[0] == pytest.approx(1.0)
    assert use[1] < 0.95


def test_heavy_work_empties_posts_only_where_a_structure_says_so() -> None:
    usual, on = staff(), staff(ON)
    for _ in range(12):
        assert not usual.settle(Ledger(1), units(100.0, 99.0))
        on.settle(Ledger(1), units(100.0, 99.0))
    assert usual.factor("community_nursing") == pytest.approx(1.0)
    lost = 1.0 - on.factor("community_nursing")
    assert lost == pytest.approx(0.02 * 0.5 / (1.0 - number("nurse.vacancy")), rel=0.1)
    changed = [on.settle(Ledger(1), units(100.0, 50.0)) for _ in range(7)]
    assert changed == [True] * 6 + [False]  # the posts of half a year are filled again
    assert on.factor("community_nursing") == pytest.approx(1.0)


# ---- in the model ----


def totals(**settings: float) -> dict[tuple[str, str, str], float]:
    named = {name.replace("__", "."): value for name, value in settings.items()}
    spec = replace(spec_of(USUAL, people=2_000, years=1), settings=named)
    found: dict[tuple[str, str, str], float] = {}
    for part in CareModel(spec).run_to_end().series:
        keys = zip(part["service"], part["role"], part["metric"], strict=True)
        for key, value in zip(keys, part["value"].tolist(), strict=True):
            found[key] = found.get(key, 0.0) + value
    return found


def test_vacancies_of_a_service_cut_what_it_does_and_its_hours_in_a_run() -> None:
    usual = totals()
    short = totals(community_nursing__vacancy_factor=6.0, vcse__vacancy_factor=6.0)
    for service in STAFF:
        for role in STAFF[service]:
            held, used = (usual[service, HOURS + role, m] for m in ("capacity", "used"))
            assert held > 0.0
            assert used <= 1.15 * held  # residents may have more than their share of places
    assert short["community_nursing", "all", "served"] < usual["community_nursing", "all", "served"]
    left = (1.0 - 6.0 * number("nurse.vacancy")) / (1.0 - number("nurse.vacancy"))
    for role in STAFF["community_nursing"]:
        key = ("community_nursing", HOURS + role, "used")
        assert short[key] <= usual[key]
    capacity = ("community_nursing", "all", "capacity")
    scarcest = min(left, 1.0)
    assert short[capacity] / usual[capacity] == pytest.approx(scarcest, rel=0.03)
    workers = ("vcse", HOURS + "link worker", "used")
    assert short[workers] < usual[workers]


def test_sickness_and_vacancies_of_the_team_meeting_cut_the_cases_it_takes() -> None:
    usual, short = totals(), totals(mdt__sickness_factor=8.0, mdt__vacancy_factor=3.0)
    cases = ("mdt", "cases", "capacity")
    lost = {
        kind: (1.0 - 3.0 * number(f"{kind}.vacancy"))
        * (1.0 - 8.0 * number(f"{kind}.sickness"))
        / (1.0 - number(f"{kind}.vacancy"))
        / (1.0 - number(f"{kind}.sickness"))
        for kind in set(STAFF[MEETING].values())
    }
    scarcest = min(lost, key=lambda kind: lost[kind])
    assert short[cases] / usual[cases] == pytest.approx(lost[scarcest], rel=0.03)
    for role, kind in STAFF[MEETING].items():
        held, used = (short["mdt", HOURS + role, metric] for metric in ("capacity", "used"))
        assert held / short[cases] == pytest.approx(per_case(role) * lost[kind] / lost[scarcest])
        assert used <= held
    assert short["mdt", "cases", "served"] <= usual["mdt", "cases", "served"]


# ---- hours that nobody has ----


def test_places_may_stay_taken_when_they_close_but_no_new_ones_be_given() -> None:
    days = PlaceDays("vcse", 10, 0.0)
    days.passed(30.0, 300.0, 10, 10)
    days.opened(4)
    days.passed(60.0, 290.0, 8, 4)  # those who are kept leave one by one
    days.passed(90.0, 200.0, 5, 4)
    days.check()
    days.passed(120.0, 130.0, 6, 4)
    with pytest.raises(RuntimeError, match="more hours used than held: vcse"):
        days.check()


@pytest.mark.parametrize("used", [301.0, 500.0])
def test_more_days_than_places_are_hours_that_nobody_has(used: float) -> None:
    days = PlaceDays("reablement", 10, 0.0)
    days.passed(30.0, used, 10, 10)
    with pytest.raises(RuntimeError, match="reablement gave"):
        days.check()


@pytest.mark.parametrize("which", ["reablement", "link workers", "coordinators"])
def test_a_run_fails_where_more_people_are_kept_than_staff_have_hours_for(which: str) -> None:
    model = CareModel(spec_of(USUAL, people=2_000, years=1))
    services = model.services
    if which == "reablement":
        place = services.community.places[which]
        place.own_days += 31.0 * place.places  # as if twice as many had been kept
    else:
        caseload = services.link_workers if which == "link workers" else services.coordinators
        caseload.places._occupied_time += 1e6
    services.settle()
    with pytest.raises(RuntimeError, match="more hours used than held"):
        services.checks()
