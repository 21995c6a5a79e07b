"""One measure of every design against its baseline, over one or several run folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from agents.faults import BadInput, Fault, nearest
from results.comparison import comparison_table
from results.measures import MEASURES
from results.reading import collect, read_folders
from results.sums import GROUPINGS


def asked(measure: str, by: str) -> None:
    """Check a measure and a grouping that somebody asked for.

    Raises
    ------
    BadInput
        If there is no such measure or grouping; both faults at once.
    """
    faults = [
        Fault(
            where=f"--{option}",
            key=option,
            found=repr(value),
            allowed=", ".join(allowed),
            remedy=f"use {nearest(value, allowed) or 'one of these'}",
        )
        for option, value, allowed in (
            ("measure", measure, list(MEASURES)),
            ("by", by, list(GROUPINGS)),
        )
        if value not in allowed
    ]
    if faults:
        raise BadInput(faults)


def compare(
    folders: Sequence[Path],
    baseline: str | None = None,
    measure: str = "emergency_admissions",
    by: str = "all",
) -> pd.DataFrame:
    """Return the paired comparison of one measure over one or several experiment folders.

    Runs of all folders are put together, so that a design of one folder may be compared with
    the baseline of another; twins are runs of the same place, seed, draw and replication.

    Raises
    ------
    BadInput
        If a folder holds no complete run, or the measure, grouping or baseline is not known.
    """
    asked(measure, by)
    collected = collect(read_folders(folders), baseline=baseline)
    table = comparison_table(collected.outcomes, collected.baselines, collected.scales)
    if table.empty:
        return table
    chosen = (table["measure"] == measure) & (table["group_by"] == by)
    return table[chosen].reset_index(drop=True)
