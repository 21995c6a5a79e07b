"""Published prevalence as smooth targets by single year of age and sex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from agents.evidence import Evidence, Figure
from agents.population import SEXES
from calibration.sources import parameter, rows_with_figures

Floats = npt.NDArray[np.float64]

AGES = 110  # tables hold whole years of age 0 … 109; the last holds on
OLDEST = 100.0  # from here on prevalence stays level
_ROUNDS = 60


def population_shares(evidence: Evidence, place: str = "england") -> Floats:
    """Return the share of ``place``'s population by age, sex and fifth.

    Returns
    -------
    (AGES, 2, 5), sums to 1; flat within five-year bands, falling from 90 on
    """
    shares = np.zeros((AGES, 2, 5))
    mix = {
        row["imd_quintile"]: figure.value
        for row, figure in rows_with_figures(
            evidence, "population", archetype=place, dimension="imd_mix"
        )
    }
    bands = rows_with_figures(
        evidence, "population", archetype=place, dimension="age_sex_share_within_imd"
    )
    halving = parameter(evidence, "population.years_to_half_from_90")
    for row, figure in bands:
        low, high = int(row["age_low"]), min(int(row["age_high"]), AGES - 1)
        fall = (
            0.5 ** (np.arange(high - low + 1) / halving) if low >= 90 else np.ones(high - low + 1)
        )
        fifth = row["imd_quintile"]
        within = figure.value * mix[fifth] * fall / fall.sum()
        shares[low : high + 1, SEXES.index(row["sex"]), int(fifth) - 1] = within
    total: float = shares.sum()
    return shares / total


def diagnosed_targets(evidence: Evidence, conditions: tuple[str, ...], weights: Floats) -> Floats:
    """Return the share of people with each condition on a register, at each exact age.

    Ever-recorded prevalence by ten-year band and sex, scaled to registers where the
    register is narrower, is joined by a monotone curve whose band means are the published.

    Parameters
    ----------
    weights : (AGES, 2) population by single year of age and sex

    Returns
    -------
    (n_conditions, AGES + 1, 2), share at exact ages 0 … AGES
    """
    scales = {
        row["condition"]: figure.value
        for row, figure in rows_with_figures(
            evidence, "prevalence", measure="scale_ever_to_register"
        )
    }
    closer = parameter(evidence, "register_scale.multiplier")
    lifelong = {row["condition"] for row in evidence.rows("condition_rules", rule="from_birth")}
    targets = np.zeros((len(conditions), AGES + 1, 2))
    for place, condition in enumerate(conditions):
        scale = scales[condition] * closer if condition in scales else 1.0
        for sex in (0, 1):
            bands = _bands(evidence, condition, SEXES[sex])
            if condition in lifelong:
                targets[place, :, sex] = scale * _adult_mean(bands, weights[:, sex])
            else:
                targets[place, :, sex] = scale * _curve(bands, weights[:, sex])
    return targets


Bands = list[tuple[int, int, float]]


def _bands(evidence: Evidence, condition: str, sex: str) -> Bands:
    """Return (first age, last age, share) of each ten-year band of one sex."""
    found = _narrow(evidence, condition, sex)
    if found:
        return found
    everyone = _narrow(evidence, condition, "all")
    whole = {
        name: evidence.value(
            "prevalence",
            condition=condition,
            measure="prevalence",
            sex=name,
            age_low="18",
            age_high="110",
        )
        for name in (sex, "all")
    }
    return [(low, high, share * whole[sex] / whole["all"]) for low, high, share in everyone]


def _narrow(evidence: Evidence, condition: str, sex: str) -> Bands:
    rows = rows_with_figures(
        evidence, "prevalence", condition=condition, measure="prevalence", sex=sex
    )
    bands = [
        (int(row["age_low"]), int(row["age_high"]), figure.value / 100)
        for row, figure in rows
        if row["imd_quintile"] == "all" and _is_band(int(row["age_low"]), int(row["age_high"]))
    ]
    return sorted(bands)


def _is_band(low: int, high: int) -> bool:
    return high - low <= 11 or low == 80


def _adult_mean(bands: Bands, weights: Floats) -> float:
    adults = [(weights[low : high + 1].sum(), share) for low, high, share in bands if low >= 20]
    return float(np.average([share for _, share in adults], weights=[w for w, _ in adults]))


def _curve(bands: Bands, weights: Floats) -> Floats:
    """Return a monotone curve at exact ages whose weighted band means are the published."""
    means = np.array([share for _, _, share in bands])
    middle = np.array([(low + min(high, 94) + 1) / 2 for low, high, _ in bands])
    first = float(bands[0][0])
    at = np.concatenate([[first], middle, [OLDEST]])
    knots = means.copy()
    exact = np.arange(AGES + 1.0)
    curve = np.zeros(AGES + 1)
    for _ in range(_ROUNDS):
        start = 0.0 if first == 0 else knots[0] / 2
        values = np.concatenate([[start], knots, knots[-1:]])
        curve = PchipInterpolator(at, values)(np.clip(exact, first, OLDEST))
        curve[exact < first] = 0.0
        during = (curve[:-1] + curve[1:]) / 2
        now = [
            np.average(during[low : high + 1], weights=weights[low : high + 1])
            for low, high, _ in bands
        ]
        knots *= means / np.maximum(now, 1e-12)
    return curve


def undiagnosed_shares(evidence: Evidence, conditions: tuple[str, ...]) -> Floats:
    """Return the share of people with each condition who are not diagnosed.

    Returns
    -------
    (n_conditions, AGES + 1, 2), lines between band middles, at the fitted odds; 0 where
    nothing is published
    """
    shares = np.zeros((len(conditions), AGES + 1, 2))
    for place, condition in enumerate(conditions):
        rows = list(rows_with_figures(evidence, "undiagnosed_share", condition=condition))
        for sex in (0, 1):
            points = sorted(
                ((float(row["age_low"]) + min(float(row["age_high"]), 90.0)) / 2, figure.value)
                for row, figure in rows
                if row["sex"] in ("all", SEXES[sex])
            )
            if points:
                ages, values = zip(*points, strict=True)
                shares[place, :, sex] = np.interp(np.arange(AGES + 1), ages, values)
    odds = shares / (1.0 - shares) * parameter(evidence, "undiagnosed.odds_multiplier")
    fitted: Floats = odds / (1.0 + odds)
    return fitted


def deprivation_ratios(evidence: Evidence, conditions: tuple[str, ...]) -> Floats:
    """Return the prevalence ratio of the most to the least deprived fifth to be met.

    Ratios above 1 that were not read as such are raised to a power, inside their own range.
    """
    power = parameter(evidence, "deprivation.log_ratio.exponent")
    figures = [
        evidence.figure("prevalence", condition=condition, measure="ratio_most_least_deprived")
        for condition in conditions
    ]
    return np.array([_steepened(figure, power) for figure in figures])


def _steepened(figure: Figure, power: float) -> float:
    if figure.value <= 1 or figure.basis == "read":
        return figure.value
    raised: float = figure.value**power
    return min(raised, figure.high or raised)


def deprivation_by_age(evidence: Evidence) -> Floats:
    """Return what multiplies the log of a deprivation ratio at each age, (AGES,), as fitted."""
    rows = list(
        rows_with_figures(evidence, "prevalence", measure="deprivation_log_ratio_multiplier")
    )
    by_age = np.ones(AGES)
    for row, figure in rows:
        by_age[int(row["age_low"]) : int(row["age_high"]) + 1] = figure.value
    fitted: Floats = by_age ** parameter(evidence, "deprivation.age_pattern.power")
    return fitted
