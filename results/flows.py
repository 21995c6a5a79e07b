"""Flows between services: who was sent from where to where, from a run's own counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from results.comparison import Arm, named
from results.store import Run

ROUTED, ARRIVALS, PEOPLE = "routed", "arrivals", "people"
COLUMNS = ["from", "does", "to", "people_per_year"]
MONTHS = 12


def flow_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Return people a year sent along each route, mean over ``runs``, for the place.

    Rows from ``people`` with an empty ``does`` are those who came to a service by themselves:
    all who arrived, less those whom other services sent. ``tells`` rows only say how people
    came who asked by themselves, so they are not taken off again.
    """
    return _mean([flows_of(run, run.series()) for run in runs])


def _mean(of_runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not of_runs:
        return pd.DataFrame(columns=COLUMNS)
    every = pd.concat(of_runs)
    yearly = every.groupby(COLUMNS[:3], sort=True)["people_per_year"].sum() / len(of_runs)
    return yearly.reset_index()


def flows_table(flows: Mapping[Arm, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Return ``flows.csv``: the mean of ``flows_of`` the runs of every place, design, reading."""
    parts = [named(arm, _mean(of_arm)) for arm, of_arm in flows.items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def flows_of(run: Run, series: pd.DataFrame) -> pd.DataFrame:
    """Return people a year sent along each route in one run, from its monthly series."""
    routed = series[series["metric"] == ROUTED]
    sent = routed.groupby(["role", "service"], observed=True)["value"].sum().reset_index()
    ends = sent["role"].astype(str).str.split(".", expand=True)
    if ends.empty:
        ends = pd.DataFrame({0: [], 1: []})
    table = pd.DataFrame(
        {"from": ends[0], "does": ends[1], "to": sent["service"].astype(str), "n": sent["value"]}
    )
    moved = table[table["does"] != "tells"].groupby("to")["n"].sum()
    came = series[series["metric"] == ARRIVALS].groupby("service", observed=True)["value"].sum()
    came.index = came.index.astype(str)
    own = (came - moved.reindex(came.index).fillna(0.0)).clip(lower=0.0)
    alone = pd.DataFrame({"from": PEOPLE, "does": "", "to": own.index, "n": own.to_numpy()})
    whole = pd.concat([table, alone[alone["n"] > 0]])
    whole["people_per_year"] = whole.pop("n").astype(np.float64) * run.scale / run.years
    return whole[COLUMNS]
