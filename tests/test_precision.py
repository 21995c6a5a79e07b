"""Rounds of replications until an interval is as narrow as asked."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import experiments.reporting as reporting
import experiments.running as running
from agents.faults import BadInput
from experiments import program
from experiments.cli import answer
from experiments.precision import Wish, more, wish_of
from experiments.reading import interval_of
from results.figures.precision import title
from results.measures import MEASURES
from tests.points_fakes import fake_at_point, one_thread

ASK = ("run", "--population", "300", "--years", "1")


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "program_digest", lambda: "0123456789abcdef")
    monkeypatch.setattr(reporting, "tables_and_report", lambda folder, prices=None: None)
    monkeypatch.setattr(
        running,
        "run_experiment",
        partial(running.run_experiment, work=fake_at_point, engine=one_thread),
    )
    return tmp_path


def sequence(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / "precision.csv")


def test_rounds_go_on_until_the_interval_is_narrow_enough(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = (*ASK, "--precision", "emergency_admissions=60%", "--least", "3", "--out", "wide")
    assert answer(list(wide)) == 0
    first = sequence(faked / "wide")
    assert list(first["replications"]) == [2, 3]
    assert first["met"].iloc[-1] == "yes"
    asked = first["half_width_share"].iloc[-1] * 0.75
    narrow = (*ASK, "--precision", f"emergency_admissions={asked:.6f}", "--least", "3")
    assert answer([*narrow, "--out", "narrow"]) == 0
    table = sequence(faked / "narrow")
    assert table["replications"].max() > 3
    assert table["met"].iloc[-1] == "yes"
    assert "of the baseline's level after" in capsys.readouterr().err
    assert (faked / "narrow" / "figures" / "precision.svg").is_file()
    before = {path: path.read_bytes() for path in (faked / "narrow").rglob("run.json")}
    (faked / "narrow" / "tables" / "precision.csv").unlink()
    assert answer(["resume", "narrow"]) == 0
    assert sequence(faked / "narrow").equals(table)
    assert {path: path.read_bytes() for path in (faked / "narrow").rglob("run.json")} == before


def test_the_most_that_was_allowed_is_the_end(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--precision", "emergency_admissions=0.01%", "--least", "2", "--most", "4")
    assert answer([*ASK, *asked, "--out", "x"]) == 0
    assert sequence(faked / "x")["replications"].max() == 4
    assert "not reached with at most 4" in capsys.readouterr().err
    wish = json.loads((faked / "x" / "precision.json").read_text())
    assert (wish["measure"], wish["share"]) == ("emergency_admissions", pytest.approx(0.0001))


@pytest.mark.parametrize(
    "wrong",
    [
        ("--precision", "emergency_admission=5%"),
        ("--precision", "emergency_admissions=five"),
        ("--precision", "emergency_admissions"),
        ("--precision", "deaths=5%", "--least", "9", "--most", "3"),
        ("--precision", "deaths=5%", "--replications", "3"),
        ("--precision", "deaths=5%", "--shard", "1/2"),
        ("--precision", "deaths=5%", "--uncertainty", "psa"),
    ],
)
def test_a_wrong_wish_is_told_and_nothing_is_run(
    faked: Path, wrong: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer([*ASK, *wrong]) == 2
    assert "command line" in capsys.readouterr().err
    assert not list(faked.rglob("run.json"))


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(BadInput) as told:
        wish_of("emergency_admission=5%", None, None, list(MEASURES))
    assert "emergency_admissions" in str(told.value.faults[0])


def test_the_next_round_is_what_the_wish_should_need() -> None:
    wish = Wish(measure="deaths", share=0.05, least=5, most=50)
    assert more(10, 0.06, wish) == 15
    assert more(10, 0.0501, wish) == 11
    assert more(10, 0.5, wish) == 20
    assert more(40, 0.5, wish) == 50


def test_the_interval_is_students() -> None:
    values = np.array([1.0, 4.0, 2.0, 8.0])
    held = interval_of(values)
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (held.low, held.high) == pytest.approx((low, high))
    assert np.isnan(interval_of([1.0]).half)


def test_the_figure_says_whether_the_wish_was_met() -> None:
    table = pd.DataFrame(
        {"replications": [2, 3], "met": ["no", "yes"], "measure": ["bed_days"] * 2}
    )
    assert (
        title(table, 0.05)
        == "Bed days in hospital: after 3 replications the interval is as narrow as asked"
    )
    assert "is not" in title(table.assign(met="no"), 0.05)
