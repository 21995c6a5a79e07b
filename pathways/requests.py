"""Requests to practices, as one row each, and what today makes of them: compiled loops."""

from __future__ import annotations

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

# What becomes of a request on a day, so numbered that those not met stand together: turned away
# today, no slot on or after the day wanted, an offer declined, and the queue left. Before their
# day is over, those who found their role full count as turned away.
SEEN, MISSED, GONE, TURNED_AWAY, UNPLANNED, DECLINED, LEFT, BOOKED = range(8)
OUTCOMES = 8
_HALF, _LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)

# Who is alive, and the days of entry and exit of everyone.
Presence = tuple[Bools, Floats, Floats]


@compiled
def in_order(place: Integers, places: int) -> tuple[Integers, Integers]:
    """Return the stable order of ``place``, numbers from 0 to below ``places``.

    And (places + 1,) where the members of each place begin, which is where those of the one
    before end.
    """
    edges, order = np.zeros(places + 1, np.int64), np.empty(len(place), np.int64)
    for i in range(len(place)):
        edges[place[i] + 1] += 1
    for k in range(places):
        edges[k + 1] += edges[k]
    following = edges.copy()
    for i in range(len(place)):
        order[following[place[i]]] = i
        following[place[i]] += 1
    return order, edges


@compiled
def _low(word: np.uint64) -> float:
    """Return the number from 0 to 1 of the lower half of a word (see ``agents.luck.halves``)."""
    return (float(word & _LOW_HALF) + 0.5) * 2.0**-32


@compiled
def _high(word: np.uint64) -> float:
    return (float(word >> _HALF) + 0.5) * 2.0**-32


@compiled
def plans(words: Words) -> Floats:
    """Return (4, k) numbers from 0 to 1 of k requests: its wish, hour, patience and staying.

    ``words`` is (k, 2). A planned request has a lead in place of a wish.
    """
    found = np.empty((4, len(words)))
    for i in range(len(words)):
        found[0, i], found[1, i] = _low(words[i, 0]), _high(words[i, 0])
        found[2, i], found[3, i] = _low(words[i, 1]), _high(words[i, 1])
    return found


@compiled
def read(
    rows: Integers,
    keys: Words,
    words: Words,
    day: int,
    presence: Presence,
    shares: tuple[Floats, Floats, int],
    pools: tuple[Integers, npt.NDArray[np.int32], int],
    new: Requests,
) -> Integers:
    """Write the requests of people who are here into ``new``, by kind and then by pool.

    Returns where each kind begins, and where the last ends. ``words`` decide what each wants:
    the lower half the kind, the upper one role and mode. ``shares`` are where each role and
    mode ends, where each kind ends within its role (plus the role's number), and how many modes
    there are; ``pools`` the pool of each practice's role, everyone's practice, and how many
    pools there are. In the warm-up people are here as on day 0.
    """
    alive, entry, exit_ = presence
    cell_ends, kind_ends, modes = shares
    pool_of, practice, n_pools = pools
    kinds = kind_ends.shape[1] + 1
    now, count = max(day, 0), 0
    here, mode = np.empty(len(rows), np.int64), np.empty(len(rows), np.int8)
    place = np.empty(len(rows), np.int64)
    for i in range(len(rows)):
        row = rows[i]
        if not (alive[row] and entry[row] <= now and now < exit_[row]):
            continue
        wanted, whom = _low(words[i]), _high(words[i])
        cell = 0
        while cell < len(cell_ends) and cell_ends[cell] < whom:
            cell += 1
        role, kind = cell // modes, 0
        while kind < kinds - 1 and kind_ends[role, kind] < role + wanted:
            kind += 1
        here[count], mode[count] = i, cell % modes
        place[count] = kind * n_pools + pool_of[practice[row], role]
        count += 1
    order, edges = in_order(place[:count], kinds * n_pools)
    for k in range(count):
        one, i = new[k], here[order[k]]
        one["row"], one["key"], one["asked"], one["mode"] = rows[i], keys[i], day, mode[order[k]]
        one["kind"], one["pool"] = place[order[k]] // n_pools, place[order[k]] % n_pools
    return edges[::n_pools].copy()


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


@compiled
def by_outcome(requests: Requests, became: Small) -> tuple[Requests, Integers]:
    """Return ``requests`` in order of what became of them, and where each outcome begins."""
    order, edges = in_order(became.astype(np.int64), OUTCOMES)
    sorted_ = np.empty_like(requests)
    for k in range(len(order)):
        sorted_[k] = requests[order[k]]
    return sorted_, edges


@compiled
def columns(requests: Requests) -> tuple[Integers, Words]:
    """Return the rows and keys of ``requests``."""
    rows, keys = np.empty(len(requests), np.int64), np.empty(len(requests), np.uint64)
    for i in range(len(requests)):
        rows[i], keys[i] = requests[i]["row"], requests[i]["key"]
    return rows, keys
