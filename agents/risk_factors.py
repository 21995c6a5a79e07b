"""Smoking, body mass and ethnicity: who is at higher risk of which condition.

Smoking and body mass act through a lasting class that a person keeps for life, cut from the
same luck as their present traits: people who smoke now are nearly all of the class of
smokers, also while their past life is lived. Those at risk die sooner, so the shares of classes
within sex and deprivation fifth change with age as they do in a cohort; hazards derived with
them keep prevalence by age, sex and fifth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.by_age import by_age, by_age_and_sex
from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import SEXES

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]

SMOKING = ("never smoked", "stopped smoking", "smokes")
BODY = ("not overweight", "overweight", "obese")
UNKNOWN = 0  # nobody knows how they live: they have the mean risk of their sex and fifth
CLASS = "risk_class"  # column of Population.extra
_FIFTHS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """How lasting classes and ethnicity multiply the hazards of onset.

    Classes go by smoking and then body mass: ``1 + 3 * smoking + body``; 0 is unknown.

    Attributes
    ----------
    shares : (n_ages, 2, 5, n_classes) share of each class among those alive at an age, by sex
        and fifth; sums to 1
    ratio : (n_conditions, n_ages, 2, n_classes) ratio to a slim person who never smoked
    ethnic_groups : names of the groups of ``log_ethnic``
    ethnic_mix : (n_groups,) share of each in England
    log_ethnic : (n_groups, n_conditions) log ratio to the mean of England
    """

    shares: Floats
    ratio: Floats
    ethnic_groups: tuple[str, ...]
    ethnic_mix: Floats
    log_ethnic: Floats

    @property
    def with_unknown(self) -> Floats:
        """Ratio by class, unknown first: (n_conditions, n_classes + 1, 2, 5, n_ages)."""
        mean = np.einsum("cask,asqk->csqa", self.ratio, self.shares)
        known = np.broadcast_to(
            self.ratio.transpose(0, 3, 2, 1)[:, :, :, None],
            (*mean.shape[:1], self.ratio.shape[3], *mean.shape[1:]),
        )
        return np.concatenate([mean[:, None], known], axis=1)

    def log_ethnic_of(self, groups: tuple[str, ...]) -> Floats:
        """Return the rows of ``log_ethnic`` for a population's ``groups``, 0 where unknown."""
        rows = dict(zip(self.ethnic_groups, self.log_ethnic, strict=True))
        nothing = np.zeros(self.log_ethnic.shape[1])
        return np.array([rows.get(group, nothing) for group in groups])


def cuts(evidence: Evidence) -> tuple[Floats, Floats]:
    """Return where luck is cut into classes, by sex and fifth.

    Returns
    -------
    smoking : (2, 5, 2), chance of smoking, and of smoking or having smoked
    body : (2, 5, 2), chance of being obese, and of being overweight or obese
    """
    at = round(_number(evidence, "lasting.reference_age"))
    ratio = by_age_and_sex(evidence, "traits", "smoking_ratio")[at]
    smoker = by_fifth(evidence, "smoking_current", "18", "fifths")[None, :] * ratio[:, None]
    former = float(by_age(evidence, "traits", "former_smoker")[at])
    obese = by_fifth(evidence, "obesity_bmi30", "16", "") * float(obesity_ratio(evidence)[at])
    adults = by_fifth(evidence, "obesity_bmi30", "16", "")
    heavier = adults / adults.mean() * _number(evidence, "lasting.overweight_or_obese")
    heavier = np.clip(heavier, obese, 0.98)
    body = np.broadcast_to(np.stack([obese, heavier], axis=1), (len(SEXES), _FIFTHS, 2))
    return np.stack([smoker, smoker + former * (1 - smoker)], axis=2), body


def class_shares(evidence: Evidence) -> Floats:
    """Return the share of each class at birth by sex and fifth, (2, 5, 9)."""
    smoking, body = (_shares(each) for each in cuts(evidence))
    both = smoking[:, :, :, None] * body[:, :, None, :]
    return both.reshape(len(SEXES), _FIFTHS, -1)


def _shares(cut: Floats) -> Floats:
    """Return (2, 5, 3) shares of the lowest to the highest class."""
    return np.stack([1 - cut[..., 1], cut[..., 1] - cut[..., 0], cut[..., 0]], axis=2)


def lasting_class(
    person: Integers,
    age: Floats,
    sex: Small,
    imd_quintile: Small,
    luck: Luck,
    risks: Risks,
) -> Small:
    """Return each person's class, 1 to 9, from the luck of their present traits.

    ``age`` is in years; classes have the shares of those alive at it.
    """
    whole = np.minimum(age.astype(np.int64), len(risks.shares) - 1)
    shares = risks.shares[whole, sex, imd_quintile.astype(np.int64) - 1]
    both = shares.reshape(-1, len(SMOKING), len(BODY))
    smoking = _from_the_top(both.sum(axis=2), luck.uniforms("smoking", person))
    of_their_kind = both[np.arange(len(both)), smoking]
    of_their_kind /= np.maximum(of_their_kind.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    body = _from_the_top(of_their_kind, luck.uniforms("obesity", person))
    found: Small = (1 + len(BODY) * smoking + body).astype(np.int8)
    return found


def _from_the_top(shares: Floats, drawn: Floats) -> Integers:
    """Return which of three kinds each is: the lowest luck is of the last kind."""
    from_last = np.cumsum(shares[:, :0:-1], axis=1)
    kind: Integers = (drawn[:, None] < from_last).sum(axis=1)
    return kind


def by_fifth(evidence: Evidence, trait: str, age_low: str, category: str) -> Floats:
    """Return (5,) shares of a trait of ``person_risk.csv`` by fifth."""
    where = {"trait": trait, "category": category, "age_low": age_low, "age_high": "110"}
    fifths = range(1, _FIFTHS + 1)
    values = [
        evidence.value("person_risk", sex="all", imd_quintile=str(fifth), **where)
        for fifth in fifths
    ]
    return np.array(values) / 100.0


def obesity_ratio(evidence: Evidence) -> Floats:
    """Return (111,) obesity at each age over obesity of all adults."""
    where = {"trait": "obesity_bmi30", "sex": "all", "imd_quintile": "all"}
    rows = evidence.rows("person_risk", **where)
    shares, adults = np.zeros(111), 1.0
    for row, figure in zip(rows, evidence.figures("person_risk", **where), strict=True):
        if (row["age_low"], row["age_high"]) == ("16", "110"):
            adults = figure.value
        else:
            shares[int(row["age_low"]) : int(row["age_high"]) + 1] = figure.value
    return shares / adults


def _number(evidence: Evidence, key: str) -> float:
    return evidence.value("risk_factors", key=key)
