"""What a report reads: the tables of one experiment folder, its designs and their letters.

Nothing here computes a result; it finds rows, names options and says what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from results.report_measures import measure_of, spoken
from results.report_numbers import capital, percent
from results.wording import Change, Spread

LETTERS = "ABCDEFGH"
USUAL = "U"
COLOURS = {
    USUAL: "#425563",
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
MILLION = 1e6


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
    def alone(self) -> bool:
        """True where no design has results, so that usual care stands alone."""
        return not self.designs

    @property
    def asked(self) -> list[str]:
        """The keys of all designs of the experiment file, usual care among them."""
        entries = self.experiment.get("design", [])
        return [str(entry.get("name") or entry.get("use", "")) for entry in entries]

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
    def chance_only(self) -> bool:
        """True where there are intervals and they hold chance alone, not how sure evidence is."""
        return not self.with_knowledge and self.replications >= 2

    @property
    def without_effect(self) -> bool:
        """True where no effect on health was put into any design that is shown."""
        put_in = [option.effects not in ("null", "inert") for option in self.designs]
        return bool(put_in) and not any(put_in)

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
        for name in ("comparison", "outcomes"):
            table = self.table(name)
            if table is not None and "replications" in table:
                return int(table["replications"].max())
        return int(self.experiment.get("replications", 0))

    @cached_property
    def draws(self) -> int:
        """Draws of the evidence behind the intervals; 1 where none were made.

        The table of draws holds differences; for usual care alone the runs themselves tell.
        """
        table = self.table("draws")
        if table is not None:
            return max(1, int(table["draw"].nunique()))
        if not (self.alone and self.with_knowledge):
            return 1
        arm = self.folder / "runs" / f"place={self.place}" / f"design={self.baseline.key}"
        made = arm.glob("effects=*/draw=*/replication=*/run.json")
        return max(1, len({path.parents[1].name for path in made}))

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
        asked = [name for name in where if name in table.columns and name != "measure"]
        if not asked:
            return table
        matches = [_as_words(table[name]).eq(where[name]).to_numpy(bool) for name in asked]
        return table[np.logical_and.reduce(matches)]

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
        """Return a paired difference in the measure's unit, counts as a rate ``per`` people."""
        found = self._row(
            "comparison", measure, option, group_by, group, year, effects or option.effects
        )
        if found is None:
            return None
        change = rate_of(found, measure, per)
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
        """Return an option's own level and interval in the measure's unit, counts as a rate."""
        found = self._row("outcomes", measure, option, group_by, group, year, option.effects)
        if found is None:
            return None
        rate = math.isfinite(number(found, "per_1000"))
        names = ("per_1000", "per_1000_low", "per_1000_high") if rate else ("mean", "low", "high")
        factor = per / 1000.0 if rate else measure_of(measure).factor(per)
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


def _as_words(column: pd.Series) -> pd.Series:
    return column if pd.api.types.is_string_dtype(column.dtype) else column.astype(str)


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


def rate_of(row: pd.Series, measure: str, per: float = PER) -> Change:
    """Return the difference of a row of comparison.csv as a rate ``per`` people and year.

    One that is no rate (a share, an age, a wait) is told in its measure's own unit.
    """
    change = change_of(row)
    base = number(row, "baseline_per_1000")
    if measure_of(measure).per_person or not math.isfinite(base):
        return change.times(measure_of(measure).factor(per))
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
