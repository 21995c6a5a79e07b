"""Spells: times of some months in which a person uses a service more, or less, than usual.

Part of what sets people apart stays with them for life (``multipliers.personal_multipliers``).
The rest passes: everyone's time is cut into blocks of equal length, at a moment of their own,
and each block has its own multiplier with mean one, drawn with the luck of the person and the
block. People who were admitted often last year are then mostly people who had a bad spell.

Spells stretch the heights of points instead of the rates (see ``clouds``): a point counts when
its height over the multiplier lies under the rate. The daily work stays as it was, and a lower
rate still only removes points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.evidence import Evidence
from agents.luck import Luck
from pathways import rates
from pathways.calendar import YEAR
from pathways.points import Columns, Points

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_HALF = np.uint64(32)
_LEAST = 1e-9  # a multiplier below this is one in which nothing happens


@dataclass(slots=True)
class Spells:
    """The passing multipliers of everyone, one year at a time.

    Parameters
    ----------
    luck : whose spells these are
    person : (n,) keys of the people
    shapes : gamma shape of the multiplier by number of the process; others have no spells
    days : length of a spell
    """

    luck: Luck
    person: Integers
    shapes: Mapping[int, float]
    days: float
    _year: int | None = field(init=False, default=None)
    _first: Integers = field(init=False)  # each person's block in which the year begins
    _into: Floats = field(init=False)  # days of that block which are over then
    _known_to: Integers = field(init=False)  # the block up to which multipliers are drawn
    _multipliers: dict[int, Floats] = field(init=False)  # (n, blocks): a block's place goes round

    def __post_init__(self) -> None:
        shape = len(self.person), int(np.ceil(YEAR / self.days)) + 1
        self._multipliers = {process: np.ones(shape) for process in self.shapes}

    def begin(self, year: int) -> None:
        """Turn to ``year`` (years may be negative)."""
        into = self.luck.uniforms("demand.spell.begins", self.person) * self.days + year * YEAR
        self._first = np.floor(into / self.days).astype(np.int64)
        self._into = into - self._first * self.days
        if self._year is None or year < self._year:  # else the blocks that go on are kept
            self._known_to = self._first.copy()
        self._year = year

    def highest(self, process: int, rows: Integers) -> Floats:
        """Return the highest multiplier of each of ``rows`` in the year."""
        multipliers = self._multipliers[process]
        self._draw(rows, multipliers.shape[1])
        return reduce(np.maximum, multipliers[rows].T)  # far quicker than row by row

    def stretch(self, points: Points) -> None:
        """Divide heights by the multiplier of the spell that each point falls in, in place.

        The points are of people known to ``highest``.
        """
        for process, multipliers in self._multipliers.items():
            begins = self._first, self._into, self.days
            _stretch(points.columns, process, multipliers, begins)

    def _draw(self, rows: Integers, blocks: int) -> None:
        """Draw the multipliers of ``rows`` in the year's blocks that are not known yet."""
        rows = rows[self._known_to[rows] < self._first[rows] + blocks]
        if not len(rows):
            return
        known_to = self._known_to[rows]
        for ahead in range(blocks):
            block = self._first[rows] + ahead
            new = np.flatnonzero(block >= known_to)
            mine, place = rows[new], block[new] % blocks
            scores = self.luck.normals("demand.spell", self.person[mine], block[new])
            for process, shape in self.shapes.items():
                drawn = rates.gamma_multipliers(scores, shape)
                self._multipliers[process][mine, place] = np.maximum(drawn, _LEAST)
        self._known_to[rows] = self._first[rows] + blocks


@compiled
def _stretch(
    points: Columns, process: int, multipliers: Floats, begins: tuple[Integers, Floats, float]
) -> None:
    cell, height, word = points
    first, into, days = begins
    n, blocks = multipliers.shape
    for i in range(len(word)):
        row = cell[i] - process * n
        if 0 <= row < n:
            year_share = float(word[i] >> _HALF) * 2.0**-32
            block = first[row] + int((into[row] + year_share * YEAR) / days)
            height[i] /= multipliers[row, block % blocks]


def passing_shapes(evidence: Evidence, services: Mapping[str, str]) -> dict[int, float]:
    """Return the gamma shape of spells by number of the process, for services that have one.

    ``services`` names the service of the demand table that each process belongs to.
    """
    return {
        number: evidence.value(rates.TABLE, service=service, term="person_passing_shape")
        for number, service in enumerate(services.values())
        if evidence.rows(rates.TABLE, service=service, term="person_passing_shape")
    }
