"""Experiments from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import experiments
from agents.faults import BadInput
from tests.points_fakes import fake_at_point, one_thread

HOW = {"work": fake_at_point, "engine": one_thread}


def test_an_experiment_is_run_and_its_tables_come_back(tmp_path: Path) -> None:
    done = experiments.run(
        {"name": "mine", "place": "southwark", "design": [{"use": "usual-care"}]},
        out=tmp_path / "x",
        designs=["proactive-mltc"],
        population=200,
        years=1,
        replications=2,
        quiet=True,
        how=HOW,
    )
    assert done.outcome.whole
    table = done.tables["comparison"]
    assert set(table["design"]) == {"proactive-mltc"}
    assert (done.folder / "experiment.toml").is_file()


def test_faults_are_told_at_once() -> None:
    with pytest.raises(BadInput) as told:
        experiments.run("southwark", population=1, years=0)
    assert len(told.value.faults) == 2


def test_importing_the_package_stays_light() -> None:
    code = "import sys, experiments; sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent,
                          check=False)  # fmt: skip
    assert done.returncode == 0
    with pytest.raises(AttributeError):
        _ = experiments.nothing
