"""A run folder's own copy of its inputs, so that it can be moved and done again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from calibration.matching.folders import set_files
from experiments.checking import read_toml
from experiments.experiment import Experiment, experiment_table
from experiments.form import path_like
from experiments.packaged import set_names


def inputs_inside(experiment: Experiment) -> tuple[str, dict[str, Path]]:
    """Say how a run folder keeps its own copy of its inputs, so that it can be moved.

    Returns
    -------
    The text of ``experiment.toml``, in which a user's own place, design and parameter files
    are named by their copies, and the files to copy: path inside the folder -> source.
    """
    table = experiment_table(experiment)
    copies: dict[str, Path] = {}
    uses = [
        _inside(use, f"inputs/place-{number}", copies)
        for number, use in enumerate(experiment.place_uses, 1)
    ]
    table["place"] = uses[0] if len(uses) == 1 else uses
    for number, entry in enumerate(table["design"], 1):
        entry["use"] = _inside(entry["use"], f"inputs/design-{number}", copies)
    if experiment.parameters not in set_names():
        table["parameters"] = "inputs/parameters"
        for file in set_files(Path(experiment.parameters)):
            inside = file.relative_to(experiment.parameters).as_posix()
            copies[f"inputs/parameters/{inside}"] = file
    return tomli_w.dumps(table), copies


def _inside(use: str, folder: str, copies: dict[str, Path]) -> str:
    """Return a built-in name as it is, a file as its copy; note it and the tables it names."""
    if not path_like(use):
        return use
    file = Path(use)
    for name in [*_tables_named_in(read_toml(file)), file.name]:
        source = file.parent / name
        if source.is_file() and source.resolve().is_relative_to(file.parent.resolve()):
            copies[f"{folder}/{name}"] = source
    return f"{folder}/{file.name}"


def _tables_named_in(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [name for part in value.values() for name in _tables_named_in(part)]
    if isinstance(value, list):
        return [name for part in value for name in _tables_named_in(part)]
    return [value] if isinstance(value, str) and value.endswith(".csv") else []
