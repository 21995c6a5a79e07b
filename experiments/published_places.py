"""The places that come with the program: their figures are in the evidence tables, by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from agents.evidence import Evidence, Figure, Row
from agents.place import (
    AGE_BANDS,
    BROAD_BANDS,
    ETHNIC_GROUPS,
    QUINTILES,
    Floats,
    Place,
)
from agents.population import SEXES
from experiments.checking import read_toml

FOLDER = Path(__file__).parent / "places"
# Capacity is known for four kinds of place; the others take the nearest.
CAPACITY_OF = {
    "national": "england",
    "mixed": "england",
    "inner_london": "inner_london_deprived_young",
    "outer_london": "england",
    "urban_affluent": "urban_affluent_essex",
    "urban_deprived": "urban_deprived_essex_core",
    "rural": "urban_affluent_essex",
}
OWN_CAPACITY = frozenset({"national", "inner_london", "urban_affluent", "urban_deprived"})
ALL_ESSEX = "Mid and South Essex, all 26"
LOCALITY_SIZE = 50_000


def place_names() -> tuple[str, ...]:
    """Return the keys of the built-in places."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def published_place(key: str, evidence: Evidence) -> Place:
    """Return a built-in place with its figures from the evidence tables."""
    raw = read_toml(FOLDER / f"{key}.toml")
    row = evidence.rows("places", place=key)[0]
    place = _from_tables(raw, row, evidence)
    if place.kind != "system":
        return place
    members = evidence.rows("places", system=key)
    parts = tuple(
        published_place(member["place"], evidence) for member in members if member["place"] != key
    )
    return _with_parts(place, parts)


def _from_tables(raw: Mapping[str, object], row: Row, evidence: Evidence) -> Place:
    key, archetype = row["place"], str(raw["archetype"])
    population = _place_figure(row, "population", "residents", evidence)
    practices = _place_figure(row, "gp_practices", "practices", evidence)
    registered = _place_figure(row, "registered_patients_of_those_practices", "people", evidence)
    localities, shares = localities_of(str(raw["name"]), str(raw["kind"]), population)
    factor, factor_note = _demand_factor(row, evidence)
    return Place(
        key=key,
        name=str(raw["name"]),
        kind=str(raw["kind"]),
        system=str(raw["system"]),
        archetype=archetype,
        population=population,
        age_sex_share=_age_sex_share(key, evidence),
        imd_mix=_imd_mix(key, evidence),
        age_share_within_imd=_age_share_within_imd(key, evidence),
        ethnicity_mix=_ethnicity_mix(key, evidence),
        practices=practices,
        list_size=registered / practices,
        patients_per_gp=_place_figure(row, "patients_per_gp_fte", "people per GP", evidence),
        capacity=_capacity(CAPACITY_OF[archetype], evidence),
        capacity_archetype=CAPACITY_OF[archetype],
        demand_log_factor=factor,
        localities=localities,
        locality_shares=shares,
        activity=_printed_activity(str(raw["name"]), evidence),
        notes=(*texts(raw.get("notes")), *_capacity_note(archetype), *factor_note),
    )


def texts(*values: object) -> tuple[str, ...]:
    """Return those of ``values`` that say something, as texts."""
    return tuple(str(value) for value in values if value)


def _capacity_note(archetype: str) -> tuple[str, ...]:
    if archetype in OWN_CAPACITY:
        return ()
    words = archetype.replace("_", " ")
    return (f"Capacity is that of {CAPACITY_OF[archetype]}: none is published for {words}.",)


def _place_figure(row: Row, column: str, unit: str, evidence: Evidence) -> float:
    """Return one cell of ``places.csv`` as a figure of the run."""
    key = f"places.{row['place']}.{column}"
    value = evidence.replaced.get(key, float(row[column]))
    figure = Figure(
        key=key,
        value=value,
        low=None,
        high=None,
        unit=unit,
        source=row["source"],
        basis=row["basis"],
        note=row["note"],
    )
    evidence.keep([figure])
    return value


def _shares(key: str, dimension: str, evidence: Evidence, shape: tuple[int, ...]) -> Floats:
    """Return a margin of ``place_population.csv`` as an array that sums to 1 (or by column)."""
    rows = evidence.rows("place_population", place=key, dimension=dimension)
    figures = evidence.figures("place_population", place=key, dimension=dimension)
    shares = np.zeros(shape)
    for row, figure in zip(rows, figures, strict=True):
        shares[_cell(row, dimension)] = figure.value
    return shares


def _cell(row: Row, dimension: str) -> tuple[int, ...]:
    band = (int(row["age_low"]), int(row["age_high"]))
    if dimension == "age_sex_share":
        return AGE_BANDS.index(band), SEXES.index(row["sex"])
    if dimension == "imd_mix":
        return (int(row["imd_quintile"]) - 1,)
    if dimension == "ethnicity_mix":
        return (ETHNIC_GROUPS.index(row["ethnic_group"]),)
    return BROAD_BANDS.index(band), int(row["imd_quintile"]) - 1


