"""What made the runs of a folder, and whether this program may go on with them."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from agents.faults import BadInput, Fault
from agents.files import read_json
from experiments import program
from experiments.batch import Run
from experiments.checking import quoted
from experiments.experiment import Experiment
from experiments.resolving import read_experiment

SEARCH = "search.json"  # marks a folder of a search, which has tables of its own
PACKAGES = ("mesa", "simpy", "numpy", "scipy", "pandas", "pyarrow", "duckdb")


def program_version() -> str:
    """Return the program's version."""
    try:
        return version("carepath")
    except PackageNotFoundError:
        with suppress(OSError, KeyError, tomllib.TOMLDecodeError):
            table = tomllib.loads((program.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            return str(table["project"]["version"])
    return "unknown"


def about_program() -> dict[str, Any]:
    """Return what made a run: versions of the program, of Python and of the packages."""
    return {
        "program": "carepath",
        "program_version": program_version(),
        "program_digest": program.program_digest(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version_of(name) for name in PACKAGES},
    }


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check_version(folder: Path) -> None:
    """Refuse a folder whose runs, or those of a shard, another version of the program made."""
    manifests = [(file.name, read_json(file)) for file in sorted(folder.glob("manifest*.json"))]
    wrong = [
        (name, manifest)
        for name, manifest in manifests
        if manifest is not None and manifest.get("program_digest") != program.program_digest()
    ]
    if not wrong:
        return
    name, manifest = wrong[0]
    raise BadInput(
        [
            Fault(
                where=str(folder),
                key=f"{name}: program_digest",
                found=f"runs made by another version ({manifest.get('program_version')}, "
                f"digest {str(manifest.get('program_digest'))[:8]})",
                allowed=f"this version ({program_version()}, "
                f"digest {program.program_digest()[:8]})",
                remedy=f"start afresh: carepath run {folder / 'experiment.toml'} --out NEW_FOLDER",
            )
        ]
    )


def check_manifest(folder: Path, planned: Sequence[Run]) -> str:
    """Return what to say where ``folder`` has lost its manifest, nothing where it has not.

    Raises
    ------
    BadInput
        If it has runs of other inputs or of another version of the program, which would be
        lost if these runs took their place.
    """
    if any(read_json(file) for file in folder.glob("manifest*.json")):
        return ""
    records = [(run, read_json(folder / run.key.path / "run.json")) for run in planned]
    found = [(run, record) for run, record in records if record]
    if not found:
        return ""
    others = [run for run, record in found if record.get("inputs") != run.inputs]
    if others:
        raise BadInput(
            [
                Fault(
                    where=str(folder),
                    key="manifest.json",
                    found="no manifest, or a damaged one, and "
                    f"{len(others)} of {len(found)} runs made from other inputs or by another "
                    f"version of the program (the first: {others[0].key})",
                    allowed="the folder's own manifest, or runs of this version",
                    remedy=f"put the manifest back, or start afresh: carepath run "
                    f"{folder / 'experiment.toml'} --out NEW_FOLDER",
                )
            ]
        )
    return (
        f"The manifest of {folder} was missing or damaged; all {len(found)} runs found are of this "
        "version and are kept, and a new manifest is written."
    )


def read_folder(folder: Path) -> Experiment:
    """Return the experiment that a run folder holds, or raise ``BadInput``."""
    file = folder / "experiment.toml"
    if not file.is_file():
        raise BadInput(
            [
                Fault(
                    where=quoted(str(folder)),
                    key="DIR",
                    found="no experiment.toml in it" if folder.is_dir() else "no such folder",
                    allowed="a folder that carepath run wrote",
                    remedy="check the path; carepath run prints it",
                )
            ]
        )
    refuse_search(folder)
    return read_experiment(str(file))


def refuse_search(folder: Path) -> None:
    """Raise ``BadInput`` where ``folder`` is one of a search, which makes its own tables."""
    if not (folder / SEARCH).is_file():
        return
    raise BadInput(
        [
            Fault(
                where=quoted(str(folder)),
                key="DIR",
                found="the runs of a search, which has tables of its own",
                allowed="a folder that carepath run wrote, or a new one",
                remedy=f"go on with the search: carepath resume {folder}",
            )
        ]
    )
