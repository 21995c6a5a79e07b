"""What is asked for, day by day: events in order of day, process and time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.luck import Luck
from pathways.calendar import YEAR
from pathways.points import Points

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_HALF, _YEAR = np.uint64(32), np.uint64(YEAR)
_HOURS = np.linspace(0.0, 1.0, 25)
# A point's place among days and processes goes above the upper bits of its word in one key.
_PLACE_BITS, _WORD_BITS = np.uint64(56), np.uint64(8)
MOST_PLACES = 1 << 8


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Events of one process on one day, in order of time.

    Attributes
    ----------
    rows : (k,) whose they are (a person may stand twice)
    times : (k,) when in the day, from 0 up to 1
    keys : (k,) 64 bits that belong to the event: everything else about it is drawn from them
    """

    rows: Integers
    times: Floats
    keys: Words

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for on some days, made at once: in order of day, process and time.

    Attributes
    ----------
    first, last : the first day, and the day after the last
    processes : their names
    starts : (days * n_processes + 1,) where the events of each day and process begin
    events : of all days and processes; ``times`` are within each day
    """

    first: int
    last: int
    processes: tuple[str, ...]
    starts: Integers
    events: Arrivals

    def of(self, day: int, alive: Bools) -> dict[str, Arrivals]:
        """Return the events of ``day`` by process, without those who have died since."""
        count = len(self.processes)
        place = (day - self.first) * count
        edges = self.starts[place : place + count + 1]
        inside, events = slice(edges[0], edges[-1]), self.events
        rows, times, keys = events.rows[inside], events.times[inside], events.keys[inside]
        edges = edges - edges[0]
        here = alive[rows]
        if not here.all():
            kept = here.nonzero()[0]
            rows, times, keys = rows[kept], times[kept], keys[kept]
            edges = kept.searchsorted(edges)
        return _cut(self.processes, edges, rows, times, keys)

    def thinned(self, share: Floats, luck: Luck) -> Asked:
        """Leave the ``share`` (n_processes, days) of each day's events.

        An event is left out by its own key, so the same events go in every design.
        """
        events = self.events
        of_each = np.repeat(share.T.reshape(-1), np.diff(self.starts))
        kept = np.flatnonzero(luck.uniforms_of(events.keys, "season") < of_each)
        some = Arrivals(events.rows[kept], events.times[kept], events.keys[kept])
        starts = kept.searchsorted(self.starts)
        return Asked(self.first, self.last, self.processes, starts, some)


def _cut(
    processes: tuple[str, ...], edges: Integers, rows: Integers, times: Floats, keys: Words
) -> dict[str, Arrivals]:
    """Cut events in order of process where each process begins, and the last one ends."""
    return {
        name: Arrivals(rows[low:high], times[low:high], keys[low:high])
        for name, (low, high) in zip(processes, pairwise(edges.tolist()), strict=True)
    }


@dataclass(frozen=True, slots=True)
class Sorter:
    """Brings points of several processes into the order of an ``Asked``.

    Attributes
    ----------
    luck : of the replication
    processes : their names, in the order of the points' cells
    by_the_hour : (n_processes,) which fall in the day by ``hours``, the others evenly
    hours : (25,) share of the day's arrivals before each hour
    """

    luck: Luck
    processes: tuple[str, ...]
    by_the_hour: Bools
    hours: Floats

    def asked(
        self, points: Points, first: int, last: int, present: tuple[Bools, Floats, Floats]
    ) -> Asked:
        """Sort ``points`` of days ``first`` to before ``last``, without those of people not here.

        ``present`` is (n,) who is alive, and from and to which day each person is here.

        Raises
        ------
        ValueError
            If there are too many days for one sort.
        """
        places = (last - first) * len(self.processes)
        if places > MOST_PLACES:
            raise ValueError(f"{places} days and processes: sort at most {MOST_PLACES} at once")
        size = len(present[0]), len(self.processes)
        keys, rows, words = _present(points.cell, points.word, first, size, present)
        starts, rows, times, words = _in_order(
            np.argsort(keys), keys, rows, words, places, self.by_the_hour, (self.hours, _HOURS)
        )
        events = Arrivals(rows, times, self.luck.words_of(words, "demand.key", rows))
        return Asked(first, last, self.processes, starts, events)


@compiled
def _present(
    cell: npt.NDArray[np.int32],
    word: Words,
    first: int,
    size: tuple[int, int],
    present: tuple[Bools, Floats, Floats],
) -> tuple[Words, Integers, Words]:
    """Return the points of people present: a key to sort them by, rows and words.

    Keys are all different (two points of a process would have to share 56 bits), so their
    order does not depend on how they are sorted.
    """
    people, processes = size
    alive, entry, exit_ = present
    keys, rows = np.empty(len(word), np.uint64), np.empty(len(word), np.int64)
    words = np.empty_like(word)
    begin = first // YEAR * YEAR
    count = 0
    for i in range(len(word)):
        row, process = cell[i] % people, cell[i] // people
        day = int(((word[i] >> _HALF) * _YEAR) >> _HALF) + begin
        now = max(day, 0)
        if alive[row] and entry[row] <= now and exit_[row] > now:
            place = np.uint64((day - first) * processes + process)
            keys[count] = (place << _PLACE_BITS) | (word[i] >> _WORD_BITS)
            rows[count], words[count] = row, word[i]
            count += 1
    return keys[:count], rows[:count], words[:count]


@compiled
def _in_order(
    order: Integers,
    keys: Words,
    rows: Integers,
    words: Words,
    places: int,
    by_the_hour: Bools,
    curve: tuple[Floats, Floats],
) -> tuple[Integers, Integers, Floats, Words]:
    """Return where each place starts, and rows, times within the day and words in order."""
    starts = np.zeros(places + 1, np.int64)
    in_rows, in_words, times = np.empty_like(rows), np.empty_like(words), np.empty(len(rows))
    share_before, hours = curve
    for i in range(len(order)):
        word, place = words[order[i]], int(keys[order[i]] >> _PLACE_BITS)
        starts[place + 1] += 1
        in_rows[i], in_words[i] = rows[order[i]], word
        time = float(word >> _HALF) * (YEAR * 2.0**-32)
        time -= np.floor(time)
        if by_the_hour[place % len(by_the_hour)]:
            hour = 0
            while hour < len(hours) - 2 and share_before[hour + 1] <= time:
                hour += 1
            slope = (hours[hour + 1] - hours[hour]) / (share_before[hour + 1] - share_before[hour])
            time = slope * (time - share_before[hour]) + hours[hour]
        times[i] = time
    for place in range(places):
        starts[place + 1] += starts[place]
    return starts, in_rows, times, in_words
