"""The numbers of each figure, as small named records: what a figure draws and its table lists.

One function a figure. Each returns nothing (an empty list or None) where the tables hold no
rows for it; the report then prints why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from results.report_data import PER, Option, ReportData, change_of, number, preferred
from results.report_measures import FOREST, STAGE_NAMES, Measure, measure_of, spoken
from results.report_numbers import capital
from results.wording import Change, Spread, Verdict, verdict, verdict_words

NOTHING = Spread(mean=0.0, low=0.0, high=0.0)
FIFTHS = ("1", "2", "3", "4", "5")
UNMOVED = 0.01  # relative changes all within this leave the forest …
BEYOND = 1 / 3  # … and so does a measure that goes beyond this


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """People at one stage of one design, per 1,000 residents."""

    option: Option
    stage: str
    name: str
    people: Spread


def stage_year(data: ReportData) -> str:
    """Return the year that stands for a running service: the third, or the last before."""
    return str(min(3, data.years))


def stage_rows(data: ReportData, group_by: str = "all", group: str = "all") -> list[StageRow]:
    """Return the stages of every design in order, per 1,000 residents of the group.

    A design without a pathway of steps (only appointments, rounds or shifts) has none.
    """
    found = []
    for option in data.designs:
        rows = data.rows(
            "stages",
            design=option.key,
            effects=option.effects,
            group_by=group_by,
            year=stage_year(data),
        )
        if group_by != "all" and len(rows):
            rows = rows[rows["group"] == group]
        if not len(rows) or not rows["per_1000"].any():
            continue  # no pathway that people go through step by step: nothing to tell
        for _, row in rows.iterrows():
            found.append(_stage_row(option, row))
    return found


def _stage_row(option: Option, row: pd.Series) -> StageRow:
    stage = str(row["stage"])
    return StageRow(
        option=option,
        stage=stage,
        name=STAGE_NAMES.get(stage, capital(spoken(stage))),
        people=Spread(
            mean=number(row, "per_1000"),
            low=number(row, "per_1000_low"),
            high=number(row, "per_1000_high"),
        ),
    )


def kept_shares(rows: Iterable[StageRow]) -> dict[str, Spread]:
    """Return, by letter, the share still supported of those the design is for.

    The interval divides low by high and high by low ends, so it is never too narrow.
    """
    by_letter: dict[str, list[StageRow]] = {}
    for row in rows:
        by_letter.setdefault(row.option.letter, []).append(row)
    shares = {}
    for letter, stages in by_letter.items():
        first, last = stages[0].people, stages[-1].people
        if first.low > 0:
            shares[letter] = Spread(
                mean=last.mean / first.mean,
                low=last.low / first.high,
                high=min(1.0, last.high / first.low),
            )
    return shares


def uptake_by_fifth(data: ReportData, option: Option) -> list[Spread]:
    """Return the share of those invited who accept, fifth 1 (most deprived) first.

    The interval is that of those who accept, set against the mean of those invited: both move
    together from run to run.
    """
    shares = []
    for fifth in FIFTHS:
        rows = {
            row.stage: row.people
            for row in stage_rows(data, "imd_quintile", fifth)
            if row.option == option
        }
        invited, accepted = rows.get("invited", NOTHING), rows.get("accepted", NOTHING)
        per = 1.0 / invited.mean if invited.mean else math.nan
        shares.append(
            Spread(mean=accepted.mean * per, low=accepted.low * per, high=accepted.high * per)
        )
    return shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Squares:
    """People admitted in a year, of 1,000: under usual care, under a design, and the change."""

    option: Option
    before: Spread
    after: Spread
    change: Change


def squares(data: ReportData, option: Option) -> Squares | None:
    """Return the people (not events) admitted as an emergency in a year, per 1,000."""
    change = data.change("people_admitted", option, per=1000)
    before = data.level("people_admitted", data.baseline, per=1000)
    after = data.level("people_admitted", option, per=1000)
    if change is None or before is None or after is None:
        return None
    return Squares(option=option, before=before, after=after, change=change)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One design's change in one measure, per 10,000 people a year, with its verdict."""

    measure: Measure
    option: Option
    change: Change
    found: Verdict

    @property
    def relative(self) -> Change:
        """The change in per cent of the level under usual care."""
        return self.change.times(100.0 / self.change.baseline)

    @property
    def moved(self) -> bool:
        """False where the whole relative change lies within 1%."""
        return max(abs(self.relative.low), abs(self.relative.high)) >= 100 * UNMOVED

    @property
    def still(self) -> bool:
        """True where not one simulated person differed in any pair of runs."""
        return self.change.still

    @property
    def reading(self) -> str:
        """What may be said of the change, in words."""
        if self.still:
            return nobody_differed(self.option)
        return verdict_words(self.found, self.measure.less, self.measure.more)

    @property
    def beyond(self) -> bool:
        """True where the relative change would not fit on the axis of the others."""
        return max(abs(self.relative.low), abs(self.relative.high)) > 100 * BEYOND


def nobody_differed(option: Option) -> str:
    """Say that nobody differed: found, or put in where the design acts on nobody's health."""
    return "none, as put in" if option.effects in ("null", "inert") else "nobody differed"


