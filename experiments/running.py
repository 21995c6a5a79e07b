"""Doing an experiment: its runs, its run folder, then tables and report."""

from __future__ import annotations

import os
import platform
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import tomli_w

from agents.evidence import Evidence, Figure
from agents.faults import BadInput, Fault
from agents.place import Place
from calibration.matching.folders import (
    folder_of_draw,
    moved_levels,
    set_digest,
    set_files,
)
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
from experiments.catalogue import EVIDENCE, PARAMETERS
from experiments.checking import quoted, read_toml
from experiments.engines import HANDED_OUT, Engine, cluster, cores, local_processes
from experiments.experiment import (
    Arm,
    Experiment,
    experiment_table,
    path_like,
    read_experiment,
)
from experiments.folder import (
    RunKey,
    held,
    prepare,
    read_json,
    slug,
    sweep,
    write_json,
)
from experiments.headline import Headline
from experiments.points import Point, changed
from experiments.progress import Progress, duration
from experiments.structures import built
from pathways.design import NO_EFFECTS

if TYPE_CHECKING:
    import pandas as pd

    from sim.spec import RunSpec
    from sim.world import Shelf

ROOT = Path(__file__).resolve().parent.parent
SIMULATING = ("agents", "pathways", "sim")  # the code on which a run's numbers depend
SEARCH = "search.json"  # marks a folder of a search, which has tables of its own
DRAWS = "draws.json"  # the numbers of every draw, in the run folder
PACKAGES = ("mesa", "simpy", "numpy", "scipy", "pandas", "pyarrow", "duckdb")

Shard = tuple[int, int]
Only = tuple[str, int, int | None]
Finish = Callable[[Path], None]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an experiment's runs ended.

    ``planned`` counts all its runs, ``complete`` those on disk.
    """

    folder: Path
    planned: int
    complete: int
    result: Result
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """True where no run is missing."""
        return self.complete == self.planned

    @property
    def ready(self) -> bool:
        """True where tables can be made: every run is complete or failed, some complete."""
        return bool(self.complete) and self.complete + len(self.result.failed) == self.planned


# --- Which runs -------------------------------------------------------------------------------


def program_version() -> str:
    """Return the program's version."""
    try:
        return version("carepath")
    except PackageNotFoundError:
        with suppress(OSError, KeyError, tomllib.TOMLDecodeError):
            table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            return str(table["project"]["version"])
    return "unknown"


@lru_cache(maxsize=1)
def program_digest() -> str:
    """Return a digest of the code that simulates."""
    return folder_digest(*(ROOT / name for name in SIMULATING), pattern="*.py")


def parameter_folder(experiment: Experiment) -> Path:
    """Return where the experiment's parameter set is."""
    return PARAMETERS if experiment.parameters == "default" else Path(experiment.parameters)


def planned_runs(experiment: Experiment, points: Sequence[Point] | None = None) -> list[Run]:
    """Return every run of an experiment; a replication's designs stand together.

    The baseline is simulated once, whatever the effects.

    Parameters
    ----------
    points : where to run it; by default as it stands, or at the draws that it asks for
    """
    if points is None:
        points = points_of(experiment)
    more = (folder_digest(EVIDENCE), set_digest(parameter_folder(experiment)), program_digest())
    runs = []
    specs = (spec for place in experiment.places for spec in specs_of(experiment, place, points))
    for spec in specs:
        key = RunKey(spec.place.key, spec.design.name, spec.effects, spec.draw, spec.replication)
        runs.append(Run(key=key, inputs=fingerprint(spec, *more), spec=spec))
    return runs


def points_of(experiment: Experiment) -> list[Point]:
    """Return where an experiment is run: as it stands, or at draws of the evidence."""
    if experiment.uncertainty == "none":
        return [Point()]
    from experiments.draws import draws_of

    return draws_of(experiment).points(experiment.replications)


