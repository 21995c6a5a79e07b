"""Grids and parameters of components in experiment files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.faults import BadInput
from experiments.experiment import resolved_toml
from experiments.grids import expanded, told
from experiments.resolving import read_experiment
from pathways.components import ProactivePathway

HEAD = """
name = "grid"
place = "southwark"
population = 500
[[design]]
use = "usual-care"
"""


def written(folder: Path, text: str) -> str:
    path = folder / "one.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


GRID = """
[[design]]
use = ["vcse-social-prescribing", "vcse-peer-support"]
[design.grid]
"vcse.link_workers_per_10000" = [0.5, 2]
"mdt.meetings_per_year" = [26, 52, 104]
"""


def test_a_grid_is_every_combination_of_designs_and_values(tmp_path: Path) -> None:
    arms = read_experiment(written(tmp_path, GRID)).arms[1:]
    seen = {(arm.use, *(arm.settings[key] for key in sorted(arm.settings))) for arm in arms}
    assert len(arms) == len(seen) == len({arm.name for arm in arms}) == 12
    assert ("vcse-peer-support", 104, 0.5) in seen


def test_designs_of_a_grid_say_in_their_title_what_was_varied(tmp_path: Path) -> None:
    arms = read_experiment(written(tmp_path, GRID)).arms[1:]
    assert len({arm.design.title for arm in arms}) == 12
    assert arms[0].design.title.endswith("link workers per 10000 0.5, meetings per year 26")


def test_the_resolved_file_of_a_grid_is_the_same_experiment(tmp_path: Path) -> None:
    first = read_experiment(written(tmp_path, GRID))
    again = tmp_path / "again.toml"
    again.write_text(resolved_toml(first), encoding="utf-8")
    assert read_experiment(str(again)).arms == first.arms


PARAMETER = """
[[design]]
use = "{use}"
name = "longer"
set = {{ "{use}.support.months" = 36, "mdt.meetings_per_year" = 26 }}
"""


def test_an_experiment_sets_parameters_of_components(tmp_path: Path) -> None:
    text = """
[[design]]
use = "care-home-service"
name = "half"
set = { "one-list.coverage" = 0.5, "gp.capacity_factor" = 1.1 }
"""
    arm = read_experiment(written(tmp_path, text)).arms[1]
    assert arm.design.components[0].coverage == (0.5,) * 5
    assert arm.settings == {"gp.capacity_factor": 1.1}
    assert arm.parameters == {"one-list.coverage": 0.5}


def test_the_pathway_of_a_design_of_its_own_is_called_as_the_design(tmp_path: Path) -> None:
    arm = read_experiment(written(tmp_path, PARAMETER.format(use="proactive-mltc"))).arms[1]
    (part,) = arm.design.components
    assert isinstance(part, ProactivePathway)
    assert part.support.months == 36
    assert part.support.review_slots == 1
    assert {effect.component for effect in arm.design.effects} == {"proactive-mltc"}


def test_a_grid_over_parameters_of_components(tmp_path: Path) -> None:
    text = """
[[design]]
use = "care-home-service"
[design.grid]
"one-list.coverage" = [0.25, 1.0]
"""
    arms = read_experiment(written(tmp_path, text)).arms[1:]
    assert [arm.design.components[0].coverage[0] for arm in arms] == [0.25, 1.0]
    assert [arm.name for arm in arms] == [
        "care-home-service-coverage-0-25",
        "care-home-service-coverage-1",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"one-list.coverage" = 2', "a number from 0 to 1"),
        ('"one-list.coverrage" = 0.5', "did you mean 'coverage'"),
        ('"one-lost.coverage" = 0.5', "an unknown setting"),
    ],
)
def test_a_wrong_parameter_is_told(tmp_path: Path, line: str, said: str) -> None:
    text = f'\n[[design]]\nuse = "care-home-service"\nname = "x"\nset = {{ {line} }}\n'
    with pytest.raises(BadInput, match=said):
        read_experiment(written(tmp_path, text))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"use": "x", "grid": 3}, "a table of lists"),
        ({"use": "x", "grid": {"a.b": 3}}, "a list of numbers"),
        ({"use": "x", "grid": {"a.b": []}}, "a list of numbers"),
        ({"use": "x", "grid": {"a.b": ["y"]}}, "a list of numbers"),
        ({"use": "x", "grid": {"a.b": [1, 1]}}, "each number once"),
        ({"use": [], "grid": {"a.b": [1]}}, "a name or a list"),
        ({"use": "x", "grid": {"a.b": list(range(40)), "a.c": list(range(40))}}, "at most 1000"),
    ],
)
def test_a_wrong_grid_is_told(entry: dict[str, Any], said: str) -> None:
    found, faults = expanded([entry], "one.toml")
    assert not found
    assert [fault.allowed for fault in faults] == [said]


def test_long_names_stay_short_and_distinct() -> None:
    grid = {f"a.{letter * 30}": [1, 2] for letter in "abc"}
    found, _ = expanded([{"use": "x", "grid": grid}], "one.toml")
    names = [entry["name"] for entry in found]
    assert len(set(names)) == 8
    assert max(map(len, names)) <= 60


def test_settings_are_told_in_words() -> None:
    assert told({"vcse.link_workers_per_10000": 0.5}) == "link workers per 10000 0.5"
