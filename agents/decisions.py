"""Rules by which organisations decide: small, named, sourced, and replaceable one by one.

An organisation (``agents.organisations``) holds one rule for each kind of decision and says
when it is asked. ``RULES`` lists what may be chosen; the first of each kind is the default,
which is the behaviour that the evidence was closed with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Named(Protocol):
    """What every rule can say of itself."""

    name: ClassVar[str]
    about: ClassVar[str]
    evidence: ClassVar[tuple[str, ...]]  # keys of the rows that its numbers come from


# ---- practices: how much of a day is held back for people who ask that day ----


class Triage(Named, Protocol):
    """How a practice shares out its day."""

    def held_back(self, asked: Floats) -> Floats:
        """Return (pools,) the share of a day's slots that may not be booked ahead.

        ``asked`` (pools,) is the share of slots that people lately wanted the same day; a pool
        is one role of one practice.
        """


@dataclass(frozen=True, slots=True)
class HeldBackLearning:
    """Hold back what people lately asked for on the day, between two limits."""

    name: ClassVar[str] = "held-back-learning"
    about: ClassVar[str] = "a practice holds back what people lately asked for on the day"
    evidence: ClassVar[tuple[str, ...]] = (
        "baseline_capacity.*.practice.same-day share held back",
        "care_settings.practice.held_back_highest",
        "care_settings.practice.held_back_memory",
    )
    least: float
    most: float

    def held_back(self, asked: Floats) -> Floats:
        """Return the share held back (see ``Triage``)."""
        return np.clip(asked, self.least, self.most)


@dataclass(frozen=True, slots=True)
class FixedShare:
    """Hold back the same share whatever people ask for."""

    name: ClassVar[str] = "fixed-share"
    about: ClassVar[str] = "a practice holds back the same share whatever people ask for"
    evidence: ClassVar[tuple[str, ...]] = ("baseline_capacity.*.practice.same-day share held back",)
    share: float

    def held_back(self, asked: Floats) -> Floats:
        """Return the share held back (see ``Triage``)."""
        return np.full_like(asked, self.share)


@dataclass(frozen=True, slots=True)
class FirstCome:
    """Hold nothing back: every slot may be booked ahead."""

    name: ClassVar[str] = "first-come"
    about: ClassVar[str] = "every slot may be booked ahead; the urgent get what is left that day"
    evidence: ClassVar[tuple[str, ...]] = ()

    def held_back(self, asked: Floats) -> Floats:
        """Return the share held back (see ``Triage``)."""
        return np.zeros_like(asked)


# ---- hospital: when escalation beds open, and how fast people leave when it is full ----


class Escalation(Named, Protocol):
    """When a ward opens beds beyond its own."""

    def extra_beds(self, beds: float, waiting: int, extra: int) -> int:
        """Return the escalation beds to have open, of a ward of ``beds`` with ``waiting`` people.

        ``extra`` of them are open now.
        """


@dataclass(frozen=True, slots=True)
class OpenWhenQueueing:
    """Open a share of beds more when several people wait, until nobody waits."""

    name: ClassVar[str] = "open-when-queueing"
    about: ClassVar[str] = "escalation beds open when several people wait, until nobody does"
    evidence: ClassVar[tuple[str, ...]] = (
        "hospital_settings.beds.escalation_share",
        "hospital_settings.beds.escalation_opens",
    )
    share: float
    opens: float

    def extra_beds(self, beds: float, waiting: int, extra: int) -> int:
        """Return the escalation beds to have open (see ``Escalation``)."""
        if extra:
            return extra if waiting else 0
        return round(self.share * beds) if waiting >= self.opens else 0


@dataclass(frozen=True, slots=True)
class NeverEscalate:
    """Open no bed beyond the ward's own."""

    name: ClassVar[str] = "never"
    about: ClassVar[str] = "no escalation beds: people wait in the emergency department"
    evidence: ClassVar[tuple[str, ...]] = ()

    def extra_beds(self, beds: float, waiting: int, extra: int) -> int:
        """Return the escalation beds to have open (see ``Escalation``)."""
        return 0


class Discharge(Named, Protocol):
    """How the threshold for discharge follows occupancy."""

    def pace(self, occupancy: float) -> float:
        """Return ward rounds that count for one at ``occupancy``, 1 at the usual one."""