def specs_of(
    experiment: Experiment, place: Place, points: Sequence[Point], residents: int | None = None
) -> Iterator[RunSpec]:
    """Yield the inputs of every run in ``place`` at ``points``, replication by replication.

    Parameters
    ----------
    residents : how many to simulate, where that is not what the experiment says
    """
    from sim.spec import RunSpec

    figures = {arm.name: figures_behind(place, arm) for arm in experiment.arms}
    for point, replaced in zip(points, _replaced(experiment, place, points), strict=True):
        arms = [arm for arm in experiment.arms if point.baseline or not _is_baseline(arm)]
        designs = {arm.name: changed(arm.design, point.of(arm.design)) for arm in arms}
        shown = {arm.name: _shown(figures[arm.name], point) for arm in arms}
        option = built(experiment.structure, point.structure)
        for number in range(experiment.replications):
            for arm in arms:
                for effects in arm.effects:
                    yield RunSpec(
                        place=place,
                        design=designs[arm.name],
                        effects=effects,
                        population=residents or experiment.residents(place),
                        start=experiment.start,
                        years=experiment.years,
                        seed=experiment.seed,
                        replication=point.first_replication + number,
                        draw=point.draw,
                        evidence=EVIDENCE,
                        parameters=folder_of_draw(parameter_folder(experiment), point.fitted),
                        replaced={**replaced, **option.replaced},
                        settings={**arm.settings, **option.settings, **point.settings},
                        keep_events=experiment.keep_events,
                        hold_population=experiment.hold_population,
                        figures=shown[arm.name],
                    )


def _is_baseline(arm: Arm) -> bool:
    return arm.effects == (NO_EFFECTS,)


def _replaced(
    experiment: Experiment, place: Place, points: Sequence[Point]
) -> list[Mapping[str, float]]:
    """Return the numbers replaced at each point, with the levels of use of ``place`` kept."""
    if not any(key.startswith("baseline_demand.") for point in points for key in point.replaced):
        return [point.replaced for point in points]
    from experiments.levels import Levels

    best = parameter_folder(experiment)
    levels = Levels(place, EVIDENCE, best)
    return [
        moved_levels(levels.solved(point.replaced), best, folder_of_draw(best, point.fitted))
        for point in points
    ]


def _shown(figures: tuple[Figure, ...], point: Point) -> tuple[Figure, ...]:
    """Return the numbers behind a design as they are at ``point``."""
    drawn = {f"design.{key}": value for key, value in point.design.items()}
    return tuple(
        replace(figure, value=drawn[figure.key]) if figure.key in drawn else figure
        for figure in figures
    )


def figures_behind(place: Place, arm: Arm) -> tuple[Figure, ...]:
    """Return the numbers that a place and a design were made from."""
    from experiments.designs import design_figures
    from experiments.places import load_place, place_names

    evidence = Evidence(EVIDENCE)
    if place.key in place_names():
        load_place(place.key, evidence)
    evidence.keep(design_figures(arm.design, evidence))
    return tuple(evidence.used.values())


def simulate_and_write(spec: RunSpec, folder: Path) -> None:
    """Do one run and write its files into ``folder``."""
    from sim import simulate, write_run

    write_run(simulate(spec, _shelf()), folder)


@lru_cache(maxsize=1)
def _shelf() -> Shelf:
    """Return this process's shelf: the people of its last run."""
    from sim.world import Shelf

    return Shelf()


def side_by_side(runs: Sequence[Run], workers: int) -> list[Run]:
    """Return ``runs`` in an order in which a worker is likely to meet the same people again.

    So many replications as there are workers begin together, each with its first design, then
    with its second, and so on. The order changes how long runs take, and nothing else.
    """
    replications: dict[tuple[str, int, int], list[Run]] = {}
    for run in runs:
        key = (run.spec.place.key, run.spec.draw, run.spec.replication)
        replications.setdefault(key, []).append(run)
    groups = list(replications.values())
    return [
        run
        for first in range(0, len(groups), max(workers, 1))
        for turn in zip_longest(*groups[first : first + max(workers, 1)])
        for run in turn
        if run is not None
    ]


