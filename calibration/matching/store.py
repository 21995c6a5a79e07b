"""Simulations of a calibration on disk, so that a killed one goes on where it stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from agents.faults import BadInput, Fault
from agents.files import read_json, write_json
from calibration.matching.simulator import Counted

IDENTITY = "calibration.json"
SIMULATIONS = "simulations"
T = TypeVar("T")


class TooManyFailedError(Exception):
    """So many simulations of a wave failed that it says nothing."""


@dataclass(slots=True)
class Progress:
    """How far a calibration is: simulations done of all that are planned, and seconds left.

    ``tell`` is called with a sentence whenever something is finished.
    """

    tell: Callable[[str], None]
    planned: int
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    fresh: int = 0

    def one(self, *, kept: bool = False) -> None:
        """Count one finished; one that was kept from before says nothing of the pace."""
        self.done += 1
        self.fresh += not kept

    def line(self, what: str) -> str:
        """Return the state in words."""
        share = f"{what}: {self.done} of {self.planned} simulations"
        left = self.left()
        return f"{share}, about {_words(left)} left" if left is not None else share

    def left(self) -> float | None:
        """Return the seconds that the planned simulations still need; None before the first."""
        if not self.fresh:
            return None
        each = (time.monotonic() - self.began) / self.fresh
        return each * max(self.planned - self.done, 0)


def _words(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 90 else f"{round(whole / 60)} min"


def claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Take ``folder`` for a calibration, or go on with the same one that it holds.

    Raises
    ------
    BadInput
        If it holds something else.
    """
    held = read_json(folder / IDENTITY)
    if held is None and folder.is_dir() and any(folder.iterdir()):
        raise BadInput([_taken(folder, "other files")])
    if held is not None and held.get("digest") != identity["digest"]:
        raise BadInput([_taken(folder, "another calibration, or one of another program version")])
    try:
        if held is None:
            write_json(folder / IDENTITY, identity)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput([_taken(folder, reason)]) from None


def _taken(folder: Path, found: str) -> Fault:
    return Fault(
        where="command line",
        key="--out",
        found=f"{folder}: {found}",
        allowed="a new folder, or one with this same calibration",
        remedy="choose another folder with --out",
    )


def simulate_all(
    trials: Sequence[T],
    folder: Path,
    pool: Executor | None,
    progress: Progress,
    simulate: Callable[[T], Counted],
) -> list[Counted | None]:
    """Do ``simulate`` for each trial, or take what ``folder`` holds; None where one failed.

    Raises
    ------
    TooManyFailedError
        If more than a tenth failed.
    """
    found: list[Counted | None] = [_read(folder, place) for place in range(len(trials))]
    for kept in found:
        if kept is not None:
            progress.one(kept=True)
    missing = [place for place, one in enumerate(found) if one is None]
    errors: list[str] = []

    def finish(place: int, result: Result) -> None:
        try:
            counted = result()
        except (ValueError, ArithmeticError, MemoryError) as error:
            errors.append(f"point {place + 1}: {error}")
            return
        finally:
            progress.one()
        _write(folder, place, counted)
        found[place] = _read(folder, place)  # as stored: the same for a fit that goes on later
        progress.tell(progress.line(folder.name.replace("-", " ")))

    for place, result in _results(trials, missing, pool, simulate):
        finish(place, result)
    if len(errors) > len(trials) / 10:
        raise TooManyFailedError(f"{len(errors)} of {len(trials)} failed, first: {errors[0]}")
    return found


Result = Callable[[], Counted]


def _results(
    tasks: Sequence[T],
    places: Sequence[int],
    pool: Executor | None,
    work: Callable[[T], Counted],
) -> Iterator[tuple[int, Result]]:
    """Yield (place, what gives the result) as they are finished."""
    if pool is None:
        for place in places:
            yield place, partial(work, tasks[place])
        return
    waiting: dict[Future[Counted], int] = {pool.submit(work, tasks[each]): each for each in places}
    try:
        for future in as_completed(waiting):
            yield waiting[future], future.result
    finally:
        for future in waiting:
            future.cancel()


def _path(folder: Path, place: int) -> Path:
    return folder / f"{place + 1:04d}.json"


def _read(folder: Path, place: int) -> Counted | None:
    content = read_json(_path(folder, place))
    try:
        return (
            None
            if content is None
            else Counted(
                _numbers(content["values"]), _numbers(content["errors"]), content["seconds"]
            )
        )
    except (KeyError, TypeError, ValueError):
        return None


def _numbers(stored: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else float(value) for name, value in stored.items()}


def _write(folder: Path, place: int, counted: Counted) -> None:
    def plain(values: Mapping[str, float]) -> dict[str, float | None]:
        return {
            name: float(f"{value:.9g}") if math.isfinite(value) else None
            for name, value in values.items()
        }

    content = {
        "values": plain(counted.values),
        "errors": plain(counted.errors),
        "seconds": round(counted.seconds, 3),
    }
    write_json(_path(folder, place), content)
