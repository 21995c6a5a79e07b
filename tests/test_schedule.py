"""Schedules of capacity: refused when wrong, obeyed from their day on, in every design."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.catalogue import installed
from experiments.designs import load_design
from experiments.experiment import Experiment, resolve, resolved_toml
from experiments.places import load_place
from experiments.planning import specs_of
from experiments.points import Point
from pathways.schedule import SCHEDULED, Entry, as_settings, changes_by_day
from sim.model import CareModel
from sim.spec import RunSpec
from sim.world import Shelf

FOLDER = Path(calibration.__file__).parent
SHELF = Shelf()
FILE = """
name = "winter"
place = "tilbury"
population = 1000
years = 1
replications = 1
[[design]]
use = "usual-care"
[[design]]
use = "proactive-mltc"
"""
SCHEDULE = """
[[schedule]]
service = "beds"
from_day = 180
factor = 0.9
[[schedule]]
service = "beds"
from_day = 300
factor = 1
"""


def experiment(text: str) -> Experiment:
    return resolve(tomllib.loads(text), installed(), where="winter.toml", text=text)


def test_a_schedule_reaches_every_run_and_comes_back_from_the_resolved_file() -> None:
    read = experiment(FILE + SCHEDULE.replace("factor = 1\n", "factor = 1.0\n"))
    assert read.schedule == (
        Entry(service="beds", from_day=180, factor=0.9),
        Entry(service="beds", from_day=300, factor=1.0),
    )
    assert experiment(resolved_toml(read)).schedule == read.schedule
    specs = list(specs_of(read, read.places[0], [Point()], None))
    assert len(specs) == 2
    for spec in specs:
        days = changes_by_day(spec.settings)
        assert days == {180: {"beds.capacity_factor": 0.9}, 300: {"beds.capacity_factor": 1.0}}


def test_all_faults_of_a_schedule_are_told_at_once() -> None:
    wrong = """
[[schedule]]
service = "bedz"
from_day = 10
factor = 0.5
[[schedule]]
service = "gp"
from_day = 365
factor = 0.5
[[schedule]]
service = "utc"
from_day = -1
factor = -2.0
[[schedule]]
service = "ed"
from_day = 5
factor = 0.5
[[schedule]]
service = "ed"
from_day = 5
factor = 0.6
"""
    text = FILE + 'set = { "pharmacy.capacity_factor" = 0.5 }\n' + wrong
    text += '[[schedule]]\nservice = "pharmacy"\nfrom_day = 1\nfactor = 0.5\n'
    with pytest.raises(BadInput) as caught:
        experiment(text)
    said = str(caught.value)
    assert len(caught.value.faults) == 6
    for part in ("did you mean beds?", "0 to 364", "from_day", "factor", "ed twice", "pharmacy"):
        assert part in said, part


@lru_cache(maxsize=4)
def year(*entries: Entry) -> CareModel:
    """Return a finished year of 2,000 people in Tilbury."""
    evidence = Evidence(FOLDER / "evidence")
    spec = RunSpec(
        place=load_place("tilbury", evidence),
        design=load_design("usual-care", evidence),
        effects="none",
        population=2000,
        start=date(2025, 4, 1),
        years=1,
        seed=7,
        replication=0,
        evidence=FOLDER / "evidence",
        parameters=FOLDER / "parameters" / "default",
        settings=as_settings(entries),
    )
    model = CareModel(spec, SHELF.world_of(spec))
    model.run_to_end()
    return model


def by_month(
    model: CareModel, service: str, metric: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(
        [
            month["value"][(month["service"] == service) & (month["metric"] == metric)].sum()
            for month in model.record.series
        ]
    )


def test_capacity_is_as_before_until_the_day_and_back_afterwards() -> None:
    usual = year()
    cut = year(
        Entry(service="utc", from_day=122, factor=0.0),  # August
        Entry(service="utc", from_day=214, factor=1.0),  # November
        Entry(service="beds", from_day=122, factor=0.5),
    )
    before, during, after = slice(0, 4), slice(4, 7), slice(7, 12)
    for service, metric in (("utc", "served"), ("utc", "capacity"), ("gp", "served")):
        then, now = by_month(usual, service, metric), by_month(cut, service, metric)
        assert (now[before] == then[before]).all()
    assert by_month(cut, "utc", "capacity")[during].sum() == 0.0
    assert by_month(cut, "utc", "served")[during].sum() == 0.0
    assert by_month(cut, "utc", "served")[after].sum() > 0.0
    beds = by_month(cut, "beds", "capacity") / by_month(usual, "beds", "capacity")
    assert beds[before] == pytest.approx(1.0)
    assert beds[4:] == pytest.approx(0.5, abs=0.05)


def test_every_scheduled_service_is_one_whose_capacity_can_be_set() -> None:
    from experiments.settings import SETTINGS

    assert {f"{name}.capacity_factor" for name in SCHEDULED} <= set(SETTINGS)
