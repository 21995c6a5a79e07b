"""Every random number of the model: a pure function of who, what and when.

A draw depends on the seed, the replication, the person, the process (a name such as
``onset.copd``) and the occurrence (a counter), and on nothing else: not on order, not on
what anybody else drew, not on the design and not on the number of workers. Two designs
therefore differ only by what the designs cause.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

# Odd multipliers of the splitmix64 and murmur3 finalisers (public-domain mixing constants).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_PERSON = np.uint64(0xD6E8FEB86659FD93)
_OCCURRENCE = np.uint64(0xA0761D6478BD642F)
_TO_UNIT = 2.0**-53


def _mixed(words: Words) -> Words:
    """Scramble each 64-bit word so that neighbours share nothing (splitmix64)."""
    words = words ^ (words >> np.uint64(30))
    words *= _MIX_1
    words ^= words >> np.uint64(27)
    words *= _MIX_2
    words ^= words >> np.uint64(31)
    return words


def _word(*parts: object) -> int:
    """Turn names and counters into one 64-bit word, the same on every machine."""
    text = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Luck:
    """The luck of everyone in one replication.

    ``person`` and ``occurrence`` are integers or integer arrays that broadcast together;
    draws have their common shape.
    """

    seed: int
    replication: int = 0
    _processes: dict[str, np.uint64] = field(default_factory=dict, compare=False, repr=False)

    def _process(self, process: str) -> np.uint64:
        if process not in self._processes:
            self._processes[process] = np.uint64(_word(self.seed, self.replication, process))
        return self._processes[process]

    def words(
        self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0
    ) -> Words:
        """Return 64 random bits for each person and occurrence of ``process``."""
        persons = np.atleast_1d(np.asarray(person)).astype(np.int64).view(np.uint64)
        occurrences = np.atleast_1d(np.asarray(occurrence)).astype(np.int64).view(np.uint64)
        first = _mixed((persons + np.uint64(1)) * _PERSON ^ self._process(process))
        return _mixed(first + (occurrences + np.uint64(1)) * _OCCURRENCE + _GOLDEN)

    def uniforms(
        self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0
    ) -> Floats:
        """Return numbers strictly between 0 and 1, evenly spread."""
        high = self.words(process, person, occurrence) >> np.uint64(11)
        draws: Floats = (high.astype(np.float64) + 0.5) * _TO_UNIT
        return draws

    def exponentials(
        self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0
    ) -> Floats:
        """Return unit exponentials: the integrated hazard at which an event happens."""
        draws: Floats = -np.log(self.uniforms(process, person, occurrence))
        return draws

    def normals(
        self, process: str, person: npt.ArrayLike, occurrence: npt.ArrayLike = 0
    ) -> Floats:
        """Return standard normal scores."""
        draws: Floats = ndtri(self.uniforms(process, person, occurrence))
        return draws
