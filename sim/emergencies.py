"""Who comes to the hospital today: by themselves, and because the practice could not see them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pathways.asked import Arrivals
from pathways.demand import Demand
from pathways.ledger import Ledger
from pathways.pools import ADMITTED, DIRECT, MAJOR, MINOR, OTHER
from pathways.practice import PracticeDay
from pathways.visits import Arriving, together
from sim.returning import UnmetReturns
from sim.services import ServiceSet


class Emergencies:
    """Brings together the day's arrivals at the hospital.

    Parameters
    ----------
    demand, services, ledger : of the run
    returns : brings back unmet need that got worse, where the structure has it
    """

    def __init__(
        self, demand: Demand, services: ServiceSet, ledger: Ledger, returns: UnmetReturns | None
    ) -> None:
        self._demand = demand
        self._services = services
        self._ledger = ledger
        self.returns = returns

    def of_day(self, day: int, arrivals: Mapping[str, Arrivals], practice: PracticeDay) -> Arriving:
        """Bring together everyone who comes to the hospital today."""
        visits, admissions = arrivals["ed_attendance"], arrivals["emergency_admission"]
        not_admitted = Arriving(
            rows=visits.rows,
            times=day + visits.times,
            keys=visits.keys,
            kinds=self._kinds(visits.keys),
            avoidable=np.zeros(len(visits), np.bool_),
        )
        admitted = Arriving(
            rows=admissions.rows,
            times=day + admissions.times,
            keys=admissions.keys,
            kinds=np.where(self._demand.is_through_ed(admissions.keys), ADMITTED, DIRECT).astype(
                np.int8
            ),
            avoidable=self._demand.is_acsc(admissions.rows, admissions.keys),
        )
        return together(not_admitted, self._without_practice(day, practice), admitted)

    def _without_practice(self, day: int, practice: PracticeDay) -> Arriving:
        """Return who comes to A&E today because the practice could not see them."""
        rows, keys = practice.leaked("ed")
        kinds = [self._services.for_want.kinds(keys, self._demand)]
        if self.returns:
            late_rows, late_keys = self.returns.come(day, practice)
            rows, keys = np.concatenate([rows, late_rows]), np.concatenate([keys, late_keys])
            kinds.append(self._kinds(late_keys))
        self._ledger.count("ae_from_gp_wait", rows)
        return Arriving(
            rows=rows,
            times=day + self._services.hospital.stays.arrival_times(keys),
            keys=keys,
            kinds=np.concatenate(kinds),
            avoidable=np.zeros(len(rows), np.bool_),
        )

    def _kinds(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int8]:
        """Say which attendances without admission are type 1, and of those which are major."""
        major = self._demand.uniforms("ed.major", keys) < self._services.major_share
        kinds = np.where(major, MAJOR, MINOR)
        sent_on = self._services.community.minors
        kinds = np.where(self._demand.is_type_1(keys), kinds, OTHER)
        if len(sent_on):
            kinds = np.where(np.isin(keys, sent_on), MINOR, kinds)
        return kinds.astype(np.int8)
