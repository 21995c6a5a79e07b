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
from pathways.calendar import YEAR, Calendar
from pathways.contacts import NOBODY, Contacts, chosen, tally
from pathways.light_diary import Diary

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
HOURS = 24.0
_JUST = 1e-9  # a slot that begins this much (of a slot) before somebody asks is still theirs
_NEVER = 1 << 30  # a day beyond every calendar

# Rows of a service's counts: people who wait for their slot, those of them who asked since the
# last day ended, and all who asked, found no slot in time, or were seen.
_WAITING, _FRESH, _ASKED, _REFUSED, _SERVED = range(5)
_WAITED, _QUEUE_TIME = range(2)  # rows of its sums of days


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
    ends, widths : (k, 25) and (k, 24) the same, each service 2 above the last, and the steps
    kind : (k,) 0 for services of working days, 1 for those of every day
    before : (2, days + 1) days of each kind before each day of the calendar
    days : (2, days + 1) the days of each kind in turn; beyond them, a day far off
    warm_up : days of the calendar before day 0
    """

    by_hour: Floats
    ends: Floats
    widths: Floats
    kind: Integers
    before: Integers
    days: Integers
    warm_up: int


class Offer(NamedTuple):
    """What is offered: (k,) slots on a day that counts, lead and patience (days) of services."""

    rate: Floats
    lead: Floats
    patience: Floats


@compiled
def _hour(clock: Clock, service: int, share: float) -> float:
    """Return the hour of the day at which a share of a service's slots has begun."""
    share, ends = share + 2.0 * service, clock.ends[service]
    begun = 0
    for hour in range(1, 24):  # all of them: quicker than to stop at the right one
        begun += ends[hour] <= share
    time: float = begun + (share - ends[begun]) / clock.widths[service, begun]
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
    time: float = day + _hour(clock, service, share) / HOURS
    return time


@compiled
def _times(clock: Clock, service: Integers, share: Floats, in_hours: Bools) -> Floats:
    times = share.copy()
    for i in range(len(times)):
        if in_hours[service[i]]:
            times[i] = _hour(clock, service[i], share[i]) / HOURS
    return times


@compiled
def _carry_on(clock: Clock, before: Floats, rate: Floats, after: Integers) -> None:
    """Count slots on from the last one given when their ``rate`` changes from ``before``."""
    for service in range(len(rate)):
        if after[service] == 0 or before[service] <= 0.0:
            continue
        last = _time(clock, service, before[service], after[service] - 1)
        after[service] = int(np.floor(_count(clock, service, rate[service], last) + 1e-6)) + 1


@compiled
def _give(clock: Clock, offer: Offer, after: Integers, asking: Contacts) -> None:
    """Give each of those ``asking`` the first free slot, infinite if it would be too late.

    ``after``, the first slot of each service that nobody has had, is moved on. A slot that is
    too late for one person is offered again to the next.
    """
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


@compiled
def _begin_waits(asked: Contacts, counts: Integers, days: Floats) -> int:
    """Count those who asked and wait from now on; return how many have no slot."""
    refused = 0
    for i in range(len(asked)):
        one = asked[i]
        service, time, at = one["service"], one["asked"], one["at"]
        counts[_ASKED, service] += 1
        if at == np.inf:
            counts[_REFUSED, service] += 1
            refused += 1
            continue
        counts[_WAITING, service] += 1
        since = np.floor(time)
        if np.floor(at) > since:
            counts[_FRESH, service] += 1
            days[_QUEUE_TIME, service] += since + 1.0 - time
        else:
            days[_QUEUE_TIME, service] += at - time
    return refused


@compiled
def _book(
    clock: Clock, offer: Offer, after: Integers, asking: Contacts, counts: Integers, days: Floats
) -> int:
    """Give those ``asking`` a slot each and count them; return how many found none in time."""
    _give(clock, offer, after, asking)
    return _begin_waits(asking, counts, days)


