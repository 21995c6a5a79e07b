"""What is counted of a simulated place to set beside published figures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.health_events import DIAGNOSIS
from agents.luck import Luck
from agents.population import CURRENT_SMOKER, DAYS_PER_YEAR, Population
from calibration.aim import aim_of
from calibration.bare_people import bare_population, england, give_risks
from calibration.cohort_hazards import Fitted, live_once
from calibration.disease_fit import ever_recorded
from calibration.fit_measures import People
from sim.spec import RunSpec
from sim.world import build_world

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

FOLLOWED_YEARS = 5
NEWBORNS = 60_000  # 6,000 lives of each sex and fifth: a standard error of 0.2 years
OLDEST = 130.0
DERIVED_LIVES, EVER_RECORDED = 60_000, 100_000
OTHER_LUCK = 900_001  # a replication number of its own for worlds beside the place


@dataclass(frozen=True, slots=True)
class Lives:
    """How long newborns live: mean years and its standard error, each (2 sexes, 5 fifths)."""

    mean: Floats
    error: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Residents of a place on day 0, and what happened to them in the years after.

    Attributes
    ----------
    place : key of the place
    imd_mix : (5,) share of its residents by fifth
    register, true : residents with the conditions that are diagnosed, or present
    ever : England with conditions as ever recorded, None where not asked for
    smoker : (n,) smokes now
    newly : (n, n_conditions) diagnosed in the years followed
    years : (n,) years followed
    lives : of newborns
    """

    place: str
    imd_mix: Floats
    register: People
    true: People
    ever: People | None
    smoker: Bools
    newly: Bools
    years: Floats
    lives: Lives


def simulate_place(spec: RunSpec, evidence: Evidence) -> Simulated:
    """Make the people of a place, look at them on day 0 and follow their health alone.

    No care is simulated: nothing but age, chance and illness acts on anyone.
    """
    world = build_world(replace(spec, years=FOLLOWED_YEARS))
    people = world.population
    rows = np.flatnonzero(people.present(0.0))
    physical = aim_of(evidence).effects.physical
    register = people_with(people.diagnosed, people, rows, physical)
    true = people_with(people.has, people, rows, physical)
    smoker = people.smoking[rows] == CURRENT_SMOKER
    newly, years = followed(world.health, people, rows)
    tables = DiseaseTables.load(spec.parameters)
    return Simulated(
        place=spec.place.key,
        imd_mix=spec.place.imd_mix,
        register=register,
        true=true,
        ever=_ever_recorded(evidence, tables) if spec.place.key == "england" else None,
        smoker=smoker,
        newly=newly,
        years=years,
        lives=newborn_lives(tables, Luck(spec.seed, OTHER_LUCK)),
    )


def residents_of(spec: RunSpec, evidence: Evidence) -> People:
    """Return the residents of a place on day 0, with the conditions that are on a register."""
    people = build_world(replace(spec, years=0)).population
    rows = np.flatnonzero(people.present(0.0))
    return people_with(people.diagnosed, people, rows, aim_of(evidence).effects.physical)


def people_with(facts: Bools, people: Population, rows: Integers, physical: Bools) -> People:
    """Return ``rows`` of a population on day 0, with ``facts`` (n, n_conditions) as conditions."""
    return People(
        conditions=people.conditions,
        has=facts[rows].copy(),
        age=people.age(0.0, rows).astype(np.int64),
        sex=people.sex[rows],
        fifth=people.imd_quintile[rows],
        physical=physical,
    )


def followed(health: Health, people: Population, rows: Integers) -> tuple[Bools, Floats]:
    """Follow the health of residents for ``FOLLOWED_YEARS``.

    Returns who was diagnosed while living here, (n_rows, n_conditions), and the years that
    each was followed, (n_rows,).
    """
    last = FOLLOWED_YEARS * DAYS_PER_YEAR
    happened = health.advance(last)
    newly = np.zeros(people.has.shape, np.bool_)
    found = happened.kinds == DIAGNOSIS
    found &= happened.days < people.exit_day[happened.rows]
    newly[happened.rows[found], happened.conditions[found]] = True
    end = np.minimum(np.minimum(people.death_day[rows], people.exit_day[rows]), last)
    return newly[rows], end / DAYS_PER_YEAR


def newborn_lives(
    tables: DiseaseTables, luck: Luck, newborns: int = NEWBORNS, first_person: int = NEWBORNS
) -> Lives:
    """Live newborns of each sex and fifth to their deaths."""
    group = np.arange(newborns) % 10
    people = bare_population(
        tables.conditions,
        np.zeros(newborns),
        sex=group // 5,
        imd_quintile=group % 5 + 1,
        first_person=first_person,
    )
    give_risks(people, tables.risks, luck)
    health = Health(people, tables, luck)
    health.live_to_entry()
    health.advance(OLDEST * DAYS_PER_YEAR)
    lived = np.minimum(people.death_day / DAYS_PER_YEAR, OLDEST)
    of_group = [lived[group == each] for each in range(10)]
    mean = np.array([each.mean() for each in of_group]).reshape(2, 5)
    error = np.array([each.std() / np.sqrt(each.size) for each in of_group]).reshape(2, 5)
    return Lives(mean, error)


def _ever_recorded(evidence: Evidence, tables: DiseaseTables) -> People:
    """Return an England in which conditions are counted as triads were: ever recorded."""
    aim = aim_of(Evidence(evidence.folder, ever_recorded(evidence)))
    ratios = tables.about["hazard_ratio_most_least_deprived"]
    fitted = Fitted(np.log([ratios[name] for name in aim.conditions]), np.zeros(len(ratios)))
    luck = Luck(OTHER_LUCK, 0)
    derived = live_once(aim, fitted, DERIVED_LIVES, luck).tables
    people = england(derived.conditions, aim.population, EVER_RECORDED, risks=derived.risks)
    Health(people, derived, luck).live_to_entry()
    return people_with(people.has, people, np.arange(len(people)), aim.effects.physical)
