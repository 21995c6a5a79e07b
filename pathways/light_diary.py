"""Bookings of light services by the day of their slot, and how long people wait for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from pathways.calendar import YEAR, Calendar
from pathways.contacts import CONTACT, Contacts, tally
from pathways.records import ByDay

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Rows of a service's counts: people who wait for their slot, those of them who asked since the
# last day ended, and all who asked, found no slot in time, or were seen.
_WAITING, _FRESH, _ASKED, _REFUSED, _SERVED = range(5)
_WAITED, _QUEUE_TIME = range(2)  # rows of its sums of days


@dataclass(slots=True)
class Diary:
    """Bookings by the day of their slot, and how long people wait for it.

    Parameters
    ----------
    calendar : the days of the run
    services : how many they are, k

    Attributes
    ----------
    waiting : (k,) people, visitors included, with a slot still to come
    asked, refused, served : (k,) all who asked, found no slot in time, and were seen
    waited, queue_time : (k,) sum of waits that are over, and the integral of the queue, in days
    """

    calendar: Calendar
    services: int
    waiting: Integers = field(init=False)
    asked: Integers = field(init=False)
    refused: Integers = field(init=False)
    served: Integers = field(init=False)
    waited: Floats = field(init=False)
    queue_time: Floats = field(init=False)
    _counts: Integers = field(init=False)  # (5, k), of which the numbers above are rows
    _sums: Floats = field(init=False)  # (2, k)
    _bookings: ByDay = field(init=False)  # of days to come; the last is for all beyond the calendar

    def __post_init__(self) -> None:
        self._counts = np.zeros((5, self.services), np.int64)
        self._sums = np.zeros((2, self.services))
        self.waiting, _, self.asked, self.refused, self.served = self._counts
        self.waited, self.queue_time = self._sums
        days = self.calendar.end + YEAR + self.calendar.warm_up
        self._bookings = ByDay(days + 1, CONTACT)

    def pass_day(self, day: int, asked: Contacts) -> Contacts:
        """File those who ``asked`` on ``day`` and have a slot; return whose slot is on that day.

        They are in the order in which they booked. Call it once for every day.
        """
        warm_up = self.calendar.warm_up
        _begin_waits(asked, self._counts, self._sums)
        due, later, when = _parted(asked, self._bookings.take(day + warm_up), day)
        self._bookings.file(later, np.minimum(when + warm_up, self._bookings.days - 1))
        _end_waits(due, day, self._counts, self._sums)
        return due

    def check(self, now: float) -> None:
        """Raise ``RuntimeError`` unless everyone is served, elsewhere or waiting.

        Little's law must hold too: the integral of the queue is the sum of all waits.
        """
        standing, so_far = np.zeros(self.services, np.int64), np.zeros(self.services)
        waits = self._bookings.every()
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


@compiled
def _parted(asked: Contacts, due: Contacts, day: int) -> tuple[Contacts, Contacts, Integers]:
    """Return whose slot is on ``day``, those ``due`` before those who asked today.

    And those with a slot on a later day, with its day.
    """
    today, later = np.empty(len(due) + len(asked), CONTACT), np.empty_like(asked)
    when = np.empty(len(asked), np.int64)
    count, others = len(due), 0
    today[:count] = due
    for i in range(len(asked)):
        at = np.floor(asked[i]["at"])
        if at == day:
            today[count] = asked[i]
            count += 1
        elif day < at < np.inf:
            later[others], when[others] = asked[i], int(at)
            others += 1
    return today[:count], later[:others], when[:others]


@compiled
def _begin_waits(asked: Contacts, counts: Integers, sums: Floats) -> None:
    """Count those who asked, and who wait from now on."""
    for i in range(len(asked)):
        service, time, at = asked[i]["service"], asked[i]["asked"], asked[i]["at"]
        counts[_ASKED, service] += 1
        if at == np.inf:
            counts[_REFUSED, service] += 1
            continue
        counts[_WAITING, service] += 1
        since = np.floor(time)
        if np.floor(at) > since:
            counts[_FRESH, service] += 1
            sums[_QUEUE_TIME, service] += since + 1.0 - time
        else:
            sums[_QUEUE_TIME, service] += at - time


@compiled
def _end_waits(due: Contacts, day: int, counts: Integers, sums: Floats) -> None:
    """Count those whose slot is on ``day``; those who wait beyond it have waited all of it."""
    for i in range(len(due)):
        service, time, at = due[i]["service"], due[i]["asked"], due[i]["at"]
        counts[_WAITING, service] -= 1
        counts[_SERVED, service] += 1
        sums[_WAITED, service] += at - time
        if time < day:
            sums[_QUEUE_TIME, service] += at - day
    for service in range(counts.shape[1]):
        sums[_QUEUE_TIME, service] += counts[_WAITING, service] - counts[_FRESH, service]
        counts[_FRESH, service] = 0
