"""Every service in one table: capacity, use, and how long people wait, by deprivation fifth."""

from __future__ import annotations

from math import isfinite

import pandas as pd

from pathways.vocabulary import SERVICES
from results.comparison import named
from results.sums import FIFTHS

ARM = ["place", "design", "effects"]
NUMBERS = ("capacity", "used", "utilisation", "turned_away", "gave_up", "queue_end")
WAITS = {"median": "median_wait_days", "p90": "p90_wait_days"}


def service_table(resources: pd.DataFrame, year: str = "all") -> pd.DataFrame:
    """Return a row for each service and role of usual care, from the ``resources`` table.

    Capacity and use are a year's, for the place, in the service's own unit; waits are in
    days, at the median and the 90th percentile, for everyone and by fifth (1 is the most
    deprived). Waits are told of a service as a whole, in its row ``all``.
    """
    return of_arm(resources[resources["effects"] == "none"], year)


def services_table(resources: pd.DataFrame) -> pd.DataFrame:
    """Return ``services.csv``: ``of_arm`` of every place, design and reading, over all years."""
    parts = [
        named(arm, of_arm(rows))
        for arm in dict.fromkeys(zip(*(resources[name] for name in ARM), strict=True))
        for rows in [resources[(resources[ARM] == list(arm)).all(axis=1)]]
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def of_arm(rows: pd.DataFrame, year: str = "all") -> pd.DataFrame:
    """Return a row for each service and role of one design's rows of ``resources``."""
    usual = rows[rows["year"].astype(str) == year]
    every = usual[usual["group_by"] == "all"].set_index(["service", "role"])
    table = every[[*NUMBERS, *WAITS.values()]].rename(
        columns={name: f"{word}_wait_days" for word, name in WAITS.items()}
    )
    fifths = usual[usual["group_by"] == "imd_quintile"].set_index(["service", "role"])
    for fifth in FIFTHS:
        mine = fifths[fifths["group"].astype(str) == str(fifth)]
        for word, name in WAITS.items():
            table[f"{word}_wait_days_imd_{fifth}"] = mine[name].reindex(table.index)
    order = {name: number for number, name in enumerate(SERVICES)}
    table = table.dropna(how="all").reset_index()
    place = table["service"].astype(str).map(order).fillna(len(order))
    return table.assign(_=place).sort_values(["_", "role"], kind="stable").drop(columns="_")


HEAD = ("service", "role", "capacity", "used", "use", "median", "9 in 10")
FIFTHS_HEAD = "9 in 10 by fifth (days, most deprived first)"
LEFT = 2  # columns of words; numbers stand to the right


def service_lines(table: pd.DataFrame) -> list[str]:
    """Return the table as lines of text: use, waits, and waits by fifth.

    Columns are as wide as what they hold, with two spaces between them.
    """
    rows = [
        (
            str(row["service"]),
            str(row["role"]),
            _whole(row["capacity"]),
            _whole(row["used"]),
            "" if pd.isna(row["utilisation"]) else f"{row['utilisation']:.0%}",
            _short(row["median_wait_days"]),
            _short(row["p90_wait_days"]),
        )
        for _, row in table.iterrows()
    ]
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    tails = [FIFTHS_HEAD, *(_by_fifth(row) for _, row in table.iterrows())]
    return [
        "  ".join(
            [
                *(
                    f"{text:<{width}}" if column < LEFT else f"{text:>{width}}"
                    for column, (text, width) in enumerate(zip(cells, widths, strict=True))
                ),
                tail,
            ]
        ).rstrip()
        for cells, tail in zip((HEAD, *rows), tails, strict=True)
    ]


def _by_fifth(row: pd.Series) -> str:
    waits = [row[f"p90_wait_days_imd_{fifth}"] for fifth in FIFTHS]
    return "" if pd.isna(waits).all() else "".join(f"{_short(value):>7}" for value in waits)


def _whole(value: float) -> str:
    return f"{value:,.0f}" if isfinite(value) else ""


def _short(value: float) -> str:
    if not isfinite(value):
        return "–"
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"
