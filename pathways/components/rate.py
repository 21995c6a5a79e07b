"""Care that reaches a share of a group and changes how often its members need something.

The direct change of a rate is the last resort, where no mechanism is known: it is marked so
in the design (``direct``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pathways.components.base import Component
from pathways.effects import DEMAND, LASTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Component):
    """Care for a group whose effect is known only as a change of its use of services."""

    kind: ClassVar[str] = "rate"
    about: ClassVar[str] = "care for a share of a group that changes how often they need services"
    targets: ClassVar[tuple[str, ...]] = (*DEMAND, *LASTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareHomeRound(Rate):
    """Regular rounds of one practice, pharmacist and nurse in care homes."""

    kind: ClassVar[str] = "care_home_round"
    about: ClassVar[str] = "regular rounds in care homes by one team"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfLife(Rate):
    """A shared plan and home nursing near the end of life; ``died_at_home`` is a ratio."""

    kind: ClassVar[str] = "end_of_life"
    about: ClassVar[str] = "planning and home nursing near the end of life: place of death"
    targets: ClassVar[tuple[str, ...]] = (*DEMAND, *LASTING, "died_at_home")
