"""The numbers of each figure, as small named records: what a figure draws and its table lists.

One function a figure. Each returns nothing (an empty list or None) where the tables hold no
rows for it; the report then prints why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from pathways.vocabulary import HOURS
from results.report_data import (
    PER,
    Option,
    ReportData,
    number,
    preferred,
)
from results.report_measures import FOREST, STAGE_NAMES, Measure, measure_of, service_name, spoken
from results.report_numbers import capital
from results.wording import Change, Spread, Verdict, verdict, verdict_words

NOTHING = Spread(mean=0.0, low=0.0, high=0.0)
FIFTHS = ("1", "2", "3", "4", "5")
CASCADE = ("activity_avoided", "stranded", "reinvested", "net_cash")
CASCADE_NAMES = {
    "activity_avoided": "Activity avoided, valued",
    "stranded": "Stranded: still paid for",
    "reinvested": "New care: reinvested",
    "net_cash": "Net effect on cash",
}
CASH_YEARS = (1, 3, 5, 10)
UNMOVED = 0.01  # relative changes all within this leave the forest …
BEYOND = 1 / 3  # … and so does a measure that goes beyond this
SPENT = ("stranded", "reinvested")  # given as amounts paid, shown as minus


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
        return self.change.low == self.change.high == 0.0

    @property
    def reading(self) -> str:
        """What may be said of the change, in words."""
        if self.still:
            put_in = self.option.effects not in ("null", "inert")
            return "nobody differed" if put_in else "none, as put in"
        return verdict_words(self.found, self.measure.less, self.measure.more)

    @property
    def beyond(self) -> bool:
        """True where the relative change would not fit on the axis of the others."""
        return max(abs(self.relative.low), abs(self.relative.high)) > 100 * BEYOND


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
    """Return a measure's difference by deprivation fifth, per 10,000 people a year."""
    found = {}
    for fifth in FIFTHS:
        change = data.change(measure, option, group_by="imd_quintile", group=fifth)
        if change is not None:
            found[int(fifth)] = change
    return found


def gap_change(data: ReportData, option: Option, measure: str, index: str = "sii") -> Change | None:
    """Return how a gap by deprivation changes; below zero it narrows, whichever way it ran.

    The baseline is the gap's size under usual care. Age-sex standardised where the table says.
    """
    rows = data.rows(
        "inequality", measure=measure, design=option.key, effects=option.effects, index=index
    )
    rows = rows[rows["year"] == "all"] if len(rows) and "year" in rows else rows
    if "group_by" in rows.columns:
        rows = rows[rows["group_by"].isin(("imd_quintile", ""))]
    if "standardised" in rows.columns and len(rows):
        standard = rows["standardised"].map(_yes)
        rows = rows[standard] if standard.any() else rows
    rows = preferred(rows, discounted=False)
    if not len(rows):
        return None
    row = rows.iloc[0]
    level = number(row, "baseline_mean")
    middle = 1.0 if index in ("relative_gap", "rii") else 0.0
    sign = -1.0 if level < middle else 1.0
    change = Change(
        mean=number(row, "difference"),
        low=number(row, "difference_low"),
        high=number(row, "difference_high"),
        baseline=level,
    )
    if not change.known:
        return None
    return change if sign > 0 else change.times(-1.0)


def cascade(data: ReportData, option: Option, effects: str | None = None) -> dict[str, Change]:
    """Return avoided, stranded, reinvested and net cash in £ million over all years.

    Plus is money freed, minus money spent.
    """
    found = {line: _money(data, option, line, "all", effects) for line in CASCADE}
    return {
        line: change.times(-1.0) if line in SPENT else change
        for line, change in found.items()
        if change is not None
    }


def _money(
    data: ReportData, option: Option, line: str, year: str, effects: str | None = None
) -> Change | None:
    rows = data.rows(
        "costs",
        design=option.key,
        effects=effects or option.effects,
        line=line,
        year=year,
    )
    rows = preferred(_all_payers(rows), discounted=True)
    if len(rows) != 1:
        return None
    change = _pounds(rows.iloc[0]).times(1e-6)
    return change if change.known else None


def _pounds(row: pd.Series) -> Change:
    """Return a paired cash line, whose mean is already a difference."""
    return Change(mean=number(row, "mean"), low=number(row, "low"), high=number(row, "high"))