def to_one(values: Floats, *, by_column: bool = False) -> Floats:
    """Return ``values`` in proportion, with a sum of 1 (of each column that holds anybody)."""
    total = values.sum(axis=0 if by_column else None)
    shares: Floats = values / np.maximum(total, 1e-12)
    return shares


def _age_sex_share(key: str, evidence: Evidence) -> Floats:
    shares = _shares(key, "age_sex_share", evidence, (len(AGE_BANDS), len(SEXES)))
    return to_one(shares)


def _imd_mix(key: str, evidence: Evidence) -> Floats:
    shares = _shares(key, "imd_mix", evidence, (len(QUINTILES),))
    return to_one(shares)


def _age_share_within_imd(key: str, evidence: Evidence) -> Floats:
    shape = (len(BROAD_BANDS), len(QUINTILES))
    shares = _shares(key, "age_share_within_imd", evidence, shape)
    return to_one(shares, by_column=True)


def _ethnicity_mix(key: str, evidence: Evidence) -> dict[str, float]:
    shares = _shares(key, "ethnicity_mix", evidence, (len(ETHNIC_GROUPS),))
    return dict(zip(ETHNIC_GROUPS, (shares / shares.sum()).tolist(), strict=True))


def _capacity(archetype: str, evidence: Evidence) -> dict[str, dict[str, float]]:
    """Return capacity by service and role, per 10,000 people."""
    rows = evidence.rows("baseline_capacity", archetype=archetype)
    capacity: dict[str, dict[str, float]] = {}
    figures = evidence.figures("baseline_capacity", archetype=archetype)
    for row, figure in zip(rows, figures, strict=True):
        capacity.setdefault(row["service"], {})[row["role"]] = figure.value
    return capacity


def _demand_factor(row: Row, evidence: Evidence) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the place's log factors; an Essex locality without its own takes the system's."""
    rows = evidence.rows("baseline_demand", term="place_log_factor")
    named = {found["level"] for found in rows}
    in_essex = "mid_and_south_essex" in (row["system"], row["place"])
    level = row["name"] if row["name"] in named else ALL_ESSEX if in_essex else ""
    figures = {
        found["service"]: evidence.value(
            "baseline_demand", term="place_log_factor", level=level, service=found["service"]
        )
        for found in rows
        if found["level"] == level
    }
    borrowed = level == ALL_ESSEX and row["kind"] == "locality"
    note = "Its demand factors are those of all 26 Essex localities." if borrowed else ""
    return figures, texts(note)


def _printed_activity(name: str, evidence: Evidence) -> dict[str, float]:
    """Return the activity printed for a locality, with the population it belongs to."""
    for row in evidence.rows("localities", locality_full_name=_printed_name(name)):
        return {
            "population_printed": float(row["population"]),
            "emergency_admissions_2015_16": float(row["nel_2015_16"]),
            "outpatient_appointments_2015_16": float(row["op_2015_16"]),
        }
    return {}


def _printed_name(name: str) -> str:
    return {
        "Ockendon": "South Ockendon",
        "Mid and South Essex (26 localities)": "All 26 localities",
    }.get(name, name)


def localities_of(
    name: str, kind: str, population: float
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Name a borough's localities of about 50,000 people; every other place is one."""
    n = max(1, round(population / LOCALITY_SIZE)) if kind in ("borough", "own") else 1
    names = (name,) if n == 1 else tuple(f"{name} {i + 1}" for i in range(n))
    return names, (1.0 / n,) * n


def _with_parts(place: Place, parts: tuple[Place, ...]) -> Place:
    """Return a system with its places as localities and its capacity their mean."""
    people = np.array([part.population for part in parts])
    shares = people / people.sum()
    return replace(
        place,
        parts=parts,
        localities=tuple(part.name for part in parts),
        locality_shares=tuple(shares.tolist()),
        practices=sum(part.practices for part in parts),
        capacity=_mean_capacity(parts, shares),
        capacity_archetype="mean of its places",
        notes=(*place.notes[:1], "Capacity is the mean of its places, weighted by residents."),
    )


def _mean_capacity(parts: tuple[Place, ...], shares: Floats) -> dict[str, dict[str, float]]:
    mean: dict[str, dict[str, float]] = {}
    for part, share in zip(parts, shares.tolist(), strict=True):
        for service, roles in part.capacity.items():
            for role, value in roles.items():
                roles_mean = mean.setdefault(service, {})
                roles_mean[role] = roles_mean.get(role, 0.0) + share * value
    return mean
