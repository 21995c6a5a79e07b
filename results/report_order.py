"""The number of each figure and table of the report, in the order in which they appear.

Numbers stay from one report to the next; those that a run cannot make are left out. A report of
usual care alone has figures of its own for what the others compare, which come first in it.
"""

from __future__ import annotations

from enum import IntEnum


class Fig(IntEnum):
    """One figure, or one table that stands in the open."""

    REACH = 1
    SQUARES = 2
    FOREST = 3
    PLACES = 4
    BY_YEAR = 5
    FIFTHS = 6
    EQUITY = 7
    CASCADE = 8
    CASH = 9
    RULES = 10
    PLANE = 11
    ACCEPTABILITY = 12
    WAITS = 13
    USE = 14
    FLOWS = 15
    SERVICES = 16
    BINDING = 17
    READINGS = 18
    PLAN = 19
    NEEDED = 20
    STANDING = 21
    DRIVERS = 22
    CHECKS = 23
    PRECISION = 24
    VARIANCE = 25
    STRUCTURE = 26
    INFORMATION = 27
    WARM_UP = 28

    @property
    def stem(self) -> str:
        """How the names of its files begin."""
        return f"figure-{self:02d}"


class Usual(IntEnum):
    """The tables of usual care alone."""

    RESIDENTS = 1
    CONDITIONS = 2
    CARE = 3
    GAPS = 4
    COSTS = 5
