"""Hours of staff by role behind services outside hospital, and what is lost of them.

A visit, a case at a team meeting or a day on a caseload takes hours of one or several roles at
once. The hours held are those of posts that are filled and not off sick. The place's own
capacity holds the usual vacancies and sickness already, so posts are worked out back from it
and nothing changes until a run sets other ones. The role of which most is missing decides how
much a service can do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from pathways.ledger import Ledger
from pathways.staff import TABLE, workload
from pathways.vocabulary import HOURS

Floats = npt.NDArray[np.float64]

MEETING = "mdt"
# Roles of each service, and the kind of staff whose vacancies and sickness each has.
STAFF: dict[str, dict[str, str]] = {
    "community_nursing": {
        "district nurse": "nurse",
        "community nurse": "nurse",
        "healthcare assistant": "support",
    },
    "case_management": {"community matron": "nurse"},
    "urgent_response": {"urgent-response nurse": "nurse", "therapist": "therapist"},
    "virtual_ward": {"virtual-ward nurse": "nurse", "doctor": "doctor"},
    "reablement": {"therapist": "therapist", "reablement worker": "support"},
    "end_of_life": {"palliative-care nurse": "nurse", "healthcare assistant": "support"},
    "mental_health": {
        "mental-health nurse": "mental_health",
        "psychologist": "therapist",
        "psychiatrist": "doctor",
    },
    "talking_therapies": {"psychological therapist": "mental_health"},
    "specialist_clinics": {"specialist nurse": "nurse", "therapist": "therapist"},
    "social_care": {"home-care worker": "care_worker"},
    "mdt": {
        "GP lead": "doctor",
        "community nurse": "nurse",
        "social worker": "social_worker",
        "mental-health worker": "mental_health",
        "pharmacist": "therapist",
        "care coordinator": "personal_care",
        "geriatrician": "doctor",
    },
    "vcse": {"link worker": "personal_care"},
    "care_coordination": {"care coordinator": "personal_care"},
}
SETTINGS = {
    "vacancy_factor": "vacant posts of {} as a multiple of the usual",
    "sickness_factor": "sickness absence in {} as a multiple of the usual",
    "recruitment_factor": "time until a post of {} is filled again, as a multiple of the usual",
}


class Workforce:
    """The staff of the services of ``STAFF``, as arrays over every post of every service.

    Parameters
    ----------
    settings : such as ``mdt.sickness_factor``
    capacity : ``Place.capacity``, which says what hours the place's team meetings take

    Attributes
    ----------
    service : (posts,) number of the service in ``STAFF``
    hours : (posts,) hours of the role that one visit, case or day on the caseload takes
    """

    def __init__(
        self,
        evidence: Evidence,
        settings: Mapping[str, float],
        capacity: Mapping[str, Mapping[str, float]],
    ) -> None:
        self.names = tuple(STAFF)
        self.posts = [(name, role) for name, roles in STAFF.items() for role in roles]
        kinds = [kind for roles in STAFF.values() for kind in roles.values()]

        def of_kind(what: str) -> Floats:
            by_kind = {k: evidence.value(TABLE, key=f"{k}.{what}") for k in dict.fromkeys(kinds)}
            return np.array([by_kind[kind] for kind in kinds])

        self.service = np.array([self.names.index(name) for name, _ in self.posts])
        self.hours = np.array([_hours(evidence, capacity, *post) for post in self.posts])
        self._vacancy, self._sickness = of_kind("vacancy"), of_kind("sickness")
        self._turnover, self._lag = of_kind("turnover"), of_kind("recruitment_lag") / 365.0
        self._workload = workload(len(self.posts), evidence, settings)
        self._left_empty = np.zeros(len(self.posts))
        self.change(settings)

    def change(self, settings: Mapping[str, float]) -> None:
        """Have the vacancies, sickness and time to recruit that ``settings`` ask for."""

        def factor(what: str) -> Floats:
            return np.array([settings.get(f"{name}.{what}", 1.0) for name, _ in self.posts])

        longer = self._turnover * self._lag * (factor("recruitment_factor") - 1.0)
        vacant = self._vacancy * factor("vacancy_factor") + longer
        self._vacant = np.clip(vacant, 0.0, 1.0)
        self._sick = np.clip(self._sickness * factor("sickness_factor"), 0.0, 1.0)

    @property
    def working(self) -> Floats:
        """(posts,) hours held of each role as a multiple of the usual."""
        usual = (1.0 - self._vacancy) * (1.0 - self._sickness)
        filled = np.maximum(1.0 - self._vacant - self._left_empty, 0.0)
        working: Floats = filled * (1.0 - self._sick) / usual
        return working

    def factor(self, name: str) -> float:
        """Return the capacity of a service as a multiple of the usual: of its scarcest role."""
        if name not in STAFF:
            return 1.0
        return float(self.working[self.service == self.names.index(name)].min())

    def settle(self, ledger: Ledger, units: Mapping[str, tuple[float, float]]) -> bool:
        """Tell hours held and used by role; let a month of heavy work do what it does.

        ``units`` are, by service, the visits or days that it could have given since the last
        time and those that it gave. Returns whether capacity is another from now on.
        """
        could, gave = (np.array([units[name][n] for name in self.names]) for n in range(2))
        working = self.working
        scarcest = np.array([self.factor(name) for name in self.names])[self.service]
        spare = np.divide(working, scarcest, out=np.ones_like(working), where=scarcest > 0.0)
        held, used = could[self.service] * self.hours * spare, gave[self.service] * self.hours
        for number, (name, role) in enumerate(self.posts):
            ledger.tally(name, HOURS + role, "capacity", float(held[number]))
            ledger.tally(name, HOURS + role, "used", float(used[number]))
        if self._workload is None:
            return False
        filled = self._workload.month(used / np.maximum(held, 1e-9))
        changed = not np.array_equal(1.0 - filled, self._left_empty)
        self._left_empty = 1.0 - filled
        return changed


def _hours(
    evidence: Evidence, capacity: Mapping[str, Mapping[str, float]], name: str, role: str
) -> float:
    """Return the hours of ``role`` that a visit, a case or a day of the service takes."""
    if name == MEETING:
        rows = capacity[MEETING]
        return rows[HOURS + role] / rows["case slots"]
    return evidence.value(TABLE, key=f"{name}.hours.{role}")
