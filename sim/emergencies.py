"""Who comes to the hospital today: by themselves, and because the practice could not see them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.luck import Words
from pathways.asked import Arrivals
from pathways.demand import Demand
from pathways.ledger import Ledger
from pathways.pools import ADMITTED, DIRECT, MAJOR, MINOR, OTHER
from pathways.practice import PracticeDay
from pathways.visits import Arriving
from sim.returning import UnmetReturns
from sim.services import ServiceSet

Floats = npt.NDArray[np.float64]
Small = npt.NDArray[np.int8]

# What is drawn of everyone who comes, used or not: one call for all costs least.
DRAWS = ("ed.major", "ed.type_1", "admission.through_ed", "hospital.arrival")
_MAJOR, _TYPE_1, _THROUGH_ED, _ARRIVAL = range(len(DRAWS))


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
        """Bring together everyone who comes to the hospital today.

        First attendances without admission; then those for want of an appointment, today and
        on earlier days; then admissions.
        """
        visits, admissions = arrivals["ed_attendance"], arrivals["emergency_admission"]
        parts = [(visits.rows, visits.keys), practice.leaked("ed")]
        n_today = len(visits) + len(parts[1][0])
        if self.returns:
            parts.append(self.returns.come(day, practice))
        parts.append((admissions.rows, admissions.keys))
        rows, keys = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        draws = self._demand.luck.uniforms_of_each(keys, DRAWS)
        first_admitted = len(rows) - len(admissions)
        without_practice = slice(len(visits), first_admitted)
        self._ledger.count("ae_from_gp_wait", rows[without_practice])
        stays = self._services.hospital.stays
        times = stays.time_of_day(draws[_ARRIVAL, without_practice])
        avoidable = np.zeros(len(rows), np.bool_)
        avoidable[first_admitted:] = self._demand.is_acsc(admissions.rows, admissions.keys)
        return Arriving(
            rows=rows,
            times=day + np.concatenate([visits.times, times, admissions.times]),
            keys=keys,
            kinds=self._kinds(keys, draws, (len(visits), n_today, first_admitted)),
            avoidable=avoidable,
        )

    def _kinds(self, keys: Words, draws: Floats, ends: tuple[int, int, int]) -> Small:
        """Say how everyone is seen (see ``_kinds_of``)."""
        services, splits = self._services, self._demand.splits
        want = services.for_want
        return _kinds_of(
            keys,
            draws,
            ends,
            (services.major_share, splits.type_1, splits.through_ed),
            (want.minor, want.type_1),
            services.community.minors,
            (OTHER, MINOR, MAJOR, ADMITTED, DIRECT),
        )


@compiled
def _kinds_of(
    keys: Words,
    draws: Floats,
    ends: tuple[int, int, int],
    shares: tuple[float, float, float],
    for_want: tuple[float, float],
    sent_on: Words,
    kinds: tuple[int, int, int, int, int],
) -> Small:
    """Return the kind of everyone who comes (see ``pathways.pools``), from (draws, n) numbers.

    ``ends`` are where attendances end, those for want of an appointment today, and those of
    earlier unmet need; who is admitted follows. ``shares`` are of majors and of type 1 among
    attendances, and of admissions through the department. ``for_want`` (see ``sim.for_want``)
    are of minor cases, and of type 1 among them. Attendances ``sent_on`` from a full department
    of another type, by key, are minor cases here.
    """
    attended, wanted, unmet = ends
    major_share, type_1_share, through_ed = shares
    want_minor, want_type_1 = for_want
    other, minor, major, admitted, direct = kinds
    found = np.empty(len(keys), np.int8)
    for i in range(len(keys)):
        if i >= unmet:
            found[i] = admitted if draws[_THROUGH_ED, i] < through_ed else direct
        elif attended <= i < wanted:
            found[i] = minor if draws[_TYPE_1, i] < want_type_1 else other
            if draws[_MAJOR, i] >= want_minor:
                found[i] = major
        else:
            found[i] = major if draws[_MAJOR, i] < major_share else minor
            if draws[_TYPE_1, i] >= type_1_share:
                found[i] = other
            for key in sent_on:
                if key == keys[i]:
                    found[i] = minor
    return found