@compiled
def _end_waits(due: Contacts, day: int, counts: Integers, days: Floats) -> None:
    """Count those whose slot is on ``day``; those who wait beyond it have waited all of it."""
    for i in range(len(due)):
        one = due[i]
        service = one["service"]
        counts[_WAITING, service] -= 1
        counts[_SERVED, service] += 1
        days[_WAITED, service] += one["at"] - one["asked"]
        if one["asked"] < day:
            days[_QUEUE_TIME, service] += one["at"] - day
    for service in range(counts.shape[1]):
        days[_QUEUE_TIME, service] += counts[_WAITING, service] - counts[_FRESH, service]
        counts[_FRESH, service] = 0


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
    waiting : (k,) people, visitors included, with a slot still to come
    """

    calendar: Calendar
    hours: Hours
    lead: Floats
    patience: Floats
    yearly: Floats
    waiting: Integers = field(init=False)
    asked: Integers = field(init=False)
    refused: Integers = field(init=False)
    served: Integers = field(init=False)
    waited: Floats = field(init=False)
    queue_time: Floats = field(init=False)
    _counts: Integers = field(init=False)  # (5, k), of which the numbers above are rows
    _days: Floats = field(init=False)  # (2, k)
    _clock: Clock = field(init=False)
    _offer: Offer = field(init=False)
    _diary: Diary = field(init=False)
    _after: Integers = field(init=False)  # the first slot after the last one given

    def __post_init__(self) -> None:
        k = len(self.yearly)
        self._clock = _clock(self.calendar, self.hours)
        self._counts, self._days = np.zeros((5, k), np.int64), np.zeros((2, k))
        self.waiting, _, self.asked, self.refused, self.served = self._counts
        self.waited, self.queue_time = self._days
        self._offer = Offer(np.zeros(k), self.lead, self.patience)
        self._diary = Diary(self.calendar)
        self._after = np.zeros(k, np.int64)
        self.change(self.yearly)

    def change(self, yearly: Floats) -> None:
        """Offer so many slots a year from now on; slots that are given stay given."""
        before, self.yearly = self._offer.rate, yearly
        weekdays = self._clock.before[0, -1] / (self._clock.before.shape[1] - 1)
        rate = yearly / YEAR / np.where(self.hours.every_day, 1.0, weekdays)
        self._offer = self._offer._replace(rate=rate)
        _carry_on(self._clock, before, rate, self._after)

    def times(self, service: Integers, share: Floats, in_hours: Bools) -> Floats:
        """Return the times of the day, 0 to 1, at which a share of each one's slots has begun.

        That is for services that are ``in_hours``; for others the share of the day is the time.
        """
        return _times(self._clock, service, share, in_hours)

    # ---- people ----

    def book(self, asking: Contacts) -> Contacts:
        """Give everyone the first free slot, in order of asking; return who went elsewhere.

        ``asking`` must be in ascending order of service, then of time. Their slots (``at``) are
        filled in; that of whoever goes elsewhere is infinite.
        """
        refused = _book(self._clock, self._offer, self._after, asking, self._counts, self._days)
        self._diary.file(asking)
        return chosen(asking, asking["at"] == np.inf) if refused else NOBODY

    def end_day(self, day: int) -> Contacts:
        """Return the bookings of ``day``, in the order they were made; they wait no longer.

        Call it once for every day, after that day's ``book``.
        """
        due = self._diary.take_out(day)
        _end_waits(due, day, self._counts, self._days)
        return due

    def check(self, now: float) -> None:
        """Raise ``RuntimeError`` unless everyone is served, elsewhere or waiting.

        Little's law must hold too: the integral of the queue is the sum of all waits.
        """
        standing = np.zeros(len(self.yearly), np.int64)
        so_far = np.zeros(len(self.yearly))
        waits = self._diary.all()
        tally(standing, waits["service"])
        np.add.at(so_far, waits["service"], now - waits["asked"])
        lost = (standing != self.waiting) | (
            self.asked != self.served + self.refused + self.waiting
        )
        error = np.abs(self.queue_time - self.waited - so_far)
        wrong = error > 1e-6 * np.maximum(self.queue_time, 1.0)
        if (lost | wrong).any():
            raise RuntimeError(
                f"slots lost people: services {np.flatnonzero(lost | wrong).tolist()}, asked "
                f"{self.asked}, served {self.served}, elsewhere {self.refused}, waiting "
                f"{self.waiting}; queue time differs from waits by {error}"
            )


def _clock(calendar: Calendar, hours: Hours) -> Clock:
    """Return when slots begin on the days of ``calendar`` and of the year after its end."""
    first, end = -calendar.warm_up, calendar.end + YEAR
    every = np.arange(first, end)
    working = calendar.working_days(first, end)
    days = np.full((2, len(every) + 1), _NEVER)
    days[0, : len(working)], days[1, :-1] = working, every
    all_days = np.arange(len(every) + 1)
    before = np.stack([np.searchsorted(working, first + all_days), all_days])
    ends = hours.by_hour + 2.0 * np.arange(len(hours.by_hour))[:, None]
    widths = np.maximum(np.diff(ends), 1e-12)
    kind = hours.every_day.astype(np.int64)
    return Clock(hours.by_hour, ends, widths, kind, before, days, calendar.warm_up)
