"""Waits and capacity from the records of one run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results.resources import resource_sheet, wait_measures, wait_numbers
from results.store import Run

FACTS = {"place": "p", "design": "d", "effects": "none", "replication": 0, "years": 2, "scale": 4.0}
RUN = Run(Path("nowhere"), FACTS)


def waits(rows: list[tuple[str, int, int, float, int]]) -> pd.DataFrame:
    columns = ["service", "year", "imd_quintile", "wait_days", "count"]
    return pd.DataFrame(rows, columns=columns)


def series(rows: list[tuple[int, str, str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["month", "service", "role", "metric", "value"])


def lookup(**where: str) -> dict[str, float]:
    here = resource_sheet(
        RUN,
        series(
            [
                (month, "gp", "gp", metric, value)
                for month in range(24)
                for metric, value in (("capacity", 10.0), ("used", 8.0), ("queue_end", month))
            ]
        ),
        waits([("gp", 1, 1, 2.0, 3), ("gp", 1, 5, 0.0, 1), ("gp", 2, 1, 8.0, 4)]),
    )
    rows = np.logical_and.reduce([here.keys[name] == value for name, value in where.items()])
    assert rows.sum() == 1
    return {name: float(values[rows][0]) for name, values in here.numbers.items()}


def test_quantiles_are_waits_that_enough_people_do_not_exceed() -> None:
    found = wait_numbers(np.array([0.0, 1.0, 10.0]), np.array([5.0, 4.0, 1.0]))
    assert found["mean_wait_days"] == pytest.approx(1.4)
    assert found["median_wait_days"] == 0.0
    assert found["p90_wait_days"] == 1.0
    assert found["p95_wait_days"] == 10.0
    assert found["waits"] == 10.0


def test_nobody_waiting_has_no_wait() -> None:
    found = wait_numbers(np.array([1.0]), np.array([0.0]))
    assert np.isnan(found["mean_wait_days"])
    assert found["waits"] == 0.0


def test_waits_are_by_fifth_and_year_and_counts_are_scaled_to_the_place() -> None:
    first = lookup(service="gp", role="all", group="all", year="1")
    assert first["mean_wait_days"] == pytest.approx(1.5)
    assert first["waits"] == 16.0
    everything = lookup(service="gp", role="all", group="1", year="all")
    assert everything["mean_wait_days"] == pytest.approx((3 * 2 + 4 * 8) / 7)
    assert np.isnan(lookup(service="gp", role="all", group="3", year="1")["mean_wait_days"])


def test_a_years_capacity_is_its_months_and_its_queue_is_the_last_of_them() -> None:
    second = lookup(service="gp", role="gp", group="all", year="2")
    assert second["capacity"] == 12 * 10.0 * 4.0
    assert second["utilisation"] == pytest.approx(0.8)
    assert second["queue_end"] == 23 * 4.0
    whole = lookup(service="gp", role="gp", group="all", year="all")
    assert whole["capacity"] == second["capacity"]
    assert whole["queue_end"] == (11 + 23) / 2 * 4.0


def test_measures_that_are_waits_come_from_the_same_rows() -> None:
    sheet = resource_sheet(
        RUN,
        series([(0, "gp", "gp", "capacity", 10.0), (0, "gp", "gp", "used", 9.0)]),
        waits([("gp", 1, 2, 3.0, 2)]),
    )
    found = wait_measures(sheet, RUN)
    table = found.keys.assign(value=found.numbers["value"]).set_index(["measure", "group", "year"])[
        "value"
    ]
    assert table["gp_wait_days", "all", "1"] == 3.0
    assert table["gp_wait_days", "2", "all"] == 3.0
    assert table["staff_workload", "all", "1"] == pytest.approx(0.9)
    assert np.isnan(table["mdt_wait_days", "all", "all"])
