"""What a person-year costs from a town to a system: processor time and memory.

``pytest benchmarks/test_scale.py -s`` does 50,000 and 300,000 people (about two minutes); with
``CAREPATH_SLOW=1`` also 1,200,000 (five more, and 7 GB). Each size runs in a process of its own,
so that its memory is its own. Draws ``.benchmarks/scale.png`` where there is more than one size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).resolve().parent.parent
YEARS = 5
FOUND: dict[int, dict[str, float]] = {}

SCRIPT = """
import gc, json, resource, sys, tempfile, time
from datetime import date
from pathlib import Path
from agents.evidence import Evidence
from experiments.catalogue import EVIDENCE, PARAMETERS
from experiments.designs import load_design
from experiments.places import load_place
from sim.model import CareModel, forget
from sim.recording import write_run
from sim.spec import RunSpec
from sim.world import build_world

evidence, people, years = Evidence(EVIDENCE), int(sys.argv[1]), int(sys.argv[2])
spec = RunSpec(place=load_place("mid_and_south_essex", evidence),
               design=load_design("usual-care", evidence), effects="none", population=people,
               start=date(2025, 4, 1), years=years, seed=2025, replication=0,
               evidence=EVIDENCE, parameters=PARAMETERS)
began = time.process_time()
model = CareModel(spec, build_world(spec))
opened = time.process_time()
record = model.run_to_end()
forget(model)
del model
gc.collect()  # as a worker does before it writes
with tempfile.TemporaryDirectory() as folder:
    write_run(record, Path(folder) / "run")
ended = time.process_time()
print(json.dumps({"opening": opened - began, "all": ended - began,
                  "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
"""


whole = pytest.mark.skipif("CAREPATH_SLOW" not in os.environ, reason="CAREPATH_SLOW is not set")


@pytest.mark.parametrize("people", [50_000, 300_000, pytest.param(1_200_000, marks=whole)])
def test_cost_of_a_person_year(people: int, capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(people), str(YEARS)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    found["microseconds"] = 1e6 * found["all"] / (people * YEARS)
    FOUND[people] = found
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{people:,} people, {YEARS} years: {found['all']:.0f} CPU seconds "
            f"({found['opening']:.0f} before the first day), {found['microseconds']:.1f} "
            f"microseconds a person-year, {found['gigabytes']:.2f} GB"
        )
    assert found["gigabytes"] < 8.0
    assert found["all"] < 25 * 60


def test_the_cost_stays_flat_from_a_town_to_a_system() -> None:
    if len(FOUND) < 2:
        pytest.skip("needs two sizes")
    sizes = sorted(FOUND)
    _draw(sizes)
    first, last = (FOUND[size]["microseconds"] for size in (sizes[0], sizes[-1]))
    assert last < 1.2 * first


def _draw(sizes: list[int]) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axis, key, name in (
        (axes[0], "microseconds", "CPU microseconds a person-year"),
        (axes[1], "gigabytes", "Memory, GB"),
    ):
        axis.plot(sizes, [FOUND[size][key] for size in sizes], marker="o", color="#005EB8")
        axis.set(xscale="log", xlabel="People simulated", ylabel=name, ylim=(0, None))
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axis.minorticks_off()
    folder = ROOT / ".benchmarks"
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / "scale.png", dpi=120)
    plt.close(figure)
