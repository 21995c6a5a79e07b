"""Light services: what each is, how much of it a place has, and who else uses it.

A light service has slots (an answer, a visit, an appointment) or places (a caseload, a
package, a bed at home) and a queue, followed as arrays and short lists, not case by case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import pdtr

from agents.evidence import Evidence
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.contacts import Contacts, contacts_of
from pathways.light_slots import Hours

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TABLE = "light_services"
PER = 10_000
BLOCK = 28  # days whose visitors are drawn at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What one light service is.

    ``activity`` is counted for everybody it serves (the days of the place where ``days``).
    ``process`` is the demand that leads to it. ``row`` is its row of the place's capacity;
    without one its capacity stands in ``light_services``.
    """

    activity: str
    process: str = ""
    row: tuple[str, str] | None = None
    every_day: bool = True
    by_the_hour: bool = False  # staffed as emergency departments are visited
    days: bool = False


SLOTS: dict[str, Light] = {
    "nhs111": Light(
        activity="nhs111_calls",
        process="nhs_111_call",
        row=("nhs_111", "calls answered"),
        by_the_hour=True,
    ),
    "ambulance": Light(
        activity="ambulance_incidents",
        process="ambulance_incident",
        row=("ambulance", "crew hours"),
        by_the_hour=True,
    ),
    "community_nursing": Light(
        activity="community_contacts",
        process="community_nursing",
        row=("community", "district-nursing team, all grades"),
    ),
    "mental_health": Light(
        activity="mental_health_contacts",
        process="mental_health_contact",
        row=("mental_health", "secondary community contacts"),
        every_day=False,
    ),
    "talking_therapies": Light(
        activity="talking_therapy_contacts",
        process="talking_therapy_appointment",
        row=("mental_health", "talking-therapy appointments"),
        every_day=False,
    ),
    "urgent_response": Light(
        activity="urgent_response",
        process="urgent_community_response",
        row=("urgent_response", "2-hour team, 8am to 8pm"),
    ),
    "pharmacy": Light(activity="pharmacy_contacts"),
    "utc": Light(activity="utc_attendances", by_the_hour=True),
    "out_of_hours": Light(activity="out_of_hours_contacts"),
    "extended_access": Light(activity="extended_access_contacts"),
    "advice_guidance": Light(activity="advice_requests", every_day=False),
    "specialist_clinics": Light(activity="specialist_clinic_contacts", every_day=False),
    "vcse_groups": Light(activity="vcse_courses", row=("vcse", "group places"), every_day=False),
}
PLACES: dict[str, Light] = {
    "virtual_ward": Light(
        activity="virtual_ward_days",
        process="virtual_ward_admission",
        row=("virtual_ward", "places"),
        days=True,
    ),
    "reablement": Light(activity="reablement_starts"),
    "social_care": Light(activity="social_care_starts"),
    "care_home": Light(activity="care_home_short_stays"),
    "case_management": Light(activity="case_management_starts"),
    "end_of_life": Light(activity="end_of_life_starts"),
}
SERVICES = {**SLOTS, **PLACES}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the light services, in the order of ``SLOTS`` and ``PLACES``.

    Attributes
    ----------
    slots : (k,) slots a year per 10,000 residents
    places, stay, wait, start : (m,) places per 10,000, days of a stay, mean days that people
        wait before they give up, and the share of places taken at the start
    pool, load : people who share a service, and the share that those from elsewhere use
    """

    slots: Floats
    hours: Hours
    lead: Floats
    patience: Floats
    places: Floats
    stay: Floats
    wait: Floats
    start: Floats
    pool: float
    load: tuple[Floats, Floats]

    @classmethod
    def of(cls, evidence: Evidence, capacity: Mapping[str, Mapping[str, float]]) -> Numbers:
        """Read the numbers; ``capacity`` is the place's own."""

        def number(key: str) -> float:
            return evidence.value(TABLE, key=key)

        def every(names: Mapping[str, Light], what: str) -> Floats:
            return np.array([number(f"{name}.{what}") for name in names])

        def amount(name: str, light: Light) -> float:
            if light.row is None:
                return number(f"{name}.slots" if name in SLOTS else f"{name}.places")
            own = capacity[light.row[0]][light.row[1]]
            return own * (number(f"{name}.capacity_per_slot") if name in SLOTS else 1.0)

        return cls(
            slots=np.array([amount(name, light) for name, light in SLOTS.items()]),
            hours=Hours(
                by_hour=np.array([_by_hour(name, evidence) for name in SLOTS]),
                every_day=np.array([light.every_day for light in SLOTS.values()]),
            ),
            lead=every(SLOTS, "lead_days"),
            patience=every(SLOTS, "patience_days"),
            places=np.array([amount(name, light) for name, light in PLACES.items()]),
            stay=every(PLACES, "stay_days"),
            wait=every(PLACES, "patience_days"),
            start=every(PLACES, "start_share"),
            pool=number("pool.people"),
            load=(_loads(SLOTS, evidence), _loads(PLACES, evidence)),
        )

    def elsewhere(self, residents: int) -> tuple[Floats, Floats]:
        """Return how many people from elsewhere come to each service a day: slots, places."""
        heads = max(self.pool - residents, 0.0) / PER
        slots, places = self.load
        return self.slots * slots * heads / YEAR, self.places * places * heads / self.stay


