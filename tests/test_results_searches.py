"""What searches found stands in the report, where the folder holds their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest

from results.figures.believe import told
from results.report_data import ReportData
from results.report_reading import read_report_data
from results.report_searches import (
    believe_block,
    binding_block,
    drivers,
    precision_block,
    sensitivity_block,
    variance_block,
)
from tests.fake_tables import FakeTables, write_fake_tables

ARM = {"place": "southwark", "design": "proactive-mltc", "effects": "published"}
BELIEVED = ARM | {
    "measure": "emergency_admissions",
    "year": "all",
    "target": -0.0973,
    "relative": "yes",
    "varied": "demand.emergency_admission",
    "needed": -0.71,
    "needed_low": -0.9,
    "needed_high": -0.6,
    "reached": "yes",
    "published_low": -0.2,
    "published_high": -0.05,
    "verdict": "beyond every study found",
}
POINT = {key: BELIEVED[key] for key in (*ARM, "measure", "year", "target", "relative", "varied")}
INPUT = ARM | {
    "method": "oneway",
    "measure": "net_qalys",
    "unit": "QALYs",
    "low": "0.1",
    "high": "0.4",
    "centre_result": 5.0,
    "turns_sign": "no",
}
BOUND = ARM | {
    "factor": 1.1,
    "unit_added": "team meetings a year",
    "units_added": 6.15,
    "measure": "mdt_wait_days",
    "unit": "days",
    "difference": -3.0,
    "difference_low": -4.0,
    "difference_high": -2.0,
}


def found(tmp_path: Path, **tables: Sequence[Mapping[str, object]]) -> ReportData:
    """Return a report's data with the tables of searches beside the others."""
    folder = write_fake_tables(tmp_path, FakeTables(years=3))
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / "tables" / f"{name}.csv", index=False)
    return read_report_data(folder)


def test_nothing_is_drawn_that_nobody_searched_for(tmp_path: Path) -> None:
    data = found(tmp_path)
    for block in (believe_block, sensitivity_block, precision_block, variance_block, binding_block):
        assert block(data) is None
    assert drivers(data) == []


def test_what_would_have_to_be_believed_stands_with_its_range_and_verdict(tmp_path: Path) -> None:
    scan = [
        POINT | {"size": size, "difference": size / 7, "low": size / 7 - 0.01, "high": size / 7}
        for size in (0.0, -0.4, -0.8)
    ]
    block = believe_block(found(tmp_path, believe=[BELIEVED], believe_scan=scan))
    assert block is not None
    assert block.panels
    assert "−9.73%" in block.claim
    assert "-" not in block.claim.split(":", 1)[1].replace("emergency-", "")
    assert block.aside is not None
    (row,) = block.aside.rows
    assert row[0] == "A"
    assert row[-1] == "beyond every study found"
    assert row[3:5] == ("−71% (−90 to −60%)", "−20 to −5%")
    assert "needs −71%" in block.claim
    assert block.table is not None
    assert len(block.table.rows) == 3


@pytest.mark.parametrize(
    ("measure", "target", "words", "point"),
    [
        ("ed_within_4_hours", 0.05, "+5 percentage points", "+4.0 percentage points"),
        ("outpatient_wait_days", 5.0, "+5 days", "+4.0 days"),
        ("emergency_admissions", 5.0, "+5 needs", "+4.0"),
        ("net_cash", 0.0, "Net cash 0 needs", "+0.040"),
    ],
)
def test_an_absolute_target_is_told_in_the_unit_of_its_measure(
    tmp_path: Path, measure: str, target: float, words: str, point: str
) -> None:
    own = {"measure": measure, "target": target, "relative": "no"}
    at = 0.8 * (target or 0.05)
    scan = [
        POINT | own | {"size": size, "difference": at, "low": 0.75 * at, "high": 1.25 * at}
        for size in (0.0, -0.4)
    ]
    block = believe_block(found(tmp_path, believe=[BELIEVED | own], believe_scan=scan))
    assert block is not None
    assert words in block.claim
    assert block.aside is not None
    assert words.removesuffix(" needs").split("cash ")[-1] in block.aside.rows[0][1]
    assert block.table is not None
    assert block.table.rows[0][4] == point


def test_sizes_are_told_in_the_unit_of_what_is_varied() -> None:
    assert told("coverage", 1.45) == "1.4 times the design’s own"
    assert told("cost", 0.5, 0.7) == "0.5 to 0.7 times the design’s own"
    assert told("plan.demand.ae", -0.085) == "−8.5%"
    assert told("blood_pressure", -3.2, 1.0) == "−3.2 to +1"


def test_only_inputs_whose_swing_is_clear_are_said_to_matter(tmp_path: Path) -> None:
    rows = [
        INPUT
        | {"input": name, "low_result": 5 - half, "high_result": 5 + half, "swing": 2 * half}
        | {"swing_low": 2 * half - slack, "swing_high": 2 * half + slack}
        for name, half, slack in (("bed price", 4.0, 1.0), ("uptake", 9.0, 30.0), ("MDT", 1.0, 0.5))
    ]
    data = found(tmp_path, sensitivity=rows)
    assert drivers(data) == ["bed price", "MDT"]
    block = sensitivity_block(data)
    assert block is not None
    assert block.panels
    assert block.table is not None
    assert [row[0] for row in block.table.rows] == ["bed price", "uptake", "MDT"]


def test_the_sequence_of_replications_is_drawn(tmp_path: Path) -> None:
    rows = [
        ARM
        | {"measure": "emergency_admissions", "replications": n, "difference": -10.0}
        | {"difference_low": -10 - 20 / n, "difference_high": -10 + 20 / n}
        | {"half_width_share": 0.02 / n, "asked": 0.005, "met": "yes" if n > 4 else "no"}
        for n in (2, 4, 8)
    ]
    block = precision_block(found(tmp_path, precision=rows))
    assert block is not None
    assert "after 8 replications" in block.claim
    assert block.table is not None
    assert [row[1] for row in block.table.rows] == ["2", "4", "8"]


@pytest.mark.parametrize(("share", "told"), [(0.25, "25%"), (0.8, "80%")])
def test_variance_is_split_in_chance_and_knowledge(tmp_path: Path, share: float, told: str) -> None:
    rows = [
        ARM
        | {"measure": measure, "unit": "x", "discounted": less, "draws": 100, "replications": 2}
        | {"share_chance": share, "share_knowledge": 1 - share}
        for measure in ("emergency_admissions", "qalys", "bed_days")
        for less in ("no", "yes")
    ]
    block = variance_block(found(tmp_path, variance=rows))
    assert block is not None
    assert told in block.claim
    assert block.aside is not None
    assert [row[0] for row in block.aside.rows] == ["Emergency admissions", "Healthy life (QALYs)"]


def test_only_capacities_that_clearly_bind_are_named(tmp_path: Path) -> None:
    rows = [BOUND | {"service": "mdt", "clear": "yes"}, BOUND | {"service": "beds", "clear": "no"}]
    block = binding_block(found(tmp_path, binding=rows))
    assert block is not None
    assert "team meetings" in block.claim
    assert "beds" not in block.claim
    none = binding_block(found(tmp_path, binding=[BOUND | {"service": "mdt", "clear": "no"}]))
    assert none is not None
    assert none.claim.startswith("More of no single capacity")
    assert none.aside is None
