"""What an experiment may name: places, designs, measures and built-in experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from agents.place import Place
from experiments.packaged import EVIDENCE as EVIDENCE
from experiments.packaged import LIBRARY as LIBRARY
from experiments.packaged import PARAMETERS as PARAMETERS
from pathways.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Names and how to load what they name (loaders take a name or a path)."""

    places: tuple[str, ...]
    designs: tuple[str, ...]
    measures: Mapping[str, str]
    experiments: Mapping[str, Path]
    load_place: Callable[[str], Place]
    load_design: Callable[[str], Design]
    parameter_faults: Callable[[Path], list[Fault]] = lambda folder: []
    load_changed: Callable[[str, Mapping[str, Any]], Design] = lambda use, changes: _no_design(use)


def _no_design(use: str) -> Design:
    raise LookupError(use)


def experiment_files() -> dict[str, Path]:
    """Return the built-in experiments by name."""
    return {path.stem: path for path in sorted(LIBRARY.glob("*.toml"))}


@lru_cache(maxsize=1)
def installed() -> Catalogue:
    """Return everything that comes with the program."""
    from experiments.designs import design_names, load_design
    from experiments.places import load_place
    from experiments.published_places import place_names
    from results.measures import MEASURES

    evidence = Evidence(EVIDENCE)
    return Catalogue(
        places=tuple(place_names()),
        designs=tuple(design_names()),
        measures={name: measure.definition for name, measure in MEASURES.items()},
        experiments=experiment_files(),
        load_place=lambda use: load_place(use, evidence),
        load_design=lambda use: load_design(use, evidence),
        parameter_faults=parameter_faults,
        load_changed=lambda use, changes: load_design(use, evidence, changes),
    )


def parameter_faults(folder: Path) -> list[Fault]:
    """Return what is wrong with a parameter set."""
    from agents.disease_tables import DiseaseTables

    try:
        DiseaseTables.load(folder)
    except BadInput as bad:
        return list(bad.faults)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [
            Fault(
                where=str(folder),
                key="(the folder)",
                found=f"damaged files ({str(error)[:80]})",
                allowed="a parameter set that carepath calibrate wrote",
                remedy="make it again",
            )
        ]
    return []
