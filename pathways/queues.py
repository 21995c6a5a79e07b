"""Places that are scarce: who has one, who waits, in what order, and how it went.

A SimPy resource whose waiting turns stand in a heap ordered by (priority, arrival). SimPy's
own ``PriorityResource`` sorts its whole queue at every request; here a request or a release
costs log n, a cancelled turn is struck out where it stands, and a turn that finds a free
place costs no event at all.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from heapq import heappop, heappush
from types import TracebackType
from typing import Any, TypeVar

from simpy import Environment, Event

T = TypeVar("T")
Steps = Generator[Event, Any, T]


class Turn(Event):
    """A place asked for. It happens (in SimPy's sense) when the place is given.

    As a context manager it gives the place back, or leaves the queue, at the end of the block.

    Attributes
    ----------
    priority : lower is served first; equals are served in order of arrival
    asked : time of the request
    waits : True while in the queue
    held : True while the place is held
    need : what a queue that is ordered anew goes by (see ``pathways.teams.Sessions``)
    """

    def __init__(self, places: Places, priority: float) -> None:
        # As ``Event.__init__`` does: turns are made often enough for the call to count.
        self.env = places.env
        self.callbacks = []
        self.places = places
        self.priority = priority
        self.asked: float = places.env.now
        self.waits = False
        self.held = False
        self.need = 0.0

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the place back, or leave the queue; harmless when neither holds."""
        self.places.release(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """What a resource saw over a span of time. Times are in the environment's unit.

    ``arrived`` asked for a place, ``served`` were given one and ``gave_up`` left the queue
    without; ``waited`` is the time that those who left the queue had spent in it. The three
    integrals over the span: ``place_time`` of capacity, ``occupied_time`` of places in use
    and ``queue_time`` of the queue's length.
    """

    span: float
    arrived: int
    served: int
    gave_up: int
    waited: float
    place_time: float
    occupied_time: float
    queue_time: float

    @property
    def utilisation(self) -> float:
        """Share of the capacity that was in use, 0 where there was none."""
        return self.occupied_time / self.place_time if self.place_time else 0.0

    @property
    def mean_queue(self) -> float:
        """Mean number of people waiting."""
        return self.queue_time / self.span if self.span else 0.0

    @property
    def mean_wait(self) -> float:
        """Mean time in the queue of those who left it, served or not."""
        left = self.served + self.gave_up
        return self.waited / left if left else 0.0

    def since(self, earlier: QueueFigures) -> QueueFigures:
        """Return the figures of the time after ``earlier``."""
        return QueueFigures(
            **{name: getattr(self, name) - getattr(earlier, name) for name in self.__slots__}
        )


class Places:
    """A number of places, and a queue for them in order of priority and arrival.

    The capacity may change at any time. Where it falls below the number in use, nobody is
    sent away: places close as they are given back.

    Parameters
    ----------
    env : the clock
    capacity : places, a whole number of 0 or more
    """

    def __init__(self, env: Environment, capacity: int) -> None:
        self.env = env
        self.in_use = 0
        self.waiting = 0
        self._capacity = _whole(capacity)
        self._queue: list[tuple[float, int, Turn]] = []
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

    def request(self, priority: float = 0.0) -> Turn:
        """Ask for a place; wait for it with ``yield turn``. Lower ``priority`` goes first."""
        self._pass_time()
        turn = Turn(self, priority)
        self._arrived += 1
        if not self.waiting and self._has_free():
            self._give(turn)
            # The turn has happened: a process that yields it goes on at once, without an event.
            turn._ok, turn._value, turn.callbacks = True, None, None  # type: ignore[assignment]
        else:
            turn.waits = True
            self.waiting += 1
            heappush(self._queue, (priority, self._arrived, turn))
        return turn

    def release(self, turn: Turn) -> None:
        """Take back the place of ``turn``, or strike it from the queue."""
        if turn.held:
            self._pass_time()
            turn.held = False
            self.in_use -= 1
            if self.waiting:
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

        Little: the integral of the queue's length is the sum of the time spent in it.
        """
        self._pass_time()
        waits = self._waited + self.queued_so_far()
        return abs(self._queue_time - waits) / max(self._queue_time, waits, 1e-9)

    def check(self) -> None:
        """Raise ``RuntimeError`` unless everyone who asked is served, gone or waiting."""
        standing = sum(turn.waits for _, _, turn in self._queue)
        asked = self._served + self._gave_up + self.waiting
        if standing != self.waiting or asked != self._arrived or self.in_use < 0:
            raise RuntimeError(
                f"a queue lost people: {self._arrived} asked, {self._served} served, "
                f"{self._gave_up} gave up, {self.waiting} wait ({standing} stand in the queue), "
                f"{self.in_use} places in use"
            )

    def _has_free(self) -> bool:
        return self.in_use < self._capacity

    def _pass_time(self) -> None:
        now = self.env.now
        passed = now - self._last
        if passed:
            self._place_time += passed * self._capacity
            self._occupied_time += passed * self.in_use
            self._queue_time += passed * self.waiting
            self._last = now

    def _give_free_places(self) -> None:
        while self.waiting and self._has_free():
            turn = heappop(self._queue)[2]
            if turn.waits:
                self._leave_queue(turn)
                self._give(turn)
                turn.succeed()

    def _leave_queue(self, turn: Turn) -> None:
        turn.waits = False
        self.waiting -= 1
        self._waited += self._last - turn.asked
        if not self.waiting:
            self._queue.clear()

    def _give(self, turn: Turn) -> None:
        turn.held = True
        self.in_use += 1
        self._served += 1


class Walk:
    """A lean process: steps that nobody waits for and that can be broken off.

    It starts at once (no ``Initialize`` event) and ends without an event. Breaking it off
    closes the generator, so that every ``with`` block gives back what it holds.
    """

    __slots__ = ("_steps",)

    def __init__(self, steps: Steps[Any]) -> None:
        self._steps: Steps[Any] | None = steps
        self._go_on(None)

    @property
    def over(self) -> bool:
        """Whether the steps have ended or were broken off."""
        return self._steps is None

    def stop(self) -> None:
        """Break off; events still under way find nobody."""
        if self._steps is not None:
            steps, self._steps = self._steps, None
            steps.close()

    def _go_on(self, event: Event | None) -> None:
        steps = self._steps
        if steps is None:
            return
        try:
            step = steps.send(None if event is None else event._value)
            while step.callbacks is None:  # it has happened already
                step = steps.send(step._value)
        except StopIteration:
            self._steps = None
        else:
            step.callbacks.append(self._go_on)


def happens_in(event: Event, delay: float) -> None:
    """Let a bare ``event`` happen after ``delay``, like a timeout made beforehand."""
    event._ok, event._value = True, None
    event.env.schedule(event, delay=delay)


def whole_share(places: float, occasion: int) -> int:
    """Return the whole places open on an occasion, so that the mean of occasions is ``places``.

    Half a place is one place every other time. Occasions count from 0.
    """
    return int((occasion + 1) * places + 1e-9) - int(occasion * places + 1e-9)


def _whole(places: int) -> int:
    if places < 0 or places != int(places):
        raise ValueError(f"{places} places: give a whole number of 0 or more")
    return int(places)
