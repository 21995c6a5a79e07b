"""Two calibrated places side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agents.faults import BadInput
from calibration.matching.places import larger, main, side_by_side


def folder(to: Path, place: str, centre: dict[str, float], **told: object) -> Path:
    """Write what a calibration of ``place`` leaves, with posteriors of width 0.1."""
    (to / "tables").mkdir(parents=True)
    about = {"place": place, "finished": True, "evidence": "e", "base": "b", **told}
    (to / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    spread = np.linspace(-0.05, 0.05, 30)
    pd.DataFrame({key: value + spread for key, value in centre.items()}).to_csv(
        to / "tables" / "draws.csv", index=False
    )
    rows = [
        {"parameter": key, "name": key, "median": v, "low": v - 0.05, "high": v + 0.05}
        for key, v in centre.items()
    ]
    pd.DataFrame(rows).to_csv(to / "tables" / "parameters.csv", index=False)
    return to


def test_what_lies_apart_differs_and_what_overlaps_does_not(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "southwark", {"heart": 0.7, "mind": 0.9})
    two = folder(tmp_path / "two", "lambeth", {"heart": 0.9, "mind": 0.91})
    table = side_by_side(one, two).set_index("parameter")
    assert table["differs"].to_dict() == {"heart": "yes", "mind": "no"}
    assert table.loc["heart", "first_larger"] == 0.0
    assert table.loc["mind", "lambeth"] == 0.91
    assert table.loc["mind", "southwark low"] == pytest.approx(0.85)


def test_equal_draws_are_a_toss_up() -> None:
    assert larger(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0.5
    assert larger(np.array([3.0]), np.array([1.0, 4.0])) == 0.5


def test_folders_that_cannot_be_compared_are_refused_with_the_reason(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "southwark", {"heart": 0.7})
    other = folder(tmp_path / "two", "lambeth", {"heart": 0.9}, evidence="x", base="y")
    with pytest.raises(BadInput, match=r"(?s)same evidence.*same base"):
        side_by_side(one, other)
    with pytest.raises(BadInput, match="no finished calibration"):
        side_by_side(one, tmp_path / "none")
    unfinished = folder(tmp_path / "three", "lambeth", {"heart": 0.9}, finished=False)
    with pytest.raises(BadInput, match="no finished calibration"):
        side_by_side(one, unfinished)
    for name in ("parameters", "draws"):
        strange = folder(tmp_path / name, "bexley", {"heart": 0.7, "mind": 0.8})
        (strange / "tables" / f"{name}.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        with pytest.raises(BadInput, match=rf"{name}\.csv: found no column .*calibrate"):
            side_by_side(one, strange)
    (one / "tables" / "draws.csv").unlink()
    with pytest.raises(BadInput, match=r"draws\.csv"):
        side_by_side(one, one)


def test_parameters_that_one_place_alone_fitted_are_left_out(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "southwark", {"mind": 0.9, "heart": 0.7})
    two = folder(tmp_path / "two", "lambeth", {"heart": 0.9, "lungs": 1.0})
    for table in (side_by_side(one, two), side_by_side(two, one)):
        assert table["parameter"].tolist() == ["heart"]
        assert table["southwark"].tolist() == [0.7]
        assert table["lambeth"].tolist() == [0.9]
    other = folder(tmp_path / "three", "england", {"lungs": 0.9})
    with pytest.raises(BadInput, match="nothing in common"):
        side_by_side(one, other)


def test_a_few_draws_tell_no_difference(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "southwark", {"heart": 0.5})
    two = folder(tmp_path / "two", "lambeth", {"heart": 0.9})
    assert side_by_side(one, two)["differs"].tolist() == ["yes"]
    file = two / "tables" / "draws.csv"
    pd.read_csv(file)[:3].to_csv(file, index=False)
    assert side_by_side(one, two)["differs"].tolist() == ["too few draws"]


def test_one_place_fitted_twice_keeps_a_column_for_each_fit(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "southwark", {"heart": 0.7})
    two = folder(tmp_path / "two", "southwark", {"heart": 0.9})
    table = side_by_side(one, two)
    medians = [
        name for name in map(str, table) if name.startswith("southwark") and name.endswith(")")
    ]
    assert medians == [f"southwark ({one})", f"southwark ({two})"]
    assert table[medians].iloc[0].tolist() == [0.7, 0.9]


def test_the_command_prints_the_table_or_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = folder(tmp_path / "one", "southwark", {"heart": 0.7})
    two = folder(tmp_path / "two", "lambeth", {"heart": 0.9})
    assert main([str(one), str(two)]) == 0
    assert "first_larger" in capsys.readouterr().out
    for arguments in ([], [str(one)], [str(one), str(two), str(one)]):
        assert main(arguments) == 2
        assert "FOLDER FOLDER" in capsys.readouterr().err
    assert main([str(one), str(tmp_path / "none")]) == 2
    told = capsys.readouterr()
    assert "no finished calibration" in told.err
    assert "Traceback" not in told.err + told.out
