"""Visitors to the hospital: people from elsewhere who fill what residents leave of each pool.

They come at the same times in every design and are nobody in the simulation, but queue like
everyone else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from agents.luck import Luck
from pathways.pools import Site
from pathways.stays import Stays, VisitPlans
from pathways.visits import Arriving

VISITOR_BLOCK = 30  # visitors are drawn for this many days at a time
FIRST_VISITOR = -1_000_000  # rows below are visitors; those above, to -1, fill the beds at first


class HospitalVisitors:
    """Draws the visitors of every pool.

    Parameters
    ----------
    sites, stays, luck, settings : of the hospital
    day : the first day of the warm-up
    """

    def __init__(
        self,
        sites: Sequence[Site],
        stays: Stays,
        luck: Luck,
        settings: Mapping[str, float],
        day: int,
    ) -> None:
        self._sites = sites
        self._stays = stays
        self._luck = luck
        self._settings = settings
        self._until = day
        self._invited = 0

    def coming(self, day: int) -> Iterator[tuple[int, Arriving, VisitPlans]]:
        """Draw who comes in the next days, where nobody is known yet to come on ``day``.

        In turn for each site and kind of visit: the site's number, the visitors and their plans.
        """
        if day < self._until:
            return
        self._until = day + VISITOR_BLOCK
        for number, site in enumerate(self._sites):
            for kind, rate in site.visitors.items():
                count = self._points(day, number, kind, rate)
                if count:
                    arriving = self._arriving(day, number, kind, count)
                    yield number, arriving, self._stays.of_visitors(arriving.keys)

    def _arriving(self, day: int, site: int, kind: int, count: int) -> Arriving:
        occurrence = self._invited + np.arange(count)
        self._invited += count
        within = VISITOR_BLOCK * self._luck.uniforms("hospital.visitor_day", site, occurrence)
        days = np.floor(within)
        return Arriving(
            rows=FIRST_VISITOR - occurrence,
            times=day + days + self._stays.time_of_day(within - days),
            keys=self._luck.words("hospital.visitor", site, occurrence),
            kinds=np.full(count, kind, np.int8),
            avoidable=np.zeros(count, np.bool_),
        )

    def _points(self, day: int, site: int, kind: int, rate: float) -> int:
        """Return a Poisson count: unit exponentials that fit into the expected number."""
        expected = rate * VISITOR_BLOCK
        if expected <= 0.0:
            return 0
        most = int(expected + 10.0 * expected**0.5 + 10.0)
        gaps = self._luck.exponentials(f"hospital.visitors.{kind}.{day}", site, np.arange(most))
        return int(np.searchsorted(np.cumsum(gaps), expected))

    def in_beds_at_start(self) -> Iterator[tuple[Site, float, float]]:
        """Say who is in the beds in use at the start, with stays half over.

        Of each: the site, the ward rounds until ready and the share of the day at which ready
        people leave.
        """
        residual = self._settings["beds.start_residual_stay"]
        for number, site in enumerate(self._sites):
            beds = round(self._settings["beds.start_occupancy"] * site.usual_beds)
            rounds = residual * self._luck.exponentials("hospital.start", number, np.arange(beds))
            hours = self._luck.uniforms("hospital.start_leaves", number, np.arange(beds))
            leaves = self._stays.time_of_leaving(hours)
            for stay, leave in zip(rounds.tolist(), leaves.tolist(), strict=True):
                yield site, stay, leave