@dataclass(frozen=True, slots=True)
class QuickerWhenFull:
    """Discharge more of those who could go, the fuller the ward."""

    name: ClassVar[str] = "quicker-when-full"
    about: ClassVar[str] = "the fuller the ward, the sooner people leave (+0.49% per 1% occupancy)"
    evidence: ClassVar[tuple[str, ...]] = (
        "baseline_demand.emergency_stay.discharge_rate_per_occupancy.per 1 per cent",
        "hospital_settings.beds.normal_occupancy",
    )
    quickening: float  # log rate per whole share of occupancy
    normal: float

    def pace(self, occupancy: float) -> float:
        """Return the pace of discharge (see ``Discharge``)."""
        return exp(self.quickening * (occupancy - self.normal))


@dataclass(frozen=True, slots=True)
class SteadyDischarge:
    """Discharge at the same pace, however full the ward."""

    name: ClassVar[str] = "steady"
    about: ClassVar[str] = "people leave at the same pace however full the ward"
    evidence: ClassVar[tuple[str, ...]] = ()

    def pace(self, occupancy: float) -> float:
        """Return the pace of discharge (see ``Discharge``)."""
        return 1.0


# ---- link workers: when a case is closed ----


class Closing(Named, Protocol):
    """When a link worker closes a case."""

    def closes(self, met: int, planned: int, waiting_share: float) -> bool:
        """Say whether a case ends after ``met`` of its ``planned`` meetings.

        ``waiting_share`` is people who wait for each place of the caseload.
        """


@dataclass(frozen=True, slots=True)
class AtEndOfPlan:
    """Close a case when its planned meetings are over."""

    name: ClassVar[str] = "end-of-plan"
    about: ClassVar[str] = "a link worker closes a case when its planned meetings are over"
    evidence: ClassVar[tuple[str, ...]] = (
        "unit_costs.social_prescribing_person",
        "unit_costs.social_prescribing_contact",
    )

    def closes(self, met: int, planned: int, waiting_share: float) -> bool:
        """Say whether the case ends (see ``Closing``)."""
        return met >= planned


@dataclass(frozen=True, slots=True)
class SoonerWhenQueueing:
    """Close a case after part of its meetings while the queue is long."""

    name: ClassVar[str] = "sooner-when-queueing"
    about: ClassVar[str] = "a link worker closes cases early while many people wait"
    evidence: ClassVar[tuple[str, ...]] = (
        "team_settings.vcse.early_closing_share",
        "team_settings.vcse.early_closing_queue",
    )
    least: float  # share of the planned meetings that everybody gets
    queue: float  # people waiting for each place

    def closes(self, met: int, planned: int, waiting_share: float) -> bool:
        """Say whether the case ends (see ``Closing``)."""
        return met >= planned or (waiting_share >= self.queue and met >= self.least * planned)


# ---- team meeting: whose case comes first ----


class Selection(Named, Protocol):
    """Which of the waiting cases a team meeting takes first."""

    def priority(self, risk: float) -> float:
        """Return the priority of a case at ``risk``; lower goes first, equals by referral."""


@dataclass(frozen=True, slots=True)
class HighestRiskFirst:
    """Discuss the people at highest risk of admission first."""

    name: ClassVar[str] = "highest-risk-first"
    about: ClassVar[str] = "the meeting takes the case at highest risk of admission first"
    evidence: ClassVar[tuple[str, ...]] = ("segments.past_admission_weight",)

    def priority(self, risk: float) -> float:
        """Return the priority (see ``Selection``)."""
        return -risk


@dataclass(frozen=True, slots=True)
class ReferralOrder:
    """Discuss cases in the order in which they were referred."""

    name: ClassVar[str] = "referral-order"
    about: ClassVar[str] = "the meeting takes cases in the order of referral"
    evidence: ClassVar[tuple[str, ...]] = ()

    def priority(self, risk: float) -> float:
        """Return the priority (see ``Selection``)."""
        return 0.0


# What may be chosen for each kind of decision; the first is the default.
RULES: Mapping[str, tuple[type[Named], ...]] = {
    "practice_triage": (HeldBackLearning, FixedShare, FirstCome),
    "hospital_escalation": (OpenWhenQueueing, NeverEscalate),
    "hospital_discharge": (QuickerWhenFull, SteadyDischarge),
    "link_worker_closing": (AtEndOfPlan, SoonerWhenQueueing),
    "mdt_selection": (HighestRiskFirst, ReferralOrder),
}
