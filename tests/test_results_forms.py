"""The reporting forms are whole, filled from the run, and take what only people can say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.faults import BadInput
from results.report import build_report
from results.report_blocks import Table
from results.report_forms import UNSTATED, form_tables
from results.report_reading import read_report_data
from tests.fake_tables import write_fake_tables

# Husereau and others 2022 (CHEERS): 28 items. Grimm and others 2020 (ODD): 7 elements.
CHEERS_ITEMS, ODD_ELEMENTS = 28, 7
# Monks and others 2019: the sections of STRESS-DES and STRESS-ABS.
STRESS_SECTIONS = {"1", "2", "3", "4", "5", "6"}


def forms(folder: Path) -> dict[str, Table]:
    tables = form_tables(read_report_data(folder), "The headline", "4 runs", "9 numbers.")
    return dict(zip(("stress", "odd", "cheers"), tables, strict=True))


def text(table: Table, number: str) -> str:
    return next(row[1] for row in table.rows if row[0].split(" ")[0] == number)


def test_forms_have_every_item(tmp_path: Path) -> None:
    found = forms(write_fake_tables(tmp_path))
    assert len(found["cheers"].rows) == CHEERS_ITEMS
    assert [row[0].split(" ")[0] for row in found["cheers"].rows] == [
        str(number) for number in range(1, CHEERS_ITEMS + 1)
    ]
    assert len(found["odd"].rows) == ODD_ELEMENTS
    assert {row[0].split(".")[0] for row in found["stress"].rows} == STRESS_SECTIONS


def test_no_place_is_left_unfilled_and_the_run_fills_them(tmp_path: Path) -> None:
    found = forms(write_fake_tables(tmp_path))
    every = [row[1] for table in found.values() for row in table.rows]
    assert not any(re.search(r"[{}]", told) for told in every)
    assert all(every)
    assert "seed (2025)" in text(found["stress"], "5.2")
    assert text(found["cheers"], "23") == "The headline"
    assert "320,000 residents of Southwark" in text(found["cheers"], "5")
    assert "4 runs" in text(found["stress"], "4.3")


def test_what_nobody_stated_is_said_to_be_missing_and_not_made_up(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    unstated = [row[0].split(" ")[0] for row in forms(folder)["cheers"].rows if row[1] == UNSTATED]
    assert unstated == ["3", "21", "25", "27", "28"]
    own = '[cheers]\n27 = "Funded by <b>the board</b>."\n[stress]\n"6.1" = "On our own site."\n'
    (folder / "reporting.toml").write_text(own, encoding="utf-8")
    found = forms(folder)
    assert text(found["cheers"], "27") == "Funded by <b>the board</b>."
    assert text(found["stress"], "6.1") == "On our own site."
    page = build_report(folder).read_text(encoding="utf-8")
    assert "Funded by &lt;b&gt;the board" in page


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ('[cheers]\n29 = "x"\n', "cheers.29"),
        ('[chers]\n27 = "x"\n', "chers"),
        ("[cheers]\n27 = 3\n", "cheers.27"),
        ("[cheers\n", "TOML"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_with_what_to_write(
    tmp_path: Path, own: str, found: str
) -> None:
    folder = write_fake_tables(tmp_path)
    (folder / "reporting.toml").write_text(own, encoding="utf-8")
    with pytest.raises(BadInput, match=found):
        forms(folder)
