"""Every random number of the model: a pure function of who, what and when.

A draw depends on the seed, the replication, the person, the process (a name such as
``onset.copd``) and the occurrence (a counter), and on nothing else: not on order, not on
what anybody else drew, not on the design and not on the number of workers. Two designs
therefore differ only by what the designs cause.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from agents.compiled import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

# Odd multipliers of the splitmix64 and murmur3 finalisers (public-domain mixing constants).
_PERSON = np.uint64(0xD6E8FEB86659FD93)
_OCCURRENCE = np.uint64(0xA0761D6478BD642F)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)
_ONE = np.uint64(1)

# The top 52 bits of a word are a draw's: it is an odd multiple of the least one.
_EXPONENT_BITS = np.uint64(12)
_LEAST = 2.0**-53
_HALF, _LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)

_ALL_BITS = (1 << 64) - 1


@compiled
def _scrambled(word: np.uint64) -> np.uint64:
    """Scramble a 64-bit word so that neighbours share nothing (splitmix64)."""
    word = (word ^ (word >> _SHIFT_1)) * _FIRST
    word = (word ^ (word >> _SHIFT_2)) * _SECOND
    return word ^ (word >> _SHIFT_3)


@compiled
def _uniform(word: np.uint64) -> float:
    """Turn a word into an odd multiple of 2**-53: exact, and as far from 0 as from 1."""
    return (float(word >> _EXPONENT_BITS) * 2.0 + 1.0) * _LEAST


@compiled
def _words_of_people(person: Integers, process: np.uint64, occurrence: int) -> Words:
    words = np.empty(len(person), np.uint64)
    step = (np.uint64(occurrence) + _ONE) * _OCCURRENCE + _GOLDEN
    for i in range(len(person)):
        word = _scrambled(((np.uint64(person[i]) + _ONE) * _PERSON) ^ process)
        words[i] = _scrambled(word + step)
    return words


@compiled
def _words_of_each(person: Integers, process: np.uint64, occurrence: Integers) -> Words:
    words = np.empty(len(person), np.uint64)
    for i in range(len(person)):
        word = _scrambled(((np.uint64(person[i]) + _ONE) * _PERSON) ^ process)
        step = (np.uint64(occurrence[i]) + _ONE) * _OCCURRENCE + _GOLDEN
        words[i] = _scrambled(word + step)
    return words


@compiled
def _words_of_events(events: Words, process: np.uint64, occurrence: int) -> Words:
    words = np.empty(len(events), np.uint64)
    step = (np.uint64(occurrence) + _ONE) * _OCCURRENCE + _GOLDEN
    for i in range(len(events)):
        words[i] = _scrambled((events[i] ^ process) + step)
    return words


@compiled
def _uniforms_of_events(events: Words, process: np.uint64, occurrence: int) -> Floats:
    draws = np.empty(len(events))
    step = (np.uint64(occurrence) + _ONE) * _OCCURRENCE + _GOLDEN
    for i in range(len(events)):
        draws[i] = _uniform(_scrambled((events[i] ^ process) + step))
    return draws


@compiled
def _words_of_each_event(events: Words, process: np.uint64, occurrence: Integers) -> Words:
    words = np.empty(len(events), np.uint64)
    for i in range(len(events)):
        step = (np.uint64(occurrence[i]) + _ONE) * _OCCURRENCE + _GOLDEN
        words[i] = _scrambled((events[i] ^ process) + step)
    return words


@compiled
def _words_of_all(events: Words, process: np.uint64, occurrence: Integers) -> Words:
    words = np.empty((len(events), len(occurrence)), np.uint64)
    for i in range(len(events)):
        for j in range(len(occurrence)):
            step = (np.uint64(occurrence[j]) + _ONE) * _OCCURRENCE + _GOLDEN
            words[i, j] = _scrambled((events[i] ^ process) + step)
    return words


@compiled
def _uniforms_of_all(events: Words, process: np.uint64, occurrence: Integers) -> Floats:
    draws = np.empty((len(events), len(occurrence)))
    for i in range(len(events)):
        for j in range(len(occurrence)):
            step = (np.uint64(occurrence[j]) + _ONE) * _OCCURRENCE + _GOLDEN
            draws[i, j] = _uniform(_scrambled((events[i] ^ process) + step))
    return draws


@compiled
def _uniforms_of_processes(events: Words, processes: Words) -> Floats:
    draws = np.empty((len(processes), len(events)))
    step = _OCCURRENCE + _GOLDEN
    for j in range(len(processes)):
        for i in range(len(events)):
            draws[j, i] = _uniform(_scrambled((events[i] ^ processes[j]) + step))
    return draws


@compiled
def _uniform_of_person(person: np.uint64, process: np.uint64, occurrence: int) -> float:
    word = _scrambled(((person + _ONE) * _PERSON) ^ process)
    return _uniform(_scrambled(word + (np.uint64(occurrence) + _ONE) * _OCCURRENCE + _GOLDEN))


@compiled
def _uniform_of_event(event: np.uint64, process: np.uint64) -> float:
    return _uniform(_scrambled((event ^ process) + _OCCURRENCE + _GOLDEN))


def _counted(counters: npt.ArrayLike, name: str) -> Integers:
    """Return integer ``counters`` as an array of int64, a single one as an array of one."""
    if type(counters) is np.ndarray and counters.dtype == np.int64 and counters.ndim:
        return counters
    given = np.asarray(counters)
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError(
            f"{name} holds {given.dtype} values but luck is keyed by integers; "
            f"give the integer keys of each {name}, not a mask or a measurement"
        )
    return np.atleast_1d(given).astype(np.int64, copy=False)


def _together(
    one: npt.NDArray[Any], other: Integers
) -> tuple[npt.NDArray[Any], Integers, tuple[int, ...]]:
    """Return two arrays broadcast together and laid flat, and their common shape."""
    if one.shape == other.shape and one.ndim == 1:
        return np.ascontiguousarray(one), np.ascontiguousarray(other), one.shape
    first, second = np.broadcast_arrays(one, other)
    return first.ravel(), second.ravel(), first.shape


def _flat(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values if values.ndim == 1 and values.flags.c_contiguous else values.ravel()


def _word(*parts: object) -> int:
    """Turn names and counters into one 64-bit word, the same on every machine."""
    text = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Luck:
    """The luck of everyone in one replication.

    ``person`` and ``occurrence`` are integers or integer arrays that broadcast together;
    draws have their common shape (one draw, for two integers, has the shape ``(1,)``). What
    belongs to an event is drawn from the event's own word, by the methods that end in ``_of``:
    a word is scrambled already, so that costs half as much.
    Every method raises ``TypeError`` for keys that are not integers.
    """

    seed: int
    replication: int = 0
    _processes: dict[str, np.uint64] = field(default_factory=dict, compare=False, repr=False)
    _several: dict[tuple[str, ...], Words] = field(default_factory=dict, compare=False, repr=False)

    def _process(self, process: str) -> np.uint64:
        if process not in self._processes:
            self._processes[process] = np.uint64(_word(self.seed, self.replication, process))
        return self._processes[process]

    def words(self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0) -> Words:
        """Return 64 random bits for each person and occurrence of ``process``."""
        people, of = _counted(person, "person"), self._process(process)
        if type(occurrence) is int:
            return _words_of_people(_flat(people), of, occurrence).reshape(people.shape)
        people, steps, shape = _together(people, _counted(occurrence, "occurrence"))
        return _words_of_each(people, of, steps).reshape(shape)

    def uniforms(
        self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0
    ) -> Floats:
        """Return numbers strictly between 0 and 1, evenly spread.

        The values are the odd multiples of 2**-53: exact, and as far from 0 as from 1.
        """
        return _between_0_and_1(self.words(process, person, occurrence))

    def uniform(self, process: str, person: int, occurrence: int = 0) -> float:
        """Return one number between 0 and 1: the same as ``uniforms`` of one, but quicker."""
        return _uniform_of_person(np.uint64(person & _ALL_BITS), self._process(process), occurrence)

    def exponentials(
        self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0
    ) -> Floats:
        """Return unit exponentials: the integrated hazard at which an event happens."""
        return _unit_exponentials(self.uniforms(process, person, occurrence))

    def normals(self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0) -> Floats:
        """Return standard normal scores."""
        draws = self.uniforms(process, person, occurrence)
        scores: Floats = ndtri(draws, out=draws)
        return scores

    def words_of(self, events: Words, process: str, occurrence: npt.ArrayLike = 0) -> Words:
        """Return 64 random bits that belong to each of ``events``, for ``process``.

        ``events`` are words drawn by luck; ``occurrence`` is an integer, or integers of the
        shape of ``events`` or that broadcast with it.

        Raises
        ------
        TypeError
            If ``events`` are no words (``uint64``), or ``occurrence`` no integers.
        """
        if events.dtype != np.uint64:
            raise TypeError(f"events are told apart by words, not by {events.dtype} values")
        of = self._process(process)
        if type(occurrence) is int:
            return _words_of_events(_flat(events), of, occurrence).reshape(events.shape)
        steps = _counted(occurrence, "occurrence")
        if events.ndim == 2 and events.shape[1] == 1 and steps.ndim == 1:
            return _words_of_all(events[:, 0], of, steps)
        words, steps, shape = _together(events, steps)
        return _words_of_each_event(words, of, steps).reshape(shape)

    def uniforms_of(self, events: Words, process: str, occurrence: npt.ArrayLike = 0) -> Floats:
        """Return a number between 0 and 1 that belongs to each of ``events``."""
        if events.dtype == np.uint64:
            of = self._process(process)
            if type(occurrence) is int:
                return _uniforms_of_events(_flat(events), of, occurrence).reshape(events.shape)
            steps = _counted(occurrence, "occurrence")
            if events.ndim == 2 and events.shape[1] == 1 and steps.ndim == 1:
                return _uniforms_of_all(events[:, 0], of, steps)
        return _between_0_and_1(self.words_of(events, process, occurrence))

    def uniforms_of_each(self, events: Words, processes: tuple[str, ...]) -> Floats:
        """Return the numbers of each of ``events`` for several ``processes``: one row each.

        The same as ``uniforms_of`` process by process, but quicker.
        """
        if processes not in self._several:
            self._several[processes] = np.array([self._process(one) for one in processes])
        return _uniforms_of_processes(events, self._several[processes])

    def uniform_of(self, event: int, process: str) -> float:
        """Return the number of one event: the same as ``uniforms_of`` of it, but quicker."""
        return _uniform_of_event(np.uint64(event), self._process(process))

    def exponentials_of(self, events: Words, process: str) -> Floats:
        """Return a unit exponential that belongs to each of ``events``."""
        return _unit_exponentials(self.uniforms_of(events, process))


def halves(words: Words) -> tuple[Floats, Floats]:
    """Return two independent numbers between 0 and 1 from each word, of 32 bits each."""
    low, high = words & _LOW_HALF, words >> _HALF
    return (low.astype(np.float64) + 0.5) * 2.0**-32, (high.astype(np.float64) + 0.5) * 2.0**-32


def _between_0_and_1(words: Words) -> Floats:
    """Turn ``words``, which are used up, into draws."""
    draws = words.view(np.float64)
    _lay_draws(words.reshape(-1), draws.reshape(-1))
    return draws


@compiled
def _lay_draws(words: Words, draws: Floats) -> None:
    for i in range(len(words)):
        draws[i] = _uniform(words[i])


def _unit_exponentials(draws: Floats) -> Floats:
    np.log(draws, out=draws)
    return np.negative(draws, out=draws)
