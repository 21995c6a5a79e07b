"""What binds: one more unit of each capacity, by paired runs."""

from __future__ import annotations

from functools import partial
from math import isnan
from pathlib import Path

import pandas as pd
import pytest

import experiments.running as running
from agents.faults import BadInput
from experiments import program
from experiments.binding import services_of, step_of, units_added
from experiments.cli import answer
from experiments.resolving import read_experiment
from sim.spec import RunSpec
from tests.fake_runs import Fake
from tests.points_fakes import one_thread, write_point

SMALL = ("--population", "300", "--years", "1", "--replications", "3")


def fake_beds(spec: RunSpec, folder: Path) -> None:
    """Write an invented run in which more beds avoid admissions, in every design."""
    more = spec.settings.get("beds.capacity_factor", 1.0) - 1.0
    fake = Fake(population=spec.population, years=spec.years, avoided=2.0 * more)
    write_point(spec, fake, folder)


def test_units_are_of_the_place_or_of_the_design() -> None:
    asked = read_experiment("southwark")
    usual, design = asked.arms
    place = asked.places[0]
    meetings = units_added(place, design, "mdt", 1.1)
    assert meetings == pytest.approx(50 * 0.1 * place.population / 50_000)
    workers = place.capacity["vcse"]["social prescribing link worker"]
    assert units_added(place, usual, "vcse", 1.1) == pytest.approx(
        workers * 0.1 * place.population / 10_000
    )
    assert units_added(place, design, "vcse", 1.1) == pytest.approx(
        0.85 * 0.1 * place.population / 10_000
    )
    assert isnan(units_added(place, usual, "outpatients", 1.1))


def test_what_cannot_be_raised_is_refused() -> None:
    with pytest.raises(BadInput) as told:
        services_of("gp,bed")
    assert "beds" in str(told.value.faults[0])
    for step in (0.5, 1.0, 11.0):
        with pytest.raises(BadInput):
            step_of(step)
    assert step_of(None) == 1.1


def test_each_arm_is_set_beside_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "program_digest", lambda: "0123456789abcdef")
    monkeypatch.setattr(
        running,
        "run_experiment",
        partial(running.run_experiment, work=fake_beds, engine=one_thread),
    )
    assert answer(["binding", *SMALL, "--services", "beds,gp", "--step", "1.2", "--out", "x"]) == 0
    said = capsys.readouterr().out
    assert "usual-care, gp +20%" in said
    assert "nothing clear changes" in said
    table = pd.read_csv(tmp_path / "x" / "tables" / "binding.csv")
    ours = table[table["measure"] == "emergency_admissions"]

    def of(service: str, column: str) -> float:
        rows = ours[(ours["design"] == "proactive-mltc") & (ours["service"] == service)]
        return float(rows[column].iloc[0])

    assert of("beds", "difference") < 0
    assert of("gp", "difference") == 0
    assert of("beds", "per_unit_added") == pytest.approx(
        of("beds", "difference") / of("beds", "units_added")
    )
    (tmp_path / "ours").mkdir()
    experiment = 'name = "x"\nplace = "southwark"\n[[design]]\nuse = "usual-care"\n'
    (tmp_path / "ours" / "experiment.toml").write_text(experiment, encoding="utf-8")
    again = ["binding", *SMALL, "--services", "beds,gp", "--step", "1.2", "--out", "x"]
    assert answer([*again, "--add-to", "nowhere"]) == 2
    assert answer([*again, "--add-to", "ours"]) == 0
    copied = (tmp_path / "ours" / "tables" / "binding.csv").read_bytes()
    assert copied == (tmp_path / "x" / "tables" / "binding.csv").read_bytes()
