"""Numbers of one run with their names, and what many runs of a design say together.

A sheet is a table of names (measure, group, year …) with columns of numbers, one row a name.
Every run of a place fills the same sheet, so that runs are averaged, compared pair by pair
and given intervals in one way, whatever the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtrit

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Named numbers of one run.

    ``keys`` has one row a number; each column of ``numbers`` has the same length.
    """

    keys: pd.DataFrame
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.keys)


def joined(sheets: Sequence[Sheet]) -> Sheet:
    """Put sheets below each other; a number that one of them lacks is not a number."""
    names = list(dict.fromkeys(name for sheet in sheets for name in sheet.numbers))
    keys = pd.concat([sheet.keys for sheet in sheets], ignore_index=True)
    numbers = {
        name: np.concatenate(
            [np.asarray(sheet.numbers.get(name, np.full(len(sheet), np.nan))) for sheet in sheets]
        )
        for name in names
    }
    return Sheet(keys, numbers)


@dataclass(frozen=True, slots=True)
class Stack:
    """The same sheet of several runs of one design: ``numbers`` are (runs, names).

    ``draws`` and ``replications`` name the run of each row.
    """

    keys: pd.DataFrame
    numbers: Mapping[str, Floats]
    draws: tuple[int, ...]
    replications: tuple[int, ...]


def stacked(sheets: Mapping[tuple[int, int], Sheet]) -> Stack:
    """Stack the sheets of the runs of one design, keyed by draw and replication.

    Sheets that name different things are brought to all names, with gaps as not a number.
    """
    runs = sorted(sheets)
    ordered = _aligned([sheets[run] for run in runs])
    return Stack(
        keys=ordered[0].keys,
        numbers={
            name: np.vstack([sheet.numbers[name] for sheet in ordered])
            for name in ordered[0].numbers
        },
        draws=tuple(draw for draw, _ in runs),
        replications=tuple(replication for _, replication in runs),
    )


def _aligned(sheets: Sequence[Sheet]) -> list[Sheet]:
    first = sheets[0].keys
    if all(sheet.keys is first or sheet.keys.equals(first) for sheet in sheets):
        return list(sheets)
    columns = list(first.columns)
    every = pd.concat([sheet.keys for sheet in sheets]).drop_duplicates(columns)
    every = every.reset_index(drop=True)
    index = pd.MultiIndex.from_frame(every)
    return [_spread(sheet, every, index) for sheet in sheets]


