"""How far a batch is and how long it will take, on a terminal or in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import TextIO

LOG_EVERY = 30.0  # seconds between lines where the stream is no terminal


def duration(seconds: float) -> str:
    """Return a length of time in words: ``45 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    whole = max(0, round(seconds))
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (next_size, next_unit) in pairwise(units):
        if whole >= size:
            rest = whole % size // next_size
            return f"{whole // size} {unit}" + (f" {rest} {next_unit}" if rest else "")
    return f"{whole} s"


class Progress:
    """Writes one line that renews itself on a terminal, and now and then a line in a log.

    Parameters
    ----------
    stream : where to write; None writes nothing
    clock : seconds, for the tests

    ``headline`` is what the runs say so far, shown behind the counts; ``where`` says what does
    them, where that is not processes of this machine.
    """

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._live = bool(stream and stream.isatty())
        self._width = 0
        self._total = self._kept = self._done = self._failed = 0
        self._workers = 1
        self._seconds = 0.0
        self._began = self._last = clock()
        self.headline = ""
        self.where = ""

    def start(self, *, total: int, kept: int, workers: int) -> None:
        """Say how many runs there are and how many were finished before."""
        self._total, self._kept, self._workers = total, kept, workers
        self._began = self._last = self._clock()
        self._done = self._failed = 0
        self._seconds = 0.0
        had = f", {kept} of them finished before" if kept else ""
        processes = f"{workers} {'process' if workers == 1 else 'processes'}"
        with_workers = f" on {self.where or processes}"
        self.say(f"{total} {'run' if total == 1 else 'runs'}{had}{with_workers}")
        self._show(force=True)

    def finished(self, seconds: float, *, failed: bool) -> None:
        """Count one run that took ``seconds``."""
        self._done += 1
        self._failed += failed
        self._seconds += seconds
        last = self._done + self._kept == self._total
        self._show(force=last or (self._done == 1))

    def line(self) -> str:
        """Return the state in words."""
        ready = self._kept + self._done
        text = f"{ready} of {self._total} runs"
        if self._failed:
            text += f", {self._failed} failed"
        if ready < self._total:
            left = self.left()
            text += (
                f", about {duration(left)} left" if left is not None else ", first run under way"
            )
        else:
            text += f" in {duration(self._clock() - self._began)}"
        return f"{text}; {self.headline}" if self.headline else text

    def left(self) -> float | None:
        """Return the seconds still needed, None before the first run is done."""
        if not self._done:
            return None
        missing = self._total - self._kept - self._done
        each = self._seconds / self._done
        by_runs = missing * each / self._workers
        by_clock = missing * (self._clock() - self._began) / self._done
        return min(by_runs, by_clock) if self._done < self._workers else by_clock

    def say(self, text: str) -> None:
        """Write a line that stays."""
        if self._stream:
            self._clear()
            self._stream.write(text + "\n")
            self._stream.flush()

    def _show(self, *, force: bool) -> None:
        if not self._stream:
            return
        if self._live:
            text = self.line()
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
            if self._kept + self._done == self._total:
                self._stream.write("\n")
                self._width = 0
        elif force or self._clock() - self._last >= LOG_EVERY:
            self._last = self._clock()
            self._stream.write(self.line() + "\n")
        self._stream.flush()

    def _clear(self) -> None:
        if self._live and self._width and self._stream:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0
