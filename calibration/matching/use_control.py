"""Shares of diagnosed people treated to target: simulated beside published, and drawn.

The published shares by age and their difference over the fifths are what ``agents.control``
reads, so people of any set come out near them; what is compared is the whole, in which a
share by age meets the ages and the deprivation of the people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from agents import control
from agents.evidence import Evidence, Figure
from agents.luck import Luck
from agents.population import Population
from calibration import close
from calibration.checks import NORMAL_95
from calibration.matching.verdicts import near_range, verdict_of
from calibration.sources import LONGEST_TAIL

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PERCENT = 100.0
FIFTHS = "most minus least deprived fifth"
MATCHES = "control_matches"  # every compared row of diagnosis_control.csv: whom, and its role


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A published share, or difference of the fifths, and the people among whom it is counted.

    ``first`` and ``last`` are ages in completed years, both counted.
    """

    condition: str
    group: str
    first: int
    last: int
    role: str
    figure: Figure


def compared(evidence: Evidence) -> list[Compared]:
    """Return the published figures that ``control_matches.csv`` names."""
    return [
        Compared(
            condition=row["condition"],
            group=row["group"],
            first=int(row["age_low"]),
            last=int(row["age_high"]),
            role=row["role"],
            figure=evidence.figure(
                control.TABLE,
                **{name: row[name] for name in ("condition", "measure", "group")},
            ),
        )
        for row in evidence.rows(MATCHES)
    ]


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
        found[figure.key] = round(value, close.DIGITS)
    return found


def control_table(people: Population, evidence: Evidence, draws: int, seed: int) -> pd.DataFrame:
    """Return simulated shares treated to target beside the published, with the draws' interval."""
    figures = compared(evidence)
    simulated = np.array(
        [
            _simulated(people, Evidence(evidence.folder, numbers), figures, seed)
            for numbers in ({}, *(control_draw(evidence, n, seed) for n in range(1, draws + 1)))
        ]
    )
    low, high = np.quantile(simulated[1:], [0.025, 0.975], axis=0)
    rows = []
    for place, one in enumerate(figures):
        value, figure = float(simulated[0, place]), one.figure
        rows.append(
            {
                "service": f"control of {one.condition.replace('_', ' ')}",
                "group": one.group,
                "measure": figure.unit,
                "role": one.role,
                "published": figure.value,
                "low": figure.low,
                "high": figure.high,
                "before": value,
                "after": value,
                "after_low": low[place],
                "after_high": high[place],
                "miss": value / figure.value - 1,
                "verdict": verdict_of(
                    value, near_range(figure.value, figure.low, figure.high, one.role)
                ),
                "source": figure.source,
                "basis": figure.basis,
                "note": figure.note,
            }
        )
    return pd.DataFrame(rows)


def _simulated(
    people: Population, evidence: Evidence, figures: Sequence[Compared], seed: int
) -> list[float]:
    """Return the value of each figure among people settled with these shares."""
    here = np.flatnonzero(people.present(0.0))
    control.Control(evidence, people, Luck(seed)).settle(here, 0.0)
    age = people.age(0.0, here)
    return [
        _share(
            people,
            here,
            one.condition,
            (age >= one.first) & (age < one.last + 1),
            one.group == FIFTHS,
        )
        for one in figures
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
