"""Capacity and waits: how full services are, who waits and for how long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.measures import MEASURES, WAIT
from results.outcomes import level_sheet, year_labels
from results.sheets import Sheet, joined
from results.store import Run
from results.sums import FIFTHS

Floats = npt.NDArray[np.float64]
QUANTILES = {"median_wait_days": 0.5, "p90_wait_days": 0.9, "p95_wait_days": 0.95}
WAIT_NUMBERS = ("mean_wait_days", *QUANTILES, "waits")
SERIES_NUMBERS = ("capacity", "used", "utilisation", "queue_end", "turned_away", "gave_up")
NUMBERS = (*SERIES_NUMBERS, *WAIT_NUMBERS)
KEYS = ["service", "role", "group_by", "group", "year"]
MONTHS = 12


def wait_numbers(days: Floats, count: Floats) -> dict[str, float]:
    """Return mean and quantiles of waits of ``days``, each waited by ``count`` people.

    A quantile is the shortest wait that at least that share of people do not exceed.
    """
    total = float(count.sum())
    if total <= 0:
        return dict.fromkeys(WAIT_NUMBERS, float("nan")) | {"waits": 0.0}
    order = np.argsort(days, kind="stable")
    ordered, reached = days[order], np.cumsum(count[order]) / total
    at = {
        name: float(ordered[min(np.searchsorted(reached, share - 1e-12), len(ordered) - 1)])
        for name, share in QUANTILES.items()
    }
    return {"mean_wait_days": float((days * count).sum() / total), **at, "waits": total}


def resource_sheet(run: Run, series: pd.DataFrame, waits: pd.DataFrame) -> Sheet:
    """Return capacity by service and role, and waits by service and fifth, by year and all."""
    return joined([_capacity(run, series), _waits(run, waits)])


def _capacity(run: Run, series: pd.DataFrame) -> Sheet:
    """Return a year's capacity and use by service and role, for the place."""
    table = series.assign(year=series["month"] // MONTHS + 1)
    added = table[table["metric"] != "queue_end"]
    yearly = added.pivot_table(
        index=["service", "role", "year"], columns="metric", values="value", aggfunc="sum"
    )
    ends = table[(table["metric"] == "queue_end") & (table["month"] % MONTHS == MONTHS - 1)]
    queue = ends.set_index(["service", "role", "year"])["value"].rename("queue_end")
    yearly = yearly.join(queue, how="left").reset_index()
    whole = yearly.drop(columns="year").groupby(["service", "role"], as_index=False).mean()
    every = pd.concat([yearly.astype({"year": str}), whole.assign(year="all")])
    every = every.assign(group_by="all", group="all").reset_index(drop=True)
    return Sheet(every[KEYS], _series_numbers(every, run.scale))


def _series_numbers(table: pd.DataFrame, scale: float) -> dict[str, Floats]:
    empty = np.full(len(table), np.nan)
    found = {
        name: table[name].to_numpy(np.float64) * scale if name in table else empty
        for name in SERIES_NUMBERS
    }
    capacity, used = found["capacity"], found["used"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found["utilisation"] = np.where(capacity > 0, used / capacity, np.nan)
    return found


def _waits(run: Run, waits: pd.DataFrame) -> Sheet:
    """Return the waits of each service, for all and by fifth."""
    rows, numbers = [], []
    labels = year_labels(run.years)
    for service, of_service in waits.groupby("service", sort=True):
        for group_by, groups in (("all", ("all",)), ("imd_quintile", FIFTHS)):
            for group in groups:
                here = of_service if group == "all" else _of_fifth(of_service, int(group))
                for year in labels:
                    then = here if year == "all" else here[here["year"] == int(year)]
                    rows.append((service, "all", group_by, group, year))
                    numbers.append(_wait_row(then, run.scale))
    keys = pd.DataFrame(rows, columns=KEYS)
    table = pd.DataFrame(numbers, columns=list(WAIT_NUMBERS))
    return Sheet(keys, {name: table[name].to_numpy(np.float64) for name in WAIT_NUMBERS})


def _of_fifth(waits: pd.DataFrame, fifth: int) -> pd.DataFrame:
    return waits[waits["imd_quintile"] == fifth]


def _wait_row(waits: pd.DataFrame, scale: float) -> dict[str, float]:
    found = wait_numbers(
        waits["wait_days"].to_numpy(np.float64), waits["count"].to_numpy(np.float64)
    )
    return found | {"waits": found["waits"] * scale}


def wait_measures(sheet: Sheet, run: Run) -> Sheet:
    """Return the measures that are waits or the use of capacity, from the resource sheet."""
    table = sheet.keys.assign(**{name: sheet.numbers[name] for name in NUMBERS})
    blocks = []
    for measure in MEASURES.values():
        if measure.kind == WAIT:
            of_service = table[table["service"] == measure.service]
            if measure.denominator:
                blocks.append(_workload(measure.key, of_service, run))
            else:
                blocks += [
                    _mean_wait(measure.key, of_service, run, group_by, groups)
                    for group_by, groups in (("all", ("all",)), ("imd_quintile", FIFTHS))
                ]
    return joined(blocks)


def _mean_wait(
    key: str, table: pd.DataFrame, run: Run, group_by: str, groups: Sequence[str]
) -> Sheet:
    here = table[(table["group_by"] == group_by) & (table["role"] == "all")]
    found = here.pivot_table(index="year", columns="group", values="mean_wait_days")
    levels = found.reindex(index=year_labels(run.years), columns=list(groups))
    return level_sheet(key, levels.to_numpy(np.float64), group_by, groups)


def _workload(key: str, table: pd.DataFrame, run: Run) -> Sheet:
    here = table[table["capacity"].notna()].groupby("year")[["used", "capacity"]].sum()
    levels = (here["used"] / here["capacity"]).reindex(year_labels(run.years))
    return level_sheet(key, levels.to_numpy(np.float64)[:, None], "all", ("all",))