def _all_payers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the row over all payers and settings."""
    for column in ("payer", "setting"):
        if column in rows.columns and len(rows):
            whole = rows[rows[column].isin(("all", "total"))]
            rows = whole if len(whole) else rows
    return rows


def cash_by_payer(data: ReportData, option: Option) -> dict[str, Change]:
    """Return net cash in £ million over all years for each payer apart."""
    rows = data.rows(
        "costs", design=option.key, effects=option.effects, line="net_cash", year="all"
    )
    found = {}
    for _, row in preferred(rows, discounted=True).iterrows():
        change = _pounds(row).times(1e-6)
        if row["payer"] != "all" and change.known:
            found[str(row["payer"])] = change
    return found


def cash_by_year(data: ReportData, option: Option) -> dict[int, Change]:
    """Return cumulative net cash by years 1, 3, 5, 10 and the last, in £ million."""
    found = {}
    for year in sorted({year for year in CASH_YEARS if year < data.years} | {data.years}):
        change = _money(data, option, "net_cash_cumulative", str(year))
        if change is not None:
            found[year] = change
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    """How long people wait for one service under one option, in ``unit``."""

    service: str
    option: Option
    median: Spread
    nine_in_ten: Spread
    unit: str


def middle_year(data: ReportData) -> str:
    """Return the year that capacity and waits are shown for: the fifth, or the last before."""
    return str(min(5, data.years))


def _resource_rows(data: ReportData, option: Option) -> pd.DataFrame:
    return data.rows(
        "resources",
        design=option.key,
        effects=option.effects,
        group_by="all",
        year=middle_year(data),
    )


def wait_rows(data: ReportData) -> list[WaitRow]:
    """Return the waits of every service that has them, under every option."""
    found = []
    for option in data.options:
        rows = _resource_rows(data, option)
        if not len(rows) or "p90_wait_days" not in rows.columns:
            continue
        known = rows[rows["p90_wait_days"].notna() & (rows["p90_wait_days"] > 0)]
        for _, row in known.drop_duplicates("service").iterrows():
            found.append(_wait_row(row, option))
    order = list(dict.fromkeys(row.service for row in found))
    return _one_unit(sorted(found, key=lambda row: order.index(row.service)))


def _wait_row(row: pd.Series, option: Option) -> WaitRow:
    return WaitRow(
        service=str(row["service"]),
        option=option,
        median=_spread(row, "median_wait_days"),
        nine_in_ten=_spread(row, "p90_wait_days"),
        unit="days",
    )


def _spread(row: pd.Series, column: str) -> Spread:
    return Spread(
        mean=number(row, column),
        low=number(row, f"{column}_low"),
        high=number(row, f"{column}_high"),
    )


def _one_unit(rows: list[WaitRow]) -> list[WaitRow]:
    """Return each service's waits in hours where every option's 9-in-10 wait is under 2 days."""
    longest: dict[str, float] = {}
    for row in rows:
        longest[row.service] = max(longest.get(row.service, 0.0), row.nine_in_ten.mean)
    return [_in_hours(row) if longest[row.service] < 2.0 else row for row in rows]


def _in_hours(row: WaitRow) -> WaitRow:
    def hours(spread: Spread) -> Spread:
        return Spread(mean=spread.mean * 24, low=spread.low * 24, high=spread.high * 24)

    return WaitRow(
        service=row.service,
        option=row.option,
        median=hours(row.median),
        nine_in_ten=hours(row.nine_in_ten),
        unit="hours",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """The share of a service's capacity that one option uses."""

    service: str
    role: str
    name: str
    option: Option
    used: Spread
    asked: float
    usual: Spread = NOTHING

    @property
    def fuller(self) -> bool:
        """True where a design fills the service clearly further than usual care does."""
        if math.isfinite(self.used.low) and math.isfinite(self.usual.high):
            return self.used.low > self.usual.high
        return self.used.mean > self.usual.mean + 0.02

    @property
    def over(self) -> bool:
        """True where more is asked for than exists."""
        return self.asked > 1.0


def use_rows(data: ReportData) -> list[UseRow]:
    """Return the use of every service and role under every option, with usual care's beside."""
    table = [
        (option, row)
        for option in data.options
        for _, row in _resource_rows(data, option).iterrows()
        if number(row, "utilisation") > 0 and not str(row.get("role")).startswith(HOURS)
    ]
    usual = {_post(row): _used(row) for o, row in table if o.letter == "U"}
    roles: dict[str, set[str]] = {}
    for service, role in (_post(row) for _, row in table):
        roles.setdefault(service, set()).add(role)
    return _without_echoes([_use_row(option, row, usual, roles) for option, row in table])


