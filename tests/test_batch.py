"""Batches: the same to the byte whatever the workers and whatever was killed on the way."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.batch import (
    Batch,
    Result,
    Run,
    canonical,
    chosen,
    fingerprint,
    folder_digest,
    next_run,
)
from experiments.folder import (
    FolderBusyError,
    RunKey,
    complete_run,
    contents,
    held,
    prepare,
    slug,
    sweep,
)
from experiments.headline import Headline
from experiments.progress import Progress, duration
from tests.fake_simulation import FakeSpec, fake_runs, fake_work

HERE = Path(__file__).parent


def do(runs: list[Run], folder: Path, workers: int = 2, **options: Any) -> Result:
    folder.mkdir(exist_ok=True)
    progress = Progress(options.pop("stream", None))
    work = options.pop("work", fake_work)
    return Batch(
        runs=runs, folder=folder, work=work, workers=workers, progress=progress, **options
    ).do()


def everything(folder: Path) -> dict[str, str]:
    """Return a digest of every file of every run, run.json included."""
    return {
        f"{run.parent.relative_to(folder)}/{name}": digest
        for run in sorted(folder.glob("runs/place=*/**/run.json"))
        for name, digest in (contents(run.parent) | {"run.json": run.read_text()}).items()
    }


def test_runs_are_the_same_to_the_byte_whatever_the_workers(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert len(do(fake_runs(6), one, workers=1).ended) == 6
    assert len(do(fake_runs(6), two, workers=2).ended) == 6
    assert everything(one) == everything(two)
    assert len(everything(one)) == 12
    assert not list(one.rglob(".tmp-*"))


def test_workers_have_one_thread_each(tmp_path: Path) -> None:
    do(fake_runs(1), tmp_path)
    record = json.loads(next(tmp_path.rglob("run.json")).read_text())
    assert record["threads"] == "1"
    assert os.environ.get("OMP_NUM_THREADS") != "unset"


def test_finished_runs_are_not_repeated(tmp_path: Path) -> None:
    do(fake_runs(4), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("run.json")}
    result = do(fake_runs(6), tmp_path)
    assert len(result.ended) == 6
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())


def test_runs_of_other_inputs_or_damaged_files_are_repeated(tmp_path: Path) -> None:
    runs = fake_runs(3)
    do(runs, tmp_path)
    whole = everything(tmp_path)
    (tmp_path / runs[0].key.path / "person_years.parquet").write_bytes(b"half")
    (tmp_path / runs[1].key.path / "run.json").write_text('{"inputs": "other"}')
    (tmp_path / runs[2].key.path / "run.json").write_text("{")
    assert not any(complete_run(tmp_path / run.key.path, run.inputs) for run in runs)
    do(runs, tmp_path)
    assert everything(tmp_path) == whole


def test_a_failed_run_is_kept_apart_and_the_others_are_whole(tmp_path: Path) -> None:
    trouble = {"run2": FakeSpec("usual-care", 1, "boom"), "run3": FakeSpec("p", 1, "memory")}
    result = do(fake_runs(6, **trouble), tmp_path)
    assert len(result.ended) == 6
    first, second = sorted(result.failed, key=lambda ended: ended.error)
    assert "RuntimeError: the fake run was told to fail: boom" in first.error
    assert second.error == "out of memory"
    assert len(list(tmp_path.glob("runs/place=*/**/run.json"))) == 4
    notes = sorted((tmp_path / "failed").iterdir())
    assert len(notes) == 2
    assert any("Traceback" in note.read_text() for note in notes)
    mended = do(fake_runs(6), tmp_path)
    assert not mended.failed
    assert not list((tmp_path / "failed").iterdir())


@pytest.mark.parametrize("trouble", ["dies", "exits"])
def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path, trouble: str) -> None:
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    do(fake_runs(6), calm)
    spec = FakeSpec("usual-care", 1, trouble, once=tmp_path / "once")
    stream = io.StringIO()
    result = do(fake_runs(6, run2=spec), killed, stream=stream)
    assert not result.failed
    assert everything(killed) == everything(calm)
    assert "worker process died" in stream.getvalue()


def test_a_run_that_always_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    result = do(fake_runs(6, run2=FakeSpec("usual-care", 1, "dies")), tmp_path)
    assert [ended.key.replication for ended in result.failed] == [1]
    assert "memory" in result.failed[0].error
    assert len(list(tmp_path.glob("runs/place=*/**/run.json"))) == 5
    assert len(result.ended) == 6


def test_a_full_disk_stops_the_batch_and_loses_nothing(tmp_path: Path) -> None:
    spec = FakeSpec("usual-care", 1, "full", once=tmp_path / "once")
    result = do(fake_runs(8, run2=spec), tmp_path / "a", workers=1)
    assert "no space left" in result.no_room
    assert len(result.ended) == 2
    assert not result.failed
    again = do(fake_runs(8, run2=spec), tmp_path / "a", workers=1)
    assert len(again.ended) == 8
    assert not again.no_room


def test_what_cannot_be_sent_to_a_worker_fails_with_a_reason(tmp_path: Path) -> None:
    result = do(fake_runs(2), tmp_path, work=lambda spec, folder: None)
    assert len(result.failed) == 2
    assert "ickle" in result.failed[0].error


def people_made(lasting: Callable[[Run], int]) -> list[int]:
    """Return the replications whose people were made, over two processes, one run at a time.

    ``lasting`` says how long a run takes.
    """
    runs = fake_runs(8)
    waiting = deque(runs[number] for number in (0, 2, 1, 3, 4, 6, 5, 7))  # as ``side_by_side``
    ended: list[RunKey] = []
    busy: list[tuple[int, int, Run]] = []
    held, made, now = [-1, -1], [], 0
    while waiting or busy:
        for process in {0, 1} - {at for _, at, _ in busy}:
            if waiting:
                run = next_run(waiting, ended, [other.key for _, _, other in busy])
                made += [run.key.replication] * (held[process] != run.key.replication)
                held[process] = run.key.replication
                busy.append((now + lasting(run), process, run))
        now, process, run = min(busy, key=lambda one: one[:2])
        busy.remove((now, process, run))
        ended.append(run.key)
    return sorted(made)


@pytest.mark.parametrize("lasting", [(11, 10, 11, 10), (10, 11, 11, 10), (10, 12, 11, 13)])
def test_a_process_meets_the_people_of_its_last_run_again(lasting: tuple[int, ...]) -> None:
    made = people_made(lambda run: lasting[run.key.replication])
    assert made == [0, 1, 2, 3]


def test_each_run_is_noted_once(tmp_path: Path) -> None:
    seen: list[int] = []
    do(fake_runs(4), tmp_path, noted=lambda ended: seen.append(ended.key.replication))
    assert sorted(seen) == [0, 0, 1, 1]


SCRIPT = """
import sys
from pathlib import Path
from experiments.batch import Batch
from experiments.progress import Progress
from tests.fake_simulation import FakeSpec, fake_runs, fake_work
if __name__ == "__main__":
    slow = {f"run{n}": FakeSpec(("usual-care", "proactive")[n % 2], n // 2, seconds=0.15)
            for n in range(12)}
    result = Batch(runs=fake_runs(12, **slow), folder=Path(sys.argv[1]), work=fake_work,
                   workers=2, progress=Progress(sys.stderr)).do()
    sys.exit(130 if result.stopped else 0)
"""


def _script(tmp_path: Path, folder: Path) -> subprocess.Popen[bytes]:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(file), str(folder)],
        env=environment,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def _wait_for_runs(folder: Path, count: int) -> None:
    until = time.monotonic() + 30
    while len(list(folder.glob("runs/place=*/**/run.json"))) < count and time.monotonic() < until:
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="process groups")
@pytest.mark.parametrize("whole_group", [True, False])
def test_after_kill_9_a_batch_ends_as_if_nothing_had_happened(
    tmp_path: Path, whole_group: bool
) -> None:
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    do(fake_runs(12), calm)
    process = _script(tmp_path, killed)
    _wait_for_runs(killed, 3)
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    _wait_until_gone(process.pid)
    assert 0 < len(list(killed.glob("runs/place=*/**/run.json"))) < 12
    sweep(killed)
    do(fake_runs(12), killed)
    assert everything(killed) == everything(calm)
    assert not list(killed.rglob(".tmp-*"))


def _wait_until_gone(group: int) -> None:
    """Wait until no process of the session is left: workers must not outlive their parent."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("workers outlived their parent")


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_ctrl_c_stops_at_once_and_keeps_what_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    process = _script(tmp_path, folder)
    _wait_for_runs(folder, 2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert 2 <= len(list(folder.glob("runs/place=*/**/run.json"))) < 12


# --- What a run depends on --------------------------------------------------------------------


def test_a_fingerprint_changes_with_every_input_and_not_with_where_files_are() -> None:
    base = FakeSpec("a", 1, once=Path("here"))
    assert fingerprint(base) == fingerprint(FakeSpec("a", 1, once=Path("there")))
    others = [FakeSpec("b", 1), FakeSpec("a", 2), FakeSpec("a", 1, seconds=0.1)]
    assert len({fingerprint(spec) for spec in [base, *others]}) == 4
    assert fingerprint(base, "program 1") != fingerprint(base, "program 2")
    assert canonical({"b": 1.0, "a": (1, 2)}) == {"b": "0x1.0000000000000p+0", "a": [1, 2]}
    with pytest.raises(TypeError):
        canonical(object())


def test_a_folders_digest_follows_its_contents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1\n")
    first = folder_digest(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"1\r\n")
    assert folder_digest(tmp_path) == first
    (tmp_path / "a.csv").write_bytes(b"2\n")
    assert folder_digest(tmp_path) != first


def test_only_and_shards_divide_the_runs() -> None:
    runs = fake_runs(10)
    parts = [chosen(runs, only=None, shard=(i, 3)) for i in (1, 2, 3)]
    assert sorted(run.key for part in parts for run in part) == sorted(run.key for run in runs)
    only = chosen(runs, only=("proactive", 3, None), shard=None)
    assert [run.key for run in only] == [RunKey("southwark", "proactive", "published", 0, 3)]
    assert not chosen(runs, only=("proactive", 3, 1), shard=None)


# --- The folder -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("Southwark 2025", "southwark-2025"),
        ("", "unnamed"),
        ("...", "unnamed"),
        ("CON", "con-"),
        ("é" * 200, "unnamed"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_folder_name_is_harmless(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_run_stays_inside_its_folder(tmp_path: Path) -> None:
    key = RunKey("../../up", "../d", "none", 0, 0)
    inside = (tmp_path / key.path).resolve()
    assert inside.is_relative_to(tmp_path / "runs")


def test_only_one_process_works_in_a_folder(tmp_path: Path) -> None:
    with held(tmp_path):
        with pytest.raises(FolderBusyError, match=rf"process {os.getpid()}"), held(tmp_path):
            pass
        with pytest.raises(FolderBusyError), held(tmp_path, "1-of-2"):
            pass
    with held(tmp_path, "1-of-2"):
        with held(tmp_path, "2-of-2"):
            pass
        with pytest.raises(FolderBusyError), held(tmp_path, "1-of-2"):
            pass
        with pytest.raises(FolderBusyError), held(tmp_path):
            pass
    with held(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from experiments.folder import held\n"
        "with held(Path(sys.argv[1])):\n print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(FolderBusyError, match=f"process {process.pid}"), held(tmp_path):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    with held(tmp_path):
        pass


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    from agents.faults import BadInput

    folder = tmp_path / "run"
    prepare(folder, "years = 1\n")
    prepare(folder, "years = 1\n")
    for other, content in ((folder, "years = 2\n"), (tmp_path, "years = 1\n")):
        with pytest.raises(BadInput):
            prepare(other, content)
    assert (folder / "experiment.toml").read_text() == "years = 1\n"
    file = tmp_path / "file"
    file.write_text("precious")
    for path in (file, file / "below"):
        with pytest.raises(BadInput):
            prepare(path, "")
    assert file.read_text() == "precious"


# --- Progress ---------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_tells_runs_and_time_left() -> None:
    now = [0.0]
    stream = Terminal()
    progress = Progress(stream, clock=lambda: now[0])
    progress.start(total=5, kept=1, workers=2)
    assert progress.left() is None
    now[0] = 10.0
    progress.finished(10.0, failed=False)
    assert progress.left() == pytest.approx(15.0)
    now[0] = 20.0
    progress.finished(10.0, failed=True)
    assert "3 of 5 runs, 1 failed, about 20 s left" in progress.line()
    progress.finished(10.0, failed=False)
    progress.finished(10.0, failed=False)
    assert stream.getvalue().rstrip().endswith("5 of 5 runs, 1 failed in 20 s")


def test_a_log_gets_few_plain_lines() -> None:
    now = [0.0]
    stream = io.StringIO()
    progress = Progress(stream, clock=lambda: now[0])
    progress.start(total=100, kept=0, workers=2)
    for _ in range(100):
        now[0] += 1.0
        progress.finished(2.0, failed=False)
    lines = stream.getvalue().splitlines()
    assert 5 <= len(lines) <= 9
    assert "\r" not in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min"),
     (273600, "3 d 4 h"), (-1, "0 s")],
)  # fmt: skip
def test_a_length_of_time_is_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_main_difference_so_far_is_paired_by_luck(tmp_path: Path) -> None:
    headline = Headline("emergency_admissions", tmp_path)
    for replication, (base, design) in enumerate([(100, 90), (200, 190), (300, 290)]):
        arms = (("d", "inert", base), ("u", "none", base), ("d", "plan", design))
        for name, effects, total in arms:
            key = RunKey("southwark", name, effects, 0, replication)
            (tmp_path / key.path).mkdir(parents=True)
            table = pa.table({"emergency_admissions": np.array([total / 2, total / 2], np.float32)})
            pq.write_table(table, tmp_path / key.path / "person_years.parquet")
            headline.add(key)
        if replication == 0:
            assert headline.sentence() == ""
    assert headline.sentence() == "emergency_admissions -5.0% (-5.0% to -5.0%) in d (plan)"
    assert Headline("qalys", tmp_path).sentence() == ""
