"""Who asks for which service on which day.

Rates of processes (``pathways.processes``) go by conditions, age, deprivation and frailty,
times a personal multiplier that stays with a person (``pathways.multipliers``), for some
services times one that passes after months (``pathways.spells``), times a factor that care may
set. What happens is a keyed cloud of points under the rate (``pathways.clouds``), before day 0
as after it (``pathways.past``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled
from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from pathways import rates
from pathways.asked import Arrivals, Asked, Sorter
from pathways.calendar import WEEK, YEAR
from pathways.clouds import Clouds
from pathways.multipliers import scaled_multipliers
from pathways.past import Past
from pathways.processes import BY_THE_HOUR, EXPECTED, PROCESSES, Splits, clouds_of, process_rates

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_NUMBER = {name: number for number, name in enumerate(PROCESSES)}
AT_A_TIME = 1 << 18  # people whose rates are worked out at once
ERA_FROM = date(2025, 1, 1)
ERA = "2024/25"


@dataclass(slots=True)
class Demand:
    """The demand of everyone for every service, day by day.

    Parameters
    ----------
    population : whose demand; read, never changed
    evidence : numbers of ``baseline_demand`` and ``care_settings``
    luck : the luck of the replication
    start : date of day 0, which decides the era of practice consultations
    place_log_factor : by service of ``baseline_demand.csv``

    Attributes
    ----------
    season : (n_processes, 365) share of events that each day of the year keeps, if not all
    factor : by process, (n,) what care does to the rate; set it, then ``refresh`` the rows
    rate : by process and expected service, (n,) present rate per person-year
    past : what everyone asked for before day 0

    Events are made for the rest of a week at once, and again when rates change before its end.
    People who reach a new age band have its rates from the next week on.
    """

    population: Population
    evidence: Evidence
    luck: Luck
    start: date
    place_log_factor: Mapping[str, float] = field(default_factory=dict)
    season: Floats | None = None
    splits: Splits = field(init=False)
    factor: dict[str, Floats] = field(init=False)
    rate: dict[str, Floats] = field(init=False)
    past: Past = field(init=False)
    _table: Floats = field(init=False)
    _acsc: Floats = field(init=False)
    _personal: Floats = field(init=False)
    _factors: Floats = field(init=False)
    _rates: Floats = field(init=False)
    _cells: Integers = field(init=False)
    _clouds: Clouds = field(init=False)
    _begun: int | None = field(init=False, default=None)
    _sorter: Sorter = field(init=False)
    _change_days: Floats = field(init=False)
    _change_rows: Integers = field(init=False)
    _changed: int = field(init=False, default=0)
    _made: Asked | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        people, evidence = self.population, self.evidence
        era = ERA if self.start >= ERA_FROM else None
        self.splits = Splits.of(evidence)
        self._table = process_rates(
            evidence, self.splits, era=era, place_log_factor=self.place_log_factor
        )
        acsc = rates.service_rates(evidence, "emergency_admission_acsc")
        self._acsc = acsc / rates.service_rates(evidence, "emergency_admission")
        by_the_hour = np.array([name in BY_THE_HOUR for name in PROCESSES])
        hours = _hour_profile(evidence)
        self._sorter = Sorter(self.luck, tuple(PROCESSES), by_the_hour, hours)
        here = np.flatnonzero(people.present(0.0))
        self._personal = scaled_multipliers(
            people, evidence, self.luck, self._table[:, self._cells_on(here, 0.0)]
        )
        names = (*PROCESSES, *EXPECTED)
        shape = (len(names), len(people))
        self._factors, self._rates = np.ones(shape), np.zeros(shape)
        self._cells = np.zeros(len(people), np.int64)
        self.factor = dict(zip(names, self._factors, strict=True))
        self.rate = dict(zip(names, self._rates, strict=True))
        self._change_days, self._change_rows = _age_band_changes(people)
        self._clouds = clouds_of(people, evidence, self.luck)
        self.past = Past(self.luck, self._clouds, self._rates, self.splits.readmitted)
        self.refresh(np.arange(len(people)), 0)

    def refresh(self, rows: Integers, day: float) -> None:
        """Work out the rates of ``rows`` anew from their columns and factors on ``day``.

        Call it for people whose conditions, frailty or factors changed or who died; people
        who enter or reach a new age band are refreshed without being asked.
        """
        if len(rows) > AT_A_TIME:  # what is worked out for all at once would fill the memory
            for part in np.array_split(rows, -(-len(rows) // AT_A_TIME)):
                self.refresh(part, day)
            return
        if not len(rows):
            return
        cells = self._cells[rows] = self._cells_on(rows, day)
        people = self.population
        gone = ~people.alive[rows] | (people.exit_day[rows] <= day)
        new = _work_out(rows, cells, gone, self._table, self._personal, self._factors, self._rates)
        self._clouds.raise_to(new[: len(PROCESSES)], rows, int(day))
        self._made = None

    def multiply(self, process: str, rows: Integers, ratio: float | Floats) -> None:
        """Let what people's own lives do to their rates change by ``ratio``, for good.

        Unlike ``factor``, which is for what care does. Call ``refresh`` afterwards.
        """
        self._personal[_NUMBER[process], rows] *= ratio

    def _cells_on(self, rows: Integers, day: float | Floats) -> Integers:
        """Return the cell of each of ``rows`` on its ``day``, or on the day of entry if later."""
        people = self.population
        then = np.maximum(day, people.entry_day[rows])
        return rates.cells(
            ltc_count=people.ltc_count(rows),
            age=(then - people.birth_day[rows]) / DAYS_PER_YEAR,
            imd_quintile=people.imd_quintile[rows],
            frailty=people.frailty[rows],
            sex=people.sex[rows],
        )

    def today(self, day: int) -> dict[str, Arrivals]:
        """Return what everyone present asks for on ``day``, by process (days before 0 too)."""
        made = self._made
        if made is None or not made.first <= day < made.last:
            made = self._made = self._made_from(day)
        return made.of(day, self.population.alive)

    def _made_from(self, day: int) -> Asked:
        """Make what is asked for from ``day`` to the end of its week, or of its year if sooner."""
        year = day // YEAR
        if self._begun != year or self._clouds.year != year:  # the past may have used the clouds
            self._begun = year
            self._clouds.begin(year, self._rates_of_year(year))
        self._refresh_new_ages(day)
        last = min((day // WEEK + 1) * WEEK, (year + 1) * YEAR)
        points, people = self._clouds.between(day, last, self._rates), self.population
        present = people.alive, people.entry_day, people.exit_day
        asked = self._sorter.asked(points, day, last, present)
        if self.season is None:
            return asked
        return asked.thinned(self.season[:, np.arange(day, last) % YEAR], self.luck)

    def _rates_of_year(self, year: int) -> Floats:
        """Return the rates up to which a year's points are made: nought for the absent.

        People who reach a new age band in the year have their points made up to that, too.
        """
        people = self.population
        low, high = np.searchsorted(self._change_days, [year * YEAR, (year + 1) * YEAR])
        rows = self._change_rows[low:high]
        cells = self._cells_on(rows, self._change_days[low:high])
        absent = (people.entry_day >= max((year + 1) * YEAR, 1)) | ~people.alive
        absent |= people.exit_day <= max(year * YEAR, 0)
        now = self._rates[: len(PROCESSES)]
        return _highest(now, absent, rows, cells, self._table, self._personal, self._factors)

    def _refresh_new_ages(self, day: int) -> None:
        last = int(np.searchsorted(self._change_days, day, side="right"))
        if last > self._changed:
            self.refresh(np.unique(self._change_rows[self._changed : last]), day)
            self._changed = last

    def uniforms(self, purpose: str, keys: Words) -> Floats:
        """Return a number between 0 and 1 that belongs to each event for ``purpose``."""
        return self.luck.uniforms_of(keys, purpose)

    def is_type_1(self, keys: Words) -> Bools:
        """Say which attendances without admission are at a type 1 department."""
        return self.uniforms("ed.type_1", keys) < self.splits.type_1

    def is_through_ed(self, keys: Words) -> Bools:
        """Say which emergency admissions come through an emergency department (type 1)."""
        return self.uniforms("admission.through_ed", keys) < self.splits.through_ed

    def is_acsc(self, rows: Integers, keys: Words) -> Bools:
        """Say which emergency admissions of ``rows`` are for ambulatory-care-sensitive illness."""
        return self.uniforms("admission.acsc", keys) < self._acsc[self._cells[rows]]


@compiled
def _work_out(
    rows: Integers,
    cells: Integers,
    gone: Bools,
    table: Floats,
    personal: Floats,
    factors: Floats,
    known: Floats,
) -> Floats:
    """Write the rates of ``rows`` (processes, n), nought for who is gone; return them."""
    new = np.zeros((len(known), len(rows)))
    for process in range(len(known)):
        for i in range(len(rows)):
            row = rows[i]
            if not gone[i]:
                rate = table[process, cells[i]] * personal[process, row] * factors[process, row]
                new[process, i] = rate
            known[process, row] = new[process, i]
    return new


@compiled
def _highest(
    rates: Floats,
    absent: Bools,
    rows: Integers,
    cells: Integers,
    table: Floats,
    personal: Floats,
    factors: Floats,
) -> Floats:
    """Return the highest of everyone's ``rates`` and of those of ``rows`` in other ``cells``.

    A row may stand several times; the rates of the ``absent`` are nought.
    """
    highest = np.zeros(rates.shape)
    for process in range(len(rates)):
        for row in range(len(absent)):
            if not absent[row]:
                highest[process, row] = rates[process, row]
        for i in range(len(rows)):
            row = rows[i]
            rate = table[process, cells[i]] * personal[process, row] * factors[process, row]
            if not absent[row]:
                highest[process, row] = max(highest[process, row], rate)
    return highest


def _hour_profile(evidence: Evidence) -> Floats:
    """Return (25,) the share of the day's arrivals before each hour."""
    figures = evidence.figures(rates.TABLE, service="ae_attendance", term="hour_of_day")
    shares = np.array([figure.value for figure in figures])
    return np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])


def _age_band_changes(people: Population) -> tuple[Floats, Integers]:
    """Return the days after day 0 on which someone enters a new age band, and who, in order."""
    days = people.birth_day[:, None] + rates.AGE_EDGES * DAYS_PER_YEAR
    days = np.where(days > 0.0, np.maximum(days, people.entry_day[:, None]), np.inf)
    order = np.argsort(days, axis=None, kind="stable")
    order = order[: int(np.isfinite(days).sum())]
    rows = order // len(rates.AGE_EDGES)
    return days.ravel()[order], rows
