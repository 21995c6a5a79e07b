"""Hours of staff behind community services: posts, sickness, vacancies and what they cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.evidence import Evidence
from benchmarks.whole_model import USUAL, spec_of
from pathways.ledger import Ledger
from pathways.vocabulary import HOURS
from pathways.workforce import STAFF, Workforce
from sim.model import CareModel

EVIDENCE = Evidence(Path(__file__).parents[1] / "calibration" / "evidence")
ON = {"structure.workload": 1.0}


def number(key: str) -> float:
    return EVIDENCE.value("staff", key=key)


def units(capacity: float, used: float) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(STAFF, (capacity, used))


def test_at_usual_vacancies_and_sickness_capacity_is_the_places_own() -> None:
    staff = Workforce(EVIDENCE, {})
    assert all(staff.factor(name) == pytest.approx(1.0) for name in STAFF)
    assert staff.factor("pharmacy") == 1.0


def test_the_role_of_which_most_is_missing_decides() -> None:
    staff = Workforce(EVIDENCE, {"virtual_ward.sickness_factor": 3.0})
    nurse, doctor = (number(f"{kind}.sickness") for kind in ("nurse", "doctor"))
    short = (1.0 - 3.0 * nurse) / (1.0 - nurse)
    assert staff.factor("virtual_ward") == pytest.approx(short)
    assert short < (1.0 - 3.0 * doctor) / (1.0 - doctor)
    assert staff.factor("end_of_life") == pytest.approx(1.0)


def test_vacancies_cut_capacity_and_quicker_recruitment_gives_it_back() -> None:
    more = Workforce(EVIDENCE, {"community_nursing.vacancy_factor": 2.0})
    assert more.factor("community_nursing") == pytest.approx(
        (1.0 - 2.0 * number("nurse.vacancy")) / (1.0 - number("nurse.vacancy"))
    )
    quick = Workforce(EVIDENCE, {"case_management.recruitment_factor": 0.5})
    saved = number("nurse.turnover") * number("nurse.recruitment_lag") / 365.0 * 0.5
    assert quick.factor("case_management") == pytest.approx(
        1.0 + saved / (1.0 - number("nurse.vacancy"))
    )
    nobody = Workforce(EVIDENCE, {"community_nursing.vacancy_factor": 20.0})
    assert nobody.factor("community_nursing") == 0.0


def test_a_visit_takes_hours_of_several_roles_at_once() -> None:
    staff, ledger = Workforce(EVIDENCE, {}), Ledger(1, on=True)
    staff.settle(ledger, units(100.0, 80.0))
    month = ledger.take_month()
    for service, roles in STAFF.items():
        for role in roles:
            each = number(f"{service}.hours.{role}")
            assert month[service, HOURS + role, "used"] == pytest.approx(80.0 * each)
            assert month[service, HOURS + role, "capacity"] == pytest.approx(100.0 * each)


def test_a_role_that_is_not_scarce_has_hours_to_spare() -> None:
    staff, ledger = Workforce(EVIDENCE, {"virtual_ward.sickness_factor": 3.0}), Ledger(1, on=True)
    staff.settle(ledger, units(100.0, 100.0))
    month = ledger.take_month()
    use = [
        month["virtual_ward", HOURS + role, "used"]
        / month["virtual_ward", HOURS + role, "capacity"]
        for role in ("virtual-ward nurse", "doctor")
    ]
    assert use[0] == pytest.approx(1.0)
    assert use[1] < 0.95


def test_heavy_work_empties_posts_only_where_a_structure_says_so() -> None:
    usual, on = Workforce(EVIDENCE, {}), Workforce(EVIDENCE, ON)
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
