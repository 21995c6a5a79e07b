"""Steps that walk by themselves: what somebody does, waits for and does next.

Steps are a generator of SimPy events. ``Walk`` takes them with less than a SimPy process
costs, since nobody ever waits for a walk to end.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from simpy import Event

T = TypeVar("T")
Steps = Generator[Event, Any, T]


class Walk:
    """A lean process: steps that nobody waits for and that can be broken off.

    It starts at once (no ``Initialize`` event), or when the event ``begins`` happens, and ends
    without an event. Breaking it off closes the generator, so that every ``with`` block gives
    back what it holds.
    """

    __slots__ = ("_steps",)

    def __init__(self, steps: Steps[Any], begins: Event | None = None) -> None:
        self._steps: Steps[Any] | None = steps
        if begins is None:
            self._go_on(None)
        else:
            begins.callbacks.append(self._go_on)

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


class FirstOf(Event):
    """Happens with the first of two events, at once.

    SimPy's ``one | other`` happens in an event of its own and tells which of them it was: more
    than a walk needs that asks its turn whether it ``waits``.
    """

    def __init__(self, one: Event, other: Event) -> None:
        super().__init__(one.env)
        one.callbacks.append(self._happens)
        other.callbacks.append(self._happens)

    def _happens(self, event: Event) -> None:
        if self.callbacks is None:
            return
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        self._ok, self._value = True, event._value
        for callback in callbacks:
            callback(self)


def happens_in(event: Event, delay: float) -> None:
    """Let a bare ``event`` happen after ``delay``, like a timeout made beforehand."""
    event._ok, event._value = True, None
    event.env.schedule(event, delay=delay)
