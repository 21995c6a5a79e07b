"""What people used in the months before today, for rules that look back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.asked import Arrivals
from pathways.demand import Demand

Integers = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int16]

MONTHS = 18
DAYS = 548  # of history that 18 months need
LAST_YEAR = 12
DAYS_PER_MONTH = 365 / 12
WATCHED = {
    "admissions": ("emergency_admission",),
    "ae": ("ed_attendance", "emergency_admission"),
    "gp": ("practice_consultation",),
}


class LookBack:
    """Counts of admissions, attendances and practice requests by month, for 18 months.

    Before day 0 they are those that each person's luck gives at the rates of day 0.
    """

    def __init__(self, demand: Demand, history: Mapping[str, Arrivals], n_people: int) -> None:
        self._n_people = n_people
        self._asked: dict[str, list[Integers]] = {name: [] for name in WATCHED}
        self._months = {
            name: self._past(demand, {each: history[each] for each in processes})
            for name, processes in WATCHED.items()
        }
        # Of all months, and of the last twelve: months come and go more rarely than rules look.
        self._all = {name: _sum(months) for name, months in self._months.items()}
        self._year = {name: _sum([*months][-LAST_YEAR:]) for name, months in self._months.items()}

    def _past(self, demand: Demand, history: Mapping[str, Arrivals]) -> deque[Counts]:
        """Cut the 18 months before day 0 into months, oldest first."""
        months = np.zeros((MONTHS, self._n_people), np.int16)
        for process, past in history.items():
            again = demand.past.readmissions(process, past.keys)
            _count_past(past.rows, past.times, again, months)
        return deque(months, MONTHS)

    def next_month(self) -> None:
        """Begin a new month and forget the oldest."""
        self._count()
        for name, months in self._months.items():
            self._all[name] -= months[0]
            self._year[name] -= months[-LAST_YEAR]
            months.append(np.zeros(self._n_people, np.int16))

    def add(self, day: int, arrivals: dict[str, Arrivals]) -> None:
        """Count what was asked for on ``day``; days before 0 are known already."""
        if day < 0:
            return
        for name, processes in WATCHED.items():
            self._asked[name] += [arrivals[process].rows for process in processes]

    def _count(self) -> None:
        """Count what has been noted since this was last done, all at once."""
        for name, asked in self._asked.items():
            if asked:
                counts = np.bincount(np.concatenate(asked), minlength=self._n_people)
                for column in (self._months[name][-1], self._all[name], self._year[name]):
                    column += counts.astype(np.int16)
                asked.clear()

    def columns(self) -> dict[str, Integers]:
        """Return counts by person under the names that rules use, such as ``ae_12m``."""
        self._count()
        columns = {}
        for name in self._months:
            columns[f"{name}_18m"] = self._all[name].astype(np.int64)
            columns[f"{name}_12m"] = self._year[name].astype(np.int64)
        return columns


@compiled
def _count_past(
    rows: Integers, times: npt.NDArray[np.float64], again: Integers, months: Counts
) -> None:
    """Count past events, and as many ``again`` for each, in the month of each person's time."""
    for i in range(len(rows)):
        month = int(np.floor(times[i] / DAYS_PER_MONTH)) + MONTHS
        if month >= 0:
            months[month, rows[i]] += np.int16(1 + again[i])


def _sum(months: Iterable[Counts]) -> Counts:
    total: Counts = np.sum([*months], axis=0, dtype=np.int16)
    return total