def tables_and_report(folder: Path, prices: Path | None = None) -> None:
    """Make the tables, figures and report of a run folder from its records.

    ``prices`` is a file of prices that replace the program's own.
    """
    from results.report import build_report
    from results.tables import build_tables

    tables = build_tables(folder, prices=prices, workers=os.cpu_count() or 1)
    figures_of_doubt(folder, tables)
    build_report(folder)


def figures_of_doubt(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Draw what the report does not: what to study next, and how queues open."""
    from results.figures.information import worth_knowing
    from results.figures.searches import save
    from results.figures.warmup import opening

    for (place, against), rows in tables["information"].groupby(["place", "against"]):
        name = f"information-{slug(str(place))}-{against}"
        save(folder / "figures", name, partial(worth_knowing, rows))
    for place, rows in tables["warm_up"].groupby("place"):
        save(folder / "figures", f"warm_up-{slug(str(place))}", partial(opening, rows))


def default_folder(experiment: Experiment) -> Path:
    """Return ``runs/NAME-DIGEST``: the same experiment and program, the same folder."""
    digest = fingerprint([experiment_table(experiment), _contents(experiment)], program_digest())
    return Path("runs") / f"{slug(experiment.name)}-{digest[:8]}"


def _contents(experiment: Experiment) -> list[Any]:
    """Return what the places, designs and parameters say, wherever they come from."""
    return [
        list(experiment.places),
        [arm.design for arm in experiment.arms],
        set_digest(parameter_folder(experiment)),
    ]


# --- The folder's own copy of the inputs ------------------------------------------------------


def inputs_inside(experiment: Experiment) -> tuple[str, dict[str, Path]]:
    """Say how a run folder keeps its own copy of its inputs, so that it can be moved.

    Returns
    -------
    The text of ``experiment.toml``, in which a user's own place, design and parameter files
    are named by their copies, and the files to copy: path inside the folder -> source.
    """
    table = experiment_table(experiment)
    copies: dict[str, Path] = {}
    uses = [
        _inside(use, f"inputs/place-{number}", copies)
        for number, use in enumerate(experiment.place_uses, 1)
    ]
    table["place"] = uses[0] if len(uses) == 1 else uses
    for number, entry in enumerate(table["design"], 1):
        entry["use"] = _inside(entry["use"], f"inputs/design-{number}", copies)
    if experiment.parameters != "default":
        table["parameters"] = "inputs/parameters"
        for file in set_files(Path(experiment.parameters)):
            inside = file.relative_to(experiment.parameters).as_posix()
            copies[f"inputs/parameters/{inside}"] = file
    return tomli_w.dumps(table), copies


def _inside(use: str, folder: str, copies: dict[str, Path]) -> str:
    """Return a built-in name as it is, a file as its copy; note it and the tables it names."""
    if not path_like(use):
        return use
    file = Path(use)
    for name in [*_tables_named_in(read_toml(file)), file.name]:
        source = file.parent / name
        if source.is_file() and source.resolve().is_relative_to(file.parent.resolve()):
            copies[f"{folder}/{name}"] = source
    return f"{folder}/{file.name}"


def _tables_named_in(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [name for part in value.values() for name in _tables_named_in(part)]
    if isinstance(value, list):
        return [name for part in value for name in _tables_named_in(part)]
    return [value] if isinstance(value, str) and value.endswith(".csv") else []


# --- Doing it ---------------------------------------------------------------------------------


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
            began = datetime.now(UTC)
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
            seconds=(datetime.now(UTC) - began).total_seconds(),
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

    def _note(self, result: Result, began: datetime, status: str) -> None:
        """Write the manifest: what was run, by what, and how each run ended."""
        name = self.options.shard_name
        file = self.folder / (f"manifest-{name}.json" if name else "manifest.json")
        ended = datetime.now(UTC)
        earlier = read_json(file) or {}
        write_json(
            file,
            about_program()
            | {
                "experiment": self.experiment.name,
                "seed": self.experiment.seed,
                "status": status,
                "started": earlier.get("started", began.isoformat(timespec="seconds")),
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


def about_program() -> dict[str, Any]:
    """Return what made a run: versions of the program, of Python and of the packages."""
    return {
        "program": "carepath",
        "program_version": program_version(),
        "program_digest": program_digest(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version_of(name) for name in PACKAGES},
    }


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


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
        _refuse_search(folder)
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
    with _engine(doing.options, engine, doing.progress) as doing.engine:
        prepare(folder, *inputs_inside(experiment))
        if draws:
            write_json(folder / DRAWS, draws.written())
        return doing.do(mine)


def _engine(options: Options, usual: Engine, progress: Progress) -> AbstractContextManager[Engine]:
    """Return the engine that the options ask for, connected while inside."""
    if options.scheduler:
        progress.where = f"the cluster at {options.scheduler}"
        return cluster(options.scheduler, program_digest(), progress.say)
    return nullcontext(usual)


def check_version(folder: Path) -> None:
    """Refuse a folder whose runs another version of the program made."""
    manifest = read_json(folder / "manifest.json")
    if manifest is None or manifest.get("program_digest") == program_digest():
        return
    raise BadInput(
        [
            Fault(
                where=str(folder),
                key="manifest.json: program_digest",
                found=f"runs made by another version ({manifest.get('program_version')}, "
                f"digest {str(manifest.get('program_digest'))[:8]})",
                allowed=f"this version ({program_version()}, digest {program_digest()[:8]})",
                remedy=f"start afresh: carepath run {folder / 'experiment.toml'} --out NEW_FOLDER",
            )
        ]
    )


def read_folder(folder: Path) -> Experiment:
    """Return the experiment that a run folder holds, or raise ``BadInput``."""
    file = folder / "experiment.toml"
    if not file.is_file():
        raise BadInput(
            [
                Fault(
                    where=quoted(str(folder)),
                    key="DIR",
                    found="no experiment.toml in it" if folder.is_dir() else "no such folder",
                    allowed="a folder that carepath run wrote",
                    remedy="check the path; carepath run prints it",
                )
            ]
        )
    _refuse_search(folder)
    return read_experiment(str(file))


def _refuse_search(folder: Path) -> None:
    """Raise ``BadInput`` where ``folder`` is one of a search, which makes its own tables."""
    if not (folder / SEARCH).is_file():
        return
    raise BadInput(
        [
            Fault(
                where=quoted(str(folder)),
                key="DIR",
                found="the runs of a search, which has tables of its own",
                allowed="a folder that carepath run wrote, or a new one",
                remedy=f"go on with the search: carepath resume {folder}",
            )
        ]
    )


def say_outcome(outcome: Outcome) -> list[str]:
    """Return how the runs ended, in sentences."""
    folder = outcome.folder
    lines = [f"{outcome.complete} of {outcome.planned} runs complete in {folder}"]
    for ended in outcome.result.failed:
        lines.append(f"Failed: {ended.key}: {ended.error}")
    if outcome.result.failed:
        lines.append(f"Their errors are in {folder / 'failed'}; the other runs are kept.")
    if outcome.result.no_room:
        lines.append(
            f"The disk cannot be written ({outcome.result.no_room}). Make room, then finish with: "
            f"carepath resume {folder}"
        )
    elif outcome.result.cut_off:
        lines.append(
            "The cluster's scheduler is gone. Nothing finished is lost; start it again, then: "
            f"carepath resume {folder} --scheduler ADDRESS"
        )
    elif outcome.result.stopped:
        lines.append(f"Stopped. Nothing finished is lost; go on with: carepath resume {folder}")
    elif not outcome.whole:
        lines.append(f"Some runs are missing. Finish with: carepath resume {folder}")
    else:
        lines[0] += f", {duration(outcome.seconds)}"
    return lines
