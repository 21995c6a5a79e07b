"""Days on a caseload or in a place against the hours of staff that there were for them.

People who are kept when places close stay, so in a period nobody has hours for more people at
once than the most places that were open in it, or than were kept when it began.
"""

from __future__ import annotations

SLACK = 1e-6  # days, for rounding


class PlaceDays:
    """The days used of the service ``name``, which has so many ``places`` ``now`` (a day)."""

    def __init__(self, name: str, places: int, now: float) -> None:
        self._name = name
        self._most = places
        self._from = now
        self._over: list[str] = []

    def opened(self, places: int) -> None:
        """Take up that from now on there are so many ``places``."""
        self._most = max(self._most, places)

    def passed(self, now: float, used: float, in_use: int, places: int) -> None:
        """Let a period end ``now`` in which ``used`` days of places were used.

        ``in_use`` are taken at its end, when there are ``places``.
        """
        days, self._from = now - self._from, now
        self._most = max(self._most, places)
        if used > self._most * days + SLACK or in_use > self._most:
            self._over.append(f"{used:g} days with {self._most} places in {days:g} days")
        self._most = max(places, in_use)

    def check(self) -> None:
        """Raise ``RuntimeError`` if in any period more was used than staff had hours for."""
        if self._over:
            raise RuntimeError(
                f"more hours used than held: {self._name} gave {'; '.join(self._over)}"
            )
