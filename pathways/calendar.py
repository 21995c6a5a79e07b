"""Days of a run as dates: working days, bank holidays, months and years.

Day 0 is the start of the run; days before it are the warm-up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

YEAR = 365  # a simulated year has 365 days, so that year y is days 365(y-1) … 365y - 1
WEEK = 7
BEYOND = 366  # days after the run that are still known: for appointments booked past its end

# Proclaimed for one year only: (holidays added, holidays that they replaced).
_PROCLAIMED: dict[int, tuple[tuple[date, ...], tuple[date, ...]]] = {
    2020: ((date(2020, 5, 8),), (date(2020, 5, 4),)),
    2022: ((date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19)), (date(2022, 5, 30),)),
    2023: ((date(2023, 5, 8),), ()),
}


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of England and Wales in ``year``.

    The rules of the 1971 Act (a holiday at the weekend moves to the next free weekday), and
    those proclaimed for a single year since 2020.
    """
    easter = _easter(year)
    first = {month: date(year, month, 1) for month in (5, 8)}
    holidays = [
        _moved_to_weekday(date(year, 1, 1)),
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        _on_or_after(first[5], weekday=0),
        _on_or_after(date(year, 5, 25), weekday=0),
        _on_or_after(date(year, 8, 25), weekday=0),
        _moved_to_weekday(date(year, 12, 25)),
    ]
    boxing = _moved_to_weekday(date(year, 12, 26))
    while boxing in holidays:
        boxing += timedelta(days=1)
    added, replaced = _PROCLAIMED.get(year, ((), ()))
    return frozenset([*holidays, boxing, *added]) - frozenset(replaced)


def _easter(year: int) -> date:
    """Return Easter Sunday (anonymous Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _moved_to_weekday(day: date) -> date:
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def _on_or_after(day: date, *, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of a run that begins on ``start`` (day 0) and lasts ``years``.

    ``warm_up`` days before day 0 are simulated but not reported. Days that the calendar does
    not know (before the warm-up, or more than a year past the end) raise ``ValueError``.
    """

    start: date
    years: int
    warm_up: int = 0
    _working: npt.NDArray[np.bool_] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        days = range(-self.warm_up, self.end + BEYOND)
        working = np.array([self._is_working(day) for day in days])
        object.__setattr__(self, "_working", working)

    def _is_working(self, day: int) -> bool:
        on = self.date(day)
        return on.weekday() < 5 and on not in bank_holidays(on.year)

    @property
    def end(self) -> int:
        """The first day after the run."""
        return self.years * YEAR

    def date(self, day: int) -> date:
        """Return the date of ``day``."""
        return self.start + timedelta(days=int(day))

    def is_working(self, day: int) -> bool:
        """Say whether practices and clinics are open on ``day``."""
        self._require_known(day, day)
        return bool(self._working[day + self.warm_up])

    def working_days(self, first: int, last: int) -> npt.NDArray[np.int64]:
        """Return the working days from ``first`` up to but not including ``last``."""
        if first >= last:
            return np.empty(0, np.int64)
        self._require_known(first, last - 1)
        return first + np.flatnonzero(self._working[first + self.warm_up : last + self.warm_up])

    def _require_known(self, first: int, last: int) -> None:
        if first < -self.warm_up or last >= self.end + BEYOND:
            raise ValueError(
                f"days {first} to {last} are not all in the calendar, which knows days "
                f"{-self.warm_up} to {self.end + BEYOND - 1}; give it a longer warm_up or years"
            )

    def weekday(self, day: int) -> int:
        """Return 0 for Monday to 6 for Sunday."""
        return self.date(day).weekday()

    def month(self, day: int) -> int:
        """Return the month of the run, 0 for the first; 12 months make a 365-day year."""
        return int(day // YEAR * 12 + (day % YEAR) * 12 // YEAR)
