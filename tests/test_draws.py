"""Draws of the evidence: distributions, points, levels kept, and what a run of them writes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import experiments.reporting as reporting
import experiments.running as running
from agents.evidence import Evidence, Figure
from agents.luck import Luck
from experiments import draws as draws_module
from experiments import program
from experiments.catalogue import EVIDENCE, PARAMETERS
from experiments.cli import answer
from experiments.draws import drawn, hypercube
from experiments.experiment import Experiment, resolved_toml
from experiments.levels import Levels
from experiments.points import Point, changed
from experiments.resolving import read_experiment
from experiments.unknowns import KINDS, input_of, kind_of, why_left_out
from pathways import rates
from results.tables import build_tables
from results.variance import split
from tests.points_fakes import fake_at_point, few_figures, one_thread

SMALL = {"population": 200, "years": 1, "replications": 2}


def figure(value: float, low: float, high: float, unit: str = "", key: str = "t.k") -> Figure:
    return Figure(
        key=key, value=value, low=low, high=high, unit=unit, source="s", basis="read", note=""
    )


def small(**changes: object) -> Experiment:
    return read_experiment("southwark", {**SMALL, **changes})


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "kind"),
    [
        (0.8, 0.7, 0.9, "", "ratio"),
        (-0.2, -0.3, 0.05, "relative change", "change"),
        (0.3, 0.1, 0.6, "share of people", "share"),
        (58.0, 52.0, 64.0, "percent", "percent"),
        (9.0, 7.0, 14.0, "days", "amount"),
        (0.1, 0.05, 0.2, "log rate ratio v 0", "difference"),
        (-0.4, -0.6, 0.2, "per cent change", "difference"),
        (1.0, 0.8, 1.0, "share of referrals", "bounded"),
        (0.05, 0.0, 0.1, "share of beds", "bounded"),
        (37.0, 37.0, 52.0, "per consultation", "bounded"),
    ],
)
def test_a_range_is_a_95_per_cent_interval_around_the_central_value(
    value: float, low: float, high: float, unit: str, kind: str
) -> None:
    one = input_of(figure(value, low, high, unit))
    assert one.kind == kind
    points = (np.arange(4000) + 0.5) / 4000
    values = np.array([one.at(float(point)) for point in points])
    assert np.all(np.diff(values) >= 0)
    if kind == "bounded":
        assert low <= values.min() <= values.max() <= high
    else:
        assert np.quantile(values, [0.025, 0.5, 0.975]) == pytest.approx(
            [low, value, high], rel=0.01
        )
    if kind == "share":
        assert 0.0 < values.min() < values.max() < 1.0
    if kind in ("ratio", "amount"):
        assert values.min() > 0.0


def test_settings_and_what_was_fitted_together_are_not_drawn() -> None:
    assert why_left_out(figure(1, 0, 2, "ratio", "team_settings.mdt.capacity_factor"))
    assert why_left_out(figure(1, 0.5, 2, "x", "baseline_demand.day_case.intercept.all"))
    assert why_left_out(figure(1, 1, 1, "x")) == "known exactly"
    assert why_left_out(figure(3, 1, 2, "x"))
    assert not why_left_out(figure(1, 0.5, 2, "x", "traits.lonely_weight.fair"))


def test_points_fill_every_stratum_once_and_belong_to_their_key() -> None:
    points = hypercube(["a", "b", "a"], 20, seed=1)
    assert list(points) == ["a", "b"]
    for values in points.values():
        assert sorted(np.floor(values * 20).astype(int)) == list(range(20))
    assert abs(np.corrcoef(points["a"], points["b"])[0, 1]) < 0.7
    assert np.array_equal(hypercube(["b"], 20, seed=1)["b"], points["b"])
    assert not np.array_equal(hypercube(["b"], 20, seed=2)["b"], points["b"])


def test_two_designs_that_cite_one_study_share_its_draw() -> None:
    ones = [
        input_of(figure(-0.1, -0.2, 0.0 - 0.01, "relative change", f"design.{name}.x"), "study")
        for name in ("first", "second")
    ]
    values = drawn(ones, 10, seed=3)
    assert np.array_equal(values["design.first.x"], values["design.second.x"])


def test_a_design_takes_its_drawn_numbers_and_shows_them() -> None:
    design = small().arms[1].design
    point = Point(
        design={
            "proactive-mltc.published.demand.outpatient_attendance": -0.11,
            "proactive-mltc.reach.acceptance": 0.33,
            "proactive-mltc.support.coordinator_contacts": 7.4,
            "proactive-mltc.mdt.meetings_per_year": 26.0,
            "other.support.months": 1.0,
        }
    )
    new = changed(design, point.of(design))
    effects = {effect.target: effect.change for effect in new.acting("published")}
    assert effects["demand.outpatient_attendance"] == -0.11
    assert new.reach is not None
    assert new.support is not None
    assert np.mean(new.reach.acceptance) == pytest.approx(0.33)
    assert (new.support.coordinator_contacts, new.support.months) == (7, 12)
    assert new.changes["mdt.meetings_per_year"] == 26.0
    assert {source.key: source.value for source in new.sources}["reach.acceptance"] == 0.33
    assert changed(design, {}) is design


def test_levels_of_use_stay_when_differences_between_people_are_drawn() -> None:
    place = small().places[0]
    levels = Levels(place, EVIDENCE, PARAMETERS)
    key = "baseline_demand.emergency_admission.ltc_count.4+"
    usual = Evidence(EVIDENCE).figure("baseline_demand", service="emergency_admission",
                                      term="ltc_count", level="4+")  # fmt: skip
    replaced = {
        key: usual.value + 0.4,
        "baseline_demand.nhs_111_call.england_mean.all ages": 0.33 * 1.2,
    }
    solved = levels.solved(replaced)
    from calibration.close import mean_use
    from sim.world import replaced_numbers

    fitted = replaced_numbers(PARAMETERS, {})
    before = mean_use(levels._people, Evidence(EVIDENCE, fitted))
    after = mean_use(levels._people, Evidence(EVIDENCE, {**fitted, **solved}))
    assert after["emergency_admission"] == pytest.approx(before["emergency_admission"])
    assert after["nhs_111_call"] == pytest.approx(1.2 * before["nhs_111_call"])
    unsolved = mean_use(levels._people, Evidence(EVIDENCE, {**fitted, **replaced}))
    assert unsolved["emergency_admission"] > 1.03 * before["emergency_admission"]
    assert rates.TABLE in next(iter(solved))


def test_an_experiment_with_draws_is_written_and_read_again(tmp_path: Path) -> None:
    asked = small(uncertainty="psa", draws=7)
    file = tmp_path / "e.toml"
    file.write_text(resolved_toml(asked))
    assert read_experiment(str(file)).draws == 7
    assert "draws" not in resolved_toml(small())


def test_a_run_with_draws_writes_them_and_splits_the_variance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "program_digest", lambda: "0123456789abcdef")
    monkeypatch.setattr(
        running,
        "run_experiment",
        partial(running.run_experiment, work=fake_at_point, engine=one_thread),
    )
    monkeypatch.setattr(reporting, "tables_and_report", lambda folder, prices=None: None)
    monkeypatch.setattr(draws_module, "figures_used", few_figures)
    arguments = ["run", "--population", "200", "--years", "1", "--replications", "2"]
    assert answer([*arguments, "--draws", "3", "--out", str(tmp_path / "x")]) == 0
    found = json.loads((tmp_path / "x" / "draws.json").read_text())
    assert found["draws"] == 3
    effect = found["runs"]["design.proactive-mltc.published.demand.emergency_admission"]
    assert len(set(effect)) == 3
    assert len(found["prices"]) > 50
    names = sorted(path.parent.name + "/" + path.name
                   for path in (tmp_path / "x").glob("runs/*/design=usual-care/*/*/*"))  # fmt: skip
    assert names == [f"draw={1 + n // 2:04d}/replication={n:04d}" for n in range(6)]
    build_tables(tmp_path / "x")
    with (tmp_path / "x" / "tables" / "variance.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["measure"] == "emergency_admissions"]
    assert [(row["draws"], row["replications"]) for row in rows] == [("3", "2")]
    with (tmp_path / "x" / "tables" / "comparison.csv").open() as lines:
        assert {row["interval_kind"] for row in csv.DictReader(lines)} == {"chance_and_knowledge"}


def test_variance_is_split_as_in_a_one_way_analysis() -> None:
    luck = Luck(5)
    knowledge = luck.normals("k", np.arange(400)) * 3.0
    chance = luck.normals("c", np.arange(1600)).reshape(400, 4) * 2.0
    values = (knowledge[:, None] + chance).reshape(-1, 1)
    found = split(values, [draw for draw in range(400) for _ in range(4)])
    assert found["variance_chance"][0] == pytest.approx(1.0, rel=0.1)
    assert found["variance_knowledge"][0] == pytest.approx(9.0, rel=0.2)
    alone = split(values[::4], range(400))
    assert np.isnan(alone["variance_chance"][0])


@pytest.mark.slow
def test_a_real_draw_moves_the_design_and_not_the_pairing(tmp_path: Path) -> None:
    asked = replace(small(uncertainty="psa", draws=2), replications=1)
    outcome = running.run_experiment(asked, tmp_path / "x", running.Options(workers=1))
    assert outcome.whole
    tables = build_tables(tmp_path / "x")
    assert list(tables["draws"]["draw"]) == [1, 2]


def test_kinds_are_told_for_every_scale() -> None:
    assert {"ratio", "change", "share", "amount", "difference", "bounded"} == set(KINDS)
    assert kind_of(figure(2.0, 1.0, 3.0, "ratio to all")) == "ratio"
