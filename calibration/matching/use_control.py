"""Shares of diagnosed people treated to target: simulated beside published, and drawn.

The published shares by age and their difference over the fifths are what ``agents.control``
reads, so people of any set come out near them; what is compared is the whole, in which a
share by age meets the ages and the deprivation of the people.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from agents import control
from agents.evidence import Evidence, Figure
from agents.luck import Luck
from agents.population import Population
from calibration.checks import MISS, NEAR
from calibration.matching.outcome import GOAL_CALIBRATE, GOAL_HOLDOUT
from calibration.targets import CALIBRATE, HOLDOUT

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NORMAL_95, LONGEST_TAIL, DIGITS = 1.96, 3.5, 4
PERCENT = 100.0
FIFTHS = "most minus least deprived fifth"
# Condition, measure, group of diagnosis_control.csv, first and last age, role. The rows that
# ``agents.control`` reads are met by construction; the whole of hypertension is held out.
ROWS = (
    ("hypertension", "treated_to_target", "diagnosed 18-59", 18, 59, CALIBRATE),
    ("hypertension", "treated_to_target", "diagnosed 60+", 60, 120, CALIBRATE),
    ("hypertension", "treated_to_target", "diagnosed 18+", 18, 120, HOLDOUT),
    ("hypertension", "treated_to_target_difference", FIFTHS, 18, 120, CALIBRATE),
    ("type_2_diabetes", "hba1c_58_or_below", "diagnosed under 40", 0, 39, CALIBRATE),
    ("type_2_diabetes", "hba1c_58_or_below", "diagnosed 80+", 80, 120, CALIBRATE),
    ("type_2_diabetes", "hba1c_58_or_below", "diagnosed", 0, 120, CALIBRATE),
    ("type_2_diabetes", "hba1c_58_or_below_difference", FIFTHS, 0, 120, CALIBRATE),
)


def control_figures(evidence: Evidence) -> list[Figure]:
    """Return the published shares and differences with an interval that the model reads."""
    read = Evidence(evidence.folder, evidence.replaced)
    control.targets(read)
    return [
        figure
        for figure in sorted(read.used.values(), key=lambda each: each.key)
        if figure.low is not None and figure.high is not None and figure.low < figure.high
    ]


def control_draw(evidence: Evidence, number: int, seed: int) -> dict[str, float]:
    """Return draw ``number`` of the shares: their published intervals are the posterior.

    Shares are spread on the logit scale and differences as they are, each side of the central
    value with the spread of its own side of the interval.
    """
    luck, row = Luck(seed), np.array([number])
    found = {}
    for figure in control_figures(evidence):
        assert figure.low is not None
        assert figure.high is not None
        score = float(luck.normals(f"use.{figure.key}", row)[0])
        score = min(max(score, -LONGEST_TAIL), LONGEST_TAIL)
        end = figure.low if score < 0 else figure.high
        if figure.unit == "percent":
            middle, side = (float(logit(each / PERCENT)) for each in (figure.value, end))
            value = PERCENT * float(expit(middle + abs(side - middle) / NORMAL_95 * score))
        else:
            value = figure.value + abs(end - figure.value) / NORMAL_95 * score
        found[figure.key] = round(value, DIGITS)
    return found


def control_table(people: Population, evidence: Evidence, draws: int, seed: int) -> pd.DataFrame:
    """Return simulated shares treated to target beside the published, with the draws' interval."""
    simulated = np.array(
        [
            _simulated(people, Evidence(evidence.folder, numbers), seed)
            for numbers in ({}, *(control_draw(evidence, n, seed) for n in range(1, draws + 1)))
        ]
    )
    low, high = np.quantile(simulated[1:], [0.025, 0.975], axis=0)
    rows = []
    for place, (condition, measure, group, _, _, role) in enumerate(ROWS):
        figure = evidence.figure(control.TABLE, condition=condition, measure=measure, group=group)
        value = float(simulated[0, place])
        rows.append(
            {
                "service": f"control of {condition.replace('_', ' ')}",
                "group": group,
                "measure": figure.unit,
                "role": role,
                "published": figure.value,
                "low": figure.low,
                "high": figure.high,
                "before": value,
                "after": value,
                "after_low": low[place],
                "after_high": high[place],
                "miss": value / figure.value - 1,
                "verdict": _verdict(figure, value, role),
                "source": figure.source,
                "basis": figure.basis,
                "note": figure.note,
            }
        )
    return pd.DataFrame(rows)


def _verdict(figure: Figure, value: float, role: str) -> str:
    goal = GOAL_HOLDOUT if role == HOLDOUT else GOAL_CALIBRATE
    inside = (
        role != HOLDOUT
        and figure.low is not None
        and figure.high is not None
        and figure.low <= value <= figure.high
    )
    return NEAR if inside or abs(value / figure.value - 1) <= goal else MISS


def _simulated(people: Population, evidence: Evidence, seed: int) -> list[float]:
    """Return the value of each of ``ROWS`` among people settled with these shares."""
    here = np.flatnonzero(people.present(0.0))
    control.Control(evidence, people, Luck(seed)).settle(here, 0.0)
    age = people.age(0.0, here)
    return [
        _share(people, here, condition, (age >= first) & (age < last + 1), group == FIFTHS)
        for condition, _, group, first, last, _ in ROWS
    ]


def _share(
    people: Population,
    here: npt.NDArray[np.int64],
    condition: str,
    inside: Bools,
    apart: bool,
) -> float:
    """Return the per cent treated to target of the diagnosed, or how far the fifths are apart.

    Fifths are compared as if both had the ages of all diagnosed, in bands of ten years.
    """
    column = people.conditions.index(condition)
    who = people.diagnosed[here, column] & inside
    reached = people.controlled[here, column]
    if not apart:
        return PERCENT * float(reached[who].mean()) if who.any() else float("nan")
    band = (people.age(0.0, here) // 10).astype(np.int64)
    fifth = people.imd_quintile[here]
    weights = np.bincount(band[who])
    ends: Mapping[int, Floats] = {
        end: np.bincount(band[who & (fifth == end)], minlength=weights.size).astype(np.float64)
        for end in (1, 5)
    }
    both = (ends[1] > 0) & (ends[5] > 0)
    shares = {
        end: np.bincount(
            band[who & (fifth == end)], reached[who & (fifth == end)], minlength=weights.size
        )[both]
        / ends[end][both]
        for end in (1, 5)
    }
    return PERCENT * float(np.average(shares[1] - shares[5], weights=weights[both]))
