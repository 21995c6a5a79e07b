"""Tables, figures and report of a run folder, from its records alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.folder import slug

if TYPE_CHECKING:
    import pandas as pd


def tables_and_report(folder: Path, prices: Path | None = None) -> None:
    """Make the tables, figures and report of a run folder from its records.

    ``prices`` is a file of prices that replace the program's own.
    """
    from results.making import make_all

    beside = partial(figures_of_doubt, folder)
    make_all(folder, prices, workers=os.cpu_count() or 1, beside=beside)


def figures_of_doubt(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Draw what the report does not: what to study next, and how queues open."""
    from results.figures.information import told, worth_knowing
    from results.figures.searches import save
    from results.figures.warmup import opening

    for (place, against), rows in tables["information"].groupby(["place", "against"]):
        name = f"information-{slug(str(place))}-{against}"
        if len(told(rows)):  # a figure of what may be luck would be believed
            save(folder / "figures", name, partial(worth_knowing, rows))
    for place, rows in tables["warm_up"].groupby("place"):
        save(folder / "figures", f"warm_up-{slug(str(place))}", partial(opening, rows))
