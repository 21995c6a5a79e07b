"""Who asks for which service on which day.

Rates come from ``baseline_demand.csv`` by conditions, age, deprivation and frailty, times a
personal multiplier that stays with a person, for some services times one that passes after
months (``pathways.spells``), times a factor that care may set. What happens
is a keyed cloud of points under the rate (``pathways.clouds``).

Some services of the table are split into processes that the model can treat apart:

- ``practice_consultation``: requests, so appointments times ``latent_request_factor``, less
  those of people who ask again, which the practices make
- ``ed_attendance``: attendances of every type that do not end in admission; like calls to
  111, less those that follow from unmet requests to the practice, which the model makes
- ``emergency_admission``: first admissions; the hospital adds readmissions
- ``outpatient_first`` and ``outpatient_follow_up``
- ``outpatient_first``, ``day_case`` and ``elective_inpatient`` are referrals, so raised by
  those who leave the waiting list unseen
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from pathways.clouds import Clouds, Points
from pathways.spells import Spells, passing_shapes

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

# Process: the service of baseline_demand.csv whose personal multiplier it shares.
PROCESSES: dict[str, str] = {
    "practice_consultation": "practice_consultation",
    "nhs_111_call": "nhs_111_call",
    "ambulance_incident": "ambulance_incident",
    "ed_attendance": "ae_attendance",
    "emergency_admission": "emergency_admission",
    "outpatient_first": "outpatient_attendance",
    "outpatient_follow_up": "outpatient_attendance",
    "day_case": "day_case",
    "elective_inpatient": "elective_inpatient",
    "community_nursing": "community_nursing",
    "urgent_community_response": "urgent_community_response",
    "virtual_ward_admission": "virtual_ward_admission",
    "mental_health_contact": "mental_health_contact",
    "talking_therapy_appointment": "talking_therapy_appointment",
    "social_prescribing_referral": "social_prescribing_referral",
    "mdt_review": "mdt_review",
}
# Known only as an expected number, never drawn one by one.
EXPECTED = ("prescription_item",)
# Processes whose points fall in the day as arrivals at an emergency department do.
BY_THE_HOUR = ("ed_attendance", "emergency_admission", "ambulance_incident", "nhs_111_call")
_NUMBER = {name: number for number, name in enumerate(PROCESSES)}
AT_A_TIME = 1 << 18  # people whose rates are worked out at once
_HISTORY_YEARS = 2  # made at once, so that asking for ever longer does not make them again
_LEAST_MEAN = 0.25  # in a handful of people nobody may happen to use a rare service
ERA_FROM = date(2025, 1, 1)
ERA = "2024/25"


@dataclass(slots=True)
class Splits:
    """How the services of the demand table become processes.

    Attributes
    ----------
    through_ed : share of emergency admissions that come through an emergency department
    readmitted : share of discharges readmitted within 30 days, counted inside admissions
    type_1 : share of attendances without admission that are at a type 1 department
    first : share of outpatient attendances that are first ones
    first_latent, elective_latent : referrals per first attendance and per elective admission
    requests : requests to the practice per appointment delivered, the first of each need: those
        who are told to try again ask once more
    first_rtt, elective_rtt : share of those referrals that start a referral-to-treatment clock
    own_attendances, own_calls : share of attendances without admission, and of calls to 111,
        that do not follow from an unmet request to the practice: the model makes the others
    """

    through_ed: float
    readmitted: float
    type_1: float
    first: float
    first_latent: float
    elective_latent: float
    requests: float
    first_rtt: float
    elective_rtt: float
    own_attendances: float
    own_calls: float

    @classmethod
    def of(cls, evidence: Evidence) -> Splits:
        """Read or work out the splits so that the England totals are kept."""

        def share(service: str, term: str) -> float:
            return evidence.value(rates.TABLE, service=service, term=term)

        def mean(service: str) -> float:
            return share(service, "england_mean")

        def leak(to: str) -> float:
            return evidence.value("care_settings", key=f"practice.leak.{to}")

        through_ed = share("emergency_admission", "share_through_ed")
        admitted = through_ed * mean("emergency_admission")
        all_types = mean("ae_attendance")
        type_1 = all_types * share("ae_attendance", "share_by_type")
        first = share("outpatient_attendance", "first_share")
        stops, starts = share("rtt_pathway", "stops"), share("rtt_pathway", "starts")
        stops *= evidence.value("care_settings", key="lists.stop_factor")
        seen = stops * evidence.value("care_settings", key="lists.outpatient_rtt_share_of_stops")
        first_seen = first * mean("outpatient_attendance")
        elective_seen = mean("day_case") + mean("elective_inpatient")
        unseen = starts / stops - 1.0
        first_latent = 1.0 + unseen * seen / first_seen
        elective_latent = 1.0 + unseen * (stops - seen) / elective_seen
        unmet = evidence.value("care_settings", key="practice.unmet_at_baseline")
        requests = share("practice_consultation", "latent_request_factor")
        asked_again = unmet * leak("again")
        unmet *= mean("practice_consultation") * requests
        return cls(
            through_ed=through_ed,
            readmitted=evidence.value("hospital_settings", key="readmission.share"),
            type_1=(type_1 - admitted) / (all_types - admitted),
            first=first,
            first_latent=first_latent,
            elective_latent=elective_latent,
            requests=requests * (1.0 - asked_again),
            first_rtt=(starts * seen / stops) / (first_seen * first_latent),
            elective_rtt=(starts * (1.0 - seen / stops)) / (elective_seen * elective_latent),
            own_attendances=1.0 - unmet * leak("ed") / (all_types - admitted),
            own_calls=1.0 - unmet * leak("nhs111") / mean("nhs_111_call"),
        )


def process_rates(
    evidence: Evidence,
    splits: Splits,
    *,
    era: str | None = None,
    place_log_factor: Mapping[str, float] | None = None,
) -> Floats:
    """Return (n_processes + n_expected, N_CELLS) rates per person-year.

    Rows follow ``PROCESSES`` and then ``EXPECTED``. ``place_log_factor`` is by service of
    ``baseline_demand.csv``; a place with fewer admissions keeps its A&E attendances.
    """
    place = place_log_factor or {}

    def rate(service: str) -> Floats:
        table = rates.service_rates(evidence, service, era=era)
        raised: Floats = table * np.exp(place.get(service, 0.0))
        return raised

    admissions, outpatients = rate("emergency_admission"), rate("outpatient_attendance")
    attendances = rate("ae_attendance")
    split = {
        "practice_consultation": rate("practice_consultation") * splits.requests,
        "ed_attendance": splits.own_attendances
        * np.maximum(attendances - splits.through_ed * admissions, 0.0),
        "nhs_111_call": rate("nhs_111_call") * splits.own_calls,
        "emergency_admission": admissions * (1.0 - splits.readmitted),
        "outpatient_first": outpatients * splits.first * splits.first_latent,
        "outpatient_follow_up": outpatients * (1.0 - splits.first),
        "day_case": rate("day_case") * splits.elective_latent,
        "elective_inpatient": rate("elective_inpatient") * splits.elective_latent,
    }
    names = (*PROCESSES, *EXPECTED)
    return np.array([split[name] if name in split else rate(name) for name in names])


def _gamma_shapes(evidence: Evidence) -> dict[str, float]:
    """Return the shape of the personal multiplier of every service that has one."""
    shapes = {}
    for service in dict.fromkeys(PROCESSES.values()):
        if evidence.rows(rates.TABLE, service=service, term="person_gamma_shape"):
            found = evidence.value(rates.TABLE, service=service, term="person_gamma_shape")
            shapes[service] = found
            continue
        key = f"demand.gamma_shape.{service}"
        if evidence.rows("care_settings", key=key):
            shapes[service] = evidence.value("care_settings", key=key)
    return shapes


def personal_multipliers(
    person: Integers, luck: Luck, shapes: Mapping[str, float], correlation: float
) -> dict[str, Floats]:
    """Return each person's lasting multiplier for each service of ``shapes``, mean one.

    Multipliers are gamma; their normal scores share one score of the person, so that any
    two services have ``correlation`` (a Gaussian copula).
    """
    shared = luck.normals("demand.personal", person) * np.sqrt(correlation)
    own = np.sqrt(1.0 - correlation)
    return {
        service: rates.gamma_multipliers(
            shared + own * luck.normals(f"demand.personal.{service}", person), shape
        )
        for service, shape in shapes.items()
    }


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

    Events are made for the rest of a week at once, and again when rates change before its end.
    People who reach a new age band have its rates from the next week on.
    rate : by process and expected service, (n,) present rate per person-year
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
    _table: Floats = field(init=False)
    _acsc: Floats = field(init=False)
    _personal: Floats = field(init=False)
    _factors: Floats = field(init=False)
    _rates: Floats = field(init=False)
    _cells: Integers = field(init=False)
    _clouds: Clouds = field(init=False)
    _sorter: Sorter = field(init=False)
    _change_days: Floats = field(init=False)
    _change_rows: Integers = field(init=False)
    _changed: int = field(init=False, default=0)
    _history: dict[str, Arrivals] = field(init=False, default_factory=dict)
    _remembered: int = field(init=False, default=0)
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
        self._personal = self._personal_rows()
        names = (*PROCESSES, *EXPECTED)
        shape = (len(names), len(people))
        self._factors, self._rates = np.ones(shape), np.zeros(shape)
        self._cells = np.zeros(len(people), np.int64)
        self.factor = dict(zip(names, self._factors, strict=True))
        self.rate = dict(zip(names, self._rates, strict=True))
        self._change_days, self._change_rows = _age_band_changes(people)
        self._clouds = self._new_clouds()
        self.refresh(np.arange(len(people)), 0)

    def _personal_rows(self) -> Floats:
        """Return (n_processes + n_expected, n) multipliers.

        Scaled so that they change nobody's total: the mean over today's residents, weighted by
        their rates, is exactly one in every process. The luck of who lives here then moves use
        between people and not up or down, which queues so near their limit would magnify.
        """
        people, ones = self.population, np.ones(len(self.population))
        shapes = _gamma_shapes(self.evidence)
        correlation = self.evidence.value("care_settings", key="demand.score_correlation")
        multipliers = personal_multipliers(people.person, self.luck, shapes, correlation)
        services = (*PROCESSES.values(), *EXPECTED)
        personal = np.array([multipliers.get(service, ones) for service in services])
        here = np.flatnonzero(people.present(0.0))
        weights = self._table[:, self._cells_on(here, 0.0)]
        if len(here):
            mean = (personal[:, here] * weights).sum(axis=1) / weights.sum(axis=1)
            personal /= np.maximum(mean, _LEAST_MEAN)[:, None]
        return personal

    def _new_clouds(self) -> Clouds:
        """Make clouds with layers low for frequent and high for rare processes.

        A layer costs about as much as a quarter of a point, so a layer of a quarter of an
        event a year wastes little where hardly anything happens. Bases must not depend on
        the people, or their points would.
        """
        means = [
            self.evidence.value(rates.TABLE, service=service, term="england_mean")
            for service in PROCESSES.values()
        ]
        bases = np.exp2(np.round(np.log2(np.clip(np.array(means) / 2.0, 0.25, 2.0))))
        shapes = passing_shapes(self.evidence, PROCESSES)
        days = self.evidence.value("care_settings", key="demand.spell_days")
        spells = Spells(self.luck, self.population.person, shapes, days) if shapes else None
        person = self.population.person
        return Clouds(self.luck, person, tuple(PROCESSES), bases, spells=spells)

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
        if self._clouds.year != year:
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
        highest = self._rates[: len(PROCESSES)].copy()
        low, high = np.searchsorted(self._change_days, [year * YEAR, (year + 1) * YEAR])
        rows = self._change_rows[low:high]
        cells = self._cells_on(rows, self._change_days[low:high])
        coming = self._table[: len(PROCESSES), cells] * self._personal[: len(PROCESSES), rows]
        coming *= self._factors[: len(PROCESSES), rows]
        for rate, later in zip(highest, coming, strict=True):
            np.maximum.at(rate, rows, later)
        absent = (people.entry_day >= max((year + 1) * YEAR, 1)) | ~people.alive
        absent |= people.exit_day <= max(year * YEAR, 0)
        highest[:, absent] = 0.0
        return highest

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

    def history(self, days: int) -> dict[str, Arrivals]:
        """Return by process what everyone asked for in the ``days`` before day 0.

        At the rates of when it is first asked for; kept until ``forget_history``. ``times``
        are days, negative, and events are in order of person. People who enter later have the
        events that fall in the same days.
        """
        years = max(-(-days // YEAR), _HISTORY_YEARS)
        if self._remembered < years:
            self._history, self._remembered = self._past(years), years
        return {name: _of_last(past, days) for name, past in self._history.items()}

    def forget_history(self) -> None:
        """Give back the memory that ``history`` takes."""
        self._history, self._remembered = {}, 0

    def _past(self, years: int) -> dict[str, Arrivals]:
        clouds, years_of = self._new_clouds(), []
        for year in range(-years, 0):
            clouds.begin(year, self._rates[: len(PROCESSES)])
            points = clouds.under(self._rates)
            years_of.append(Points(points.cell, np.empty(0), points.word))
        del clouds, points
        return {
            name: self._past_of(number, years_of, -years) for number, name in enumerate(PROCESSES)
        }

    def _past_of(self, process: int, years_of: Sequence[Points], first: int) -> Arrivals:
        """Return what was asked of one process in years from ``first`` on, in order of person."""
        n, parts = len(self.population), []
        for year, points in enumerate(years_of, first):
            mine = np.flatnonzero((points.cell >= process * n) & (points.cell < (process + 1) * n))
            some = Points(points.cell[mine], points.height, points.word[mine])
            parts.append((some.cell, (some.year_share + year) * YEAR, some.word))
        cell, times, word = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = np.argsort(cell, kind="stable")
        rows = cell[order].astype(np.int64) - process * n
        return Arrivals(rows, times[order], self.luck.words_of(word[order], "demand.key", rows))

    def look_back(self, days: int) -> dict[str, Integers]:
        """Return by process how many events each person had in the ``days`` before day 0.

        ``emergency_admission`` includes the readmissions that the hospital would have added.
        """
        n, counts = len(self.population), {}
        for name, past in self.history(days).items():
            times = 1 + self.readmissions(name, past.keys)
            counts[name] = np.bincount(past.rows, weights=times, minlength=n).astype(np.int64)
        return counts

    def readmissions(self, process: str, keys: Words) -> Integers:
        """Return how many readmissions followed each past event: none but of admissions.

        Past days have no hospital, so they are a geometric number at the published share.
        """
        if process != "emergency_admission":
            return np.zeros(len(keys), np.int64)
        log = np.log(self.uniforms("look_back.readmitted", keys))
        again: Integers = np.floor(log / np.log(self.splits.readmitted)).astype(np.int64)
        return again


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


def _of_last(past: Arrivals, days: int) -> Arrivals:
    """Return the events of the last ``days``; where that is all of them, no copies."""
    chosen = past.times >= -days
    if chosen.all():
        return past
    return Arrivals(past.rows[chosen], past.times[chosen], past.keys[chosen])


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
