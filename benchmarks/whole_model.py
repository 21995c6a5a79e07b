"""Specifications that the benchmarks of the whole model share."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import calibration
from agents.evidence import Evidence
from experiments.designs import load_design
from experiments.places import load_place
from sim.spec import RunSpec

ROOT = Path(calibration.__file__).parent
EVIDENCE, PARAMETERS = ROOT / "evidence", ROOT / "parameters" / "default"
USUAL, PROACTIVE = ("usual-care", "none"), ("proactive-mltc", "published")

T = TypeVar("T")


def spec_of(
    design: tuple[str, str], *, people: int, years: int, replication: int = 0, seed: int = 2025
) -> RunSpec:
    """Return a run of a design and its version of effects in Southwark."""
    evidence = Evidence(EVIDENCE)
    name, effects = design
    return RunSpec(
        place=load_place("southwark", evidence),
        design=load_design(name, evidence),
        effects=effects,
        population=people,
        start=date(2025, 4, 1),
        years=years,
        seed=seed,
        replication=replication,
        evidence=EVIDENCE,
        parameters=PARAMETERS,
    )


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what ``work`` returns and the CPU seconds it took in this process."""
    gc.collect()
    began = time.process_time()
    done = work()
    return done, time.process_time() - began
