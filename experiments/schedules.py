"""The ``[[schedule]]`` of an experiment: capacity that changes on stated days, in every design."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agents.faults import Fault, nearest
from experiments.checking import quoted
from pathways.calendar import YEAR
from pathways.schedule import SCHEDULED, Entry

KEY = "schedule"


class ScheduleEntry(BaseModel):
    """One ``[[schedule]]`` of an experiment file."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    service: str = Field(
        min_length=1,
        description="a service whose capacity can follow a schedule",
        examples=['"beds"'],
    )
    from_day: int = Field(
        ge=0, description="a whole number of days since the start, 0 or more", examples=["180"]
    )
    factor: float = Field(
        ge=0.0,
        le=100.0,
        description="a multiple of the place's own capacity, 0 to 100",
        examples=["0.9"],
    )


def entries_of(forms: Iterable[ScheduleEntry]) -> tuple[Entry, ...]:
    """Return the entries of a checked file."""
    return tuple(Entry(**form.model_dump()) for form in forms)


def schedule_table(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return what a file with these entries says."""
    return [
        {"service": one.service, "from_day": one.from_day, "factor": one.factor} for one in entries
    ]


def schedule_faults(data: Mapping[str, Any], set_services: Iterable[str]) -> Iterator[Fault]:
    """Yield what is wrong with a ``[[schedule]]`` beyond the form of its entries.

    ``set_services`` are the services whose capacity factor a design's ``set`` says already.
    """
    found = data.get(KEY)
    entries = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    taken, years = set(set_services), data.get("years", 10)
    days = YEAR * years if type(years) is int else None
    seen: set[tuple[Any, Any]] = set()
    for number, entry in enumerate(entries, 1):
        service, day = entry.get("service"), entry.get("from_day")
        if isinstance(service, str) and service not in SCHEDULED:
            yield _unknown(number, service)
        elif service in taken:
            allowed = "a service whose capacity_factor no design of the file sets"
            yield _fault(number, "service", quoted(service), allowed, "keep one of the two")
        if type(day) is int and days is not None and day >= days:
            last = f"a day before the end, 0 to {days - 1}"
            yield _fault(number, "from_day", str(day), last, "choose an earlier day")
        pair = (str(service), str(day))
        if pair in seen:
            yield _fault(
                number, "from_day", f"{pair[0]} twice from day {pair[1]}", "once", "keep one"
            )
        seen.add(pair)


def _unknown(number: int, service: str) -> Fault:
    alike = nearest(service, SCHEDULED)
    remedy = f"did you mean {alike}?" if alike else "choose one of these"
    return _fault(number, "service", quoted(service), ", ".join(SCHEDULED), remedy)


def _fault(number: int, key: str, found: str, allowed: str, remedy: str) -> Fault:
    name = f"{KEY} {number}: {key}"
    return Fault(where="", key=name, found=found, allowed=allowed, remedy=remedy)
