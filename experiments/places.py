"""Read places: those that come with the program and a user's own.

A place file is a small TOML. A built-in place takes its figures from the evidence tables by
its key; a user's own place gives what it knows as CSV counts or shares and borrows the rest
from the built-in place most like it, which ``Place.notes`` then says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from agents.evidence import Evidence
from agents.faults import BadInput, Fault, nearest
from agents.files import is_file
from agents.place import Place
from experiments.checking import read_toml
from experiments.margins import MARGINS, Table, read_table
from experiments.own_place import number, own_place, section
from experiments.published_places import FOLDER, place_names, published_place

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
MOST_PEOPLE = 100_000_000  # more than any country of the United Kingdom has

_TEXT = ("key", "name", "kind", "system", "archetype", "notes", "like")
_NUMBERS = ("population", "practices", "registered", "patients_per_gp")
_SECTIONS = ("people", "demand_log_factor")
_LISTS = ("localities",)
KEYS = (*_TEXT, *_NUMBERS, *_SECTIONS, *_LISTS)


def load_place(name_or_path: str | Path, evidence: Evidence) -> Place:
    """Return a built-in place by name, or a user's own from its file.

    Raises
    ------
    BadInput
        With every fault found in the file and in the tables that it names.
    """
    path = _path_of(name_or_path)
    raw = read_toml(path)
    faults = list(_faults_in_keys(raw, path))
    tables = _read_tables(raw, path, faults)
    if faults:
        raise BadInput(faults)
    if path.parent == FOLDER:
        return published_place(path.stem, evidence)
    return own_place(raw, tables, path, evidence)


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
        elif key in raw and not 0 < number(raw[key]) <= MOST_PEOPLE:
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
    for key, value in section(raw, "demand_log_factor").items():
        if not _is_number(value):
            yield _fault(path, f"demand_log_factor.{key}", value, "a number", "give a log ratio")


def _is_number(value: object) -> bool:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return numeric and abs(number(value)) <= sys.float_info.max


def _read_tables(raw: Mapping[str, object], path: Path, faults: list[Fault]) -> dict[str, Table]:
    """Read the CSV tables that ``[people]`` names; add what is wrong with them to ``faults``."""
    tables = {}
    for key, value in section(raw, "people").items():
        if key not in MARGINS:
            near = nearest(key, MARGINS)
            remedy = f"did you mean {near}?" if near else "remove it"
            faults.append(_fault(path, f"people.{key}", value, ", ".join(MARGINS), remedy))
        elif not isinstance(value, str):
            faults.append(
                _fault(
                    path, f"people.{key}", value, "a CSV file name in quotes", "put it in a file"
                )
            )
        else:
            table = read_table(path.parent / value, MARGINS[key], faults)
            if table is not None:
                tables[key] = table
    return tables
