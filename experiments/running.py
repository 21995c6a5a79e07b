"""Doing an experiment: its runs, in its run folder."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from agents.faults import BadInput, Fault
from agents.files import read_json, write_json
from calibration.matching.folders import set_digest
from experiments import program
from experiments.batch import (
    Batch,
    Ended,
    Result,
    Run,
    Work,
    chosen,
    fingerprint,
    finished_before,
    folder_digest,
)
from experiments.catalogue import EVIDENCE
from experiments.checking import quoted
from experiments.engines import HANDED_OUT, Engine, cluster, cores, local_processes
from experiments.experiment import Experiment, experiment_table
from experiments.folder import RunKey, held, prepare, slug, sweep
from experiments.headline import Headline
from experiments.inputs import inputs_inside
from experiments.manifests import about_program, check_manifest, check_version, refuse_search
from experiments.outcome import Outcome
from experiments.planning import parameter_folder, side_by_side, specs_of
from experiments.points import Point
from experiments.progress import Progress

if TYPE_CHECKING:
    from sim.spec import RunSpec
    from sim.world import Shelf

DRAWS = "draws.json"  # the numbers of every draw, in the run folder

Shard = tuple[int, int]
Only = tuple[str, int, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to do an experiment, which changes nothing in its numbers.

    ``scheduler`` is the address of a Dask scheduler whose workers do the runs.
    """

    workers: int | None = None
    only: Only | None = None
    shard: Shard | None = None
    scheduler: str | None = None

    @property
    def at_once(self) -> int:
        """Runs under way at a time."""
        return self.workers or (HANDED_OUT if self.scheduler else cores())

    @property
    def shard_name(self) -> str:
        """The shard as part of a file name, empty without one."""
        return f"{self.shard[0]}-of-{self.shard[1]}" if self.shard else ""


# --- Which runs -------------------------------------------------------------------------------


def planned_runs(experiment: Experiment, points: Sequence[Point] | None = None) -> list[Run]:
    """Return every run of an experiment; a replication's designs stand together.

    The baseline is simulated once, whatever the effects.

    Parameters
    ----------
    points : where to run it; by default as it stands, or at the draws that it asks for
    """
    if points is None:
        from experiments.draws import points_of

        points = points_of(experiment)
    more = (
        folder_digest(EVIDENCE),
        set_digest(parameter_folder(experiment)),
        program.program_digest(),
    )
    runs = []
    specs = (spec for place in experiment.places for spec in specs_of(experiment, place, points))
    for spec in specs:
        key = RunKey(spec.place.key, spec.design.name, spec.effects, spec.draw, spec.replication)
        runs.append(Run(key=key, inputs=fingerprint(spec, *more), spec=spec))
    return runs


def simulate_and_write(spec: RunSpec, folder: Path) -> None:
    """Do one run and write its files into ``folder``."""
    from sim import simulate, write_run

    record = simulate(spec, _shelf())
    gc.collect()  # the model refers to itself: without this it stays while its record is written
    write_run(record, folder)


@lru_cache(maxsize=1)
def _shelf() -> Shelf:
    """Return this process's shelf: the people of its last run."""
    from sim.world import Shelf

    return Shelf()


def default_folder(experiment: Experiment) -> Path:
    """Return ``runs/NAME-DIGEST``: the same experiment and program, the same folder."""
    digest = fingerprint(
        [experiment_table(experiment), _contents(experiment)], program.program_digest()
    )
    return Path("runs") / f"{slug(experiment.name)}-{digest[:8]}"


def _contents(experiment: Experiment) -> list[Any]:
    """Return what the places, designs and parameters say, wherever they come from."""
    return [
        list(experiment.places),
        [arm.design for arm in experiment.arms],
        set_digest(parameter_folder(experiment)),
    ]


# --- Doing it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Began:
    """When doing began, by the calendar and by a clock that nobody sets."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    tick: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Return the seconds since then, whatever has become of the computer's date."""
        return time.monotonic() - self.tick


