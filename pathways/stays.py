"""How long people stay in the emergency department and in a bed, and when they leave.

Everything is decided by the key of the visit, so an admission keeps its length of stay, its
delay and its readmission whatever else happens, in every design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from agents.compiled import compiled
from agents.evidence import Evidence
from agents.luck import Luck, Words
from agents.population import FRAILTY, Bools, Floats, Integers, Population, Small

HOURS = 24.0
AGE_BANDS = ("0-4", "5-15", "16-44", "45-64", "65-74", "75-84", "85+")
AGE_EDGES = np.array([5.0, 16.0, 45.0, 65.0, 75.0, 85.0])
LTC_COUNTS = ("0", "1", "2", "3", "4+")
# What each uniform of a visit decides.
DRAWS = ("hours", "night", "stay", "part", "delayed", "delay", "leaves", "again", "patience")
_HOURS, _NIGHT, _STAY, _PART, _DELAYED, _DELAY, _LEAVES, _AGAIN, _PATIENCE = range(len(DRAWS))
_PARTS = np.arange(len(DRAWS))
_SCORED = slice(_HOURS, _STAY + 1, _STAY - _HOURS)  # the two that spread as normal scores
# Of each visit: the chance of a stay without a night, the mean stay and the chance of a delay.
Needs = tuple[Floats, Floats, Floats]
# Of readmission: the share, the scale in days and the longest time in days.
Again = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourShape:
    """Share of arrivals or discharges in each hour, as a curve from 0 to 1 over the day."""

    share_before: Floats  # (n_hours + 1,)
    hours: Floats  # (n_hours + 1,), hour of the day at which each share is reached

    @classmethod
    def load(cls, evidence: Evidence, service: str, term: str) -> HourShape:
        """Read hourly shares such as ``ae_attendance, hour_of_day``."""
        rows = evidence.rows("baseline_demand", service=service, term=term)
        evidence.figures("baseline_demand", service=service, term=term)
        shares = np.array([float(row["coefficient"]) for row in rows])
        first = float(rows[0]["level"])
        return cls(
            share_before=np.concatenate([[0.0], np.cumsum(shares) / shares.sum()]),
            hours=first + np.arange(len(shares) + 1.0),
        )

    def times(self, uniforms: Floats) -> Floats:
        """Return the time within the day (in days) at which each share is reached."""
        times: Floats = np.interp(uniforms, self.share_before, self.hours) / HOURS
        return times


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPlans:
    """What each of n visits will need, known when the visit begins. Columns of length n.

    ``hours`` is a factor of mean 1 on any time in hours; ``short`` says that the stay has no
    night; ``rounds`` is the number of ward rounds until the person may leave and
    ``delay`` the part of them after being fit to leave; ``leaves`` is the time of day of
    leaving, in days; ``again`` is the days from leaving to readmission, infinite where there
    is none; ``patience`` is the days after which a minor case leaves that still waits.
    """

    hours: Floats
    short: npt.NDArray[np.bool_]
    rounds: Floats
    delay: Floats
    leaves: Floats
    again: Floats
    patience: Floats


class Stays:
    """Draws the plan of a visit from its key and from who the person is."""

    def __init__(self, evidence: Evidence, luck: Luck, settings: Mapping[str, float]) -> None:
        self._luck = luck
        self._leaving = HourShape.load(evidence, "emergency_stay", "discharge_hour")
        self._arriving = HourShape.load(evidence, "ae_attendance", "hour_of_day")
        self._base = float(np.log(_term(evidence, "emergency_stay", "base")))
        self._by_age = _terms(evidence, "emergency_stay", "age_band", AGE_BANDS)
        self._by_ltc = _terms(evidence, "emergency_stay", "ltc_count", LTC_COUNTS)
        self._by_frailty = _terms(evidence, "emergency_stay", "frailty", FRAILTY)
        self._no_night = _terms(evidence, "emergency_admission", "zero_night_share", AGE_BANDS)
        self._delay_share = np.array([settings[f"delay.share.{name}"] for name in FRAILTY])
        self._visitor_delay = settings["delay.share.visitor"]
        self._spread = _lognormal(settings["beds.stay_spread"])
        self._visitor_spread = _lognormal(settings["beds.visitor_stay_spread"])
        self._hours_spread = _lognormal(settings["ed.hours_spread"])
        self._waits = (
            settings["delay.days"],
            settings["delay.shortest_stay"],
            settings["ed.patience"] / HOURS,
        )
        scale, window = settings["readmission.scale"], settings["readmission.window"]
        self._again = settings["readmission.share"], scale, window
        self._never_again = 0.0, scale, window
        self._visitor_night = settings["visitors.overnight_share"]
        self._visitor_stay = settings["visitors.stay"]

    def arrival_times(self, keys: Words) -> Floats:
        """Return the time of day (in days) at which each visit begins, by its key."""
        return self._arriving.times(self._luck.uniforms_of(keys, "hospital.arrival"))

    def time_of_day(self, uniforms: Floats) -> Floats:
        """Return the time of day (in days) by which each share of arrivals has come."""
        return self._arriving.times(uniforms)

    def time_of_leaving(self, uniforms: Floats) -> Floats:
        """Return the time of day (in days) by which each share of discharges has gone."""
        return self._leaving.times(uniforms)

    def mean_stay(self, population: Population, rows: Integers, day: float) -> Floats:
        """Return the expected days of an overnight stay, delay included, of ``rows``."""
        return self._needs_of(population, rows, day)[1]

    def of_residents(
        self, population: Population, rows: Integers, keys: Words, day: float
    ) -> VisitPlans:
        """Plan the visits of residents as they are on ``day``."""
        needs = self._needs_of(population, rows, day)
        return self._plans(keys, needs, self._spread, self._again)

    def of_visitors(self, keys: Words) -> VisitPlans:
        """Plan the visits of people from elsewhere: everyone of average need."""
        n = len(keys)
        no_night = np.full(n, 1.0 - self._visitor_night)
        needs = no_night, np.full(n, self._visitor_stay), np.full(n, self._visitor_delay)
        return self._plans(keys, needs, self._visitor_spread, self._never_again)

    def _needs_of(self, population: Population, rows: Integers, day: float) -> Needs:
        no_night, log_mean, delayed = _looked_up(
            rows,
            population.age(day, rows),
            population.has,
            population.frailty,
            AGE_EDGES,
            self._base,
            self._by_age,
            self._by_ltc,
            self._by_frailty,
            self._no_night,
            self._delay_share,
        )
        return no_night, np.exp(log_mean), delayed

    def _plans(
        self, keys: Words, needs: Needs, spread: tuple[float, float], again: Again
    ) -> VisitPlans:
        draws = self._luck.uniforms_of(keys[:, None], "hospital.visit", _PARTS)
        hours, short, rounds, delay, leaves, days, patience = _planned(
            draws,
            ndtri(draws[:, _SCORED]),
            *needs,
            (*self._hours_spread, *spread),
            self._waits,
            again,
            self._leaving.share_before,
            self._leaving.hours,
        )
        return VisitPlans(
            hours=hours,
            short=short,
            rounds=rounds,
            delay=delay,
            leaves=leaves,
            again=days,
            patience=patience,
        )


@compiled
def _looked_up(
    rows: Integers,
    age: Floats,
    has: Bools,
    frailty: Small,
    age_edges: Floats,
    base: float,
    by_age: Floats,
    by_ltc: Floats,
    by_frailty: Floats,
    no_night: Floats,
    delay_share: Floats,
) -> Needs:
    """Return the share of stays without a night, the log mean stay and the share delayed.

    Of each of ``rows``, whose ages are ``age``; ``has`` and ``frailty`` are of everybody.
    """
    n = len(rows)
    without, log_mean, delayed = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        band = 0
        while band < len(age_edges) and age_edges[band] <= age[i]:
            band += 1
        conditions = 0
        for one in has[rows[i]]:
            conditions += one
        ltc = min(conditions, len(by_ltc) - 1)
        frail = frailty[rows[i]]
        without[i] = no_night[band]
        log_mean[i] = base + by_age[band] + by_ltc[ltc] + by_frailty[frail]
        delayed[i] = delay_share[frail]
    return without, log_mean, delayed


@compiled
def _planned(
    draws: Floats,
    scores: Floats,
    no_night: Floats,
    mean: Floats,
    delayed: Floats,
    spreads: tuple[float, float, float, float],
    waits: tuple[float, float, float],
    again: Again,
    before: Floats,
    hour_of: Floats,
) -> tuple[Floats, npt.NDArray[np.bool_], Floats, Floats, Floats, Floats, Floats]:
    """Return the columns of ``VisitPlans``, from (n, draws) and the normal scores of two.

    One ward round is certain; the share of a further round is left to chance, so that the
    mean number of rounds is the mean stay. A readmission comes at least a day after leaving.
    """
    n = len(draws)
    hours, rounds, delay, leaves = np.empty(n), np.empty(n), np.zeros(n), np.empty(n)
    days, patience, short = np.full(n, np.inf), np.empty(n), np.empty(n, np.bool_)
    hours_sigma, hours_down, stay_sigma, stay_down = spreads
    delay_days, shortest, mean_patience = waits
    share, scale, window = again
    reach = 1.0 - np.exp(-(window - 1.0) / scale)
    for i in range(n):
        draw = draws[i]
        hours[i] = np.exp(hours_sigma * scores[i, 0] - hours_down)
        short[i] = draw[_NIGHT] < no_night[i]
        if draw[_DELAYED] < delayed[i]:
            delay[i] = 1.0 - (delay_days - 1.0) * np.log(draw[_DELAY])
        further = max(mean[i] - delayed[i] * delay_days, shortest) - 1.0
        stay = further * np.exp(stay_sigma * scores[i, 1] - stay_down) + draw[_PART]
        rounds[i] = stay + delay[i]
        hour = 0
        while hour < len(before) - 2 and before[hour + 1] <= draw[_LEAVES]:
            hour += 1
        part = (draw[_LEAVES] - before[hour]) / (before[hour + 1] - before[hour])
        leaves[i] = (hour_of[hour] + part * (hour_of[hour + 1] - hour_of[hour])) / HOURS
        if draw[_AGAIN] < share:
            days[i] = 1.0 - scale * np.log1p(-draw[_AGAIN] / share * reach)
        patience[i] = -mean_patience * np.log(draw[_PATIENCE])
    return hours, short, rounds, delay, leaves, days, patience


def _lognormal(spread: float) -> tuple[float, float]:
    """Return by what a normal score is multiplied, and what is then taken off, in the exponent.

    Its exponential has mean one and ``spread`` as its coefficient of variation.
    """
    variance = float(np.log1p(spread**2))
    return variance**0.5, variance / 2.0


def _term(evidence: Evidence, service: str, term: str, level: str | None = None) -> float:
    where = {"service": service, "term": term} | ({} if level is None else {"level": level})
    return evidence.value("baseline_demand", **where)


def _terms(evidence: Evidence, service: str, term: str, levels: tuple[str, ...]) -> Floats:
    return np.array([_term(evidence, service, term, level) for level in levels])
