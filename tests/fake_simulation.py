"""A stand-in for the simulator that the batch's tests can send to other processes."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from experiments.batch import Run, fingerprint
from experiments.folder import RunKey
from sim.spec import RunSpec
from tests.fake_runs import Fake, write_fake_run


@dataclass(frozen=True)
class FakeSpec:
    """What a fake run depends on, and how it misbehaves.

    ``once`` is a file: the run misbehaves only while it is missing, and makes it first.
    """

    name: str
    replication: int
    trouble: str = ""
    once: Path = Path("unset")
    seconds: float = 0.0


def fake_work(spec: FakeSpec, folder: Path) -> None:
    """Write two small files, or misbehave as the spec says."""
    folder.mkdir(parents=True)
    (folder / "person_years.parquet").write_bytes(_numbers(spec))
    misbehave = spec.trouble and not spec.once.exists()
    if misbehave and spec.once.name != "unset":
        spec.once.touch()
    if misbehave:
        _misbehave(spec.trouble)
    time.sleep(spec.seconds)
    threads = os.environ.get("OMP_NUM_THREADS")
    record = {"status": "complete", "seconds": 0.5, "threads": threads}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")


def _numbers(spec: FakeSpec) -> bytes:
    return sha256(f"{spec.name}{spec.replication}".encode()).digest() * 100


def _misbehave(trouble: str) -> None:
    if trouble == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if trouble == "exits":
        os._exit(3)
    if trouble == "full":
        raise OSError(28, "No space left on device")
    if trouble == "memory":
        raise MemoryError
    raise RuntimeError(f"the fake run was told to fail: {trouble}")


def fake_runs(count: int, **trouble: FakeSpec) -> list[Run]:
    """Return ``count`` runs of a baseline and a design; ``trouble`` replaces specs by number."""
    runs = []
    for number in range(count):
        design = ("usual-care", "proactive")[number % 2]
        effects = ("none", "published")[number % 2]
        key = RunKey("southwark", design, effects, 0, number // 2)
        spec = trouble.get(f"run{number}", FakeSpec(design, number // 2))
        runs.append(Run(key=key, inputs=fingerprint((spec.name, spec.replication)), spec=spec))
    return runs


def same_program() -> str:
    """Stand for the program's digest, so that nobody's editing meanwhile fails a test."""
    return "0123456789abcdef"


def fake_simulate(spec: RunSpec, folder: Path) -> None:
    """Write an invented run with the names, years and residents of ``spec``."""
    fake = Fake(population=spec.population, years=spec.years, place=spec.place.key)
    nested = write_fake_run(
        folder.parent / "nested",
        fake,
        design=spec.design.name,
        effects=spec.effects,
        replication=spec.replication,
    )
    nested.rename(folder)


def fake_simulate_but_one(spec: RunSpec, folder: Path) -> None:
    """Fail in one run of the design, else write an invented run."""
    if spec.design.name == "proactive-mltc" and spec.replication == 1:
        raise RuntimeError("the fake run was told to fail")
    fake_simulate(spec, folder)
