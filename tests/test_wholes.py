"""Shares of one whole never add up to more than everybody, however they are drawn or moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.evidence import Evidence
from experiments.catalogue import EVIDENCE
from experiments.planning import specs_of
from experiments.points import Point
from experiments.resolving import read_experiment
from experiments.wholes import kept_whole
from pathways.referrals import load_routes, route_changes

LEAKS = {f"care_settings.practice.leak.{to}": f"gp.overflow.{to}" for to in ("ed", "nhs111")}
HIGH = dict.fromkeys(LEAKS, 0.25) | {
    "care_settings.practice.leak.pharmacy": 0.25,
    "care_settings.practice.leak.again": 0.4,
    "care_settings.practice.monday_factor": 1.1,
}


def test_shares_over_one_are_scaled_and_nothing_else_moves() -> None:
    found = kept_whole(HIGH, {})
    routes = load_routes(Evidence(EVIDENCE, found))
    shares = {route.key: route.share for route in routes if route.key.startswith("gp.overflow.")}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["gp.overflow.extended_access"] == 0.05
    assert shares["gp.overflow.gp"] / shares["gp.overflow.ed"] == pytest.approx(0.4 / 0.25)
    assert found["care_settings.practice.monday_factor"] == 1.1


def test_shares_within_one_stay_to_the_bit() -> None:
    for value in (0.1, 0.25):
        few = dict.fromkeys(LEAKS, value)
        assert kept_whole(few, {}) == few


def test_what_a_design_sets_itself_keeps_its_share() -> None:
    settings = {"routes.gp.overflow.utc": 0.3, "routes.gp.overflow.ed": 0.2}
    found = kept_whole(HIGH, settings)
    routes = load_routes(Evidence(EVIDENCE, found), route_changes(settings))
    shares = {route.key: route.share for route in routes if route.key.startswith("gp.overflow.")}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert (shares["gp.overflow.utc"], shares["gp.overflow.ed"]) == (0.3, 0.2)


def test_every_run_of_a_point_at_the_high_ends_can_be_done(tmp_path: Path) -> None:
    file = tmp_path / "e.toml"
    file.write_text(
        'name = "e"\nplace = "southwark"\npopulation = 300\n[[design]]\nuse = "usual-care"\n'
        '[[design]]\nuse = "usual-care"\nname = "to-utc"\n'
        'set = { "routes.gp.overflow.utc" = 0.2 }\n',
        encoding="utf-8",
    )
    asked = read_experiment(str(file))
    specs = list(specs_of(asked, asked.places[0], [Point(replaced=HIGH)]))
    assert all(spec.replaced == specs[0].replaced for spec in specs)
    for spec in specs:
        assert load_routes(Evidence(EVIDENCE, spec.replaced), route_changes(spec.settings))
