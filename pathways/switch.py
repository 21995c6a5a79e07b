"""Sends people along the routes of the referral network: compiled loops."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population, Small
from pathways.contacts import Contacts
from pathways.referrals import ENDS, NUMBER, Route, ends_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


# Where the share of one route ends: at the number of its service (index into ``ENDS``) plus a
# share from 0 to 1, the last end of each service being that of those who take no ``route``.
_END = np.dtype([("at", np.float64), ("route", np.int64)])
# A route as compiled loops follow it: ``to`` which service (index into ``ENDS``), and who takes it.
_ROUTE = np.dtype([("to", np.int64), ("min_age", np.float64), ("min_frailty", np.int64)])
Table = npt.NDArray[np.void]


@compiled
def _routes_of(ends: Table, first: Integers, origin: Integers, draws: Floats) -> Integers:
    """Return the route of each whom a service sends on; how many there are: none.

    ``first`` is where the ends of each service begin.
    """
    routes = np.empty(len(origin), np.int64)
    for i in range(len(origin)):
        place, point = first[origin[i]], origin[i] + draws[i]
        while ends[place]["at"] < point:
            place += 1
        routes[i] = ends[place]["route"]
    return routes


@compiled
def _sent(
    ends: Table,
    first: Integers,
    table: Table,
    contacts: Contacts,
    draws: Floats,
    day: float,
    birth_day: Floats,
    frailty: Small,
) -> tuple[Integers, Contacts]:
    """Return the routes that contacts take, and the contacts that they lead to."""
    routes = _routes_of(ends, first, contacts["service"], draws)
    on = np.empty_like(contacts)
    count = 0
    for i in range(len(contacts)):
        if routes[i] == len(table):
            continue
        route, row = table[routes[i]], contacts[i]["row"]
        age = (day - birth_day[row]) / DAYS_PER_YEAR
        if age >= route["min_age"] and frailty[row] >= route["min_frailty"]:
            routes[count], on[count] = routes[i], contacts[i]
            on[count]["service"] = route["to"]
            count += 1
    return routes[:count], on[:count]


@dataclass(frozen=True, slots=True)
class Switch:
    """All routes that do one thing, ready to send people of any service along at once.

    ``routes`` are those with a share, in order of where they begin.
    """

    name: str
    routes: tuple[Route, ...]
    _ends: Table
    _first: Integers  # where the ends of each service begin
    _table: Table
    _salts: Integers  # (n_routes,) what tells the luck of each one's people apart

    @classmethod
    def of(cls, does: str, routes: Iterable[Route]) -> Switch:
        """Take the routes that ``does`` says."""
        some = [route for route in routes if route.does == does and route.share > 0.0]
        some.sort(key=lambda route: NUMBER[route.origin])
        ends: list[tuple[float, int]] = []
        first = []
        for number, name in enumerate(ENDS):
            first.append(len(ends))
            mine = [place for place, route in enumerate(some) if route.origin == name]
            shares = ends_of(some[place] for place in mine).tolist()
            ends += [(number + end, place) for end, place in zip(shares, mine, strict=True)]
            ends.append((number + 1.0, len(some)))
        return cls(
            f"route.{does}",
            tuple(some),
            np.array(ends, _END),
            np.array(first),
            np.array([(NUMBER[one.to], one.min_age, one.min_frailty) for one in some], _ROUTE),
            np.array([_salt(route.key) for route in some], np.int64),
        )

    def choose(self, luck: Luck, contacts: Contacts) -> Integers:
        """Return for each contact the number of its route, or how many there are: none.

        Its service (an index into ``ENDS``) is where it comes from. A contact's draw is its
        own, so a route that opens takes only people who went nowhere, or those of routes of
        the same service after it.
        """
        draws = luck.uniforms_of(contacts["key"], self.name)
        return _routes_of(self._ends, self._first, contacts["service"], draws)

    def number(self, origin: str, to: str) -> int:
        """Return the number of the route between two services, or how many there are: none."""
        ends = [(route.origin, route.to) for route in self.routes]
        return ends.index((origin, to)) if (origin, to) in ends else len(ends)

    def along(
        self, luck: Luck, people: Population, day: float, contacts: Contacts
    ) -> tuple[Integers, Contacts]:
        """Return the routes that residents' ``contacts`` take, and the contacts they lead to.

        A contact that follows from another has its person and time, and luck of its own.
        """
        draws = luck.uniforms_of(contacts["key"], self.name)
        about = max(day, 0.0), people.birth_day, people.frailty
        route, on = _sent(self._ends, self._first, self._table, contacts, draws, *about)
        on["key"] = luck.words_of(on["key"], "route.next", self._salts[route])
        return route, on


def _salt(key: str) -> int:
    """Return a number of the route that does not change when routes are added."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=7).digest(), "little")
