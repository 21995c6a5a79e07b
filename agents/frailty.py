"""Frailty (electronic frailty index) as a function of age, conditions and a lasting score.

Everyone carries a score for life. Frailty at an age follows from that score and from having
more or fewer conditions than is usual at the age, so that published shares by age hold for
England, and a place with more illness has more frailty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtr

from agents.by_age import AGES, OLDEST, by_age, whole_years
from agents.evidence import Evidence
from agents.luck import Luck
from agents.migration import national_share_by_age
from agents.population import FRAILTY, Population

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]

LATENT, STEPS = "frailty_latent", "frailty_steps"  # columns of Population.extra
_MOST = 27  # conditions counted when thresholds are found
_GRID = np.linspace(-4.0, 8.0, 1201)


class FrailtyModel:
    """Thresholds by age that turn a person's score into a category; made once for a run.

    Parameters
    ----------
    evidence : tables ``person_risk`` (shares by age) and ``traits`` (usual conditions by age)
    """

    def __init__(self, evidence: Evidence) -> None:
        mean = by_age(evidence, "traits", "ltc_mean")
        shape = by_age(evidence, "traits", "ltc_dispersion")
        self._mean = mean
        self._spread = np.sqrt(mean + mean**2 / shape)
        self._weight = evidence.value("traits", key="frailty_and_conditions")
        shares = frail_shares(evidence)
        self._thresholds = self._found(shares, _count_shares(mean, shape))

    def _found(self, shares: Floats, counts: Floats) -> Floats:
        """Return (111, 3) scores above which people are mild, moderate and severe.

        At each age the chance of a score above the threshold, over the usual counts of
        conditions, is the published share.
        """
        own = np.sqrt(1.0 - self._weight**2)
        thresholds = np.empty_like(shares)
        for age in AGES:
            shift = self._weight * (np.arange(_MOST + 1) - self._mean[age]) / self._spread[age]
            above = ndtr((shift[None, :] - _GRID[:, None]) / own) @ counts[age]
            thresholds[age] = np.interp(-shares[age], -above, _GRID)
        thresholds[shares <= 0.0] = np.inf
        return thresholds

    def category(self, age: Floats, conditions: Small, latent: Floats, steps: Small) -> Small:
        """Return 0 fit to 3 severe.

        Parameters
        ----------
        age : (n,), years
        conditions : (n,), long-term conditions truly present
        latent : (n,), the person's lasting score, standard normal
        steps : (n,), categories added (or taken) by what happened in care
        """
        years = whole_years(age)
        more = (conditions - self._mean[years]) / self._spread[years]
        score = self._weight * more + np.sqrt(1.0 - self._weight**2) * latent
        by_score = (score[:, None] > self._thresholds[years]).sum(axis=1)
        found: Small = np.clip(by_score + steps, 0, len(FRAILTY) - 1).astype(np.int8)
        return found

    def start(self, population: Population, luck: Luck) -> None:
        """Give everyone their lasting score and the frailty of their age at entry."""
        people = population
        latent = luck.normals("trait.frailty", people.person)
        steps = np.zeros(len(people), np.int8)
        people.extra[LATENT], people.extra[STEPS] = latent, steps
        age = people.age_at_entry()
        people.frailty[:] = self.category(age, people.ltc_count(), latent, steps)

    def update(self, population: Population, rows: Rows, day: float) -> None:
        """Set the frailty of ``rows`` to what age, conditions and care make it on ``day``."""
        people = population
        people.frailty[rows] = self.category(
            people.age(day, rows),
            people.ltc_count(rows),
            people.extra[LATENT][rows].astype(np.float64),
            people.extra[STEPS][rows].astype(np.int8),
        )


def _count_shares(mean: Floats, shape: Floats) -> Floats:
    """Return (111, 28) the chance of 0, 1, 2 … conditions at each age (negative binomial)."""
    counts = np.arange(_MOST + 1)
    m, k = mean[:, None], shape[:, None]
    logs = gammaln(counts + k) - gammaln(k) - gammaln(counts + 1)
    logs = logs + k * np.log(k / (k + m)) + counts * np.log(m / (k + m))
    shares: Floats = np.exp(logs)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def frail_shares(evidence: Evidence) -> Floats:
    """Return (111, 3) the share of each age that is at least mild, moderate and severe.

    Published for bands of age, so joined smoothly: on the log-odds scale, straight lines
    through the bands' mean ages, moved until each band has its share of England's people.
    """
    bands, wanted = _published_shares(evidence)
    people = national_share_by_age(evidence)
    inside = [slice(low, high + 1) for low, high in bands]
    middles = [np.average(AGES[each], weights=people[each]) for each in inside]
    knots = _log_odds(wanted)
    shares = np.zeros((OLDEST + 1, wanted.shape[1]))
    for _ in range(60):
        for column in range(wanted.shape[1]):
            shares[:, column] = _logistic(_straight(AGES, middles, knots[:, column]))
        found = np.array(
            [np.average(shares[each], axis=0, weights=people[each]) for each in inside]
        )
        knots = knots + _log_odds(wanted) - _log_odds(found)
    shares[: bands[0][0]] = 0.0
    return shares


def _published_shares(evidence: Evidence) -> tuple[list[tuple[int, int]], Floats]:
    """Return the bands of age and (n_bands, 3) shares of at least mild, moderate, severe."""
    rows = evidence.rows("person_risk", trait="frailty_efi_model")
    figures = evidence.figures("person_risk", trait="frailty_efi_model")
    bands = sorted({(int(row["age_low"]), int(row["age_high"])) for row in rows})
    exact = np.zeros((len(bands), len(FRAILTY)))
    for row, figure in zip(rows, figures, strict=True):
        band = bands.index((int(row["age_low"]), int(row["age_high"])))
        exact[band, FRAILTY.index(row["category"])] = figure.value / 100.0
    at_least = exact[:, ::-1].cumsum(axis=1)[:, ::-1]
    # A published 0.0 percent is less than half of what it could show.
    return bands, np.clip(at_least[:, 1:], 0.0002, 0.9998)


def _log_odds(share: Floats) -> Floats:
    odds: Floats = np.log(share / (1.0 - share))
    return odds


def _logistic(log_odds: Floats) -> Floats:
    share: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return share


def _straight(at: npt.NDArray[np.int64], x: Sequence[float], y: Floats) -> Floats:
    """Interpolate by straight lines, and go on straight before the first and after the last."""
    before = y[0] + (at - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
    after = y[-1] + (at - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
    inside = np.interp(at, x, y)
    return np.where(at < x[0], before, np.where(at > x[-1], after, inside))
