"""Regression to the mean: what becomes of people picked for many admissions, with no care added.

People are picked in year 1 of the baseline, as a programme might pick them, and followed. What
falls without any programme is the part of a before-and-after that no programme has earned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from agents.evidence import Evidence
from results.settings import EVIDENCE
from results.store import Run

TABLE = "regression_to_mean"
DAYS = 365.0
NORMAL_95 = 1.96
COLUMNS = ("person", "days_alive", "age", "emergency_admissions")


def regression_table(runs: Sequence[Run], evidence: Evidence | None = None) -> pd.DataFrame:
    """Return, by year, what the people picked in year 1 of each baseline run have.

    Picked are people of the published age with the published number of emergency admissions.

    Returns
    -------
    one row a year and measure: year, measure, unit, replications, mean, low, high, published.
    ``share`` is the part of all admissions of people of that age (at the start) that are
    theirs, deaths not taken into account; ``rate`` and ``rate_all`` are admissions per 1,000
    person-years of those picked and of everyone of that age.
    """
    known = evidence or Evidence(EVIDENCE)
    least = known.value(TABLE, key="picked.least_admissions")
    oldest = int(known.value(TABLE, key="picked.age"))
    parts = [_run(run, least, oldest) for run in runs]
    each = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    grouped = each.groupby(["measure", "year", "unit"], sort=False)["value"]
    table = grouped.agg(replications="count", mean="mean", spread="std").reset_index()
    reach = NORMAL_95 * table["spread"] / np.sqrt(table["replications"])
    table["low"], table["high"] = table["mean"] - reach, table["mean"] + reach
    published = {
        int(figure.key.rpartition("_")[2]) + 1: figure.value
        for figure in known.figures(TABLE)
        if ".share." in figure.key
    }
    is_share = table["measure"] == "share"
    table["published"] = table["year"].map(published).where(is_share)
    columns = ["measure", "year", "unit", "replications", "mean", "low", "high", "published"]
    return table[columns]


def _run(run: Run, least: float, age: int) -> pd.DataFrame:
    first = run.year(1, COLUMNS)
    resident = (first["person"] < int(run.facts["population"])) & (first["age"] >= age)
    picked = first["person"][resident & (first["emergency_admissions"] >= least)]
    rows = []
    for year in range(1, run.years + 1):
        here = run.year(year, COLUMNS)
        old = here["age"] >= age + year - 1  # those who were of that age in year 1
        mine = old & np.isin(here["person"], picked)
        admissions, lived = here["emergency_admissions"], here["days_alive"] / DAYS
        everyone = here["age"] >= age
        total, own = float(admissions[everyone].sum()), float(admissions[mine].sum())
        rates = {
            "rate": (own, float(lived[mine].sum())),
            "rate_all": (total, float(lived[everyone].sum())),
        }
        rows.append((year, "share", "percent of admissions", 100 * own / max(total, 1.0)))
        rows += [
            (year, name, "per 1,000 person-years", 1000 * top / bottom if bottom else np.nan)
            for name, (top, bottom) in rates.items()
        ]
    return pd.DataFrame(rows, columns=["year", "measure", "unit", "value"])
