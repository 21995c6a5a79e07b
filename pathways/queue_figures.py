"""What a queue saw: its figures over a span of time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """What a resource saw over a span of time. Times are in the environment's unit.

    ``arrived`` asked for a place, ``served`` were given one and ``gave_up`` left the queue
    without; ``waited`` is the time that those who left the queue had spent in it. The three
    integrals over the span: ``place_time`` of capacity, ``occupied_time`` of places in use
    and ``queue_time`` of the queue's length.
    """

    span: float
    arrived: int
    served: int
    gave_up: int
    waited: float
    place_time: float
    occupied_time: float
    queue_time: float

    def since(self, earlier: QueueFigures) -> QueueFigures:
        """Return the figures of the time after ``earlier``."""
        return QueueFigures(
            **{name: getattr(self, name) - getattr(earlier, name) for name in self.__slots__}
        )
