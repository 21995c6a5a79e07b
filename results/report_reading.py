"""Reading an experiment folder for its report: tables, designs and their letters."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from results.csv_files import read_csv
from results.report_data import LETTERS, READINGS, USUAL, Option, ReportData
from results.report_measures import spoken
from results.report_numbers import capital
from results.settings import EVIDENCE

EFFECTS_TABLE = "intervention_effects"
TEXT_COLUMNS = ("group", "year", "design", "effects", "place", "measure", "group_by", "payer")


def read_report_data(folder: Path, place: str | None = None) -> ReportData:
    """Read an experiment folder for a report on one place (the first, unless named).

    Raises
    ------
    BadInput
        If the folder holds no experiment file or no tables, or more designs than a report
        can show.
    """
    experiment = _experiment(folder)
    tables = {path.stem: _read_csv(path) for path in sorted((folder / "tables").glob("*.csv"))}
    if "comparison" not in tables and "outcomes" not in tables:
        raise BadInput([_no_tables(folder)])
    places = _places(tables, experiment)
    chosen = place or places[0]
    here = {name: _of_place(table, chosen) for name, table in tables.items()}
    facts = _facts(folder, chosen)
    data = ReportData(
        folder=folder,
        experiment=experiment,
        manifest=_json(folder / "manifest.json"),
        facts=facts.get(
            str(experiment.get("baseline", "usual-care")), next(iter(facts.values()), {})
        ),
        place=chosen,
        places=places,
        baseline=_baseline(experiment, facts),
        designs=(),
        tables=here,
        across=_across(tables, experiment) if len(places) > 1 else {},
        names={key: _name_of(folder, key) for key in places} if len(places) > 1 else {},
    )
    return replace(data, designs=_designs(data, facts))


def _across(
    tables: Mapping[str, pd.DataFrame], experiment: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return the rows told of every place: the main measure compared, and net cash."""
    wanted: dict[str, dict[str, str]] = {
        "comparison": {
            "measure": str(experiment.get("main_measure", "emergency_admissions")),
            "group_by": "all",
            "year": "all",
        },
        "costs": {"line": "net_cash", "year": "all", "payer": "all", "setting": "all"},
    }
    found = {}
    for name, where in wanted.items():
        table = tables.get(name)
        if table is None or not {"place", *where} <= set(table.columns):
            continue
        for column, value in where.items():
            table = table[table[column].astype(str) == value]
        found[name] = table
    return found


def _name_of(folder: Path, place: str) -> str:
    """Return a place's name as its runs tell it."""
    records = (folder / "runs" / f"place={place}").glob("*/*/*/*/run.json")
    told = _json(next(iter(sorted(records)), folder / "run.json"))
    return str(told.get("place_name") or capital(spoken(place)))


def _experiment(folder: Path) -> dict[str, Any]:
    path = folder / "experiment.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(
            [
                Fault(
                    where=str(folder),
                    key="experiment.toml",
                    found="no such file",
                    allowed="a folder that carepath run wrote",
                    remedy="give the run folder itself",
                )
            ]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            [
                Fault(
                    where=str(path),
                    key="experiment.toml",
                    found=str(error),
                    allowed="TOML as carepath run wrote it",
                    remedy="run the experiment again, or mend the file",
                )
            ]
        ) from None


def _no_tables(folder: Path) -> Fault:
    return Fault(
        where=str(folder / "tables"),
        key="comparison.csv",
        found="no such table",
        allowed="the tables of a run",
        remedy="carepath report DIR builds them from the run records",
    )


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a table of a report: names, groups and years are text, a gap among them is empty."""
    table = read_csv(path)
    text = [column for column in TEXT_COLUMNS if column in table.columns]
    for column in text:
        values = table[column]
        whole = pd.api.types.is_string_dtype(values.dtype)
        table[column] = values.fillna("") if whole else values.map(_as_text)
    return table


def _as_text(value: object) -> str:
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _places(tables: Mapping[str, pd.DataFrame], experiment: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the places that have results, in the order in which the experiment names them.

    A place that is named by its file is known by the file's name.
    """
    named = experiment.get("place", "place")
    asked = [Path(str(one)).stem for one in (named if isinstance(named, list) else [named])]
    for name in ("comparison", "outcomes"):
        table = tables.get(name)
        if table is not None and "place" in table.columns and len(table):
            present = list(dict.fromkeys(table["place"]))
            return tuple(dict.fromkeys([*(one for one in asked if one in present), *present]))
    return tuple(asked)