def _without_echoes(rows: list[UseRow]) -> list[UseRow]:
    """Keep one row where the parts of a service are always as full as each other.

    The hours of every role in a team meeting are used alike: the meeting is what fills up.
    """
    first: dict[str, UseRow] = {}
    alike: dict[str, bool] = {}
    for row in rows:
        one = first.setdefault(row.service + row.option.letter, row)
        same = abs(one.used.mean - row.used.mean) < ALIKE
        alike[row.service] = alike.get(row.service, True) and same
    return [
        replace(row, name=service_name(row.service)) if alike[row.service] else row
        for row in rows
        if not alike[row.service] or row.role == first[row.service + row.option.letter].role
    ]


ALIKE = 0.005


def _post(row: pd.Series) -> tuple[str, str]:
    return str(row["service"]), str(row.get("role", "all"))


def _use_row(
    option: Option,
    row: pd.Series,
    usual: dict[tuple[str, str], Spread],
    roles: dict[str, set[str]],
) -> UseRow:
    service, role = _post(row)
    return UseRow(
        service=service,
        role=role,
        name=service_name(service, role, len(roles[service])),
        option=option,
        used=_used(row),
        asked=_asked(row),
        usual=usual.get((service, role), NOTHING),
    )


def _used(row: pd.Series) -> Spread:
    """Return the share of capacity used; an interval ends at none and, where all fits, at all.

    Where the mean itself lies above what exists (beds beyond those funded), it stays.
    """
    share = _spread(row, "utilisation")
    most = 1.0 if share.mean <= 1.0 else math.inf
    return Spread(mean=share.mean, low=max(share.low, 0.0), high=min(share.high, most))


def _asked(row: pd.Series) -> float:
    """Return what was asked for as a share of capacity: used, turned away and given up."""
    capacity, used = number(row, "capacity"), number(row, "utilisation")
    unmet = [number(row, name) for name in ("turned_away", "gave_up")]
    missed = sum(value for value in unmet if math.isfinite(value))
    return used + missed / capacity if capacity > 0 else used


def fullest(rows: list[UseRow], option: Option) -> UseRow | None:
    """Return the service that fills up first under a design: the fullest of those it fills more.

    Where a design fills none further than usual care does, the fullest of all.
    """
    own = [row for row in rows if row.option == option]
    candidates = [row for row in own if row.fuller and row.used.mean >= NEARLY_FULL] or own
    return max(candidates, key=lambda row: row.used.mean, default=None)


NEARLY_FULL = 0.85


def reading_changes(data: ReportData, option: Option) -> dict[str, Change]:
    """Return the main measure's relative change (%) under each reading of the evidence."""
    found = {}
    for reading in option.readings:
        change = data.change(data.main_measure, option, effects=reading)
        if change is not None and change.baseline:
            found[reading] = change.times(100.0 / change.baseline)
    return found


def reading_cash(data: ReportData, option: Option) -> dict[str, Change]:
    """Return net cash (£ million) under each reading of the evidence."""
    found = {}
    for reading in option.readings:
        change = cascade(data, option, reading).get("net_cash")
        if change is not None:
            found[reading] = change
    return found


