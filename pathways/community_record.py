"""What light services did, counted until it is handed to the ledger, against their hours.

Services with slots are told from what was booked, services with places stay by stay. Slots and
places are of everyone who shares a service; the ledger is told the residents' share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.contacts import Contacts, tally
from pathways.ledger import Ledger
from pathways.light import PLACES, SERVICES, SLOTS
from pathways.light_places import Places, Stay
from pathways.light_slots import Slots
from pathways.place_days import PlaceDays
from pathways.records import chosen, joined
from pathways.referrals import NUMBER, TELLS
from pathways.switch import Switch

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What is counted of each service between settlements, and its row of the counts.
COUNTS = {
    name: row for row, name in enumerate(("arrivals", "served", "turned_away", "gave_up", "gone"))
}
FORTNIGHT = 14.0


@dataclass(slots=True)
class CommunityRecord:
    """Counts what light services do and hands it to the ledger.

    Parameters
    ----------
    ledger, luck : of the run
    slots, places : of the services
    done : every day before this one is over

    Attributes
    ----------
    units : by service, the visits or days that could have been given in the period settled
        last, and those that were given
    """

    ledger: Ledger
    luck: Luck
    slots: Slots
    places: dict[str, Places]
    done: float
    units: dict[str, tuple[float, float]] = field(init=False, default_factory=dict)
    _place_days: dict[str, PlaceDays] = field(init=False)
    _noted: list[Contacts] = field(init=False, default_factory=list)  # seen since settled
    _routes: tuple[tuple[Switch, Integers], ...] = field(init=False, default=())  # people by route
    _tells: Switch = field(init=False)
    _told: dict[tuple[str, str], int] = field(init=False, default_factory=dict)
    _counts: Floats = field(init=False)  # (metrics, services) since the last settlement
    _pool: Integers = field(init=False)  # served by each slot service up to then, visitors too
    _standing: Floats = field(init=False)  # residents who wait, by service
    _kept: dict[str, float] = field(init=False, default_factory=dict)
    _offered: Floats = field(init=False)  # slots, then days in places, so far, for everyone
    _offered_until: float = field(init=False)
    _told_offered: Floats = field(init=False)  # up to the last settlement
    _promised: Floats = field(init=False)  # slots given before there were fewer

    def __post_init__(self) -> None:
        self._place_days = {name: PlaceDays(name, 0, self.done) for name in PLACES}
        self._counts = np.zeros((len(COUNTS), len(SERVICES)))
        self._standing = np.zeros(len(SERVICES))
        self._pool = np.zeros(len(SLOTS), np.int64)
        self._promised = np.zeros(len(SLOTS))
        self._offered, self._told_offered = np.zeros((2, len(SERVICES)))
        self._offered_until = self.done

    # ---- what there is ----

    def follow_routes(self, refers: Switch, overflow: Switch, tells: Switch) -> None:
        """Count who takes these routes from now on."""
        self._hand_over_routes()
        self._routes = tuple(
            (switch, np.zeros(len(switch.routes), np.int64)) for switch in (refers, overflow)
        )
        self._tells = tells

    def slots_change(self, yearly: Floats) -> None:
        """Take up, before it is so, that from now on there are so many slots a year."""
        self._promised += np.where(yearly < self.slots.yearly, self.slots.diary.waiting, 0)
        self._count_offered()

    def places_opened(self, name: str, places: int) -> None:
        """Take up that from now on a service has so many places."""
        self._place_days[name].opened(places)

    def _count_offered(self) -> None:
        days = self.done - self._offered_until
        self._offered[: len(SLOTS)] += self.slots.yearly * days / YEAR
        self._offered[len(SLOTS) :] += [service.places * days for service in self.places.values()]
        self._offered_until = self.done

    # ---- what happens ----

    def count(self, metric: str, service: Integers) -> None:
        """Count one of a metric of ``COUNTS`` for each mention of a service."""
        tally(self._counts[COUNTS[metric]], service)

    def add(self, metric: str, name: str, number: int) -> None:
        """Count so many of a metric of ``COUNTS`` for a service."""
        self._counts[COUNTS[metric], NUMBER[name]] += number

    def seen(self, due: Contacts) -> None:
        """Note whom slot services have seen."""
        self._noted.append(due)

    def stays_begun(self, name: str, began: Sequence[Stay]) -> None:
        """Record stays in the places of a service that have begun."""
        light, rows = PLACES[name], np.array([stay.row for stay in began])
        self.add("served", name, len(began))
        if light.days:
            for stay in began:
                self.ledger.add(light.activity, stay.row, stay.days)
        else:
            self.ledger.count(light.activity, rows)
        waits = np.array([stay.began - stay.asked for stay in began])
        self.ledger.wait(name, rows, waits)
        if self.ledger.keep_events:
            at = np.array([stay.began for stay in began])
            self.ledger.event(at, name, "place begins", rows, waits)

    def without_place(self, name: str, left: Sequence[Stay], rows: Integers) -> None:
        """Count those who found no place of a service or gave up waiting for one."""
        refused = sum(stay.until <= stay.asked for stay in left)
        self.add("turned_away", name, refused)
        self.add("gave_up", name, len(left) - refused)
        if name == "virtual_ward":
            self.ledger.count("virtual_ward_refused", rows)

    def referred(self, route: Integers) -> None:
        """Count who was referred along each route."""
        self._count_routes(0, route)

    def overflowed(self, route: Integers) -> None:
        """Count who took each route because a service had nothing for them."""
        self._count_routes(1, route)

    def _count_routes(self, which: int, route: Integers) -> None:
        tally(self._routes[which][1], route)

    def sent(self, to: str, by: str, number: int) -> None:
        """Count people whom a service of another kind sent ``to`` one, ``by`` a kind of route."""
        self._told[to, by] = self._told.get((to, by), 0) + number

    # ---- what is told ----

    def settle(self, own_share: float) -> None:
        """Hand what was counted since the last settlement to the ledger.

        ``own_share`` is the residents' share of every service.
        """
        ledger, now = self.ledger, self.done
        self._hand_over_seen()
        self._count_offered()
        pool, self._pool = self.slots.diary.served - self._pool, self.slots.diary.served.copy()
        capacity = ((self._offered - self._told_offered) * own_share).tolist()
        self._told_offered = self._offered.copy()
        counts = {name: self._counts[row] for name, row in COUNTS.items()}
        left = sum(count for name, count in counts.items() if name != "arrivals")
        self._standing += counts["arrivals"] - left
        for number, name in enumerate(SERVICES):
            for metric, count in counts.items():
                ledger.tally(name, "all", metric, float(count[number]))
            if name in PLACES:
                kept = self.places[name].own_days_until(now)
                used, self._kept[name] = kept - self._kept.get(name, 0.0), kept
                place = self.places[name]
                self._place_days[name].passed(now, used, place.in_use, place.places)
            else:
                used = float(pool[number]) * own_share  # of what everyone here used
            ledger.tally(name, "all", "used", used)
            ledger.tally(name, "all", "capacity", capacity[number])
            self.units[name] = capacity[number], used
            ledger.tally(name, "all", "queue_end", float(self._standing[number]))
        self._counts[:] = 0.0
        self._hand_over_routes()

    def _hand_over_seen(self) -> None:
        """Record those whom slot services saw since the last settlement."""
        if not self._noted:
            return
        due, self._noted = joined(self._noted), []
        due = chosen(due, np.argsort(due["service"], kind="stable"))
        edges = due["service"].searchsorted(np.arange(len(SLOTS) + 1)).tolist()
        for number, name in enumerate(SLOTS):
            mine = due[edges[number] : edges[number + 1]]
            if not len(mine):
                continue
            self.add("served", name, len(mine))
            rows, waits = mine["row"].copy(), mine["at"] - mine["asked"]
            self.ledger.count(SLOTS[name].activity, rows)
            self.ledger.wait(name, rows, waits)
            self.ledger.event(mine["at"].copy(), name, "seen", rows, waits)
        self._hand_over_told(due)

    def _hand_over_told(self, seen: Contacts) -> None:
        """Count how people seen arrived elsewhere, whom the demand of that place holds already."""
        route = self._tells.choose(self.luck, seen)
        for number, one in enumerate(self._tells.routes):
            mine = np.flatnonzero(route == number)
            if not len(mine):
                continue
            self.ledger.tally(one.to, f"{one.origin}.{TELLS}", "routed", len(mine))
            if (one.origin, one.to) == ("ambulance", "ed"):
                self.ledger.count("ambulance_conveyed", seen["row"][mine])

    def _hand_over_routes(self) -> None:
        """Tell how many people took each route since this was last told."""
        ledger = self.ledger
        for switch, counts in self._routes:
            for route, count in zip(switch.routes, counts.tolist(), strict=True):
                if count:
                    ledger.tally(route.to, f"{route.origin}.{route.does}", "routed", count)
            counts[:] = 0
        for (to, by), count in self._told.items():
            ledger.tally(to, by, "routed", count)
        self._told = {}

    # ---- checks ----

    def check(self) -> None:
        """Raise ``RuntimeError`` if people were lost or staff gave more than they have hours for.

        People are lost where queues and waits disagree (Little's law).
        """
        self._check_hours()
        self.slots.diary.check(self.done)
        for name, service in self.places.items():
            service.check()
            self._place_days[name].check()

    def _check_hours(self) -> None:
        """Raise ``RuntimeError`` if staff gave more visits than they have hours for.

        A fortnight is allowed for, since a year's slots do not stand evenly in it.
        """
        self._count_offered()
        fortnight = self.slots.yearly * FORTNIGHT / YEAR + 1.0
        offered = self._offered[: len(SLOTS)]
        over = self.slots.diary.served > offered + self._promised + fortnight
        if over.any():
            names = [name for name, more in zip(SLOTS, over.tolist(), strict=True) if more]
            raise RuntimeError(
                f"more hours used than held: {names} gave {self.slots.diary.served[over]} of "
                f"{offered[over]} slots"
            )
