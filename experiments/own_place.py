"""A user's own place: what its file gives, and the rest from the built-in place most like it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from agents.evidence import Evidence, Figure
from agents.place import ETHNIC_GROUPS, Floats, Place
from experiments.folder import slug
from experiments.margins import Table
from experiments.published_places import localities_of, published_place, texts, to_one

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
# What a place may not give: what it is called, and where the figures of a built-in place stand.
_PEOPLE_OF = "place_population.{place}."
BORROWED = {
    "age_sex": ("age and sex", (_PEOPLE_OF + "age_sex_share.",)),
    "sexes": ("how each age splits into women and men", (_PEOPLE_OF + "age_sex_share.",)),
    "imd": ("deprivation", (_PEOPLE_OF + "imd_mix.",)),
    "age_by_imd": ("ages within deprivation", (_PEOPLE_OF + "age_share_within_imd.",)),
    "ethnicity": ("ethnicity", (_PEOPLE_OF + "ethnicity_mix.",)),
    "population": ("population", ("places.{place}.population",)),
    "practices": (
        "the size of practices",
        ("places.{place}.gp_practices", "places.{place}.registered_patients"),
    ),
    "patients_per_gp": ("patients per GP", ("places.{place}.patients_per_gp",)),
}


def own_place(
    raw: Mapping[str, object], tables: Mapping[str, Table], path: Path, evidence: Evidence
) -> Place:
    """Return a user's own place: what it gives, and the rest from the place most like it.

    Its key is harmless as the name of a folder. ``evidence`` remembers what was borrowed alone.
    """
    base_key, lacking = _base_of(raw, tables, evidence), _lacking(raw, tables)
    whole = Evidence(evidence.folder, evidence.replaced)
    base = published_place(base_key, whole)
    evidence.keep(_figures_of(base_key, lacking, whole))
    population = _own_population(raw, tables, base)
    name = str(raw.get("name", path.stem))
    localities, shares = localities_of(name, "own", population)
    names = tuple(str(item) for item in _list(raw.get("localities"))) or localities
    practices, list_size = _own_practices(raw, population, base)
    margins = _own_margins(tables, base)
    return replace(
        base,
        key=slug(str(raw.get("key", path.stem))),
        name=name,
        kind=str(raw.get("kind", "own")),
        system=str(raw.get("system", base.system)),
        archetype=str(raw.get("archetype", base.archetype)),
        population=population,
        practices=practices,
        list_size=list_size,
        patients_per_gp=number(raw.get("patients_per_gp", base.patients_per_gp)),
        demand_log_factor=_own_factor(raw),
        localities=names,
        locality_shares=(1.0 / len(names),) * len(names) if names != localities else shares,
        parts=(),
        activity={},
        notes=(*texts(raw.get("notes")), *_notes(raw, lacking, base)),
        age_sex_share=margins["age_sex"],
        imd_mix=margins["imd"],
        age_share_within_imd=margins["age_by_imd"],
        ethnicity_mix=dict(zip(ETHNIC_GROUPS, margins["ethnicity"].tolist(), strict=True)),
    )


def number(value: object) -> float:
    """Return a checked number of a place file as a float, infinite where it is too large."""
    assert isinstance(value, (int, float))
    return float(value) if abs(value) <= sys.float_info.max else math.inf


def section(raw: Mapping[str, object], key: str) -> dict[str, object]:
    """Return a section of a place file, empty where there is none."""
    found = raw.get(key, {})
    return found if isinstance(found, dict) else {}


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
    place = published_place(key, quiet)
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
        return to_one(values, by_column=True)
    return to_one(values)


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
    return number(raw.get("population", max(totals, default=base.population)))


def _own_practices(
    raw: Mapping[str, object], population: float, base: Place
) -> tuple[float, float]:
    """Return the number of practices and the people registered with one."""
    registered = number(raw.get("registered", population))
    practices = number(raw.get("practices", max(1, round(registered / base.list_size))))
    return practices, registered / practices


def _own_factor(raw: Mapping[str, object]) -> dict[str, float]:
    return {key: number(value) for key, value in section(raw, "demand_log_factor").items()}


def _lacking(raw: Mapping[str, object], tables: Mapping[str, Table]) -> list[str]:
    """Return what of ``BORROWED`` the place does not give."""
    given = {*tables, *raw}
    if "age_by_imd" in tables and tables["age_by_imd"].counts:
        given.add("imd")
    if any(table.counts for table in tables.values()):
        given.add("population")
    if "age_sex" not in tables or not tables["age_sex"].both_sexes:
        given.add("sexes")
    return [key for key in BORROWED if key not in given]


def _figures_of(base: str, lacking: list[str], evidence: Evidence) -> Iterator[Figure]:
    """Yield those of the numbers behind the built-in place ``base`` that are borrowed."""
    patterns = [pattern for key in lacking for pattern in BORROWED[key][1]]
    starts = ("baseline_capacity.", *(pattern.format(place=base) for pattern in patterns))
    return (figure for key, figure in evidence.used.items() if key.startswith(starts))


def _notes(raw: Mapping[str, object], lacking: list[str], base: Place) -> tuple[str, ...]:
    """Say in sentences what the place does not give and where it was taken from."""
    missing = ", ".join(BORROWED[key][0] for key in lacking)
    borrowed = f"Taken from {base.name}: {missing}." if missing else ""
    capacity = f"Capacity is that of {base.capacity_archetype}."
    factor = "" if "demand_log_factor" in raw else "Demand has no factor of its own."
    return texts(borrowed, capacity, factor)
