"""Invented runs at points of the input space, done in this very process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from agents.evidence import Evidence, Figure
from experiments.catalogue import EVIDENCE
from sim.spec import RunSpec
from tests.fake_runs import Fake, write_fake_run


@contextmanager
def one_thread(workers: int) -> Iterator[Executor]:
    """Give an executor that starts no process."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def avoided_by(spec: RunSpec) -> float:
    """Return the share of emergency admissions that the invented design avoids.

    Its effect on them, and a little for every team meeting a year above 50.
    """
    change = sum(
        effect.change
        for effect in spec.design.acting(spec.effects)
        if effect.target == "demand.emergency_admission"
    )
    meetings = spec.settings.get("mdt.meetings_per_year", 50.0)
    return 0.1 - change + (meetings - 50.0) / 100.0


def fake_at_point(spec: RunSpec, folder: Path) -> None:
    """Write an invented run in which a design avoids as much as its effect says."""
    fake = Fake(
        population=spec.population,
        years=spec.years,
        place=spec.place.key,
        avoided=avoided_by(spec),
    )
    write_point(spec, fake, folder)


def write_point(spec: RunSpec, fake: Fake, folder: Path) -> None:
    """Write an invented run under the draw of ``spec``."""
    nested = write_fake_run(
        folder.parent / "nested",
        fake,
        design=spec.design.name,
        effects=spec.effects,
        replication=spec.replication,
    )
    nested.rename(folder)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"draw": spec.draw}))


def few_figures(*_: object) -> list[Figure]:
    """Stand for what a run reads, without opening the model."""
    evidence = Evidence(EVIDENCE)
    return [
        *evidence.figures("care_settings"),
        *evidence.figures("baseline_demand", service="nhs_111_call"),
    ]
