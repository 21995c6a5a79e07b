"""Slots of practices given out: to each request in turn, the first that is free.

Plain rules, person by person, compiled. Where a function gives slots it writes what becomes of
each request into ``became`` and the slot taken into ``booked`` (pools, working days); ``left``
and ``free`` are slots that nobody has.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.requests import BOOKED, DECLINED, SEEN, TURNED_AWAY, UNPLANNED, Requests, Small

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TURNS = 3  # of routine requests: to be seen today and early, today and late, on a later day
_EARLY, _LATE, _LATER = range(TURNS)


@compiled
def _given(free: Integers, practice: Integers, target: Integers, longest: Floats) -> Integers:
    days, ahead = free.shape[1], np.empty(len(practice), np.int64)
    day = taken = 0
    for i in range(len(practice)):
        if i == 0 or practice[i] != practice[i - 1]:
            day = taken = 0
        if target[i] > day:
            day, taken = target[i], 0
        while day < days and taken >= free[practice[i], day]:
            day, taken = day + 1, 0
        accepts = day < days and (day == 0 or day <= longest[i])
        ahead[i] = day if accepts else days
        taken += accepts
    return ahead


@compiled
def first_free_of_any(free: Integers, practice: Integers, roles: int) -> tuple[Integers, Integers]:
    """Give requests, in order of practice, the first free slots of any role of their practice.

    Parameters
    ----------
    free : (pools, days) free slots; the ``roles`` of a practice are pools side by side
    practice : (k,) in ascending order

    Returns
    -------
    (k,) the day (column) each gets, or ``days`` where none is left; and (k,) the pool
    """
    left, days = free.copy(), free.shape[1]
    ahead, pool = np.empty((2, len(practice)), np.int64)
    day = role = 0
    for i in range(len(practice)):
        if i == 0 or practice[i] != practice[i - 1]:
            day = role = 0
        while day < days and left[practice[i] * roles + role, day] == 0:
            role += 1
            if role == roles:
                day, role = day + 1, 0
        ahead[i], pool[i] = day, practice[i] * roles + role
        if day < days:
            left[pool[i], day] -= 1
    return ahead, pool


@compiled
def first_free_from(free: Integers, practice: Integers, target: Integers) -> Integers:
    """Give requests the first free slot on or after their ``target`` day, first come by target.

    ``practice`` and ``target`` (k,) must be in ascending order of practice, then target.
    Returns (k,) the day (column) each gets, or ``days`` where none is left.
    """
    return _given(free, practice, target, np.full(len(practice), np.inf))


@compiled
def offers(free: Integers, practice: Integers, longest: Floats) -> Integers:
    """Offer first free slots in turn; who would wait longer than ``longest`` takes none.

    ``practice`` is ascending. A slot declined is offered to the next. Returns the day
    (column) of each, or the number of days where they gave up or nothing was free. Nobody
    declines the first day.
    """
    return _given(free, practice, np.zeros(len(practice), np.int64), longest)


@compiled
def count_slots(booked: Integers, pool: Integers, at: Integers, slots: int) -> None:
    """Add ``slots`` (1 to take, -1 to give back) to ``booked`` (pools, days) for each."""
    for i in range(len(pool)):
        booked[pool[i], at[i]] += slots


@compiled
def open_slots(slots: Integers, held: Floats, odd: Floats) -> Integers:
    """Return (pools, days) slots that are not held back for people who ask on their day.

    ``held`` is the share held back by the first pools, the others hold back none; ``odd`` is
    added before a part of a slot is cut off.
    """
    found = np.empty(slots.shape, np.int64)
    for pool in range(slots.shape[0]):
        share = 1.0 - held[pool] if pool < len(held) else 1.0
        for day in range(slots.shape[1]):
            found[pool, day] = int(slots[pool, day] * share + odd[pool, day])
    return found


# ---- help the same day ----


@compiled
def remember(share: Floats, asked: Integers, slots: Integers, memory: float) -> None:
    """Move the remembered ``share`` of slots that people want the same day towards today's.

    All are by pool, of which the first have a share; ``asked`` are today's, ``memory`` is in
    working days. Pools without slots today remember as before.
    """
    for pool in range(len(share)):
        if slots[pool] > 0:
            share[pool] += (asked[pool] / slots[pool] - share[pool]) / memory


@compiled
def see_today(urgent: Requests, left: Integers, became: Small) -> Integers:
    """See those who want help today while slots of the role they ask for are ``left`` (pools,).

    Returns (pools,) how many asked for each.
    """
    asked = np.zeros(len(left), np.int64)
    for i in range(len(urgent)):
        pool = urgent[i]["pool"]
        asked[pool] += 1
        if left[pool] > 0:
            left[pool] -= 1
            became[i] = SEEN
        else:
            became[i] = TURNED_AWAY
    return asked


@compiled
def by_another_role(requests: Requests, left: Integers, became: Small, roles: int) -> None:
    """See those who found their role full today in the first other role with a slot ``left``.

    A practice's own ``roles`` stand together in ``left`` (own pools,). Who is seen so is moved
    to the pool of that role.
    """
    for i in range(len(requests)):
        one = requests[i]
        if became[i] != TURNED_AWAY:
            continue
        first = one["pool"] // roles * roles
        for pool in range(first, first + roles):
            if left[pool] > 0:
                left[pool] -= 1
                one["pool"], became[i] = pool, SEEN
                break


@compiled
def come_now(requests: Requests, became: Small, now: int, booked: Integers) -> None:
    """Book those who are seen today, whom nothing else happens to."""
    for i in range(len(requests)):
        one = requests[i]
        one["at"] = one["event"] = now
        if became[i] == SEEN:
            booked[one["pool"], now] += 1


# ---- some weeks ahead ----


@compiled
def _triangular(share: float, low: float, mode: float, high: float) -> float:
    """Return a quantile of the triangular distribution."""
    if share < (mode - low) / (high - low):
        found = low + np.sqrt(share * (high - low) * (mode - low))
    else:
        found = high - np.sqrt((1.0 - share) * (high - low) * (high - mode))
    return float(found)


@compiled
def wanted_days(
    planned: Requests, share: Floats, lead: tuple[float, float, float], days: int
) -> Integers:
    """Return ``days`` times the pool of each request, plus how many days ahead it is wanted.

    ``share`` is the request's quantile of the triangular ``lead`` (lowest, mode, highest).
    """
    low, mode, high = lead
    place = np.empty(len(planned), np.int64)
    for i in range(len(planned)):
        ahead = int(np.rint(_triangular(share[i], low, mode, high)))
        place[i] = planned[i]["pool"] * days + min(ahead, days - 1)
    return place


@compiled
def book_planned(
    planned: Requests,
    place: Integers,
    free: Integers,
    now: int,
    booked: Integers,
    became: Small,
) -> None:
    """Book each request on the first free day on or after the one it is wanted for.

    ``planned`` and ``place`` (as ``wanted_days`` gives it) are in order of ``place``.
    """
    days = free.shape[1]
    ahead = first_free_from(free, place // days, place % days)
    for i in range(len(planned)):
        one = planned[i]
        one["at"] = one["event"] = now + ahead[i]
        if ahead[i] < days:
            booked[one["pool"], one["at"]] += 1
            became[i] = BOOKED
        else:
            became[i] = UNPLANNED


# ---- the first slot that is offered ----


@compiled
def turns(routine: Requests, wishes: Floats, any_day: float, after_release: float) -> Integers:
    """Return ``TURNS`` times the pool of each request, plus its turn.

    ``wishes`` (4, k) are those of ``requests.plans``: a share ``any_day`` would be seen today,
    a share ``after_release`` of them ask when held-back slots have been released.
    """
    place = np.empty(len(routine), np.int64)
    for i in range(len(routine)):
        turn = _LATER
        if wishes[0, i] < any_day:
            turn = _LATE if wishes[1, i] < after_release else _EARLY
        place[i] = routine[i]["pool"] * TURNS + turn
    return place


@compiled
def see_in_turn(
    routine: Requests,
    place: Integers,
    left: Integers,
    not_held: Integers,
    own: int,
    became: Small,
) -> None:
    """See those of the first turn in slots ``not_held`` back, of the second in all ``left``.

    Both are (pools,) slots of today. ``place`` (as ``turns`` gives it) is ascending. Of the
    others those who asked late for one of the ``own`` first pools count as turned away until
    they are offered something else.
    """
    for i in range(len(routine)):
        pool, turn = place[i] // TURNS, place[i] % TURNS
        early = turn == _EARLY and min(not_held[pool], left[pool]) > 0
        if early or (turn == _LATE and left[pool] > 0):
            not_held[pool] -= early
            left[pool] -= 1
            became[i] = SEEN
        else:
            became[i] = TURNED_AWAY if turn == _LATE and pool < own else DECLINED


@compiled
def offer_days(
    routine: Requests,
    wishes: Floats,
    give_up: tuple[float, float, float],
    free: Integers,
    now: int,
    booked: Integers,
    became: Small,
) -> None:
    """Offer the first free day to those who are not seen today; book those who take one.

    ``wishes`` (4, k) are those of ``requests.plans``. ``give_up`` is the wait in days at which
    half decline, the scale of its logistic spread, and the log of the share who stay in the
    queue from one day to the next (0 where nobody leaves).
    """
    half, scale, leaving = give_up
    days = free.shape[1]
    rest = np.flatnonzero(became != SEEN)
    pool, longest = np.empty(len(rest), np.int64), np.empty(len(rest))
    for k in range(len(rest)):
        patience = wishes[2, rest[k]]
        pool[k] = routine[rest[k]]["pool"]
        longest[k] = half + scale * np.log(patience / (1.0 - patience))
    ahead = offers(free, pool, longest)
    for k in range(len(rest)):
        i, one = rest[k], routine[rest[k]]
        stays = np.log(wishes[3, i]) / leaving if leaving < 0.0 else np.inf
        one["at"] = now + ahead[k]
        one["event"] = now + min(ahead[k], int(min(max(stays, 1.0), float(days))))
        became[i] = BOOKED if ahead[k] < days else DECLINED
        if ahead[k] < days:
            booked[pool[k], one["at"]] += 1