def _loads(names: Mapping[str, Light], evidence: Evidence) -> Floats:
    """Return the share of each service that people from elsewhere use: its own, or the usual."""
    usual = evidence.value(TABLE, key="pool.load")
    keys = {name: f"{name}.pool_load" for name in names}
    own = {name for name, key in keys.items() if evidence.rows(TABLE, key=key)}
    return np.array(
        [evidence.value(TABLE, key=keys[name]) if name in own else usual for name in names]
    )


def _by_hour(name: str, evidence: Evidence) -> Floats:
    """Return (25,) the share of a day's slots that begin before each hour."""
    hours = np.arange(25.0)
    if SLOTS[name].by_the_hour:
        where = {"service": "ae_attendance", "term": "hour_of_day"}
        levels = [f"{hour:02d}" for hour in range(24)]
        shares = [evidence.value("baseline_demand", **where, level=level) for level in levels]
        ends = np.concatenate([[0.0], np.cumsum(shares)])
        by_demand: Floats = ends / ends[-1]
        return by_demand
    opens = evidence.value(TABLE, key=f"{name}.opens")
    closes = evidence.value(TABLE, key=f"{name}.closes")
    return np.clip((hours - opens) / (closes - opens), 0.0, 1.0)


@dataclass(slots=True)
class Visitors:
    """Nameless people from elsewhere who use a shared service, the same in every design.

    ``expected`` (k,) come to each of k services on a day, the ``first`` of which has that number.
    """

    luck: Luck
    name: str
    expected: Floats
    first: int
    _counts: Floats = field(init=False)
    _ends: Floats = field(init=False)
    _block: int | None = field(init=False, default=None)
    _edges: list[int] = field(init=False)
    _drawn: Contacts = field(init=False)

    def __post_init__(self) -> None:
        total = float(self.expected.sum())
        most = int(total + 10.0 * total**0.5 + 10.0)
        self._counts = np.asarray(pdtr(np.arange(most), total), np.float64)
        self._ends = np.cumsum(self.expected) / max(total, 1e-12)

    @property
    def come(self) -> bool:
        """Whether there are any."""
        return bool(self.expected.any())

    def of(self, day: int) -> Contacts:
        """Return the contacts of those who come on ``day``, asked for at a share of the day."""
        if day // BLOCK != self._block:
            self._draw(day // BLOCK)
        place = day % BLOCK
        return self._drawn[self._edges[place] : self._edges[place + 1]]

    def _draw(self, block: int) -> None:
        """Draw the visitors of a block of days."""
        self._block = block
        which = block * BLOCK + np.arange(BLOCK) + PER  # luck counts from 0, days do not
        count = self._counts.searchsorted(self.luck.uniforms(f"{self.name}.count", which))
        ends = np.cumsum(count)
        self._edges = [0, *ends.tolist()]
        number = np.arange(ends[-1]) - np.repeat(ends - count, count)
        keys = self.luck.words(f"{self.name}.key", np.repeat(which, count), number)
        within = self.luck.uniforms_of(keys, f"{self.name}.time")
        service = self._ends.searchsorted(self.luck.uniforms_of(keys, f"{self.name}.service"))
        service = np.minimum(service, len(self.expected) - 1) + self.first
        self._drawn = contacts_of(service, np.full(len(keys), -1), keys, within)
