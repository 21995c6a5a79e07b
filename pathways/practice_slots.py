"""Slots of practices given out: to each request in turn, the first that is free.

Plain rules, person by person, compiled.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def first_free(free: Integers, practice: Integers) -> Integers:
    """Give requests, in order of practice, the first free slots of their practice.

    Parameters
    ----------
    free : (n_practices, days) free slots
    practice : (k,) in ascending order

    Returns
    -------
    (k,) the day (column) each gets, or ``days`` where none is left
    """
    return _given(free, practice, np.zeros(len(practice), np.int64), np.full(len(practice), np.inf))


def first_free_from(free: Integers, practice: Integers, target: Integers) -> Integers:
    """Give requests the first free slot on or after their ``target`` day, first come by target.

    ``practice`` and ``target`` (k,) must be in ascending order of practice, then target.
    Returns as ``first_free``.
    """
    return _given(free, practice, target, np.full(len(practice), np.inf))


def offers(free: Integers, practice: Integers, longest: Floats) -> Integers:
    """Offer first free slots in turn; who would wait longer than ``longest`` takes none.

    ``practice`` is ascending. A slot declined is offered to the next. Returns the day
    (column) of each, or the number of days where they gave up or nothing was free. Nobody
    declines the first day.
    """
    return _given(free, practice, np.zeros(len(practice), np.int64), longest)


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
def count_slots(booked: Integers, pool: Integers, at: Integers, slots: int) -> None:
    """Add ``slots`` (1 to take, -1 to give back) to ``booked`` (pools, days) for each."""
    for i in range(len(pool)):
        booked[pool[i], at[i]] += slots


def ranks(group: Integers, counts: Integers) -> Integers:
    """Return the place of each within its group, from 0; groups are in ascending order."""
    places: Integers = np.arange(len(group)) - (np.cumsum(counts) - counts)[group]
    return places
