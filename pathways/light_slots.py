"""Slots of many light services at once: everyone gets the first free slot of their service.

Slots stand evenly in a service's opening hours. All that need be remembered of a queue is
the last slot given, so a day of all services is a few operations on arrays, however long
the queues are. Who would have to wait longer than the service's patience goes elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.calendar import YEAR, Calendar

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
HOURS = 24.0
_JUST = 1e-9  # a slot that begins this much (of a slot) before somebody asks is still theirs
_NEVER = 1 << 30  # a day beyond every calendar

# One booking: ``service`` and ``row`` are numbers (a visitor's row is -1), times are days.
BOOKING = np.dtype(
    [
        ("service", np.int64),
        ("row", np.int64),
        ("key", np.uint64),
        ("asked", np.float64),
        ("at", np.float64),
    ]
)
Bookings = npt.NDArray[np.void]
_BYTES = np.dtype((np.void, BOOKING.itemsize))


def chosen(bookings: Bookings, which: npt.NDArray[np.generic]) -> Bookings:
    """Return the bookings that a mask or an index chooses (as bytes, which is quick)."""
    some: Bookings = bookings.view(_BYTES)[which].view(BOOKING)
    return some


def joined(parts: Sequence[Bookings]) -> Bookings:
    """Return the bookings of all ``parts`` one after the other."""
    if not parts:
        return np.empty(0, BOOKING)
    return np.concatenate([part.view(_BYTES) for part in parts]).view(BOOKING)


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
    ends, widths : (25 k) and (25 k - 1) the same in one row, each service 2 above the last
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


@compiled
def _hour(clock: Clock, service: int, share: float) -> float:
    """Return the hour of the day at which a share of a service's slots has begun."""
    share, first = share + 2.0 * service, service * 25
    place = first
    while place < first + 23 and clock.ends[place + 1] <= share:
        place += 1
    hour: float = place - first + (share - clock.ends[place]) / clock.widths[place]
    return hour


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
def _hours(clock: Clock, service: Integers, share: Floats) -> Floats:
    hours = np.empty(len(service))
    for i in range(len(service)):
        hours[i] = _hour(clock, service[i], share[i])
    return hours


@compiled
def _carry_on(clock: Clock, before: Floats, rate: Floats, after: Integers) -> None:
    """Count slots on from the last one given when their ``rate`` changes from ``before``."""
    for service in range(len(rate)):
        if after[service] == 0 or before[service] <= 0.0:
            continue
        last = _time(clock, service, before[service], after[service] - 1)
        after[service] = int(np.floor(_count(clock, service, rate[service], last) + 1e-6)) + 1


@compiled
def _give(
    clock: Clock,
    rate: Floats,
    lead: Floats,
    patience: Floats,
    after: Integers,
    service: Integers,
    asked: Floats,
) -> Floats:
    """Return when the slot of each begins: the first that is free, infinite if too late.

    ``after``, the first slot of each service that nobody has had, is moved on. A slot that is
    too late for one person is offered again to the next.
    """
    at = np.full(len(service), np.inf)
    for i in range(len(service)):
        number = service[i]
        if rate[number] <= 0.0:
            continue
        first = int(np.ceil(_count(clock, number, rate[number], asked[i] + lead[number]) - _JUST))
        slot = max(first, after[number])
        time = _time(clock, number, rate[number], slot)
        if time - asked[i] <= patience[number]:
            at[i] = time
            after[number] = slot + 1
    return at


@compiled
def _note(booked: Bookings, waiting: Integers, fresh: Integers, queue_time: Floats) -> Integers:
    """Count people who wait from now on; return the day of each booking."""
    days = np.empty(len(booked), np.int64)
    for i in range(len(booked)):
        one = booked[i]
        day, since = int(np.floor(one["at"])), int(np.floor(one["asked"]))
        waiting[one["service"]] += 1
        if day > since:
            fresh[one["service"]] += 1
            queue_time[one["service"]] += since + 1.0 - one["asked"]
        else:
            queue_time[one["service"]] += one["at"] - one["asked"]
        days[i] = day
    return days


