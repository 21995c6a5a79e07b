"""What happened to whom: counts by person, waits by service, events if asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.vocabulary import ACTIVITY, STAGES

Rows = npt.NDArray[np.int64]
Days = float | npt.NDArray[np.float64]

# Waits are counted in whole steps of this many to a day, so a quarter of an hour is kept.
STEPS_PER_DAY = 96


@dataclass(slots=True)
class Ledger:
    """Counts of activity and waits of one year of one run, and the events if kept.

    Services write here; nothing is read back by them, so recording cannot change the run.
    ``on`` is False during warm-up, when nothing is recorded.
    """

    n_people: int
    keep_events: bool = False
    on: bool = False
    activity: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    waits: dict[str, list[tuple[Rows, npt.NDArray[np.float64]]]] = field(default_factory=dict)
    tallies: dict[tuple[str, str, str], float] = field(default_factory=dict)
    events: list[tuple[Days, str, str, Rows, npt.NDArray[np.float64]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ACTIVITY:
            self.activity[name] = np.zeros(self.n_people, np.float32)

    def count(self, name: str, rows: Rows) -> None:
        """Count one ``name`` for each of ``rows`` (a row may stand twice)."""
        if self.on:
            _add_one(self.activity[name], rows)

    def add(self, name: str, row: int, amount: float) -> None:
        """Add ``amount`` of ``name`` to one person."""
        if self.on:
            self.activity[name][row] += amount

    def wait(self, service: str, rows: Rows, days: npt.NDArray[np.float64]) -> None:
        """Record how many days each of ``rows`` waited for ``service``."""
        if self.on:
            self.waits.setdefault(service, []).append((rows, days))

    def tally(self, service: str, role: str, metric: str, amount: float) -> None:
        """Add to a service's own counter for the month (capacity, used, turned_away …)."""
        if self.on:
            key = (service, role, metric)
            self.tallies[key] = self.tallies.get(key, 0.0) + amount

    def event(
        self,
        day: Days,
        service: str,
        event: str,
        rows: Rows,
        waits: npt.NDArray[np.float64],
    ) -> None:
        """Log an event of each of ``rows``, on one ``day`` or each on its own, if kept."""
        if self.on and self.keep_events:
            self.events.append((day, service, event, rows, waits))

    def take_month(self) -> dict[tuple[str, str, str], float]:
        """Return the month's counters and start new ones."""
        month, self.tallies = self.tallies, {}
        return month

    def take_year(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the year's activity and start new columns."""
        year, self.activity = self.activity, {}
        self.__post_init__()
        return year

    def take_waits(self) -> dict[str, tuple[Rows, npt.NDArray[np.float64]]]:
        """Return the waits recorded since they were last taken, by service."""
        waits, self.waits = self.waits, {}
        return {
            service: (
                np.concatenate([rows for rows, _ in parts]),
                np.concatenate([days for _, days in parts]),
            )
            for service, parts in waits.items()
        }


@compiled
def _add_one(column: npt.NDArray[np.float32], rows: Rows) -> None:
    for row in rows:
        column[row] += np.float32(1)


STAGE_BITS: dict[str, int] = {stage: 1 << bit for bit, stage in enumerate(STAGES)}
