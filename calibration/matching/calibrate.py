"""A calibration from plan to folder: fit, parameter sets, checks, tables, figures, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd

from agents.disease_tables import DiseaseTables
from agents.files import whole, write_json, write_whole
from calibration.matching.cross import cross_validation
from calibration.matching.figures import write_figures
from calibration.matching.fit import Fit, Problem, fit
from calibration.matching.folders import DRAWS, draw_folders, set_files
from calibration.matching.outcome import Outcome, not_identified, outcome_of, scores
from calibration.matching.plan import Plan
from calibration.matching.report import write_report
from calibration.matching.sets import SetTask, make_set
from calibration.matching.simulator import Counted, Size, Trial, counted_of, people_at
from calibration.matching.store import SIMULATIONS, Progress, claim, simulate_all
from calibration.matching.use_figure import write_use_figure
from calibration.matching.use_report import use_scores
from calibration.matching.use_stage import Use, use_stage

BEST = "best"
CHECKS = 2  # the set begun with and the best set
Tell = Callable[[str], None]


def calibrate(
    problem: Problem, folder: Path, identity: Mapping[str, Any], pool: Executor | None, tell: Tell
) -> Outcome:
    """Calibrate and write everything into ``folder``; go on where an earlier try stopped.

    Parameters
    ----------
    identity : what tells this calibration from others, with its ``digest``
    pool : what does the simulations, any executor; None is this process

    Raises
    ------
    BadInput
        If ``folder`` holds something else.
    """
    plan = problem.plan
    claim(folder, identity)
    began = monotonic()
    progress = Progress(tell, planned=jobs_of(plan))
    found = fit(problem, folder, pool, progress)
    use = _sets(found, folder, pool, progress)
    before, after = _checked(found, folder, pool, progress)
    crossed = pd.DataFrame()
    if plan.thorough:
        tell("Leaving out one source after another …")
        crossed = cross_validation(found, folder, pool, tell)
    tell("Writing tables, figures and the report …")
    outcome = outcome_of(found, before, after)
    _write(outcome, crossed, use, folder, identity, monotonic() - began)
    return outcome


def jobs_of(plan: Plan) -> int:
    """Return how many simulations and sets a calibration makes, for its progress.

    Of a place the best set keeps the demand that it began with, and its draws take theirs from
    those of the nation, if that has any.
    """
    made = 1 + plan.draws
    of_a_place = plan.draws if draw_folders(plan.base) else 0
    return plan.simulations + made + (made if plan.nation else of_a_place) + CHECKS


# -------------------------------------------------------------------- sets


def set_tasks(found: Fit, folder: Path) -> list[SetTask]:
    """Return the parameter sets to make: the best, then draws of the posterior."""
    plan = found.problem.plan
    points = found.posterior.draws(plan.draws, plan.seed)
    best = found.numbers(found.best)[0]
    tasks = [_set(plan, best, folder / BEST, plan.best_lives, plan.best_rounds, plan.seed)]
    for number, numbers in enumerate(found.numbers(points), 1):
        to = folder / DRAWS / f"{number:04d}"
        tasks.append(_set(plan, numbers, to, plan.draw_lives, plan.draw_rounds, plan.seed + number))
    return tasks


def _set(
    plan: Plan, numbers: Mapping[str, float], to: Path, lives: int, rounds: int, luck: int
) -> SetTask:
    return SetTask(
        place=plan.place,
        evidence=plan.evidence,
        base=plan.base,
        numbers=dict(numbers),
        lives=lives,
        rounds=rounds,
        luck=luck,
        to=to,
    )


def _sets(found: Fit, folder: Path, pool: Executor | None, progress: Progress) -> Use | None:
    """Make the best set and the draws, with their demand and control."""
    tasks = set_tasks(found, folder)
    simulate_all(tasks, folder / SIMULATIONS / "parameter-sets", pool, progress, make_set)
    for task in tasks:
        make_set(task)  # one whose folder was removed since
    use = use_stage(found.problem.plan, folder, folder / BEST, pool, progress)
    for file in set_files(folder / BEST):  # the folder itself is the best set
        write_whole(folder / file.name, file.read_bytes())
    return use


# -------------------------------------------------------------------- the last check


def simulate_set(trial: Trial) -> Counted:
    """Simulate the people of a stored parameter set, and count every target."""
    from time import process_time

    began = process_time()
    found = people_at(trial, DiseaseTables.load(trial.base), None)
    return counted_of(trial, found, began)


def _checked(
    found: Fit, folder: Path, pool: Executor | None, progress: Progress
) -> tuple[Counted, Counted]:
    """Simulate the base set and the best set on as many people as the plan says."""
    plan = found.problem.plan
    size = Size(
        lives=min(plan.check_lives, plan.best_lives),
        residents=plan.checked,
        newborns=min(plan.check_newborns, plan.checked),
    )
    plain = replace(plan, size=size, thorough=True)
    best = found.numbers(found.best)[0]
    trials = [
        plain.trial({}, plan.seed + 1),
        replace(plain.trial(best, plan.seed + 1), base=(folder / BEST).resolve()),
    ]
    counted = simulate_all(trials, folder / SIMULATIONS / "checked", pool, progress, simulate_set)
    before, after = counted
    if before is None or after is None:
        raise ArithmeticError("the check of the fitted parameters failed; run it again")
    return before, after


# -------------------------------------------------------------------- the folder


def _write(
    outcome: Outcome,
    crossed: pd.DataFrame,
    use: Use | None,
    folder: Path,
    identity: Mapping[str, Any],
    seconds: float,
) -> None:
    tables = {
        "parameters": outcome.parameters,
        "targets": outcome.targets,
        "waves": outcome.waves,
        "draws": draws_table(outcome.fit),
    }
    if len(crossed):
        tables["cross_validation"] = crossed
    if use is not None:
        tables |= {"use": use.table, "use_terms": use.terms, "use_verdicts": use.verdicts}
    for name, table in tables.items():
        with whole(folder / "tables" / f"{name}.csv") as aside:
            table.to_csv(aside, index=False, float_format="%.6g")
    titles = write_figures(outcome, folder / "figures")
    if use is not None:
        titles |= write_use_figure(use.table, folder / "figures")
    write_report(outcome, folder, titles, notes_of(outcome, identity), crossed, use)
    told = {
        **identity,
        "finished": True,
        "simulations": outcome.fit.problem.plan.simulations,
        "failed": outcome.fit.failed,
        "processor_seconds": round(outcome.fit.seconds),
        "scores": [score.sentence for score in scores(outcome.targets)] + use_scores(use),
        "not_identified": not_identified(outcome),
        "best": outcome.fit.numbers(outcome.fit.best)[0],
        "seconds_of_last_session": round(seconds),
    }
    write_json(folder / "calibration.json", told)


def draws_table(found: Fit) -> pd.DataFrame:
    """Return ``draws.csv``: the stored draws, one row each."""
    points = found.posterior.draws(found.problem.plan.draws, found.problem.plan.seed)
    table = pd.DataFrame(found.numbers(points))
    table.insert(0, "draw", range(1, len(table) + 1))
    return table


def notes_of(outcome: Outcome, identity: Mapping[str, Any]) -> Sequence[str]:
    """Return what the head of the report says."""
    plan = outcome.fit.problem.plan
    kind = (
        "A full calibration."
        if plan.thorough
        else "A quick look: few simulations of few people. Its intervals are wide and its best "
        "point is rough; use a full calibration for results that matter."
    )
    return [
        kind,
        f"Seed {plan.seed}; program version {identity['program_version']} "
        f"({identity['program'][:8]}), evidence {identity['evidence'][:8]}.",
    ]
