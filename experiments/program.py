"""The program itself, as an input of every run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from experiments.digests import folder_digest

ROOT = Path(__file__).resolve().parent.parent
SIMULATING = ("agents", "pathways", "sim")  # the code on which a run's numbers depend


@lru_cache(maxsize=1)
def program_digest() -> str:
    """Return a digest of the code that simulates."""
    return folder_digest(*(ROOT / name for name in SIMULATING), pattern="*.py")
