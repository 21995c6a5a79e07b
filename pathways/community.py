"""Calls, ambulances and care at home: light services that count what is asked of them.

NHS 111, ambulance, district nursing, two-hour response and mental health see everyone who
asks; the virtual ward refuses when its places are full. People whom the demand table sends
to A&E by 111 or ambulance are already in its A&E rates, so dispositions and conveyances only
say how people arrive; nothing is added, save for calls that the practice's failures cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.calendar import YEAR
from pathways.demand import Arrivals
from pathways.ledger import Ledger

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

TABLE, SETTINGS = "baseline_demand", "care_settings"
PER = 10_000
DISPOSITIONS = ("ambulance", "A&E", "primary care", "other service", "no service")
OUTCOMES = ("hear and treat", "see and treat", "conveyed to A&E", "conveyed elsewhere")
# Process: service and activity. These see everyone who asks, so they tell no capacity.
COUNTED: dict[str, tuple[str, str]] = {
    "nhs_111_call": ("nhs111", "nhs111_calls"),
    "ambulance_incident": ("ambulance", "ambulance_incidents"),
    "community_nursing": ("community_nursing", "community_contacts"),
    "urgent_community_response": ("urgent_response", "urgent_response"),
    "mental_health_contact": ("mental_health", "mental_health_contacts"),
    "talking_therapy_appointment": ("mental_health", "talking_therapy_contacts"),
}


def _edges(evidence: Evidence, service: str, term: str, levels: tuple[str, ...]) -> Floats:
    shares = np.array(
        [evidence.value(TABLE, service=service, term=term, level=level) for level in levels]
    )
    edges: Floats = np.cumsum(shares / shares.sum())[:-1]
    return edges


@dataclass(slots=True)
class Community:
    """The light services of a place.

    Parameters
    ----------
    capacity : ``Place.capacity``, per 10,000 people and year (places for the virtual ward)
    settings : overrides such as ``virtual_ward.capacity_factor``
    """

    population: Population
    evidence: Evidence
    luck: Luck
    ledger: Ledger
    capacity: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, float] = field(default_factory=dict)
    _dispositions: Floats = field(init=False)
    _outcomes: Floats = field(init=False)
    _ward_stay: float = field(init=False)
    _ward: Floats = field(init=False)
    _n_people: int = field(init=False)

    def __post_init__(self) -> None:
        evidence = self.evidence
        self._dispositions = _edges(evidence, "nhs_111_call", "disposition", DISPOSITIONS)
        self._outcomes = _edges(evidence, "ambulance_incident", "outcome", OUTCOMES)
        self._ward_stay = evidence.value(SETTINGS, key="virtual_ward.stay_days")
        self._ward = np.empty(0)
        self._n_people = int(self.population.present(0.0).sum())

    def day(self, day: int, arrivals: Mapping[str, Arrivals]) -> None:
        """Let ``day`` happen in every light service."""
        if day > 0 and day % YEAR == 0:
            self._n_people = int(self.population.present(day).sum())
        for process, (service, activity) in COUNTED.items():
            rows = arrivals[process].rows
            self.ledger.count(activity, rows)
            self.ledger.tally(service, activity, "arrivals", len(rows))
            self.ledger.tally(service, activity, "used", len(rows))
        incidents = arrivals["ambulance_incident"]
        self.ledger.count("ambulance_conveyed", incidents.rows[self.conveyed(incidents.keys)])
        self._admit(day, arrivals["virtual_ward_admission"])

    def change_ward(self, factor: float) -> None:
        """Have ``factor`` times the place's own virtual-ward places from now on."""
        self.settings = {**self.settings, "virtual_ward.capacity_factor": factor}

    def conveyed(self, keys: Words) -> npt.NDArray[np.bool_]:
        """Say which ambulance incidents end at an emergency department."""
        outcome = np.searchsorted(self._outcomes, self.luck.uniforms("ambulance.outcome", keys))
        taken: npt.NDArray[np.bool_] = outcome == OUTCOMES.index("conveyed to A&E")
        return taken

    def call_111(self, rows: Integers, keys: Words) -> Integers:
        """Count calls that an unmet request caused; return each one's ``DISPOSITIONS``."""
        self.ledger.count("nhs111_calls", rows)
        self.ledger.tally("nhs111", "nhs111_calls", "arrivals", len(rows))
        self.ledger.tally("nhs111", "nhs111_calls", "used", len(rows))
        draws = self.luck.uniforms("nhs111.disposition", keys)
        disposition: Integers = np.searchsorted(self._dispositions, draws)
        return disposition

    def visit_pharmacy(self, rows: Integers) -> None:
        """Count visits to a pharmacy in place of the practice."""
        self.ledger.count("pharmacy_contacts", rows)
        self.ledger.tally("pharmacy", "all", "arrivals", len(rows))
        self.ledger.tally("pharmacy", "all", "used", len(rows))

    def _admit(self, day: int, offers: Arrivals) -> None:
        """Give virtual-ward places while there are any; refuse the rest."""
        factor = self.settings.get("virtual_ward.capacity_factor", 1.0)
        places = int(self.capacity["virtual_ward"]["places"] * factor * self._n_people / PER + 0.5)
        self._ward = self._ward[self._ward > day]
        free = max(places - len(self._ward), 0)
        stays = self.luck.exponentials("virtual_ward.stay", offers.keys[:free]) * self._ward_stay
        for row, stay in zip(offers.rows[:free].tolist(), stays.tolist(), strict=True):
            self.ledger.add("virtual_ward_days", row, stay)
        self.ledger.count("virtual_ward_refused", offers.rows[free:])
        self._ward = np.concatenate([self._ward, day + offers.times[:free] + stays])
        self.ledger.tally("virtual_ward", "places", "arrivals", len(offers))
        self.ledger.tally("virtual_ward", "places", "capacity", places)
        self.ledger.tally("virtual_ward", "places", "used", len(self._ward))
        self.ledger.tally("virtual_ward", "places", "turned_away", max(len(offers) - free, 0))
