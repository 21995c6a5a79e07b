"""What a record packs and counts, against the plainest way to do it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pathways.ledger import STEPS_PER_DAY, Ledger
from sim.recording import packed, wait_counts


@pytest.mark.parametrize("width", [0, 1, 8, 24, 31, 32])
def test_flags_are_packed_with_the_first_in_the_lowest_bit(width: int) -> None:
    flags = np.random.default_rng(width).random((50, width)) < 0.4
    expected = [sum(1 << bit for bit in range(width) if row[bit]) for row in flags]
    assert packed(flags).tolist() == expected
    assert packed(flags[:0]).tolist() == []


def test_waits_are_counted_by_fifth_to_the_quarter_of_an_hour() -> None:
    ledger = Ledger(6, on=True)
    fifths = np.array([1, 2, 3, 4, 5, 1], np.int8)
    rows = np.array([0, 5, 5, 3, 0])
    ledger.wait("gp", rows, np.array([2.0, 2.0, 0.0, 400.25, -1.0]))
    (table,) = wait_counts(ledger, _People(fifths), 3)  # type: ignore[arg-type]
    found = zip(table["imd_quintile"], table["wait_days"], table["count"], strict=True)
    assert [tuple(map(float, row)) for row in found] == [(1, 0, 2), (1, 2, 2), (4, 400.25, 1)]
    assert STEPS_PER_DAY * 0.25 == 24
    assert wait_counts(ledger, _People(fifths), 3) == []  # type: ignore[arg-type]


class _People:
    def __init__(self, fifths: npt.NDArray[np.int8]) -> None:
        self.imd_quintile = fifths
