"""What the figures on money draw and their tables list."""

from __future__ import annotations

import pandas as pd

from results.report_data import MILLION, PER, Option, ReportData, number, preferred
from results.wording import Change

CASCADE = ("activity_avoided", "stranded", "reinvested", "net_cash")
CASCADE_NAMES = {
    "activity_avoided": "Activity avoided, valued",
    "stranded": "Stranded: still paid for",
    "reinvested": "New care: reinvested",
    "net_cash": "Net effect on cash",
}
CASH_YEARS = (1, 3, 5, 10)
SPENT = ("stranded", "reinvested")  # given as amounts paid, shown as minus


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
    change = _pounds(rows.iloc[0]).times(1.0 / MILLION)
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
        change = _pounds(row).times(1.0 / MILLION)
        if row["payer"] != "all" and change.known:
            found[str(row["payer"])] = change
    return found


def avoided_by_setting(data: ReportData, option: Option) -> dict[str, float]:
    """Return the value of activity avoided in each setting, £ million over all years.

    All payers; below zero where more is done than under usual care.
    """
    rows = data.rows(
        "costs", design=option.key, effects=option.effects, line="activity_avoided", year="all"
    )
    rows = preferred(rows, discounted=True)
    if not len(rows) or "setting" not in rows.columns:
        return {}
    rows = rows[(rows["payer"] == "all") & (rows["setting"] != "all")]
    return {str(row["setting"]): number(row, "mean") / MILLION for _, row in rows.iterrows()}


def cash_by_year(data: ReportData, option: Option) -> dict[int, Change]:
    """Return cumulative net cash by years 1, 3, 5, 10 and the last, in £ million."""
    found = {}
    for year in sorted({year for year in CASH_YEARS if year < data.years} | {data.years}):
        change = _money(data, option, "net_cash_cumulative", str(year))
        if change is not None:
            found[year] = change
    return found


def reading_cash(data: ReportData, option: Option) -> dict[str, Change]:
    """Return net cash (£ million) under each reading of the evidence."""
    found = {}
    for reading in option.readings:
        change = cascade(data, option, reading).get("net_cash")
        if change is not None:
            found[reading] = change
    return found


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
    """Return the mean number of residents under usual care over the years.

    As it was at the start where no table tells it.
    """
    rows = data.rows("comparison", measure="people", group_by="all", year="all")
    if len(rows):
        return float(rows["baseline_mean"].iloc[0])
    own = data.level("people", data.baseline)
    return own.mean if own is not None else data.people


def extra_cost(data: ReportData, option: Option) -> Change | None:
    """Return the extra cost to NHS and social care, £ thousand per 10,000 residents, all years."""
    change = value_of(data, option, "incremental_cost")
    return change.times(1e-3 * PER / residents(data)) if change is not None else None


def net_health(data: ReportData, option: Option, pounds: float) -> Change | None:
    """Return QALYs per 10,000 residents after those that the cost displaces, all years."""
    change = value_of(data, option, "net_health_benefit", pounds)
    return change.times(PER / residents(data)) if change is not None else None
