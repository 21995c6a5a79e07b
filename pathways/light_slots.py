"""Slots of many light services at once: everyone gets the first free slot of their service.

Slots stand evenly in a service's opening hours. All that need be remembered of a queue is
the last slot given, so a day of all services is a few operations on arrays, however long
the queues are. Who would have to wait longer than the service's patience goes elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pathways.calendar import YEAR, Calendar

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
HOURS = 24.0
_JUST = 1e-9  # a slot that begins this much (of a slot) before somebody asks is still theirs
_NEVER = 1 << 30  # a day beyond every calendar
_FAR = 1 << 40  # slots between two services on the common count

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
    _before: Integers = field(init=False)
    _days: Integers = field(init=False)  # (2, days) working days, then all; the last one far off
    _clock: tuple[Floats, Floats] = field(init=False)  # ends of the hours of all, and their widths
    _after: Integers = field(init=False)  # the first slot after the last one given
    _last: Floats = field(init=False)  # when that one begins, as of the last change
    _fresh: Integers = field(init=False)
    _rate: Floats = field(init=False)
    _due: dict[int, list[Bookings]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        first, end = -self.calendar.warm_up, self.calendar.end + YEAR
        every = np.arange(first, end)
        working = self.calendar.working_days(first, end)
        self._days = np.full((2, len(every) + 1), _NEVER)
        self._days[0, : len(working)], self._days[1, :-1] = working, every
        all_days = np.arange(len(every) + 1)
        self._before = np.stack([np.searchsorted(working, first + all_days), all_days])
        k = len(self.yearly)
        ends = (self.hours.by_hour + 2.0 * np.arange(k)[:, None]).ravel()
        self._clock = ends, np.maximum(np.diff(ends), 1e-12)
        self.waiting, self.asked, self.refused, self.served = np.zeros((4, k), np.int64)
        self._fresh = np.zeros(k, np.int64)
        self.waited, self.queue_time = np.zeros((2, k))
        self._last = np.full(k, -np.inf)
        self._rate, self._after = np.zeros(k), np.zeros(k, np.int64)
        self.change(self.yearly)

    def change(self, yearly: Floats) -> None:
        """Offer so many slots a year from now on; slots that are given stay given."""
        given = np.flatnonzero((self._after > 0) & (self._rate > 0.0))
        self._last[given] = self._time(given, self._after[given] - 1)
        self.yearly = yearly
        weekdays = self._before[0, -1] / (self._before.shape[1] - 1)
        self._rate = yearly / YEAR / np.where(self.hours.every_day, 1.0, weekdays)
        given = np.flatnonzero(self._last > -np.inf)
        count = self._count(given, self._last[given])
        self._after[given] = np.floor(count + 1e-6).astype(np.int64) + 1

    # ---- the clock of slots ----

    def _count(self, service: Integers, time: Floats) -> Floats:
        """Return how many slots of each service begin before ``time``, as a smooth count."""
        day = np.floor(time)
        index = (day + self.calendar.warm_up).astype(np.int64)
        kind = self.hours.every_day[service].astype(np.int64)
        before = self._before[kind, index]
        hour = (time - day) * HOURS
        begun = np.minimum(hour, HOURS - 1.0).astype(np.int64)
        by_hour = self.hours.by_hour
        share = by_hour[service, begun]
        share = share + (hour - begun) * (by_hour[service, begun + 1] - share)
        share *= self._before[kind, index + 1] - before
        count: Floats = (before + share) * self._rate[service]
        return count

    def _time(self, service: Integers, slot: Integers) -> Floats:
        """Return when a slot begins; far off where no day of the calendar holds it."""
        rate = self._rate[service]
        number = ((slot + _JUST) / rate).astype(np.int64)
        share = np.maximum(slot / rate - number, 0.0)
        kind = self.hours.every_day[service].astype(np.int64)
        day = self._days[kind, np.minimum(number, self._days.shape[1] - 1)]
        time: Floats = day + self.hour(service, share) / HOURS
        return time

    def hour(self, service: Integers, share: Floats) -> Floats:
        """Return the hour of the day at which a share of its slots has begun."""
        ends, widths = self._clock
        share = share + 2.0 * service
        first = service * 25
        place = np.minimum(ends.searchsorted(share, side="right") - 1, first + 23)
        hour: Floats = place - first + (share - ends[place]) / widths[place]
        return hour

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
        open_ = self.yearly[service] > 0.0
        if open_.all():
            at = self._slots_of(service, asked)
        else:
            at = np.full(len(row), np.inf)
            at[open_] = self._slots_of(service[open_], asked[open_])
        new["at"] = at
        stays = at < np.inf
        if stays.all():
            self._file(new)
            return new[:0]
        self._file(chosen(new, stays))
        elsewhere = chosen(new, ~stays)
        self.refused += np.bincount(elsewhere["service"], minlength=len(self.yearly))
        return elsewhere

    def _slots_of(self, service: Integers, asked: Floats) -> Floats:
        if not len(service):
            return np.empty(0)
        first = self._first_slots(service, asked + self.lead[service])
        slot = _in_turn(service, first, self._after[service])
        at = self._time(service, slot)
        late = at - asked > self.patience[service]
        if late.any():
            for number in np.unique(service[late]).tolist():
                mine = np.flatnonzero(service == number)
                at[mine], slot[mine] = self._with_patience(number, first[mine], asked[mine])
        last = np.append(np.flatnonzero(service[1:] != service[:-1]), len(service) - 1)
        self._after[service[last]] = slot[last] + 1
        return at

    def _first_slots(self, service: Integers, time: Floats) -> Integers:
        slots: Integers = np.ceil(self._count(service, time) - _JUST).astype(np.int64)
        return slots

    def _with_patience(
        self, number: int, first: Integers, asked: Floats
    ) -> tuple[Floats, Integers]:
        """Offer slots of one service one after the other; a slot declined is offered again.

        Returns when the slot of each begins (infinite if declined), and the last slot given then.
        """
        last = int(self._after[number]) - 1
        begin = min(int(first.min()), last + 1)
        slots = np.arange(begin, max(int(first.max()), last + 1) + len(first) + 1)
        times = self._time(np.full(len(slots), number), slots).tolist()
        patience = float(self.patience[number])
        at, given = np.full(len(first), np.inf), np.empty(len(first), np.int64)
        for place, (slot, since) in enumerate(zip(first.tolist(), asked.tolist(), strict=True)):
            offer = max(last + 1, slot)
            if times[offer - begin] - since <= patience:
                at[place], last = times[offer - begin], offer
            given[place] = last
        return at, given

    def _file(self, booked: Bookings) -> None:
        """File bookings under the day of their slot."""
        at, asked, service = booked["at"], booked["asked"], booked["service"]
        day, since = at.astype(np.int64), asked.astype(np.int64)
        day -= day > at  # days before the start are negative
        since -= since > asked
        later = day > since
        k = len(self.yearly)
        both = np.bincount(service + k * later, minlength=2 * k)
        self._fresh += both[k:]
        self.waiting += both[:k] + both[k:]
        rest = np.where(later, since + 1.0, at) - asked
        self.queue_time += np.bincount(service, rest, minlength=k)
        order = day.argsort(kind="stable")
        booked, day = chosen(booked, order), day[order]
        cuts = [0, *(np.flatnonzero(day[1:] != day[:-1]) + 1).tolist(), len(day)]
        for low, high in pairwise(cuts) if len(day) else ():
            self._due.setdefault(int(day[low]), []).append(booked[low:high])

    def due(self, day: int) -> Bookings:
        """Return the bookings of ``day``, in no order; they wait no longer.

        Call it once for every day, after that day's ``book``.
        """
        parts = self._due.pop(day, [])
        k = len(self.yearly)
        found: Bookings = joined(parts)
        service = found["service"]
        ends = np.bincount(service, minlength=k)
        self.waiting -= ends
        self.served += ends
        self.waited += np.bincount(service, found["at"] - found["asked"], minlength=k)
        earlier = found["asked"] < day
        self.queue_time += np.bincount(service[earlier], found["at"][earlier] - day, minlength=k)
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


def _in_turn(service: Integers, first: Integers, after: Integers) -> Integers:
    """Return the slot of each in turn: the first at or after ``first`` that is still free.

    ``after`` is the first slot that earlier people have left free. In order of service.
    """
    place = np.arange(len(first))
    offset = service * _FAR
    reached = np.maximum.accumulate(np.maximum(first, after) + offset - place)
    slots: Integers = reached + place - offset
    return slots
