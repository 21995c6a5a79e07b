"""What a report reads: the tables of one experiment folder, its designs and their letters.

Nothing here computes a result; it finds rows, names options and says what is missing.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from results.report_measures import measure_of, spoken
from results.report_numbers import capital, percent
from results.settings import EVIDENCE
from results.wording import Change, Spread

EFFECTS_TABLE = "intervention_effects"
LETTERS = "ABCDEFGH"
COLOURS = {
    "U": "#425563",
    "A": "#005EB8",
    "B": "#AE2573",
    "C": "#006747",
    "D": "#330072",
    "E": "#8A4B08",
    "F": "#00677F",
    "G": "#B3261E",
    "H": "#5B6236",
}  # each at least 4.5:1 on white, and under a white letter
READINGS = ("published", "plan", "null", "inert")
READING_WORDS = {
    "published": "published effects",
    "plan": "the plan’s own effects",
    "null": "no effect on health",
    "inert": "contacts that act on nothing",
}
PER = 10_000
TEXT_COLUMNS = ("group", "year", "design", "effects", "place", "measure", "group_by", "payer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Usual care or a design: its letter, colour, name and the reading of evidence shown.

    ``effects`` is the reading that stands for the design in most figures, ``readings`` all
    that were run. ``assumption_only`` is True where no study stands behind its effects,
    ``costless`` where the design states no costs of its own.
    """

    letter: str
    key: str
    title: str
    effects: str
    readings: tuple[str, ...] = ()
    assumption_only: bool = False
    costless: bool = False

    @property
    def colour(self) -> str:
        """The colour that travels with the letter."""
        return COLOURS[self.letter]


@dataclass(frozen=True)
class ReportData:
    """One experiment folder as the report sees it, for one place.

    ``across`` holds what is told of every place, and ``names`` their names by key.
    """

    folder: Path
    experiment: Mapping[str, Any]
    manifest: Mapping[str, Any]
    facts: Mapping[str, Any]
    place: str
    places: tuple[str, ...]
    baseline: Option
    designs: tuple[Option, ...]
    tables: Mapping[str, pd.DataFrame]
    across: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> tuple[Option, ...]:
        """Usual care and then the designs, in the order of the experiment file."""
        return (self.baseline, *self.designs)

    @property
    def years(self) -> int:
        """Years simulated."""
        return int(self.experiment.get("years", 1))

    @property
    def people(self) -> float:
        """Real residents of the place at the start, to whom counts are scaled."""
        return float(self.facts.get("place_population") or self.simulated)

    @property
    def simulated(self) -> int:
        """Residents simulated at the start."""
        return int(self.facts.get("population") or self.experiment.get("population") or 0)

    @property
    def place_name(self) -> str:
        """The place in words."""
        return str(self.facts.get("place_name") or capital(spoken(self.place)))

    @property
    def main_measure(self) -> str:
        """The measure named before the run."""
        return str(self.experiment.get("main_measure", "emergency_admissions"))

    @property
    def smallest(self) -> float:
        """The smallest difference that matters, as a share of the baseline's level."""
        return float(self.experiment.get("smallest_difference_that_matters", 0.01))

    @property
    def with_knowledge(self) -> bool:
        """True where intervals hold chance and evidence (uncertainty = psa)."""
        return bool(self.experiment.get("uncertainty", "none") == "psa")

    @property
    def without_effect(self) -> bool:
        """True where no effect on health was put into any design that is shown."""
        return all(option.effects in ("null", "inert") for option in self.designs)

    @property
    def version(self) -> str:
        """The version of the program that made the runs."""
        known = self.manifest.get("program_version") or self.facts.get("program_version")
        return str(known or "of unknown version")

    @property
    def discount_rate(self) -> str:
        """The yearly discount rate of costs that the tables used, in words."""
        rows = self.rows("evidence")
        if len(rows):
            rows = rows[rows["key"] == "results_settings.discount_rate_costs"]
        return percent(float(rows["value"].iloc[0]), 0.1) if len(rows) else "as set"

    @cached_property
    def replications(self) -> int:
        """Paired replications (or draws) behind the intervals."""
        table = self.table("comparison")
        if table is not None and "replications" in table and len(table):
            return int(table["replications"].max())
        return int(self.experiment.get("replications", 0))

    @cached_property
    def draws(self) -> int:
        """Draws of the evidence behind the intervals; 1 where none were made."""
        table = self.table("draws")
        return max(1, int(table["draw"].nunique())) if table is not None else 1

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table's rows for this place, or None where it was not written or is empty."""
        table = self.tables.get(name)
        return table if table is not None and len(table) else None

    def why_missing(self, name: str) -> str:
        """Return one sentence that says which table is missing and what to do."""
        if name in PAIRED and self.replications < 2:
            return (
                "One replication gives no interval, and no difference is shown without one: "
                "carepath run EXPERIMENT --replications 10 gives both."
            )
        return f"tables/{name}.csv has no rows for this: {REBUILD}"

    def rows(self, name: str, **where: str) -> pd.DataFrame:
        """Return the rows of a table whose columns equal ``where``; columns it lacks are passed by.

        Where rows are given both discounted and not, the caller should say which.
        """
        table = self.table(name)
        if table is None:
            return pd.DataFrame()
        if "measure" in where and "measure" in table.columns:
            table = self._of_measure(name, table, where["measure"])
        for column, wanted in where.items():
            if column in table.columns and column != "measure":
                table = table[table[column].astype(str) == wanted]
        return table

    def _of_measure(self, name: str, table: pd.DataFrame, measure: str) -> pd.DataFrame:
        """Return a table's rows of one measure; the table is parted once."""
        if name not in self._parted:
            parts = {str(key): part for key, part in table.groupby("measure", sort=False)}
            self._parted[name] = parts
        return self._parted[name].get(measure, table.iloc[:0])

    @cached_property
    def _parted(self) -> dict[str, dict[str, pd.DataFrame]]:
        return {}

    def change(
        self,
        measure: str,
        option: Option,
        *,
        group_by: str = "all",
        group: str = "all",
        year: str = "all",
        effects: str | None = None,
        per: float = PER,
    ) -> Change | None:
        """Return a design's paired difference, counts as a rate ``per`` people and year."""
        found = self._row(
            "comparison", measure, option, group_by, group, year, effects or option.effects
        )
        if found is None:
            return None
        if measure_of(measure).per_person:
            change = change_of(found).times(per)
        else:
            change = rate_change(found, per)
        return change if change.known else None

    def level(
        self,
        measure: str,
        option: Option,
        *,
        group_by: str = "all",
        group: str = "all",
        year: str = "all",
        per: float = PER,
    ) -> Spread | None:
        """Return an option's own level with its interval, counts as a rate."""
        found = self._row("outcomes", measure, option, group_by, group, year, option.effects)
        if found is None:
            return None
        rate = math.isfinite(number(found, "per_1000"))
        names = ("per_1000", "per_1000_low", "per_1000_high") if rate else ("mean", "low", "high")
        factor = per / 1000.0 if rate else (per if measure_of(measure).per_person else 1.0)
        mean, low, high = (number(found, name) * factor for name in names)
        return Spread(mean=mean, low=low, high=high)

    def _row(
        self,
        table: str,
        measure: str,
        option: Option,
        group_by: str,
        group: str,
        year: str,
        effects: str,
    ) -> pd.Series | None:
        rows = self.rows(
            table,
            measure=measure,
            design=option.key,
            effects=effects,
            group_by=group_by,
            year=year,
        )
        if group_by != "all" and len(rows):
            rows = rows[rows["group"] == group]
        rows = preferred(rows, discounted=measure in DISCOUNTED)
        return rows.iloc[0] if len(rows) else None


