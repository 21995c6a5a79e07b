"""What happens when capacity is cut: direction and shape, over several lots of luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.model import simulate
from sim.recording import RunRecord
from tests.test_model import spec_of

SEEDS = (11, 12)
pytestmark = pytest.mark.slow


def runs(population: int = 1500, **settings: float) -> list[RunRecord]:
    usual = replace(spec_of("usual-care", "none"), population=population, years=1)
    named = {name.replace("__", "."): value for name, value in settings.items()}
    return [simulate(replace(usual, seed=seed, settings=named)) for seed in SEEDS]


def totals(records: list[RunRecord], name: str) -> np.ndarray:
    return np.array([sum(year[name].sum() for year in run.person_years) for run in records])


def mean_wait(record: RunRecord, service: str) -> float:
    tables = [table for table in record.waits if len(table["service"])]
    chosen = [np.asarray(table["service"]) == service for table in tables]
    days = np.concatenate([t["wait_days"][c] for t, c in zip(tables, chosen, strict=True)])
    count = np.concatenate([t["count"][c] for t, c in zip(tables, chosen, strict=True)])
    return float(np.average(days, weights=count))


@pytest.fixture(scope="module")
def usual() -> list[RunRecord]:
    return runs()


def test_fewer_practice_slots_make_longer_waits_and_more_visits_to_ae(
    usual: list[RunRecord],
) -> None:
    fewer = runs(gp__capacity_factor=0.85)
    pairs = zip(usual, fewer, strict=True)
    assert all(mean_wait(less, "gp") > mean_wait(more, "gp") + 1.0 for more, less in pairs)
    assert (totals(fewer, "ae_from_gp_wait") > 2 * totals(usual, "ae_from_gp_wait")).all()
    assert (totals(fewer, "ae_attendances") > totals(usual, "ae_attendances")).all()


def test_without_practice_slots_nobody_is_seen_and_people_go_elsewhere(
    usual: list[RunRecord],
) -> None:
    none = runs(gp__capacity_factor=0.0)
    assert (totals(none, "gp_contacts_gp") == 0).all()
    assert (totals(none, "ae_from_gp_wait") > 20 * totals(usual, "ae_from_gp_wait")).all()
    assert (totals(none, "nhs111_calls") > totals(usual, "nhs111_calls")).all()


def counted(records: list[RunRecord], service: str, metric: str) -> np.ndarray:
    def of_month(month: dict[str, np.ndarray]) -> float:
        mine = (month["service"] == service) & (month["metric"] == metric)
        return float(month["value"][mine].sum())

    return np.array([sum(map(of_month, run.series)) for run in records])


def test_beds_cut_mean_delays_and_operations_put_off_and_nobody_lost() -> None:
    # Half of what 12,000 people own of a pool of 77 beds, of which others use the rest.
    usual, fewer = runs(12_000), runs(12_000, beds__capacity_factor=0.5)
    put_off = [counted(some, "elective", "put_off").sum() for some in (usual, fewer)]
    assert put_off[1] > 1.5 * put_off[0]
    pairs = zip(usual, fewer, strict=True)
    assert all(mean_wait(less, "beds") > 1.5 * mean_wait(more, "beds") for more, less in pairs)
    assert (totals(fewer, "ae_over_12_hours") > totals(usual, "ae_over_12_hours")).all()
    # They are admitted all the same; who is in hospital longer cannot come again meanwhile.
    assert totals(fewer, "emergency_admissions") == pytest.approx(
        totals(usual, "emergency_admissions"), rel=0.04
    )
    operated = totals(fewer, "elective_admissions") / totals(usual, "elective_admissions")
    assert operated == pytest.approx(1.0, abs=0.1)
