"""Parameter sets of places that come with the program, and who may use them."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from agents.disease_tables import DiseaseTables
from agents.faults import BadInput
from calibration.matching.tables import MORTALITY, of_place
from experiments import close_demand, packaged
from experiments.catalogue import PARAMETERS
from experiments.commands.options import parameter_set
from experiments.inputs import inputs_inside
from experiments.packaged import set_folder, set_names
from experiments.planning import parameter_folder
from experiments.resolving import read_experiment
from sim.world import replaced_numbers

SMALL = {"population": 200, "years": 1, "replications": 1}
OWN = [name for name in set_names() if name != PARAMETERS.name]


def test_the_nations_set_comes_first_and_is_what_runs_take() -> None:
    assert set_names() == ["default", "southwark"]
    asked = read_experiment("southwark", SMALL)
    assert asked.parameters == "default"
    assert parameter_folder(asked) == PARAMETERS


@pytest.mark.parametrize("name", OWN)
def test_a_places_set_is_the_nations_with_the_places_factors(name: str) -> None:
    """So a new set of the nation cannot leave an old one of a place beside it."""
    nation, own = DiseaseTables.load(PARAMETERS), DiseaseTables.load(set_folder(name))
    factors = own.about["place"]
    assert set(factors) > {MORTALITY}
    again = of_place(nation, factors)
    for part in ("onset", "remission", "diagnosis", "death", "at_birth"):
        assert np.array_equal(getattr(own, part), getattr(again, part), equal_nan=True), part
    assert not np.array_equal(own.onset, nation.onset)
    assert replaced_numbers(set_folder(name), {}) == replaced_numbers(PARAMETERS, {})


def test_a_run_of_the_place_takes_its_own_set_by_name() -> None:
    asked = read_experiment("southwark", {**SMALL, "parameters": "southwark"})
    assert parameter_folder(asked) == PARAMETERS.parent / "southwark"
    text, copies = inputs_inside(asked)
    assert 'parameters = "southwark"' in text
    assert not copies


def test_a_places_set_is_refused_for_other_places() -> None:
    with pytest.raises(BadInput, match="'southwark' for england; allowed: 'southwark' for"):
        read_experiment("southwark", {**SMALL, "place": "england", "parameters": "southwark"})
    with pytest.raises(BadInput, match="default, southwark or a folder"):
        read_experiment("southwark", {**SMALL, "parameters": "sothwark"})


def test_a_set_on_the_command_line_is_seen_from_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copytree(PARAMETERS, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert parameter_set(None) is None
    assert parameter_set("southwark") == "southwark"
    assert parameter_set("mine") == str(tmp_path / "mine")
    asked = read_experiment("southwark", {**SMALL, "parameters": parameter_set("mine")})
    assert parameter_folder(asked) == tmp_path / "mine"


def test_closing_demand_again_reaches_the_sets_of_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = copytree(packaged.SETS, tmp_path / "sets")
    monkeypatch.setattr(packaged, "SETS", sets)
    before = replaced_numbers(sets / "default", {})
    close_demand.share({"baseline_demand.x": 1.5})
    assert replaced_numbers(sets / "southwark", {}) == {"baseline_demand.x": 1.5}
    assert replaced_numbers(sets / "default", {}) == before
