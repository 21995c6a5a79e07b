"""What people are like beside their conditions: frail, lonely, caring, activated, vulnerable.

Each trait is drawn once, after the life course, from published shares by age, deprivation or
illness. Where a share is published for a group, it holds for the group; who within the group
has the trait depends on what else is known of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from agents.by_age import by_age, keys_of, whole_years
from agents.evidence import Evidence
from agents.frailty import FrailtyModel
from agents.luck import Luck
from agents.network import Network
from agents.own_traits import own_traits
from agents.palliative import settle_palliative
from agents.population import FEMALE, FRAILTY, SEXES, Population
from agents.vulnerabilities import VULNERABILITIES

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

CARE_HOME_BANDS = ((65, 74), (75, 84), (85, 110))
LEVELS = 4  # of patient activation


def settle_traits(
    population: Population, luck: Luck, evidence: Evidence, network: Network | None = None
) -> FrailtyModel:
    """Draw everyone's traits from their age at entry, deprivation and conditions.

    Call it once, after the life course has set the conditions. With a ``network`` people
    with few ties are lonely more often, and become so or cease to be as their ties change.
    Returns the frailty model, which the run calls as people age.
    """
    frailty = FrailtyModel(evidence)
    frailty.start(population, luck)
    settle_palliative(population, luck, evidence)
    people = _Drawn.of(population, luck, evidence)
    population.care_home[:] = people.happens("care_home", _care_home(people))
    _settle_isolation(people, network)
    carer = people.happens("carer", _carer(people)) & ~population.care_home
    population.carer[:] = carer
    population.activation[:] = _activation(people)
    own = own_traits(evidence)
    for column, name in enumerate(population.vulnerabilities):
        chance = own[name].chances(population) if name in own else _VULNERABLE[name](people)
        population.vulnerable[:, column] = people.happens(f"vulnerable.{name}", chance)
    return frailty


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Whom traits are drawn for: the columns that chances depend on."""

    people: Population
    luck: Luck
    evidence: Evidence
    years: npt.NDArray[np.int64]
    fifth: npt.NDArray[np.int8]
    conditions: npt.NDArray[np.int8]

    @classmethod
    def of(cls, people: Population, luck: Luck, evidence: Evidence) -> _Drawn:
        age = people.age_at_entry()
        fifth = (people.imd_quintile - 1).astype(np.int8)
        return cls(people, luck, evidence, whole_years(age), fifth, people.ltc_count())

    def happens(self, name: str, chance: Floats) -> Bools:
        drawn = self.luck.uniforms(f"trait.{name}", self.people.person)
        return drawn < chance

    def number(self, key: str) -> float:
        return self.evidence.value("traits", key=key)

    def by_age(self, prefix: str) -> Floats:
        return by_age(self.evidence, "traits", prefix)[self.years]

    def table(self, prefix: str) -> Floats:
        """Return the values of ``traits.csv`` under ``prefix``, in file order."""
        keys = keys_of(self.evidence, "traits", prefix)
        return np.array([self.number(key) for key in keys])

    def by_fifth(self, trait: str, category: str) -> Floats:
        """Return each person's share, from the rows of ``person_risk.csv`` by fifth."""
        rows = [
            self.evidence.value("person_risk", trait=trait, category=category, imd_quintile=fifth)
            for fifth in "12345"
        ]
        return np.array(rows)[self.fifth] / 100.0

    def has(self, condition: str) -> Bools:
        """Return who has a condition; nobody where the model does not know it."""
        if condition not in self.people.conditions:
            return np.zeros(len(self.people), np.bool_)
        present: Bools = self.people.has[:, self.people.conditions.index(condition)]
        return present


def _shared_out(share: Floats, weight: Floats, group: npt.NDArray[np.integer]) -> Floats:
    """Return chances in proportion to ``weight`` that average ``share`` within each group."""
    people = np.bincount(group)
    mean = np.bincount(group, weights=weight) / np.maximum(people, 1)
    chance: Floats = share * weight / np.where(mean > 0, mean, 1.0)[group]
    return np.minimum(chance, 1.0)


def _care_home(people: _Drawn) -> Floats:
    share = np.zeros(len(people.people))
    group = np.zeros(share.size, np.int64)
    for i, (low, high) in enumerate(CARE_HOME_BANDS, start=1):
        inside = (people.years >= low) & (people.years <= high)
        group[inside] = i
        share[inside] = _care_home_share(people, low, high)
    weight = people.table("care_home_weight")[people.people.frailty]
    weight = np.where(
        people.has("dementia"), weight * people.number("care_home_weight.dementia"), weight
    )
    woman = people.people.sex == FEMALE
    weight = np.where(woman, weight * people.number("care_home_weight.female"), weight)
    return _shared_out(share, weight, group)


def _care_home_share(people: _Drawn, low: int, high: int) -> float:
    where = {"trait": "care_home_resident", "age_low": str(low), "age_high": str(high)}
    return people.evidence.value("person_risk", category="", **where) / 100.0


