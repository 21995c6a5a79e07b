"""Make residents: whole people that meet a place's tables, in households, with practices.

Residents of today come first; the people who will be born here or move here follow, each with
the day they come and the day they leave. All is keyed by luck: the same in every design, and
a longer run only adds people.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.by_age import by_age, by_age_and_sex, whole_years
from agents.evidence import Evidence
from agents.fitting import FINE_BANDS, age_curves, count_people
from agents.households import LivingTables, form_homes
from agents.luck import Luck
from agents.migration import (
    birth_rate,
    moves_of,
)
from agents.newcomers import movers_in, newborns, schedule_leaving
from agents.person_columns import People, joined
from agents.place import ETHNIC_GROUPS, Place, largest_remainder
from agents.population import (
    CURRENT_SMOKER,
    DAYS_PER_YEAR,
    FEMALE,
    FOREVER,
    FORMER_SMOKER,
    MALE,
    Population,
)
from agents.risk_factors import CLASS, Risks, by_fifth, lasting_class, obesity_ratio
from agents.vulnerabilities import vulnerabilities_of

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]


def synthesise(
    place: Place,
    n: int,
    years: int,
    luck: Luck,
    evidence: Evidence,
    risks: Risks | None = None,
) -> Population:
    """Return ``n`` residents of ``place`` and everyone who joins them within ``years``.

    Ages, sexes and deprivation meet the place's tables to the person. A system's places are
    made one by one, each by its own tables. Conditions and traits are empty: a life course
    fills the one, ``agents.traits.settle_traits`` the other. With the ``risks`` of the tables
    they will live by, people have a lasting class; without, the mean risk of their sex and fifth.

    Raises
    ------
    ValueError
        If ``n`` is less than 1 or ``years`` is negative.
    """
    if n < 1 or years < 0:
        raise ValueError(f"cannot make {n} residents for {years} years; ask for 1 or more")
    residents = _residents(place, n, luck, evidence)
    moves = moves_of(place, evidence)
    schedule_leaving(residents, moves, luck)
    here = joined(residents, movers_in(residents, moves, years, luck))
    births = n * birth_rate(place, evidence)
    everyone = joined(here, newborns(here, births, years, luck, evidence, n))
    return _population(everyone, place, luck, evidence, risks)


def number_of_practices(place: Place, n: int) -> int:
    """Return how many practices ``n`` residents have, at the place's mean list size."""
    if place.parts:
        return sum(number_of_practices(part, k) for part, k in _split(place, n) if k)
    return max(1, round(n / place.list_size))


def _split(place: Place, n: int) -> list[tuple[Place, int]]:
    counts = largest_remainder(np.array(place.locality_shares), n)
    return list(zip(place.parts, counts.tolist(), strict=True))


# ---------------------------------------------------------------- today's residents


def _residents(place: Place, n: int, luck: Luck, evidence: Evidence) -> People:
    if not place.parts:
        return _one_place(place, np.arange(n), luck, evidence)
    made: list[People] = []
    first, practices = 0, 0
    for locality, (part, k) in enumerate(_split(place, n)):
        if not k:
            continue
        people = _one_place(part, np.arange(first, first + k), luck, evidence)
        people.leader += first
        people.practice += np.int32(practices)
        people.locality[:] = locality
        first += k
        practices += number_of_practices(part, k)
        made.append(people)
    return joined(*made)


def _one_place(place: Place, person: Rows, luck: Luck, evidence: Evidence) -> People:
    birth_day, sex, fifth = _ages(place, person, luck, evidence)
    tables = LivingTables.of(place.archetype, evidence)
    homes = form_homes(-birth_day / DAYS_PER_YEAR, sex, fifth, person, tables, luck)
    locality, practice = _lay_out(place, homes.household, person, fifth, luck, evidence)
    return People(
        person=person.astype(np.int64),
        birth_day=birth_day,
        sex=sex,
        imd_quintile=fifth,
        ethnicity=_ethnicity(place, homes.household, person, luck),
        household=person[homes.household],
        leader=homes.leader,
        practice=practice,
        locality=locality,
        entry_day=np.zeros(person.size),
        exit_day=np.full(person.size, FOREVER),
    )


def _ages(
    place: Place, person: Rows, luck: Luck, evidence: Evidence
) -> tuple[Floats, Small, Small]:
    """Return birth days, sexes and fifths that meet the place's margins, in keyed order."""
    counts = count_people(place, person.size, evidence)
    band, sex, fifth = (
        np.repeat(axis, counts.ravel()) for axis in (i.ravel() for i in np.indices(counts.shape))
    )
    birth_day = _birth_days(counts, band, sex, age_curves(place, evidence), person, luck)
    order = np.argsort(luck.words("resident.order", person))
    return birth_day[order], sex[order].astype(np.int8), (fifth[order] + 1).astype(np.int8)


def _birth_days(
    counts: npt.NDArray[np.int64],
    band: Rows,
    sex: Rows,
    curves: Floats,
    person: Rows,
    luck: Luck,
) -> Floats:
    """Spread the people of each cell evenly over its ages, by the place's smooth curve."""
    in_cell = np.repeat(counts.ravel(), counts.ravel())
    first = np.repeat(np.cumsum(counts.ravel()) - counts.ravel(), counts.ravel())
    within = (np.arange(person.size) - first + luck.uniforms("resident.age", person)) / in_cell
    low = np.array([ages[0] for ages in FINE_BANDS])[band]
    high = np.array([ages[1] + 1 for ages in FINE_BANDS])[band]
    age = np.empty(person.size)
    for each in (FEMALE, MALE):
        mine = sex == each
        curve = curves[:, each] + 1e-12 * np.arange(curves.shape[0])
        younger, older = curve[low[mine]], curve[np.minimum(high[mine], curve.size - 1)]
        wanted = younger + within[mine] * (older - younger)
        age[mine] = np.interp(wanted, curve, np.arange(curve.size))
    days = np.floor(age * DAYS_PER_YEAR)
    return -np.clip(days, np.ceil(low * DAYS_PER_YEAR), np.ceil(high * DAYS_PER_YEAR) - 1)


