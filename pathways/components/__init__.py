"""The kinds of component that a design can be made of, each one small class."""

from __future__ import annotations

from pathways.components.base import Component
from pathways.components.finding import Detection, Groups
from pathways.components.rate import CareHomeRound, EndOfLife, Rate
from pathways.components.shift import Shift
from pathways.components.steps import Maturity, MoreCapacity, Offer, ProactivePathway
from pathways.components.ward import Discharge, SameDay, StepDown, VirtualWard

KINDS: dict[str, type[Component]] = {
    one.kind: one
    for one in (
        ProactivePathway,
        Offer,
        Rate,
        Shift,
        MoreCapacity,
        VirtualWard,
        StepDown,
        SameDay,
        Discharge,
        CareHomeRound,
        Detection,
        EndOfLife,
        Groups,
        Maturity,
    )
}

__all__ = [
    "KINDS",
    "CareHomeRound",
    "Component",
    "Detection",
    "Discharge",
    "EndOfLife",
    "Groups",
    "Maturity",
    "MoreCapacity",
    "Offer",
    "ProactivePathway",
    "Rate",
    "SameDay",
    "Shift",
    "StepDown",
    "VirtualWard",
]
