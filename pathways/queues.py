"""Places that are scarce: who has one, who waits, in what order, and how it went.

A SimPy resource whose waiting turns stand in a heap ordered by (priority, arrival). SimPy's
own ``PriorityResource`` sorts its whole queue at every request; here a request or a release
costs log n, a cancelled turn is struck out where it stands, and a turn that finds a free
place costs no event at all. Nor do guests, whose time in a place is known when they come:
what happens to them is worked out when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf
from types import TracebackType
from typing import Any

from simpy import Environment, Event

from pathways.queue_figures import QueueFigures
from pathways.steps import happens_in

_ROUNDING = 1e-6  # of sums of times, above which they disagree


class Turn(Event):
    """A place asked for. It happens (in SimPy's sense) when the place is given.

    As a context manager it gives the place back, or leaves the queue, at the end of the block.

    Attributes
    ----------
    priority : lower is served first; equals are served in order of arrival
    asked : time of the request
    waits : True while in the queue
    held : True while the place is held
    need : what a queue that is ordered anew goes by (see ``pathways.sessions.Sessions``)
    """

    until = inf  # a turn leaves the queue when its process says so, not by itself
    waits = False
    held = False
    need = 0.0

    def __init__(self, places: Places, priority: float, asked: float) -> None:
        # As ``Event.__init__`` does: turns are made often enough for the call to count.
        self.env = places.env
        self.callbacks = []
        self.places = places
        self.priority = priority
        self.asked = asked

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.held or self.waits:
            self.places.release(self)

    def release(self) -> None:
        """Give the place back, or leave the queue; harmless when neither holds."""
        self.places.release(self)


class Guest:
    """Somebody who needs a place for a time known beforehand (see ``Places.expect``).

    Attributes
    ----------
    who : for the owner of the place to know them by
    stay : how long they keep the place
    until : when they leave the queue if they still wait
    left : True once they have
    asked, waits, held, need : as of a ``Turn``
    """

    __slots__ = ("asked", "held", "left", "places", "stay", "until", "waits", "who")
    need = 0.0

    def __init__(self, places: Places, who: Any, asked: float, stay: float, until: float) -> None:
        self.places = places
        self.who = who
        self.asked = asked
        self.stay = stay
        self.until = until
        self.left = False
        self.waits = False
        self.held = False

    def release(self) -> None:
        """Leave before the time; harmless once gone."""
        self.places.let_go(self)


class Places:
    """A number of places, and a queue for them in order of priority and arrival.

    The capacity may change at any time. Where it falls below the number in use, nobody is
    sent away: places close as they are given back.

    Parameters
    ----------
    env : the clock
    capacity : places, a whole number of 0 or more

    Attributes
    ----------
    comes, goes : called with a guest who comes, and with one who goes and the time: not at
        that time, but before anything else of this resource is looked at
    """

    def __init__(self, env: Environment, capacity: int) -> None:
        self.env = env
        self.comes: Callable[[Guest], None] | None = None
        self.goes: Callable[[Guest, float], None] | None = None
        self._in_use = 0
        self._waiting = 0
        self._turns_waiting = 0
        self._capacity = _whole(capacity)
        self._queue: list[tuple[float, int, Turn | Guest]] = []
        self._coming: list[tuple[float, int, Guest]] = []
        self._ends: list[tuple[float, int, Guest]] = []
        self._guests = 0
        self._awake_at = inf
        self._arrived = self._served = self._gave_up = 0
        self._waited = self._place_time = self._occupied_time = self._queue_time = 0.0
        self._begun: float = env.now
        self._last: float = env.now

    @property
    def capacity(self) -> int:
        """Places that are open now."""
        return self._capacity

    @capacity.setter
    def capacity(self, places: int) -> None:
        self._pass_time()
        self._capacity = _whole(places)
        self._give_free_places()

    @property
    def in_use(self) -> int:
        """Places that are taken now."""
        self._pass_time()
        return self._in_use

    @in_use.setter
    def in_use(self, places: int) -> None:
        self._in_use = places

    @property
    def waiting(self) -> int:
        """How many wait now."""
        self._pass_time()
        return self._waiting

    @waiting.setter
    def waiting(self, people: int) -> None:
        self._waiting = people

    def expect(self, time: float, stay: float, who: Any, until: float = inf) -> Guest:
        """Announce a guest for ``time``, now or later, who then waits in turn and stays so long.

        Who still waits ``until`` a time leaves the queue then. All that happens to guests is
        known without events, so it is worked out only when somebody looks (who left without a
        place when their turn comes): a guest costs a fraction of what a process does.
        """
        guest = Guest(self, who, time, stay, until)
        self._guests += 1
        heappush(self._coming, (time, self._guests, guest))
        return guest

    def follow(self) -> None:
        """Let happen what has happened to guests until now."""
        self._pass_time()

    def let_go(self, guest: Guest) -> None:
        """Take back the place of a guest who has come, or strike them from the queue."""
        self._pass_time()
        if guest.held:
            guest.held = False
            self._ends = [end for end in self._ends if end[2] is not guest]
            heapify(self._ends)
            self._in_use -= 1
            self._give_free_places()
        elif guest.waits:
            self._gave_up += 1
            self._leave_queue(guest)

    def request(self, priority: float = 0.0) -> Turn:
        """Ask for a place; wait for it with ``yield turn``. Lower ``priority`` goes first."""
        self._pass_time()
        turn = Turn(self, priority, self._last)
        self._arrived += 1
        if not self._waiting and self._has_free():
            self._give(turn)
            # The turn has happened: a process that yields it goes on at once, without an event.
            turn._ok, turn._value, turn.callbacks = True, None, None  # type: ignore[assignment]
        else:
            turn.waits = True
            self._waiting += 1
            self._turns_waiting += 1
            heappush(self._queue, (priority, self._arrived, turn))
            self._stay_awake()
        return turn

    def release(self, turn: Turn) -> None:
        """Take back the place of ``turn``, or strike it from the queue."""
        if turn.held:
            self._pass_time()
            turn.held = False
            self._in_use -= 1
            if self._waiting:
                self._give_free_places()
        elif turn.waits:
            self._pass_time()
            self._gave_up += 1
            self._leave_queue(turn)

    def figures(self) -> QueueFigures:
        """Return what happened from the start until now."""
        self._pass_time()
        return QueueFigures(
            span=self._last - self._begun,
            arrived=self._arrived,
            served=self._served,
            gave_up=self._gave_up,
            waited=self._waited,
            place_time=self._place_time,
            occupied_time=self._occupied_time,
            queue_time=self._queue_time,
        )

    def queued_so_far(self) -> float:
        """Return the time that those who wait now have waited until now."""
        now = self.env.now
        return float(sum(now - turn.asked for _, _, turn in self._queue if turn.waits))

    def littles_law_error(self) -> float:
        """Return how far queue length and waits disagree, as a share (0 in a sound queue).

        Little: the integral of the queue's length is the sum of the time spent in it. Sums of
        less than one count as one, so that rounding is no disagreement.
        """
        self._pass_time()
        waits = self._waited + self.queued_so_far()
        return abs(self._queue_time - waits) / max(self._queue_time, waits, 1.0)

    def check(self) -> None:
        """Raise ``RuntimeError`` unless everyone who asked is served, gone or waiting.

        The queue's length over time must also be what the waits add up to (Little's law).
        """
        self._pass_time()
        standing = sum(turn.waits for _, _, turn in self._queue)
        asked = self._served + self._gave_up + self._waiting
        if standing != self._waiting or asked != self._arrived or self._in_use < 0:
            raise RuntimeError(
                f"a queue lost people: {self._arrived} asked, {self._served} served, "
                f"{self._gave_up} gave up, {self._waiting} wait ({standing} stand in the queue), "
                f"{self._in_use} places in use"
            )
        if self.littles_law_error() > _ROUNDING:
            raise RuntimeError(
                f"a queue's length adds up to {self._queue_time} days, "
                f"the waits to {self._waited + self.queued_so_far()}"
            )

    def _has_free(self) -> bool:
        return self._in_use < self._capacity

    def _pass_time(self) -> None:
        now = self.env._now  # ``env.now`` without a call: this is done more often than all else
        coming, ends = self._coming, self._ends
        if (coming and coming[0][0] <= now) or (ends and ends[0][0] <= now):
            self._follow_guests(now)
        if now != self._last:
            self._integrate(now)

    def _integrate(self, now: float) -> None:
        passed = now - self._last
        self._place_time += passed * self._capacity
        self._occupied_time += passed * self._in_use
        self._queue_time += passed * self._waiting
        self._last = now

    def _follow_guests(self, now: float) -> None:
        """Let guests come and go up to ``now``, in order of time."""
        coming, ends = self._coming, self._ends
        while True:
            end = ends[0][0] if ends else inf
            if coming and coming[0][0] < end:
                if coming[0][0] > now:
                    return
                self._guest_comes(heappop(coming)[2])
            elif end <= now:
                self._guest_goes(heappop(ends)[2], end)
            else:
                return

    def _guest_comes(self, guest: Guest) -> None:
        self._integrate(guest.asked)
        self._arrived += 1
        if self.comes is not None:
            self.comes(guest)
        if not self._waiting and self._has_free():
            self._give(guest)
        else:
            guest.waits = True
            self._waiting += 1
            heappush(self._queue, (0.0, self._arrived, guest))

    def _guest_goes(self, guest: Guest, now: float) -> None:
        self._integrate(now)
        guest.held = False
        self._in_use -= 1
        if self.goes is not None:
            self.goes(guest, now)
        if self._waiting:
            self._give_free_places()

    def _give_free_places(self) -> None:
        while self._waiting and self._has_free():
            turn = heappop(self._queue)[2]
            if not turn.waits:
                continue
            if turn.until <= self._last:
                self._had_left(turn)
                continue
            self._leave_queue(turn)
            self._give(turn)
            if isinstance(turn, Turn):
                turn.succeed()
        self._stay_awake()

    def _had_left(self, guest: Turn | Guest) -> None:
        """Strike out a guest whose patience was over before their turn came."""
        assert isinstance(guest, Guest)
        late = self._last - guest.until
        self._leave_queue(guest)
        self._waited -= late
        self._queue_time -= late
        self._gave_up += 1
        guest.left = True
        if self.goes is not None:
            self.goes(guest, guest.until)

    def _leave_queue(self, turn: Turn | Guest) -> None:
        turn.waits = False
        self._waiting -= 1
        self._turns_waiting -= isinstance(turn, Turn)
        self._waited += self._last - turn.asked
        if not self._waiting:
            self._queue.clear()

    def _give(self, turn: Turn | Guest) -> None:
        turn.held = True
        self._in_use += 1
        self._served += 1
        if isinstance(turn, Guest):
            self._guests += 1
            heappush(self._ends, (self._last + turn.stay, self._guests, turn))

    def _stay_awake(self) -> None:
        """Look again when the next guest goes, as long as somebody waits for an event."""
        if self._turns_waiting and self._ends and self._ends[0][0] < self._awake_at:
            due = self._awake_at = self._ends[0][0]
            alarm = Event(self.env)
            alarm.callbacks = [lambda _: self._wake(due)]
            happens_in(alarm, max(due - self.env.now, 0.0))

    def _wake(self, due: float) -> None:
        if due == self._awake_at:
            self._awake_at = inf
        self._follow_guests(max(due, self.env.now))
        self._stay_awake()


def whole_share(places: float, occasion: int) -> int:
    """Return the whole places open on an occasion, so that the mean of occasions is ``places``.

    Half a place is one place every other time. Occasions count from 0.
    """
    return int((occasion + 1) * places + 1e-9) - int(occasion * places + 1e-9)


def _whole(places: int) -> int:
    if places < 0 or places != int(places):
        raise ValueError(f"{places} places: give a whole number of 0 or more")
    return int(places)
