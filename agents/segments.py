"""Segments of a population: the risk triangle, and segmentations given by rules.

The risk score is what a practice's tool could know: age, recorded conditions, frailty and
emergency admissions of the last year. Thresholds are set once, at the baseline, so that the
triangle has its published sizes; afterwards people move between segments as they change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from agents.population import DAYS_PER_YEAR, FRAILTY, Population
from agents.rule_columns import Column
from agents.rules import Rule

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]

MOSTLY_HEALTHY, RISING_RISK, HIGH_RISK = 0, 1, 2
SEGMENTS = ("mostly healthy", "rising risk", "high risk")
_PROCESS = "emergency_admission"


@dataclass(frozen=True, slots=True)
class RiskModel:
    """Coefficients of the chance of an emergency admission within a year.

    ``age_middles`` and ``age_logs`` are the middle of each age band and its log rate;
    ``condition_logs`` by recorded conditions (the last stands for as many or more);
    ``frailty_logs`` by category; ``spread`` is the variance of people's own multipliers over a
    year, ``lasting`` what of it carries over to the next.
    """

    intercept: float
    age_middles: Floats
    age_logs: Floats
    condition_logs: Floats
    frailty_logs: Floats
    spread: float
    lasting: float
    weight: float
    youngest: float

    @classmethod
    def of(cls, evidence: Evidence) -> RiskModel:
        """Read the coefficients: the log ratios of emergency admission at baseline."""
        middles, ages = _age_terms(evidence)
        spread, lasting = _variances(evidence)
        return cls(
            intercept=_terms(evidence, "intercept")[0],
            age_middles=middles,
            age_logs=ages,
            condition_logs=_terms(evidence, "ltc_count"),
            frailty_logs=np.array([_term(evidence, "frailty", level) for level in FRAILTY]),
            spread=spread,
            lasting=lasting,
            weight=evidence.value("segments", key="past_admission_weight"),
            youngest=evidence.value("segments", key="risk.youngest"),
        )

    def score(
        self,
        age: Floats,
        recorded: npt.NDArray[np.integer],
        frailty: Small,
        admissions: npt.NDArray[np.number],
    ) -> Floats:
        """Return each person's chance of an emergency admission within a year.

        The rate is log-linear in age, recorded conditions and frailty. People differ by more
        than that, and last year's admissions say something of how much: as much as the best
        linear prediction of one year's multiplier from the count of the year before, to the
        power ``weight``.

        Parameters
        ----------
        age : (n,), years
        recorded : (n,), long-term conditions known to the practice
        frailty : (n,), 0 fit to 3 severe
        admissions : (n,), emergency admissions of the last 12 months
        """
        known = np.clip(recorded, 0, self.condition_logs.size - 1)
        at = np.maximum(age, self.youngest)
        log_rate = self.intercept + np.interp(at, self.age_middles, self.age_logs)
        log_rate = log_rate + self.condition_logs[known] + self.frailty_logs[frailty]
        rate = np.exp(log_rate)
        learnt = 1.0 + self.lasting * (admissions - rate) / (1.0 + self.spread * rate)
        chance: Floats = -np.expm1(-rate * learnt**self.weight)
        return chance

    def of_people(
        self,
        population: Population,
        day: float,
        admissions_12m: npt.NDArray[np.number],
        rows: Integers | slice = slice(None),
    ) -> Floats:
        """Return the score of ``rows``; ``admissions_12m`` is of the whole population."""
        return self.score(
            population.age(day, rows),
            population.ltc_count_diagnosed(rows),
            population.frailty[rows],
            admissions_12m[rows],
        )


def _variances(evidence: Evidence) -> tuple[float, float]:
    """Return the variance of people's multiplier over a year, and its covariance with the next.

    The multiplier is a lasting one times one that is drawn anew for each spell; spells begin
    at any time of the year and are at most a year long.
    """
    for_life = 1.0 / _terms(evidence, "person_gamma_shape")[0]
    per_spell = 1.0 / _terms(evidence, "person_passing_shape")[0]
    years = evidence.value("care_settings", key="demand.spell_days") / DAYS_PER_YEAR
    passing = (1.0 + for_life) * per_spell
    return (
        float(for_life + passing * (years - years**2 / 3.0)),
        float(for_life + passing * years**2 / 6.0),
    )


def _terms(evidence: Evidence, term: str) -> Floats:
    figures = evidence.figures("baseline_demand", service=_PROCESS, term=term)
    return np.array([figure.value for figure in figures])


def _term(evidence: Evidence, term: str, level: str) -> float:
    return evidence.value("baseline_demand", service=_PROCESS, term=term, level=level)


def _age_terms(evidence: Evidence) -> tuple[Floats, Floats]:
    rows = evidence.rows("baseline_demand", service=_PROCESS, term="age_band")
    middles = []
    for row in rows:
        low, _, high = row["level"].rstrip("+").partition("-")
        middles.append((float(low) + float(high or float(low) + 9.0) + 1.0) / 2.0)
    return np.array(middles), _terms(evidence, "age_band")


@dataclass(frozen=True, slots=True)
class Triangle:
    """The risk triangle: the scores from which risk is rising, and from which it is high."""

    rising_from: float
    high_from: float

    @classmethod
    def at_baseline(cls, scores: Floats, evidence: Evidence) -> Triangle:
        """Return thresholds that give the scores of today's residents the published sizes."""
        high = evidence.value("segments", key="triangle.high")
        rising = evidence.value("segments", key="triangle.rising")
        rising_from, high_from = np.quantile(scores, [1.0 - high - rising, 1.0 - high])
        return cls(float(rising_from), float(high_from))

    def segment(self, scores: Floats) -> Small:
        """Return 0 mostly healthy, 1 rising risk or 2 high risk for each score."""
        above = (scores >= self.rising_from).astype(np.int8)
        segment: Small = above + (scores >= self.high_from).astype(np.int8)
        return segment


