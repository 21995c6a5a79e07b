"""Clocks that are set, folders sealed half way, files of others: what is finished is kept."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import experiments.reporting as reporting
import experiments.running as running
from experiments import program
from experiments.cli import answer
from experiments.running import run_experiment
from sim.spec import RunSpec
from tests.fake_simulation import fake_simulate, same_program
from tests.small_disk import small_disk
from tests.test_kills import FAKE, RUNS, complete, only_tables, tables

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX file systems")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let this process run invented runs, whose numbers stand for their tables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "run_experiment", partial(run_experiment, work=fake_simulate))
    monkeypatch.setattr(reporting, "tables_and_report", lambda folder, prices=None: None)
    monkeypatch.setattr(program, "program_digest", same_program)
    return tmp_path


def numbers(folder: Path) -> dict[Path, bytes]:
    """Return the bytes of every finished run's person-years and waits."""
    files = sorted(folder.glob("runs/place=*/**/*.parquet"))
    return {path.relative_to(folder): path.read_bytes() for path in files}


def stopping(spec: RunSpec, folder: Path) -> None:
    """Do every run but those of one design, as a disk does that is full."""
    if spec.design.name == "proactive-mltc":
        raise OSError(30, "Read-only file system")
    fake_simulate(spec, folder)


# ------------------------------------------------------------------ the clock


def set_by(monkeypatch: pytest.MonkeyPatch, change: timedelta) -> None:
    """Set the computer's date by ``change`` after it has been asked once."""

    class Set(datetime):
        asked = 0

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            cls.asked += 1
            return datetime.now(tz) + (change if cls.asked > 1 else timedelta())

    monkeypatch.setattr(running, "datetime", Set)


@pytest.mark.parametrize("days", [-400, 400], ids=["set back", "set forward"])
def test_a_clock_that_is_set_meanwhile_changes_no_run_and_no_length_of_time(
    here: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    assert answer(["run", *FAKE, "--out", "whole", "--workers", "1"]) == 0
    set_by(monkeypatch, timedelta(days=days))
    assert answer(["run", *FAKE, "--out", "set", "--workers", "1"]) == 0
    assert numbers(here / "set") == numbers(here / "whole")
    manifest = json.loads((here / "set" / "manifest.json").read_text())
    started, ended = (datetime.fromisoformat(manifest[name]) for name in ("started", "ended"))
    assert timedelta() <= ended - started < timedelta(hours=1)


def test_runs_dated_in_the_future_are_finished_runs(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(["run", *FAKE, "--out", "whole", "--workers", "1"]) == 0
    before = numbers(here / "whole")
    for path in (here / "whole").rglob("*"):
        os.utime(path, (4e9, 4e9))  # the year 2096
    capsys.readouterr()
    assert answer(["resume", "whole"]) == 0
    assert f"{RUNS} of them finished before" in capsys.readouterr().err
    assert numbers(here / "whole") == before


# ------------------------------------------------------------------ folders that are sealed


@posix
def test_a_disk_that_is_sealed_half_way_keeps_what_is_done_and_says_how_to_go_on(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "run_experiment", partial(run_experiment, work=stopping))
    assert answer(["run", *FAKE, "--out", "sealed", "--workers", "1"]) == 1
    told = capsys.readouterr().err
    assert "read-only file system" in told.lower()
    assert "Traceback" not in told
    assert "carepath resume sealed" in told
    had = complete(here / "sealed")
    assert 0 < had < RUNS
    monkeypatch.setattr(running, "run_experiment", partial(run_experiment, work=fake_simulate))
    assert answer(["resume", "sealed"]) == 0
    assert answer(["run", *FAKE, "--out", "whole"]) == 0
    assert numbers(here / "sealed") == numbers(here / "whole")


@posix
def test_a_finished_folder_on_a_sealed_disk_is_read_and_never_touched(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = here / "small"
    with small_disk(small, "50m") as mounted_again:
        folder = small / "done"
        assert answer(["run", *FAKE, "--out", str(folder), "--workers", "1"]) == 0
        before = numbers(folder)
        mounted_again("ro")
        capsys.readouterr()
        assert answer(["resume", str(folder)]) != 0
        told = capsys.readouterr().err
        assert "read-only file system" in told.lower()
        assert "Traceback" not in told
        assert (complete(folder), numbers(folder)) == (RUNS, before)


# ------------------------------------------------------------------ files of others


def test_files_of_others_are_named_and_resume_makes_their_runs_again(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reporting, "tables_and_report", only_tables)
    assert answer(["run", *FAKE, "--out", "whole", "--workers", "1"]) == 0
    before, runs = tables(here / "whole"), numbers(here / "whole")
    foreign, cut, other = (
        sorted((here / "whole").rglob(f"{name}.parquet"))[place]
        for place, name in ((1, "person_years"), (2, "series"), (4, "waits"))
    )
    pq.write_table(pa.table({"colour": ["red"], "person": [1]}), foreign)
    cut.write_bytes(cut.read_bytes()[:-20])
    other.write_bytes(b"a,b\n1,2\n")
    capsys.readouterr()
    assert answer(["report", "whole"]) == 2
    told = capsys.readouterr().err
    assert ".parquet" in told
    assert "carepath resume" in told
    assert "Traceback" not in told
    assert tables(here / "whole") == before
    monkeypatch.setattr(reporting, "tables_and_report", lambda folder, prices=None: None)
    assert answer(["resume", "whole"]) == 0
    assert f"{RUNS - 3} of them finished before" in capsys.readouterr().err
    assert numbers(here / "whole") == runs
