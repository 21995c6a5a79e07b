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
_SOME_DAYS, _ALL_DAYS = 1, 2  # that someone is here
_HOURS = np.linspace(0.0, 1.0, 25)


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
        """
        places = (last - first) * len(self.processes)
        size = len(present[0]), len(self.processes)
        found = _present(points.cell, points.word, (first, last), size, present)
        starts, order = _in_order(places, found[0], found[2])
        rows, times, words = _told(order, *found, self.by_the_hour, (self.hours, _HOURS))
        events = Arrivals(rows, times, self.luck.words_of(words, "demand.key", rows))
        return Asked(first, last, self.processes, starts, events)


@compiled
def _present(
    cell: npt.NDArray[np.int32],
    word: Words,
    days: tuple[int, int],
    size: tuple[int, int],
    present: tuple[Bools, Floats, Floats],
) -> tuple[Integers, Integers, Words]:
    """Return the points of people present: place among days and processes, rows and words."""
    n_people, n_processes = size
    first, last = days
    part = _days_here(present, max(first, 0), max(last - 1, 0))
    _, entry, exit_ = present
    places, rows = np.empty(len(word), np.int64), np.empty(len(word), np.int64)
    words = np.empty_like(word)
    begin = first // YEAR * YEAR
    count = 0
    for i in range(len(word)):
        row, process = cell[i] % n_people, cell[i] // n_people
        day = int(((word[i] >> _HALF) * _YEAR) >> _HALF) + begin
        here = part[row] == _ALL_DAYS
        if part[row] == _SOME_DAYS:
            now = max(day, 0)
            here = entry[row] <= now and exit_[row] > now
        if here:
            places[count] = (day - first) * n_processes + process
            rows[count], words[count] = row, word[i]
            count += 1
    return places[:count], rows[:count], words[:count]


@compiled
def _days_here(
    present: tuple[Bools, Floats, Floats], first: int, last: int
) -> npt.NDArray[np.uint8]:
    """Return whether each person is here on no, some or all days from ``first`` to ``last``.

    Everyone in turn, into a column that stays in the cache: people looked up as their points
    come would be far apart in memory.
    """
    alive, entry, exit_ = present
    found = np.empty(len(alive), np.uint8)
    for row in range(len(alive)):
        some = alive[row] & (entry[row] <= last) & (exit_[row] > first)
        every = some & (entry[row] <= first) & (exit_[row] > last)
        found[row] = some * _SOME_DAYS + every * (_ALL_DAYS - _SOME_DAYS)
    return found


@compiled
def _time_of_day(word: np.uint64) -> float:
    """Return when in its day a point falls, from 0 up to 1."""
    time = float(word >> _HALF) * (YEAR * 2.0**-32)
    return time - float(int(time))


@compiled
def _in_order(n_places: int, places: Integers, words: Words) -> tuple[Integers, Integers]:
    """Return where each place starts, and the points in order of place and time.

    Times are even over the day, so a point's time says nearly where it stands among those of
    its place: each goes into the bin of where it should stand, and bins of several are sorted.
    """
    n = len(places)
    starts = _starts(places, n_places)
    bins = np.empty(n, np.int64)
    for i in range(n):
        low, high = starts[places[i]], starts[places[i] + 1]
        bins[i] = low + int(_time_of_day(words[i]) * (high - low))
    begins, order = _starts(bins, n), np.empty(n, np.int64)
    ends = begins.copy()
    for i in range(n):
        last = ends[bins[i]]
        ends[bins[i]] += 1
        while last > begins[bins[i]] and words[order[last - 1]] > words[i]:
            order[last] = order[last - 1]
            last -= 1
        order[last] = i
    return starts, order


@compiled
def _starts(places: Integers, n_places: int) -> Integers:
    """Return where each place starts, and the last one ends, when sorted by place."""
    starts = np.zeros(n_places + 1, np.int64)
    for place in places:
        starts[place + 1] += 1
    for place in range(n_places):
        starts[place + 1] += starts[place]
    return starts


@compiled
def _told(
    order: Integers,
    places: Integers,
    rows: Integers,
    words: Words,
    by_the_hour: Bools,
    curve: tuple[Floats, Floats],
) -> tuple[Integers, Floats, Words]:
    """Return rows, times within the day and words in ``order``."""
    in_rows, in_words, times = np.empty_like(rows), np.empty_like(words), np.empty(len(rows))
    share_before, hours = curve
    for i in range(len(order)):
        which = order[i]
        in_rows[i], in_words[i], time = rows[which], words[which], _time_of_day(words[which])
        if by_the_hour[places[which] % len(by_the_hour)]:
            hour = 0
            while hour < len(hours) - 2 and share_before[hour + 1] <= time:
                hour += 1
            slope = (hours[hour + 1] - hours[hour]) / (share_before[hour + 1] - share_before[hour])
            time = slope * (time - share_before[hour]) + hours[hour]
        times[i] = time
    return in_rows, times, in_words
