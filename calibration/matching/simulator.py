"""One trial point simulated: a small population's life course, counted like each target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt

from agents.diagnoses import DELAY
from agents.diagnosis import contact_delay
from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.luck import Luck
from agents.place import Place
from agents.population import CURRENT_SMOKER
from agents.synthesis import synthesise
from calibration.aim import Aim
from calibration.bare_people import england
from calibration.checks import ENGLAND, targets_of
from calibration.deaths import life_expectancy
from calibration.fit_measures import People
from calibration.matching.own import OwnTarget
from calibration.matching.own_counts import as_target
from calibration.matching.tables import Numbers, aim_at, derived, of_place
from calibration.simulated import Lives, Simulated, followed, newborn_lives, people_with
from calibration.targets import Target

Floats = npt.NDArray[np.float64]

EVER_AGES = ((20, 49), (80, 110))  # ages of the published triads


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large one trial simulation is."""

    lives: int
    residents: int
    newborns: int
    rounds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One simulation of a calibration: everything its result depends on.

    Attributes
    ----------
    place : whose people are simulated
    evidence, base : folders of the evidence and of the parameter set to begin with
    numbers : free parameters by key
    luck : number of its luck; each point has its own, so that the emulator, which smooths
        over points, also averages chance out
    own : a researcher's own targets; ``built_in`` says whether the program's own count too
    pairs : also count pairs of conditions (a regression for each condition: slow)
    """

    place: Place
    evidence: Path
    base: Path
    numbers: Numbers
    size: Size
    luck: int
    own: tuple[OwnTarget, ...] = ()
    built_in: bool = True
    pairs: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What a trial gave: value and standard error by target, and the seconds it took."""

    values: Mapping[str, float]
    errors: Mapping[str, float]
    seconds: float


def simulate_trial(trial: Trial) -> Counted:
    """Simulate a trial point and count every target."""
    began = process_time()
    tables, aim = tables_at(trial)
    return counted_of(trial, people_at(trial, tables, aim), began)


def counted_of(trial: Trial, found: Simulated, began: float) -> Counted:
    """Count every target among the people of a trial that began at a processor time."""
    counted = {
        name_of(each): each.count(found) for each in targets_for(trial, found.register.conditions)
    }
    return Counted(
        {name: estimate.value for name, estimate in counted.items()},
        {name: estimate.error for name, estimate in counted.items()},
        process_time() - began,
    )


def name_of(target: Target) -> str:
    """Return what tells a target from all others."""
    return f"{target.measure} | {target.group} | {target.year} | {target.figure.key}"


def targets_for(trial: Trial, conditions: tuple[str, ...]) -> Iterator[Target]:
    """Yield built-in and own targets; an own one replaces a built-in one it names."""
    built_in = targets_of(trial.place.key, Evidence(trial.evidence), conditions, {})
    if not trial.built_in:
        built_in = iter(())
    replaced = {one.replaces for one in trial.own if one.replaces}
    for target in built_in:
        if not trial.pairs and target.measure.startswith(("pair ", "pairs_")):
            continue
        if (target.measure, target.group) not in replaced:
            yield target
    for one in trial.own:
        yield as_target(one)


def tables_at(trial: Trial) -> tuple[DiseaseTables, Aim | None]:
    """Return the tables of a trial point, and for a nation what they bring about."""
    base = DiseaseTables.load(trial.base)
    if trial.place.key != ENGLAND:
        return of_place(base, trial.numbers), None
    aim = aim_at(trial.evidence, trial.numbers, base)
    luck, size = Luck(trial.luck, -1), trial.size
    return (
        derived(aim, base, trial.evidence, lives=size.lives, luck=luck, rounds=size.rounds),
        aim,
    )


def people_at(trial: Trial, tables: DiseaseTables, aim: Aim | None) -> Simulated:
    """Return people of a trial point under ``tables``, lived to today and five years on.

    Without an ``aim``, as for a place, lives are those of simulated newborns.
    """
    evidence, luck = Evidence(trial.evidence), Luck(trial.luck)
    people = synthesise(trial.place, trial.size.residents, 0, luck, evidence, tables.risks)
    people.extra[DELAY] = contact_delay(people.person, luck, evidence)
    health = Health(people, tables, luck)
    health.live_to_entry()
    rows = np.flatnonzero(people.present(0.0))
    physical = tables.effects.physical
    register = people_with(people.diagnosed, people, rows, physical)
    true = people_with(people.has, people, rows, physical)
    newly, years = followed(health, people, rows)
    newborns = Luck(trial.luck, 1), trial.size.newborns, 0
    ever = _ever_recorded(trial) if trial.place.key == ENGLAND else None
    return Simulated(
        place=trial.place.key,
        imd_mix=np.asarray(trial.place.imd_mix, np.float64),
        register=register,
        true=true,
        ever=ever,
        smoker=people.smoking[rows] == CURRENT_SMOKER,
        newly=newly,
        years=years,
        lives=_expected(aim) if aim is not None else newborn_lives(tables, *newborns),
    )


def _expected(aim: Aim) -> Lives:
    """Return life expectancy from the death rates, which derived hazards keep."""
    mean = life_expectancy(aim.deaths)
    return Lives(mean, np.zeros_like(mean))


def _ever_recorded(trial: Trial) -> People:
    """Return people of the ages of triads with conditions as ever recorded."""
    base = DiseaseTables.load(trial.base)
    aim = aim_at(trial.evidence, trial.numbers, base, ever=True)
    size = trial.size
    luck = Luck(trial.luck, -2)
    tables = derived(aim, base, trial.evidence, lives=size.lives, luck=luck)
    shares = np.zeros_like(aim.population)
    for low, high in EVER_AGES:
        shares[low : high + 1] = aim.population[low : high + 1]
    people = england(
        tables.conditions,
        shares / shares.sum(),
        size.residents,
        seed=trial.luck,
        risks=tables.risks,
    )
    Health(people, tables, Luck(trial.luck, 2)).live_to_entry()
    rows = np.arange(len(people))
    return people_with(people.has, people, rows, tables.effects.physical)
