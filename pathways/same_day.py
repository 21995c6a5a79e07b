"""Same-day emergency care: chairs that some of the people admitted for a day sit in.

It replaces the bed of an emergency admission without a night and nothing else: who is seen
here is one of those admissions, and counts as one, as in the national definition. Who comes
when all chairs are taken, or at night, has a bed for the day, as without the service. It is a
loss system shared by everyone who uses the hospital's pool of beds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from agents.luck import Luck
from pathways.ledger import Ledger
from pathways.pools import Site
from pathways.queues import whole_share
from pathways.stays import HOURS

PER = 10_000
ACTIVITY = "sdec_attendances"


@dataclass(slots=True)
class Chairs:
    """The chairs of one pool: ``own`` are the residents', ``elsewhere`` visitors'.

    Counts are of residents since they were last told.
    """

    own: float
    elsewhere: float
    factor: float = 1.0
    ends: list[float] = field(default_factory=list)
    asked: int = 0
    served: int = 0
    used: float = 0.0

    @property
    def open(self) -> float:
        """Chairs that can be sat in, on average over days."""
        return self.elsewhere + self.own * self.factor

    def take(self, now: float, days: float, resident: bool) -> bool:
        """Sit somebody down for ``days`` if a chair is free and they may use one."""
        self.asked += resident
        while self.ends and self.ends[0] <= now:
            heappop(self.ends)
        shut = resident and self.factor * self.own <= 0.0
        if shut or len(self.ends) >= whole_share(self.open, max(int(now), 0)):
            return False
        heappush(self.ends, now + days)
        self.served += resident
        self.used += days if resident else 0.0
        return True


class SameDay:
    """The same-day emergency care of every pool of a hospital.

    Parameters
    ----------
    sites : the pools, whose beds say how many people share the chairs
    beds_per_10000 : emergency beds for 10,000 people
    settings : of the hospital: ``sdec.*``
    """

    def __init__(
        self,
        sites: Sequence[Site],
        luck: Luck,
        ledger: Ledger,
        beds_per_10000: float,
        settings: Mapping[str, float],
        now: float,
    ) -> None:
        self._luck, self._ledger = luck, ledger
        self._share = settings["sdec.share"]
        self._hours = settings["sdec.opens"] / HOURS, settings["sdec.closes"] / HOURS
        # Without any beds of their own residents have no hospital that could have chairs.
        each = settings["sdec.places_per_10000"] / beds_per_10000 if beds_per_10000 else 0.0
        self._chairs = {
            id(site): Chairs(site.own["beds"] * each, site.elsewhere["beds"] * each)
            for site in sites
        }
        self._told = now
        self.change(settings["sdec.capacity_factor"])

    def change(self, factor: float) -> None:
        """Have ``factor`` times the residents' usual chairs from now on."""
        for chairs in self._chairs.values():
            chairs.factor = factor

    def takes(self, site: Site, row: int, key: int, now: float, days: float) -> bool:
        """Say whether an admission of ``days`` without a night is seen here, and sit it down."""
        opens, closes = self._hours
        if not opens <= now % 1.0 < closes:
            return False
        drawn = self._luck.uniform_of(key, "hospital.same_day")
        return drawn < self._share and self._chairs[id(site)].take(now, days, row >= 0)

    def settle(self, now: float) -> None:
        """Hand what happened since this was last asked to the ledger."""
        days, self._told = now - self._told, now
        opens, closes = self._hours
        for chairs in self._chairs.values():
            turned_away = chairs.asked - chairs.served
            numbers = {
                "capacity": chairs.own * chairs.factor * (closes - opens) * days,
                "used": chairs.used,
                "arrivals": chairs.asked,
                "served": chairs.served,
                "turned_away": turned_away,
            }
            for metric, number in numbers.items():
                self._ledger.tally("sdec", "all", metric, float(number))
            if turned_away:
                self._ledger.tally("beds", "sdec.overflow", "routed", turned_away)
            chairs.asked = chairs.served = 0
            chairs.used = 0.0
