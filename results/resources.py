"""Capacity and waits: how full services are, who waits and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.flows import ROUTED
from results.measure import WAIT, Measure
from results.measures import MEASURES
from results.outcomes import level_sheet, outcome_keys, year_labels
from results.sheets import Sheet, joined, product
from results.store import Run
from results.sums import FIFTHS

Floats = npt.NDArray[np.float64]
QUANTILES = {"median_wait_days": 0.5, "p90_wait_days": 0.9, "p95_wait_days": 0.95}
WAIT_NUMBERS = ("mean_wait_days", *QUANTILES, "waits")
SERIES_NUMBERS = ("capacity", "used", "utilisation", "queue_end", "turned_away", "gave_up")
QUEUE_END = "queue_end"
RECORDED = tuple(name for name in SERIES_NUMBERS if name != "utilisation")
NUMBERS = (*SERIES_NUMBERS, *WAIT_NUMBERS)
KEYS = ["service", "role", "group_by", "group", "year"]
MONTHS = 12


def wait_numbers(days: Floats, count: Floats) -> dict[str, Floats]:
    """Return mean and quantiles of waits, and how many there were.

    A quantile is the shortest wait that at least that share of people do not exceed.

    Parameters
    ----------
    days : (n,), waits in rising order
    count : (…, n), people who waited so long

    Returns
    -------
    one (…,) array a name of ``WAIT_NUMBERS``, not a number where nobody waited
    """
    total = count.sum(axis=-1)
    some = total > 0
    safe = np.where(some, total, 1.0)
    reached = np.cumsum(count, axis=-1) / safe[..., None]
    found = {"mean_wait_days": (count * days).sum(axis=-1) / safe}
    for name, share in QUANTILES.items():
        found[name] = days[np.argmax(reached >= share - 1e-12, axis=-1)]
    return {name: np.where(some, values, np.nan) for name, values in found.items()} | {
        "waits": total
    }


def resource_sheet(run: Run, series: pd.DataFrame, waits: pd.DataFrame) -> Sheet:
    """Return capacity by service and role, and waits by service and fifth, by year and all."""
    whole = joined([_capacity(run, series), _waits(run, waits)])
    table = whole.keys.assign(**{name: whole.numbers[name] for name in NUMBERS})
    # A service whose capacity is not told by role has its waits in the same row.
    rows = table.groupby(KEYS, sort=False)[list(NUMBERS)].first().reset_index()
    return Sheet(rows[KEYS], {name: rows[name].to_numpy(np.float64) for name in NUMBERS})


def _capacity(run: Run, series: pd.DataFrame) -> Sheet:
    """Return a year's capacity and use by service and role, for the place."""
    table = series[series["metric"] != ROUTED]  # flows between services are told elsewhere
    if table.empty:
        return _nothing(SERIES_NUMBERS)
    service, services = pd.factorize(table["service"], sort=True)
    role, roles = pd.factorize(table["role"], sort=True)
    month = table["month"].to_numpy(np.int64)
    place = (service * len(roles) + role) * run.years + month // MONTHS
    at_end = (table["metric"] == QUEUE_END).to_numpy()
    shape = (len(services) * len(roles), run.years)
    there = np.bincount(place[~at_end], minlength=shape[0] * shape[1]).reshape(shape) > 0
    told = ~at_end | (month % MONTHS == MONTHS - 1)
    yearly = {
        name: _summed(table["value"], place, told & (table["metric"] == name).to_numpy(), shape)
        for name in RECORDED
    }
    pairs = there.any(axis=1)
    every = [
        np.concatenate([of_year[there], _mean_of_years(of_year[pairs], there[pairs])])
        for of_year in yearly.values()
    ]
    pair, year = np.nonzero(there)
    pair = np.concatenate([pair, np.flatnonzero(pairs)])
    keys = pd.DataFrame(
        {
            "service": np.asarray(services, object)[pair // len(roles)],
            "role": np.asarray(roles, object)[pair % len(roles)],
            "group_by": "all",
            "group": "all",
            "year": [*map(str, year + 1), *["all"] * int(pairs.sum())],
        }
    )
    return Sheet(keys, _series_numbers(dict(zip(yearly, every, strict=True)), run.scale))


def _summed(
    values: pd.Series,
    place: npt.NDArray[np.int64],
    mine: npt.NDArray[np.bool_],
    shape: tuple[int, int],
) -> Floats:
    """Return sums of ``values`` by place, not a number where there is none."""
    size = shape[0] * shape[1]
    found = np.zeros(size)
    found += np.bincount(place[mine], values.to_numpy(np.float64)[mine], size)
    found[np.bincount(place[mine], minlength=size) == 0] = np.nan
    return found.reshape(shape)


def _mean_of_years(yearly: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    """Return the mean over the years that tell of it, not a number where none does."""
    known = np.isfinite(yearly) & there
    count = known.sum(axis=1)
    total = np.where(known, yearly, 0.0).sum(axis=1)
    mean: Floats = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def _series_numbers(recorded: dict[str, Floats], scale: float) -> dict[str, Floats]:
    found = {name: values * scale for name, values in recorded.items()}
    capacity, used = found["capacity"], found["used"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found["utilisation"] = np.where(capacity > 0, used / capacity, np.nan)
    return {name: found[name] for name in SERIES_NUMBERS}


def _waits(run: Run, waits: pd.DataFrame) -> Sheet:
    """Return the waits of each service, for all and by fifth."""
    blocks = [
        _service_waits(run, str(service), of_service)
        for service, of_service in waits.groupby("service", sort=True, observed=True)
    ]
    return joined(blocks) if blocks else _nothing(WAIT_NUMBERS)


def _nothing(names: Sequence[str]) -> Sheet:
    return Sheet(pd.DataFrame(columns=KEYS), {name: np.empty(0) for name in names})


def _service_waits(run: Run, service: str, waits: pd.DataFrame) -> Sheet:
    days, place = np.unique(waits["wait_days"].to_numpy(np.float64), return_inverse=True)
    cell = (waits["imd_quintile"].to_numpy(np.int64) - 1) * run.years
    cell += waits["year"].to_numpy(np.int64) - 1
    size = len(FIFTHS) * run.years * len(days)
    count = np.bincount(cell * len(days) + place, waits["count"].to_numpy(np.float64), size)
    by_fifth = count.reshape(len(FIFTHS), run.years, len(days))
    groups = np.concatenate([by_fifth.sum(axis=0, keepdims=True), by_fifth])
    every = np.concatenate([groups, groups.sum(axis=1, keepdims=True)], axis=1)
    found = wait_numbers(days, every)
    found["waits"] = found["waits"] * run.scale
    keys = _wait_keys(service, run.years)
    return Sheet(keys, {name: values.ravel() for name, values in found.items()})


@lru_cache(maxsize=256)
def _wait_keys(service: str, years: int) -> pd.DataFrame:
    """Return the names of the waits of one service: for all and by fifth, by year and in all.

    ``SERVICE.ROLE`` are the waits for one role of a service, which are among all of it.
    """
    service, _, role = service.partition(".")
    keys = product({"group": ("all", *FIFTHS), "year": year_labels(years)})
    group_by = np.where(keys["group"] == "all", "all", "imd_quintile")
    return keys.assign(service=service, role=role or "all", group_by=group_by)[KEYS]


def wait_measures(sheet: Sheet, run: Run) -> Sheet:
    """Return the measures that are waits or the use of capacity, from the resource sheet."""
    waits = tuple(m for m in MEASURES.values() if m.kind == WAIT and not m.denominator)
    work = [m for m in MEASURES.values() if m.kind == WAIT and m.denominator]
    levels = _levels(sheet, waits, run.years)
    blocks = [
        _level_sheet(waits, levels[:, :, :1], "all", ("all",)),
        _level_sheet(waits, levels[:, :, 1:], "imd_quintile", FIFTHS),
    ]
    for measure in work:
        rows = _whole_service(sheet, measure.service)
        used = {name: sheet.numbers[name][rows] for name in ("used", "capacity")}
        blocks.append(_workload(measure.key, sheet.keys.iloc[rows].assign(**used), run))
    return joined(blocks)


def _whole_service(sheet: Sheet, service: str) -> npt.NDArray[np.intp]:
    """Return the rows of a service's whole capacity; of its roles where it is told by role."""
    mine = (sheet.keys["service"] == service).to_numpy()
    whole = mine & (sheet.keys["role"] == "all").to_numpy()
    told = whole & np.isfinite(sheet.numbers["capacity"])
    return np.flatnonzero(told if told.any() else mine)


def _levels(sheet: Sheet, waits: Sequence[Measure], years: int) -> Floats:
    """Return waits by (measures, years and all, all and fifths); gaps are not a number."""
    keys = sheet.keys
    place = {label: row for row, label in enumerate(year_labels(years))}
    column = {label: row for row, label in enumerate(("all", *FIFTHS))}
    year = keys["year"].map(place).to_numpy(np.int64)
    group = keys["group"].map(column).to_numpy(np.int64)
    service, role = (keys[name].to_numpy(dtype=object) for name in ("service", "role"))
    levels = np.full((len(waits), len(place), len(column)), np.nan)
    for row, measure in enumerate(waits):
        here = (service == measure.service) & (role == "all")
        levels[row, year[here], group[here]] = sheet.numbers[measure.numerator[0]][here]
    return levels


def _level_sheet(
    waits: tuple[Measure, ...], levels: Floats, grouping: str, labels: tuple[str, ...]
) -> Sheet:
    keys = outcome_keys(waits, grouping, labels, levels.shape[1] - 1, "no")
    return Sheet(keys, {"value": np.ascontiguousarray(levels.transpose(0, 2, 1)).ravel()})


def _workload(key: str, table: pd.DataFrame, run: Run) -> Sheet:
    here = table[table["capacity"].notna()].groupby("year")[["used", "capacity"]].sum()
    levels = (here["used"] / here["capacity"]).reindex(year_labels(run.years))
    return level_sheet(key, levels.to_numpy(np.float64)[:, None], "all", ("all",))
