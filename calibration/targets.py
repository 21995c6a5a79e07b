"""Published figures as targets: what, of whom, how far off is allowed and why.

The allowance of each target was set from how the published figure was made, in
``evidence/check_allowances.csv``, and not from how the model fares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence, Figure, Row
from calibration.fit_measures import People
from calibration.simulated import Simulated

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

ALLOWANCES = "check_allowances"
CALIBRATE, HOLDOUT, CHECK = "calibrate", "holdout", "check"
ROLES = (CALIBRATE, HOLDOUT, CHECK)
OLDEST = 110


@dataclass(frozen=True, slots=True)
class Estimate:
    """A simulated value and its standard error (NaN where chance was not measured)."""

    value: float
    error: float = float("nan")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far from the published figure is near enough, in the unit of the figure, and why."""

    amount: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One published figure and how the same thing is counted among simulated people.

    Attributes
    ----------
    measure, unit : what is measured; ``group_by`` and ``group`` say of whom
    definition : which conditions, diagnosed or true, which ages
    figure : the published number with its interval, source and basis
    low, high : the published interval, NaN where there is none
    allowance : discrepancy that is accepted, with its reason
    role : calibrate (in view when the model was made), holdout, or check (not independent)
    geography, year : of the published figure
    count : returns the simulated value
    """

    measure: str
    unit: str
    group_by: str = "all"
    group: str = "all"
    definition: str
    figure: Figure
    allowance: Allowance
    role: str
    geography: str = "England"
    year: str = ""
    count: Callable[[Simulated], Estimate]


def allowed(evidence: Evidence, key: str, published: float) -> Allowance:
    """Return the allowance ``key`` for a published value."""
    figure = evidence.figure(ALLOWANCES, key=key)
    relative = figure.unit == "relative"
    return Allowance(figure.value * (abs(published) if relative else 1.0), figure.note)


def ages_of(row: Row) -> tuple[int, int]:
    """Return the first and the last age of a row."""
    return int(row["age_low"]), int(row["age_high"])


def ages_in_words(low: int, high: int) -> str:
    """Return ages as 60-69, 85+ or all ages."""
    if high >= OLDEST:
        return f"{low}+" if low else "all ages"
    return f"{low}-{high}"


# -------------------------------------------------------------------- ways to count


def percentage(hit: Bools) -> Estimate:
    """Return the percentage of people of whom something holds."""
    if not hit.size:
        return Estimate(float("nan"))
    share = float(hit.mean())
    return Estimate(100 * share, 100 * float(np.sqrt(share * (1 - share) / hit.size)))


def strata(people: People, *, by_fifth: bool = False) -> npt.NDArray[np.int64]:
    """Return a number for each person's ten-year band, sex and, where asked, fifth."""
    band = np.minimum(people.age // 10, 8)
    cell = band * 2 + people.sex
    numbered = cell * 5 + people.fifth - 1 if by_fifth else cell
    return numbered.astype(np.int64)


def standardised_ratio(people: People, hit: Bools, who: Bools) -> Estimate:
    """Return the share with ``hit`` in fifth 1 over fifth 5, ages and sexes as among ``who``."""
    cell = strata(people)
    cells = int(cell.max()) + 1
    weights = np.bincount(cell[who], minlength=cells)
    share, relative_error = [], 0.0
    for fifth in (1, 5):
        here = who & (people.fifth == fifth)
        people_in = np.bincount(cell[here], minlength=cells)
        hits_in = np.bincount(cell[here], weights=hit[here], minlength=cells)
        known = (people_in > 0) & (weights > 0)
        rate = hits_in[known] / people_in[known]
        share.append(np.average(rate, weights=weights[known]))
        relative_error += 1 / max(hits_in.sum(), 1.0)
    ratio = float(share[0] / share[1]) if share[1] > 0 else float("nan")
    return Estimate(ratio, ratio * float(np.sqrt(relative_error)))


def odds_ratio(outcome: Bools, exposed: Bools, cell: npt.NDArray[np.int64]) -> Estimate:
    """Return the odds ratio of Mantel and Haenszel over strata ``cell``."""
    cells = int(cell.max()) + 1

    def counted(who: Bools) -> Floats:
        return np.bincount(cell[who], minlength=cells).astype(float)

    a, b = counted(exposed & outcome), counted(exposed & ~outcome)
    c, d = counted(~exposed & outcome), counted(~exposed & ~outcome)
    n = np.maximum(a + b + c + d, 1)
    against = float((b * c / n).sum())
    if against == 0:
        return Estimate(float("nan"))
    ratio = float((a * d / n).sum()) / against
    cases = [max(float(part.sum()), 1.0) for part in (a, b, c, d)]
    return Estimate(ratio, ratio * float(np.sqrt(sum(1 / each for each in cases))))
