"""Evidence: one number for one question, remembered, replaceable, and never half read."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.evidence import Evidence, Figure
from agents.faults import BadInput

BEDS = """service,role,value,low,high,unit,source,basis,note
beds,nurse,6.5,5,8,FTE,a study,read,by day
beds,porter,2,,,FTE,a plan,assumption,
ed,nurse,9,,,FTE,a study,read,
"""
Write = Callable[..., Evidence]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes tables into a folder and opens it as evidence."""

    def written(*, replaced: dict[str, float] | None = None, **tables: str) -> Evidence:
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return Evidence(tmp_path, replaced or {})

    return written


def test_a_number_comes_with_its_range_unit_source_and_basis(write: Write) -> None:
    figure = write(staff=BEDS).figure("staff", service="beds", role="nurse")

    assert figure == Figure(
        key="staff.beds.nurse",
        value=6.5,
        low=5.0,
        high=8.0,
        unit="FTE",
        source="a study",
        basis="read",
        note="by day",
    )


def test_a_range_that_was_not_published_is_none_and_not_zero(write: Write) -> None:
    figure = write(staff=BEDS).figure("staff", role="porter")

    assert (figure.low, figure.high) == (None, None)


@pytest.mark.parametrize(
    ("where", "found"), [({"service": "beds"}, "2 rows"), ({"service": "cafe"}, "0 rows")]
)
def test_a_question_must_have_exactly_one_answer(
    write: Write, where: dict[str, str], found: str
) -> None:
    evidence = write(staff=BEDS)

    with pytest.raises(BadInput) as bad:
        evidence.value("staff", **where)

    (fault,) = bad.value.faults
    assert (fault.where, fault.found) == ("staff.csv", found)
    assert fault.allowed == "exactly one row"
    assert evidence.used == {}


def test_a_misspelt_table_or_column_is_told_the_nearest_name(write: Write) -> None:
    evidence = write(staff=BEDS)

    with pytest.raises(BadInput, match="use staff"):
        evidence.rows("stafff")
    with pytest.raises(BadInput, match="use service") as bad:
        evidence.rows("staff", servise="beds", rolle="nurse")
    assert [fault.key for fault in bad.value.faults] == ["servise", "rolle"]