def _ethnicity(place: Place, household: Rows, person: Rows, luck: Luck) -> Small:
    """Give whole households one group each, so that people meet the place's mix."""
    mix = np.cumsum([place.ethnicity_mix[group] for group in ETHNIC_GROUPS])
    position = _positions(luck.uniforms("household.ethnicity", person), household)
    return np.searchsorted(mix[:-1] / mix[-1], position, side="right").astype(np.int8)


def _positions(score: Floats, household: Rows) -> Floats:
    """Return where each home stands, 0 to 1, when homes are ordered by ``score``.

    The score is that of the reference person; homes count by their people.
    """
    people = np.bincount(household, minlength=score.size)
    order = np.argsort(score)
    ahead = np.cumsum(people[order]) - people[order] / 2
    position = np.empty(score.size)
    position[order] = ahead / score.size
    return position[household]


def _lay_out(
    place: Place, household: Rows, person: Rows, fifth: Small, luck: Luck, evidence: Evidence
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Lay homes along a line; localities are stretches of it, practices too, with fuzzy ends."""
    spread = evidence.value("household", key="spread.imd_within_place")
    fuzz = evidence.value("household", key="spread.practice_choice")
    street = fifth + spread * luck.normals("household.street", person)
    position = _positions(street, household)
    shares = np.cumsum(place.locality_shares)
    locality = np.searchsorted(shares[:-1] / shares[-1], position, side="right")
    step = fuzz / len(place.localities)
    wandered = position + step * luck.normals("household.practice", person)[household]
    ends = np.cumsum(_practice_sizes(place, person, luck, evidence))
    registered = np.searchsorted(ends[:-1], _positions(wandered, household), side="right")
    return locality.astype(np.int32), registered.astype(np.int32)


def _practice_sizes(place: Place, person: Rows, luck: Luck, evidence: Evidence) -> Floats:
    """Return the shares of the place's people that its practices hold."""
    n = number_of_practices(place, person.size)
    spread = evidence.value("household", key="practice_size_log_sd")
    sizes = np.exp(spread * luck.normals(f"practice.size.{place.key}", np.arange(n)))
    shares: Floats = sizes / sizes.sum()
    return shares


# ---------------------------------------------------------------- columns


def _population(
    people: People, place: Place, luck: Luck, evidence: Evidence, risks: Risks | None
) -> Population:
    conditions = tuple(row["key"] for row in evidence.rows("conditions"))
    vulnerabilities = vulnerabilities_of(evidence)
    n, k = len(people), len(conditions)
    fifth = people.imd_quintile
    age = (people.entry_day - people.birth_day) / DAYS_PER_YEAR
    return Population(
        conditions=conditions,
        vulnerabilities=vulnerabilities,
        ethnic_groups=ETHNIC_GROUPS,
        person=people.person,
        birth_day=people.birth_day,
        sex=people.sex,
        imd_quintile=people.imd_quintile,
        ethnicity=people.ethnicity,
        household=people.household,
        practice=people.practice,
        locality=people.locality,
        entry_day=people.entry_day,
        exit_day=people.exit_day,
        alive=np.ones(n, bool),
        death_day=np.full(n, FOREVER),
        care_home=np.zeros(n, bool),
        frailty=np.zeros(n, np.int8),
        smoking=smoking_of(age, people, luck, evidence),
        obese=obese_of(age, people, luck, evidence),
        carer=np.zeros(n, bool),
        isolated=np.zeros(n, bool),
        activation=np.full(n, 3.0),
        vulnerable=np.zeros((n, len(vulnerabilities)), bool),
        has=np.zeros((n, k), bool),
        diagnosed=np.zeros((n, k), bool),
        onset_day=np.full((n, k), FOREVER),
        diagnosis_day=np.full((n, k), FOREVER),
        controlled=np.zeros((n, k), bool),
        onset_factor=np.ones((n, k)),
        death_factor=np.ones(n),
        localities=place.localities,
        extra={CLASS: lasting_class(people.person, age, people.sex, fifth, luck, risks)}
        if risks is not None
        else {},
    )


def smoking_of(age: Floats, people: People, luck: Luck, evidence: Evidence) -> Small:
    """Draw who smokes, smoked or never did, by age, sex and fifth; nobody under 18 smokes."""
    years, fifth = whole_years(age), people.imd_quintile - 1
    current = by_fifth(evidence, "smoking_current", "18", "fifths")[fifth]
    current = current * by_age_and_sex(evidence, "traits", "smoking_ratio")[years, people.sex]
    former = by_age(evidence, "traits", "former_smoker")[years]
    drawn = luck.uniforms("smoking", people.person)
    smoking = np.where(drawn < current + former * (1 - current), FORMER_SMOKER, 0)
    return np.where(drawn < current, CURRENT_SMOKER, smoking).astype(np.int8)


def obese_of(age: Floats, people: People, luck: Luck, evidence: Evidence) -> Bools:
    """Draw who is obese, by age, sex and fifth; children are not counted."""
    years, fifth = whole_years(age), people.imd_quintile - 1
    share = by_fifth(evidence, "obesity_bmi30", "16", "")[fifth]
    ratio = obesity_ratio(evidence)[years]
    return luck.uniforms("obesity", people.person) < share * ratio
