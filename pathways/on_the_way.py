"""People on their way to a service, or from one to the next: who, when and by which luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pathways.asked import Arrivals

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

Group = tuple[Integers, Integers, Words]  # services (index into ENDS), rows and keys


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """People on their way: service (index into ``ENDS``), row, time (days) and key of each."""

    service: Integers
    rows: Integers
    times: Floats
    keys: Words

    def part(self, which: slice | Integers) -> OnTheWay:
        """Return those whom ``which`` chooses."""
        return OnTheWay(self.service[which], self.rows[which], self.times[which], self.keys[which])


def together(parts: Sequence[OnTheWay]) -> OnTheWay:
    """Return the people of all ``parts``, in their order."""
    if len(parts) == 1:
        return parts[0]
    return OnTheWay(
        np.concatenate([part.service for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


def columns(parts: Sequence[Group]) -> Group:
    """Return the services, rows and keys of all ``parts``."""
    service, rows, keys = zip(*parts, strict=True)
    return np.concatenate(service), np.concatenate(rows), np.concatenate(keys)


def with_more(came: Arrivals, more: OnTheWay, day: int) -> Arrivals:
    """Return a day's arrivals with ``more`` among them, in order of time."""
    within = np.clip(more.times - day, 0.0, 1.0 - 1e-9)
    times = np.concatenate([came.times, within])
    order = np.argsort(times, kind="stable")
    return Arrivals(
        np.concatenate([came.rows, more.rows])[order],
        times[order],
        np.concatenate([came.keys, more.keys])[order],
    )
