"""The last stage of a calibration: demand and control of the sets against published figures.

The nation's terms of demand are fitted on the people of the best set and each draw gets terms
and shares treated to target of its own. A place takes those of the nation that it began with.
Every set's levels of use are held on its own people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.files import read_json
from agents.luck import Luck
from agents.place import Place
from calibration import close
from calibration.matching.folders import draw_folders, folder_of_draw, is_level, moved
from calibration.matching.free import SETTINGS
from calibration.matching.plan import Plan
from calibration.matching.simulator import Counted
from calibration.matching.store import SIMULATIONS, Progress, simulate_all
from calibration.matching.use import UseFit, as_numbers, fit_use, folk_of, levelled
from calibration.matching.use_control import control_draw, control_table
from calibration.matching.use_targets import UNMATCHED, Unmatched, UseTarget, read_targets
from calibration.matching.verdicts import near_range, verdict_of
from calibration.targets import CALIBRATE, HOLDOUT
from sim.world import replaced_numbers

Floats = npt.NDArray[np.float64]

STAGE = "service-use"
_PEOPLE_LUCK = -4


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What came of the stage in the nation.

    Attributes
    ----------
    table : ``use.csv``, a row for every published figure; ``terms`` : ``use_terms.csv``
    verdicts : a row for each group of services whose terms are judged together
    taken : services whose fitted terms the sets carry
    """

    table: pd.DataFrame
    terms: pd.DataFrame
    verdicts: pd.DataFrame
    taken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTask:
    """One set whose ``demand.json`` takes ``numbers``, with its levels held on its people."""

    place: Place
    evidence: Path
    folder: Path
    numbers: Mapping[str, float]
    people: int
    luck: int


def put_numbers(task: DemandTask) -> Counted:
    """Write the numbers into a set's ``demand.json``; a second time changes nothing."""
    began = process_time()
    usual = replaced_numbers(task.folder, {})
    people = close.people_of(
        task.place,
        task.people,
        luck=Luck(task.luck, _PEOPLE_LUCK),
        evidence=Evidence(task.evidence, usual),
        tables=DiseaseTables.load(task.folder),
    )
    wanted = usual | dict(task.numbers)
    before, now = (
        close.close(people, Evidence(task.evidence, numbers)) for numbers in (usual, wanted)
    )
    held = {
        key: round(moved(key, value, before[key], now[key]), close.DIGITS)
        for key, value in wanted.items()
        if key in now
    }
    content = read_json(task.folder / close.FILE) or {}
    about = {**content.get("about", {}), "use": "terms and control of the service-use stage"}
    close.store(wanted | held, task.folder, about)
    return Counted({}, {}, process_time() - began)


def use_stage(
    plan: Plan, folder: Path, best: Path, pool: Executor | None, progress: Progress
) -> Use | None:
    """Give the best set and the draws in ``folder`` their demand and control.

    Returns None for a place, whose terms are those of the set that it began with.
    """
    evidence = Evidence(plan.evidence)
    count = round(evidence.value(SETTINGS, key="use.draw_people"))
    if plan.nation:
        use, fit = fit_nation(plan, best)
        numbers = [terms_of(fit, fit.best, use.taken, replaced_numbers(best, {}))]
        numbers += [
            terms_of(fit, fit.draw(number, plan.seed), use.taken, replaced_numbers(draw, {}))
            | control_draw(evidence, number, plan.seed)
            for number, draw in enumerate(draw_folders(folder), 1)
        ]
    else:
        use = None
        numbers = [{}] + [
            _of_nation(folder_of_draw(plan.base, number), plan.base)
            for number in range(1, len(draw_folders(folder)) + 1)
        ]
    tasks = [
        DemandTask(
            place=plan.place,
            evidence=plan.evidence,
            folder=to,
            numbers=own,
            people=count,
            luck=plan.seed + number,
        )
        for number, (to, own) in enumerate(zip([best, *draw_folders(folder)], numbers, strict=True))
        if own
    ]
    simulate_all(tasks, folder / SIMULATIONS / STAGE, pool, progress, put_numbers)
    return use


def _of_nation(draw: Path, base: Path) -> dict[str, float]:
    """Return the terms and shares of a draw of the nation, without levels."""
    if draw == base:
        return {}
    return {key: value for key, value in replaced_numbers(draw, {}).items() if not is_level(key)}


# -------------------------------------------------------------------- the nation


def fit_nation(plan: Plan, best: Path) -> tuple[Use, UseFit]:
    """Fit the terms on the people of the best set, and say which services take them."""
    evidence = Evidence(plan.evidence)
    targets, unmatched = read_targets(evidence)
    people = close.people_of(
        plan.place,
        round(evidence.value(SETTINGS, key="use.people")),
        luck=Luck(plan.seed, _PEOPLE_LUCK),
        evidence=evidence,
        tables=DiseaseTables.load(best),
    )
    fit = fit_use(targets, folk_of(people), evidence)
    verdicts = judged(fit)
    taken = tuple(
        name
        for services in verdicts.loc[verdicts["taken"], "services"]
        for name in services.split(" + ")
    )
    after = _kept(fit, fit.best, taken)
    count = round(evidence.value(SETTINGS, key="use.interval_draws"))
    draws = np.array(
        [
            levelled(fit.counting, _kept(fit, drawn, taken))
            for drawn in fit.draws(np.arange(1, count + 1), plan.seed)
        ]
    )
    table = pd.concat(
        [
            use_table(fit, after, draws),
            control_table(people, evidence, plan.draws, plan.seed),
            unmatched_table(unmatched),
        ],
        ignore_index=True,
    )
    use = Use(table=table, terms=terms_table(fit, taken), verdicts=verdicts, taken=taken)
    return use, fit


