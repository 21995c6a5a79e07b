"""Small runs of the real simulator: one maker of their specifications for all tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from agents.evidence import Evidence
from agents.place import Place
from experiments.catalogue import EVIDENCE, PARAMETERS
from experiments.designs import load_design
from experiments.places import load_place
from sim.spec import RunSpec


def small_run(
    design: str = "usual-care",
    effects: str = "",
    *,
    place: str | Place = "southwark",
    **changes: Any,
) -> RunSpec:
    """Return a run of 1,500 people for a year, or with any field of ``RunSpec`` changed.

    ``effects`` are by default those published, and none under usual care.
    """
    evidence = Evidence(EVIDENCE)
    spec = RunSpec(
        place=load_place(place, evidence) if isinstance(place, str) else place,
        design=load_design(design, evidence),
        effects=effects or ("none" if design == "usual-care" else "published"),
        population=1500,
        start=date(2025, 4, 1),
        years=1,
        seed=2025,
        replication=0,
        evidence=EVIDENCE,
        parameters=PARAMETERS,
    )
    return replace(spec, **changes)
