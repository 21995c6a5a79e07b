"""A proactive pathway, what it offers, capacity over time, and how far a place has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from agents.evidence import Evidence
from pathways.components.base import Component
from pathways.design import Reach, Support
from pathways.effects import DEMAND, LASTING

QUARTER = 365.0 / 4.0
LEVELS = (1, 2, 3, 4)
ENABLERS = ("red", "amber", "green")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProactivePathway(Component):
    """Find, invite, assess, support, review (see ``pathways.journey``).

    ``caseload_per_10000`` are places of the pathway's own; where it is nought, people compete
    for the coordinators that all pathways share.
    """

    kind: ClassVar[str] = "pathway"
    about: ClassVar[str] = "find, invite, assess and plan, support, discuss, review"
    targets: ClassVar[tuple[str, ...]] = (*DEMAND, *LASTING)

    reach: Reach
    support: Support
    caseload_per_10000: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Component):
    """One part of a pathway, with effects in those who receive it; it can be removed alone.

    Who waits for a meeting or a link worker is not yet helped by them: a full service gives
    waits, not benefit.

    Parameters
    ----------
    of : name of the pathway
    part : ``plan`` (everyone assessed), ``mdt``, ``link_worker`` or ``group``
    share : share of those assessed who take it up
    """

    kind: ClassVar[str] = "offer"
    about: ClassVar[str] = "one part of a pathway, with effects in those who take it up"
    targets: ClassVar[tuple[str, ...]] = (*DEMAND, *LASTING)

    of: str
    part: str
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreCapacity(Component):
    """Settings of services from ``starts_day`` on, such as a hub's appointments or beds."""

    kind: ClassVar[str] = "capacity"
    about: ClassVar[str] = "settings of services from a day on: hubs, link workers, meetings, beds"
    targets: ClassVar[tuple[str, ...]] = ()

    set: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity(Component):
    """How far each locality has come, quarter by quarter: it scales the reach of the others.

    Parameters
    ----------
    levels : level 1 to 4 in each quarter; the last one stays (0: not begun)
    by_place : the same for places or localities of their own
    enablers : red, amber or green for each enabler; their mean scales the reach as well
    scale, enabler_scale : share of full reach at levels 1 to 4 and for each colour
    """

    kind: ClassVar[str] = "maturity"
    about: ClassVar[str] = "levels 1 to 4 by quarter and locality, and enablers, scale the reach"
    targets: ClassVar[tuple[str, ...]] = ()

    levels: tuple[int, ...] = (4,)
    by_place: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    enablers: Mapping[str, str] = field(default_factory=dict)

    def share(self, day: float, place: str, evidence: Evidence) -> float:
        """Return the share of full reach in ``place`` on ``day``."""
        levels = self.by_place.get(place, self.levels)
        level = levels[min(int(max(day, 0.0) / QUARTER), len(levels) - 1)]
        if not level:
            return 0.0
        scale = _setting(evidence, f"maturity.level_{level}")
        if not self.enablers:
            return scale
        colours = [_setting(evidence, f"enabler.{one}") for one in self.enablers.values()]
        return scale * sum(colours) / len(colours)


def _setting(evidence: Evidence, key: str) -> float:
    return evidence.value("design_settings", key=key)
