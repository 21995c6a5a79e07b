"""A synthetic population as a file: one row a resident."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from agents.faults import BadInput, Fault
from agents.files import whole
from agents.place import Place
from agents.population import CURRENT_SMOKER, FRAILTY, SEXES, Population
from experiments.catalogue import EVIDENCE, PARAMETERS, installed
from experiments.checking import quoted
from experiments.experiment import Experiment
from experiments.folder import unwritable
from experiments.resolving import resolve

if TYPE_CHECKING:
    from sim.spec import RunSpec
    from sim.world import World

FIRST_YEAR, LAST_YEAR = 2025, 2065
BEGINS = (4, 1)  # month and day on which a year's population is described
Rows = npt.NDArray[np.int64]


def write_population(place: str, out: Path, *, residents: int | None, year: int, seed: int) -> int:
    """Write the population of a place as a Parquet file; return how many residents it has.

    Later years are reached by living on from ``FIRST_YEAR``: people age, fall ill, die, are
    born and move, with the care of today.

    Raises
    ------
    BadInput
        If place, numbers or file cannot be used; all faults at once.
    """
    asked = _asked(place, out, residents=residents, year=year, seed=seed)
    days = 365 * (year - FIRST_YEAR)
    world, segment = _people_on(_spec(asked, years=max(1, year - FIRST_YEAR)), float(days))
    rows = np.flatnonzero(world.population.present(float(days)))
    columns = population_columns(world.population, rows, float(days), asked.places[0], segment)
    _write(columns | segment_columns(world, rows, float(days)), out)
    return len(rows)


def _asked(place: str, out: Path, *, residents: int | None, year: int, seed: int) -> Experiment:
    """Check what was asked for as if it were an experiment of usual care."""
    faults = []
    if out.suffix != ".parquet":
        faults.append(_fault("--out", str(out), "a name that ends in .parquet", "add .parquet"))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        allowed = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        faults.append(_fault("--year", year, allowed, f"write --year {FIRST_YEAR}"))
    table = {"name": "population", "place": place, "design": [{"use": "usual-care"}]}
    more = {"place": place, "population": residents, "seed": seed}
    try:
        found = resolve(table, installed(), where="command line", overrides=more)
    except BadInput as bad:
        raise BadInput([*faults, *bad.faults]) from None
    if faults:
        raise BadInput(faults)
    return found


def _fault(key: str, found: object, allowed: str, remedy: str) -> Fault:
    return Fault(where="command line", key=key, found=quoted(found), allowed=allowed, remedy=remedy)


def _spec(asked: Experiment, years: int) -> RunSpec:
    from sim.spec import RunSpec

    place = asked.places[0]
    return RunSpec(
        place=place,
        design=asked.arms[0].design,
        effects="none",
        population=asked.residents(place),
        start=date(FIRST_YEAR, *BEGINS),
        years=years,
        seed=asked.seed,
        replication=0,
        evidence=EVIDENCE,
        parameters=PARAMETERS,
    )


def people_of_place(
    place: str, *, residents: int | None, seed: int
) -> tuple[Population, dict[str, npt.NDArray[np.int64]]]:
    """Return the residents of a place today, and what they used in the months before.

    Raises
    ------
    BadInput
        If the place is unknown or the number of residents cannot be used.
    """
    from pathways.demand import Demand
    from sim.lookback import DAYS, LookBack
    from sim.world import build_world

    out = Path("unwritten.parquet")
    asked = _asked(place, out, residents=residents, year=FIRST_YEAR, seed=seed)
    spec = _spec(asked, years=1)
    world = build_world(spec)
    people = world.population
    demand = Demand(people, world.evidence, world.luck, spec.start, spec.place.demand_log_factor)
    look_back = LookBack(demand, demand.past.of_last(DAYS), len(people))
    return people, look_back.columns()


def _people_on(spec: RunSpec, day: float) -> tuple[World, npt.NDArray[np.int8]]:
    """Return everyone as they are on ``day``, and their segment of the risk triangle."""
    from agents.segments import Segments
    from pathways.demand import Demand
    from sim.lookback import DAYS, LookBack
    from sim.world import build_world

    world = build_world(spec)
    people = world.population
    demand = Demand(people, world.evidence, world.luck, spec.start, spec.place.demand_log_factor)
    look_back = LookBack(demand, demand.past.of_last(DAYS), len(people)).columns()
    segments = Segments(people, world.evidence, look_back)
    if day > 0:
        world.health.advance(day)
        world.frailty.update(people, np.flatnonzero(people.present(day)), day)
        demand.refresh(np.arange(len(people)), round(day))
        demand.past.forget()
        history = demand.past.of_last(DAYS)
        segments.update(day, LookBack(demand, history, len(people)).columns())
    return world, segments.segment


def population_columns(
    people: Population, rows: Rows, day: float, place: Place, segment: npt.NDArray[np.int8]
) -> dict[str, Any]:
    """Return the columns of the population file for ``rows`` as they are on ``day``."""
    from agents.segments import SEGMENTS

    columns: dict[str, Any] = {
        "person": people.person[rows],
        "place": np.full(len(rows), place.key, object),
        "age": np.floor(people.age(day, rows)).astype(np.int16),
        "sex": np.array(SEXES, object)[people.sex[rows]],
        "imd_quintile": people.imd_quintile[rows],
        "ethnicity": np.array(people.ethnic_groups, object)[people.ethnicity[rows]],
        "household": people.household[rows],
        "practice": people.practice[rows],
        "locality": _named(people.localities, people.locality[rows]),
        "care_home": people.care_home[rows],
        "frailty": np.array(FRAILTY, object)[people.frailty[rows]],
        "smoker": people.smoking[rows] == CURRENT_SMOKER,
        "obese": people.obese[rows],
        "carer": people.carer[rows],
        "activation": people.activation[rows],
        "isolated": people.isolated[rows],
        "ltc_count": people.ltc_count(rows),
        "ltc_count_diagnosed": people.ltc_count_diagnosed(rows),
        "segment": np.array(SEGMENTS, object)[segment[rows]],
    }
    for column, key in enumerate(people.conditions):
        columns[key] = people.has[rows, column]
        columns[f"{key}_diagnosed"] = people.diagnosed[rows, column]
    for column, key in enumerate(people.vulnerabilities):
        columns[key] = people.vulnerable[rows, column]
    return columns


def segment_columns(world: World, rows: Rows, day: float) -> dict[str, Any]:
    """Return the segment of ``rows`` on ``day`` in each segmentation of ``segmentations.csv``."""
    from agents.rule_columns import columns_of
    from agents.segments import Segmentation, segmentation_keys

    known, columns = columns_of(world.population, day, rows=rows), {}
    for key in segmentation_keys(world.evidence):
        found = Segmentation.load(key, world.evidence)
        columns[f"segment_{key}"] = np.array(found.segments, object)[found.segment(known)]
    return columns


def _named(names: tuple[str, ...], numbers: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """Return names by number; the numbers where there are no names."""
    return np.array(names, object)[numbers] if names else numbers


def _write(columns: dict[str, Any], out: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(part) for name, part in columns.items()})
    try:
        with whole(out) as aside:
            pq.write_table(table, aside)
    except OSError as error:
        raise BadInput([unwritable(out, error)]) from None
