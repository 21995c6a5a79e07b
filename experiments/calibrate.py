"""Calibration from the command line: inputs, engine, progress, what is said at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.evidence import Evidence
from experiments.batch import fingerprint, folder_digest
from experiments.catalogue import EVIDENCE, PARAMETERS, installed
from experiments.manifests import program_version
from experiments.program import program_digest
from experiments.resolving import resolve
from experiments.searching import refused

if TYPE_CHECKING:
    from agents.place import Place
    from calibration.matching.fit import Problem
    from calibration.matching.outcome import Outcome
    from calibration.matching.own import OwnTarget

SEED = 2025
Say = Callable[[str], None]


class WorkerLostError(Exception):
    """A process that simulated was ended from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for on the command line.

    Attributes
    ----------
    place : a built-in name or the path of a place file
    targets : a CSV of own targets; ``built_in`` says whether the program's own count too
    base : parameter set to begin with, "default" or a folder
    """

    place: str
    quick: bool = False
    targets: Path | None = None
    built_in: bool = True
    base: str = "default"
    seed: int = SEED
    workers: int | None = None
    scheduler: str | None = None


def calibrate(asked: Asked, folder: Path | None, say: Say) -> tuple[Path, Outcome]:
    """Calibrate a place; return the folder and what came out.

    Raises
    ------
    BadInput
        If anything asked for cannot be used.
    WorkerLostError
        If a worker died: what was finished is kept.
    """
    from calibration.matching.calibrate import calibrate as fitted

    problem, warnings = problem_asked(asked)
    for warning in warnings:
        say(f"Note: {warning}")
    identity = identity_of(problem, asked)
    to = folder or Path("runs") / f"calibration-{problem.plan.place.key}-{identity['digest'][:8]}"
    say(first_words(problem, to))
    try:
        with _executor(asked, say) as pool:
            return to, fitted(problem, to, identity, pool, say)
    except BrokenExecutor:
        raise WorkerLostError(
            f"a worker was ended from outside (out of memory?). What was finished is kept in {to}: "
            "repeat the command to go on, with fewer --workers if memory was short"
        ) from None


def problem_asked(asked: Asked) -> tuple[Problem, list[str]]:
    """Return what is fitted to what, and warnings about the targets."""
    from calibration.matching.fit import problem_of
    from calibration.matching.plan import plan_of

    place = _place(asked.place)
    if asked.seed < 0:
        raise refused("--seed", asked.seed, "0 or more", "choose another seed")
    own, warnings = _own(asked.targets)
    if not asked.built_in and not own:
        raise refused("--only-own", True, "with --targets FILE", "name a file of targets")
    plan = plan_of(
        place,
        evidence=EVIDENCE,
        base=_base(asked.base),
        seed=asked.seed,
        quick=asked.quick,
        own=own,
        built_in=asked.built_in,
    )
    problem = problem_of(plan)
    return problem, warnings + _doubtful(problem, own)


def _place(use: str) -> Place:
    table = {"name": "calibrate", "place": use, "design": [{"use": "usual-care"}]}
    asked = resolve(table, installed(), where="command line", overrides={"place": use})
    return asked.places[0]


def _own(path: Path | None) -> tuple[tuple[OwnTarget, ...], list[str]]:
    if path is None:
        return (), []
    from agents.conditions import load_conditions
    from calibration.matching.own import read_own

    return read_own(path, [each.key for each in load_conditions(Evidence(EVIDENCE))])


def _base(name: str) -> Path:
    if name == "default":
        return PARAMETERS
    folder = Path(name)
    faults = installed().parameter_faults(folder)
    if faults:
        raise refused("--base", name, "default, or a folder that calibrate wrote", faults[0].remedy)
    return folder.resolve()


def _doubtful(problem: Problem, own: Sequence[OwnTarget]) -> list[str]:
    from calibration.matching.own import suspicious

    built_in: dict[str, list[float]] = {}
    for goal in problem.goals:
        if not goal.name.endswith(tuple(f"own.{one.line}" for one in own) or ("\0",)):
            built_in.setdefault(goal.measure, []).append(goal.value)
    return suspicious(own, built_in)


def identity_of(problem: Problem, asked: Asked) -> dict[str, Any]:
    """Return what tells this calibration from all others."""
    from calibration.matching.folders import set_digest

    plan = problem.plan
    held = {
        "place": plan.place.key,
        "quick": asked.quick,
        "seed": plan.seed,
        "program_version": program_version(),
        "program": fingerprint(program_digest(), folder_digest(_CALIBRATION, pattern="*.py")),
        "evidence": folder_digest(plan.evidence),
        "base": set_digest(plan.base),
        "own_targets": len(plan.own),
    }
    digest = fingerprint([held, plan.place, list(plan.own), plan.built_in])
    return {"digest": digest, **held, "command": "calibrate"}


_CALIBRATION = EVIDENCE.parent


def first_words(problem: Problem, to: Path) -> str:
    """Say what is about to be done."""
    plan = problem.plan
    return (
        f"{plan.place.name}: {len(problem.free)} parameters, {len(problem.aims.goals)} figures to "
        f"fit, {len(problem.goals)} in all; {plan.simulations} simulations of "
        f"{plan.size.residents:,} people. Folder: {to} (repeat the command to go on after a stop)."
    )


@contextmanager
def _executor(asked: Asked, say: Say) -> Iterator[Executor]:
    from experiments.engines import cluster, cores, local_processes

    workers = asked.workers or cores()
    if asked.scheduler is None:
        with local_processes(workers) as pool:
            yield pool
        return
    with cluster(asked.scheduler, program_digest(), say) as engine, engine(workers) as pool:
        yield pool


def last_words(folder: Path, outcome: Outcome) -> list[str]:
    """Say what came out and how to use it."""
    from calibration.matching.outcome import not_identified, scores

    return [
        *(score.sentence for score in scores(outcome.targets)),
        *not_identified(outcome),
        f"Report: {folder / 'report.html'}",
        f'Use it in an experiment: parameters = "{folder}" '
        '(with uncertainty = "psa" each draw of a run takes one of its draws)',
    ]
