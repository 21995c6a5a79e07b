"""How people are seen in A&E who come because no practice could see them: mostly as minors.

What studies tie to access to a practice are visits that people decide on themselves and that
end with going home. So they use cubicles for minor cases, or departments of other types, as
minor cases do, and not the spaces in which people wait for a bed.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.evidence import Evidence


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
