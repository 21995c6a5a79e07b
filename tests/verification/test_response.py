"""Waits answer to demand in the right direction, as the closure of the evidence says they do."""

from __future__ import annotations

import pytest

from benchmarks.response_to_demand import CLOSURE, FACTORS, response

SHORTER = {"type 1 within 4 hours"}  # what falls when more people ask


@pytest.mark.slow
def test_more_demand_means_fuller_services_and_longer_waits() -> None:
    # One team's wait for its meeting is a matter of chance in one run: a mean of three.
    table = response(20_000, "england", seeds=(1, 2, 3)).set_index("measure")
    low, usual, high = (table[f"x{factor:g}"] for factor in FACTORS)
    for measure in CLOSURE:
        sign = -1.0 if measure in SHORTER else 1.0
        assert sign * (high[measure] - low[measure]) > 0.0, (measure, low, usual, high)
