"""Kill -9 at random moments, memory and disks that run out: what was finished is never lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import experiments.reporting as reporting
import experiments.running as running
from experiments import program
from experiments.cli import answer
from experiments.progress import Progress
from experiments.resolving import read_experiment
from experiments.running import Options, run_experiment
from results.tables import build_tables
from sim.spec import RunSpec
from tests.fake_simulation import fake_simulate, same_program
from tests.small_disk import small_disk

ROOT = Path(__file__).parent.parent
posix = pytest.mark.skipif(os.name == "nt", reason="process groups")
FAKE = ("--population", "100", "--years", "1", "--replications", "4")
REAL = ("--population", "300", "--years", "1", "--replications", "2")
RUNS = 8  # of FAKE

SCRIPT = """
import sys
from functools import partial
import experiments.reporting as reporting
import experiments.running as running
from experiments import program
from experiments.cli import answer
from tests.fake_simulation import same_program
from tests.test_kills import only_tables, slowly
if sys.argv.pop(1) == "fake":
    running.run_experiment = partial(running.run_experiment, work=slowly)
program.program_digest = same_program
reporting.tables_and_report = only_tables
if __name__ == "__main__":
    sys.exit(answer(sys.argv[1:]))
"""


def only_tables(folder: Path, prices: Path | None = None) -> None:
    build_tables(folder, prices)
    (folder / "report.html").write_text("<p>a report</p>", encoding="utf-8")


def slowly(spec: RunSpec, folder: Path) -> None:
    time.sleep(0.1)
    fake_simulate(spec, folder)


def dying(spec: RunSpec, folder: Path) -> None:
    """End as a process that the system kills for its memory, in one run."""
    if spec.design.name == "proactive-mltc" and spec.replication == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    fake_simulate(spec, folder)


def wasteful(spec: RunSpec, folder: Path) -> None:
    """Ask for more memory than there is, in one run."""
    if spec.design.name == "proactive-mltc" and spec.replication == 1:
        bytearray(1 << 62)
    fake_simulate(spec, folder)


def started(tmp_path: Path, kind: str, *arguments: str, **how: Any) -> subprocess.Popen[str]:
    """Start the command line in processes of its own."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(script), kind, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def complete(folder: Path) -> int:
    """Count the runs that are done."""
    return len(list(folder.glob("runs/place=*/**/run.json")))


def tables(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all tables."""
    found = {path.name: path.read_bytes() for path in sorted((folder / "tables").glob("*.csv"))}
    assert len(found) > 5
    return found


def kill(process: subprocess.Popen[str]) -> None:
    """Kill everything that ``process`` started, and it, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def kill_when(process: subprocess.Popen[str], folder: Path, done: int, after: float) -> bool:
    """Kill when so many runs are done and a little later; False where it ended before."""
    until = time.monotonic() + 120
    while complete(folder) < done and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(after)
    ended = process.poll() is not None
    kill_or_wait = process.communicate if ended else partial(kill, process)
    kill_or_wait()
    return not ended


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let this process run invented runs and make only their tables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "run_experiment", partial(run_experiment, work=fake_simulate))
    monkeypatch.setattr(reporting, "tables_and_report", only_tables)
    monkeypatch.setattr(program, "program_digest", same_program)
    return tmp_path


@posix
@pytest.mark.parametrize(
    "kills", [3, pytest.param(20, marks=pytest.mark.slow)], ids=["3 kills", "20 kills"]
)
def test_after_kills_at_random_moments_the_tables_are_the_same_to_the_byte(
    faked: Path, kills: int
) -> None:
    assert answer(["run", *FAKE, "--out", "whole"]) == 0
    folder, chance = faked / "killed", random.Random(2025)
    moments = sorted(chance.uniform(0, RUNS + 1) for _ in range(kills))
    command: tuple[str, ...] = ("run", *FAKE, "--out", str(folder))
    killed = 0
    for moment in moments:
        process = started(faked, "fake", *command, "--workers", "2")
        killed += kill_when(process, folder, int(moment), chance.uniform(0, 0.3))
        if (folder / "experiment.toml").exists():
            command = ("resume", str(folder))
    assert killed >= kills - 1
    assert answer(["resume", str(folder)]) == 0
    assert tables(folder) == tables(faked / "whole")
    assert not list(folder.rglob(".tmp-*"))


@posix
@pytest.mark.slow
def test_after_a_kill_the_simulator_itself_gives_the_same_tables(faked: Path) -> None:
    whole, folder = faked / "whole", faked / "killed"
    for out in (whole, folder):
        process = started(faked, "real", "run", "tilbury.toml", *REAL, "--out", str(out))
        (faked / "tilbury.toml").write_text(
            'name = "t"\nplace = "tilbury"\n[[design]]\nuse = "usual-care"\n'
            '[[design]]\nuse = "proactive-mltc"\n'
        )
        if out == folder:
            assert kill_when(process, folder, 1, 0.5)
        else:
            _, said = process.communicate()
            assert process.returncode == 0, said
    assert 1 <= complete(folder) < 4
    process = started(faked, "real", "resume", str(folder), "--workers", "1")
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert tables(folder) == tables(whole)


@posix
def test_the_tables_are_the_same_whatever_does_the_runs(faked: Path) -> None:
    ways: dict[str, list[list[str]]] = {
        "one": [["--workers", "1"]],
        "two": [["--workers", "2"]],
        "shards": [["--shard", "2/2"], ["--shard", "1/2"]],
    }
    for name, rounds in ways.items():
        for options in rounds:
            assert answer(["run", *FAKE, "--out", name, *options]) == 0
    assert tables(faked / "one") == tables(faked / "two") == tables(faked / "shards")


