"""What the figures on waits and capacity draw and their tables list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pathways.vocabulary import HOURS
from results.report_data import USUAL, Option, ReportData, number
from results.report_findings import NOTHING
from results.report_measures import service_name
from results.report_numbers import listed
from results.wording import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    """How long people wait for one service under one option, in ``unit``.

    ``paired`` is False where usual care's waits rest on other runs, for some are missing.
    """

    service: str
    option: Option
    median: Spread
    nine_in_ten: Spread
    unit: str
    paired: bool = True


def middle_year(data: ReportData) -> str:
    """Return the year that capacity and waits are shown for: the fifth, or the last before."""
    return str(min(5, data.years))


def _resource_rows(data: ReportData, option: Option) -> pd.DataFrame:
    return data.rows(
        "resources",
        design=option.key,
        effects=option.effects,
        group_by="all",
        year=middle_year(data),
    )


def wait_rows(data: ReportData) -> list[WaitRow]:
    """Return the waits of every service that has them, under every option."""
    found = []
    usual: dict[str, int] = {}
    for option in data.options:
        rows = _resource_rows(data, option)
        if not len(rows) or "p90_wait_days" not in rows.columns:
            continue
        known = rows[rows["p90_wait_days"].notna() & (rows["p90_wait_days"] > 0)]
        for _, row in known.drop_duplicates("service").iterrows():
            runs = _runs(row)
            same = usual.setdefault(str(row["service"]), runs) == runs
            found.append(replace(_wait_row(row, option), paired=same))
    order = list(dict.fromkeys(row.service for row in found))
    return _one_unit(sorted(found, key=lambda row: order.index(row.service)))


def _wait_row(row: pd.Series, option: Option) -> WaitRow:
    return WaitRow(
        service=str(row["service"]),
        option=option,
        median=_spread(row, "median_wait_days"),
        nine_in_ten=_spread(row, "p90_wait_days"),
        unit="days",
    )


def _spread(row: pd.Series, column: str) -> Spread:
    return Spread(
        mean=number(row, column),
        low=number(row, f"{column}_low"),
        high=number(row, f"{column}_high"),
    )


def _one_unit(rows: list[WaitRow]) -> list[WaitRow]:
    """Return each service's waits in hours where every option's 9-in-10 wait is under 2 days."""
    longest: dict[str, float] = {}
    for row in rows:
        longest[row.service] = max(longest.get(row.service, 0.0), row.nine_in_ten.mean)
    return [_in_hours(row) if longest[row.service] < 2.0 else row for row in rows]


def _in_hours(row: WaitRow) -> WaitRow:
    def hours(spread: Spread) -> Spread:
        return Spread(mean=spread.mean * 24, low=spread.low * 24, high=spread.high * 24)

    return replace(row, median=hours(row.median), nine_in_ten=hours(row.nine_in_ten), unit="hours")


TENTH, LEAST_FREE = 0.1, 0.01  # of what is free under usual care, and least free to count with
UNKNOWN = Spread(mean=math.nan, low=math.nan, high=math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """The share of a service's capacity that one option uses.

    ``paired`` is False where usual care's share rests on other runs, for some are missing: two
    levels of different runs differ by their luck too. ``more`` is how much larger the share is
    than usual care's with the same luck, unknown in tables of older programs.
    """

    service: str
    role: str
    name: str
    option: Option
    used: Spread
    asked: float
    usual: Spread = NOTHING
    more: Spread = UNKNOWN
    paired: bool = True

    @property
    def fuller(self) -> bool:
        """True where a design fills the service clearly further than usual care does.

        Beside the same people with the same luck, by a tenth or more of what is free there: the
        fuller a service, the less it takes to shut people out.
        """
        if not self.paired:
            return False
        if math.isfinite(self.more.low):
            free = max(1.0 - self.usual.mean, LEAST_FREE)
            return self.more.low > 0.0 and self.more.mean >= TENTH * free
        if math.isfinite(self.used.low) and math.isfinite(self.usual.high):
            return self.used.low > self.usual.high
        return self.used.mean > self.usual.mean + 0.02

    @property
    def over(self) -> bool:
        """True where more is asked for than exists."""
        return self.asked > 1.0


def use_rows(data: ReportData) -> list[UseRow]:
    """Return the use of every service and role under every option, with usual care's beside."""
    table = [
        (option, row)
        for option in data.options
        for _, row in _resource_rows(data, option).iterrows()
        if number(row, "utilisation") > 0 and not str(row.get("role")).startswith(HOURS)
    ]
    usual = {_post(row): row for o, row in table if o.letter == USUAL}
    roles: dict[str, set[str]] = {}
    for service, role in (_post(row) for _, row in table):
        roles.setdefault(service, set()).add(role)
    return _without_echoes([_use_row(option, row, usual, roles) for option, row in table])