def test_an_empty_folder_says_that_it_holds_no_table(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such table"):
        Evidence(tmp_path / "nowhere").value("staff", role="nurse")


def test_every_number_asked_for_is_remembered_and_no_other(write: Write) -> None:
    evidence = write(staff=BEDS)

    evidence.value("staff", role="porter")
    evidence.figures("staff", service="ed")
    evidence.rows("staff")  # reading text uses no number

    assert list(evidence.used) == ["staff.beds.porter", "staff.ed.nurse"]


def test_a_replaced_number_keeps_its_range_and_is_remembered_as_replaced(write: Write) -> None:
    evidence = write(staff=BEDS, replaced={"staff.beds.nurse": 7.25})

    figures = evidence.figures("staff", service="beds")

    assert [figure.value for figure in figures] == [7.25, 2.0]
    assert (figures[0].low, figures[0].high) == (5.0, 8.0)
    assert evidence.used["staff.beds.nurse"].value == 7.25


def test_two_readers_of_one_folder_do_not_share_what_they_replace_or_use(write: Write) -> None:
    plain, changed = write(staff=BEDS), write(replaced={"staff.beds.nurse": 1.0})

    assert changed.value("staff", service="beds", role="nurse") == 1.0
    assert plain.value("staff", service="beds", role="nurse") == 6.5
    assert plain.used["staff.beds.nurse"].value == 6.5


@pytest.mark.parametrize("column", ["value", "coefficient", "per_10000", "value_gbp", "rate"])
def test_the_number_may_stand_in_any_of_the_known_columns(write: Write, column: str) -> None:
    evidence = write(table=f"item,{column},unit,source,basis\ntea,3,cup,us,assumption\n")

    assert evidence.figure("table", item="tea").key == "table.tea"
    assert evidence.value("table", item="tea") == 3.0


def test_a_table_with_an_identity_column_is_named_by_it_alone(write: Write) -> None:
    evidence = write(table="key,role,value,unit,source,basis\na.b,check,3,cup,us,assumption\n")

    assert evidence.keys("table") == ["table.a.b"]


def test_rows_that_the_naming_columns_do_not_tell_apart_still_have_keys_of_their_own(
    write: Write,
) -> None:
    evidence = write(
        table="item,value,source\ntea,3,us\ntea,4,them\ncake,1,us\n", replaced={"table.tea#2": 9}
    )

    assert evidence.keys("table") == ["table.tea", "table.tea#2", "table.cake"]
    assert [figure.value for figure in evidence.figures("table", item="tea")] == [3.0, 9.0]


def test_all_bad_numbers_are_reported_at_once(write: Write) -> None:
    evidence = write(table="item,value,low,high\na,x,,\nb,1,low,\nc,nan,,\nd,2,1,3\ne,,,inf\n")

    with pytest.raises(BadInput) as bad:
        evidence.figures("table")

    assert [(fault.key, fault.found) for fault in bad.value.faults] == [
        ("table.a: value", "'x'"),
        ("table.b: low", "'low'"),
        ("table.c: value", "'nan'"),
        ("table.e: value", "''"),
        ("table.e: high", "'inf'"),
    ]
    assert evidence.used == {}
    assert evidence.value("table", item="d") == 2.0


def test_a_row_with_too_many_or_too_few_cells_is_refused_with_its_place(write: Write) -> None:
    evidence = write(table="item,value\ntea,3\ncake, 4, 5\nbun\n")

    with pytest.raises(BadInput) as bad:
        evidence.rows("table")

    assert [(fault.where, fault.key) for fault in bad.value.faults] == [
        ("table.csv", "row 3"),
        ("table.csv", "row 4"),
    ]


def test_a_table_saved_by_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    text = BEDS.replace("\n", "\r\n")
    (tmp_path / "staff.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert Evidence(tmp_path).value("staff", service="ed", role="nurse") == 9.0


def test_evidence_survives_being_sent_to_a_worker(evidence: Evidence) -> None:
    evidence.value("starting_parameters", key="frailty.global.log_sd")
    sent = pickle.loads(pickle.dumps(evidence))

    assert sent == evidence
    assert sent.value("starting_parameters", key="frailty.global.log_sd") > 0


# --- the program's own tables ---------------------------------------------------------------


def tables(root: Path) -> list[Path]:
    return sorted((root / "calibration" / "evidence").glob("*.csv"))


def test_every_number_of_every_table_has_one_key(root: Path, evidence: Evidence) -> None:
    keys = [key for path in tables(root) for key in evidence.keys(path.stem)]

    assert len(keys) > 10_000
    assert len(keys) == len(set(keys))


def test_every_table_says_where_each_row_comes_from(root: Path) -> None:
    """The four kinds of knowledge that a reader is told of, and no blank."""
    for path in tables(root):
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), 2):
                assert row["source"].strip(), f"{path.name}:{number} has no source"
                assert row["basis"] in {"read", "derived", "recalled", "assumption"}, (
                    f"{path.name}:{number} has basis {row['basis']!r}"
                )


def test_no_range_lies_beside_its_value(root: Path, evidence: Evidence) -> None:
    beside = []
    for path in tables(root):
        for row in evidence.rows(path.stem):
            texts = row.get("low"), row.get("value", row.get("coefficient")), row.get("high")
            if all(texts):
                low, value, high = (float(text) for text in texts if text)
                if not low <= value <= high:
                    beside.append(f"{path.name}: {row}")
    assert not beside


def test_a_number_asked_for_again_is_the_same_and_counts_as_used(tmp_path: Path) -> None:
    (tmp_path / "clock.csv").write_text("key,value\nwarm_up,3\n", encoding="utf-8")
    evidence = Evidence(tmp_path, {"clock.warm_up": 7.0})
    first = evidence.figure("clock", key="warm_up")
    evidence.used.clear()
    assert evidence.figure("clock", key="warm_up") == first
    assert first.value == 7.0
    assert list(evidence.used) == ["clock.warm_up"]
    assert Evidence(tmp_path).value("clock", key="warm_up") == 3.0
