"""Places of light services: people keep one for a time, wait in turn, and may lose patience.

A day at a time, but with exact times within the day: who comes takes a free place at once or
stands in the queue; a place that falls free goes to the first who still waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import inf

AT_FIRST = -2  # the row of those who have a place when the run begins


@dataclass(slots=True, eq=False)
class Stay:
    """One person's wish for a place, and the place. Times are days; a visitor's row is -1."""

    row: int
    key: int
    asked: float
    days: float  # how long the place is kept
    until: float  # when they would give up waiting
    began: float = inf
    over: bool = False  # ended, gave up, died or moved away


@dataclass(frozen=True, slots=True)
class Passed:
    """What happened in one day: who began a stay, who gave up waiting or found no place."""

    began: list[Stay]
    elsewhere: list[Stay]


@dataclass(slots=True)
class Places:
    """The places of one service and the queue for them.

    Parameters
    ----------
    places : how many people it can keep, a whole number of 0 or more

    Attributes
    ----------
    asked, served, gave_up, gone : how many asked, began, gave up, and died or moved away
        while they waited
    waited, queue_time : sum of waits that are over, and the integral of the queue, in days
    own_days : days that people who are no visitors have had a place
    """

    places: int
    asked: int = 0
    served: int = 0
    gave_up: int = 0
    gone: int = 0
    waited: float = 0.0
    queue_time: float = 0.0
    own_days: float = 0.0
    _now: float = -inf
    _ends: list[tuple[float, int, Stay]] = field(default_factory=list)
    _queue: deque[Stay] = field(default_factory=deque)
    _in_use: int = 0
    _waiting: int = 0
    _number: int = 0
    _own_at_first: float = 0.0
    _of: dict[int, list[Stay]] = field(default_factory=dict)

    @property
    def in_use(self) -> int:
        """Places that are taken now."""
        return self._in_use

    @property
    def waiting(self) -> int:
        """People, visitors included, who wait now."""
        return self._waiting

    def fill(self, now: float, ends: Iterable[float], own: float) -> None:
        """Take places from ``now`` for nobody in particular, until ``ends``.

        A share ``own`` of them counts as the residents' own use.
        """
        for end in ends:
            self._number += 1
            stay = Stay(AT_FIRST, 0, now, end - now, inf, began=now)
            self._ends.append((end, self._number, stay))
            self._in_use += 1
        heapify(self._ends)
        self._own_at_first = own

    def is_idle_until(self, now: float) -> bool:
        """Say whether nothing will happen until ``now`` unless somebody comes or leaves."""
        return not self._waiting and (not self._ends or self._ends[0][0] > now)

    def pass_until(self, now: float, arrivals: Iterable[Stay]) -> Passed:
        """Let time pass until ``now``; ``arrivals`` are in order of asking, none later."""
        passed = Passed([], [])
        for stay in arrivals:
            self._to(stay.asked, passed)
            self._ask(stay, passed)
        self._to(now, passed)
        return passed

    def _ask(self, stay: Stay, passed: Passed) -> None:
        self.asked += 1
        if self._in_use < self.places and not self._waiting:
            self._begin(stay, stay.asked, passed)
        elif stay.until <= stay.asked:
            self.gave_up += 1
            passed.elsewhere.append(stay)
        else:
            self._queue.append(stay)
            self._waiting += 1
        if stay.row >= 0 and (stay.began < inf or stay.until > stay.asked):
            self._of.setdefault(stay.row, []).append(stay)

    def _begin(self, stay: Stay, now: float, passed: Passed) -> None:
        stay.began = now
        self.served += 1
        self.waited += now - stay.asked
        self._in_use += 1
        self._number += 1
        heappush(self._ends, (now + stay.days, self._number, stay))
        passed.began.append(stay)

    def _to(self, now: float, passed: Passed) -> None:
        """Let places fall free and be taken up to ``now``."""
        while self._ends and self._ends[0][0] <= now:
            end, _, stay = heappop(self._ends)
            if not stay.over:
                self._end(stay, end)
                self._take(end, passed)
        self._take(now, passed)

    def _take(self, now: float, passed: Passed) -> None:
        if not self._waiting:
            self._pass(now)
            return
        self._give_up(now, passed)
        while self._waiting and self._in_use < self.places:
            stay = self._queue.popleft()
            if not stay.over:
                self._leave_queue(now)
                self._begin(stay, now, passed)

    def _give_up(self, now: float, passed: Passed) -> None:
        """Let those go whose patience has ended by ``now``."""
        for stay in sorted((s for s in self._queue if s.until <= now), key=lambda s: s.until):
            if not stay.over:
                stay.over = True
                self._leave_queue(stay.until)
                self.gave_up += 1
                self.waited += stay.until - stay.asked
                self._forget(stay)
                passed.elsewhere.append(stay)
        self._pass(now)
        if len(self._queue) > 2 * self._waiting + 8:
            self._queue = deque(stay for stay in self._queue if not stay.over)

    def _pass(self, now: float) -> None:
        if now > self._now:
            self.queue_time += self._waiting * (now - self._now) if self._waiting else 0.0
            self._now = now

    def _leave_queue(self, now: float) -> None:
        self._pass(now)
        self._waiting -= 1

    def _end(self, stay: Stay, now: float) -> None:
        stay.over = True
        self._in_use -= 1
        if stay.row >= 0:
            self.own_days += now - stay.began
            self._forget(stay)
        elif stay.row == AT_FIRST:
            self.own_days += (now - stay.began) * self._own_at_first

    def _forget(self, stay: Stay) -> None:
        mine = self._of.get(stay.row)
        if mine is not None:
            mine.remove(stay)
            if not mine:
                del self._of[stay.row]

    def leave(self, row: int, now: float) -> None:
        """End what a person has here who dies or moves away now."""
        for stay in list(self._of.get(row, ())):
            if stay.began < inf:
                self._end(stay, max(now, stay.began))
            else:
                stay.over = True
                self._leave_queue(max(now, self._now))
                self.gone += 1
                self.waited += self._now - stay.asked
                self._forget(stay)

    def own_days_until(self, now: float) -> float:
        """Return the days that people who are no visitors have had a place until ``now``."""
        has = [stay for stays in self._of.values() for stay in stays if stay.began < inf]
        own = sum(now - stay.began for stay in has)
        first = sum(now - stay.began for _, _, stay in self._ends if stay.row == AT_FIRST)
        return self.own_days + own + first * self._own_at_first

    def check(self) -> None:
        """Raise ``RuntimeError`` unless everyone is served, gone or waiting (and Little's law)."""
        standing = [stay for stay in self._queue if not stay.over]
        so_far = sum(self._now - stay.asked for stay in standing)
        error = abs(self.queue_time - self.waited - so_far)
        asked = self.served + self.gave_up + self.gone + self._waiting
        if (
            len(standing) != self._waiting
            or asked != self.asked
            or error > 1e-6 * max(self.queue_time, 1.0)
        ):
            raise RuntimeError(
                f"places lost people: {self.asked} asked, {self.served} served, {self.gave_up} "
                f"gave up, {self.gone} gone, {self._waiting} wait ({len(standing)} stand); "
                f"queue time differs from waits by {error:g}"
            )
