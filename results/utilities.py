"""Quality of life: what a year lived with these conditions is worth.

The utility of a person is the norm for their age and sex, plus what their own conditions,
frailty, isolation and stays in hospital take away, less what these take away on average from
people of that age and sex in England. The last term re-centres on the norm: the norm already
holds average illness, so subtracting decrements from it alone would count illness twice.

Combination rule: the decrements of Sullivan 2011 add up, with his term for the number of
conditions. Conditions that his catalogue measures by one and the same loss count once: the
largest of a group acts. ``multiplicative`` (NICE DSU TSD 12) is offered as an alternative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.settings import Settings

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.uint32]
Columns = Mapping[str, npt.NDArray[Any]]

AGE_STEP, LAST_BAND = 5, 18
DAYS = 365.0
# The catalogue's own names where they differ from the conditions'.
CATALOGUE = {
    "ckd": "chronic_kidney_disease_3_5",
    "stroke_tia": "stroke",
    "smi": "severe_mental_illness",
    "parkinsons": "parkinsons_disease",
    "chronic_pain": "chronic_pain_back",
    "cancer": "cancer_all_sites",
    "alcohol_problems": "alcohol_or_substance_dependence",
}
# One loss, several names: the evidence says to apply the largest once.
ONE_LOSS = (
    ("chronic_pain", "osteoarthritis", "rheumatoid_arthritis"),
    ("depression", "anxiety"),
)
FRAILTY = ("mild frailty", "moderate frailty", "severe frailty")
NEEDED = (
    "days_alive",
    "age",
    "sex",
    "imd_quintile",
    "frailty",
    "isolated",
    "conditions",
    "conditions_end",
    "emergency_admissions",
    "emergency_bed_days",
    "elective_admissions",
)


def five_year_band(age: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the band of each age: 0 for 0-4 … 18 for 90 and over."""
    return np.clip(np.asarray(age, np.int64) // AGE_STEP, 0, LAST_BAND)


@dataclass(frozen=True, slots=True, eq=False)
class Utilities:
    """Norms and losses, all of them utilities (losses are negative).

    Attributes
    ----------
    decrement : (n_conditions,) loss of each condition
    one_loss : groups of conditions of which only the largest loss acts
    count_term : (n,) added for having 0, 1, 2 … conditions; the last entry is for all above
    norm_ages, norm_values : norm by age, read between the ages on a straight line
    male : added to the norm of men and taken from that of women by half
    frailty : (4,) loss of fit, mild, moderate and severe frailty, beside conditions
    isolated : loss of isolation
    emergency, emergency_days : loss during and for so many days after an emergency stay
    elective, elective_days : loss for so many days of an ordinary elective admission
    floor, ceiling : ends of the value set
    multiplicative : losses multiply instead of adding up
    """

    decrement: Floats
    one_loss: tuple[tuple[int, ...], ...]
    count_term: Floats
    norm_ages: Floats
    norm_values: Floats
    male: float
    frailty: Floats
    isolated: float
    emergency: float
    emergency_days: float
    elective: float
    elective_days: float
    floor: float
    ceiling: float
    multiplicative: bool = False

    def norm(self, age: npt.NDArray[Any], sex: npt.NDArray[Any]) -> Floats:
        """Return the norm at the middle of the year for each age and sex (1 is male)."""
        by_age = np.interp(np.asarray(age, float) + 0.5, self.norm_ages, self.norm_values)
        norm: Floats = by_age + self.male * (np.asarray(sex, float) - 0.5)
        return norm

    def condition_loss(self, masks: Masks, norm: Floats) -> Floats:
        """Return what the conditions in the bits of ``masks`` take away from ``norm``."""
        where, unique = pd.factorize(np.asarray(masks))
        has = (unique[:, None] >> np.arange(len(self.decrement), dtype=np.uint32)) & 1 > 0
        if self.multiplicative:
            factor = np.prod(1.0 + self._acting(has), axis=1)[where]
            scaled: Floats = norm * (factor - 1.0)
            return scaled
        terms = np.minimum(has.sum(axis=1), len(self.count_term) - 1)
        loss: Floats = (self._acting(has).sum(axis=1) + self.count_term[terms])[where]
        return loss

    def _acting(self, has: npt.NDArray[np.bool_]) -> Floats:
        """Return the losses that act, (n, conditions): the largest of each group alone."""
        losses: Floats = has * self.decrement
        for group in self.one_loss:
            members = list(group)
            largest = losses[:, members].min(axis=1)
            losses[:, members] = 0.0
            losses[:, members[0]] = largest
        return losses

    def state_loss(self, people: Columns, norm: Floats) -> Floats:
        """Return the mean loss of the year: the mean of its start and end states."""
        start = self.condition_loss(people["conditions"], norm)
        others = np.flatnonzero(people["conditions_end"] != people["conditions"])
        end = start.copy()
        end[others] = self.condition_loss(people["conditions_end"][others], norm[others])
        lasting = self.frailty[people["frailty"]] + self.isolated * people["isolated"]
        loss: Floats = 0.5 * (start + end) + lasting
        return loss

    def stay_loss(self, people: Columns) -> Floats:
        """Return the QALYs lost by stays in hospital in the year, not above the year lived."""
        days = people["emergency_bed_days"] + self.emergency_days * people["emergency_admissions"]
        emergency = np.minimum(days, people["days_alive"]) * self.emergency
        elective = people["elective_admissions"] * self.elective_days * self.elective
        loss: Floats = (emergency + elective).astype(np.float64) / DAYS
        return loss

    def qalys(self, people: Columns, recentring: Floats) -> Floats:
        """Return the QALYs that each person lived in the year.

        Parameters
        ----------
        people : columns named in ``NEEDED``
        recentring : (19, 2), mean loss by age band and sex in England (negative)
        """
        norm = self.norm(people["age"], people["sex"])
        mean_loss = recentring[five_year_band(people["age"]), people["sex"]]
        utility = norm + self.state_loss(people, norm) - mean_loss
        lived = people["days_alive"].astype(np.float64) / DAYS
        qalys: Floats = lived * np.clip(utility, self.floor, self.ceiling) + self.stay_loss(people)
        return qalys


def read_utilities(conditions: Sequence[str], settings: Settings) -> Utilities:
    """Return the preferred utility set for ``conditions``, in their order."""
    evidence = settings.evidence

    def value(kind: str, item: str, **where: str) -> float:
        return evidence.value("utilities", type=kind, item=item, preferred="y", **where)

    decrement = [value("condition_decrement", CATALOGUE.get(key, key)) for key in conditions]
    counts = evidence.figures("utilities", type="count_term", preferred="y")
    ages, norms, male = _norms(settings)
    beside = settings.value("frailty_share_beside_conditions")
    causal = settings.value("isolation_causal_share")
    return Utilities(
        decrement=np.array(decrement),
        one_loss=tuple(
            tuple(conditions.index(key) for key in group if key in conditions)
            for group in ONE_LOSS
            if any(key in conditions for key in group)
        ),
        count_term=np.array([0.0, 0.0, *(figure.value for figure in counts)]),
        norm_ages=ages,
        norm_values=norms,
        male=male,
        frailty=np.array([0.0, *(beside * value("frailty_decrement", item) for item in FRAILTY)]),
        isolated=causal * value("social_decrement", "loneliness or social isolation"),
        emergency=value("event_decrement", "emergency admission"),
        emergency_days=7.0 * settings.value("emergency_admission_loss_weeks"),
        elective=value("event_decrement", "elective admission"),
        elective_days=7.0 * settings.value("elective_admission_loss_weeks"),
        floor=settings.value("utility_floor"),
        ceiling=settings.value("utility_ceiling"),
        multiplicative=settings.combination == "multiplicative",
    )


def _norms(settings: Settings) -> tuple[Floats, Floats, float]:
    """Return ages, norms at them and the step from women to men."""
    if settings.norm == "ara_brazier":
        return _ara_brazier(settings)
    evidence = settings.evidence
    rows = evidence.rows("utilities", type="norm_published", item="catalogue mean by age")
    figures = evidence.figures("utilities", type="norm_published", item="catalogue mean by age")
    middle = np.array([_middle_of(row["age"]) for row in rows])
    values = np.array([figure.value for figure in figures])
    male = evidence.value("utilities", type="other_coefficient", item="male", preferred="y")
    return middle, values, male


def _ara_brazier(settings: Settings) -> tuple[Floats, Floats, float]:
    evidence = settings.evidence
    constant, male, slope, square = (
        evidence.value("utilities", type="norm_coefficient", item=item)
        for item in ("intercept", "male", "age", "age_squared")
    )
    ages = np.arange(16.0, 101.0)
    values = constant + 0.5 * male + slope * ages + square * ages**2
    return ages, values, male


def _middle_of(band: str) -> float:
    """Return the middle of an age band such as 25-34; an open band is as wide as the others."""
    if band.endswith("+"):
        return float(band[:-1]) + 5.0
    low, high = band.split("-")
    return (float(low) + float(high) + 1.0) / 2.0


def england_weights(settings: Settings) -> Floats:
    """Return the share of England's people in each fifth, age band and sex, (5, 19, 2)."""
    evidence = settings.evidence
    rows = evidence.rows("population", archetype="england", dimension="age_sex_share_within_imd")
    weights = np.zeros((5, LAST_BAND + 1, 2))
    for row in rows:
        fifth = int(row["imd_quintile"]) - 1
        band = min(int(row["age_low"]) // AGE_STEP, LAST_BAND)
        weights[fifth, band, int(row["sex"] == "male")] += float(row["value"])
    for row in evidence.rows("population", archetype="england", dimension="imd_mix"):
        weights[int(row["imd_quintile"]) - 1] *= float(row["value"])
    whole: Floats = weights / weights.sum()
    return whole


def loss_by_cell(utilities: Utilities, people: Columns) -> tuple[Floats, Floats]:
    """Return person-years and total loss by fifth, age band and sex, each (5, 19, 2).

    The loss is everything that ``Utilities.qalys`` takes from the norm.
    """
    norm = utilities.norm(people["age"], people["sex"])
    lived = people["days_alive"].astype(np.float64) / DAYS
    loss = lived * utilities.state_loss(people, norm) + utilities.stay_loss(people)
    band = five_year_band(people["age"])
    fifth = people["imd_quintile"].astype(np.int64) - 1
    cell = (fifth * (LAST_BAND + 1) + band) * 2 + people["sex"]
    shape = (5, LAST_BAND + 1, 2)
    size = int(np.prod(shape))
    years, lost = (np.bincount(cell, amount, size) for amount in (lived, loss))
    return years.astype(np.float64).reshape(shape), lost.astype(np.float64).reshape(shape)


def recentring(person_years: Floats, loss: Floats, weights: Floats) -> Floats:
    """Return the mean loss by age band and sex in England, (19, 2).

    The baseline's own residents of each fifth stand for England's of the same age and sex,
    weighted by how many of these live in each fifth. Where nobody stands for an age and sex,
    the loss is read between its neighbours.

    Parameters
    ----------
    person_years, loss : (5, 19, 2), of the baseline's first year
    weights : (5, 19, 2), England's people
    """
    known = person_years > 0
    rate = np.divide(loss, person_years, out=np.zeros_like(loss), where=known)
    weight = (weights * known).sum(axis=0)
    total = (weights * known * rate).sum(axis=0)
    mean: Floats = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
    bands = np.arange(len(mean))
    for sex in range(mean.shape[1]):
        there = np.isfinite(mean[:, sex])
        mean[:, sex] = np.interp(bands, bands[there], mean[there, sex]) if there.any() else 0.0
    return mean
