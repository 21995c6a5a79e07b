"""Slots of many light services at once: everyone gets the first free slot of their service.

Slots stand evenly in a service's opening hours. All that need be remembered of a queue is
the last slot given, so a day of all services is a few operations on arrays, however long
the queues are. Who would have to wait longer than the service's patience goes elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.population import Population
from pathways.calendar import YEAR, Calendar
from pathways.contacts import CONTACT, NOBODY, Contacts
from pathways.light_diary import Diary
from pathways.records import chosen

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
HOURS = 24.0
_JUST = 1e-9  # a slot that begins this much (of a slot) before somebody asks is still theirs
_NEVER = 1 << 30  # a day beyond every calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When slot services are open, one entry a service; ``every_day`` is False for weekdays.

    ``by_hour`` (k, 25) is the share of a day's slots that begin before each hour, 0 to 1.
    """

    by_hour: Floats
    every_day: Bools


class Clock(NamedTuple):
    """When slots begin: for each service the hours of the day, and which days count.

    Attributes
    ----------
    by_hour : (k, 25) share of a day's slots that begin before each hour
    kind : (k,) 0 for services of working days, 1 for those of every day
    before : (2, days + 1) days of each kind before each day of the calendar
    days : (2, days + 1) the days of each kind in turn; beyond them, a day far off
    warm_up : days of the calendar before day 0
    """

    by_hour: Floats
    kind: Integers
    before: Integers
    days: Integers
    warm_up: int


class Came(NamedTuple):
    """Residents who come to services by themselves, and at what share of the day.

    That is the time of the day, but at services that are ``in_hours`` (one entry a service) the
    share of the slots that has begun by then.
    """

    service: Integers
    rows: Integers
    times: Floats
    keys: Words
    in_hours: Bools


NOBODY_CAME = Came(
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0),
    np.empty(0, np.uint64),
    np.empty(0, np.bool_),
)


class Offer(NamedTuple):
    """What is offered: (k,) slots on a day that counts, lead and patience (days) of services."""

    rate: Floats
    lead: Floats
    patience: Floats


@compiled
def _hour(by_hour: Floats, service: int, share: float) -> float:
    """Return the hour of the day at which a share of a service's slots has begun."""
    ends, above = by_hour[service], 2.0 * service  # each service's shares stand above the last's
    share += above
    begun = 0
    for hour in range(1, 24):  # all of them: quicker than to stop at the right one
        begun += ends[hour] + above <= share
    end = ends[begun] + above
    width = max(ends[begun + 1] + above - end, 1e-12)
    time: float = begun + (share - end) / width
    return time


@compiled
def _count(clock: Clock, service: int, rate: float, time: float) -> float:
    """Return how many slots of a service begin before ``time``, as a smooth count."""
    day = np.floor(time)
    index, kind = int(day) + clock.warm_up, clock.kind[service]
    before = clock.before[kind, index]
    hour = (time - day) * HOURS
    begun = int(min(hour, HOURS - 1.0))
    share = clock.by_hour[service, begun]
    share = share + (hour - begun) * (clock.by_hour[service, begun + 1] - share)
    share *= clock.before[kind, index + 1] - before
    count: float = (before + share) * rate
    return count


@compiled
def _time(clock: Clock, service: int, rate: float, slot: int) -> float:
    """Return when a slot begins; far off where no day of the calendar holds it."""
    number = int((slot + _JUST) / rate)
    share = max(slot / rate - number, 0.0)
    day = clock.days[clock.kind[service], min(number, clock.days.shape[1] - 1)]
    time: float = day + _hour(clock.by_hour, service, share) / HOURS
    return time


@compiled
def _ask(
    by_hour: Floats,
    day: int,
    sent: Contacts,
    alive: Bools,
    exit_day: Floats,
    service: Integers,
    rows: Integers,
    times: Floats,
    keys: Words,
    in_hours: Bools,
) -> Contacts:
    """Return the contacts of a day of those ``sent`` who are here, and of those who came.

    In the warm-up people are here as on day 0; visitors always are.
    """
    asking = np.empty(len(sent) + len(rows), CONTACT)
    count, today = 0, max(day, 0)
    for i in range(len(sent)):
        row, to, time = sent[i]["row"], sent[i]["service"], sent[i]["asked"]
        if row < 0 or (alive[row] and today < exit_day[row]):
            if to < len(by_hour):
                time = _hour(by_hour, to, time) / HOURS
            asking[count] = sent[i]
            asking[count]["asked"] = day + time
            count += 1
    for i in range(len(rows)):
        one, time = asking[count], times[i]
        if in_hours[service[i]]:
            time = _hour(by_hour, service[i], time) / HOURS
        one["service"], one["row"], one["key"] = service[i], rows[i], keys[i]
        one["asked"], one["at"] = day + time, np.inf
        count += 1
    return asking[:count]


