"""Parameter sets: tables and demand numbers at fitted points, in a folder that a run accepts.

The folder itself is the best set; ``draws/0001`` and so on are draws of the posterior, which a
run with ``uncertainty = "psa"`` takes one after another.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.disease_tables import METADATA, TABLES, DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from agents.place import Place
from calibration import close
from calibration.checks import ENGLAND
from calibration.matching.simulator import Counted
from calibration.matching.tables import Numbers, aim_at, derived, of_place
from sim.world import replaced_numbers

DRAWS = "draws"
_PEOPLE = 20_000  # residents on whom levels of use are solved again


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTask:
    """One parameter set to make: where, and from which numbers."""

    place: Place
    evidence: Path
    base: Path
    numbers: Numbers
    lives: int
    rounds: int
    luck: int
    to: Path


def make_set(task: SetTask) -> Counted:
    """Derive one parameter set and write it into its folder, whole or not at all."""
    if is_set(task.to):
        return Counted({}, {}, 0.0)
    base = DiseaseTables.load(task.base)
    aside = task.to.with_name(f".tmp-{task.to.name}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    if task.place.key == ENGLAND:
        aim = aim_at(task.evidence, task.numbers, base)
        tables = derived(
            aim,
            base,
            task.evidence,
            lives=task.lives,
            luck=Luck(task.luck, -1),
            rounds=task.rounds,
        )
    else:
        tables = of_place(base, task.numbers)
    about = {**tables.about, "calibrated": dict(task.numbers), "seed": task.luck}
    tables.about.update(about)
    tables.save(aside)
    _close_demand(task, base, tables, aside)
    shutil.rmtree(task.to, ignore_errors=True)
    aside.rename(task.to)
    return Counted({}, {}, 0.0)


def is_set(folder: Path) -> bool:
    """Say whether a folder holds a finished parameter set."""
    return all((folder / name).is_file() for name in (TABLES, METADATA))


def _close_demand(task: SetTask, base: DiseaseTables, tables: DiseaseTables, to: Path) -> None:
    """Write the levels of use at which the people of these tables use what is published.

    Levels of the base set move by what the other people change, so that what whole runs added
    to the base set is kept. A place has the levels of the nation: it differs by its people.
    """
    usual = replaced_numbers(task.base, {})
    if task.place.key != ENGLAND:
        close.store(usual, to, {"from": "the base parameter set"})
        return
    evidence = Evidence(task.evidence, usual)
    luck = Luck(task.luck, -3)
    before, now = (
        close.close(
            close.people_of(task.place, _PEOPLE, luck=luck, evidence=evidence, tables=each),
            evidence,
        )
        for each in (base, tables)
    )
    moved = {key: _moved(key, usual.get(key), before[key], now[key]) for key in now}
    about = {"people": _PEOPLE, "luck": task.luck, "method": "moved from the base parameter set"}
    close.store(usual | moved, to, about)


def _moved(key: str, usual: float | None, before: float, now: float) -> float:
    if usual is None:
        return now
    if ".base" in key:  # a number of days: ratios
        return round(usual * now / before, close.DIGITS)
    return round(usual + now - before, close.DIGITS)


# -------------------------------------------------------------------- for runs


def set_files(parameters: Path) -> list[Path]:
    """Return the files of a parameter set that runs read: the best set's and its draws'."""
    folders = [parameters, *draw_folders(parameters)]
    names = (TABLES, METADATA, close.FILE)
    return [folder / name for folder in folders for name in names if (folder / name).is_file()]


def draw_folders(parameters: Path) -> list[Path]:
    """Return the folders of a parameter set's posterior draws, in order; often none."""
    found = sorted((parameters / DRAWS).glob("[0-9]*"))
    return [folder for folder in found if is_set(folder)]


def folder_of_draw(parameters: Path, draw: int) -> Path:
    """Return the folder of draw ``draw`` (1 is the first) of a run; the best set for draw 0.

    Where a run has more draws than there are sets, they are used again from the first.
    """
    folders = draw_folders(parameters) if draw else []
    return folders[(draw - 1) % len(folders)] if folders else parameters


def moved_levels(replaced: Mapping[str, float], parameters: Path, folder: Path) -> dict[str, float]:
    """Return numbers solved on the best set's people, moved to those of one draw's.

    Levels of use in ``replaced`` were solved with the best set. A draw has other people, whose
    levels differ as its own ``demand.json`` differs from the best set's.
    """
    if folder == parameters:
        return dict(replaced)
    best, own = replaced_numbers(parameters, {}), replaced_numbers(folder, {})
    found = dict(replaced)
    for key in found:
        if key in best and key in own:
            factor = own[key] / best[key] if ".base" in key and best[key] else None
            found[key] = found[key] * factor if factor else found[key] + own[key] - best[key]
    return found
