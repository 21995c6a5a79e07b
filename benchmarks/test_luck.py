"""Nanoseconds a draw, for whole populations and for a handful of people.

Run with ``pytest benchmarks/test_luck.py``; nothing here can fail for being slow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.luck import Luck


@pytest.mark.parametrize("people", [10, 50_000, 1_000_000])
@pytest.mark.parametrize("kind", ["words", "uniforms", "exponentials", "normals"])
def test_draws(benchmark: Any, kind: str, people: int) -> None:
    draw = getattr(Luck(1), kind)

    benchmark(draw, "onset.copd", np.arange(people), 3)

    if benchmark.stats is not None:
        seconds = benchmark.stats.stats.min / people
        benchmark.extra_info["nanoseconds_a_draw"] = round(seconds * 1e9, 1)


def test_draws_of_numpy(benchmark: Any) -> None:
    """The same number of uniforms from a generator with a state, for comparison."""
    benchmark(np.random.default_rng(1).random, 1_000_000)
