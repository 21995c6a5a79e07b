"""Which residents come to light services by themselves, as demand says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from pathways.asked import Arrivals
from pathways.light import SERVICES, SLOTS
from pathways.light_slots import Came
from pathways.referrals import NUMBER

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

UTC = NUMBER["utc"]
# Light services that people come to by themselves, and the process of demand that says when.
PROCESSES = tuple((NUMBER[name], one.process) for name, one in SERVICES.items() if one.process)
_COME_TO = np.array([*(number for number, _ in PROCESSES), UTC])
# Slot services that are asked for while they are open: no hour of demand is known.
_IN_HOURS = np.array([name in SLOTS and not SLOTS[name].by_the_hour for name in SERVICES])


def by_themselves(arrivals: Mapping[str, Arrivals], is_type_1: Callable[[Words], Bools]) -> Came:
    """Return who comes to a light service of their own accord on a day."""
    came = [arrivals[process] for _, process in PROCESSES]
    came.append(_at_other_departments(arrivals["ed_attendance"], is_type_1))
    return Came(
        _COME_TO.repeat([len(some.rows) for some in came]),
        np.concatenate([some.rows for some in came]),
        np.concatenate([some.times for some in came]),
        np.concatenate([some.keys for some in came]),
        _IN_HOURS,
    )


def _at_other_departments(visits: Arrivals, is_type_1: Callable[[Words], Bools]) -> Arrivals:
    """Return the visits to an urgent treatment centre, not a type 1 department."""
    others = ~is_type_1(visits.keys)
    return Arrivals(visits.rows[others], visits.times[others], visits.keys[others])
