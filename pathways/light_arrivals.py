"""Who comes to light services by themselves: residents as demand says, and visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from pathways.asked import Arrivals
from pathways.light import SERVICES, SLOTS, Visitors
from pathways.light_slots import HOURS, Slots
from pathways.on_the_way import OnTheWay
from pathways.referrals import NUMBER

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

UTC = NUMBER["utc"]
# Light services that people come to by themselves, and the process of demand that says when.
PROCESSES = tuple((NUMBER[name], one.process) for name, one in SERVICES.items() if one.process)
_COME_TO = np.array([number for number, _ in PROCESSES])
# Slot services that are asked for while they are open: no hour of demand is known.
_IN_HOURS = np.array([name in SLOTS and not SLOTS[name].by_the_hour for name in SERVICES])


def by_themselves(day: int, arrivals: Mapping[str, Arrivals], slots: Slots) -> OnTheWay:
    """Return who comes to a light service of their own accord on ``day``."""
    came = [arrivals[process] for _, process in PROCESSES]
    service = np.repeat(_COME_TO, [len(some) for some in came])
    times = np.concatenate([some.times for some in came])
    in_hours = np.flatnonzero(_IN_HOURS[service])
    times[in_hours] = slots.hour(service[in_hours], times[in_hours]) / HOURS
    return OnTheWay(
        service,
        np.concatenate([some.rows for some in came]),
        day + times,
        np.concatenate([some.keys for some in came]),
    )


def at_other_departments(
    day: int, visits: Arrivals, is_type_1: Callable[[Words], Bools]
) -> OnTheWay:
    """Return who attends an urgent treatment centre on ``day``, not a type 1 department."""
    others = np.flatnonzero(~is_type_1(visits.keys))
    rows, times, keys = visits.rows[others], visits.times[others], visits.keys[others]
    return OnTheWay(np.full(len(rows), UTC), rows, day + times, keys)


def from_elsewhere(day: int, visitors: tuple[Visitors, Visitors]) -> Iterator[OnTheWay]:
    """Return the visitors of ``day``: to services with slots, then to those with places."""
    for first, some in zip((0, len(SLOTS)), visitors, strict=True):
        if some.come:
            service, within, keys = some.of(day)
            yield OnTheWay(service + first, np.full(len(keys), -1), day + within, keys)
