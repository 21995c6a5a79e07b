"""Waiting in a bed for a place outside: what full services do to delays of discharge.

A delayed stay has its planned delay, which is today's: 20 per cent of overnight stays, 5
days. Of delayed people a stated share waits for each service. Where its queue is longer than
the planned delay, they stay until their turn would come, up to a longest delay. At today's
capacity that is rare, so the published delays stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agents.luck import Luck

PREFIX = "delay.waits_for."


class Places(Protocol):
    """A service with places, as ``pathways.light_places.Places``."""

    places: int

    @property
    def in_use(self) -> int:
        """Places that are taken now."""

    @property
    def waiting(self) -> int:
        """People who wait now."""


@dataclass(frozen=True, slots=True)
class WaitForPlace:
    """What a delayed person waits for, and how long the wait would be now.

    Parameters
    ----------
    services : by name, in the order in which the shares of ``settings`` are laid end to end
    stay : mean days for which a place is kept, by service
    settings : of the hospital; ``delay.waits_for.*`` and ``delay.longest_for_place``
    """

    luck: Luck
    services: Mapping[str, Places]
    stay: Mapping[str, float]
    settings: Mapping[str, float]

    def beyond(self, key: int, delay: float) -> float:
        """Return the days beyond the planned ``delay`` that the person of a visit stays."""
        service = self.service_of(key)
        if service is None:
            return 0.0
        turn = turn_of(self.services[service], self.stay[service])
        return max(min(turn, self.settings["delay.longest_for_place"]) - delay, 0.0)

    def service_of(self, key: int) -> str | None:
        """Return the service that the person of a visit waits for, if any."""
        drawn = self.luck.uniform_of(key, "hospital.waits_for")
        for name in self.services:
            drawn -= self.settings[PREFIX + name]
            if drawn < 0.0:
                return name
        return None


def turn_of(service: Places, stay: float) -> float:
    """Return the days until somebody who comes now is expected to have a place."""
    if service.in_use < service.places:
        return 0.0
    return (service.waiting + 1) * stay / service.places if service.places else float("inf")
