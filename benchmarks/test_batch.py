"""What a batch costs beside its runs, and whether it stays small.

``pytest benchmarks/test_batch.py -s``; prints ratios, and fails only where one is far off, for
a busy machine moves them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.batch import Batch, Run
from experiments.progress import Progress
from tests.fake_simulation import FakeSpec, fake_runs, fake_work

ROOT = Path(__file__).resolve().parent.parent
SLEEP = 2.0  # seconds of each fake run
RUN = 10.0  # seconds of a run, of which the batch may cost a small share


def sleeping(count: int, seconds: float) -> list[Run]:
    """Return runs that sleep, so that others on the machine do not count."""
    specs = {
        f"run{n}": FakeSpec(("usual-care", "proactive")[n % 2], n // 2, seconds=seconds)
        for n in range(count)
    }
    return fake_runs(count, **specs)


def seconds_of(folder: Path, count: int, seconds: float, workers: int) -> float:
    """Return how long a batch takes."""
    folder.mkdir()
    began = time.perf_counter()
    runs = sleeping(count, seconds)
    result = Batch(
        runs=runs, folder=folder, work=fake_work, workers=workers, progress=Progress(None)
    ).do()
    assert len(result.ended) == count
    return time.perf_counter() - began


def test_overhead_of_a_ten_second_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Time between the runs of one worker, its start shared by ten runs."""
    few = seconds_of(tmp_path / "few", 2, SLEEP, 1)
    many = seconds_of(tmp_path / "many", 6, SLEEP, 1)
    each = (many - few) / 4 - SLEEP
    start = few - 2 * (SLEEP + each)
    share = (each + start / 10) / RUN
    with capsys.disabled():
        print(f"\neach run {each * 1e3:.0f} ms, start {start:.2f} s: {share:.2%} of {RUN:.0f} s")  # noqa: T201
    assert share < 0.1


def test_two_workers_against_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Compare what eight more runs take, so that starting the processes does not count."""
    more = {}
    for workers in (1, 2):
        few = seconds_of(tmp_path / f"few{workers}", 2, SLEEP, workers)
        many = seconds_of(tmp_path / f"many{workers}", 10, SLEEP, workers)
        more[workers] = many - few
    with capsys.disabled():
        print(f"\ntwo workers: {more[1] / more[2]:.2f} times one")  # noqa: T201
    assert more[1] / more[2] > 1.5


GROWTH = """
import resource, sys
from pathlib import Path
from experiments.batch import Batch
from experiments.progress import Progress
from tests.fake_simulation import fake_runs, fake_work
count, folder = int(sys.argv[1]), Path(sys.argv[2])
if __name__ == "__main__":
    folder.mkdir()
    Batch(runs=fake_runs(count), folder=folder, work=fake_work, workers=2,
          progress=Progress(None)).do()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
          resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def memory_of(tmp_path: Path, count: int) -> tuple[float, float]:
    """Return the most megabytes that the parent and that a worker of a batch used."""
    script = tmp_path / "growth.py"
    script.write_text(GROWTH)
    done = subprocess.run(
        [sys.executable, str(script), str(count), str(tmp_path / str(count))],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    parent, worker = (int(part) / 1024 for part in done.stdout.split())
    return parent, worker


def test_memory_does_not_grow_with_the_number_of_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few, many = memory_of(tmp_path, 20), memory_of(tmp_path, 1000)
    with capsys.disabled():
        print(f"\nparent {few[0]:.1f} -> {many[0]:.1f} MB, worker {few[1]:.1f} -> {many[1]:.1f} MB")  # noqa: T201
    assert many[0] - few[0] < 20
    assert many[1] - few[1] < 20
