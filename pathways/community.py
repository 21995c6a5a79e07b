"""Light services at work: calls, visits, clinics, packages and caseloads, day by day.

Everyone asks at the morning's call of ``day``: those whom the demand sends, those whom
other services referred the day before, and those who were turned away elsewhere. Who finds
no slot or place goes along the overflow routes of the referral network: to another light
service the next day, or to the practice, the hospital or a list the same day. The demand
table already holds what people do at today's capacity, and hardly anybody is turned away at
that, so the totals stay where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.calendar import YEAR, Calendar
from pathways.demand import Arrivals
from pathways.ledger import Ledger
from pathways.light import PER, PLACES, SERVICES, SLOTS, Numbers, Visitors
from pathways.light_places import Places, Stay
from pathways.light_slots import HOURS, Slots
from pathways.practice import PracticeDay
from pathways.referrals import (
    DOORS,
    OVERFLOW,
    REFERS,
    SENDERS,
    TELLS,
    Sender,
    load_routes,
    route_changes,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

UTC = "utc"
SLOT_NAMES, PLACE_NAMES = tuple(SLOTS), tuple(PLACES)
NUMBER = {name: number for number, name in enumerate(SLOT_NAMES)}


@dataclass(frozen=True, slots=True)
class Points:
    """People on their way somewhere: rows, times (days) and the keys of their points."""

    rows: Integers
    times: Floats
    keys: Words


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
    slots: Slots = field(init=False)
    places: dict[str, Places] = field(init=False)
    minors: Words = field(init=False)
    senders: dict[tuple[str, str], Sender] = field(init=False)
    numbers: Numbers = field(init=False)
    _visitors: tuple[Visitors, Visitors] = field(init=False)
    _n_people: int = field(init=False)
    _held: dict[str, list[Points]] = field(init=False, default_factory=dict)
    _discharged: list[tuple[int, float, int]] = field(init=False, default_factory=list)
    _counts: Floats = field(init=False)  # (metrics, services) since the last settlement
    _settled: float = field(init=False)
    _standing: Floats = field(init=False)  # residents who wait, by service
    _kept: dict[str, float] = field(init=False, default_factory=dict)
    _done: float = field(init=False)  # every day before this one is over
    _told: dict[tuple[str, str], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        numbers = self.numbers = Numbers.of(self.evidence, self.capacity)
        self._n_people = int(self.population.present(0.0).sum())
        elsewhere = numbers.elsewhere(self._n_people)
        self._visitors = (
            Visitors(self.luck, "light.slots", elsewhere[0]),
            Visitors(self.luck, "light.places", elsewhere[1]),
        )
        self.slots = Slots(
            self.calendar,
            numbers.hours,
            numbers.lead,
            numbers.patience,
            np.zeros(len(SLOTS)),
        )
        self.places = {name: Places(0) for name in PLACES}
        self.minors = np.empty(0, np.uint64)
        self._counts = np.zeros((len(COUNTS), len(SERVICES)))
        self._standing = np.zeros(len(SERVICES))
        self._settled = self._done = float(-self.calendar.warm_up)
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
        self.senders = {
            (name, does): sender
            for does, names in SENDERS.items()
            for name in names
            if (sender := Sender.of(name, does, routes)).routes
        }
        self._open()

    def _own_share(self) -> float:
        """Return the residents' share of every service."""
        return self._n_people / max(self._n_people, self.numbers.pool)

    def _factor(self, names: tuple[str, ...]) -> Floats:
        return np.array([self.settings.get(f"{name}.capacity_factor", 1.0) for name in names])

    def _open(self) -> None:
        """Open the slots and places of everyone who shares the services."""
        heads = max(self._n_people, self.numbers.pool) / PER
        self.slots.change(self.numbers.slots * heads * self._factor(SLOT_NAMES))
        places = self.numbers.places * heads * self._factor(PLACE_NAMES)
        for name, amount in zip(PLACE_NAMES, places.tolist(), strict=True):
            self.places[name].places = int(amount + 0.5)

    def _fill_places(self) -> None:
        """Take the usual share of places at the start, with stays that end when they would."""
        day = -self.calendar.warm_up
        for number, service in enumerate(self.places.values()):
            taken = int(service.places * self.numbers.start[number])
            stays = self.luck.exponentials("light.start", number, np.arange(taken))
            ends = day + stays * self.numbers.stay[number]
            service.fill(float(day), ends.tolist(), self._own_share())

    # ---- a day ----

    def day(self, day: int, arrivals: Mapping[str, Arrivals]) -> dict[str, Arrivals]:
        """Let ``day`` happen; return its arrivals with those whom light services sent on."""
        if day > 0 and day % YEAR == 0:
            self._n_people = int(self.population.present(day).sum())
            self._open()
        asking = self._asking(day, arrivals)
        sent, gone = self._see_by_slot(day, asking)
        visiting = self._visitors[1].of(day)
        for name in PLACE_NAMES:
            sent += self._keep(day, name, self._wishes(day, name, asking.get(name), visiting))
        self._done = day + 1.0
        return self._sent_on(day, dict(arrivals), sent, gone)

    def _asking(self, day: int, arrivals: Mapping[str, Arrivals]) -> dict[str, Points]:
        """Return who asks for which light service today."""
        found = {
            name: [self._still_here(day, _together(parts))] for name, parts in self._held.items()
        }
        self._held = {}
        for name, light in SERVICES.items():
            if light.process and len(came := arrivals[light.process]):
                found.setdefault(name, []).append(_points(day, came))
        visits = arrivals["ed_attendance"]
        others = np.flatnonzero(~self.is_type_1(visits.keys))
        found.setdefault(UTC, []).append(_points(day, visits, others))
        self._refer_from_elsewhere(day, arrivals, found)
        return {name: _together(parts) for name, parts in found.items() if parts}

    def _is_here(self, day: int, rows: Integers) -> Bools:
        people = self.population
        here: Bools = people.alive[rows] & (max(day, 0) < people.exit_day[rows])
        return here

    def _still_here(self, day: int, points: Points) -> Points:
        """Return those who have not died or moved away since they were sent."""
        here = self._is_here(day, points.rows)
        return Points(points.rows[here], points.times[here], points.keys[here])

    def _refer_from_elsewhere(
        self, day: int, arrivals: Mapping[str, Arrivals], found: dict[str, list[Points]]
    ) -> None:
        """Add those whom hospital discharge and link workers send on."""
        home, self._discharged = self._discharged, []
        if home:
            rows, times, keys = zip(*home, strict=True)
            points = Points(np.array(rows), np.array(times), np.array(keys, np.uint64))
            self._refer(day, "beds", self._still_here(day, points), found)
        if len(came := arrivals["social_prescribing_referral"]):
            self._refer(day, "vcse", _points(day, came), found)

    def _see_by_slot(
        self, day: int, asking: Mapping[str, Points]
    ) -> tuple[list[tuple[str, str, Points]], Words]:
        """Book slots; see who is due. Return who was sent where, and who left the UTC's door."""
        service, rows, times, keys = self._in_order(day, asking)
        elsewhere = self.slots.book(service, rows, keys, times)
        self._count("arrivals", service[rows >= 0])
        due = self.slots.due(day)
        self.slots.pass_day()
        due = due[due["row"] >= 0]
        here = self._is_here(day, due["row"])
        self._count("gone", due["service"][~here])
        due = due[here]
        self._count("served", due["service"])
        order = np.argsort(due["service"], kind="stable")
        due = due[order]
        edges = np.searchsorted(due["service"], np.arange(len(SLOTS) + 1)).tolist()
        for number, name in enumerate(SLOT_NAMES):
            if edges[number] < edges[number + 1]:
                self._seen(day, name, due[edges[number] : edges[number + 1]])
        elsewhere = elsewhere[elsewhere["row"] >= 0]
        self._count("turned_away", elsewhere["service"])
        sent: list[tuple[str, str, Points]] = []
        gone = np.empty(0, np.uint64)
        for number in np.unique(elsewhere["service"]).tolist():
            mine = elsewhere[elsewhere["service"] == number]
            points = Points(mine["row"].copy(), mine["asked"].copy(), mine["key"].copy())
            sent += self._overflow(SLOT_NAMES[number], points)
            if number == NUMBER[UTC]:
                gone = points.keys
        return sent, gone

    def _in_order(
        self, day: int, asking: Mapping[str, Points]
    ) -> tuple[Integers, Integers, Floats, Words]:
        """Return residents and visitors who ask for slots, by service and then by time."""
        service, within, keys = self._visitors[0].of(day)
        times = day + self.slots.hour(service, within) / HOURS
        parts = [(service, np.full(len(service), -1), times, keys)]
        for number, name in enumerate(SLOT_NAMES):
            if (some := asking.get(name)) is not None:
                parts.append((np.full(len(some.rows), number), some.rows, some.times, some.keys))
        services, rows, times, keys = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        order = np.lexsort((times, services))
        return services[order], rows[order], times[order], keys[order]

    def _seen(self, day: int, name: str, due: npt.NDArray[np.void]) -> None:
        """Count those whom a slot service sees, and refer them on."""
        rows, keys = due["row"].copy(), due["key"].copy()
        waits = due["at"] - due["asked"]
        self.ledger.count(SLOTS[name].activity, rows)
        self.ledger.wait(name, rows, waits)
        self.ledger.event(due["at"].copy(), name, "seen", rows, waits)
        tells = self.senders.get((name, TELLS))
        if tells is not None:
            route = tells.choose(self.luck, keys)
            for number, one in enumerate(tells.routes):
                self._tell(one.to, f"{name}.{TELLS}", int(np.count_nonzero(route == number)))
                if name == "ambulance" and one.to == "ed":
                    self.ledger.count("ambulance_conveyed", rows[route == number])
        if (name, REFERS) in self.senders:
            self._refer(day + 1, name, Points(rows, due["at"] + 0.0, keys), self._held)

    def _keep(self, day: int, name: str, stays: list[Stay]) -> list[tuple[str, str, Points]]:
        """Let a day pass for a service with places; return who is sent where."""
        passed = self.places[name].pass_until(day + 1.0, stays)
        number = len(SLOTS) + PLACE_NAMES.index(name)
        count = self._counts
        count[COUNTS["arrivals"], number] += sum(stay.row >= 0 for stay in stays)
        began = [stay for stay in passed.began if stay.row >= 0]
        count[COUNTS["served"], number] += len(began)
        if began:
            rows = np.array([stay.row for stay in began])
            waits = np.array([stay.began - stay.asked for stay in began])
            self._begin_stays(name, began, rows)
            self.ledger.wait(name, rows, waits)
            at = np.array([stay.began for stay in began])
            self.ledger.event(at, name, "place begins", rows, waits)
        left = [stay for stay in passed.elsewhere if stay.row >= 0]
        refused = sum(stay.until <= stay.asked for stay in left)
        count[COUNTS["turned_away"], number] += refused
        count[COUNTS["gave_up"], number] += len(left) - refused
        if not left:
            return []
        points = Points(
            np.array([stay.row for stay in left]),
            np.array([min(stay.until, day + 1.0 - 1e-9) for stay in left]),
            np.array([stay.key for stay in left], np.uint64),
        )
        if name == "virtual_ward":
            self.ledger.count("virtual_ward_refused", points.rows)
        return self._overflow(name, points)

    def _begin_stays(self, name: str, began: list[Stay], rows: Integers) -> None:
        light = PLACES[name]
        if not light.days:
            self.ledger.count(light.activity, rows)
            return
        for stay in began:
            self.ledger.add(light.activity, stay.row, stay.days)

    def _wishes(
        self,
        day: int,
        name: str,
        asking: Points | None,
        visiting: tuple[Integers, Floats, Words],
    ) -> list[Stay]:
        """Return today's wishes for places, residents' and visitors', in order of time."""
        number = PLACE_NAMES.index(name)
        service, within, keys = visiting
        mine = np.flatnonzero(service == number)
        if asking is None and not len(mine):
            return []
        some = [Points(np.full(len(mine), -1), day + within[mine], keys[mine])]
        points = _together([*some, asking] if asking is not None else some)
        days = self.luck.exponentials_of(points.keys, f"light.stay.{name}")
        days *= self.numbers.stay[number]
        until = self.luck.exponentials_of(points.keys, f"light.patience.{name}")
        until = points.times + until * self.numbers.wait[number]
        columns = (points.rows, points.keys, points.times, days, until)
        order = np.argsort(points.times, kind="stable")
        facts = zip(*(column[order].tolist() for column in columns), strict=True)
        return [Stay(*fact) for fact in facts]

    # ---- routes ----

    def _refer(self, day: int, name: str, points: Points, to: dict[str, list[Points]]) -> None:
        """Send a share of those whom ``name`` has seen on, to come on ``day``."""
        sender = self.senders.get((name, REFERS))
        if sender is None:
            return
        for one, chosen in self._along(sender, points, day):
            self._tell(one, f"{name}.{REFERS}", len(chosen.rows))
            to.setdefault(one, []).append(self._on(day, one, chosen.rows, chosen.keys))

    def _on(self, day: int, to: str, rows: Integers, keys: Words) -> Points:
        """Let people come to a light service on ``day``, at a time when it may be open."""
        within = self.luck.uniforms_of(keys, "route.time")
        if to in NUMBER:
            within = self.slots.hour(np.full(len(keys), NUMBER[to]), within) / HOURS
        return Points(rows, day + within, keys)

    def _overflow(self, name: str, points: Points) -> list[tuple[str, str, Points]]:
        """Return where those go whom ``name`` could not see."""
        sender = self.senders.get((name, OVERFLOW))
        if sender is None:
            return []
        day = float(points.times.min()) if len(points.times) else 0.0
        return [(name, to, some) for to, some in self._along(sender, points, day)]

    def _along(self, sender: Sender, points: Points, day: float) -> list[tuple[str, Points]]:
        """Return who takes which route, with keys of their own for what follows."""
        route = sender.choose(self.luck, points.keys)
        found = []
        for number in np.unique(route[route < len(sender.routes)]).tolist():
            mine = np.flatnonzero(route == number)
            mine = mine[sender.takes(number, points.rows[mine], self.population, day)]
            if len(mine):
                one = sender.routes[number]
                keys = self.luck.words_of(points.keys[mine], f"route.{one.key}")
                found.append((one.to, Points(points.rows[mine], points.times[mine], keys)))
        return found

    def _sent_on(
        self,
        day: int,
        arrivals: dict[str, Arrivals],
        sent: list[tuple[str, str, Points]],
        gone: Words,
    ) -> dict[str, Arrivals]:
        """Add those sent on to the day's arrivals, or keep them for another light service."""
        if len(gone):
            visits = arrivals["ed_attendance"]
            stay = ~np.isin(visits.keys, gone)
            arrivals["ed_attendance"] = Arrivals(
                visits.rows[stay], visits.times[stay], visits.keys[stay]
            )
        minors = [points.keys for name, to, points in sent if (name, to) == (UTC, "ed")]
        self.minors = np.concatenate(minors) if minors else np.empty(0, np.uint64)
        for name, to, points in sent:
            self._tell(to, f"{name}.{OVERFLOW}", len(points.rows))
            if to in DOORS:
                arrivals[DOORS[to]] = _joined(arrivals[DOORS[to]], points, day)
            else:
                moved = self._on(day + 1, to, points.rows, points.keys)
                self._held.setdefault(to, []).append(moved)
        return arrivals

    def unmet(self) -> tuple[tuple[str, ...], Floats]:
        """Return where unmet requests to the practice go, and where the share of each ends."""
        sender = self.senders.get(("gp", OVERFLOW))
        if sender is None:
            return (), np.empty(0)
        return tuple(route.to for route in sender.routes), sender.edges

    def after_practice(self, day: int, practice: PracticeDay) -> None:
        """Send on those whom the practices have seen, and those whom they could not see."""
        seen = Points(
            practice.attended, np.full(len(practice.attended), day + 0.5), practice.attended_keys
        )
        self._refer(day + 1, "gp", seen, self._held)
        for number, to in enumerate(practice.leaks):
            count = int(np.count_nonzero(practice.leak == number))
            self._tell("gp" if to == "again" else to, f"gp.{OVERFLOW}", count)
            if to in SERVICES:
                rows, keys = practice.leaked(to)
                self._held.setdefault(to, []).append(self._on(day + 1, to, rows, keys))

    def discharged(self, row: int, day: float, _: float, key: int) -> None:
        """Remember somebody who leaves a hospital bed alive, for what follows tomorrow."""
        self._discharged.append((row, day, key))

    def leave(self, row: int, now: float) -> None:
        """End what a person has here who dies or moves away."""
        for name, service in self.places.items():
            before = service.gone
            service.leave(row, now)
            number = len(SLOTS) + PLACE_NAMES.index(name)
            self._counts[COUNTS["gone"], number] += service.gone - before

    # ---- records ----

    def _count(self, metric: str, service: Integers) -> None:
        counts = np.bincount(service, minlength=len(SERVICES))
        self._counts[COUNTS[metric]] += counts

    def _tell(self, to: str, by: str, count: int) -> None:
        if count:
            self._told[to, by] = self._told.get((to, by), 0) + count

    def settle(self) -> None:
        """Hand what was counted since the last settlement to the ledger."""
        ledger, now = self.ledger, self._done
        days = now - self._settled
        self._settled = now
        own = self._own_share()
        capacity = [
            *(self.slots.yearly * own * days / YEAR).tolist(),
            *(service.places * own * days for service in self.places.values()),
        ]
        counts = {name: self._counts[row] for name, row in COUNTS.items()}
        left = sum(count for name, count in counts.items() if name != "arrivals")
        self._standing += counts["arrivals"] - left
        for number, name in enumerate(SERVICES):
            for metric, count in counts.items():
                ledger.tally(name, "all", metric, float(count[number]))
            used = float(counts["served"][number])
            if name in PLACES:
                kept = self.places[name].own_days_until(now)
                used, self._kept[name] = kept - self._kept.get(name, 0.0), kept
            ledger.tally(name, "all", "used", used)
            ledger.tally(name, "all", "capacity", capacity[number])
            ledger.tally(name, "all", "queue_end", float(self._standing[number]))
        for (to, by), count in self._told.items():
            ledger.tally(to, by, "routed", count)
        self._counts[:] = 0.0
        self._told = {}

    def check(self) -> dict[str, int]:
        """Return where the people of the light services are, visitors included.

        Raises
        ------
        RuntimeError
            If anybody was lost, or queues and waits disagree (Little's law).
        """
        self.slots.check(self._done)
        for service in self.places.values():
            service.check()
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


def _points(day: int, came: Arrivals, chosen: Integers | None = None) -> Points:
    which = slice(None) if chosen is None else chosen
    return Points(came.rows[which], day + came.times[which], came.keys[which])


def _together(parts: list[Points]) -> Points:
    if len(parts) == 1:
        return parts[0]
    return Points(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


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
