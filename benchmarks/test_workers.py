"""What doing runs in a batch costs beside the runs themselves, and what a second worker gives.

``pytest benchmarks/test_workers.py -s``, two to three minutes on an idle machine. The runs are
real ones, and every number is a ratio of times measured in the same batches: each run notes when
it begins and ends, so all else is the batch's; one and two workers do the same runs in turn, one,
two, two, one, so that a machine that slows down does so for both. Fails only where far off.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments.batch import Batch
from experiments.progress import Progress
from experiments.resolving import read_experiment
from experiments.running import planned_runs, simulate_and_write
from sim.spec import RunSpec

PEOPLE, YEARS, RUNS = 20_000, 5, 4  # runs of some ten seconds
TIMES = "CAREPATH_BENCHMARK_TIMES"  # a folder in which runs note their times, for the workers
RUN, BATCH = 10.0, 10  # the goal is of a run of ten seconds, in a batch of ten


def noting(spec: RunSpec, folder: Path) -> None:
    """Do a run and note when it began and ended, by the clock that all processes share."""
    began = time.monotonic()
    simulate_and_write(spec, folder)
    note = Path(os.environ[TIMES]) / f"{spec.replication}.json"
    note.write_text(json.dumps([began, time.monotonic()]), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When a batch began and ended, and when each of its runs did, in order of their beginning."""

    workers: int
    began: float
    ended: float
    runs: tuple[tuple[float, float], ...]

    @property
    def span(self) -> float:
        """Seconds from the first run's beginning to the last one's end."""
        return max(end for _, end in self.runs) - self.runs[0][0]

    @property
    def work(self) -> list[float]:
        """Seconds of each run that was not its process's first, which loads the program."""
        return [end - begin for begin, end in self.runs[self.workers :]]

    @property
    def between(self) -> float:
        """Mean seconds between the end of a run and the beginning of the next, of one worker."""
        gaps = [later[0] - run[1] for run, later in zip(self.runs, self.runs[1:], strict=False)]
        return sum(gaps) / len(gaps)

    @property
    def once(self) -> float:
        """Seconds before the first run and after the last, and what loading adds to the first."""
        loading = self.runs[0][1] - self.runs[0][0] - mean(self.work)
        return self.runs[0][0] - self.began + self.ended - self.runs[-1][1] + max(loading, 0.0)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def done(folder: Path, workers: int) -> Times:
    """Do the runs in a new folder and return their times."""
    experiment = read_experiment(
        "southwark",
        {"population": PEOPLE, "years": YEARS, "replications": RUNS, "designs": ["usual-care"]},
    )
    runs = [run for run in planned_runs(experiment) if run.key.effects == "none"]
    notes = folder / "times"
    notes.mkdir(parents=True)
    os.environ[TIMES] = str(notes)
    began = time.monotonic()
    batch = Batch(
        runs=runs, folder=folder, work=noting, workers=workers, progress=Progress(None)
    ).do()
    ended = time.monotonic()
    assert not batch.failed
    assert len(batch.ended) == RUNS
    found = sorted(tuple(json.loads(note.read_text())) for note in notes.iterdir())
    spans = tuple((begin, end) for begin, end in found)
    return Times(workers=workers, began=began, ended=ended, runs=spans)


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, list[Times]]]:
    """Give the times of one and of two workers, two batches each."""
    found: dict[int, list[Times]] = {1: [], 2: []}
    for number, workers in enumerate((1, 2, 2, 1)):
        folder = tmp_path_factory.mktemp(f"batch{number}")
        found[workers].append(done(folder, workers))
    yield found
    os.environ.pop(TIMES, None)


def test_what_a_batch_costs_beside_its_runs(
    batches: dict[int, list[Times]], capsys: pytest.CaptureFixture[str]
) -> None:
    each = mean([times.between for times in batches[1]])
    once = mean([times.once for times in batches[1]])
    work = mean([seconds for times in batches[1] for seconds in times.work])
    share = (each + once / BATCH) / RUN
    with capsys.disabled():
        print(  # noqa: T201
            f"\none worker, runs of {work:.1f} s: {each * 1e3:.0f} ms beside each "
            f"({each / RUN:.2%} of {RUN:.0f} s), {once:.1f} s once a batch; in a batch of "
            f"{BATCH}: {share:.2%}"
        )
    assert share < 0.1


def test_what_a_second_worker_gives(
    batches: dict[int, list[Times]], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (sum(times.span for times in batches[workers]) for workers in (1, 2))
    whole = [sum(times.ended - times.began for times in batches[workers]) for workers in (1, 2)]
    slower = mean([seconds for times in batches[2] for seconds in times.work]) / mean(
        [seconds for times in batches[1] for seconds in times.work]
    )
    with capsys.disabled():
        print(  # noqa: T201
            f"\ntwo workers: {one / two:.2f} times one ({whole[0] / whole[1]:.2f} with the start "
            f"of the processes, in batches of {RUNS} runs); side by side each run takes "
            f"{slower - 1:+.1%} of its time more"
        )
    assert one / two > 1.5
