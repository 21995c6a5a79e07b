"""Visits to hospital: who arrives when and for what, and one visit on its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from agents.compiled import compiled
from agents.luck import Words
from agents.population import Bools, Floats, Integers, Population, Small
from pathways.pools import ADMITTED, DIRECT, MINOR, OTHER, Rates, Site
from pathways.stays import HOURS, VisitPlans
from pathways.steps import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """People who come to hospital, one row an arrival, in any order.

    Parameters
    ----------
    rows : (n,) rows of the population; visitors have negative rows of their own
    times : (n,) days since the start of the run
    keys : (n,) the point's own bits; everything about the visit follows from them
    kinds : (n,) ``OTHER`` department without a queue, ``MINOR``, ``MAJOR`` and sent home,
        ``ADMITTED`` through the emergency department, or admitted ``DIRECT``
    avoidable : (n,) an admission for an ambulatory-care-sensitive condition
    """

    rows: Integers
    times: Floats
    keys: Words
    kinds: Small
    avoidable: Bools

    def only(self, chosen: Bools | Integers) -> Arriving:
        """Return the arrivals that are ``chosen``."""
        return Arriving(
            rows=self.rows[chosen],
            times=self.times[chosen],
            keys=self.keys[chosen],
            kinds=self.kinds[chosen],
            avoidable=self.avoidable[chosen],
        )


NOBODY = Arriving(
    rows=np.empty(0, np.int64),
    times=np.empty(0),
    keys=np.empty(0, np.uint64),
    kinds=np.empty(0, np.int8),
    avoidable=np.empty(0, np.bool_),
)


def together(*parts: Arriving) -> Arriving:
    """Return the arrivals of all ``parts``, in their order."""
    parts = tuple(part for part in parts if len(part.rows)) or parts[:1]
    if len(parts) == 1:
        return parts[0]
    return Arriving(
        rows=np.concatenate([part.rows for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        keys=np.concatenate([part.keys for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
        avoidable=np.concatenate([part.avoidable for part in parts]),
    )


@dataclass(slots=True, eq=False)
class Visit:
    """One person or visitor on the way through the hospital. Times are in days."""

    site: Site
    row: int
    key: int
    kind: int
    avoidable: bool
    time: float
    ed_days: float
    short_days: float  # infinite for a stay with a night
    rounds: float
    delay: float
    leaves: float
    again: float
    until: float = inf  # when a minor case leaves that still waits for a cubicle
    walk: Walk | None = None
    bed_since: float = inf
    bed_counted: float = inf
    same_day: bool = False  # in same-day emergency care, without a bed


def sent_on(arriving: Arriving, site: Site) -> Arriving:
    """Send those whom ``site`` is shut for elsewhere; the admitted go straight to a bed."""
    shut = site.shut
    if not shut:
        return arriving
    kinds = arriving.kinds.copy()
    kinds[np.isin(kinds, shut) & (kinds != ADMITTED)] = OTHER
    kinds[np.isin(kinds, shut) & (kinds == ADMITTED)] = DIRECT
    return replace(arriving, kinds=kinds)


def sorted_out(arriving: Arriving, people: Population) -> tuple[Integers, Integers]:
    """Return which arrivals visit the hospital, and which are seen in another department.

    Who has died or moved away before the visit is neither.
    """
    exits = people.exit_day
    return _sorted_out(arriving.rows, arriving.times, arriving.kinds, people.alive, exits, OTHER)


@compiled
def _sorted_out(
    rows: Integers, times: Floats, kinds: Small, alive: Bools, exits: Floats, other: int
) -> tuple[Integers, Integers]:
    here, elsewhere = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    n_here = n_elsewhere = 0
    for i in range(len(rows)):
        if not alive[rows[i]] or times[i] >= exits[rows[i]]:
            continue
        if kinds[i] == other:
            elsewhere[n_elsewhere] = i
            n_elsewhere += 1
        else:
            here[n_here] = i
            n_here += 1
    return here[:n_here], elsewhere[:n_elsewhere]


# Row, key, kind, whether avoidable; then the times and rounds of a ``Visit`` from ``time`` on.
Times = tuple[float, float, float, float, float, float, float, float]
Facts = tuple[int, int, int, bool, Times]


def facts_of(
    arriving: Arriving, plans: VisitPlans, rates: Rates, short_stay: float
) -> Iterator[Facts]:
    """Return what to know of each visit of those who arrive, as planned.

    ``short_stay`` is the mean hours of a stay without a night.
    """
    times = _times_of(
        arriving.times,
        arriving.kinds == MINOR,
        plans.hours,
        plans.short,
        plans.rounds,
        plans.delay,
        plans.leaves,
        plans.again,
        plans.patience,
        (rates.minors_hours, rates.majors_hours, short_stay),
    )
    columns = arriving.rows, arriving.keys, arriving.kinds, arriving.avoidable, times
    return zip(*[column.tolist() for column in columns], strict=True)


@compiled
def _times_of(
    times: Floats,
    minor: Bools,
    hours: Floats,
    short: Bools,
    rounds: Floats,
    delay: Floats,
    leaves: Floats,
    again: Floats,
    patience: Floats,
    means: tuple[float, float, float],
) -> Floats:
    """Return (n, 8): time, days in the department, days of a short stay, … as in a ``Visit``.

    ``means`` are the mean hours of a minor and of a major case and of a short stay.
    """
    n = len(times)
    minors_hours, majors_hours, short_stay = means
    found = np.empty((n, 8))
    for i in range(n):
        found[i, 0] = times[i]
        found[i, 1] = hours[i] * (minors_hours if minor[i] else majors_hours) / HOURS
        found[i, 2] = hours[i] * short_stay / HOURS if short[i] else np.inf
        found[i, 3] = rounds[i]
        found[i, 4] = delay[i]
        found[i, 5] = leaves[i]
        found[i, 6] = again[i]
        found[i, 7] = times[i] + patience[i] if minor[i] else np.inf
    return found
