"""Contacts of people with services: asked for, booked, seen and sent on, as one row each."""

from __future__ import annotations

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
NOBODY: Contacts = np.empty(0, CONTACT)


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
def by_service_and_time(contacts: Contacts, day: int, services: int) -> tuple[Contacts, Integers]:
    """Return a day's contacts in order of service and then of time, and where each begins.

    Contacts at the same time keep their order. Nearly all come in order already, so each is put
    in its place among those of its service before it.
    """
    edges, ends = np.zeros(services + 1, np.int64), np.zeros(services, np.int64)
    for i in range(len(contacts)):
        edges[contacts[i]["service"] + 1] += 1
    for service in range(services):
        edges[service + 1] += edges[service]
        ends[service] = edges[service]
    ordered, order = np.empty_like(contacts), np.empty(len(contacts))
    for i in range(len(contacts)):
        service = contacts[i]["service"]
        place, time = ends[service], service * 4 + (contacts[i]["asked"] - day)
        while place > edges[service] and order[place - 1] > time:
            ordered[place], order[place] = ordered[place - 1], order[place - 1]
            place -= 1
        ordered[place], order[place] = contacts[i], time
        ends[service] += 1
    return ordered, edges


def with_more(came: Arrivals, more: Contacts, to: int, day: int) -> Arrivals:
    """Return a day's arrivals with those of ``more`` who go ``to`` them, in order of time."""
    return Arrivals(*_merged(came.rows, came.times, came.keys, more, to, day))


@compiled
def _in_order_of_time(contacts: Contacts, to: int, day: int) -> tuple[Integers, Floats]:
    """Return which contacts, few, go ``to`` a service on a day, and when in it, in that order."""
    which, times = np.empty(len(contacts), np.int64), np.empty(len(contacts))
    count = 0
    for i in range(len(contacts)):
        if contacts[i]["service"] != to:
            continue
        time, place = min(max(contacts[i]["asked"] - day, 0.0), 1.0 - 1e-9), count
        while place > 0 and times[place - 1] > time:
            which[place], times[place] = which[place - 1], times[place - 1]
            place -= 1
        which[place], times[place] = i, time
        count += 1
    return which[:count], times[:count]


@compiled
def _merged(
    rows: Integers, times: Floats, keys: Words, more: Contacts, to: int, day: int
) -> tuple[Integers, Floats, Words]:
    """Return rows, times and keys with those of ``more`` who go ``to`` them in their place."""
    which, when = _in_order_of_time(more, to, day)
    size = len(rows) + len(which)
    all_rows, all_keys = np.empty(size, np.int64), np.empty(size, np.uint64)
    all_times = np.empty(size)
    old, new = 0, 0
    for i in range(size):
        if new == len(which) or (old < len(rows) and times[old] <= when[new]):
            all_rows[i], all_times[i], all_keys[i] = rows[old], times[old], keys[old]
            old += 1
        else:
            one = more[which[new]]
            all_rows[i], all_times[i], all_keys[i] = one["row"], when[new], one["key"]
            new += 1
    return all_rows, all_times, all_keys
