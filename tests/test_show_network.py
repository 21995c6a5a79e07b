"""The network shown and drawn, a run's flows along it, its services, and its event log."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import calibration
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.settings import check_settings
from experiments.show import shown
from experiments.show_figures import figure_shown
from pathways.referrals import load_routes
from results.eventlog import PM4PY, event_log
from results.flows import flow_table
from results.resources import resource_sheet
from results.service_table import service_lines, service_table
from results.sheets import Sheet
from results.store import find_runs
from sim import simulate, write_run
from tests.small_runs import small_run

CALIBRATION = Path(calibration.__file__).parent
START = date(2025, 4, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an experiment folder with one run of a year, with its events."""
    spec = small_run(place="tilbury", population=800, start=START, seed=3, keep_events=True)
    where = tmp_path_factory.mktemp("experiment")
    run = where / "runs/place=tilbury/design=usual-care/effects=none/draw=0000/replication=0000"
    run.parent.mkdir(parents=True)
    write_run(simulate(spec), run)
    return where


def test_every_route_is_shown_with_its_share_and_source() -> None:
    lines = "\n".join(shown("network", "routes"))
    for route in load_routes(Evidence(CALIBRATION / "evidence")):
        assert f"{route.key} = {route.share:g}" in lines
    assert "[assumption]" in lines


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_the_network_is_drawn_with_and_without_a_run(
    folder: Path, tmp_path: Path, ending: str
) -> None:
    for name in ("routes", str(folder)):
        file = tmp_path / f"network{ending}"
        figure_shown("network", name, file, cohort=None, residents=None)
        assert file.stat().st_size > 10_000
        file.unlink()


def test_flows_add_up_to_arrivals(folder: Path) -> None:
    (run,) = find_runs(folder)
    table, series = flow_table([run]), run.series()
    arrivals = series[(series["service"] == "pharmacy") & (series["metric"] == "arrivals")]
    to = table[(table["to"] == "pharmacy") & (table["does"] != "tells")]
    assert to["people_per_year"].sum() == pytest.approx(arrivals["value"].sum() * run.scale)
    assert set(table["does"]) >= {"", "refers", "overflow", "tells"}
    assert (table["people_per_year"] > 0).all()


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no complete run"):
        shown("network", str(tmp_path))
    with pytest.raises(BadInput, match="a run folder with tables"):
        shown("services", str(tmp_path))


def test_every_service_has_capacity_use_and_waits_by_fifth(folder: Path) -> None:
    (run,) = find_runs(folder)
    sheet: Sheet = resource_sheet(run, run.series(), run.waits())
    resources = sheet.keys.assign(effects="none", **sheet.numbers)
    table = service_table(resources)
    nursing: Any = table.set_index(["service", "role"]).loc[("community_nursing", "all"), :]
    assert nursing["capacity"] > nursing["used"] > 0
    assert nursing["p90_wait_days"] >= nursing["median_wait_days"] > 0
    assert nursing["p90_wait_days_imd_1"] > 0
    assert not table["role"].str.contains("overflow").any()
    lines = service_lines(table)
    assert len(lines) == len(table) + 1
    longest = "hours: mental-health practitioner of the whole neighbourhood"
    wide = service_lines(table.assign(role=longest, capacity=1e13))
    assert all(f"{longest}  10,000,000,000,000  " in line for line in wide[1:])


def test_the_event_log_keeps_who_waited_from_when(folder: Path) -> None:
    run = next(folder.rglob("events.parquet")).parent
    log = event_log(run, START)
    assert list(log.columns[:3]) == list(PM4PY)
    assert pd.api.types.is_datetime64_any_dtype(log["time:timestamp"])
    assert all(isinstance(case, str) for case in log["case:concept:name"])
    assert log.groupby("person")["day"].is_monotonic_increasing.all()
    nursing = log[log["service"] == "community_nursing"]
    seen, joined = (nursing[nursing["event"] == event] for event in ("seen", "waits"))
    assert len(seen) == len(joined) > 0
    with pytest.raises(BadInput, match="--keep events"):
        event_log(folder, START)


def test_a_wrong_route_in_a_file_is_refused_beside_other_faults() -> None:
    faults = check_settings(
        {"routes.gp.overflow.moon": 0.1, "gp.capacity": 2, "routes.utc.overflow.ed": 2.0}, "x.toml"
    )
    assert len(faults) == 3
    assert check_settings({"routes.gp.overflow.utc": 0.1}, "x.toml") == []