def _spread(sheet: Sheet, keys: pd.DataFrame, index: pd.MultiIndex) -> Sheet:
    places = index.get_indexer(pd.MultiIndex.from_frame(sheet.keys[list(keys.columns)]))
    numbers = {}
    for name, values in sheet.numbers.items():
        numbers[name] = np.full(len(keys), np.nan)
        numbers[name][places] = values
    return Sheet(keys, numbers)


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean over runs and the ends of the 95% and 50% intervals of that mean."""

    mean: Floats
    low: Floats
    high: Floats
    low50: Floats
    high50: Floats


def summary(values: Floats, draws: Sequence[int] = ()) -> Summary:
    """Return the mean over runs with its intervals.

    Without draws of the evidence the interval is Student's t for the mean over replications:
    chance alone. With draws, replications are averaged within each draw and the interval holds
    the middle 95% (50%) of the draws: chance and knowledge together.

    Parameters
    ----------
    values : (runs, names); what is not a finite number is left out, name by name
    draws : the draw of each run
    """
    known = np.where(np.isfinite(values), values, np.nan)
    if len(set(draws)) > 1:
        return _over_draws(_draw_means(known, draws))
    return _over_replications(known)


def _draw_means(values: Floats, draws: Sequence[int]) -> Floats:
    of_run = np.asarray(draws)
    return np.vstack([_nan_mean(values[of_run == draw]) for draw in sorted(set(draws))])


def _over_draws(values: Floats) -> Summary:
    ends = (quantiles(values, share) for share in (0.025, 0.975, 0.25, 0.75))
    return Summary(_nan_mean(values), *ends)


def quantiles(values: Floats, share: float) -> Floats:
    """Return a quantile of each column of (draws, names), on a straight line between draws.

    What is not a number is left out; a column of such alone has none.
    """
    ordered = np.sort(values, axis=0)  # what is not a number goes last
    last = np.isfinite(values).sum(axis=0) - 1
    place = share * np.maximum(last, 0)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(last, 0))
    low, high = (np.take_along_axis(ordered, row[None], axis=0)[0] for row in (below, above))
    found: Floats = low + (place - below) * (high - low)
    return found


def _over_replications(values: Floats) -> Summary:
    count = np.isfinite(values).sum(axis=0)
    mean = _nan_mean(values)
    square = np.nansum((values - mean) ** 2, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(square / (count - 1) / count)
        spread = _spreads(len(values))[:, np.maximum(count - 1, 1)]
        halves = spread * error
    half95, half50 = (np.where(count > 1, half, np.nan) for half in halves)
    return Summary(mean, mean - half95, mean + half95, mean - half50, mean + half50)


def _spreads(runs: int) -> Floats:
    """Return half widths of 95% and 50% in standard errors, (2, most + 1), by degrees of freedom.

    Every column of a table has one of few numbers of runs, so these are worked out once.
    """
    most = max(runs - 1, 1)
    free = np.maximum(np.arange(most + 1), 1)
    return np.stack([stdtrit(free, tail) for tail in (0.975, 0.75)])


def _nan_mean(values: Floats) -> Floats:
    count = np.isfinite(values).sum(axis=0)
    total = np.nansum(values, axis=0)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def interval_kind(draws: Sequence[int]) -> str:
    """Say what the intervals hold: ``chance`` or ``chance_and_knowledge``."""
    return "chance_and_knowledge" if len(set(draws)) > 1 else "chance"


def within(held: Summary, values: Floats) -> Summary:
    """Cut an interval off at nothing where the number was never below nothing.

    Student's t knows no limits: few replications may put the low end of a count, a wait or a
    share below 0.
    """
    with np.errstate(invalid="ignore"):
        never = ~(values < 0).any(axis=0)
    low, low50 = (np.where(never, np.maximum(end, 0.0), end) for end in (held.low, held.low50))
    return replace(held, low=low, low50=low50)


def no_surer_than_events(
    held: Summary, changes: Floats, draws: Sequence[int], unit: Floats
) -> Summary:
    """Widen the interval of a difference to what so few events allow.

    A difference is made of whole events, one simulated person's admission or death, and events
    fall as chance has it: their number varies at least as much as it is large (Poisson). Two
    runs that happen to differ by one admission each have no spread between them and yet show
    next to nothing. So the 95% interval reaches at least 1.96 standard errors of a count to
    either side, two events added to the count so that few are not taken for sure (Agresti and
    Coull, Am Stat 52:119, 1998): six events in all, every one the same way, are the fewest
    that are told from none, as in a sign test. One run alone has no interval, and gets none.

    Parameters
    ----------
    changes : (runs, names) paired differences that ``held`` sums up
    draws : the draw of each run; intervals over draws hold chance already
    unit : (names,) what one event adds to the difference; 0 where it is not made of events
    """
    if len(set(draws)) > 1:
        return held
    count = np.isfinite(changes).sum(axis=0)
    size = np.nansum(np.abs(changes), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(unit * (size + 2.0 * unit * (size > 0.0))) / count
        half95, half50 = (ndtri(0.5 + share / 2.0) * error for share in (0.95, 0.5))
        return replace(
            held,
            low=np.minimum(held.low, held.mean - half95),
            high=np.maximum(held.high, held.mean + half95),
            low50=np.minimum(held.low50, held.mean - half50),
            high50=np.maximum(held.high50, held.mean + half50),
        )


def described(stack: Stack, number: str = "value") -> pd.DataFrame:
    """Return the names with ``replications, interval_kind, mean, low, high`` of ``number``."""
    return _named(stack, number, summary(stack.numbers[number], stack.draws))


def levels(stack: Stack, number: str = "value") -> pd.DataFrame:
    """Return what ``described`` does, for numbers that are levels and no differences."""
    values = stack.numbers[number]
    return _named(stack, number, within(summary(values, stack.draws), values))


def _named(stack: Stack, number: str, held: Summary) -> pd.DataFrame:
    return stack.keys.assign(
        replications=np.isfinite(stack.numbers[number]).sum(axis=0),
        interval_kind=interval_kind(stack.draws),
        mean=held.mean,
        low=held.low,
        high=held.high,
    )


def paired(design: Stack, baseline: Stack) -> tuple[Stack, Stack]:
    """Keep the runs that both hold, in the same order, with the same names in both.

    A run of the baseline with the same draw and replication is the twin; where the baseline
    was not drawn, its run of the same replication is.
    """
    twins = {
        run: row for row, run in enumerate(zip(baseline.draws, baseline.replications, strict=True))
    }
    undrawn = {replication: row for row, replication in enumerate(baseline.replications)}
    rows = []
    for row, (draw, replication) in enumerate(zip(design.draws, design.replications, strict=True)):
        twin = twins.get((draw, replication))
        if twin is None and len(set(baseline.draws)) == 1:
            twin = undrawn.get(replication)
        if twin is not None:
            rows.append((row, twin))
    return _matched(_rows(design, [a for a, _ in rows]), _rows(baseline, [b for _, b in rows]))


def _rows(stack: Stack, rows: Sequence[int]) -> Stack:
    return Stack(
        keys=stack.keys,
        numbers={name: values[list(rows)] for name, values in stack.numbers.items()},
        draws=tuple(stack.draws[row] for row in rows),
        replications=tuple(stack.replications[row] for row in rows),
    )


def _matched(design: Stack, baseline: Stack) -> tuple[Stack, Stack]:
    if design.keys is baseline.keys or design.keys.equals(baseline.keys):
        return design, baseline
    columns = list(design.keys.columns)
    every = pd.concat([design.keys, baseline.keys]).drop_duplicates(columns)
    every = every.reset_index(drop=True)
    index = pd.MultiIndex.from_frame(every)
    return _widened(design, every, index), _widened(baseline, every, index)


def _widened(stack: Stack, keys: pd.DataFrame, index: pd.MultiIndex) -> Stack:
    places = index.get_indexer(pd.MultiIndex.from_frame(stack.keys[list(keys.columns)]))
    numbers = {}
    for name, values in stack.numbers.items():
        numbers[name] = np.full((len(values), len(keys)), np.nan)
        numbers[name][:, places] = values
    return Stack(keys, numbers, stack.draws, stack.replications)


def product(columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Return every combination of the values of ``columns``, the last running fastest."""
    return keyed(columns, list(columns))


def keyed(
    columns: Mapping[str, Sequence[object]], order: Sequence[str], **same: str
) -> pd.DataFrame:
    """Return ``product`` with columns that are the ``same`` in every row, in this ``order``.

    Every run of a place asks for the same few tables of names, so they are kept: nobody may
    change one in place.
    """
    spread = tuple((name, tuple(values)) for name, values in columns.items())
    return _keyed(spread, tuple(order), tuple(same.items()))


@lru_cache(maxsize=1024)
def _keyed(
    columns: tuple[tuple[str, tuple[object, ...]], ...],
    order: tuple[str, ...],
    same: tuple[tuple[str, str], ...],
) -> pd.DataFrame:
    return _product(columns).assign(**dict(same))[list(order)]


def _product(columns: tuple[tuple[str, tuple[object, ...]], ...]) -> pd.DataFrame:
    places = np.indices([len(values) for _, values in columns]).reshape(len(columns), -1)
    return pd.DataFrame(
        {
            name: np.asarray(values, dtype=object)[place]
            for (name, values), place in zip(columns, places, strict=True)
        }
    )
