"""What every test may use, and the --slow option."""

from __future__ import annotations

import os
from pathlib import Path

# Before NumPy or Matplotlib are imported: one thread a process, and no window.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ["MPLBACKEND"] = "Agg"

import hypothesis
import pytest

from agents.evidence import Evidence
from agents.luck import Luck

ROOT = Path(__file__).resolve().parent.parent

# The same examples everywhere and every time: a red test is red for the next person too.
hypothesis.settings.register_profile("carepath", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("carepath")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too")
    parser.addoption("--update-pinned", action="store_true", help="keep today's numbers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow: runs with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture
def evidence() -> Evidence:
    """Return the evidence of the program, nothing replaced and nothing used yet."""
    return Evidence(ROOT / "calibration" / "evidence")


@pytest.fixture
def luck() -> Luck:
    """Return the luck of a first replication."""
    return Luck(seed=2025)
