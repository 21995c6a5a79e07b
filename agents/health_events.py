"""What happens to bodies, and what the practice learns of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.int8]

ONSET, DIAGNOSIS, REMISSION, DEATH = 0, 1, 2, 3
KINDS = ("onset", "diagnosis", "remission", "death")
NO_CONDITION = -1


@dataclass(frozen=True, slots=True)
class HealthEvents:
    """What happened to whom, in time order.

    Attributes
    ----------
    rows : (n_events,) row of the person
    days : (n_events,) day, with its fraction
    kinds : (n_events,) index into ``KINDS``
    conditions : (n_events,) index of the condition, -1 for a death
    """

    rows: Integers
    days: Floats
    kinds: Kinds
    conditions: Integers

    def __len__(self) -> int:
        return len(self.rows)


def of_kind(kind: int, rows: Integers, days: Floats, conditions: Integers) -> HealthEvents:
    """Return events of one kind."""
    return HealthEvents(rows, days, np.full(rows.size, kind, np.int8), conditions)


def deaths(rows: Integers, days: Floats) -> HealthEvents:
    """Return deaths, which are of no condition."""
    return of_kind(DEATH, rows, days, np.full(rows.size, NO_CONDITION))


NOTHING = deaths(np.empty(0, np.int64), np.empty(0))


def in_time_order(parts: list[HealthEvents]) -> HealthEvents:
    """Join events by day; those of one moment stay in the order in which they were given."""
    if not parts:
        return NOTHING
    rows = np.concatenate([part.rows for part in parts])
    days = np.concatenate([part.days for part in parts])
    kinds = np.concatenate([part.kinds for part in parts])
    conditions = np.concatenate([part.conditions for part in parts])
    order = days.argsort(kind="stable")
    return HealthEvents(rows[order], days[order], kinds[order], conditions[order])
