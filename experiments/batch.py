"""A batch: many runs on a few processes, each run whole or not at all.

A run is a pure function of its inputs, so it does not matter which process does it, when, or
how often a process has died before. Finished runs are recognised by a digest of their inputs.
"""

from __future__ import annotations

import errno
import gc
import shutil
import socket
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agents.files import TEMPORARY, write_whole
from experiments.digests import canonical as canonical
from experiments.digests import fingerprint as fingerprint
from experiments.digests import folder_digest as folder_digest
from experiments.engines import Engine, killed_its_worker, local_processes
from experiments.folder import RunKey, complete_run, seal, settle
from experiments.progress import Progress

Work = Callable[[Any, Path], None]  # simulate a run's spec and write its files into a folder

NO_ROOM = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}
DEATHS_BEFORE_ALONE = 2  # a run that was under way at so many deaths is tried by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run to do: its key, a digest of everything it depends on, and its inputs."""

    key: RunKey
    inputs: str
    spec: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one run ended; ``error`` is a sentence, ``trace`` where in the program it arose."""

    key: RunKey
    status: Literal["complete", "failed", "no room"]
    seconds: float = 0.0
    error: str = ""
    trace: str = ""


@dataclass(slots=True)
class Result:
    """How a batch ended: every run that is complete or failed; the others were not done."""

    ended: dict[RunKey, Ended] = field(default_factory=dict)
    no_room: str = ""
    stopped: bool = False
    cut_off: bool = False  # the cluster's scheduler is gone

    @property
    def failed(self) -> list[Ended]:
        """The runs that failed, in the order of their keys."""
        return [self.ended[key] for key in sorted(self.ended) if self.ended[key].status == "failed"]


# --- One run, in a worker ---------------------------------------------------------------------


def perform(run: Run, folder: Path, work: Work) -> Ended:
    """Do one run and put its folder in place; never raises for what the run does wrong."""
    began = time.perf_counter()
    try:
        _check_here(folder)
        staged = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=_made(folder / "runs")))
        try:
            work(run.spec, staged / "run")
            seal(staged / "run", run.inputs)
            settle(staged / "run", folder / run.key.path)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
            gc.collect()  # a model refers to itself: without this two are in memory at a time
    except Exception as error:
        return _ended_badly(run.key, error, time.perf_counter() - began)
    return Ended(key=run.key, status="complete", seconds=time.perf_counter() - began)


def _check_here(folder: Path) -> None:
    """Refuse to write where the batch would not see it."""
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is not there on {socket.gethostname()}; all workers must share the file "
            "system that holds the run folder"
        )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _ended_badly(key: RunKey, error: Exception, seconds: float) -> Ended:
    trace = traceback.format_exc()
    if isinstance(error, OSError) and _no_room(error):
        said = (error.strerror or str(error)).lower()
        return Ended(key=key, status="no room", seconds=seconds, error=said, trace=trace)
    said = str(error).strip() or "no message"
    said = "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {said}"
    return Ended(key=key, status="failed", seconds=seconds, error=said, trace=trace)


def _no_room(error: OSError) -> bool:
    return error.errno in NO_ROOM or "No space left" in str(error)


# --- The batch --------------------------------------------------------------------------------


def finished_before(runs: Iterable[Run], folder: Path) -> dict[RunKey, Ended]:
    """Return those of ``runs`` that ``folder`` already holds, complete and from these inputs."""
    found: dict[RunKey, Ended] = {}
    for run in runs:
        record = complete_run(folder / run.key.path, run.inputs)
        if record:
            seconds = float(record.get("seconds", 0.0))
            found[run.key] = Ended(key=run.key, status="complete", seconds=seconds)
    return found


@dataclass(slots=True, kw_only=True)
class Batch:
    """Runs to do in a folder.

    A process that dies takes nothing finished with it: what was under way is done again,
    and a run that was under way at two deaths is tried by itself; where it kills its process
    again it counts as failed. A full disk stops the batch, and so does Ctrl-C.

    Attributes
    ----------
    work : simulates a spec and writes its files into a folder; must pickle
    workers : how many runs are under way at a time
    noted : called with each run that ended, before it is shown
    """

    runs: Sequence[Run]
    folder: Path
    work: Work
    workers: int
    progress: Progress
    engine: Engine = local_processes
    noted: Callable[[Ended], None] = lambda ended: None
    result: Result = field(default_factory=Result)
    _deaths: Counter[RunKey] = field(default_factory=Counter)

    def do(self) -> Result:
        """Do every run that the folder does not hold yet, and say how the batch ended."""
        self.result.ended = finished_before(self.runs, self.folder)
        for ended in self.result.ended.values():
            self.noted(ended)
        kept, missing = len(self.result.ended), len(self._missing())
        self.workers = max(1, min(self.workers, missing))
        self.progress.start(total=len(self.runs), kept=kept, workers=self.workers)
        try:
            while (missing_runs := self._missing()) and not self._at_an_end():
                self._round(missing_runs)
        except KeyboardInterrupt:
            self.result.stopped = True
        return self.result

    def _at_an_end(self) -> bool:
        return bool(self.result.no_room) or self.result.cut_off

    def _missing(self) -> list[Run]:
        return [run for run in self.runs if run.key not in self.result.ended]

    def _round(self, missing: list[Run]) -> None:
        """Do the runs no death has been near, or one suspect by itself, on a fresh pool."""
        calm = [run for run in missing if self._deaths[run.key] < DEATHS_BEFORE_ALONE]
        waiting = deque(calm or missing[:1])
        with self.engine(min(self.workers, len(waiting))) as pool:
            died = self._on(pool, waiting)
        for key in died:
            self._deaths[key] += 1
            if not calm:
                self._note(_killed(key))
        if died and calm:
            self.progress.say("A worker process died; what it was doing is done again.")

    def _on(self, pool: Executor, waiting: deque[Run]) -> list[RunKey]:
        """Do runs on ``pool``; return those under way when one of its processes died, if any.

        Only as many runs are handed out as there are workers, so that few are under way.
        """
        under_way: dict[Future[Ended], Run] = {}
        died: list[RunKey] = []
        ended: list[RunKey] = []  # whose processes are free, and hold their people still
        folder = self.folder.resolve()  # a worker may stand elsewhere
        while under_way or (waiting and not died and not self._at_an_end()):
            while waiting and len(under_way) < self.workers and not (died or self._at_an_end()):
                run = next_run(waiting, ended, [at.key for at in under_way.values()])
                try:
                    under_way[pool.submit(perform, run, folder, self.work)] = run
                except BrokenExecutor:
                    died.append(run.key)
                except CancelledError:
                    self.result.cut_off = True
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                run = under_way.pop(future)
                ended.append(run.key)
                self._collect(future, run, died)
            if self._at_an_end():  # what has not begun need not
                under_way = {
                    future: under_way[future] for future in under_way if not future.cancel()
                }
        return died

    def _collect(self, future: Future[Ended], run: Run, died: list[RunKey]) -> None:
        try:
            self._note(future.result())
        except BrokenExecutor:
            died.append(run.key)
        except CancelledError:
            self.result.cut_off = True
        except OSError:
            raise
        except Exception as error:
            if killed_its_worker(error):  # or waited behind the run that did: try it alone
                self._deaths[run.key] += DEATHS_BEFORE_ALONE
                died.append(run.key)
            else:  # it could not be sent to a process, or back
                self._note(_ended_badly(run.key, error, 0.0))

    def _note(self, ended: Ended) -> None:
        if ended.status == "no room":
            self.result.no_room = ended.error
            return
        self.result.ended[ended.key] = ended
        _keep_error(self.folder, ended)
        self.noted(ended)
        self.progress.finished(ended.seconds, failed=ended.status == "failed")


def next_run(waiting: deque[Run], ended: list[RunKey], busy: Iterable[RunKey]) -> Run:
    """Take the run to hand out next: one of the people that the free process holds, if any.

    The process that has just done a run is the one that takes the next, and making people
    anew takes longer than copying those it has. The order changes nothing else.

    Parameters
    ----------
    waiting : runs to choose from; the one chosen is taken out
    ended : runs whose processes are free; those that are of no more use are taken out
    busy : runs under way
    """
    while ended:
        held = _people_of(ended.pop(0))
        for run in waiting:
            if _people_of(run.key) == held:
                waiting.remove(run)
                return run
    others = {_people_of(key) for key in busy}
    free = (run for run in waiting if _people_of(run.key) not in others)
    run = next(free, waiting[0])
    waiting.remove(run)
    return run


def _people_of(key: RunKey) -> tuple[str, int, int]:
    return (key.place, key.draw, key.replication)


def _killed(key: RunKey) -> Ended:
    return Ended(
        key=key,
        status="failed",
        error="its process was killed each time, perhaps for lack of memory; "
        "try fewer --workers, more memory for each or a smaller --population",
    )


def _keep_error(folder: Path, ended: Ended) -> None:
    """Keep a failed run's error apart from the runs; drop it once the run is complete."""
    file = folder / "failed" / f"{'.'.join(ended.key.path.parts[1:])}.txt"
    if ended.status == "failed":
        write_whole(file, f"{ended.key}\n{ended.error}\n\n{ended.trace}", lasting=True)
    else:
        file.unlink(missing_ok=True)


def chosen(
    runs: Sequence[Run], *, only: tuple[str, int, int | None] | None, shard: tuple[int, int] | None
) -> list[Run]:
    """Return the runs that ``--only design,replication[,draw]`` and ``--shard I/N`` leave."""
    kept = list(runs)
    if only:
        design, replication, draw = only
        kept = [
            run
            for run in kept
            if run.key.design == design
            and run.key.replication == replication
            and (draw is None or run.key.draw == draw)
        ]
    if shard:
        index, count = shard
        kept = [run for number, run in enumerate(kept) if number % count == index - 1]
    return kept
