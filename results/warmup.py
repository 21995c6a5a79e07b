"""Whether the days before day 0 were enough, judged by how queues open.

Every service runs before day 0 so that its queues forget how they were filled. If that was
long enough, the first quarters of usual care lie where the same quarters of later years point
to. In each run a straight line through the quarter's means in years 2, 3, … (with two years:
the second year's) is read off at year 1; what is left over, run by run, is a difference with a
99% interval by Student's t. The quarters to leave out are those, from the first on, that differ.

MSER (White 1997) is given beside it: how many opening months to drop so that the mean of the
rest has the smallest standard error. It takes trend and season for a start-up effect, so it is
applied to what is left of the mean series once these are taken off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from pathways.vocabulary import HOURS
from results.comparison import Arm, named
from results.store import Run

Floats = npt.NDArray[np.float64]
COLUMNS = [
    "place",
    "design",
    "effects",
    "service",
    "role",
    "metric",
    "unit",
    "quarter",
    "runs",
    "mean",
    "expected",
    "difference",
    "low",
    "high",
    "share",
    "verdict",
    "quarters_to_leave_out",
    "mser_months",
]
SURE = 0.995  # upper point of a 99% interval: forty quarters of ten queues are judged at once
QUARTER, YEAR = 3, 12  # months
KEYS = ["service", "role", "metric"]
LEAST = 1.0  # people waiting on average, below which a queue is no queue
QUEUE, BUSY = "queue_end", "utilisation"


def expected(quarters: Floats) -> Floats:
    """Return where year 1 should lie by the years after it.

    Parameters
    ----------
    quarters : (runs, years, 4) means of quarters, two years or more

    Returns
    -------
    (runs, 4)
    """
    later = quarters[:, 1:]
    count = later.shape[1]
    if count < 2:
        return later[:, 0]
    years = np.arange(2.0, count + 2.0)
    from_middle = years - years.mean()
    slope = np.tensordot(from_middle, later, axes=(0, 1)) / (from_middle**2).sum()
    found: Floats = later.mean(axis=1) + slope * (1.0 - years.mean())
    return found


def opening(series: Floats) -> pd.DataFrame:
    """Return the rows of one queue, a row for each quarter of year 1.

    Parameters
    ----------
    series : (runs, months), two runs and two whole years or more
    """
    runs, months = series.shape
    quarters = series.reshape(runs, months // YEAR, YEAR // QUARTER, QUARTER).mean(axis=3)
    awaited = expected(quarters)
    change = quarters[:, 0] - awaited
    half = stdtrit(runs - 1, SURE) * change.std(axis=0, ddof=1) / np.sqrt(runs)
    middle, level = change.mean(axis=0), quarters[:, 0].mean(axis=0)
    differs = (np.abs(middle) > half) & (np.abs(middle) > 1e-9 * np.abs(level))
    steady = [*np.flatnonzero(~differs), len(differs)][0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(awaited.mean(axis=0) != 0, middle / awaited.mean(axis=0), np.nan)
    return pd.DataFrame(
        {
            "quarter": np.arange(1, len(middle) + 1),
            "runs": runs,
            "mean": level,
            "expected": awaited.mean(axis=0),
            "difference": middle,
            "low": middle - half,
            "high": middle + half,
            "share": share,
            "verdict": np.where(differs, "differs", "as expected"),
            "quarters_to_leave_out": steady,
            "mser_months": mser(without_trend(series.mean(axis=0))),
        }
    )


def without_trend(series: Floats) -> Floats:
    """Return a monthly series less a straight line and the months' own levels, year 1 apart.

    Both are those of the years after the first, (months,).
    """
    months = np.arange(len(series))
    season = (months[:, None] % YEAR == np.arange(YEAR)).astype(float)
    table = np.column_stack([season, months / YEAR]) if len(series) > 2 * YEAR else season
    later = months >= YEAR
    found: Floats = series - table @ np.linalg.lstsq(table[later], series[later], rcond=None)[0]
    return found


def mser(series: Floats) -> int:
    """Return how many first numbers to drop, at most half (marginal standard error rule).

    The count that makes the sum of squares of the rest over its squared length smallest.
    """
    counts = range(len(series) // 2 + 1)
    rest = [series[count:] for count in counts]
    scores = [float(((one - one.mean()) ** 2).sum()) / len(one) ** 2 for one in rest]
    return int(np.argmin(scores))


def queues_of(run: Run, series: pd.DataFrame) -> pd.DataFrame:
    """Return the monthly queues and use of capacity of one run, a column a queue."""
    wide = series.pivot_table(
        index="month", columns=KEYS, values="value", aggfunc="sum", observed=True
    )
    months = run.years * YEAR
    found: dict[tuple[str, str, str], pd.Series] = {}
    for service, role, metric in [tuple(map(str, one)) for one in wide.columns.to_list()]:
        if role.startswith(HOURS):
            continue  # as full as the service itself
        values = wide[service, role, metric]
        capacity = (service, role, "capacity")
        if metric == QUEUE and values.mean() >= LEAST:
            found[service, role, QUEUE] = values
        elif metric == "used" and capacity in wide.columns:
            found[service, role, BUSY] = values / wide[capacity]
    table = pd.DataFrame(found, index=range(months))
    return table.loc[:, table.notna().all() & (table != 0).any() & ~table.T.duplicated()]


def warm_up_table(queues: Mapping[Arm, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Return ``warm_up.csv``: how usual care's queues open, beside what later years expect.

    Empty where there is one run or one year alone.

    Parameters
    ----------
    queues : ``queues_of`` the runs of each place's baseline
    """
    parts = []
    for arm, tables in queues.items():
        if len(tables) < 2 or len(tables[0]) < 2 * YEAR:
            continue
        everywhere = set.intersection(*(set(one.columns.to_flat_index()) for one in tables))
        shared = [name for name in tables[0].columns.to_flat_index() if name in everywhere]
        for name in shared:
            series = np.array([one[name].to_numpy(np.float64) for one in tables])
            about = dict(zip(KEYS, map(str, name), strict=True))
            busy = about["metric"] == BUSY
            unit = "share of capacity" if busy else "waiting at the end of the month"
            parts.append(named(arm, opening(series).assign(**about, unit=unit)))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return whole[COLUMNS]