class Segments:
    """Where everyone stands in the risk triangle while a run goes on.

    Parameters
    ----------
    population : read, never changed
    evidence : tables ``baseline_demand`` and ``segments``
    look_back : counts of past care of the whole population; ``admissions_12m`` is used

    Attributes
    ----------
    segment : (n,), 0 mostly healthy, 1 rising risk, 2 high risk, as of the last update
    """

    def __init__(
        self,
        population: Population,
        evidence: Evidence,
        look_back: Mapping[str, npt.NDArray[np.number]],
    ) -> None:
        self._people = population
        self._model = RiskModel.of(evidence)
        self._admissions = look_back["admissions_12m"]
        self._day = 0.0
        self._score()
        self._triangle = Triangle.at_baseline(self._scores[population.present(0.0)], evidence)
        self.segment = self._triangle.segment(self._scores)

    def _score(self) -> None:
        """Score everyone, and remember what may change until the next update."""
        people = self._people
        self._frailty, self._recorded = people.frailty.copy(), people.ltc_count_diagnosed()
        age = people.age(self._day)
        self._scores = self._model.score(age, self._recorded, self._frailty, self._admissions)

    def risk(self, rows: Integers | slice = slice(None)) -> Floats:
        """Return the risk score of ``rows`` by their care up to the last update.

        Only who has new diagnoses or another frailty since then is scored anew.
        """
        people, scores = self._people, self._scores[rows].copy()
        known = people.ltc_count_diagnosed(rows) == self._recorded[rows]
        anew = np.flatnonzero(~known | (people.frailty[rows] != self._frailty[rows]))
        if len(anew):
            changed = np.arange(len(people))[rows][anew]
            scores[anew] = self._model.of_people(people, self._day, self._admissions, changed)
        return scores

    def update(self, day: float, look_back: Mapping[str, npt.NDArray[np.number]]) -> None:
        """Score everyone again on ``day``; the thresholds stay those of the baseline."""
        self._day, self._admissions = day, look_back["admissions_12m"]
        self._score()
        self.segment = self._triangle.segment(self._scores)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Segments given by rules, tried in order: the first that holds gives the segment."""

    key: str
    segments: tuple[str, ...]
    names: tuple[str, ...]
    rules: tuple[Rule, ...]

    @classmethod
    def load(cls, key: str, evidence: Evidence) -> Segmentation:
        """Return the segmentation ``key`` of ``segmentations.csv`` (``need``, for one).

        Raises
        ------
        BadInput
            With every fault of every rule.
        """
        rows = evidence.rows("segmentations", segmentation=key)
        rules: list[Rule] = []
        faults: list[Fault] = []
        for row in rows:
            where = f"segmentations.csv: {row['segmentation']}, {row['segment']}"
            try:
                rules.append(Rule.parse(row["rule"], where=where))
            except BadInput as bad:
                faults += bad.faults
        if faults:
            raise BadInput(faults)
        return cls(
            key,
            tuple(row["segment"] for row in rows),
            tuple(row["name"] for row in rows),
            tuple(rules),
        )

    def segment(self, columns: Mapping[str, Column]) -> Small:
        """Return for each person the position of their segment in ``segments``."""
        holds = np.array([rule.rows(columns) for rule in self.rules])
        first: Small = np.argmax(holds, axis=0).astype(np.int8)
        return first


def segmentation_keys(evidence: Evidence) -> tuple[str, ...]:
    """Return the keys of the segmentations there are."""
    return tuple(dict.fromkeys(row["segmentation"] for row in evidence.rows("segmentations")))


def count_cohort(
    steps: Sequence[tuple[str, Rule]], columns: Mapping[str, Column]
) -> list[tuple[str, int, int]]:
    """Follow a population through rules one after another, as in a flow diagram.

    Returns for each step its label, how many are left, and how many it took out.
    """
    left: npt.NDArray[np.bool_] | None = None
    flow = []
    for label, rule in steps:
        holds = rule.rows(columns)
        before = holds.size if left is None else int(left.sum())
        left = holds if left is None else left & holds
        flow.append((label, int(left.sum()), before - int(left.sum())))
    return flow
