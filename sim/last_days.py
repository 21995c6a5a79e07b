"""Where people die: care at home near the end of life raises the chance that it is at home.

Nobody's death is foreseen in the model, so the caseload of end-of-life care (a light service)
is not followed to the death itself. A stated share of deaths is known of in time, and as many
of those have had care as the service meets of what it is asked for: all where places are
free, nobody where it is shut. The chance of the rest is such that today's service leaves the
published share of deaths at home where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from pathways.light_places import Places

Floats = npt.NDArray[np.float64]
Persons = npt.NDArray[np.integer[Any]]
TABLE = "care_settings"


@dataclass(frozen=True, slots=True)
class LastDays:
    """The chance to die at home, of those who do not die in an emergency bed.

    ``known`` is the share of deaths that services see coming; ``without`` and ``cared_for``
    are the chances without and with end-of-life care at home.
    """

    luck: Luck
    known: float
    without: float
    cared_for: float

    @classmethod
    def of(cls, evidence: Evidence, luck: Luck) -> LastDays:
        """Read the chances; today's service meets the usual share of what it is asked for."""

        def number(key: str) -> float:
            return evidence.value(TABLE, key=f"death.{key}")

        known, ratio = number("known_share"), number("at_home_odds_ratio")
        without = chance_without(number("at_home_share"), known * number("care_met"), ratio)
        return cls(luck, known, without, with_odds(without, ratio))

    def at_home(self, people: Persons, service: Places) -> Floats:
        """Return the chance of each of ``people`` (ids) who dies while ``service`` is as it is."""
        cared = self.luck.uniforms("death.known", people) < self.known * met(service)
        chances: Floats = np.where(cared, self.cared_for, self.without)
        return chances


def met(service: Places) -> float:
    """Return the share of those who asked for a place and did not die first that got one."""
    if service.places == 0:
        return 0.0
    decided = service.served + service.gave_up
    return service.served / decided if decided else 1.0


def with_odds(chance: float, ratio: float) -> float:
    """Return the chance whose odds are ``ratio`` times those of ``chance``."""
    odds = ratio * chance / (1.0 - chance)
    return odds / (1.0 + odds)


def chance_without(mean: float, covered: float, ratio: float) -> float:
    """Return the chance without care at which a ``covered`` share with it makes the ``mean``.

    The root, between 0 and 1, of (1 - c) p + c r p / (1 - p + r p) = mean.
    """
    if ratio == 1.0:
        return mean
    # (r - 1)(1 - c) p² + (1 - c + c r - mean (r - 1)) p - mean = 0
    a = (ratio - 1.0) * (1.0 - covered)
    b = 1.0 - covered + covered * ratio - mean * (ratio - 1.0)
    if a == 0.0:
        return mean / b
    root = (b * b + 4.0 * a * mean) ** 0.5
    return float((root - b) / (2.0 * a))
