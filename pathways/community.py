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
from pathways.ledger import Ledger
from pathways.light import PER, PLACES, SERVICES, SLOTS, Numbers, Visitors
from pathways.light_places import Places, Stay
from pathways.light_slots import HOURS, Bookings, Slots, chosen, joined
from pathways.place_days import PlaceDays
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

Group = tuple[Integers, Integers, Words]  # services (index into ENDS), rows and keys

SLOT_NAMES, PLACE_NAMES = tuple(SLOTS), tuple(PLACES)
UTC, GP, BEDS, VCSE, ED = (NUMBER[name] for name in ("utc", "gp", "beds", "vcse", "ed"))
# Light services that people come to by themselves, and the process of demand that says when.
PROCESSES = tuple((NUMBER[name], one.process) for name, one in SERVICES.items() if one.process)
_COME_TO = np.array([number for number, _ in PROCESSES])
# Slot services that are asked for while they are open: no hour of demand is known.
_IN_HOURS = np.array([name in SLOTS and not SLOTS[name].by_the_hour for name in SERVICES])
NO_KEYS = np.empty(0, np.uint64)
FORTNIGHT = 14.0


@dataclass(frozen=True, slots=True)
class Points:
    """People on their way: service (index into ``ENDS``), row, time (days) and key of each."""

    service: Integers
    rows: Integers
    times: Floats
    keys: Words

    def part(self, which: slice | Integers) -> Points:
        """Return those whom ``which`` chooses."""
        return Points(self.service[which], self.rows[which], self.times[which], self.keys[which])


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
    units : by service, the visits or days that could have been given in the period settled
        last, and those that were given
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
    units: dict[str, tuple[float, float]] = field(init=False, default_factory=dict)
    _place_days: dict[str, PlaceDays] = field(init=False)
    slots: Slots = field(init=False)
    places: dict[str, Places] = field(init=False)
    minors: Words = field(init=False)
    refers: Switch = field(init=False)
    overflow: Switch = field(init=False)
    tells: Switch = field(init=False)
    numbers: Numbers = field(init=False)
    _visitors: tuple[Visitors, Visitors] = field(init=False)
    _n_people: int = field(init=False)
    _seen: list[Group] = field(init=False, default_factory=list)  # to be sent on tomorrow
    _held: list[Group] = field(init=False, default_factory=list)  # to come tomorrow
    _kept_once: set[int] = field(init=False, default_factory=set)  # who ever wanted a place
    _noted: list[Bookings] = field(init=False, default_factory=list)  # seen since settled
    _discharged: list[tuple[int, int]] = field(init=False, default_factory=list)
    _referred: Integers = field(init=False)  # people by route since settled
    _overflowed: Integers = field(init=False)
    _counts: Floats = field(init=False)  # (metrics, services) since the last settlement
    _pool: Integers = field(init=False)  # served by each slot service up to then, visitors too
    _standing: Floats = field(init=False)  # residents who wait, by service
    _kept: dict[str, float] = field(init=False, default_factory=dict)
    _offered: Floats = field(init=False)  # slots, then days in places, so far, for everyone
    _offered_until: float = field(init=False)
    _told_offered: Floats = field(init=False)  # up to the last settlement
    _promised: Floats = field(init=False)  # slots given before there were fewer
    _done: float = field(init=False)  # every day before this one is over
    _told: dict[tuple[str, str], int] = field(init=False, default_factory=dict)

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
        day = float(-self.calendar.warm_up)
        self._place_days = {name: PlaceDays(name, 0, day) for name in PLACES}
        self.minors = np.empty(0, np.uint64)
        self._counts = np.zeros((len(COUNTS), len(SERVICES)))
        self._standing = np.zeros(len(SERVICES))
        self._done = float(-self.calendar.warm_up)
        self._pool = np.zeros(len(SLOTS), np.int64)
        self._promised = np.zeros(len(SLOTS))
        self._offered, self._told_offered = np.zeros((2, len(SERVICES)))
        self._offered_until = self._done
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
        if self._done > -self.calendar.warm_up:
            self._hand_over_routes()
        self.refers, self.overflow, self.tells = (
            Switch.of(does, routes) for does in (REFERS, OVERFLOW, TELLS)
        )
        self._referred = np.zeros(len(self.refers.routes), np.int64)
        self._overflowed = np.zeros(len(self.overflow.routes), np.int64)
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
        self._promised += np.where(yearly < self.slots.yearly, self.slots.waiting, 0)
        self._count_offered()
        self.slots.change(yearly)
        places = self.numbers.places * heads * self._factor(PLACE_NAMES)
        for name, amount in zip(PLACE_NAMES, places.tolist(), strict=True):
            self.places[name].places = int(amount + 0.5)
            self._place_days[name].opened(self.places[name].places)

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
        self._done = day + 1.0
        return self._sent_on(day, dict(arrivals), together(turned_away))

    def _asking(self, day: int, arrivals: Mapping[str, Arrivals]) -> Points:
        """Return who asks for which light service today, visitors included.

        In order of service and then of time.
        """
        came = self._by_themselves(day, arrivals)
        parts = [self._sent_here(day, arrivals["social_prescribing_referral"]), came]
        visits = arrivals["ed_attendance"]
        others = np.flatnonzero(~self.is_type_1(visits.keys))
        rows, times, keys = visits.rows[others], visits.times[others], visits.keys[others]
        parts.append(Points(np.full(len(rows), UTC), rows, day + times, keys))
        residents = together(parts)
        self._count("arrivals", residents.service)
        visitors = []
        for first, some in zip((0, len(SLOTS)), self._visitors, strict=True):
            if some.come:
                service, within, keys = some.of(day)
                nobody = np.full(len(keys), -1)
                visitors.append(Points(service + first, nobody, day + within, keys))
        points = together([residents, *visitors]) if visitors else residents
        return points.part(np.argsort(points.service * 4 + (points.times - day), kind="stable"))

    def _by_themselves(self, day: int, arrivals: Mapping[str, Arrivals]) -> Points:
        """Return who comes to a light service of their own accord today."""
        came = [arrivals[process] for _, process in PROCESSES]
        service = np.repeat(_COME_TO, [len(some) for some in came])
        times = np.concatenate([some.times for some in came])
        in_hours = np.flatnonzero(_IN_HOURS[service])
        times[in_hours] = self._slot_time(service[in_hours], times[in_hours])
        return Points(
            service,
            np.concatenate([some.rows for some in came]),
            day + times,
            np.concatenate([some.keys for some in came]),
        )

    def _sent_here(self, day: int, social: Arrivals) -> Points:
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
        self._referred += np.bincount(route, minlength=len(self._referred))
        held, self._held = self._held, []
        to, rows, keys = columns([(self.refers.to[route], rows[place], keys), *held])
        here = np.flatnonzero(self._is_here(day, rows))
        to, rows, keys = to[here], rows[here], keys[here]
        within = self.luck.uniforms_of(keys, "route.time")
        by_slot = np.flatnonzero(to < len(SLOTS))
        within[by_slot] = self.slots.hour(to[by_slot], within[by_slot]) / HOURS
        return Points(to, rows, day + within, keys)

    def _is_here(self, day: int, rows: Integers) -> Bools:
        people = self.population
        here: Bools = people.alive[rows] & (max(day, 0) < people.exit_day[rows])
        return here

    def _see_by_slot(self, day: int, asking: Points) -> Points:
        """Book slots; see who is due. Return who found no slot."""
        elsewhere = self.slots.book(asking.service, asking.rows, asking.keys, asking.times)
        due = self.slots.due(day)
        self.slots.pass_day()
        service, rows = due["service"], due["row"]
        here = self._is_here(day, rows)
        own = rows >= 0
        self._count("gone", service[own & ~here])
        due = chosen(due, own & here)
        service, rows = due["service"].copy(), due["row"].copy()
        self._count("served", service)
        self._seen.append((service, rows, due["key"].copy()))
        self._noted.append(due)
        return self._no_visitors("turned_away", elsewhere)

    def _no_visitors(self, metric: str, elsewhere: Bookings) -> Points:
        """Count those who found no slot; return them, without visitors."""
        some = chosen(elsewhere, elsewhere["row"] >= 0)
        points = Points(*(some[name].copy() for name in ("service", "row", "asked", "key")))
        self._count(metric, points.service)
        return points

    def _keep(self, day: int, asking: Points) -> list[Points]:
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
                self._begin_stays(name, began)
            left = [stay for stay in passed.elsewhere if stay.row >= 0]
            if left:
                found.append(self._without_place(day, name, left))
        return found

    def _begin_stays(self, name: str, began: list[Stay]) -> None:
        light, rows = PLACES[name], np.array([stay.row for stay in began])
        self._counts[COUNTS["served"], NUMBER[name]] += len(began)
        if light.days:
            for stay in began:
                self.ledger.add(light.activity, stay.row, stay.days)
        else:
            self.ledger.count(light.activity, rows)
        waits = np.array([stay.began - stay.asked for stay in began])
        self.ledger.wait(name, rows, waits)
        at = np.array([stay.began for stay in began])
        self.ledger.event(at, name, "place begins", rows, waits)

    def _without_place(self, day: int, name: str, left: list[Stay]) -> Points:
        """Count those who found no place or gave up waiting for one."""
        refused = sum(stay.until <= stay.asked for stay in left)
        self._counts[COUNTS["turned_away"], NUMBER[name]] += refused
        self._counts[COUNTS["gave_up"], NUMBER[name]] += len(left) - refused
        rows = np.array([stay.row for stay in left])
        if name == "virtual_ward":
            self.ledger.count("virtual_ward_refused", rows)
        last = day + 1.0 - 1e-9
        times = np.array([min(stay.until, last) for stay in left])
        keys = np.array([stay.key for stay in left], np.uint64)
        return Points(np.full(len(left), NUMBER[name]), rows, times, keys)

    # ---- routes ----

    def _sent_on(
        self, day: int, arrivals: dict[str, Arrivals], turned_away: Points
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
        self._overflowed += np.bincount(route, minlength=len(self._overflowed))
        to, rows, times = self.overflow.to[route], turned_away.rows[place], turned_away.times[place]
        self.minors = keys[utc[place] & (to == ED)]
        light = to < len(SERVICES)
        self._held.append((to[light], rows[light], keys[light]))
        for number in np.unique(to[~light]).tolist():
            mine = to == number
            points = Points(to[mine], rows[mine], times[mine], keys[mine])
            process = DOORS[ENDS[number]]
            arrivals[process] = _joined(arrivals[process], points, day)
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
                by = ("gp" if to == "again" else to), f"gp.{OVERFLOW}"
                self._told[by] = self._told.get(by, 0) + count
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
            self._counts[COUNTS["gone"], NUMBER[name]] += service.gone - before

    # ---- records ----

    def _count(self, metric: str, service: Integers) -> None:
        counts = np.bincount(service, minlength=len(SERVICES))
        self._counts[COUNTS[metric]] += counts

    def settle(self) -> None:
        """Hand what was counted since the last settlement to the ledger."""
        ledger, now = self.ledger, self._done
        self._hand_over_seen()
        self._count_offered()
        own = self._own_share()
        pool, self._pool = self.slots.served - self._pool, self.slots.served.copy()
        capacity = ((self._offered - self._told_offered) * own).tolist()
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
                used = float(pool[number]) * own  # their share of what everyone here used
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
            rows, waits = mine["row"].copy(), mine["at"] - mine["asked"]
            self.ledger.count(SLOTS[name].activity, rows)
            self.ledger.wait(name, rows, waits)
            self.ledger.event(mine["at"].copy(), name, "seen", rows, waits)
        self._hand_over_told(due["service"].copy(), due["row"].copy(), due["key"].copy())

    def _hand_over_told(self, service: Integers, rows: Integers, keys: Words) -> None:
        """Count how people seen arrived elsewhere, whom the demand of that place holds already."""
        route = self.tells.choose(self.luck, service, keys)
        for number, one in enumerate(self.tells.routes):
            mine = np.flatnonzero(route == number)
            if not len(mine):
                continue
            self.ledger.tally(one.to, f"{one.origin}.{TELLS}", "routed", len(mine))
            if (one.origin, one.to) == ("ambulance", "ed"):
                self.ledger.count("ambulance_conveyed", rows[mine])

    def _hand_over_routes(self) -> None:
        """Tell how many people took each route since this was last told."""
        ledger = self.ledger
        for switch, counts in ((self.refers, self._referred), (self.overflow, self._overflowed)):
            for route, count in zip(switch.routes, counts.tolist(), strict=True):
                if count:
                    ledger.tally(route.to, f"{route.origin}.{route.does}", "routed", count)
            counts[:] = 0
        for (to, by), count in self._told.items():
            ledger.tally(to, by, "routed", count)
        self._told = {}

    def _count_offered(self) -> None:
        days = self._done - self._offered_until
        self._offered[: len(SLOTS)] += self.slots.yearly * days / YEAR
        self._offered[len(SLOTS) :] += [service.places * days for service in self.places.values()]
        self._offered_until = self._done

    def _check_hours(self) -> None:
        """Raise ``RuntimeError`` if staff gave more visits than they have hours for.

        A fortnight is allowed for, since a year's slots do not stand evenly in it.
        """
        self._count_offered()
        fortnight = self.slots.yearly * FORTNIGHT / YEAR + 1.0
        offered = self._offered[: len(SLOTS)]
        over = self.slots.served > offered + self._promised + fortnight
        if over.any():
            names = [name for name, more in zip(SLOT_NAMES, over.tolist(), strict=True) if more]
            raise RuntimeError(
                f"more hours used than held: {names} gave {self.slots.served[over]} of "
                f"{offered[over]} slots"
            )

    def check(self) -> dict[str, int]:
        """Return where the people of the light services are, visitors included.

        Raises
        ------
        RuntimeError
            If anybody was lost, or queues and waits disagree (Little's law).
        """
        self._check_hours()
        self.slots.check(self._done)
        for name, service in self.places.items():
            service.check()
            self._place_days[name].check()
        kept = self.places.values()
        return {
            "arrivals": int(self.slots.asked.sum()) + sum(one.asked for one in kept),
            "served": int(self.slots.served.sum()) + sum(one.served for one in kept),
            "gone": int(self.slots.refused.sum()) + sum(one.gave_up + one.gone for one in kept),
            "waiting": int(self.slots.waiting.sum()) + sum(one.waiting for one in kept),
        }


# What is counted of each service between settlements, and its row of the counts.
COUNTS = {
    name: row for row, name in enumerate(("arrivals", "served", "turned_away", "gave_up", "gone"))
}


def together(parts: Sequence[Points]) -> Points:
    """Return the points of all ``parts``, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Points(
        np.concatenate([part.service for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


def columns(parts: Sequence[Group]) -> Group:
    """Return the services, rows and keys of all ``parts``."""
    service, rows, keys = zip(*parts, strict=True)
    return np.concatenate(service), np.concatenate(rows), np.concatenate(keys)


def _joined(came: Arrivals, points: Points, day: int) -> Arrivals:
    """Return a day's arrivals with ``points`` among them, in order of time."""
    within = np.clip(points.times - day, 0.0, 1.0 - 1e-9)
    times = np.concatenate([came.times, within])
    order = np.argsort(times, kind="stable")
    return Arrivals(
        np.concatenate([came.rows, points.rows])[order],
        times[order],
        np.concatenate([came.keys, points.keys])[order],
    )
