"""Requests to practices, as one row each, and what today makes of them: compiled loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]
Small = npt.NDArray[np.int8]

# One request to a practice. ``at`` is the working day (index) of the appointment, ``event`` that
# of the appointment or of leaving the queue, if sooner; ``pool`` says whose slot it takes;
# ``kind`` and ``mode`` are indices into the practice's kinds of request and modes, ``asked`` the
# day of the request.
REQUEST = np.dtype(
    [
        ("row", np.int64),
        ("key", np.uint64),
        ("pool", np.int64),
        ("kind", np.int8),
        ("mode", np.int8),
        ("asked", np.int32),
        ("at", np.int32),
        ("event", np.int32),
    ]
)
Requests = npt.NDArray[np.void]
_BYTES = np.dtype((np.void, REQUEST.itemsize))
# What becomes of somebody with an appointment, or a day to leave the queue.
SEEN, MISSED, LEFT, GONE = range(4)
_HALF, _LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)

# Who is alive, and the days of entry and exit of everyone.
Presence = tuple[Bools, Floats, Floats]


def joined(parts: Sequence[Requests]) -> Requests:
    """Return the requests of all ``parts`` one after the other (as bytes, which is quick)."""
    if not parts:
        return np.empty(0, REQUEST)
    return np.concatenate([part.view(_BYTES) for part in parts]).view(REQUEST)


def chosen(requests: Requests, which: npt.NDArray[np.generic]) -> Requests:
    """Return the requests that a mask or an index chooses (as bytes, which is quick)."""
    some: Requests = requests.view(_BYTES)[which].view(REQUEST)
    return some


@compiled
def in_order(place: Integers, places: int) -> Integers:
    """Return the stable order of ``place``, numbers from 0 to below ``places``."""
    first, order = np.zeros(places + 1, np.int64), np.empty(len(place), np.int64)
    for i in range(len(place)):
        first[place[i] + 1] += 1
    for k in range(places):
        first[k + 1] += first[k]
    for i in range(len(place)):
        order[first[place[i]]] = i
        first[place[i]] += 1
    return order


@compiled
def read(
    new: Requests,
    rows: Integers,
    keys: Words,
    words: Words,
    day: int,
    presence: Presence,
    shares: tuple[Floats, Floats, int],
    pools: tuple[Integers, npt.NDArray[np.int32]],
) -> int:
    """Write the requests of people who are here into ``new``; return how many.

    ``words`` decide what each wants: the lower half the kind, the upper one role and mode.
    ``shares`` are where each role and mode ends, where each kind ends within its role (plus the
    role's number), and how many modes there are; ``pools`` the pool of each practice's role and
    everyone's practice. In the warm-up people are here as on day 0.
    """
    alive, entry, exit_ = presence
    cell_ends, kind_ends, modes = shares
    pool_of, practice = pools
    now, count = max(day, 0), 0
    for i in range(len(rows)):
        row = rows[i]
        if not (alive[row] and entry[row] <= now and now < exit_[row]):
            continue
        wanted = (float(words[i] & _LOW_HALF) + 0.5) * 2.0**-32
        whom = (float(words[i] >> _HALF) + 0.5) * 2.0**-32
        cell = 0
        while cell < len(cell_ends) and cell_ends[cell] < whom:
            cell += 1
        role, kind = cell // modes, 0
        while kind < kind_ends.shape[1] and kind_ends[role, kind] < role + wanted:
            kind += 1
        one = new[count]
        one["row"], one["key"], one["asked"] = row, keys[i], day
        one["pool"], one["kind"], one["mode"] = pool_of[practice[row], role], kind, cell % modes
        count += 1
    return count


@compiled
def happens(
    events: Requests,
    now: int,
    day: int,
    presence: Presence,
    has: Bools,
    imd_quintile: Small,
    chances: tuple[Floats, Floats, Floats],
    draws: Floats,
    booked: Integers,
) -> Small:
    """Return what becomes of each of today's ``events``, and give unused slots back.

    Somebody whose appointment is on a later day (than the working day ``now``) leaves the
    queue; the others come or, if their number of ``draws`` is below their chance, miss it.
    ``chances`` are by fifth and group of conditions (none, up to three, more), everyone's
    factor, and by mode; ``booked`` is (pools, days) slots taken.
    """
    alive, entry, exit_ = presence
    by_group, factor, by_mode = chances
    found = np.empty(len(events), np.int8)
    today = max(day, 0)
    for i in range(len(events)):
        one = events[i]
        row = one["row"]
        here = alive[row] and entry[row] <= today and today < exit_[row]
        if one["at"] > now:
            booked[one["pool"], one["at"]] -= 1
            found[i] = LEFT if here else GONE
        elif not here:
            booked[one["pool"], one["at"]] -= 1
            found[i] = GONE
        else:
            conditions = 0
            for flag in has[row]:
                conditions += flag
            group = int(conditions > 0) + int(conditions > 3)
            chance = by_group[imd_quintile[row] - 1, group] * factor[row] * by_mode[one["mode"]]
            found[i] = MISSED if draws[i] < chance else SEEN
    return found
