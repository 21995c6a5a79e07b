"""Schedules of capacity: refused when wrong, obeyed from their day on, in every design."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.faults import BadInput
from experiments.catalogue import installed
from experiments.experiment import Experiment, resolved_toml
from experiments.planning import specs_of
from experiments.points import Point
from experiments.resolving import resolve
from pathways.schedule import SCHEDULED, Entry, as_settings, changes_by_day
from pathways.sessions import Sessions
from sim.model import CareModel
from sim.world import Shelf
from tests.small_runs import small_run

FOLDER = Path(calibration.__file__).parent
SHELF = Shelf()
PLANNED = ("outpatients", "elective", "mdt", "vcse", "care_coordination")
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
    spec = small_run(place="tilbury", population=2000, seed=7, settings=as_settings(entries))
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


def of_role(
    model: CareModel, service: str, role: str, metric: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(
        [
            month["value"][
                (month["service"] == service)
                & (month["role"] == role)
                & (month["metric"] == metric)
            ].sum()
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


def test_lists_and_teams_follow_a_schedule_too() -> None:
    usual = year()
    shut = year(*(Entry(service=name, from_day=122, factor=0.0) for name in PLANNED))
    before, after = slice(0, 4), slice(5, 12)  # a month for what was under way
    for service, metric in (
        ("outpatients", "capacity"),
        ("elective", "capacity"),
        ("mdt", "served"),
        ("vcse", "served"),
    ):
        then, now = by_month(usual, service, metric), by_month(shut, service, metric)
        assert (now[before] == then[before]).all(), service
        assert then[after].sum() > 0.0
    for service, role in (("outpatients", "first"), ("elective", "day_case")):
        assert of_role(shut, service, role, "used")[after].sum() == 0.0
        assert of_role(shut, service, role, "queue_end")[-1] > 2 * max(
            of_role(usual, service, role, "queue_end")[-1], 1.0
        )
    places = shut.services.coordinators.places
    assert places.capacity == 0
    assert shut.services.meeting.teams[0].session.slots == 0.0
    link_workers = shut.services.link_workers.places
    assert isinstance(link_workers, Sessions)
    assert link_workers.session.slots == 0.0


def test_a_schedule_of_link_workers_multiplies_what_a_design_added() -> None:
    services = year().services
    changes = {"vcse.link_workers_per_10000": 2.0, "vcse.capacity_factor": 0.5}
    queue = services.link_workers.places
    assert isinstance(queue, Sessions)
    services.begin({"vcse.link_workers_per_10000": 2.0})
    full = queue.session.slots
    services.begin({"vcse.capacity_factor": 0.5})
    assert queue.session.slots == pytest.approx(full / 2)
    services.begin(changes)
    assert queue.session.slots == pytest.approx(full / 2)
    year.cache_clear()


def test_every_scheduled_service_is_one_whose_capacity_can_be_set() -> None:
    from experiments.settings import SETTINGS

    assert {f"{name}.capacity_factor" for name in SCHEDULED} <= set(SETTINGS)
