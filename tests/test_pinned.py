"""A small run whose numbers are kept: moving them is a deliberate act.

If you meant to move them, run ``pytest tests/test_pinned.py --update-pinned`` and say what
moved, and why, in CHANGELOG.md. Counts agree to the last one on every machine and Python;
other numbers to one part in a million (sums of 32-bit numbers).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import calibration
from sim.model import simulate
from sim.world import Shelf
from tests.small_runs import small_run

ROOT = Path(calibration.__file__).parent
KEPT = Path(__file__).parent / "pinned" / "southwark_small.csv"
KEYS = ("person", "year", "locality", "practice", "sex", "ethnicity")


def pinned_run() -> pd.DataFrame:
    """Return totals of each column of the record, by design: 1,500 people for a year."""
    shelf = Shelf()
    columns = {}
    for one in (small_run(), small_run("proactive-mltc")):
        record = simulate(one, shelf)
        people = pd.concat(map(pd.DataFrame, record.person_years), ignore_index=True)
        totals = people.drop(columns=[*KEYS]).astype("float64").sum()
        totals["rows"] = float(len(people))
        waits = pd.concat(map(pd.DataFrame, record.waits), ignore_index=True)
        for service in map(str, waits["service"].unique()):
            rows = waits[waits["service"] == service]
            totals[f"waits.{service}.people"] = float(rows["count"].sum())
            totals[f"waits.{service}.days"] = float((rows["wait_days"] * rows["count"]).sum())
        columns[one.design.name] = totals
    return pd.DataFrame(columns).fillna(0.0).sort_index().rename_axis("total")


def test_the_pinned_run_gives_the_numbers_that_were_kept(request: pytest.FixtureRequest) -> None:
    now = pinned_run()
    if request.config.getoption("--update-pinned"):
        KEPT.parent.mkdir(exist_ok=True)
        now.to_csv(KEPT)
    then = pd.read_csv(KEPT, index_col="total", dtype={"total": str}).astype(float)
    both = sorted({*then.index} & {*now.index})
    was, here = then.loc[both], now.loc[both]
    far = (here - was).abs() > 1e-6 * was.abs()
    moved = [
        f"{design} {name}: {was[design][name]:,.6g} -> {here[design][name]:,.6g}"
        for design in was.columns
        for name in far.index[far[design]]
    ]
    gone = sorted({*then.index} ^ {*now.index})
    assert not moved + gone, (
        "outcomes moved; if you meant it, run with --update-pinned and say why in CHANGELOG.md: "
        + "; ".join([*moved, *gone][:12])
    )