@compiled
def _carry_on(clock: Clock, before: Floats, rate: Floats, after: Integers) -> None:
    """Count slots on from the last one given when their ``rate`` changes from ``before``."""
    for service in range(len(rate)):
        if after[service] == 0 or before[service] <= 0.0:
            continue
        last = _time(clock, service, before[service], after[service] - 1)
        after[service] = int(np.floor(_count(clock, service, rate[service], last) + 1e-6)) + 1


@compiled
def _give(clock: Clock, offer: Offer, after: Integers, asking: Contacts) -> int:
    """Give each of those ``asking`` the first free slot; return how many found none in time.

    Theirs is infinite. ``after``, the first slot of each service that nobody has had, is moved
    on. A slot that is too late for one person is offered again to the next.
    """
    given = 0
    for i in range(len(asking)):
        one = asking[i]
        service, asked = one["service"], one["asked"]
        rate = offer.rate[service]
        one["at"] = np.inf
        if rate <= 0.0:
            continue
        begun = _count(clock, service, rate, asked + offer.lead[service])
        slot = max(int(np.ceil(begun - _JUST)), after[service])
        time = _time(clock, service, rate, slot)
        if time - asked <= offer.patience[service]:
            one["at"] = time
            after[service] = slot + 1
            given += 1
    return len(asking) - given


@dataclass(slots=True)
class Slots:
    """The slots of several services.

    Parameters
    ----------
    calendar : the days of the run
    hours : when each service is open
    lead : (k,) days before the first slot that is offered
    patience : (k,) days from asking that people accept
    yearly : (k,) slots a year of each service, 0 or more

    Attributes
    ----------
    diary : the bookings, and who waits
    """

    calendar: Calendar
    hours: Hours
    lead: Floats
    patience: Floats
    yearly: Floats
    diary: Diary = field(init=False)
    _clock: Clock = field(init=False)
    _offer: Offer = field(init=False)
    _after: Integers = field(init=False)  # the first slot after the last one given

    def __post_init__(self) -> None:
        k = len(self.yearly)
        self._clock = _clock(self.calendar, self.hours)
        self._offer = Offer(np.zeros(k), self.lead, self.patience)
        self._after = np.zeros(k, np.int64)
        self.diary = Diary(self.calendar, k)
        self.change(self.yearly)

    def change(self, yearly: Floats) -> None:
        """Offer so many slots a year from now on; slots that are given stay given."""
        before, self.yearly = self._offer.rate, yearly
        weekdays = self._clock.before[0, -1] / (self._clock.before.shape[1] - 1)
        rate = yearly / YEAR / np.where(self.hours.every_day, 1.0, weekdays)
        self._offer = self._offer._replace(rate=rate)
        _carry_on(self._clock, before, rate, self._after)

    # ---- people ----

    def ask(self, day: int, sent: Contacts, people: Population, came: Came) -> Contacts:
        """Return the contacts of ``day`` of those ``sent`` who are here, and of those who came.

        Those sent (whose times are shares of the day) ask when such a share of the slots of
        their service has begun.
        """
        by_hour, alive, exit_day = self._clock.by_hour, people.alive, people.exit_day
        return _ask(by_hour, day, sent, alive, exit_day, *came)

    def pass_day(self, day: int, asking: Contacts) -> tuple[Contacts, Contacts]:
        """Let those ``asking`` book on ``day``; return who is due on it, and who went elsewhere.

        They get the first free slot (``at``) in order of asking, so they must be in ascending
        order of service, then of time. Those due are in the order in which they booked.
        """
        refused = _give(self._clock, self._offer, self._after, asking)
        elsewhere = chosen(asking, asking["at"] == np.inf) if refused else NOBODY
        return self.diary.pass_day(day, asking), elsewhere


def _clock(calendar: Calendar, hours: Hours) -> Clock:
    """Return when slots begin on the days of ``calendar`` and of the year after its end."""
    first, end = -calendar.warm_up, calendar.end + YEAR
    every = np.arange(first, end)
    working = calendar.working_days(first, end)
    days = np.full((2, len(every) + 1), _NEVER)
    days[0, : len(working)], days[1, :-1] = working, every
    all_days = np.arange(len(every) + 1)
    before = np.stack([np.searchsorted(working, first + all_days), all_days])
    kind = hours.every_day.astype(np.int64)
    return Clock(hours.by_hour, kind, before, days, calendar.warm_up)
