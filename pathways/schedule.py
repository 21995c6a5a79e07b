"""Capacity that changes on stated days of an experiment, the same in every design.

An entry of an experiment's ``[[schedule]]`` gives a service a multiple of the place's own
capacity from a day of the run on, until the service's next entry. In a run's settings it is
``schedule.DAY.SERVICE``, so that the record says it and the same settings give the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pathways.light import SERVICES as LIGHT

PREFIX = "schedule."
# Services whose capacity can follow a schedule within a run.
SCHEDULED = (
    "gp",
    "ed",
    "beds",
    "sdec",
    "outpatients",
    "elective",
    "mdt",
    "care_coordination",
    "vcse",
    *LIGHT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``factor`` times a place's own capacity of a service, from day ``from_day`` on."""

    service: str
    from_day: int
    factor: float

    @property
    def setting(self) -> str:
        """What the entry is called among the settings of a run."""
        return f"{PREFIX}{self.from_day}.{self.service}"


def as_settings(entries: Iterable[Entry]) -> dict[str, float]:
    """Return the settings of a run that stand for ``entries``."""
    return {entry.setting: entry.factor for entry in entries}


def changes_by_day(settings: Mapping[str, float]) -> dict[int, dict[str, float]]:
    """Return what changes on which day of a run with these ``settings``."""
    days: dict[int, dict[str, float]] = {}
    for name, factor in settings.items():
        if name.startswith(PREFIX):
            day, service = name.removeprefix(PREFIX).split(".")
            days.setdefault(int(day), {})[f"{service}.capacity_factor"] = factor
    return dict(sorted(days.items()))
