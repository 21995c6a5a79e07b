"""Every place of an experiment side by side in the report."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from pathlib import Path

import pandas as pd
import pytest

from results.report_data import ReportData
from results.report_places import TOGETHER, place_rows, places_block
from results.report_reading import read_report_data
from tests.fake_tables import FakeTables, write_fake_tables


def compared(data: ReportData, differences: dict[str, tuple[float, float]]) -> ReportData:
    """Return ``data`` with the given places: 1,000 admissions of 10,000 people in each."""
    (option, *_) = data.designs
    rows = pd.DataFrame(
        [
            {
                "place": place,
                "design": option.key,
                "effects": option.effects,
                "measure": data.main_measure,
                "baseline_mean": 1_000.0,
                "baseline_per_1000": 100.0,
                "difference": mean,
                "difference_low": mean - half,
                "difference_high": mean + half,
                "difference_per_1000": mean / 10.0,
                "difference_per_1000_low": (mean - half) / 10.0,
                "difference_per_1000_high": (mean + half) / 10.0,
            }
            for place, (mean, half) in differences.items()
        ]
    )
    names = {place: place.capitalize() for place in differences}
    return replace(
        data,
        places=tuple(differences),
        designs=(option,),
        across={"comparison": rows},
        names=names,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    folder = tmp_path_factory.mktemp("places")
    write_fake_tables(folder, FakeTables())
    return read_report_data(Path(folder))


def test_places_stand_in_the_order_in_which_the_experiment_names_them(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path, FakeTables())
    for table in ("comparison", "outcomes"):
        path = folder / "tables" / f"{table}.csv"
        own = pd.read_csv(path, keep_default_na=False)
        other = own.assign(place="lambeth")  # before Southwark in the alphabet, and in the table
        pd.concat([other, own]).to_csv(path, index=False)
    assert read_report_data(folder).place == "southwark"
    file = folder / "experiment.toml"
    text = file.read_text(encoding="utf-8")
    named = 'place = ["somewhere/southwark.toml", "nowhere", "lambeth"]'
    file.write_text(text.replace('place = "southwark"', named), encoding="utf-8")
    data = read_report_data(folder)
    assert data.places == ("southwark", "lambeth")
    rows = [row.place for row in place_rows(data)]
    assert rows == [TOGETHER, data.names["southwark"], data.names["lambeth"]]


def test_one_place_has_nothing_to_be_set_beside(data: ReportData) -> None:
    assert places_block(data) is None


def test_all_together_adds_differences_and_their_chances_worked_by_hand(data: ReportData) -> None:
    """-30 (half 20) and -10 (half 40) of 10,000 people each: -20 a 10,000, half sqrt(500)."""
    rows = place_rows(compared(data, {"north": (-30.0, 20.0), "south": (-10.0, 40.0)}))
    assert [row.place for row in rows] == [TOGETHER, "North", "South"]
    together, north, _ = (row.change for row in rows)
    half = sqrt(20.0**2 + 40.0**2) / 2.0
    assert together.mean == pytest.approx(-20.0)
    assert (together.low, together.high) == pytest.approx((-20.0 - half, -20.0 + half))
    assert together.baseline == pytest.approx(1_000.0)
    assert (north.mean, north.low, north.high) == pytest.approx((-30.0, -50.0, -10.0))


def test_the_claim_counts_places_where_the_interval_leaves_out_no_change(
    data: ReportData,
) -> None:
    block = places_block(compared(data, {"north": (-30.0, 20.0), "south": (-10.0, 40.0)}))
    assert block is not None
    assert block.claim.startswith("Of two places, emergency admissions clearly: A fewer in one")
    assert block.table is not None
    assert len(block.table.rows) == 3
    none = places_block(compared(data, {"north": (1.0, 20.0), "south": (-10.0, 40.0)}))
    assert none is not None
    assert none.claim == "No design clearly changes emergency admissions in any of two places"


def test_one_run_in_each_place_claims_nothing(data: ReportData) -> None:
    unknown = {"north": (-30.0, float("nan")), "south": (-10.0, float("nan"))}
    block = places_block(compared(data, unknown))
    assert block is not None
    assert block.missing
    assert "clearly" not in block.claim
    assert not block.panels
