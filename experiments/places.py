"""Read places: those that come with the program and a user's own.

A place file is a small TOML. A built-in place takes its figures from the evidence tables by
its key; a user's own place gives what it knows as CSV counts or shares and borrows the rest
from the built-in place most like it, which ``Place.notes`` then says.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from agents.evidence import Evidence, Figure, Row
from agents.faults import BadInput, Fault, nearest
from agents.files import is_file
from agents.place import (
    AGE_BANDS,
    BROAD_BANDS,
    ETHNIC_GROUPS,
    QUINTILES,
    Floats,
    Place,
    largest_remainder,
)
from agents.population import SEXES
from experiments.margins import MARGINS, Table, read_table

FOLDER = Path(__file__).parent / "places"

KINDS = ("country", "system", "borough", "locality", "own")
ARCHETYPES = (
    "national",
    "mixed",
    "inner_london",
    "outer_london",
    "urban_affluent",
    "urban_deprived",
    "rural",
)
# The built-in place that stands for its kind, from which a user's own place may borrow.
REFERENCE_PLACES = {
    "national": "england",
    "mixed": "england",
    "inner_london": "southwark",
    "outer_london": "bexley",
    "urban_affluent": "rayleigh",
    "urban_deprived": "tilbury",
    "rural": "dengie",
}
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
MOST_PEOPLE = 100_000_000  # more than any country of the United Kingdom has

_TEXT = ("key", "name", "kind", "system", "archetype", "notes", "like")
_NUMBERS = ("population", "practices", "registered", "patients_per_gp")
_SECTIONS = ("people", "demand_log_factor")
_LISTS = ("localities",)
KEYS = (*_TEXT, *_NUMBERS, *_SECTIONS, *_LISTS)


def place_names() -> tuple[str, ...]:
    """Return the keys of the built-in places."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_place(name_or_path: str | Path, evidence: Evidence) -> Place:
    """Return a built-in place by name, or a user's own from its file.

    Raises
    ------
    BadInput
        With every fault found in the file and in the tables that it names.
    """
    path = _path_of(name_or_path)
    raw = _read_toml(path)
    faults = list(_faults_in_keys(raw, path))
    tables = _read_tables(raw, path, faults)
    if faults:
        raise BadInput(faults)
    if path.parent == FOLDER:
        return published_place(raw, evidence)
    return _own_place(raw, tables, path, evidence)


def _path_of(name_or_path: str | Path) -> Path:
    built_in = FOLDER / f"{name_or_path}.toml"
    if str(name_or_path) in place_names():
        return built_in
    path = Path(name_or_path)
    if path.suffix == ".toml" and is_file(path):
        return path.resolve()
    near = nearest(str(name_or_path), place_names())
    raise BadInput(
        [
            Fault(
                where="place",
                key=str(name_or_path),
                found="no built-in place of this name and no such file",
                allowed=f"a place file (.toml) or one of {', '.join(place_names())}",
                remedy=f"did you mean {near}?" if near else "choose a place or give a file",
            )
        ]
    )


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            [
                Fault(
                    where=str(path),
                    key="file",
                    found=str(error),
                    allowed="TOML",
                    remedy="mend the file at the place named",
                )
            ]
        ) from error


def _fault(path: Path, key: str, found: object, allowed: str, remedy: str) -> Fault:
    return Fault(where=path.name, key=key, found=repr(found), allowed=allowed, remedy=remedy)


def _faults_in_keys(raw: Mapping[str, object], path: Path) -> Iterable[Fault]:
    for key in raw:
        if key not in KEYS:
            near = nearest(key, KEYS)
            remedy = f"did you mean {near}?" if near else "remove it"
            yield _fault(path, key, "an unknown key", ", ".join(KEYS), remedy)
    for key in _TEXT:
        if key in raw and not isinstance(raw[key], str):
            yield _fault(path, key, raw[key], "text in quotes", "give text")
    yield from _faults_in_numbers(raw, path)
    yield from _faults_in_choices(raw, path)
    yield from _faults_in_sections(raw, path)


def _faults_in_numbers(raw: Mapping[str, object], path: Path) -> Iterable[Fault]:
    for key in _NUMBERS:
        if key in raw and not _is_number(raw[key]):
            yield _fault(path, key, raw[key], "a number", "give a number without quotes")
        elif key in raw and not 0 < _number(raw[key]) <= MOST_PEOPLE:
            allowed = f"a number above 0, at most {MOST_PEOPLE:,}"
            yield _fault(path, key, raw[key], allowed, "give the real figure")


def _faults_in_choices(raw: Mapping[str, object], path: Path) -> Iterable[Fault]:
    choices = {"kind": KINDS, "archetype": ARCHETYPES, "like": place_names()}
    for key, allowed in choices.items():
        value = raw.get(key)
        if isinstance(value, str) and value not in allowed:
            near = nearest(value, allowed)
            remedy = f"did you mean {near}?" if near else "choose one of these"
            yield _fault(path, key, value, ", ".join(allowed), remedy)


