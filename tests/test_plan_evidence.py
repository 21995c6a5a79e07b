"""The plan's own table beside the simulated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agents.evidence import Evidence
from experiments.published_places import place_names
from results.figures import canvas
from results.figures.plan import by_locality, by_point
from results.plan_evidence import PLAN, locality_targets, plan_table
from results.report_rules import _plan_table, plan_claim
from results.sheets import Stack, product

EVIDENCE = Evidence(Path(__file__).parent.parent / "calibration" / "evidence")
BASE = "usual-care"


def stack(counts: tuple[float, ...], localities: tuple[str, ...] = ("all",)) -> Stack:
    """Each run has ``counts[run]`` of everything in the last year, ten times that before."""
    keys = product(
        {"point_of_delivery": list(PLAN), "locality": list(localities), "year": ["1", "2", "all"]}
    )
    scale = keys["year"].map({"1": 10.0, "2": 1.0, "all": 11.0}).to_numpy(float)
    values = np.array([count * scale for count in counts])
    runs = tuple(range(len(counts)))
    return Stack(keys, {"value": values}, tuple(0 for _ in runs), runs)


def table_of(**places: tuple[tuple[float, ...], tuple[float, ...]]) -> pd.DataFrame:
    activity, baselines = {}, {}
    for place, (usual, design) in places.items():
        activity[(place, BASE, "none")] = stack(usual)
        activity[(place, "programme", "plan")] = stack(design)
        baselines[place] = (place, BASE, "none")
    return plan_table(activity, baselines, EVIDENCE)


def test_places_are_added_before_they_are_compared() -> None:
    table = table_of(
        rayleigh=((100.0, 100.0), (90.0, 90.0)), dengie=((300.0, 300.0), (300.0, 300.0))
    )
    whole = table[table["locality"] == "all"].set_index("point_of_delivery")
    assert whole.loc["A&E attendances", "mean"] == pytest.approx(-2.5)
    own = table[table["locality"] == "rayleigh"].set_index("point_of_delivery")
    assert own.loc["A&E attendances", "mean"] == pytest.approx(-10.0)
    assert set(table["year"]) == {"2"}


def test_the_documents_own_numbers_stand_beside() -> None:
    table = table_of(corringham=((100.0, 110.0), (90.0, 99.0)))
    whole = table[table["locality"] == "all"].set_index("point_of_delivery")["plan"]
    assert whole.to_dict() == {
        "A&E attendances": -12.95,
        "non-elective admissions": -9.73,
        "elective admissions": -3.42,
        "day cases": -7.08,
        "outpatient attendances": -16.21,
    }
    own = table[table["locality"] == "corringham"].set_index("point_of_delivery")["plan"]
    assert own["non-elective admissions"] == -15.0
    assert own["outpatient attendances"] == -18.0
    assert np.isnan(own["day cases"])


def test_a_replication_that_a_place_lacks_is_left_out() -> None:
    table = table_of(rayleigh=((100.0, 100.0), (90.0, 80.0)), dengie=((100.0,), (90.0,)))
    whole = table[table["locality"] == "all"]
    assert set(whole["replications"]) == {1}
    assert whole["mean"].tolist() == pytest.approx([-10.0] * 5)


def test_there_is_no_table_without_the_plans_places() -> None:
    assert not len(table_of(southwark=((100.0,), (90.0,))))


def test_every_locality_has_targets() -> None:
    targets = locality_targets(EVIDENCE)
    assert len(set(targets) & set(place_names())) == 26
    assert all(len(of_one) == 2 for of_one in targets.values())


def test_localities_of_the_whole_system_are_told_apart() -> None:
    names = ("all", "Rayleigh", "Dengie")
    base, arm = ("mid_and_south_essex", BASE, "none"), ("mid_and_south_essex", "p", "plan")
    activity = {base: stack((100.0,), names), arm: stack((80.0,), names)}
    table = plan_table(activity, {"mid_and_south_essex": base}, EVIDENCE)
    assert set(table["locality"]) == {"all", "rayleigh", "dengie"}
    assert set(table["mean"].round(6)) == {-20.0}


def test_the_table_sets_every_version_beside_the_plan_place_by_place() -> None:
    activity = {("corringham", BASE, "none"): stack((100.0, 110.0))}
    for effects, less in (("plan", 0.8), ("published", 1.0), ("null", 1.1)):
        activity[("corringham", "programme", effects)] = stack((100.0 * less, 110.0 * less))
    rows = plan_table(activity, {"corringham": ("corringham", BASE, "none")}, EVIDENCE)
    table = _plan_table(rows)
    assert table.head[2:] == (
        "The plan",
        "published effects",
        "the plan’s own effects",
        "no effect on health",
    )
    told = {row[:2]: row[2:] for row in table.rows}
    assert len(told) == len(PLAN) + 2  # those of the locality with a target
    together = told["All together", "A&E attendances"]
    assert (together[0], together[2]) == ("−12.95", "−20.0 (−20.0 to −20.0)")
    own = told["Corringham", "Non-elective admissions"]
    assert own[0] == "−15"
    assert own[1].startswith("+0.0")
    assert own[3].startswith("+10.0")


def test_a_year_before_the_plans_own_is_not_judged() -> None:
    rows = table_of(corringham=((100.0, 110.0), (60.0, 66.0)))
    assert plan_claim(rows) == "Year 2 on the way to the plan’s changes, which are for year 5"
    judged = plan_claim(rows.assign(year="5"))
    assert judged == "Of the plan’s 5 changes, its own assumptions meet 5, miss none"


def test_figures_show_every_point_and_locality() -> None:
    table = table_of(rayleigh=((100.0, 101.0), (90.0, 92.0)), dengie=((99.0, 98.0), (90.0, 91.0)))
    with canvas.styled():
        points = by_point(table)
        places = by_locality(table, "non-elective admissions")
    labels = [label.get_text() for label in points.get_yticklabels()]
    assert labels[0] == "A&E attendances"
    assert len(labels) == 5
    assert {label.get_text() for label in places.get_yticklabels()} == {"Rayleigh", "Dengie"}
