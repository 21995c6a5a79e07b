"""Light services at work: calls, visits, clinics, packages and caseloads, day by day.

Everyone asks at the morning's call of ``day``: those whom the demand sends, those whom
other services referred the day before, and those who were turned away elsewhere. Who finds
no slot or place goes along the overflow routes of the referral network: to another light
service the next day, or to the practice, the hospital or a list the same day. The demand
table already holds what people do at today's capacity, and hardly anybody is turned away at
that, so the totals stay where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck, halves
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import YEAR, Calendar
from pathways.community_record import CommunityRecord
from pathways.ledger import Ledger
from pathways.light import PER, PLACES, SERVICES, SLOTS, Numbers, Visitors
from pathways.light_arrivals import UTC, at_other_departments, by_themselves, from_elsewhere
from pathways.light_places import Places, Stay
from pathways.light_slots import HOURS, Bookings, Slots, chosen
from pathways.on_the_way import Group, OnTheWay, columns, together, with_more
from pathways.practice import PracticeDay
from pathways.referrals import (
    DOORS,
    ENDS,
    NUMBER,
    OVERFLOW,
    REFERS,
    TELLS,
    Switch,
    ends_of,
    load_routes,
    route_changes,
)
from pathways.workforce import Workforce

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

SLOT_NAMES, PLACE_NAMES = tuple(SLOTS), tuple(PLACES)
GP, BEDS, VCSE, ED = (NUMBER[name] for name in ("gp", "beds", "vcse", "ed"))
NO_KEYS = np.empty(0, np.uint64)


@dataclass(slots=True)
class Community:
    """The light services of a place and the routes between all services.

    Parameters
    ----------
    capacity : ``Place.capacity``, per 10,000 people and year (places for the virtual ward)
    settings : overrides such as ``virtual_ward.capacity_factor`` and ``routes.gp.overflow.utc``
    is_type_1 : says by its key which attendance without admission is at a type 1 department

    Attributes
    ----------
    workforce : whose hours the services take
    record : tells the ledger what the services did
    minors : keys of attendances that came to a type 1 department because another was full
    """

    population: Population
    evidence: Evidence
    luck: Luck
    ledger: Ledger
    calendar: Calendar
    capacity: Mapping[str, Mapping[str, float]]
    is_type_1: Callable[[Words], Bools]
    settings: Mapping[str, float] = field(default_factory=dict)
    workforce: Workforce = field(init=False)
    record: CommunityRecord = field(init=False)
    slots: Slots = field(init=False)
    places: dict[str, Places] = field(init=False)
    minors: Words = field(init=False)
    refers: Switch = field(init=False)
    overflow: Switch = field(init=False)
    numbers: Numbers = field(init=False)
    _visitors: tuple[Visitors, Visitors] = field(init=False)
    _n_people: int = field(init=False)
    _seen: list[Group] = field(init=False, default_factory=list)  # to be sent on tomorrow
    _held: list[Group] = field(init=False, default_factory=list)  # to come tomorrow
    _kept_once: set[int] = field(init=False, default_factory=set)  # who ever wanted a place
    _discharged: list[tuple[int, int]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        numbers = self.numbers = Numbers.of(self.evidence, self.capacity)
        self._n_people = int(self.population.present(0.0).sum())
        elsewhere = numbers.elsewhere(self._n_people)
        self.slots = Slots(
            self.calendar,
            numbers.hours,
            numbers.lead,
            numbers.patience,
            np.zeros(len(SLOTS)),
        )
        self._visitors = (
            Visitors(self.luck, "light.slots", elsewhere[0], self._slot_time),
            Visitors(self.luck, "light.places", elsewhere[1]),
        )
        self.places = {name: Places(0) for name in PLACES}
        self.minors = NO_KEYS
        day = float(-self.calendar.warm_up)
        self.record = CommunityRecord(self.ledger, self.luck, self.slots, self.places, day)
        self.workforce = Workforce(self.evidence, self.settings, self.capacity)
        self.change(self.settings)
        self._fill_places()

    # ---- what is there ----

    def change(self, changes: Mapping[str, float]) -> None:
        """Have the capacity and the routes that ``changes`` set, from now on.

        Raises
        ------
        BadInput
            If a route leads to nowhere or shares are no shares.
        """
        self.settings = {**self.settings, **changes}
        routes = load_routes(self.evidence, route_changes(self.settings))
        self.refers, self.overflow, tells = (
            Switch.of(does, routes) for does in (REFERS, OVERFLOW, TELLS)
        )
        self.record.follow_routes(self.refers, self.overflow, tells)
        self.workforce.change(self.settings)
        self._open()

    def reopen(self) -> None:
        """Have the capacity that staff leave from now on, because posts fell empty or filled."""
        self._open()

    def _own_share(self) -> float:
        """Return the residents' share of every service."""
        return self._n_people / max(self._n_people, self.numbers.pool)

    def _factor(self, names: tuple[str, ...]) -> Floats:
        set_to = [self.settings.get(f"{name}.capacity_factor", 1.0) for name in names]
        return np.array(set_to) * [self.workforce.factor(name) for name in names]

    def _open(self) -> None:
        """Open the slots and places of everyone who shares the services."""
        heads = max(self._n_people, self.numbers.pool) / PER
        yearly = self.numbers.slots * heads * self._factor(SLOT_NAMES)
        self.record.slots_change(yearly)
        self.slots.change(yearly)
        places = self.numbers.places * heads * self._factor(PLACE_NAMES)
        for name, amount in zip(PLACE_NAMES, places.tolist(), strict=True):
            self.places[name].places = int(amount + 0.5)
            self.record.places_opened(name, self.places[name].places)

    def _fill_places(self) -> None:
        """Take the usual share of places at the start, with stays that end when they would."""
        day = -self.calendar.warm_up
        for number, service in enumerate(self.places.values()):
            taken = int(service.places * self.numbers.start[number])
            stays = self.luck.exponentials("light.start", number, np.arange(taken))
            ends = day + stays * self.numbers.stay[number]
            service.fill(float(day), ends.tolist(), self._own_share())

    def _slot_time(self, service: Integers, share: Floats) -> Floats:
        """Return the time of the day at which a share of its slots has begun."""
        return self.slots.hour(service, share) / HOURS

    # ---- a day ----

    def day(self, day: int, arrivals: Mapping[str, Arrivals]) -> dict[str, Arrivals]:
        """Let ``day`` happen; return its arrivals with those whom light services sent on."""
        if day > 0 and day % YEAR == 0:
            self._n_people = int(self.population.present(day).sum())
            self._open()
        asking = self._asking(day, arrivals)
        middle = int(asking.service.searchsorted(len(SLOTS)))
        turned_away = [self._see_by_slot(day, asking.part(slice(0, middle)))]
        turned_away += self._keep(day, asking.part(slice(middle, None)))
        self.record.done = day + 1.0
        return self._sent_on(day, dict(arrivals), together(turned_away))

    def _asking(self, day: int, arrivals: Mapping[str, Arrivals]) -> OnTheWay:
        """Return who asks for which light service today, visitors included.

        In order of service and then of time.
        """
        residents = together(
            [
                self._sent_here(day, arrivals["social_prescribing_referral"]),
                by_themselves(day, arrivals, self.slots),
                at_other_departments(day, arrivals["ed_attendance"], self.is_type_1),
            ]
        )
        self.record.count("arrivals", residents.service)
        asking = together([residents, *from_elsewhere(day, self._visitors)])
        return asking.part(np.argsort(asking.service * 4 + (asking.times - day), kind="stable"))

    def _sent_here(self, day: int, social: Arrivals) -> OnTheWay:
        """Return those whom other services sent: yesterday, or today's link workers."""
        parts, self._seen = self._seen, []
        home, self._discharged = self._discharged, []
        came = np.array([row for row, _ in home], np.int64)
        words = np.array([key for _, key in home], np.uint64)
        parts.append((np.full(len(home), BEDS), came, words))
        parts.append((np.full(len(social), VCSE), social.rows, social.keys))
        origin, rows, keys = columns(parts)
        place, route, keys = self.refers.along(
            self.luck, self.population, day, origin=origin, rows=rows, keys=keys
        )
        self.record.referred(route)
        held, self._held = self._held, []
        to, rows, keys = columns([(self.refers.to[route], rows[place], keys), *held])
        here = np.flatnonzero(self._is_here(day, rows))
        to, rows, keys = to[here], rows[here], keys[here]
        within = self.luck.uniforms_of(keys, "route.time")
        by_slot = np.flatnonzero(to < len(SLOTS))
        within[by_slot] = self.slots.hour(to[by_slot], within[by_slot]) / HOURS
        return OnTheWay(to, rows, day + within, keys)

    def _is_here(self, day: int, rows: Integers) -> Bools:
        people = self.population
        here: Bools = people.alive[rows] & (max(day, 0) < people.exit_day[rows])
        return here

    def _see_by_slot(self, day: int, asking: OnTheWay) -> OnTheWay:
        """Book slots; see who is due. Return who found no slot."""
        elsewhere = self.slots.book(asking.service, asking.rows, asking.keys, asking.times)
        due = self.slots.due(day)
        self.slots.pass_day()
        service, rows = due["service"], due["row"]
        here = self._is_here(day, rows)
        own = rows >= 0
        self.record.count("gone", service[own & ~here])
        due = chosen(due, own & here)
        self._seen.append((due["service"].copy(), due["row"].copy(), due["key"].copy()))
        self.record.seen(due)
        return self._no_visitors("turned_away", elsewhere)

    def _no_visitors(self, metric: str, elsewhere: Bookings) -> OnTheWay:
        """Count those who found no slot; return them, without visitors."""
        some = chosen(elsewhere, elsewhere["row"] >= 0)
        people = OnTheWay(*(some[name].copy() for name in ("service", "row", "asked", "key")))
        self.record.count(metric, people.service)
        return people

    def _keep(self, day: int, asking: OnTheWay) -> list[OnTheWay]:
        """Let a day pass for the services with places; return who found none."""
        number = asking.service - len(SLOTS)
        first, second = halves(self.luck.words_of(asking.keys, "light.place"))
        days = -np.log(first) * self.numbers.stay[number]
        until = asking.times - np.log(second) * self.numbers.wait[number]
        facts = zip(
            asking.rows.tolist(),
            asking.keys.tolist(),
            asking.times.tolist(),
            days.tolist(),
            until.tolist(),
            strict=True,
        )
        stays = [Stay(*fact) for fact in facts]
        self._kept_once.update(asking.rows.tolist())
        edges = number.searchsorted(np.arange(len(PLACES) + 1)).tolist()
        found = []
        for place, name in enumerate(PLACES):
            passed = self.places[name].pass_until(day + 1.0, stays[edges[place] : edges[place + 1]])
            began = [stay for stay in passed.began if stay.row >= 0]
            if began:
                self.record.stays_begun(name, began)
            left = [stay for stay in passed.elsewhere if stay.row >= 0]
            if left:
                found.append(self._without_place(day, name, left))
        return found

    def _without_place(self, day: int, name: str, left: list[Stay]) -> OnTheWay:
        """Count those who found no place or gave up waiting for one."""
        rows = np.array([stay.row for stay in left])
        self.record.without_place(name, left, rows)
        last = day + 1.0 - 1e-9
        times = np.array([min(stay.until, last) for stay in left])
        keys = np.array([stay.key for stay in left], np.uint64)
        return OnTheWay(np.full(len(left), NUMBER[name]), rows, times, keys)

    # ---- routes ----

    def _sent_on(
        self, day: int, arrivals: dict[str, Arrivals], turned_away: OnTheWay
    ) -> dict[str, Arrivals]:
        """Add those turned away to the day's arrivals, or keep them for another light service."""
        self.minors = NO_KEYS
        if not len(turned_away.rows):
            return arrivals
        utc = turned_away.service == UTC
        if utc.any():
            visits = arrivals["ed_attendance"]
            stay = ~np.isin(visits.keys, turned_away.keys[utc])
            arrivals["ed_attendance"] = Arrivals(
                visits.rows[stay], visits.times[stay], visits.keys[stay]
            )
        place, route, keys = self.overflow.along(
            self.luck,
            self.population,
            day,
            origin=turned_away.service,
            rows=turned_away.rows,
            keys=turned_away.keys,
        )
        self.record.overflowed(route)
        to, rows, times = self.overflow.to[route], turned_away.rows[place], turned_away.times[place]
        self.minors = keys[utc[place] & (to == ED)]
        light = to < len(SERVICES)
        self._held.append((to[light], rows[light], keys[light]))
        for number in np.unique(to[~light]).tolist():
            mine = to == number
            people = OnTheWay(to[mine], rows[mine], times[mine], keys[mine])
            process = DOORS[ENDS[number]]
            arrivals[process] = with_more(arrivals[process], people, day)
        return arrivals

    def unmet(self) -> tuple[tuple[str, ...], Floats]:
        """Return where unmet requests to the practice go, and where the share of each ends."""
        routes = [route for route in self.overflow.routes if route.origin == "gp"]
        return tuple(route.to for route in routes), ends_of(routes)

    def after_practice(self, day: int, practice: PracticeDay) -> None:
        """Send on those whom the practices have seen, and those whom they could not see."""
        seen = practice.attended
        self._seen.append((np.full(len(seen), GP), seen, practice.attended_keys))
        for number, to in enumerate(practice.leaks):
            count = int(np.count_nonzero(practice.leak == number)) if len(practice.leak) else 0
            if count:
                self.record.sent("gp" if to == "again" else to, f"gp.{OVERFLOW}", count)
            if count and to in SERVICES:
                rows, keys = practice.leaked(to)
                self._held.append((np.full(count, NUMBER[to]), rows, keys))

    def discharged(self, row: int, day: float, _: float, key: int) -> None:
        """Remember somebody who leaves a hospital bed alive, for what follows tomorrow."""
        self._discharged.append((row, key))

    def leave(self, rows: Sequence[int], now: float) -> None:
        """End what people have here who die or move away."""
        for row in rows:
            if row in self._kept_once:
                self._end(row, now)

    def _end(self, row: int, now: float) -> None:
        for name, service in self.places.items():
            before = service.gone
            service.leave(row, now)
            self.record.add("gone", name, service.gone - before)

    # ---- records ----

    def settle(self) -> None:
        """Hand what was counted since the last settlement to the ledger."""
        self.record.settle(self._own_share())

    def check(self) -> dict[str, int]:
        """Return where the people of the light services are, visitors included.

        Raises
        ------
        RuntimeError
            If anybody was lost, queues and waits disagree (Little's law), or staff gave more
            than they have hours for.
        """
        self.record.check()
        kept = self.places.values()
        return {
            "arrivals": int(self.slots.asked.sum()) + sum(one.asked for one in kept),
            "served": int(self.slots.served.sum()) + sum(one.served for one in kept),
            "gone": int(self.slots.refused.sum()) + sum(one.gave_up + one.gone for one in kept),
            "waiting": int(self.slots.waiting.sum()) + sum(one.waiting for one in kept),
        }