def _of_place(table: pd.DataFrame, place: str) -> pd.DataFrame:
    if "place" not in table.columns:
        return table
    return table[table["place"].isin((place, "", "all"))].reset_index(drop=True)


def _facts(folder: Path, place: str) -> dict[str, dict[str, Any]]:
    """Return what the first run record of each design says about itself."""
    facts = {}
    for design in sorted((folder / "runs" / f"place={place}").glob("design=*")):
        records = sorted(design.glob("*/*/*/run.json"))
        if records:
            facts[design.name.removeprefix("design=")] = _json(records[0])
    return facts


def _baseline(experiment: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> Option:
    key = str(experiment.get("baseline", "usual-care"))
    return Option(letter=USUAL, key=key, title=_title(key, facts), effects="none")


def _title(key: str, facts: Mapping[str, Mapping[str, Any]]) -> str:
    return str(facts.get(key, {}).get("design_title") or capital(spoken(key)))


def _names(data: ReportData) -> list[str]:
    """Return the designs that have results, in the order of the experiment file."""
    tables = (data.table(name) for name in ("comparison", "outcomes"))
    table = next((one for one in tables if one is not None), None)
    present = list(dict.fromkeys(table["design"])) if table is not None else []
    named = [name for name in data.asked if name in present]
    rest = [name for name in present if name not in named]
    return [name for name in [*named, *rest] if name != data.baseline.key]


def _designs(data: ReportData, facts: Mapping[str, Mapping[str, Any]]) -> tuple[Option, ...]:
    names = _names(data)
    if len(names) > len(LETTERS):
        raise BadInput(
            [
                Fault(
                    where=str(data.folder / "experiment.toml"),
                    key="design",
                    found=f"{len(names)} designs beside {data.baseline.key}",
                    allowed=f"at most {len(LETTERS)} in one report",
                    remedy="run fewer with --designs NAME,NAME; the tables hold them all, and "
                    "carepath compare shows any of them",
                )
            ]
        )
    return tuple(
        replace(
            _option(data, letter, name, _title(name, facts)),
            costless=facts.get(name, {}).get("design_costs") == [],
        )
        for letter, name in zip(LETTERS, names, strict=False)
    )


def _option(data: ReportData, letter: str, key: str, title: str) -> Option:
    rows = data.rows("comparison", design=key)
    run = set(rows["effects"]) if "effects" in rows.columns else set()
    readings = tuple(name for name in READINGS if name in run)
    effects = readings[0] if readings else "published"
    return Option(
        letter=letter,
        key=key,
        title=title,
        effects=effects,
        readings=readings,
        assumption_only=_assumption_only(data, key, effects),
    )


def _assumption_only(data: ReportData, key: str, effects: str) -> bool:
    """Tell whether no study stands behind the effects a design was run with.

    A plan's own figures are assumptions by nature. Under published effects the evidence
    used by the run must hold at least one published effect that was not merely assumed.
    """
    if effects in ("null", "inert"):
        return False
    if effects == "plan":
        return True
    arm = data.folder / "runs" / f"place={data.place}" / f"design={key}" / f"effects={effects}"
    about = next(iter(sorted(arm.glob("*/*/run.json"))), None)
    told = json.loads(about.read_text(encoding="utf-8")) if about else {}
    if "assumption_only" in told:
        return bool(told["assumption_only"])
    used = next(iter(sorted(arm.glob("*/*/evidence.csv"))), None)
    if used is None:
        return False
    rows = _read_csv(used)
    effects_used = rows[rows["key"].astype(str).str.startswith(f"{EFFECTS_TABLE}.")]
    studied = effects_used[effects_used["basis"] != "assumption"]["key"].astype(str)
    return not any(key.split(".")[1] in published_effects() for key in studied)


@lru_cache(maxsize=1)
def published_effects() -> frozenset[str]:
    """Return the ids of the effects that studies published (not those that plans assume)."""
    rows = Evidence(EVIDENCE).rows(EFFECTS_TABLE, kind="published_effect")
    return frozenset(row["effect_id"] for row in rows)