def _service(key: str) -> str:
    return key.split(".")[1]


def _kept(fit: UseFit, values: Floats, taken: Sequence[str]) -> Floats:
    """Return values of the terms of the services that take them, the published of others."""
    of = np.array([_service(key) in taken for key in fit.keys])
    return np.where(of, values, fit.prior)


def terms_of(
    fit: UseFit, values: Floats, taken: Sequence[str], usual: Mapping[str, float]
) -> dict[str, float]:
    """Return the terms that a set takes of fitted or drawn ``values``.

    What an earlier fit left in the set (``usual``) of services that are not taken any more goes
    back to the published.
    """
    numbers = as_numbers(fit, _kept(fit, values, taken), close.DIGITS)
    return {key: value for key, value in numbers.items() if _service(key) in taken or key in usual}


def judged(fit: UseFit) -> pd.DataFrame:
    """Say for services that figures count together whether their fitted terms are an advance.

    They are where the held-out figures come closer (root mean square of log misses) and those
    that were fitted go no further off; without held-out figures nothing says so.
    """
    before, after = (levelled(fit.counting, values) for values in (fit.prior, fit.best))
    rows = []
    for services in _together(fit.counting.targets):
        row: dict[str, object] = {"services": " + ".join(services)}
        scores: dict[str, tuple[float, float]] = {}
        for role in (CALIBRATE, HOLDOUT):
            of = [
                place
                for place, target in enumerate(fit.counting.targets)
                if target.role == role and set(target.services) & set(services)
            ]
            scores[role] = _away(fit, before, of), _away(fit, after, of)
            row |= {
                f"{role}_figures": len(of),
                f"{role}_before": scores[role][0],
                f"{role}_after": scores[role][1],
            }
        fitted, held = scores[CALIBRATE], scores[HOLDOUT]
        row["taken"] = bool(held[1] < held[0] and fitted[1] <= fitted[0])
        rows.append(row)
    return pd.DataFrame(rows)


def _away(fit: UseFit, values: Floats, places: Sequence[int]) -> float:
    """Return the root mean square log miss of some targets, NaN where there are none."""
    if not places:
        return float("nan")
    logs = [np.log(values[place] / fit.counting.targets[place].value) for place in places]
    return float(np.sqrt(np.mean(np.square(logs))))


def _together(targets: Sequence[UseTarget]) -> list[tuple[str, ...]]:
    """Return the services in groups that no target crosses."""
    groups: list[set[str]] = []
    for target in targets:
        own = set(target.services)
        apart = [group for group in groups if not group & own]
        groups = [*apart, own.union(*(group for group in groups if group & own))]
    return sorted(tuple(sorted(group)) for group in groups)


# -------------------------------------------------------------------- tables


def use_table(fit: UseFit, values: Floats, draws: Floats) -> pd.DataFrame:
    """Return a row for each figure: published, before, after, the draws' interval, the miss."""
    before, after = (levelled(fit.counting, each) for each in (fit.prior, values))
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    rows = []
    for place, target in enumerate(fit.counting.targets):
        rows.append(
            {
                "service": " + ".join(target.services),
                "group": _in_words(target.key),
                "measure": target.kind + (", shape only" if target.scale else ""),
                "role": target.role,
                "published": target.value,
                "low": target.low,
                "high": target.high,
                "before": before[place],
                "after": after[place],
                "after_low": low[place],
                "after_high": high[place],
                "miss": after[place] / target.value - 1,
                "verdict": verdict(target, after[place]),
                "source": target.source,
                "basis": target.basis,
                "note": target.note,
            }
        )
    return pd.DataFrame(rows)


def _in_words(key: str) -> str:
    """Return the group that a row's key names, as in a table for readers."""
    words = key.split(".", 1)[1]
    return words.replace("plus", "+").replace(".", ", ").replace("_", " ")


def verdict(target: UseTarget, value: float) -> str:
    """Say whether a value is near enough to its target."""
    return verdict_of(value, near_range(target.value, target.low, target.high, target.role))


def terms_table(fit: UseFit, taken: Sequence[str]) -> pd.DataFrame:
    """Return a row for each term: before, after, and how much the figures tell of it."""
    return pd.DataFrame(
        {
            "key": fit.keys,
            "before": fit.prior,
            "prior_sd": fit.deviation,
            "after": fit.best,
            "posterior_sd": fit.spread,
            "posterior_over_prior": fit.spread / fit.deviation,
            "taken": [_service(key) in taken for key in fit.keys],
        }
    )


def unmatched_table(unmatched: Sequence[Unmatched]) -> pd.DataFrame:
    """Return a row for each figure with which nothing is like for like."""
    return pd.DataFrame(
        {
            "service": [one.row.split(".")[0] for one in unmatched],
            "group": [one.row.split(".", 1)[1] for one in unmatched],
            "role": UNMATCHED,
            "note": [one.reason for one in unmatched],
        }
    )
