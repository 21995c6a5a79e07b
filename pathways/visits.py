"""Visits to hospital: who arrives when and for what, and one visit on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from agents.luck import Words
from agents.population import Bools, Floats, Integers, Small
from pathways.pools import ADMITTED, DIRECT, MAJOR, MINOR, OTHER, Rates, Site
from pathways.queues import Guest, Places
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

    def only(self, chosen: Bools) -> Arriving:
        """Return the arrivals that are ``chosen``."""
        return Arriving(
            rows=self.rows[chosen],
            times=self.times[chosen],
            keys=self.keys[chosen],
            kinds=self.kinds[chosen],
            avoidable=self.avoidable[chosen],
        )


def together(*parts: Arriving) -> Arriving:
    """Return the arrivals of all ``parts``, in their order."""
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
    time: float
    key: int
    kind: int
    avoidable: bool
    ed_days: float
    short_days: float  # infinite for a stay with a night
    rounds: float
    delay: float
    leaves: float
    again: float
    until: float = inf  # when a minor case leaves that still waits for a cubicle
    walk: Walk | None = None
    guest: Guest | None = None  # of a space, where nothing about the visit is left open
    bed_since: float = inf
    bed_counted: float = inf
    same_day: bool = False  # in same-day emergency care, without a bed

    @property
    def spaces(self) -> Places:
        """The spaces of the emergency department that the visit needs one of."""
        return self.site.minors if self.kind == MINOR else self.site.majors


def sent_on(arriving: Arriving, site: Site) -> Arriving:
    """Send those whom ``site`` is shut for elsewhere; the admitted go straight to a bed."""
    shut = [kind for kind in (MINOR, MAJOR, ADMITTED) if site.closed(kind)]
    if not shut:
        return arriving
    kinds = arriving.kinds.copy()
    kinds[np.isin(kinds, shut) & (kinds != ADMITTED)] = OTHER
    kinds[np.isin(kinds, shut) & (kinds == ADMITTED)] = DIRECT
    return replace(arriving, kinds=kinds)


def visits_of(
    arriving: Arriving, sites: Sequence[Site], plans: VisitPlans, rates: Rates, short_stay: float
) -> list[Visit]:
    """Return the visit of each who arrives, at their site, as planned.

    ``short_stay`` is the mean hours of a stay without a night.
    """
    minor = arriving.kinds == MINOR
    ed_hours = plans.hours * np.where(minor, rates.minors_hours, rates.majors_hours)
    columns = (
        arriving.rows,
        arriving.times,
        arriving.keys,
        arriving.kinds,
        arriving.avoidable,
        ed_hours / HOURS,
        np.where(plans.short, plans.hours * short_stay / HOURS, inf),
        plans.rounds,
        plans.delay,
        plans.leaves,
        plans.again,
        np.where(minor, arriving.times + plans.patience, inf),
    )
    lists = (column.tolist() for column in columns)
    return [Visit(*facts) for facts in zip(sites, *lists, strict=True)]
