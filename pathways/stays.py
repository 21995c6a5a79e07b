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

from agents.evidence import Evidence
from agents.luck import Luck, Words
from agents.population import FRAILTY, Floats, Integers, Population

HOURS = 24.0
AGE_BANDS = ("0-4", "5-15", "16-44", "45-64", "65-74", "75-84", "85+")
AGE_EDGES = np.array([5.0, 16.0, 45.0, 65.0, 75.0, 85.0])
LTC_COUNTS = ("0", "1", "2", "3", "4+")
# What each uniform of a visit decides.
DRAWS = ("hours", "night", "stay", "part", "delayed", "delay", "leaves", "again", "patience")


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
    is none.
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
        self._delay_days = settings["delay.days"]
        self._delay_share = np.array([settings[f"delay.share.{name}"] for name in FRAILTY])
        self._visitor_delay = settings["delay.share.visitor"]
        self._shortest = settings["delay.shortest_stay"]
        self._spread = settings["beds.stay_spread"]
        self._visitor_spread = settings["beds.visitor_stay_spread"]
        self._hours_spread = settings["ed.hours_spread"]
        self._patience = settings["ed.patience"] / HOURS
        self._again_share = settings["readmission.share"]
        self._again_scale = settings["readmission.scale"]
        self._again_window = settings["readmission.window"]
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
        band = np.searchsorted(AGE_EDGES, population.age(day, rows), side="right")
        ltc = np.minimum(population.ltc_count(rows), len(LTC_COUNTS) - 1)
        frailty = population.frailty[rows]
        mean: Floats = np.exp(
            self._base + self._by_age[band] + self._by_ltc[ltc] + self._by_frailty[frailty]
        )
        return mean

    def of_residents(
        self, population: Population, rows: Integers, keys: Words, day: float
    ) -> VisitPlans:
        """Plan the visits of residents as they are on ``day``."""
        band = np.searchsorted(AGE_EDGES, population.age(day, rows), side="right")
        return self._plans(
            keys,
            no_night=self._no_night[band],
            mean=self.mean_stay(population, rows, day),
            delayed=self._delay_share[population.frailty[rows]],
            spread=self._spread,
            again=self._again_share,
        )

    def of_visitors(self, keys: Words) -> VisitPlans:
        """Plan the visits of people from elsewhere: everyone of average need."""
        return self._plans(
            keys,
            no_night=np.full(len(keys), 1.0 - self._visitor_night),
            mean=np.full(len(keys), self._visitor_stay),
            delayed=np.full(len(keys), self._visitor_delay),
            spread=self._visitor_spread,
            again=0.0,
        )

    def _plans(
        self,
        keys: Words,
        *,
        no_night: Floats,
        mean: Floats,
        delayed: Floats,
        spread: float,
        again: float,
    ) -> VisitPlans:
        draws = self._luck.uniforms_of(keys[:, None], "hospital.visit", np.arange(len(DRAWS)))
        draw = dict(zip(DRAWS, draws.T, strict=True))
        days = self._delay_days
        fit = np.maximum(mean - delayed * days, self._shortest)
        # One round is certain; the share of a further round is left to chance, so that the
        # mean number of rounds is the mean stay.
        rounds = lognormal(draw["stay"], fit - 1.0, spread) + draw["part"]
        delay = np.where(draw["delayed"] < delayed, 1.0 - (days - 1.0) * np.log(draw["delay"]), 0.0)
        return VisitPlans(
            hours=lognormal(draw["hours"], 1.0, self._hours_spread),
            short=draw["night"] < no_night,
            rounds=rounds + delay,
            delay=delay,
            leaves=self._leaving.times(draw["leaves"]),
            again=self._days_to_readmission(draw["again"], again),
            patience=-self._patience * np.log(draw["patience"]),
        )

    def _days_to_readmission(self, uniforms: Floats, share: float) -> Floats:
        """Return days from discharge, at least 1 and within the window, or infinity."""
        scale, window = self._again_scale, self._again_window - 1.0
        with np.errstate(divide="ignore"):
            within = np.minimum(uniforms / share, 1.0) if share else np.ones_like(uniforms)
        reach = 1.0 - np.exp(-window / scale)
        days: Floats = 1.0 - scale * np.log1p(-within * reach)
        return np.where(uniforms < share, days, np.inf)


def lognormal(uniforms: Floats, mean: npt.ArrayLike, spread: float) -> Floats:
    """Return lognormal draws of the given mean and coefficient of variation ``spread``."""
    variance = np.log1p(spread**2)
    draws: Floats = np.asarray(mean) * np.exp(np.sqrt(variance) * ndtri(uniforms) - variance / 2.0)
    return draws


def _term(evidence: Evidence, service: str, term: str, level: str | None = None) -> float:
    where = {"service": service, "term": term} | ({} if level is None else {"level": level})
    return evidence.value("baseline_demand", **where)


def _terms(evidence: Evidence, service: str, term: str, levels: tuple[str, ...]) -> Floats:
    return np.array([_term(evidence, service, term, level) for level in levels])