CHECK_NAMES = {
    "practice_appointments": "Practice appointments per head",
    "ae_attendances": "A&E attendances per head",
    "ae_type1": "Type 1 A&E attendances per head",
    "emergency_admissions": "Emergency admissions per head",
    "avoidable_emergency_admissions": "Avoidable emergency admissions per head",
    "outpatient_attendances": "Outpatient visits per head",
    "day_cases": "Day cases per head",
    "elective_admissions": "Planned admissions per head",
    "bed_days": "Bed days per head",
    "community_contacts": "District-nursing contacts per head",
    "mental_health_contacts": "Mental-health contacts per head",
    "readmissions_30d_share": "Readmitted within 30 days",
    "people_admitted_share": "People admitted in a year",
    "gp_same_day_share": "Practice visits on the same day",
    "ed_within_4_hours": "Through A&E within 4 hours",
    "ed_over_12_hours": "Over 12 hours in A&E",
    "bed_occupancy": "Emergency beds occupied",
    "age_at_2plus_most_deprived": "Age at two conditions, most deprived",
    "age_at_2plus_least_deprived": "Age at two conditions, least deprived",
    "age_at_2plus_gap": "Gap in age at two conditions",
    "prevalence_2plus_adults": "Adults with two or more conditions",
    "admissions_by_2plus": "Admissions of people with 2+ conditions",
    "appointments_by_2plus": "Appointments of people with 2+ conditions",
    "nhs_cost_per_head": "NHS cost per head",
    "nhs_cost_deprivation_ratio": "NHS cost, most v least deprived",
    "nhs_spend_per_head": "NHS spend per head, with lines not simulated",
    **{
        f"nhs_spend_imd_{fifth}": f"NHS spend per head, {which}"
        for fifth, which in enumerate(
            ("most deprived", "second fifth", "middle fifth", "fourth fifth", "least deprived"), 1
        )
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One simulated value beside the published one, as a ratio."""

    name: str
    fitted: bool
    simulated: Spread
    published: float
    unit: str
    source: str

    @property
    def ratio(self) -> Spread:
        """Simulated over published."""
        return Spread(
            mean=self.simulated.mean / self.published,
            low=self.simulated.low / self.published,
            high=self.simulated.high / self.published,
        )

    @property
    def within(self) -> bool:
        """True where the simulated mean lies within 10% of the published value."""
        return abs(self.ratio.mean - 1.0) <= 0.10

    @property
    def missed(self) -> bool:
        """True where the whole interval lies further than 10% off, or the mean without one."""
        low, high = self.ratio.low, self.ratio.high
        if not (math.isfinite(low) and math.isfinite(high)):
            return not self.within
        return low > 1.10 or high < 0.90

    @property
    def reading(self) -> str:
        """What may be said of the check."""
        if self.within:
            return "within 10%"
        return "outside 10%" if self.missed else "cannot be told"

    @property
    def loose(self) -> bool:
        """True where the interval is so wide that it could not tell a miss of 10%."""
        return self.ratio.high - self.ratio.low > 0.20


def check_rows(data: ReportData) -> list[CheckRow]:
    """Return the checks, those used to fit first; standardised to England where that is given."""
    table = data.table("checks")
    if table is None:
        return []
    found: dict[str, tuple[bool, CheckRow]] = {}
    for _, row in table.iterrows():
        check, standard = _check_row(row), _yes(row.get("standardised"))
        if check is not None and (check.name not in found or standard):
            found[check.name] = (standard, check)
    return sorted((check for _, check in found.values()), key=lambda row: not row.fitted)


def _check_row(row: pd.Series) -> CheckRow | None:
    published, simulated = number(row, "published"), number(row, "mean")
    if not published or not math.isfinite(published + simulated):
        return None
    key = str(row["check"])
    return CheckRow(
        name=CHECK_NAMES.get(key, capital(spoken(key))),
        fitted=str(row.get("role", "")) == "calibrate",
        simulated=Spread(mean=simulated, low=number(row, "low"), high=number(row, "high")),
        published=published,
        unit=str(row.get("unit", "")),
        source=str(row.get("source", "")),
    )


def _yes(value: object) -> bool:
    return str(value).lower() in ("yes", "true", "1")


def widest(rows: list[CheckRow]) -> list[CheckRow]:
    """Return the clear misses, the widest first."""
    misses = [row for row in rows if row.missed]
    return sorted(misses, key=lambda row: -abs(row.ratio.mean - 1.0))


def qalys(data: ReportData, option: Option) -> Change | None:
    """Return the difference in QALYs per 10,000 residents over all years, discounted."""
    return data.change("qalys", option, per=PER * data.years)


def value_of(
    data: ReportData, option: Option, item: str, threshold: float | None = None
) -> Change | None:
    """Return an item of ``value.csv`` over all residents and years, NHS and social care."""
    rows = data.rows("value", design=option.key, effects=option.effects, item=item)
    if threshold is not None and len(rows):
        rows = rows[rows["threshold"].astype(float) == threshold]
    if not len(rows):
        return None
    row = rows.iloc[0]
    change = Change(mean=number(row, "mean"), low=number(row, "low"), high=number(row, "high"))
    return change if change.known else None


def residents(data: ReportData) -> float:
    """Return the mean number of residents under usual care."""
    rows = data.rows("comparison", measure="people", group_by="all", year="all")
    return float(rows["baseline_mean"].iloc[0]) if len(rows) else data.people


def extra_cost(data: ReportData, option: Option) -> Change | None:
    """Return the extra cost to NHS and social care, £ thousand per 10,000 residents, all years."""
    change = value_of(data, option, "incremental_cost")
    return change.times(1e-3 * PER / residents(data)) if change is not None else None


def net_health(data: ReportData, option: Option, pounds: float) -> Change | None:
    """Return QALYs per 10,000 residents after those that the cost displaces, all years."""
    change = value_of(data, option, "net_health_benefit", pounds)
    return change.times(PER / residents(data)) if change is not None else None