def forest_rows(data: ReportData) -> list[ForestRow]:
    """Return every measure of the forest, groups and designs in order."""
    rows = []
    for key in (key for keys in FOREST.values() for key in keys):
        for option in data.designs:
            change = data.change(key, option)
            if change is not None and change.baseline:
                found = verdict(change, data.smallest)
                rows.append(
                    ForestRow(measure=measure_of(key), option=option, change=change, found=found)
                )
    return rows


def split_forest(rows: list[ForestRow]) -> tuple[list[ForestRow], list[ForestRow]]:
    """Return the rows to draw and those told in words, whole measures at a time.

    A measure whose relative changes all lie within 1% would be invisible, one that changes by
    more than a third (a service the design all but creates) would hide all others.
    """
    moved = {row.measure.key for row in rows if row.moved}
    beyond = {row.measure.key for row in rows if row.beyond}
    shown = moved - beyond
    drawn = [row for row in rows if row.measure.key in shown]
    told = [row for row in rows if row.measure.key not in shown]
    return drawn, told


def by_year(
    data: ReportData, option: Option, measure: str, effects: str | None = None
) -> dict[int, Change]:
    """Return a measure's difference year by year, per 10,000 people."""
    found = {}
    for year in range(1, data.years + 1):
        change = data.change(measure, option, year=str(year), effects=effects)
        if change is not None:
            found[year] = change
    return found


def plan_path(data: ReportData, option: Option, measure: str) -> dict[int, float]:
    """Return the path under the plan's own effects, where these were run beside others."""
    if "plan" not in option.readings or option.effects == "plan":
        return {}
    return {year: change.mean for year, change in by_year(data, option, measure, "plan").items()}


def by_fifth(data: ReportData, option: Option, measure: str) -> dict[int, Change]:
    """Return a measure's difference by deprivation fifth, per 10,000 people a year.

    A fifth in which nobody lives, so that it has no year of life, is left out.
    """
    found = {}
    for fifth in FIFTHS:
        change = data.change(measure, option, group_by="imd_quintile", group=fifth)
        lived = data.change("qalys", option, group_by="imd_quintile", group=fifth)
        if change is not None and (lived is None or lived.baseline):
            found[int(fifth)] = change
    return found


SLOPES = ("absolute_gap", "sii")  # indices in the unit of their measure; the others are ratios


def gap_rows(data: ReportData, option: Option, measure: str) -> dict[str, pd.Series]:
    """Return the row of each index of inequality by deprivation over all years.

    Age-sex standardised where the table has such rows, and not discounted.
    """
    rows = data.rows(
        "inequality", measure=measure, design=option.key, effects=option.effects, year="all"
    )
    if "group_by" in rows.columns:
        rows = rows[rows["group_by"].isin(("imd_quintile", ""))]
    if "standardised" in rows.columns and len(rows):
        standard = rows["standardised"].map(is_yes)
        rows = rows[standard] if standard.any() else rows
    found: dict[str, pd.Series] = {}
    for _, row in preferred(rows, discounted=False).iterrows():
        found.setdefault(str(row["index"]), row)
    return found


def gap_factor(measure: str, index: str) -> float:
    """Return what makes an index of ``inequality.csv`` one per 10,000 people a year."""
    return measure_of(measure).gap_factor(PER) if index in SLOPES else 1.0


def gap_level(data: ReportData, option: Option, measure: str, index: str) -> Spread | None:
    """Return an index of inequality itself, gaps per 10,000 people a year, None if not told."""
    row = gap_rows(data, option, measure).get(index)
    if row is None or not math.isfinite(number(row, "mean")):
        return None
    mean, low, high = (
        number(row, name) * gap_factor(measure, index) for name in ("mean", "low", "high")
    )
    return Spread(mean=mean, low=low, high=high)


def gap_change(data: ReportData, option: Option, measure: str, index: str = "sii") -> Change | None:
    """Return how a gap by deprivation changes; below zero it narrows, whichever way it ran.

    The baseline is the gap under usual care. Gaps are per 10,000 people a year, relative ones
    are ratios.
    """
    row = gap_rows(data, option, measure).get(index)
    if row is None:
        return None
    level = number(row, "baseline_mean")
    sign = -1.0 if level < (0.0 if index in SLOPES else 1.0) else 1.0
    change = change_of(row)
    return change.times(sign * gap_factor(measure, index)) if change.known else None


def reading_changes(data: ReportData, option: Option) -> dict[str, Change]:
    """Return the main measure's relative change (%) under each reading of the evidence."""
    found = {}
    for reading in option.readings:
        change = data.change(data.main_measure, option, effects=reading)
        if change is not None and change.baseline:
            found[reading] = change.times(100.0 / change.baseline)
    return found


def is_yes(value: object) -> bool:
    """Tell whether a cell of a table says yes."""
    return str(value).lower() in ("yes", "true", "1")


def qalys(data: ReportData, option: Option) -> Change | None:
    """Return the difference in QALYs per 10,000 residents over all years, discounted."""
    return data.change("qalys", option, per=PER * data.years)