@dataclass(slots=True, kw_only=True)
class Doing:
    """One experiment being done in one folder; see ``run_experiment``."""

    experiment: Experiment
    folder: Path
    options: Options
    progress: Progress
    work: Work
    engine: Engine
    planned: list[Run]

    def do(self, mine: list[Run]) -> Outcome:
        """Do the runs ``mine``; the folder is locked meanwhile."""
        with held(self.folder, self.options.shard_name), _stop_on_terminate():
            if not self.options.shard:
                sweep(self.folder)
            began = Began()
            self._note(Result(), began, "running")
            batch = Batch(
                runs=side_by_side(mine, self.options.at_once),
                folder=self.folder,
                work=self.work,
                workers=self.options.at_once,
                progress=self.progress,
                engine=self.engine,
                noted=self._headline(),
            )
            result = batch.do()
            if not self.options.shard:
                sweep(self.folder)
            others = [run for run in self.planned if run.key not in result.ended]
            result.ended |= finished_before(others, self.folder)
            complete = len(result.ended) - len(result.failed)
            self._note(result, began, self._status(result, complete))
        return Outcome(
            folder=self.folder,
            planned=len(self.planned),
            complete=complete,
            result=result,
            seconds=began.seconds(),
        )

    def mine(self) -> list[Run]:
        """Return the runs that the options leave, or raise ``BadInput`` where that is none."""
        only = self.options.only
        mine = chosen(self.planned, only=only, shard=self.options.shard)
        if only and not mine:
            names = ", ".join(dict.fromkeys(run.key.design for run in self.planned))
            replications = [run.key.replication for run in self.planned]
            draws = [run.key.draw for run in self.planned]
            raise BadInput(
                [
                    Fault(
                        where="command line",
                        key="--only",
                        found=quoted(",".join(str(part) for part in only if part is not None)),
                        allowed=f"a design ({names}), a replication ({_span(replications)}), "
                        f"a draw ({_span(draws)})",
                        remedy="name a run of this experiment",
                    )
                ]
            )
        return mine

    def _headline(self) -> Callable[[Ended], None]:
        """Return what keeps the main difference so far beside the progress."""
        headline = Headline(self.experiment.main_measure, self.folder)

        def note(ended: Ended) -> None:
            if ended.status == "complete":
                headline.add(ended.key)
                self.progress.headline = headline.sentence()

        return note

    def _status(self, result: Result, complete: int) -> str:
        if complete == len(self.planned):
            return "complete"
        return "failed" if result.failed else "incomplete"

    def _note(self, result: Result, began: Began, status: str) -> None:
        """Write the manifest: what was run, by what, and how each run ended."""
        name = self.options.shard_name
        file = self.folder / (f"manifest-{name}.json" if name else "manifest.json")
        ended = began.at + timedelta(seconds=began.seconds())
        earlier = read_json(file) or {}
        write_json(
            file,
            about_program()
            | {
                "experiment": self.experiment.name,
                "seed": self.experiment.seed,
                "status": status,
                "started": earlier.get("started", began.at.isoformat(timespec="seconds")),
                "ended": None if status == "running" else ended.isoformat(timespec="seconds"),
                "workers": self.options.at_once,
                "runs": [self._entry(run, result) for run in self.planned],
            },
        )

    def _entry(self, run: Run, result: Result) -> dict[str, Any]:
        ended = result.ended.get(run.key)
        entry: dict[str, Any] = {
            "place": run.key.place,
            "design": run.key.design,
            "effects": run.key.effects,
            "draw": run.key.draw,
            "replication": run.key.replication,
            "folder": run.key.path.as_posix(),
            "inputs": run.inputs,
            "status": ended.status if ended else "missing",
            "seconds": round(ended.seconds, 3) if ended else None,
        }
        return entry | ({"error": ended.error} if ended and ended.error else {})


def _span(numbers: Sequence[int]) -> str:
    first, last = min(numbers), max(numbers)
    return str(first) if first == last else f"{first} to {last}"


@contextmanager
def _stop_on_terminate() -> Iterator[None]:
    """Let a polite kill (a cluster's time limit) stop the batch as Ctrl-C does."""
    if os.name == "nt":
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_experiment(
    experiment: Experiment,
    folder: Path,
    options: Options | None = None,
    *,
    points: Sequence[Point] | None = None,
    progress: Progress | None = None,
    work: Work = simulate_and_write,
    engine: Engine = local_processes,
) -> Outcome:
    """Do an experiment's runs in ``folder``; those it holds already are kept.

    Parameters
    ----------
    points : where to run it; by default as it stands, or at the draws that it asks for
    progress : where to show it; by default on standard error
    work : simulates one run and writes its files; must pickle
    engine : what gives an executor, unless the options name a scheduler

    Raises
    ------
    BadInput
        If the scheduler does not answer, or the folder holds something else, belongs to
        another version of the program, or cannot be written.
    FolderBusyError
        If another process is at work in it.
    """
    draws = None
    if points is None:
        refuse_search(folder)
    if points is None and experiment.uncertainty == "psa":
        from experiments.draws import draws_of

        draws = draws_of(experiment)
        points = draws.points(experiment.replications)
    doing = Doing(
        experiment=experiment,
        folder=folder,
        options=options or Options(),
        progress=progress or Progress(sys.stderr),
        work=work,
        engine=engine,
        planned=planned_runs(experiment, points),
    )
    mine = doing.mine()
    check_version(folder)
    lost = check_manifest(folder, doing.planned)
    with _engine(doing.options, engine, doing.progress) as doing.engine:
        prepare(folder, *inputs_inside(experiment))
        if draws:
            write_json(folder / DRAWS, draws.written())
        if lost:
            doing.progress.say(lost)
        return doing.do(mine)


def _engine(options: Options, usual: Engine, progress: Progress) -> AbstractContextManager[Engine]:
    """Return the engine that the options ask for, connected while inside."""
    if options.scheduler is not None:
        progress.where = f"the cluster at {options.scheduler}"
        return cluster(options.scheduler, program.program_digest(), progress.say)
    return nullcontext(usual)
