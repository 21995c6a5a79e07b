"""Two places that were calibrated apart, set side by side: what differs beyond doubt.

Run ``python -m calibration.matching.places FOLDER FOLDER`` with two folders of
``carepath calibrate PLACE``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from agents.faults import BadInput, Fault
from calibration.matching.store import IDENTITY

CLEAR = 0.95  # of pairs of draws on one side: "differs"; a convention, not a number of the model


def side_by_side(first: Path, second: Path) -> pd.DataFrame:
    """Return every parameter that both folders fitted, as each place has it.

    Returns
    -------
    One row per parameter: ``parameter``, ``name``; for each place ``PLACE``, ``PLACE low``
    and ``PLACE high`` (median and 95% of the posterior); ``first_larger``, the share of
    pairs of posterior draws in which the first place has the larger value; ``differs``, yes
    where that share is 0.95 or more, or 0.05 or less.

    Raises
    ------
    BadInput
        If a folder holds no finished calibration, or the two fitted nothing in common or
        began from different evidence.
    """
    told = [_identity(folder) for folder in (first, second)]
    _comparable(told, (first, second))
    tables = [pd.read_csv(folder / "tables" / "parameters.csv") for folder in (first, second)]
    draws = [pd.read_csv(folder / "tables" / "draws.csv") for folder in (first, second)]
    merged = tables[0][["parameter", "name"]].copy()
    for table, about in zip(tables, told, strict=True):
        own = table.set_index("parameter").loc[merged["parameter"]]
        for column, suffix in (("median", ""), ("low", " low"), ("high", " high")):
            merged[f"{about['place']}{suffix}"] = own[column].to_numpy()
    merged["first_larger"] = [
        larger(draws[0][key].to_numpy(), draws[1][key].to_numpy()) for key in merged["parameter"]
    ]
    clear = (merged["first_larger"] >= CLEAR) | (merged["first_larger"] <= 1.0 - CLEAR)
    merged["differs"] = np.where(clear, "yes", "no")
    return merged


def larger(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of all pairs in which ``one`` is the larger; equals count half."""
    above = (one[:, None] > other).mean()
    return float(above + 0.5 * (one[:, None] == other).mean())


def _identity(folder: Path) -> dict[str, object]:
    try:
        told = json.loads((folder / IDENTITY).read_text(encoding="utf-8"))
        if told.get("finished"):
            return dict(told)
    except (OSError, ValueError, AttributeError):
        pass
    raise BadInput(
        [
            Fault(
                where=str(folder),
                key=IDENTITY,
                found="no finished calibration",
                allowed="the folder of a finished carepath calibrate",
                remedy="run carepath calibrate, or repeat its command if it was stopped",
            )
        ]
    )


def _comparable(told: list[dict[str, object]], folders: tuple[Path, Path]) -> None:
    faults = [
        Fault(
            where=f"{folders[0]} and {folders[1]}",
            key=key,
            found=f"{told[0].get(key)} and {told[1].get(key)}",
            allowed=allowed,
            remedy="calibrate both places with one version of the evidence, on one base",
        )
        for key, allowed in (("evidence", "the same evidence"), ("base", "the same base set"))
        if told[0].get(key) != told[1].get(key)
    ]
    if faults:
        raise BadInput(faults)


def main(arguments: list[str]) -> None:
    """Print the table of two folders."""
    table = side_by_side(*(Path(one) for one in arguments))
    sys.stdout.write(table.round(3).to_string(index=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:3])
