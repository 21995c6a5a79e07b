"""A Dask cluster over TCP: the same bytes as here, and nothing finished is lost when it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

import experiments.engines as engines
from agents.faults import BadInput
from experiments.batch import Batch, Result, Run
from experiments.cli import answer
from experiments.engines import cluster
from experiments.program import program_digest
from experiments.progress import Progress
from tests.fake_simulation import FakeSpec, fake_runs, fake_work
from tests.test_batch import do, everything

ROOT = Path(__file__).parent.parent
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None or os.name == "nt",
    reason="the extra packages of requirements-cluster.lock are not installed",
)


@dataclass
class FakeCluster:
    """A Dask scheduler and two workers with one thread each, on this machine."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process and all that it started, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _dask(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[FakeCluster]:
    with two_workers_in(tmp_path) as made:
        yield made


@contextmanager
def two_workers_in(tmp_path: Path) -> Iterator[FakeCluster]:
    """Start a cluster whose files are below ``tmp_path``; kill it at the end."""
    file = tmp_path / "scheduler.json"
    scheduler = _dask(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", f"{file}"
    )
    workers: list[subprocess.Popen[bytes]] = []
    made = FakeCluster("", scheduler, workers)
    try:
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        made.address = json.loads(file.read_text())["address"]
        for _ in range(2):
            folder = tmp_path / f"worker{len(workers)}"
            options = ("--nthreads", "1", "--local-directory", str(folder))
            workers.append(_dask("worker", made.address, *options))
        yield made
    finally:
        for process in (*workers, scheduler):
            made.kill(process)


def on_cluster(
    address: str, runs: list[Run], folder: Path, said: list[str], program: str = ""
) -> Result:
    folder.mkdir(exist_ok=True)
    with cluster(address, program or program_digest(), said.append) as engine:
        return Batch(
            runs=runs, folder=folder, work=fake_work, workers=100, progress=Progress(None),
            engine=engine, noted=lambda ended: said.append(str(ended.key)),
        ).do()  # fmt: skip


def slow_runs(count: int, seconds: float) -> list[Run]:
    specs = {
        f"run{n}": FakeSpec(("usual-care", "proactive")[n % 2], n // 2, seconds=seconds)
        for n in range(count)
    }
    return fake_runs(count, **specs)


@needs_dask
def test_a_cluster_gives_the_same_bytes_also_when_a_worker_is_killed(
    tmp_path: Path, two_workers: FakeCluster
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    do(fake_runs(12), here)
    first = on_cluster(two_workers.address, fake_runs(2), there, [])
    assert len(first.ended) == 2
    assert not first.failed

    class Killing(list[str]):
        def append(self, said: str) -> None:
            if not self:  # one of the two dies as soon as a run is done
                two_workers.kill(two_workers.workers[0])
            super().append(said)

    rest = on_cluster(two_workers.address, slow_runs(12, 0.2), there, Killing())
    assert len(rest.ended) == 12
    assert not rest.failed
    assert not rest.cut_off
    assert everything(there) == everything(here)

    with pytest.raises(BadInput) as refused:
        on_cluster(two_workers.address, fake_runs(2), tmp_path / "new", [], program="another")
    assert "has another program" in str(refused.value)


@needs_dask
def test_a_killed_scheduler_stops_the_batch_and_loses_nothing(
    tmp_path: Path, two_workers: FakeCluster
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    do(fake_runs(12), here)
    ended = []

    class Killing(list[str]):
        def append(self, said: str) -> None:
            ended.append(said)
            if "replication" in said and len(ended) == 4:
                two_workers.kill(two_workers.scheduler)

    result = on_cluster(two_workers.address, slow_runs(12, 0.3), there, Killing())
    assert result.cut_off
    assert not result.failed
    assert 3 <= len(result.ended) < 12
    again = do(fake_runs(12), there)
    assert len(again.ended) == 12
    assert everything(there) == everything(here)


@needs_dask
def test_a_run_that_kills_every_worker_fails_alone(
    tmp_path: Path, two_workers: FakeCluster
) -> None:
    result = on_cluster(
        two_workers.address,
        fake_runs(6, run2=FakeSpec("usual-care", 1, "dies")),
        tmp_path / "a",
        [],
    )
    assert [ended.key.replication for ended in result.failed] == [1]
    assert "memory" in result.failed[0].error
    assert len(result.ended) == 6


@needs_dask
def test_a_cluster_that_has_lost_its_workers_says_so_and_goes_on_with_new_ones(
    tmp_path: Path, two_workers: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LOOKS_EVERY", 0.2)
    told: list[str] = []

    class Losing(list[str]):
        def append(self, said: str) -> None:
            told.append(said)
            if "replication" in said and not any("no workers" in one for one in told):
                for worker in two_workers.workers:
                    two_workers.kill(worker)
            if "no workers; the runs wait" in said:
                options = ("--nthreads", "1", "--local-directory", str(tmp_path / "third"))
                two_workers.workers.append(_dask("worker", two_workers.address, *options))

    result = on_cluster(two_workers.address, slow_runs(4, 0.2), tmp_path / "a", Losing())
    assert len(result.ended) == 4
    assert not result.failed
    assert any("workers again" in one for one in told)


@needs_dask
def test_an_address_that_does_not_answer_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "ANSWERS_WITHIN", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense://x", "tcp://", "foo", "tls://127.0.0.1:1", ""):
        code = answer(["run", "--scheduler", address, "--out", str(tmp_path / "out")])
        assert code == 2, address
        said = capsys.readouterr().err
        assert "--scheduler" in said
        assert address in said
        assert "dask scheduler" in said
    assert not (tmp_path / "out").exists()


@needs_dask
def test_nothing_follows_the_message_of_a_refused_address(tmp_path: Path) -> None:
    """Dask's client would complain at the very end of a program of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.cli", "run", "--scheduler", "foo", "--out", "out"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_without_dask_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(BadInput) as refused,
        cluster("tcp://127.0.0.1:1", "digest", lambda said: None),
    ):
        pass
    assert "requirements-cluster.lock" in str(refused.value)


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path: Path) -> None:
    from experiments.batch import perform

    ended = perform(fake_runs(1)[0], tmp_path / "elsewhere", fake_work)
    assert ended.status == "failed"
    assert "share the file system" in ended.error
    assert not (tmp_path / "elsewhere").exists()
