"""Light services at work: calls, visits, clinics, packages and caseloads, day by day.

Everyone asks at the morning's call of ``day``: those whom the demand sends, those whom
other services referred the day before, and those who were turned away elsewhere. Who finds
no slot or place goes along the overflow routes of the referral network: to another light
service the next day, or to the practice, the hospital or a list the same day. The demand
table already holds what people do at today's capacity, and hardly anybody is turned away at
that, so the totals stay where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck, halves
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import YEAR, Calendar
from pathways.community_record import CommunityRecord
from pathways.contacts import (
    CONTACT,
    NOBODY,
    Contacts,
    by_service_and_time,
    contacts_to,
    contacts_with,
    parted,
    with_more,
)
from pathways.ledger import Ledger
from pathways.light import PER, PLACES, SERVICES, SLOTS, Numbers, Visitors
from pathways.light_arrivals import UTC, by_themselves
from pathways.light_places import Places, Stay
from pathways.light_slots import NOBODY_CAME, Slots
from pathways.practice import PracticeDay
from pathways.records import chosen, joined
from pathways.referrals import (
    DOORS,
    ENDS,
    NUMBER,
    OVERFLOW,
    REFERS,
    TELLS,
    ends_of,
    load_routes,
    route_changes,
)
from pathways.switch import Switch
from pathways.workforce import Workforce

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

SLOT_NAMES, PLACE_NAMES = tuple(SLOTS), tuple(PLACES)
GP, BEDS, VCSE = (NUMBER[name] for name in ("gp", "beds", "vcse"))
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
    _seen: list[Contacts] = field(init=False, default_factory=lambda: [NOBODY])  # to be sent on
    _held: list[Contacts] = field(init=False, default_factory=list)  # to come tomorrow
    _kept_once: set[int] = field(init=False, default_factory=set)  # who ever wanted a place
    _discharged: list[tuple[int, int, int, float, float]] = field(init=False, default_factory=list)

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
            Visitors(self.luck, "light.slots", elsewhere[0], 0),
            Visitors(self.luck, "light.places", elsewhere[1], len(SLOTS)),
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

    # ---- a day ----

    def day(self, day: int, arrivals: Mapping[str, Arrivals]) -> dict[str, Arrivals]:
        """Let ``day`` happen; return its arrivals with those whom light services sent on."""
        if day > 0 and day % YEAR == 0:
            self._n_people = int(self.population.present(day).sum())
            self._open()
        asking, edges = by_service_and_time(self._asking(day, arrivals), day, len(SERVICES))
        middle = edges[len(SLOTS)]
        turned_away = [self._see_by_slot(day, asking[:middle]), *self._keep(day, asking[middle:])]
        self.record.done = day + 1.0
        return self._sent_on(day, dict(arrivals), joined(turned_away))

    def _asking(self, day: int, arrivals: Mapping[str, Arrivals]) -> Contacts:
        """Return who asks for which light service today, visitors included."""
        slots, people = self.slots, self.population
        sent = self._sent_here(day, arrivals["social_prescribing_referral"])
        residents = slots.ask(day, sent, people, by_themselves(arrivals, self.is_type_1))
        self.record.count("arrivals", residents["service"])
        visitors = [some.of(day) for some in self._visitors if some.come]
        others = [slots.ask(day, some, people, NOBODY_CAME) for some in visitors]
        return joined([residents, *others])

    def _sent_here(self, day: int, social: Arrivals) -> Contacts:
        """Return those whom other services sent: yesterday, or today's link workers.

        Their times are shares of the day.
        """
        seen, self._seen = self._seen, []
        home, self._discharged = self._discharged, []
        if home:
            seen.append(np.array(home, CONTACT))
        if len(social):
            seen.append(contacts_with(VCSE, social.rows, social.keys))
        route, referred = self.refers.along(self.luck, self.population, day, joined(seen))
        self.record.referred(route)
        sent, self._held = joined([referred, *self._held]), []
        sent["asked"] = self.luck.uniforms_of(sent["key"], "route.time")
        return sent

    def _see_by_slot(self, day: int, asking: Contacts) -> Contacts:
        """Book slots; see who is due. Return who found no slot."""
        due, elsewhere = self.slots.pass_day(day, asking)
        due, gone = parted(due, day, self.population.alive, self.population.exit_day)
        if len(gone):
            self.record.count("gone", gone["service"])
        self.record.seen(due)
        self._seen.append(due)
        if len(elsewhere):
            elsewhere = chosen(elsewhere, elsewhere["row"] >= 0)
            self.record.count("turned_away", elsewhere["service"])
        return elsewhere

    def _keep(self, day: int, asking: Contacts) -> list[Contacts]:
        """Let a day pass for the services with places; return who found none."""
        wishes: dict[int, list[Stay]] = {}
        for service, stay in self._stays(asking) if len(asking) else ():
            wishes.setdefault(service, []).append(stay)
        found = []
        for number, (name, places) in enumerate(self.places.items(), len(SLOTS)):
            if number not in wishes and places.is_idle_until(day + 1.0):
                continue
            passed = places.pass_until(day + 1.0, wishes.get(number, ()))
            began = [stay for stay in passed.began if stay.row >= 0]
            if began:
                self.record.stays_begun(name, began)
            left = [stay for stay in passed.elsewhere if stay.row >= 0]
            if left:
                found.append(self._without_place(day, name, left))
        return found

    def _stays(self, asking: Contacts) -> Iterator[tuple[int, Stay]]:
        """Yield each who asks for a place: the service's number, and the stay they wish for."""
        first, second = halves(self.luck.words_of(asking["key"], "light.place"))
        logs = np.log(first).tolist(), np.log(second).tolist()
        stay, wait = self.numbers.stay.tolist(), self.numbers.wait.tolist()
        for contact, log_days, log_wait in zip(asking.tolist(), *logs, strict=True):
            service, row, key, asked, _ = contact
            place = service - len(SLOTS)
            until = asked - log_wait * wait[place]
            yield service, Stay(row, key, asked, -log_days * stay[place], until)
            self._kept_once.add(row)

    def _without_place(self, day: int, name: str, left: list[Stay]) -> Contacts:
        """Count those who found no place or gave up waiting for one."""
        rows = np.array([stay.row for stay in left])
        self.record.without_place(name, left, rows)
        people = contacts_with(NUMBER[name], rows, np.array([s.key for s in left], np.uint64))
        last = day + 1.0 - 1e-9
        people["asked"] = [min(stay.until, last) for stay in left]
        return people

    # ---- routes ----

    def _sent_on(
        self, day: int, arrivals: dict[str, Arrivals], turned_away: Contacts
    ) -> dict[str, Arrivals]:
        """Add those turned away to the day's arrivals, or keep them for another light service."""
        self.minors = NO_KEYS
        if not len(turned_away):
            return arrivals
        utc = turned_away["service"] == UTC
        if utc.any():
            visits = arrivals["ed_attendance"]
            stay = ~np.isin(visits.keys, turned_away["key"][utc])
            arrivals["ed_attendance"] = Arrivals(
                visits.rows[stay], visits.times[stay], visits.keys[stay]
            )
        route, sent = self.overflow.along(self.luck, self.population, day, turned_away)
        self.record.overflowed(route)
        if utc.any():
            self.minors = sent["key"][route == self.overflow.number("utc", "ed")]
        for number in sorted({*sent["service"].tolist()}):
            if number >= len(SERVICES):
                process = DOORS[ENDS[number]]
                arrivals[process] = with_more(arrivals[process], sent, number, day)
        self._held.append(chosen(sent, sent["service"] < len(SERVICES)))
        return arrivals

    def unmet(self) -> tuple[tuple[str, ...], Floats]:
        """Return where unmet requests to the practice go, and where the share of each ends."""
        routes = [route for route in self.overflow.routes if route.origin == "gp"]
        return tuple(route.to for route in routes), ends_of(routes)

    def after_practice(self, day: int, practice: PracticeDay) -> None:
        """Send on those whom the practices have seen, and those whom they could not see."""
        self._seen.append(contacts_with(GP, practice.attended, practice.attended_keys))
        counts = np.bincount(practice.leak, minlength=len(practice.leaks)).tolist()
        if not len(practice.leak):
            return
        services = _light_services(practice.leaks)
        unmet = contacts_to(services, practice.leak, practice.failed, practice.failed_keys)
        self._held.append(unmet)
        for to, count in zip(practice.leaks, counts, strict=False):  # what is left does without
            if count:
                self.record.sent("gp" if to == "again" else to, f"gp.{OVERFLOW}", count)

    def discharged(self, row: int, day: float, _: float, key: int) -> None:
        """Remember somebody who leaves a hospital bed alive, for what follows tomorrow."""
        self._discharged.append((BEDS, row, key, day, inf))

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
            "arrivals": int(self.slots.diary.asked.sum()) + sum(one.asked for one in kept),
            "served": int(self.slots.diary.served.sum()) + sum(one.served for one in kept),
            "gone": int(self.slots.diary.refused.sum())
            + sum(one.gave_up + one.gone for one in kept),
            "waiting": int(self.slots.diary.waiting.sum()) + sum(one.waiting for one in kept),
        }


@cache
def _light_services(names: tuple[str, ...]) -> Integers:
    """Return the number of each light service of ``names``, -1 for others and beyond the last."""
    return np.array([*(NUMBER[name] if name in SERVICES else -1 for name in names), -1])
