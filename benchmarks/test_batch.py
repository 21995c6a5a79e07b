"""Whether a batch stays small however many runs it has.

``pytest benchmarks/test_batch.py -s`` (``test_workers.py`` has what it costs in time).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
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
