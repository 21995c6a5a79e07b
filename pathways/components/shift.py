"""A share of what people ask of one service is seen to by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pathways.asked import Arrivals
from pathways.components.base import (
    Component,
    Reached,
    Scene,
    offered,
    succeeds,
    without,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift(Component):
    """``share`` of the events of ``process`` have a contact ``to`` another service.

    ``replaces`` (an effect) is the share of those contacts after which the first service is
    no longer needed; where it is nought the contact comes on top.

    Parameters
    ----------
    process : a process of ``pathways.processes``
    to : what is counted for the other service, an activity
    share : share of the group's events that are offered the contact
    slots : ordinary practice appointments that a contact uses
    """

    kind: ClassVar[str] = "shift"
    by_event: ClassVar[bool] = True
    about: ClassVar[str] = "a share of what is asked of one service goes to another"
    targets: ClassVar[tuple[str, ...]] = ("replaces",)

    process: str
    to: str
    share: float
    slots: int = 0

    def divert(
        self, scene: Scene, day: int, arrivals: dict[str, Arrivals], reached: Reached
    ) -> dict[str, Arrivals]:
        """Count the contacts and take away what they replace."""
        events = arrivals[self.process]
        seen = offered(scene, self, self.share, events.rows, events.keys, reached)
        if not seen.any():
            return arrivals
        rows = events.rows[seen]
        scene.ledger.count(self.to, rows)
        for _ in range(self.slots):
            scene.use_slots(rows)
        replaced = seen & succeeds(scene, self, events.keys, reached.sizes.get("replaces", 0.0))
        return without(arrivals, self.process, replaced)
