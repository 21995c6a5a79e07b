"""Sends people along the routes of the referral network: compiled loops."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population, Small
from pathways.contacts import Contacts
from pathways.referrals import ENDS, NUMBER, Route, ends_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Network(NamedTuple):
    """All routes that do one thing, as compiled loops follow them.

    Attributes
    ----------
    ends : for each service (index into ``ENDS``) in turn its number plus where the share of each
        of its routes ends, and then of who takes none
    route : which route each of these ends belongs to; n_routes: none
    first : (n_services,) where the ends of each service begin
    to : (n_routes,) where each route leads, an index into ``ENDS``
    min_age, min_frailty : (n_routes,) of the people who take it
    salt : (n_routes,) a number of the route that tells its people's luck apart
    """

    ends: Floats
    route: Integers
    first: Integers
    to: Integers
    min_age: Floats
    min_frailty: Integers
    salt: Integers

    @classmethod
    def of(cls, routes: Sequence[Route]) -> Network:
        """Lay out ``routes``."""
        ends: list[float] = []
        which: list[int] = []
        first = []
        for number, name in enumerate(ENDS):
            first.append(len(ends))
            mine = [place for place, route in enumerate(routes) if route.origin == name]
            ends += [number + end for end in ends_of(routes[place] for place in mine).tolist()]
            ends.append(number + 1.0)
            which += [*mine, len(routes)]
        return cls(
            np.array(ends),
            np.array(which),
            np.array(first),
            np.array([NUMBER[route.to] for route in routes], np.int64),
            np.array([route.min_age for route in routes]),
            np.array([route.min_frailty for route in routes], np.int64),
            np.array([_salt(route.key) for route in routes], np.int64),
        )


@compiled
def _route_of(network: Network, origin: int, draw: float) -> int:
    """Return the route of somebody whom a service sends on; how many there are: none."""
    place, point = network.first[origin], origin + draw
    while network.ends[place] < point:
        place += 1
    route: int = network.route[place]
    return route


@compiled
def _routes_of(network: Network, origin: Integers, draws: Floats) -> Integers:
    routes = np.empty(len(origin), np.int64)
    for i in range(len(origin)):
        routes[i] = _route_of(network, origin[i], draws[i])
    return routes


@compiled
def _sent(
    network: Network,
    contacts: Contacts,
    draws: Floats,
    day: float,
    birth_day: Floats,
    frailty: Small,
) -> tuple[Integers, Integers, Integers, Contacts]:
    """Return which contacts take a route, which one, its salt, and the contacts it leads to."""
    place, route = np.empty((2, len(contacts)), np.int64)
    salt, on = np.empty(len(contacts), np.int64), np.empty_like(contacts)
    count = 0
    for i in range(len(contacts)):
        one = contacts[i]
        taken, row = _route_of(network, one["service"], draws[i]), one["row"]
        if (
            taken < len(network.to)
            and (day - birth_day[row]) / DAYS_PER_YEAR >= network.min_age[taken]
            and frailty[row] >= network.min_frailty[taken]
        ):
            place[count], route[count], salt[count] = i, taken, network.salt[taken]
            on[count] = one
            on[count]["service"] = network.to[taken]
            count += 1
    return place[:count], route[:count], salt[:count], on[:count]


@dataclass(frozen=True, slots=True)
class Switch:
    """All routes that do one thing, ready to send people of any service along at once.

    ``routes`` are those with a share, in order of where they begin.
    """

    name: str
    routes: tuple[Route, ...]
    _network: Network

    @classmethod
    def of(cls, does: str, routes: Iterable[Route]) -> Switch:
        """Take the routes that ``does`` says."""
        some = [route for route in routes if route.does == does and route.share > 0.0]
        some.sort(key=lambda route: NUMBER[route.origin])
        return cls(f"route.{does}", tuple(some), Network.of(some))

    def choose(self, luck: Luck, contacts: Contacts) -> Integers:
        """Return for each contact the number of its route, or how many there are: none.

        Its service (an index into ``ENDS``) is where it comes from. A contact's draw is its
        own, so a route that opens takes only people who went nowhere, or those of routes of
        the same service after it.
        """
        draws = luck.uniforms_of(contacts["key"], self.name)
        return _routes_of(self._network, contacts["service"], draws)

    def along(
        self, luck: Luck, people: Population, day: float, contacts: Contacts
    ) -> tuple[Integers, Integers, Contacts]:
        """Return which of residents' ``contacts`` take a route, which, and where they lead to.

        A contact that follows from another has its person and time, and luck of its own.
        """
        draws = luck.uniforms_of(contacts["key"], self.name)
        today = max(day, 0.0)
        place, route, salt, on = _sent(
            self._network, contacts, draws, today, people.birth_day, people.frailty
        )
        on["key"] = luck.words_of(on["key"], "route.next", salt)
        return place, route, on


def _salt(key: str) -> int:
    """Return a number of the route that does not change when routes are added."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=7).digest(), "little")
