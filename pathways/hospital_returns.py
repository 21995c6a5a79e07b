"""Readmissions: who was discharged when, and who of them comes back on which day."""

from __future__ import annotations

from math import inf

import numpy as np

from agents.luck import Luck
from pathways.pools import ADMITTED, DIRECT
from pathways.stays import Stays
from pathways.visits import NOBODY, Arriving, Visit


class Returns:
    """Residents who left a bed alive, and those of them who are to return.

    Parameters
    ----------
    luck, stays : of the hospital
    through_ed : share of returns that come through the emergency department
    window : days after a discharge within which an admission counts as a readmission
    """

    def __init__(self, luck: Luck, stays: Stays, *, through_ed: float, window: float) -> None:
        self._luck = luck
        self._stays = stays
        self._through_ed = through_ed
        self._window = window
        self._last_discharge: dict[int, float] = {}
        self._planned: dict[int, list[tuple[int, int, bool]]] = {}

    def discharged(self, visit: Visit, now: float) -> None:
        """Remember the discharge of a resident, and the day on which they return if they do."""
        self._last_discharge[visit.row] = now
        if visit.again < inf:
            back = int(now + visit.again)
            self._planned.setdefault(back, []).append((visit.row, visit.key, visit.avoidable))

    def follows_discharge(self, row: int, now: float) -> bool:
        """Say whether an admission now counts as a readmission."""
        return now - self._last_discharge.get(row, -inf) <= self._window

    def on(self, day: int) -> Arriving:
        """Return those who come back on ``day``, once."""
        planned = self._planned.pop(day, [])
        if not planned:
            return NOBODY
        rows = np.array([row for row, _, _ in planned], np.int64)
        before = np.array([key for _, key, _ in planned], np.uint64)
        keys = self._luck.words_of(before, "hospital.return")
        route, arrival = self._luck.uniforms_of_each(keys, ("hospital.route", "hospital.arrival"))
        through_ed = route < self._through_ed
        return Arriving(
            rows=rows,
            times=day + self._stays.time_of_day(arrival),
            keys=keys,
            kinds=np.where(through_ed, ADMITTED, DIRECT).astype(np.int8),
            avoidable=np.array([avoidable for _, _, avoidable in planned], np.bool_),
        )
