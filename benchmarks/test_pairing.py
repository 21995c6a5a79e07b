"""How many replications the shared luck of two designs saves.

A difference between designs that share people and luck varies by what the design caused; one
between separate runs varies by the luck of both. For the same standard error the numbers of
replications stand as the variances do; the goal is ten to one. Run with
``pytest benchmarks/test_pairing.py -s``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.whole_model import PROACTIVE, USUAL, spec_of
from results.settings import read_settings
from results.utilities import england_weights, loss_by_cell, read_utilities, recentring
from sim.model import simulate
from sim.recording import RunRecord

Floats = npt.NDArray[np.float64]

PEOPLE, YEARS, REPLICATIONS = 5_000, 2, 10
MEASURES = ("emergency_admissions", "ae_attendances", "outpatient_follow_up", "deaths", "qalys")


def replications(design: tuple[str, str]) -> list[RunRecord]:
    return [
        simulate(spec_of(design, people=PEOPLE, years=YEARS, replication=number))
        for number in range(REPLICATIONS)
    ]


def totals(records: list[RunRecord], usual: list[RunRecord]) -> dict[str, Floats]:
    """Return the total of each measure in each replication."""
    settings = read_settings()
    utilities = read_utilities(records[0].about["conditions"], settings)
    cells = [loss_by_cell(utilities, record.person_years[0]) for record in usual]
    years, loss = (sum(parts, np.zeros_like(parts[0])) for parts in zip(*cells, strict=True))
    mean_loss = recentring(years, loss, england_weights(settings))

    def amount(year: Mapping[str, Any], measure: str) -> float:
        if measure == "qalys":
            return float(utilities.qalys(year, mean_loss).sum())
        return float(year["died" if measure == "deaths" else measure].sum(dtype=np.float64))

    return {
        measure: np.array(
            [sum(amount(year, measure) for year in record.person_years) for record in records]
        )
        for measure in MEASURES
    }


def saved(theirs: Floats, ours: Floats) -> float:
    """Return how many times as many unpaired replications the same precision takes."""
    apart = theirs.var(ddof=1) + ours.var(ddof=1)
    together = (ours - theirs).var(ddof=1)
    return float(apart / together) if together else np.inf


def test_replications_that_pairing_saves(benchmark: Any) -> None:
    usual = benchmark.pedantic(replications, args=(USUAL,), rounds=1, iterations=1)
    theirs, ours = totals(usual, usual), totals(replications(PROACTIVE), usual)
    print(f"\n{PEOPLE:,} people, {YEARS} years, {REPLICATIONS} pairs of runs")  # noqa: T201
    for measure in MEASURES:
        ratio = saved(theirs[measure], ours[measure])
        change = ours[measure] - theirs[measure]
        told = f"{ratio:,.0f} times fewer replications" if ratio < np.inf else "the same in all"
        benchmark.extra_info[measure] = ratio
        print(  # noqa: T201
            f"  {measure:22}{theirs[measure].mean():12,.1f}{change.mean():+10.2f} "
            f"({change.std(ddof=1):.2f} between pairs): {told}"
        )