def _without_echoes(rows: list[UseRow]) -> list[UseRow]:
    """Keep one row where the parts of a service are always as full as each other.

    The hours of every role in a team meeting are used alike: the meeting is what fills up.
    """
    first: dict[str, UseRow] = {}
    alike: dict[str, bool] = {}
    for row in rows:
        one = first.setdefault(row.service + row.option.letter, row)
        same = abs(one.used.mean - row.used.mean) < ALIKE
        alike[row.service] = alike.get(row.service, True) and same
    return [
        replace(row, name=service_name(row.service)) if alike[row.service] else row
        for row in rows
        if not alike[row.service] or row.role == first[row.service + row.option.letter].role
    ]


ALIKE = 0.005


def _post(row: pd.Series) -> tuple[str, str]:
    return str(row["service"]), str(row.get("role", "all"))


def _use_row(
    option: Option,
    row: pd.Series,
    usual: dict[tuple[str, str], pd.Series],
    roles: dict[str, set[str]],
) -> UseRow:
    service, role = _post(row)
    base = usual.get((service, role))
    return UseRow(
        service=service,
        role=role,
        name=service_name(service, role, len(roles[service])),
        option=option,
        used=_used(row),
        asked=_asked(row),
        usual=NOTHING if base is None else _used(base),
        more=_spread(row, "utilisation_difference"),
        paired=base is None or _runs(row) == _runs(base),
    )


def _runs(row: pd.Series) -> int:
    """Return how many runs a row rests on, 0 where it does not say."""
    runs = number(row, "replications")
    return int(runs) if math.isfinite(runs) else 0


def _used(row: pd.Series) -> Spread:
    """Return the share of capacity used; an interval ends at none and, where all fits, at all.

    Where the mean itself lies above what exists (beds beyond those funded), it stays.
    """
    share = _spread(row, "utilisation")
    most = 1.0 if share.mean <= 1.0 else math.inf
    return Spread(mean=share.mean, low=max(share.low, 0.0), high=min(share.high, most))


def _asked(row: pd.Series) -> float:
    """Return what was asked for as a share of capacity: used, turned away and given up."""
    capacity, used = number(row, "capacity"), number(row, "utilisation")
    unmet = [number(row, name) for name in ("turned_away", "gave_up")]
    missed = sum(value for value in unmet if math.isfinite(value))
    return used + missed / capacity if capacity > 0 else used


def apart_note(rows: Sequence[UseRow] | Sequence[WaitRow]) -> str:
    """Say which designs' levels rest on other runs than usual care's, so must not be compared."""
    letters = list(dict.fromkeys(row.option.letter for row in rows if not row.paired))
    if not letters:
        return ""
    return (
        f". {listed(letters)} and usual care rest on different runs, for some are missing: do not "
        "compare their levels"
    )


def fullest(rows: list[UseRow], option: Option) -> UseRow | None:
    """Return the service that fills up first under a design: the fullest of those it fills more.

    Where a design fills none further than usual care does, the fullest of all.
    """
    own = [row for row in rows if row.option == option]
    candidates = [row for row in own if row.fuller and row.used.mean >= NEARLY_FULL] or own
    return max(candidates, key=lambda row: row.used.mean, default=None)


NEARLY_FULL = 0.85
