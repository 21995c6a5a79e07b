"""What a design changes in the people it supports, and how that grows and fades.

Each effect has a strength between 0 and 1 for each person: it grows in a straight line while
the person is supported and fades when support has ended. Where several effects act on one
target, their multipliers are multiplied. An effect acts through a mechanism (blood pressure
on new disease, activation on use) where studies support one; a direct multiplier of the
rate of need is the last resort and is marked so in the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.population import Population
from pathways.calendar import YEAR
from pathways.design import Effect

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

# A design speaks of what a study measured; demand has finer processes.
TARGETS: Mapping[str, tuple[str, ...]] = {
    "demand.elective_admission": ("day_case", "elective_inpatient"),
    "demand.outpatient_attendance": ("outpatient_first", "outpatient_follow_up"),
    "demand.ae_attendance": ("ed_attendance",),
}


def grown(strength: Floats, supported: Bools, days: float, effect: Effect) -> Floats:
    """Return the strength of ``effect`` after ``days`` more.

    Parameters
    ----------
    strength : (n,), 0 to 1
    supported : (n,), whose support goes on
    days : days that have passed
    """
    years = days / YEAR
    up = years / effect.builds_over_years if effect.builds_over_years else 1.0
    down = years / effect.fades_over_years if effect.fades_over_years else 1.0
    return np.clip(strength + np.where(supported, up, -down), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BloodPressure:
    """Relative risk of a new condition for each 10 mmHg lower systolic pressure."""

    conditions: tuple[str, ...]
    risk_ratios: tuple[float, ...]

    @classmethod
    def read(cls, evidence: Evidence) -> BloodPressure:
        """Take the ratios from the trials' meta-analysis (E097 to E099)."""
        studies = {
            "coronary_heart_disease": "E097",
            "stroke_tia": "E098",
            "heart_failure": "E099",
        }
        return cls(
            conditions=tuple(studies),
            risk_ratios=tuple(
                evidence.value("intervention_effects", effect_id=study)
                for study in studies.values()
            ),
        )

    def onset_factors(self, mmhg: Floats) -> Floats:
        """Return what a change of ``mmhg`` does to each onset hazard.

        Parameters
        ----------
        mmhg : (n,), change of systolic pressure, negative where lower

        Returns
        -------
        (n, n_conditions), multipliers in the order of ``conditions``
        """
        factors: Floats = np.power(np.array(self.risk_ratios), -mmhg[:, None] / 10.0)
        return factors


class Effects:
    """The effects of a design at work in a population.

    ``demand_factor`` holds, by process, what the design does to each person's rate; rows are
    of the whole population. ``step`` moves time on and returns whose hazards changed.
    """

    def __init__(
        self, effects: Sequence[Effect], population: Population, evidence: Evidence
    ) -> None:
        self._effects = tuple(effects)
        self._population = population
        self._strength = np.zeros((len(self._effects), len(population)))
        self._pressure = BloodPressure.read(evidence)
        keys = population.conditions
        self._columns = [keys.index(key) for key in self._pressure.conditions if key in keys]
        self._hypertension = keys.index("hypertension") if "hypertension" in keys else None
        self.demand_factor: dict[str, Floats] = {
            process: np.ones(len(population))
            for effect in self._effects
            for process in processes(effect)
        }

    @property
    def any(self) -> bool:
        """Whether there is any effect at all."""
        return bool(self._effects)

    def step(self, supported: Bools, days: float) -> tuple[Rows, Rows]:
        """Let ``days`` pass; return rows whose demand and rows whose onset hazards moved.

        Parameters
        ----------
        supported : (n,), who is supported now
        """
        before = self._strength.copy()
        for number, effect in enumerate(self._effects):
            self._strength[number] = grown(before[number], supported, days, effect)
        changed = self._strength != before
        self._apply_demand()
        demand_rows = np.flatnonzero(changed.any(axis=0))
        pressure = [
            n for n, effect in enumerate(self._effects) if effect.target == "blood_pressure"
        ]
        onset_rows = np.flatnonzero(changed[pressure].any(axis=0))
        self._apply_pressure(onset_rows, pressure)
        return demand_rows, onset_rows

    def _apply_demand(self) -> None:
        for factor in self.demand_factor.values():
            factor[:] = 1.0
        for strength, effect in zip(self._strength, self._effects, strict=True):
            for process in processes(effect):
                self.demand_factor[process] *= 1.0 + effect.change * strength

    def _apply_pressure(self, rows: Rows, numbers: Sequence[int]) -> None:
        """Set the onset factors of ``rows`` from their change of blood pressure."""
        if self._hypertension is None or not len(rows):
            return
        population = self._population
        treatable = (
            population.diagnosed[rows, self._hypertension]
            & ~(population.controlled[rows, self._hypertension])
        )
        mmhg = sum(
            (self._effects[n].change * self._strength[n, rows] for n in numbers),
            np.zeros(len(rows)),
        )
        factors = self._pressure.onset_factors(np.where(treatable, mmhg, 0.0))
        population.onset_factor[np.ix_(rows, np.array(self._columns))] = factors


def processes(effect: Effect) -> tuple[str, ...]:
    """Return the demand processes that ``effect`` acts on directly."""
    if not effect.target.startswith("demand."):
        return ()
    return TARGETS.get(effect.target, (effect.target.removeprefix("demand."),))
