"""Records filed by day come out as they went in."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.records import ByDay
from pathways.requests import REQUEST, Requests

DAYS = 6


def requests(days: list[int], first: int) -> Requests:
    some = np.zeros(len(days), REQUEST)
    some["event"], some["row"] = days, np.arange(first, first + len(days))
    return some


@given(st.lists(st.lists(st.integers(0, DAYS - 1), max_size=9), max_size=12), st.data())
@settings(deadline=None)
def test_each_day_gives_back_what_was_filed_under_it_in_that_order(
    batches: list[list[int]], data: st.DataObject
) -> None:
    filed, number = ByDay(DAYS, REQUEST), 0
    expected: dict[int, list[int]] = {day: [] for day in range(DAYS)}
    for batch in batches:
        filed.file(requests(batch, number), np.array(batch, np.int64))
        for row, day in enumerate(batch, number):
            expected[day].append(row)
        number += len(batch)
        for day in data.draw(st.lists(st.integers(0, DAYS - 1), max_size=3)):
            assert filed.take(day)["row"].tolist() == expected[day]
            expected[day] = []
        waiting = [row for day in range(DAYS) for row in expected[day]]
        assert filed.every()["row"].tolist() == waiting
        assert len(filed) == len(waiting)


def test_room_is_used_again() -> None:
    filed = ByDay(DAYS, REQUEST)
    for time in range(50):
        filed.file(requests([2] * 10, time), np.full(10, 2))
        assert len(filed.take(2)) == 10
    assert len(filed._store) < 40