@posix
@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed")
def test_the_simulator_gives_the_same_tables_on_dask_and_here(tmp_path: Path) -> None:
    from tests.test_engines import two_workers_in

    (tmp_path / "e.toml").write_text(
        'name = "t"\nplace = "tilbury"\n[[design]]\nuse = "usual-care"\n'
        '[[design]]\nuse = "proactive-mltc"\n'
    )
    experiment = ["run", str(tmp_path / "e.toml"), *REAL]
    with two_workers_in(tmp_path) as cluster:
        there = [*experiment, "--out", str(tmp_path / "there"), "--scheduler", cluster.address]
        assert answer(there) == 0
    assert answer([*experiment, "--out", str(tmp_path / "here"), "--workers", "2"]) == 0
    assert tables(tmp_path / "there") == tables(tmp_path / "here")


@posix
@pytest.mark.parametrize(
    ("work", "said"),
    [
        pytest.param(dying, "lack of memory", marks=pytest.mark.slow),
        (wasteful, "out of memory"),
    ],
    ids=["killed by the system", "told by Python"],
)
def test_a_run_that_takes_too_much_memory_fails_alone_and_says_so(
    faked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    work: Any, said: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(running, "run_experiment", partial(run_experiment, work=work))
    assert answer(["run", *FAKE, "--out", "memory", "--workers", "2"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "proactive-mltc, published, replication 1" in told
    assert "7 of 8 runs complete" in told
    assert "Traceback" not in told
    assert tables(faked / "memory")
    monkeypatch.setattr(running, "run_experiment", partial(run_experiment, work=fake_simulate))
    assert answer(["resume", "memory"]) == 0
    assert answer(["run", *FAKE, "--out", "whole"]) == 0
    assert tables(faked / "memory") == tables(faked / "whole")


@posix
def test_a_disk_that_is_really_full_stops_the_batch_and_resume_finishes_it(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = faked / "small"
    with small_disk(small, "300k") as mounted_again:
        assert answer(["run", *FAKE, "--out", str(small / "full"), "--workers", "1"]) == 1
        told = capsys.readouterr().err
        assert "no space left" in told
        assert f"carepath resume {small / 'full'}" in told
        had = complete(small / "full")
        assert 0 < had < RUNS
        mounted_again("size=100m")
        assert answer(["resume", str(small / "full")]) == 0
        assert f"{had} of them finished before" in capsys.readouterr().err
        assert answer(["run", *FAKE, "--out", "whole"]) == 0
        assert tables(small / "full") == tables(faked / "whole")


@posix
@pytest.mark.slow
def test_a_limit_on_file_size_stops_the_batch_and_says_so(tmp_path: Path) -> None:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))

    folder = tmp_path / "limited"
    process = started(tmp_path, "fake", "run", *FAKE, "--out", str(folder), preexec_fn=limit)
    _, told = process.communicate()
    assert process.returncode == 1, told
    assert "file too large" in told.lower()
    assert "carepath resume" in told
    assert "Traceback" not in told
    assert not list(folder.rglob(".tmp-*"))


@posix
def test_a_folder_that_cannot_be_written_is_refused(
    faked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_only(*_: Any, **__: Any) -> Any:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("agents.files.tempfile.mkstemp", read_only)
    assert answer(["run", *FAKE, "--out", "sealed"]) == 2
    assert "read-only file system" in capsys.readouterr().err


@posix
def test_a_damaged_record_is_named_and_resume_makes_it_again(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(["run", *FAKE, "--out", "whole"]) == 0
    before = tables(faked / "whole")
    damaged = sorted((faked / "whole").rglob("person_years.parquet"))[3]
    damaged.write_bytes(damaged.read_bytes()[:500])
    capsys.readouterr()
    assert answer(["report", "whole"]) == 2
    told = capsys.readouterr().err
    assert "person_years.parquet" in told
    assert "carepath resume" in told
    assert tables(faked / "whole") == before
    assert answer(["resume", "whole"]) == 0
    assert "7 of them finished before" in capsys.readouterr().err
    assert tables(faked / "whole") == before


@posix
def test_of_two_processes_on_one_folder_the_second_is_refused_and_the_first_ends_well(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = faked / "shared"
    first = started(faked, "fake", "run", *FAKE, "--out", str(folder), "--workers", "1")
    until = time.monotonic() + 60
    while not complete(folder) and time.monotonic() < until:
        time.sleep(0.02)
    assert answer(["resume", str(folder)]) == 2
    assert f"process {first.pid}" in capsys.readouterr().err
    _, told = first.communicate()
    assert first.returncode == 0, told
    assert json.loads((folder / "manifest.json").read_text())["status"] == "complete"


def test_a_stop_is_kept_in_the_manifest_while_runs_are_under_way(
    faked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.batch.wait", stop)
    experiment = read_experiment("southwark", {"population": 200, "years": 1, "replications": 1})
    folder = faked / "stopped"
    options = Options(workers=1)
    outcome = run_experiment(
        experiment, folder, options, progress=Progress(None), work=fake_simulate
    )
    assert outcome.result.stopped
    assert json.loads((folder / "manifest.json").read_text())["status"] == "incomplete"
