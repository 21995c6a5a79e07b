"""How people are seen in A&E who come because no practice could see them: mostly as minors.

What studies tie to access to a practice are visits that people decide on themselves and that
end with going home. So they use cubicles for minor cases, or departments of other types, as
minor cases do, and not the spaces in which people wait for a bed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from pathways.demand import Demand
from pathways.pools import MAJOR, MINOR, OTHER

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class ForWant:
    """Kinds of attendance for want of an appointment.

    Attributes
    ----------
    minor : share that are minor cases; the others are majors of a type 1 department
    type_1 : share of minor cases that come to a type 1 department
    """

    minor: float
    type_1: float

    @classmethod
    def of(cls, evidence: Evidence) -> ForWant:
        """Read the shares; minor cases are those of type 1 and all of other departments."""
        type_1 = evidence.value("baseline_demand", service="ae_attendance", term="share_by_type")
        majors = evidence.value("baseline_demand", service="ed_stay", term="majors_share")
        minors = type_1 * (1.0 - majors)
        return cls(
            minor=evidence.value("care_settings", key="practice.leak_minor_share"),
            type_1=minors / (minors + 1.0 - type_1),
        )

    def kinds(self, keys: Words, demand: Demand) -> npt.NDArray[np.int8]:
        """Return the kind of the attendance of each of ``keys`` (see ``pathways.pools``)."""
        major = demand.uniforms("ed.major", keys) >= self.minor
        type_1 = demand.uniforms("ed.type_1", keys) < self.type_1
        kinds = np.where(major, MAJOR, np.where(type_1, MINOR, OTHER))
        return kinds.astype(np.int8)
