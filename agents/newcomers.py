"""People who join a place in later years: families who move in, and the children born there.

Also when everybody moves away: families together, grown-up children alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.households import ADULT, fertility_by_age
from agents.luck import Luck
from agents.migration import Moves, arrival_days, choose_weighted, leaving_day, rate_at, together
from agents.person_columns import People, taken
from agents.population import DAYS_PER_YEAR, FEMALE

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_MOST_IN_FAMILY = 64  # room for person numbers within a family


def schedule_leaving(people: People, moves: Moves, luck: Luck) -> None:
    """Set the day each moves away: families together, grown-up children alone."""
    grown_up = np.maximum(people.entry_day, people.birth_day + ADULT * DAYS_PER_YEAR)
    leads = people.leader == np.arange(len(people))
    from_day = np.where(leads, people.entry_day, grown_up)
    own = leaving_day(people.person, people.birth_day, from_day, moves.leaving, luck)
    adult = people.birth_day + ADULT * DAYS_PER_YEAR <= people.entry_day
    followed = together(own[people.leader], own, people.birth_day, adult)
    people.exit_day[:] = np.where(leads, own, followed)


def movers_in(residents: People, moves: Moves, years: int, luck: Luck) -> People:
    """Return arrivals: each is like a family of residents, led by someone of a fitting age."""
    n = len(residents)
    leads = residents.leader == np.arange(n)
    weights = leads * rate_at(-residents.birth_day / DAYS_PER_YEAR, moves.arriving)
    days = np.floor(arrival_days("move.in.day", float(weights.sum()), years, luck))
    if not days.size:
        return taken(residents, np.empty(0, np.int64))
    drawn = luck.uniforms("move.in.family", np.arange(days.size))
    leader = choose_weighted(weights, drawn)
    order = np.argsort(residents.leader, kind="stable")
    sizes = np.bincount(residents.leader, minlength=n)
    starts = np.cumsum(sizes) - sizes
    family = np.repeat(np.arange(days.size), sizes[leader])
    place_in_family = np.arange(family.size) - np.repeat(
        np.cumsum(sizes[leader]) - sizes[leader], sizes[leader]
    )
    like = order[starts[leader][family] + place_in_family]
    return _arrived(residents, like, family, days, leader, moves, luck)


def _arrived(
    residents: People,
    like: Rows,
    family: Rows,
    days: Floats,
    leader: Rows,
    moves: Moves,
    luck: Luck,
) -> People:
    """Return people like ``residents[like]`` who arrive as families on ``days``."""
    n = len(residents)
    movers = taken(residents, like)
    movers.person = n + 2 * (family * _MOST_IN_FAMILY + _rank_within(family)) + 1
    led_by = np.flatnonzero(like == leader[family])
    movers.leader = led_by[family]
    movers.household = movers.person[movers.leader]
    movers.entry_day = days[family] + 1.0
    movers.birth_day = movers.birth_day + movers.entry_day
    schedule_leaving(movers, moves, luck)
    movers.leader = movers.leader + n
    return movers


def _rank_within(group: Rows) -> Rows:
    """Return 0, 1, 2 … within each run of equal values."""
    first = np.searchsorted(group, group)
    return np.arange(group.size) - first


def newborns(
    people: People, per_year: float, years: int, luck: Luck, evidence: Evidence, n: int
) -> People:
    """Return births: each to a woman who lives here all that year, by her age."""
    days = np.floor(arrival_days("birth.day", per_year, years, luck))
    year = (days // DAYS_PER_YEAR).astype(np.int64)
    fertility = fertility_by_age(evidence)
    drawn = luck.uniforms("birth.mother", np.arange(days.size))
    mother = np.zeros(days.size, np.int64)
    for each in np.unique(year):
        born = np.flatnonzero(year == each)
        weights = _chance_of_birth(people, float(each) * DAYS_PER_YEAR, fertility)
        # Evenly spaced draws: no woman twice in a year.
        spaced = (np.argsort(np.argsort(drawn[born])) + drawn[born]) / born.size
        mother[born] = choose_weighted(weights, spaced) if weights.any() else 0
    babies = taken(people, mother)
    babies.person = n + 2 * np.arange(days.size)
    babies.birth_day = days
    babies.entry_day = days.copy()
    girls = evidence.value("population_change", key="birth_share_female")
    babies.sex = (luck.uniforms("birth.sex", babies.person) >= girls).astype(np.int8)
    babies.exit_day = people.exit_day[people.leader[mother]]
    return babies


def _chance_of_birth(people: People, first: float, fertility: Floats) -> Floats:
    """Return each person's chance of giving birth in the year from ``first``."""
    last = first + DAYS_PER_YEAR
    leaves = people.exit_day[people.leader]
    able = (people.sex == FEMALE) & (people.entry_day <= first) & (leaves > last)
    able &= people.exit_day > last
    chance: Floats = able * rate_at((first - people.birth_day) / DAYS_PER_YEAR, fertility)
    return chance
