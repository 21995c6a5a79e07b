"""What tables and a report cost: processor time a run record, and whether it grows as runs do.

``pytest benchmarks/test_report.py -s`` writes invented runs of three designs and reads them;
``CAREPATH_RUN=DIR`` measures a run folder of yours instead (it is copied, its runs are linked).
Seconds are processor time of one process; ``carepath report`` shares the reading among cores.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from results.report import build_report
from results.store import find_runs
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment

PEOPLE, YEARS = 2000, 5
DESIGNS = (("a", "published"), ("b", "published"))
FEW, MANY = 2, 8  # replications


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Run records read, and seconds of processor time for tables and for the report."""

    runs: int
    tables: float
    report: float


def cost(folder: Path) -> Cost:
    """Return what tables and report of a folder cost."""
    began = time.process_time()
    build_tables(folder)
    read = time.process_time()
    build_report(folder)
    ended = time.process_time()
    return Cost(runs=len(find_runs(folder)), tables=read - began, report=ended - read)


def told(cost: Cost) -> str:
    each = cost.tables / cost.runs
    return (
        f"{cost.runs} runs: tables {cost.tables:.1f} s ({each:.2f} s a run), "
        f"report {cost.report:.1f} s"
    )


def test_tables_grow_as_runs_do_and_the_report_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for replications in (FEW, MANY):
        fake = Fake(population=PEOPLE, years=YEARS, replications=replications, designs=DESIGNS)
        found.append(cost(write_fake_experiment(tmp_path / str(replications), fake)))
    with capsys.disabled():
        print("\n" + "\n".join(told(one) for one in found))  # noqa: T201
    few, many = found
    assert many.runs == few.runs * MANY // FEW
    assert many.tables / few.tables < 1.5 * MANY / FEW
    assert many.report < 2.0 * few.report


@pytest.mark.skipif("CAREPATH_RUN" not in os.environ, reason="CAREPATH_RUN names no folder")
def test_a_run_folder_of_yours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    yours = Path(os.environ["CAREPATH_RUN"]).resolve()
    for name in ("experiment.toml", "manifest.json"):
        shutil.copy(yours / name, tmp_path / name)
    (tmp_path / "runs").symlink_to(yours / "runs")
    with capsys.disabled():
        print("\n" + told(cost(tmp_path)))  # noqa: T201