PAIRED = ("comparison", "costs", "inequality")
REBUILD = "carepath report DIR builds it again from the run records."
DISCOUNTED = frozenset(
    {
        "qalys",
        "nhs_cost",
        "social_care_cost",
        "vcse_cost",
        "intervention_cost",
        "total_cost",
        "life_years",
    }
)


def number(row: pd.Series, column: str) -> float:
    """Return a number of a row, NaN where the column or the value is missing."""
    value = row.get(column, math.nan)
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def change_of(row: pd.Series) -> Change:
    """Return the paired difference that a row of comparison.csv or inequality.csv holds."""
    return Change(
        mean=number(row, "difference"),
        low=number(row, "difference_low"),
        high=number(row, "difference_high"),
        baseline=number(row, "baseline_mean"),
        low50=_first(row, "difference_low50", "low50"),
        high50=_first(row, "difference_high50", "high50"),
    )


def _first(row: pd.Series, *columns: str) -> float:
    values = [number(row, column) for column in columns]
    return next((value for value in values if math.isfinite(value)), math.nan)


def rate_change(row: pd.Series, per: float) -> Change:
    """Return the difference of a row as a rate ``per`` people and year; as it is if no count."""
    change = change_of(row)
    base = number(row, "baseline_per_1000")
    if not math.isfinite(base):
        return change
    scale = per / 1000.0
    in_rates = number(row, "difference_per_1000") * scale
    middle = in_rates / change.mean if change.mean else 0.0
    return Change(
        mean=in_rates,
        low=number(row, "difference_per_1000_low") * scale,
        high=number(row, "difference_per_1000_high") * scale,
        baseline=base * scale,
        low50=change.low50 * middle,
        high50=change.high50 * middle,
    )


def preferred(rows: pd.DataFrame, *, discounted: bool) -> pd.DataFrame:
    """Return the rows that are (or are not) discounted, where a table holds both kinds."""
    if not len(rows) or "discounted" not in rows.columns:
        return rows
    truth = rows["discounted"].astype(str).str.lower().isin(("true", "yes", "1", "1.0"))
    chosen = rows[truth == discounted]
    return chosen if len(chosen) else rows


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
    """Read a table; words such as "null" and "none" are readings of evidence, not gaps."""
    table = pd.read_csv(path, keep_default_na=False, na_values=[""], low_memory=False)
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
    table = tables.get("comparison", tables.get("outcomes"))
    if table is not None and "place" in table.columns and len(table):
        return tuple(dict.fromkeys(table["place"]))
    named = experiment.get("place", "place")
    return tuple(named) if isinstance(named, list) else (str(named),)


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
    return Option(letter="U", key=key, title=_title(key, facts), effects="none")


def _title(key: str, facts: Mapping[str, Mapping[str, Any]]) -> str:
    return str(facts.get(key, {}).get("design_title") or capital(spoken(key)))


def _names(data: ReportData) -> list[str]:
    entries = data.experiment.get("design", [])
    listed = [str(entry.get("name") or entry.get("use", "")) for entry in entries]
    table = data.table("comparison")
    present = list(dict.fromkeys(table["design"])) if table is not None else []
    named = [name for name in listed if name in present or not present]
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