@compiled
def _end(
    booked: Bookings,
    day: int,
    waiting: Integers,
    served: Integers,
    waited: Floats,
    queue_time: Floats,
) -> None:
    """Count those whose slot is on ``day``."""
    for i in range(len(booked)):
        one = booked[i]
        number = one["service"]
        waiting[number] -= 1
        served[number] += 1
        waited[number] += one["at"] - one["asked"]
        if one["asked"] < day:
            queue_time[number] += one["at"] - day


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
    _clock: Clock = field(init=False)
    _after: Integers = field(init=False)  # the first slot after the last one given
    _fresh: Integers = field(init=False)
    _rate: Floats = field(init=False)
    _due: dict[int, list[Bookings]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        k = len(self.yearly)
        self._clock = _clock(self.calendar, self.hours)
        self.waiting, self.asked, self.refused, self.served = np.zeros((4, k), np.int64)
        self._fresh = np.zeros(k, np.int64)
        self.waited, self.queue_time = np.zeros((2, k))
        self._rate, self._after = np.zeros(k), np.zeros(k, np.int64)
        self.change(self.yearly)

    def change(self, yearly: Floats) -> None:
        """Offer so many slots a year from now on; slots that are given stay given."""
        before, self.yearly = self._rate, yearly
        weekdays = self._clock.before[0, -1] / (self._clock.before.shape[1] - 1)
        self._rate = yearly / YEAR / np.where(self.hours.every_day, 1.0, weekdays)
        _carry_on(self._clock, before, self._rate, self._after)

    def hour(self, service: Integers, share: Floats) -> Floats:
        """Return the hour of the day at which a share of its slots has begun."""
        return _hours(self._clock, service, share)

    # ---- people ----

    def book(
        self, service: Integers, row: Integers, key: npt.NDArray[np.uint64], asked: Floats
    ) -> Bookings:
        """Give everyone the first free slot, in order of asking; return who went elsewhere.

        ``service`` and ``asked`` must be in ascending order of service, then of time. The
        returned bookings have no slot (``at`` is infinite).
        """
        new = np.empty(len(row), BOOKING)
        new["service"], new["row"], new["key"], new["asked"] = service, row, key, asked
        self.asked += np.bincount(service, minlength=len(self.yearly))
        at = _give(self._clock, self._rate, self.lead, self.patience, self._after, service, asked)
        new["at"] = at
        stays = at < np.inf
        if stays.all():
            self._file(new)
            return new[:0]
        self._file(chosen(new, stays))
        elsewhere = chosen(new, ~stays)
        self.refused += np.bincount(elsewhere["service"], minlength=len(self.yearly))
        return elsewhere

    def _file(self, booked: Bookings) -> None:
        """File bookings under the day of their slot."""
        day = _note(booked, self.waiting, self._fresh, self.queue_time)
        order = day.argsort(kind="stable")
        booked, day = chosen(booked, order), day[order]
        cuts = [0, *(np.flatnonzero(day[1:] != day[:-1]) + 1).tolist(), len(day)]
        for low, high in pairwise(cuts) if len(day) else ():
            self._due.setdefault(int(day[low]), []).append(booked[low:high])

    def due(self, day: int) -> Bookings:
        """Return the bookings of ``day``, in no order; they wait no longer.

        Call it once for every day, after that day's ``book``.
        """
        found: Bookings = joined(self._due.pop(day, []))
        _end(found, day, self.waiting, self.served, self.waited, self.queue_time)
        return found

    def pass_day(self) -> None:
        """End a day: those who asked before it and wait beyond it have waited all of it."""
        self.queue_time += self.waiting - self._fresh
        self._fresh[:] = 0

    def check(self, now: float) -> None:
        """Raise ``RuntimeError`` unless everyone is served, elsewhere or waiting.

        Little's law must hold too: the integral of the queue is the sum of all waits.
        """
        standing = np.zeros(len(self.yearly), np.int64)
        so_far = np.zeros(len(self.yearly))
        for parts in self._due.values():
            for part in parts:
                standing += np.bincount(part["service"], minlength=len(standing))
                since = now - part["asked"]
                so_far += np.bincount(part["service"], since, minlength=len(standing))
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
    ends = (hours.by_hour + 2.0 * np.arange(len(hours.by_hour))[:, None]).ravel()
    widths = np.maximum(np.diff(ends), 1e-12)
    kind = hours.every_day.astype(np.int64)
    return Clock(hours.by_hour, ends, widths, kind, before, days, calendar.warm_up)