def _faults_in_sections(raw: Mapping[str, object], path: Path) -> Iterable[Fault]:
    for key in _SECTIONS:
        if key in raw and not isinstance(raw[key], dict):
            yield _fault(path, key, raw[key], f"a section [{key}]", f"write [{key}] above it")
    names = raw.get("localities", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield _fault(path, "localities", names, "a list of names", 'write ["North", "South"]')
    for key, value in _section(raw, "demand_log_factor").items():
        if not _is_number(value):
            yield _fault(path, f"demand_log_factor.{key}", value, "a number", "give a log ratio")


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and abs(_number(value)) <= sys.float_info.max


def _number(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value) if abs(value) <= sys.float_info.max else math.inf


def _section(raw: Mapping[str, object], key: str) -> dict[str, object]:
    section = raw.get(key, {})
    return section if isinstance(section, dict) else {}


def _read_tables(raw: Mapping[str, object], path: Path, faults: list[Fault]) -> dict[str, Table]:
    """Read the CSV tables that ``[people]`` names; add what is wrong with them to ``faults``."""
    tables = {}
    for key, value in _section(raw, "people").items():
        if key not in MARGINS:
            near = nearest(key, MARGINS)
            remedy = f"did you mean {near}?" if near else "remove it"
            faults.append(_fault(path, f"people.{key}", value, ", ".join(MARGINS), remedy))
        elif not isinstance(value, str):
            faults.append(_fault(path, f"people.{key}", value, "a CSV file name", "quote it"))
        else:
            table = read_table(path.parent / value, MARGINS[key], faults)
            if table is not None:
                tables[key] = table
    return tables


# ---------------------------------------------------------------- built-in places


def published_place(raw: Mapping[str, object], evidence: Evidence) -> Place:
    """Return the place of ``raw["key"]`` with its figures from the evidence tables."""
    key = str(raw["key"])
    row = evidence.rows("places", place=key)[0]
    place = _from_tables(raw, row, evidence)
    if place.kind != "system":
        return place
    members = evidence.rows("places", system=key)
    parts = tuple(
        published_place(_read_toml(FOLDER / f"{member['place']}.toml"), evidence)
        for member in members
        if member["place"] != key
    )
    return _with_parts(place, parts)


def _from_tables(raw: Mapping[str, object], row: Row, evidence: Evidence) -> Place:
    key, archetype = row["place"], str(raw["archetype"])
    population = _place_figure(row, "population", "residents", evidence)
    practices = _place_figure(row, "gp_practices", "practices", evidence)
    registered = _place_figure(row, "registered_patients_of_those_practices", "people", evidence)
    localities, shares = _localities(str(raw["name"]), str(raw["kind"]), population)
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
        notes=(*_texts(raw.get("notes")), *_capacity_note(archetype), *factor_note),
    )


def _texts(*values: object) -> tuple[str, ...]:
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


def _to_one(values: Floats, *, by_column: bool = False) -> Floats:
    """Return ``values`` in proportion, with a sum of 1 (of each column that holds anybody)."""
    total = values.sum(axis=0 if by_column else None)
    shares: Floats = values / np.maximum(total, 1e-12)
    return shares


def _age_sex_share(key: str, evidence: Evidence) -> Floats:
    shares = _shares(key, "age_sex_share", evidence, (len(AGE_BANDS), len(SEXES)))
    return _to_one(shares)


def _imd_mix(key: str, evidence: Evidence) -> Floats:
    shares = _shares(key, "imd_mix", evidence, (len(QUINTILES),))
    return _to_one(shares)


def _age_share_within_imd(key: str, evidence: Evidence) -> Floats:
    shape = (len(BROAD_BANDS), len(QUINTILES))
    shares = _shares(key, "age_share_within_imd", evidence, shape)
    return _to_one(shares, by_column=True)


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
    return figures, _texts(note)


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


