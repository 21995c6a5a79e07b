"""Parameter sets: tables and demand numbers at fitted points (see ``folders``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.files import whole_folder
from agents.luck import Luck
from agents.place import Place
from calibration import close
from calibration.checks import ENGLAND
from calibration.matching.folders import is_set, moved
from calibration.matching.free import SETTINGS
from calibration.matching.simulator import Counted
from calibration.matching.tables import Numbers, aim_at, derived, of_place
from sim.world import replaced_numbers


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
    with whole_folder(task.to) as aside:
        tables.save(aside)
        _close_demand(task, base, tables, aside)
    return Counted({}, {}, 0.0)


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
    count = round(evidence.value(SETTINGS, key="use.set_people"))
    luck = Luck(task.luck, -3)
    before, now = (
        close.close(
            close.people_of(task.place, count, luck=luck, evidence=evidence, tables=each),
            evidence,
        )
        for each in (base, tables)
    )
    solved = {
        key: round(moved(key, usual[key], before[key], now[key]), close.DIGITS)
        if key in usual
        else now[key]
        for key in now
    }
    about = {"people": count, "luck": task.luck, "method": "moved from the base parameter set"}
    close.store(usual | solved, to, about)