def _settle_isolation(people: _Drawn, network: Network | None) -> None:
    ties = np.ones(len(people.people)) if network is None else network.loneliness()
    chance = _isolated(people, ties)
    drawn = people.luck.uniforms("trait.isolated", people.people.person)
    people.people.isolated[:] = drawn < chance
    if network is not None:
        network.settle(chance, drawn)


def _isolated(people: _Drawn, ties: Floats) -> Floats:
    """Return chances to be lonely: published by fifth, shared out by health, home and ties."""
    weights = np.array([people.number(f"lonely_weight.{key}") for key in ("good", "fair", "bad")])
    health = np.digitize(people.conditions, (2, 4))
    weight = weights[health] * ties
    _, home, size = np.unique(people.people.household, return_inverse=True, return_counts=True)
    alone = size[home] == 1
    weight = np.where(alone, weight * people.number("lonely_weight.alone"), weight)
    adult = people.years >= 16
    share = people.by_fifth("loneliness", "often or always") * adult
    return _shared_out(share, weight, people.fifth + 5 * adult)


def _carer(people: _Drawn) -> Floats:
    share = people.by_fifth("unpaid_carer", "any hours")
    chance: Floats = share * people.by_age("carer_ratio")
    return chance


def _activation(people: _Drawn) -> Floats:
    """Return activation from 1 to 4; to the nearest whole it is the level.

    A normal score, shifted by loneliness and deprivation, is ranked by its own spread; the
    published shares of the levels cut the ranks.
    """
    score = people.luck.normals("trait.activation", people.people.person)
    score = score + people.number("activation_shift.isolated") * people.people.isolated
    score = score + people.number("activation_shift.per_fifth") * people.fifth
    rank = ndtr((score - score.mean()) / max(float(score.std()), 1e-12))
    shares = [
        people.evidence.value(
            "person_risk", trait="patient_activation_model", category=f"level {level}"
        )
        for level in range(1, LEVELS + 1)
    ]
    cuts = np.concatenate([[0.0], np.cumsum(shares) / sum(shares)])
    # Level 1 spans 1 to 1.5, level 2 spans 1.5 to 2.5 … level 4 spans 3.5 to 4.
    edges = np.array([1.0, *(level + 0.5 for level in range(1, LEVELS)), float(LEVELS)])
    level: Floats = np.interp(rank, cuts, edges)
    return level


# ---------------------------------------------------------------- vulnerabilities


def _misuse(people: _Drawn) -> Floats:
    """Alcohol problems are a condition; recorded substance misuse comes on top."""
    recorded = np.zeros((111, len(SEXES)))
    where = {"trait": "substance_misuse_recorded"}
    rows = people.evidence.rows("person_risk", **where)
    for row, figure in zip(rows, people.evidence.figures("person_risk", **where), strict=True):
        if row["sex"] in SEXES:
            ages = slice(int(row["age_low"]), int(row["age_high"]) + 1)
            recorded[ages, SEXES.index(row["sex"])] = figure.value / 100.0
    chance = recorded[people.years, people.people.sex] * _social_ratio(people)
    return np.where(people.has("alcohol_problems"), 1.0, chance)


def _social_ratio(people: _Drawn) -> Floats:
    ratio: Floats = people.table("social_risk_ratio")[people.fifth]
    return ratio


def _deprivation(people: _Drawn) -> Floats:
    most: Floats = (people.fifth == 0).astype(np.float64)
    return most


def _disability(people: _Drawn) -> Floats:
    shares = people.table("disability")
    chance = shares[np.minimum(people.conditions, shares.size - 1)]
    return np.where(people.has("learning_disability"), 1.0, chance)


def _care_package(people: _Drawn) -> Floats:
    shares = np.array([people.number(f"care_package.{level}") for level in FRAILTY])
    return np.where(people.people.care_home, 1.0, shares[people.people.frailty])


def _language(people: _Drawn) -> Floats:
    return _by_ethnic_group(people, "language")


def _refugee(people: _Drawn) -> Floats:
    return _by_ethnic_group(people, "refugee")


def _by_ethnic_group(people: _Drawn, prefix: str) -> Floats:
    groups = people.people.ethnic_groups
    shares = np.array([people.number(f"{prefix}.{group}") for group in groups])
    chance: Floats = shares[people.people.ethnicity]
    return chance


def _safeguarding(people: _Drawn) -> Floats:
    return people.by_age("safeguarding") * _social_ratio(people)


def _marginalised(people: _Drawn) -> Floats:
    return people.by_fifth("homeless", "") * people.number("marginalised_factor")


def _violence(people: _Drawn) -> Floats:
    return people.by_age("violence") * _social_ratio(people)


def _lgbtq(people: _Drawn) -> Floats:
    return people.by_age("lgbtq")


_VULNERABLE: dict[str, Callable[[_Drawn], Floats]] = dict(
    zip(
        VULNERABILITIES,
        (
            _misuse,
            _deprivation,
            _disability,
            _care_package,
            _language,
            _refugee,
            _safeguarding,
            _marginalised,
            _violence,
            _lgbtq,
        ),
        strict=True,
    )
)
