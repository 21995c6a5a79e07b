"""What of a change in cost is cash: avoided, stranded, reinvested, and left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.cost_lines import APART, BOUGHT, HOSPITAL, NEW_CARE, OF_DESIGN, STAFFED
from results.settings import Settings
from results.sheets import Stack, product

Floats = npt.NDArray[np.float64]
CASH_LINES = ("activity_avoided", "stranded", "reinvested", "net_cash")
CUMULATIVE = "net_cash_cumulative"  # net cash from the start to the end of the year


def cash(design: Stack, baseline: Stack, settings: Settings) -> Stack:
    """Return the cash lines of a design against its paired baseline.

    ``activity_avoided`` is activity of usual services not done, at average cost;
    ``stranded`` is the part of it that is still paid for; ``reinvested`` is the cost of new
    care and of the design; ``net_cash`` is the first less the others, + released and - spent.
    Both stacks must hold the same runs and names (``results.sheets.paired``).
    """
    change = np.nan_to_num(design.numbers["value"]) - np.nan_to_num(baseline.numbers["value"])
    keys = design.keys
    behaviour = keys["behaviour"].to_numpy()
    new = np.isin(behaviour, (NEW_CARE, OF_DESIGN))
    usual = np.isin(behaviour, (HOSPITAL, STAFFED, BOUGHT))
    avoided = -change * usual
    stranded = avoided * stranded_share(keys, settings)
    reinvested = change * new
    parts = (avoided, stranded, reinvested, avoided - stranded - reinvested)
    return _cash_stack(keys, parts, design)


def stranded_share(keys: pd.DataFrame, settings: Settings) -> Floats:
    """Return the share of each row's avoided cost that is still paid for.

    Rows for all years hold no share of their own: they are summed from the years.
    """
    first, later = (settings.value(f"stranded_share_{when}") for when in ("first_year", "later"))
    reach = settings.value("stranded_years_to_later")
    year = pd.to_numeric(keys["year"], errors="coerce").fillna(1.0).to_numpy(np.float64)
    hospital = np.interp(year, [1.0, max(reach, 1.0 + 1e-9)], [first, later])
    behaviour = keys["behaviour"].to_numpy()
    staffed, bought = (settings.value(f"stranded_share_{how}") for how in ("staffed", "bought"))
    share: Floats = np.zeros(len(keys))
    for kind, of_kind in ((HOSPITAL, hospital), (STAFFED, staffed), (BOUGHT, bought)):
        share = np.where(behaviour == kind, of_kind, share)
    return share


def _cash_stack(keys: pd.DataFrame, parts: Sequence[Floats], runs: Stack) -> Stack:
    """Sum the cash lines over lines: by payer, by setting and for all, by year and over years."""
    simulated = ~keys["behaviour"].isin(APART).to_numpy()
    yearly = (keys["year"] != "all").to_numpy() & simulated
    years = sorted(keys.loc[yearly, "year"].unique(), key=int)
    whose = [(payer, "all") for payer in (*_found(keys, yearly, "payer"), "all")]
    whose += [("all", setting) for setting in _found(keys, yearly, "setting")]
    columns = {name: keys[name].to_numpy() for name in ("payer", "setting", "year")}
    discounted = keys["discounted"].to_numpy()
    frames, blocks = [], []
    for payer, setting in whose:
        theirs = yearly & ((payer == "all") | (columns["payer"] == payer))
        theirs &= (setting == "all") | (columns["setting"] == setting)
        for less in ("no", "yes"):
            at = [theirs & (discounted == less) & (columns["year"] == year) for year in years]
            found = np.array([[part[:, rows].sum(axis=1) for rows in at] for part in parts])
            together = np.cumsum(found[-1], axis=0)[None]
            with_total = np.concatenate([found, found.sum(axis=1, keepdims=True)], axis=1)
            running = np.concatenate([together, together[:, -1:]], axis=1)
            every = np.concatenate([with_total, running])
            blocks.append(every.reshape(-1, len(runs.draws)).T)
            frame = product({"line": (*CASH_LINES, CUMULATIVE), "year": [*years, "all"]})
            frames.append(frame.assign(payer=payer, setting=setting, discounted=less))
    price_year = str(keys["price_year"].iloc[0])
    frame = pd.concat(frames, ignore_index=True).assign(behaviour="cash", price_year=price_year)
    values = np.concatenate(blocks, axis=1)
    return Stack(frame[list(keys.columns)], {"value": values}, runs.draws, runs.replications)


def _found(keys: pd.DataFrame, rows: npt.NDArray[np.bool_], name: str) -> list[str]:
    return sorted(keys.loc[rows, name].unique())
