"""Two places that were calibrated apart, set side by side: what differs beyond doubt.

Run ``python -m calibration.matching.places FOLDER FOLDER`` with two folders of
``carepath calibrate PLACE``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agents.faults import BadInput, Fault
from agents.files import read_json
from calibration.matching.store import IDENTITY

LEAST_DRAWS = 20  # of each place: with fewer no share can be told from 0.95
COLUMNS = ("parameter", "name", "median", "low", "high")  # read of parameters.csv
CLEAR = 0.95  # of pairs of draws on one side: "differs"; a convention, not a number of the model


def side_by_side(first: Path, second: Path) -> pd.DataFrame:
    """Return every parameter that both folders fitted, as each place has it.

    Returns
    -------
    One row per parameter that both fitted, in the order of the first: ``parameter``, ``name``;
    for each place ``PLACE``, ``PLACE low`` and ``PLACE high`` (median and 95% of the
    posterior), named by its folder too where both are of one place; ``first_larger``, the
    share of pairs of posterior draws in which the first place has the larger value;
    ``differs``, yes where that share is 0.95 or more, or 0.05 or less, "too few draws" where a
    place has fewer than 20 (as after ``--quick``).

    Raises
    ------
    BadInput
        If a folder holds no finished calibration, or the two fitted nothing in common or
        began from different evidence.
    """
    folders = first, second
    told = [_identity(folder) for folder in folders]
    tables = [_table(folder, "parameters", COLUMNS).set_index("parameter") for folder in folders]
    both = [key for key in tables[0].index if key in tables[1].index]
    draws = [_table(folder, "draws", both) for folder in folders]
    _comparable(told, folders, both)
    merged = pd.DataFrame({"parameter": both, "name": tables[0].loc[both, "name"].to_numpy()})
    for table, place in zip(tables, _names(told, folders), strict=True):
        for column, suffix in (("median", ""), ("low", " low"), ("high", " high")):
            merged[f"{place}{suffix}"] = table.loc[both, column].to_numpy()
    merged["first_larger"] = [
        larger(draws[0][key].to_numpy(), draws[1][key].to_numpy()) for key in both
    ]
    clear = (merged["first_larger"] >= CLEAR) | (merged["first_larger"] <= 1.0 - CLEAR)
    merged["differs"] = np.where(clear, "yes", "no")
    if min(len(table) for table in draws) < LEAST_DRAWS:
        merged["differs"] = "too few draws"
    return merged


def _names(told: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> list[str]:
    """Return what each folder's columns are called: its place, with the folder where alike."""
    places = [str(about["place"]) for about in told]
    if places[0] != places[1]:
        return places
    return [f"{place} ({folder})" for place, folder in zip(places, folders, strict=True)]


def larger(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of all pairs in which ``one`` is the larger; equals count half."""
    above = (one[:, None] > other).mean()
    return float(above + 0.5 * (one[:, None] == other).mean())


def _identity(folder: Path) -> Mapping[str, Any]:
    told = read_json(folder / IDENTITY)
    if told is None or not told.get("finished"):
        raise BadInput([_unfinished(folder, IDENTITY, "no finished calibration")])
    return told


def _table(folder: Path, name: str, needed: Sequence[str]) -> pd.DataFrame:
    file = folder / "tables" / f"{name}.csv"
    try:
        table = pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise BadInput([_unfinished(folder, f"tables/{name}.csv", str(error))]) from None
    missing = [column for column in needed if column not in table]
    if missing:
        found = f"no column {', '.join(missing)}"
        raise BadInput([_unfinished(folder, f"tables/{name}.csv", found)])
    return table


def _unfinished(folder: Path, key: str, found: str) -> Fault:
    return Fault(
        where=str(folder),
        key=key,
        found=found,
        allowed="the folder of a finished carepath calibrate",
        remedy="run carepath calibrate, or repeat its command if it was stopped",
    )


def _comparable(
    told: Sequence[Mapping[str, Any]], folders: Sequence[Path], both: Sequence[str]
) -> None:
    where = f"{folders[0]} and {folders[1]}"
    faults = [
        Fault(
            where=where,
            key=key,
            found=f"{told[0].get(key)} and {told[1].get(key)}",
            allowed=allowed,
            remedy="calibrate both places with one version of the evidence, on one base",
        )
        for key, allowed in (("evidence", "the same evidence"), ("base", "the same base set"))
        if told[0].get(key) != told[1].get(key)
    ]
    if not both:
        faults.append(
            Fault(
                where=where,
                key="tables/parameters.csv",
                found="nothing in common",
                allowed="parameters that both fitted",
                remedy="compare two places, or two calibrations of the nation",
            )
        )
    if faults:
        raise BadInput(faults)


def main(arguments: Sequence[str]) -> int:
    """Print the table of two folders; return 0, or 2 where they cannot be compared."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m calibration.matching.places FOLDER FOLDER\n")
        return 2
    try:
        table = side_by_side(*(Path(one) for one in arguments))
    except BadInput as bad:
        sys.stderr.write(f"{bad}\n")
        return 2
    sys.stdout.write(table.round(3).to_string(index=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
