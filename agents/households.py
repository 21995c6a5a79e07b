"""Who lives with whom: couples, parents and children, people alone and people who share.

A thin model: each adult's living arrangement is drawn by age and sex from published shares,
couples and families are matched by age within a deprivation fifth. Households of more than
one family and same-sex couples are not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.by_age import by_age, by_age_and_sex, keys_of, whole_years
from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import FEMALE, MALE

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]

ADULT = 18  # the age of majority
CHILD, IN_COUPLE, ALONE, WITH_PARENTS, OTHER = range(5)


@dataclass(frozen=True, slots=True)
class LivingTables:
    """Shares and chances of living arrangements by age (111,) and sex (111, 2)."""

    in_couple: Floats
    alone: Floats
    with_parents: Floats
    fertility: Floats
    children: Floats
    family_size: Floats
    couple_odds: float
    age_gap: float
    age_spread: float
    sharers: float

    @classmethod
    def of(cls, archetype: str, evidence: Evidence) -> LivingTables:
        """Read the tables for one kind of place."""

        def number(key: str) -> float:
            return evidence.value("household", key=key)

        london = archetype if archetype in ("inner_london", "outer_london") else "other"
        fertility = fertility_by_age(evidence)
        sizes = [number(key) for key in keys_of(evidence, "household", "family_size")]
        couples = by_age_and_sex(evidence, "household", "in_couple")
        return cls(
            in_couple=couples * number(f"couple_factor.{london}"),
            alone=by_age_and_sex(evidence, "household", "alone"),
            with_parents=by_age_and_sex(evidence, "household", "with_parents"),
            fertility=fertility,
            children=_children_expected(fertility),
            family_size=np.cumsum(sizes) / sum(sizes),
            couple_odds=number("mother_in_couple_odds"),
            age_gap=number("partner_age_gap"),
            age_spread=number("partner_age_spread"),
            sharers=number("sharers"),
        )


def fertility_by_age(evidence: Evidence) -> Floats:
    """Return (111,) births per woman and year."""
    return by_age(evidence, "population_change", "fertility")


def _children_expected(fertility: Floats) -> Floats:
    """Return (111,) how many children under 18 a woman of each age has had, on average."""
    births = np.concatenate([[0.0], np.cumsum(fertility)])
    first = np.maximum(np.arange(fertility.size) - ADULT, 0)
    expected: Floats = births[1:] - births[first]
    return expected


@dataclass(frozen=True, slots=True)
class Homes:
    """Who lives with whom, by row.

    Attributes
    ----------
    household : (n,), row of the household's reference person
    leader : (n,), row of the person with whom each moves house (oneself, or a partner or parent)
    """

    household: Rows
    leader: Rows


def form_homes(
    age: Floats,
    sex: Small,
    fifth: Small,
    person: Rows,
    tables: LivingTables,
    luck: Luck,
) -> Homes:
    """Put everyone in a household with people of the same deprivation fifth.

    Parameters
    ----------
    age : (n,), years
    sex, fifth, person : (n,), as in ``Population``
    """
    homes = Homes(np.arange(age.size), np.arange(age.size))
    for value in np.unique(fifth):
        rows = np.flatnonzero(fifth == value)
        _Fifth(age[rows], sex[rows], person[rows], tables, luck).join(homes, rows)
    return homes


class _Fifth:
    """The people of one fifth while they are put together (positions within the fifth)."""

    def __init__(
        self, age: Floats, sex: Small, person: Rows, tables: LivingTables, luck: Luck
    ) -> None:
        self.age, self.sex, self.person = age, sex, person
        self.tables, self.luck = tables, luck
        self.years = whole_years(age)
        self.state = self._arrangement()
        self.household = np.arange(age.size)
        self.leader = np.arange(age.size)
        self.partner = np.full(age.size, -1)

    def join(self, homes: Homes, rows: Rows) -> None:
        """Form couples, families and shared homes, and write them into ``homes``."""
        self._pair_couples()
        mothers = self._place_children()
        self._place_with_parents()
        self._share(mothers)
        homes.household[rows] = rows[self.household]
        homes.leader[rows] = rows[self.leader]

    def _arrangement(self) -> Small:
        """Draw each adult's living arrangement from the shares at their age and sex."""
        shares = [self.tables.in_couple, self.tables.alone, self.tables.with_parents]
        bounds = np.cumsum([table[self.years, self.sex] for table in shares], axis=0)
        drawn = self.luck.uniforms("household.arrangement", self.person)
        state: Small = (IN_COUPLE + (drawn >= bounds).sum(axis=0)).astype(np.int8)
        state[self.age < ADULT] = CHILD
        return state

    def _pair_couples(self) -> None:
        women = self._pool(FEMALE, shift=0.0)
        men = self._pool(MALE, shift=self.tables.age_gap)
        n = min(women.size, men.size)
        women, men = self._kept(women, n), self._kept(men, n)
        self.partner[women], self.partner[men] = men, women
        self.household[men] = self.leader[men] = women

    def _pool(self, sex: int, shift: float) -> Rows:
        """Return those of one sex who live in a couple, by age with some noise."""
        pool = np.flatnonzero((self.state == IN_COUPLE) & (self.sex == sex))
        noise = self.luck.normals("household.partner", self.person[pool])
        return pool[np.argsort(self.age[pool] - shift + self.tables.age_spread * noise)]

    def _kept(self, pool: Rows, n: int) -> Rows:
        """Keep ``n`` of the pool in its order; the rest have found nobody."""
        words = self.luck.words("household.unpartnered", self.person[pool])
        left_over = np.argsort(words)[n:]
        self.state[pool[left_over]] = OTHER
        return np.delete(pool, left_over)

    def _place_children(self) -> Rows:
        """Give every child a mother of a fitting age; return the mothers."""
        children = np.flatnonzero(self.state == CHILD)
        slots = self._mothers_slots(children.size)
        if not slots.size:
            return slots
        born_at = self._age_at_birth(self.person[children])
        order = children[np.argsort(self.age[children] + born_at)]
        mothers = slots[np.argsort(self.age[slots], kind="stable")]
        self.household[order] = self.household[mothers]
        self.leader[order] = self.leader[mothers]
        return np.unique(mothers)

    def _mothers_slots(self, n: int) -> Rows:
        """Return a mother for each of ``n`` children; a family of two stands twice."""
        able = (self.sex == FEMALE) & np.isin(self.state, (IN_COUPLE, OTHER))
        weight = self.tables.children[self.years] * able
        weight[self.state == IN_COUPLE] *= self.tables.couple_odds
        if not weight.any():
            weight = (self.age >= ADULT).astype(float)
        candidates = np.flatnonzero(weight > 0)
        race = self.luck.exponentials("household.mother", self.person[candidates])
        candidates = candidates[np.argsort(race / weight[candidates])]
        drawn = self.luck.uniforms("household.family_size", self.person[candidates])
        size = 1 + np.searchsorted(self.tables.family_size, drawn)
        slots = np.repeat(candidates, size)
        if 0 < slots.size < n:  # a handful of people: larger families
            slots = np.resize(slots, n)
        return slots[:n]

    def _age_at_birth(self, person: Rows) -> Floats:
        """Draw how old each person's mother was."""
        cumulative = np.cumsum(self.tables.fertility)
        drawn = self.luck.uniforms("household.age_at_birth", person) * cumulative[-1]
        ages: Floats = np.interp(drawn, cumulative, np.arange(cumulative.size) + 1.0)
        return ages

    def _place_with_parents(self) -> None:
        """Put grown-up children in the household of a woman old enough to be their mother."""
        grown = np.flatnonzero(self.state == WITH_PARENTS)
        able = (self.sex == FEMALE) & np.isin(self.state, (IN_COUPLE, OTHER))
        parents = np.flatnonzero(able & (self.age >= 2 * ADULT))
        if not parents.size:
            self.state[grown] = OTHER
            return
        parents = parents[np.argsort(self.age[parents])]
        wanted = self.age[grown] + self._age_at_birth(self.person[grown])
        found = np.searchsorted(self.age[parents], wanted)
        self.household[grown] = parents[np.minimum(found, parents.size - 1)]

    def _share(self, mothers: Rows) -> None:
        """Let adults without family or a home of their own share with people of their age."""
        settled = np.zeros(self.age.size, bool)
        settled[mothers] = True
        settled[self.household[self.state == WITH_PARENTS]] = True
        sharers = np.flatnonzero((self.state == OTHER) & ~settled)
        sharers = sharers[np.argsort(self.age[sharers], kind="stable")]
        drawn = self.luck.uniforms("household.sharing", self.person[sharers])
        starts = _starts(drawn, self.tables.sharers)
        self.household[sharers] = sharers[starts]


def _starts(drawn: Floats, mean: float) -> Rows:
    """Return, for people in a row, the position of the first of their home.

    Homes hold two or three people, three as often as the ``mean`` size asks for.
    """
    sizes = np.where(drawn < mean - 2.0, 3, 2)
    first = np.concatenate([[0], np.cumsum(sizes)])
    home = np.searchsorted(first, np.arange(drawn.size), side="right") - 1
    return first[home]
