"""What a record packs and counts, against the plainest way to do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pathways.ledger import STEPS_PER_DAY, Ledger
from sim.recording import Pressed, RunRecord, packed, wait_counts, write_run


@pytest.mark.parametrize("width", [0, 1, 8, 24, 31, 32])
def test_flags_are_packed_with_the_first_in_the_lowest_bit(width: int) -> None:
    flags = np.random.default_rng(width).random((50, width)) < 0.4
    expected = [sum(1 << bit for bit in range(width) if row[bit]) for row in flags]
    assert packed(flags).tolist() == expected
    assert packed(flags[:0]).tolist() == []


def columns(year: int, people: int) -> dict[str, npt.NDArray[Any]]:
    """Return person-years of ``year``, of several kinds of numbers."""
    chance = np.random.default_rng(year)
    return {
        "person": np.arange(people),
        "year": np.full(people, year, np.int16),
        "died": chance.random(people) < 0.1,
        "gp": chance.poisson(0.2, people).astype(np.float32),
    }


def test_many_person_years_are_kept_pressed_and_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two records of the same years, one of them pressed, make the same file to the byte."""
    files = {}
    for name, above in (("plain", 10_000), ("pressed", 500)):
        monkeypatch.setattr("sim.recording.PRESSED_ABOVE", above)
        record = RunRecord()
        for year, people in ((1, 1000), (2, 400), (3, 0)):
            record.keep_year(columns(year, people))
        assert isinstance(record.person_years[0], Pressed) == (name == "pressed")
        assert not isinstance(record.person_years[1], Pressed)
        write_run(record, tmp_path / name)
        files[name] = tmp_path / name / "person_years.parquet"
    table = pq.read_table(files["plain"]).to_pandas()
    whole = pd.concat([pd.DataFrame(columns(1, 1000)), pd.DataFrame(columns(2, 400))])
    pd.testing.assert_frame_equal(table, whole.reset_index(drop=True))
    assert files["plain"].read_bytes() == files["pressed"].read_bytes()


def test_a_record_of_nobody_is_written(tmp_path: Path) -> None:
    record = RunRecord()
    record.keep_year(columns(1, 0))
    write_run(record, tmp_path / "empty")
    assert pq.read_table(tmp_path / "empty" / "person_years.parquet").num_rows == 0


def test_waits_are_counted_by_fifth_to_the_quarter_of_an_hour() -> None:
    ledger = Ledger(6, on=True)
    fifths = np.array([1, 2, 3, 4, 5, 1], np.int8)
    rows = np.array([0, 5, 5, 3, 0])
    ledger.wait("gp", rows, np.array([2.0, 2.0, 0.0, 400.25, -1.0]))
    (table,) = wait_counts(ledger, _People(fifths), 3)  # type: ignore[arg-type]
    found = zip(table["imd_quintile"], table["wait_days"], table["count"], strict=True)
    assert [tuple(map(float, row)) for row in found] == [(1, 0, 2), (1, 2, 2), (4, 400.25, 1)]
    assert STEPS_PER_DAY * 0.25 == 24
    assert wait_counts(ledger, _People(fifths), 3) == []  # type: ignore[arg-type]


class _People:
    def __init__(self, fifths: npt.NDArray[np.int8]) -> None:
        self.imd_quintile = fifths
