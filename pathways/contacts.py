"""Contacts of people with services: asked for, booked, seen and sent on, as one row each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.asked import Arrivals

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

# One contact: ``service`` (index into ``ENDS`` of the referral network), ``row`` of the person (a
# visitor's is -1), ``key`` (luck's own word for it), when it is ``asked`` for and the slot it is
# ``at`` (infinite: none). Times are days.
CONTACT = np.dtype(
    [
        ("service", np.int64),
        ("row", np.int64),
        ("key", np.uint64),
        ("asked", np.float64),
        ("at", np.float64),
    ]
)
Contacts = npt.NDArray[np.void]
_BYTES = np.dtype((np.void, CONTACT.itemsize))
NOBODY: Contacts = np.empty(0, CONTACT)


def chosen(contacts: Contacts, which: npt.NDArray[np.generic]) -> Contacts:
    """Return the contacts that a mask or an index chooses (as bytes, which is quick)."""
    some: Contacts = contacts.view(_BYTES)[which].view(CONTACT)
    return some


def joined(parts: Sequence[Contacts]) -> Contacts:
    """Return the contacts of all ``parts`` one after the other (as bytes, which is quick)."""
    if len(parts) < 2:
        return parts[0] if parts else NOBODY
    return np.concatenate([part.view(_BYTES) for part in parts]).view(CONTACT)


@compiled
def contacts_of(service: Integers, rows: Integers, keys: Words, asked: Floats) -> Contacts:
    """Return the contacts that people ask for, each with a service and at a time."""
    contacts = np.empty(len(rows), CONTACT)
    for i in range(len(rows)):
        one = contacts[i]
        one["service"], one["row"], one["key"] = service[i], rows[i], keys[i]
        one["asked"], one["at"] = asked[i], np.inf
    return contacts


@compiled
def contacts_with(service: int, rows: Integers, keys: Words) -> Contacts:
    """Return contacts with one service whose time does not matter, or is not yet known."""
    contacts = np.empty(len(rows), CONTACT)
    for i in range(len(rows)):
        one = contacts[i]
        one["service"], one["row"], one["key"] = service, rows[i], keys[i]
        one["asked"], one["at"] = 0.0, np.inf
    return contacts


@compiled
def contacts_to(services: Integers, which: Integers, rows: Integers, keys: Words) -> Contacts:
    """Return the contacts of people each of whom goes to one of ``services``, or none (-1)."""
    contacts, count = np.empty(len(rows), CONTACT), 0
    for i in range(len(rows)):
        if services[which[i]] >= 0:
            one = contacts[count]
            one["service"], one["row"], one["key"] = services[which[i]], rows[i], keys[i]
            one["asked"], one["at"] = 0.0, np.inf
            count += 1
    return contacts[:count]


@compiled
def parted(
    contacts: Contacts, day: float, alive: Bools, exit_day: Floats
) -> tuple[Contacts, Contacts]:
    """Part residents into those still here on ``day`` and those who are gone; drop visitors.

    In the warm-up people are here as on day 0.
    """
    here, gone = np.empty_like(contacts), np.empty_like(contacts)
    stay, left, today = 0, 0, max(day, 0.0)
    for i in range(len(contacts)):
        row = contacts[i]["row"]
        if row < 0:
            continue
        if alive[row] and today < exit_day[row]:
            here[stay] = contacts[i]
            stay += 1
        else:
            gone[left] = contacts[i]
            left += 1
    return here[:stay], gone[:left]


@compiled
def tally(counts: npt.NDArray[np.generic], numbers: Integers) -> None:
    """Add 1 to the count of each mention of a number, which is a place in ``counts``."""
    for number in numbers:
        counts[number] += 1


@compiled
def _places_in_day(contacts: Contacts, day: int) -> Floats:
    places = np.empty(len(contacts))
    for i in range(len(contacts)):
        places[i] = contacts[i]["service"] * 4 + (contacts[i]["asked"] - day)
    return places


def by_service_and_time(contacts: Contacts, day: int) -> Contacts:
    """Return the contacts of a day in order of service and then of time."""
    return chosen(contacts, _places_in_day(contacts, day).argsort(kind="stable"))


def with_more(came: Arrivals, more: Contacts, day: int) -> Arrivals:
    """Return a day's arrivals with ``more`` among them, in order of time."""
    return Arrivals(*_merged(came.rows, came.times, came.keys, more, day))


@compiled
def _merged(
    rows: Integers, times: Floats, keys: Words, more: Contacts, day: int
) -> tuple[Integers, Floats, Words]:
    """Return rows, times and keys in order of time with those of ``more``, who are few.

    Of those who come at the same time, who stood first stays first.
    """
    size = len(rows) + len(more)
    all_rows, all_keys = np.empty(size, np.int64), np.empty(size, np.uint64)
    all_times = np.empty(size)
    all_rows[: len(rows)], all_times[: len(rows)], all_keys[: len(rows)] = rows, times, keys
    for i in range(len(more)):
        time = min(max(more[i]["asked"] - day, 0.0), 1.0 - 1e-9)
        place = len(rows) + i
        while place > 0 and all_times[place - 1] > time:
            all_rows[place], all_times[place] = all_rows[place - 1], all_times[place - 1]
            all_keys[place] = all_keys[place - 1]
            place -= 1
        all_rows[place], all_times[place], all_keys[place] = more[i]["row"], time, more[i]["key"]
    return all_rows, all_times, all_keys
