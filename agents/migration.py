"""Who moves into a place, who moves away and who is born there, on schedules of their own.

A place stays as young or old beside England as it is today: that says how many more people
of each age must arrive than leave. How many leave in all is published. Nobody's schedule
depends on care, on anybody's health or on how long the run is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.by_age import AGES, Floats, by_age, smooth_distribution, tail_of_ages, whole_years
from agents.evidence import Evidence
from agents.luck import Luck
from agents.place import AGE_BANDS, Place
from agents.population import DAYS_PER_YEAR

Rows = npt.NDArray[np.int64]

LONDON = ("inner_london", "outer_london")
ADULT_DAYS = 18 * DAYS_PER_YEAR
_MIDDLES = np.array([(low + min(high, 95) + 1) / 2 for low, high in AGE_BANDS])
_SMOOTHED_OVER = 5  # years of age


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves of one place by age: (111,) a person's chance of leaving, and of arrivals.

    ``leaving`` is per person-year; ``arriving`` is arrivals per resident of that age and year.
    """

    leaving: Floats
    arriving: Floats


def moves_of(place: Place, evidence: Evidence) -> Moves:
    """Return how often people of each age leave the place and arrive in it."""
    leaving = _usual_leaving(place, evidence)
    arriving = leaving + _net_arrivals(place, evidence)
    # Where more must leave than usually do, they do, and nobody arrives.
    return Moves(leaving - np.minimum(arriving, 0.0), np.maximum(arriving, 0.0))


def share_by_age(place: Place, evidence: Evidence) -> Floats:
    """Return (111,) the share of residents at each single year of age."""
    decline, oldest = tail_of_ages(evidence)
    lows = np.array([low for low, _ in AGE_BANDS], float)
    return np.diff(smooth_distribution(place.age_shares, lows, decline, oldest))


def birth_rate(place: Place, evidence: Evidence) -> float:
    """Return births in the place per resident and year, from its children under 5."""
    london = place.archetype if place.archetype in LONDON else "other"
    key = f"births_per_child_under_5.{london}"
    return float(place.age_shares[0]) * evidence.value("population_change", key=key)


def _usual_leaving(place: Place, evidence: Evidence) -> Floats:
    """Return the national shape by age, raised or lowered to the place's own level."""
    shape = by_age(evidence, "population_change", "moves_shape")
    level = evidence.value("population_change", key=f"moves_out.{place.archetype}")
    return shape * level / float(shape @ share_by_age(place, evidence))


def _net_arrivals(place: Place, evidence: Evidence) -> Floats:
    """Return arrivals less departures per resident and year that keep the place's profile."""
    cap = evidence.value("population_change", key="net_internal_cap")
    last = evidence.value("population_change", key="moving_stops_shaping_after")
    beside = np.log(np.maximum(place.age_shares, 1e-6) / national_age_shares(evidence))
    log_ratio = np.interp(AGES + 0.5, _MIDDLES, beside)
    slope = np.convolve(np.gradient(log_ratio), np.ones(_SMOOTHED_OVER) / _SMOOTHED_OVER, "same")
    internal = np.where(last > AGES, np.clip(slope, -cap, cap), 0.0)
    return internal + by_age(evidence, "population_change", "net_international")


def national_age_shares(evidence: Evidence) -> Floats:
    """Return (19,) England's share of residents by ``AGE_BANDS``."""
    shares = np.zeros(len(AGE_BANDS))
    where = {"place": "england", "dimension": "age_sex_share"}
    rows = evidence.rows("place_population", **where)
    for row, figure in zip(rows, evidence.figures("place_population", **where), strict=True):
        shares[AGE_BANDS.index((int(row["age_low"]), int(row["age_high"])))] += figure.value
    total: Floats = shares / shares.sum()
    return total


def national_share_by_age(evidence: Evidence) -> Floats:
    """Return (111,) England's share of residents at each single year of age."""
    decline, oldest = tail_of_ages(evidence)
    lows = np.array([low for low, _ in AGE_BANDS], float)
    return np.diff(smooth_distribution(national_age_shares(evidence), lows, decline, oldest))


def leaving_day(
    person: Rows, birth_day: Floats, from_day: Floats, leaving: Floats, luck: Luck
) -> Floats:
    """Return the day each moves away, living here from ``from_day`` on.

    A unit exponential is spent at the rate of leaving at each age; who has not spent it by the
    age of 110 stays (infinite).
    """
    spent = np.concatenate([[0.0], np.cumsum(leaving)])
    ages = np.arange(spent.size, dtype=float)
    age = (from_day - birth_day) / DAYS_PER_YEAR
    target = np.interp(age, ages, spent) + luck.exponentials("move.away", person)
    # The table never falls, so a small slope keeps it invertible where nobody leaves.
    at = np.interp(target, spent + 1e-12 * ages, ages, right=np.inf)
    day: Floats = birth_day + at * DAYS_PER_YEAR
    return day


def together(
    leader_day: Floats, own_day: Floats, birth_day: Floats, adult: npt.NDArray[np.bool_]
) -> Floats:
    """Return when those leave who follow somebody: a partner always, a child until grown up.

    Parameters
    ----------
    leader_day : (n,), day the person followed leaves
    own_day : (n,), day the person would leave alone, from the eighteenth birthday on
    adult : (n,), True for partners
    """
    return np.where(adult | (leader_day < birth_day + ADULT_DAYS), leader_day, own_day)


def arrival_days(process: str, per_year: float, years: float, luck: Luck) -> Floats:
    """Return the days of a Poisson process of ``per_year`` over ``years`` years.

    The k-th arrival depends on the seed and k alone, so a longer run begins with the days of a
    shorter one.
    """
    if per_year <= 0 or years <= 0:
        return np.empty(0)
    expected = per_year * years
    many = int(expected + 10.0 * np.sqrt(expected) + 50)
    waits = luck.exponentials(process, np.arange(many))
    days = np.cumsum(waits) / per_year * DAYS_PER_YEAR
    return days[days < years * DAYS_PER_YEAR]


def choose_weighted(weights: Floats, uniforms: Floats) -> Rows:
    """Return a row for each uniform, with chances in proportion to ``weights``."""
    cumulative = np.cumsum(weights)
    found: Rows = np.searchsorted(cumulative, uniforms * cumulative[-1], side="right")
    return found


def rate_at(age: Floats, table: Floats) -> Floats:
    """Return the (111,) ``table`` at each age in years; 0 before birth."""
    return np.where(age >= 0, table[whole_years(age)], 0.0)
