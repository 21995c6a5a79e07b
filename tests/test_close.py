from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from calibration.close import close, mean_emergency_stay, mean_use, services, store
from experiments import close_demand
from pathways import rates
from pathways.demand import Demand
from sim.world import replaced_numbers
from tests.demand_fakes import EVIDENCE, england, evidence


def test_closing_gives_a_simulated_england_the_published_means_and_keeps_the_ratios() -> None:
    people, before = england(4_000), evidence()
    after = Evidence(EVIDENCE, close(people, before))
    for service, mean in mean_use(people, after).items():
        target = before.value(rates.TABLE, service=service, term="england_mean")
        assert mean == pytest.approx(target, rel=2e-4), service
        ratio = rates.service_rates(after, service) / rates.service_rates(before, service)
        assert np.ptp(ratio) < 1e-9 * ratio.max(), service
    assert mean_emergency_stay(people, after) == pytest.approx(7.4, rel=1e-4)


def test_closing_again_moves_nothing() -> None:
    people = england(2_000)
    once = close(people, evidence())
    assert close(people, Evidence(EVIDENCE, once)) == pytest.approx(once, abs=2e-4)


def test_every_service_that_is_drawn_or_expected_is_closed() -> None:
    closed = set(services(evidence()))
    assert set(Demand(england(20), evidence(), Luck(1), date(2025, 4, 1)).rate) <= closed | {
        "ed_attendance",
        "outpatient_first",
        "outpatient_follow_up",
    }


def test_a_run_reads_what_closing_stored(tmp_path: Path) -> None:
    found = close(england(500), evidence())
    store(found, tmp_path, {"people": 500})
    assert replaced_numbers(tmp_path, {}) == found
    key = next(iter(found))
    assert replaced_numbers(tmp_path, {key: 1.0})[key] == 1.0


def test_the_default_keeps_its_fitted_terms_when_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    term = "baseline_demand.ae_attendance.imd_quintile.1"
    default = tmp_path / "default"
    default.mkdir()
    store(
        {term: 0.5, "baseline_demand.emergency_stay.base.no LTC, age factor 1, fit": 5.0},
        default,
        {},
    )
    people = england(500)
    monkeypatch.setattr(close_demand, "DEFAULT", default)
    monkeypatch.setattr(close_demand, "ROUNDS", 0)
    monkeypatch.setattr(close_demand, "set_names", tuple)  # the shipped sets of places stay
    monkeypatch.setattr(DiseaseTables, "load", lambda folder: None)
    monkeypatch.setattr(close_demand, "people_of", lambda *_, **__: people)
    close_demand.main()
    found = replaced_numbers(default, {})
    assert found[term] == 0.5
    assert found == {term: 0.5} | close(people, Evidence(EVIDENCE, {term: 0.5}))
