"""What is fitted: published values, how far off each may be, and which move together.

The covariance of misfit is stated before anything is simulated: discrepancy between model and
world, correlated between figures of one kind from one source, and the published interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from agents.evidence import Evidence
from calibration.matching.free import SETTINGS
from calibration.matching.simulator import name_of
from calibration.targets import CALIBRATE, Target

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_Z95 = float(ndtri(0.975))

STAGE_1 = "stage 1"  # met in closed form whatever the free parameters
STAGE_2 = "stage 2"  # fitted
APART = "apart"  # held out, or not independent


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One published figure as the fit sees it.

    ``allowance`` is how far off is near enough; ``deviation`` the standard deviation of what
    model and world may differ by; ``error`` that of the published figure itself.
    """

    name: str
    measure: str
    group: str
    unit: str
    definition: str
    value: float
    low: float | None
    high: float | None
    allowance: float
    deviation: float
    error: float
    reason: str
    source: str
    role: str
    stage: str

    @property
    def label(self) -> str:
        """Measure and group in words."""
        measure = self.measure.replace("_", " ")
        return measure if self.group in ("all", "") else f"{measure}, {self.group}"

    @property
    def kind(self) -> tuple[str, str]:
        """What moves together: the source, and the first word of the measure."""
        return self.source, self.measure.replace("_", " ").split(" ")[0]


def goals_of(targets: Iterable[Target], evidence: Evidence, *, nation: bool) -> tuple[Goal, ...]:
    """Return targets as goals, in order."""
    per_allowance = evidence.value(SETTINGS, key="discrepancy.deviations_in_allowance")
    found = []
    for target in targets:
        figure = target.figure
        width = (figure.high - figure.low) if None not in (figure.low, figure.high) else 0.0  # type: ignore[operator]
        found.append(
            Goal(
                name=name_of(target),
                measure=target.measure,
                group=target.group,
                unit=target.unit,
                definition=target.definition,
                value=figure.value,
                low=figure.low,
                high=figure.high,
                allowance=target.allowance.amount,
                deviation=target.allowance.amount / per_allowance,
                error=width / (2 * _Z95),
                reason=target.allowance.reason,
                source=figure.source,
                role=target.role,
                stage=_stage(target, nation=nation),
            )
        )
    return tuple(found)


def _stage(target: Target, *, nation: bool) -> str:
    """Say when a target is met: in closed form, by the fit, or not at all.

    Prevalence of a nation by condition, age and sex, and its life expectancy, come out of the
    derivation of hazards for any free parameters. Smoking is an input of the people.
    """
    if target.role != CALIBRATE:
        return APART
    if target.measure.startswith("smoking"):
        return STAGE_1
    by_cell = target.measure.startswith("prevalence_") and target.definition.startswith(
        "on a register; published as ever recorded"
    )
    if nation and (by_cell or target.measure.startswith("life_expectancy")):
        return STAGE_1
    return STAGE_2


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """The goals that are fitted, as arrays of (n_goals,)."""

    goals: tuple[Goal, ...]
    correlation: float

    @property
    def values(self) -> Floats:
        """Published values."""
        return np.array([goal.value for goal in self.goals])

    @property
    def deviations(self) -> Floats:
        """Standard deviations of discrepancy."""
        return np.array([goal.deviation for goal in self.goals])

    @property
    def errors(self) -> Floats:
        """Standard errors of the published figures."""
        return np.array([goal.error for goal in self.goals])

    def covariance(self) -> Floats:
        """Return the covariance of misfit: discrepancy and published error, (n, n)."""
        kinds = [goal.kind for goal in self.goals]
        alike = np.array([[one == other for other in kinds] for one in kinds])
        correlation = np.where(alike, self.correlation, 0.0)
        np.fill_diagonal(correlation, 1.0)
        deviations = self.deviations
        covariance: Floats = np.outer(deviations, deviations) * correlation
        return covariance + np.diag(self.errors**2)

    def without(self, dropped: Bools) -> Aims:
        """Return the goals that are not dropped."""
        kept = tuple(goal for goal, out in zip(self.goals, dropped, strict=True) if not out)
        return Aims(goals=kept, correlation=self.correlation)


def fitted_aims(goals: Sequence[Goal], evidence: Evidence) -> Aims:
    """Return those goals that are fitted."""
    correlation = evidence.value(SETTINGS, key="discrepancy.correlation_within_source")
    return Aims(
        goals=tuple(goal for goal in goals if goal.stage == STAGE_2), correlation=correlation
    )