def _localities(
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


# ---------------------------------------------------------------- a user's own place


def _own_place(
    raw: Mapping[str, object], tables: Mapping[str, Table], path: Path, evidence: Evidence
) -> Place:
    """Return a user's own place: what it gives, and the rest from the place most like it."""
    base_key = _base_of(raw, tables, evidence)
    base = published_place(_read_toml(FOLDER / f"{base_key}.toml"), evidence)
    population = _own_population(raw, tables, base)
    name = str(raw.get("name", path.stem))
    localities, shares = _localities(name, "own", population)
    names = tuple(str(item) for item in _list(raw.get("localities"))) or localities
    practices, list_size = _own_practices(raw, population, base)
    margins = _own_margins(tables, base)
    return replace(
        base,
        key=str(raw.get("key", path.stem)),
        name=name,
        kind=str(raw.get("kind", "own")),
        system=str(raw.get("system", base.system)),
        archetype=str(raw.get("archetype", base.archetype)),
        population=population,
        practices=practices,
        list_size=list_size,
        patients_per_gp=_number(raw.get("patients_per_gp", base.patients_per_gp)),
        demand_log_factor=_own_factor(raw),
        localities=names,
        locality_shares=(1.0 / len(names),) * len(names) if names != localities else shares,
        parts=(),
        activity={},
        notes=(*_texts(raw.get("notes")), *_borrowed(raw, tables, base)),
        age_sex_share=margins["age_sex"],
        imd_mix=margins["imd"],
        age_share_within_imd=margins["age_by_imd"],
        ethnicity_mix=dict(zip(ETHNIC_GROUPS, margins["ethnicity"].tolist(), strict=True)),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _base_of(raw: Mapping[str, object], tables: Mapping[str, Table], evidence: Evidence) -> str:
    """Return the built-in place to borrow from: named, of the archetype, or nearest."""
    if "like" in raw:
        return str(raw["like"])
    if "archetype" in raw:
        return REFERENCE_PLACES[str(raw["archetype"])]
    if not tables:
        return "england"
    candidates = sorted(set(REFERENCE_PLACES.values()))
    return min(candidates, key=lambda key: _distance(tables, key, evidence))


def _distance(tables: Mapping[str, Table], key: str, evidence: Evidence) -> float:
    """Return how far a built-in place is from the given margins, in shares of people."""
    quiet = Evidence(evidence.folder, evidence.replaced)
    place = published_place(_read_toml(FOLDER / f"{key}.toml"), quiet)
    theirs = _margins_of(place)
    return sum(
        float(np.abs(_shares_of(margin, table, theirs) - theirs[margin]).sum())
        for margin, table in tables.items()
    )


def _margins_of(place: Place) -> dict[str, Floats]:
    return {
        "age_sex": place.age_sex_share,
        "imd": place.imd_mix,
        "age_by_imd": place.age_share_within_imd,
        "ethnicity": np.array([place.ethnicity_mix[group] for group in ETHNIC_GROUPS]),
    }


def _shares_of(margin: str, table: Table, base: Mapping[str, Floats]) -> Floats:
    """Turn a table's counts into the shares of a margin (both sexes: split as the base)."""
    values = table.values
    if margin == "age_sex" and table.both_sexes:
        split = base["age_sex"] / base["age_sex"].sum(axis=1, keepdims=True)
        values = values.sum(axis=1, keepdims=True) * split
    if margin == "age_by_imd":
        return _to_one(values, by_column=True)
    return _to_one(values)


def _own_margins(tables: Mapping[str, Table], base: Place) -> dict[str, Floats]:
    margins = _margins_of(base)
    given = {margin: _shares_of(margin, table, margins) for margin, table in tables.items()}
    if "age_by_imd" in tables and "imd" not in tables and tables["age_by_imd"].counts:
        by_fifth = tables["age_by_imd"].values.sum(axis=0)
        given["imd"] = by_fifth / by_fifth.sum()
    merged = margins | given
    empty = merged["age_by_imd"].sum(axis=0) == 0
    # A fifth that the age table does not know takes the mean ages of those it knows.
    mean = merged["age_by_imd"].sum(axis=1) / max(1, int((~empty).sum()))
    merged["age_by_imd"] = np.where(empty, mean[:, None], merged["age_by_imd"])
    return merged


def _own_population(raw: Mapping[str, object], tables: Mapping[str, Table], base: Place) -> float:
    totals = [float(table.values.sum()) for table in tables.values() if table.counts]
    return _number(raw.get("population", max(totals, default=base.population)))


def _own_practices(
    raw: Mapping[str, object], population: float, base: Place
) -> tuple[float, float]:
    """Return the number of practices and the people registered with one."""
    registered = _number(raw.get("registered", population))
    practices = _number(raw.get("practices", max(1, round(registered / base.list_size))))
    return practices, registered / practices


def _own_factor(raw: Mapping[str, object]) -> dict[str, float]:
    return {key: _number(value) for key, value in _section(raw, "demand_log_factor").items()}


def _borrowed(
    raw: Mapping[str, object], tables: Mapping[str, Table], base: Place
) -> tuple[str, ...]:
    """Say in sentences what the place does not give and where it was taken from."""
    words = {
        "age_sex": "age and sex",
        "imd": "deprivation",
        "age_by_imd": "ages within deprivation",
        "ethnicity": "ethnicity",
    }
    given = set(tables)
    if "age_by_imd" in given and tables["age_by_imd"].counts:
        given.add("imd")
    missing = [text for margin, text in words.items() if margin not in given]
    counted = any(table.counts for table in tables.values())
    missing += [] if counted or "population" in raw else ["population"]
    missing += [] if "practices" in raw else ["the size of practices"]
    missing += [] if "patients_per_gp" in raw else ["patients per GP"]
    factor = "" if "demand_log_factor" in raw else "Demand has no factor of its own."
    capacity = f"Capacity is that of {base.capacity_archetype}."
    borrowed = f"Taken from {base.name}: {', '.join(missing)}." if missing else ""
    return _texts(borrowed, capacity, factor)


__all__ = ["largest_remainder", "load_place", "place_names", "published_place"]
