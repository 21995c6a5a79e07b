"""How much more often people are admitted as an emergency whose condition is not at target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence

Floats = npt.NDArray[np.float64]

TABLE = "control_crises"
PRESSURE, GLUCOSE = "hypertension", "type_2_diabetes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureCrises:
    """What systolic pressure does to the rate of emergency admission.

    Attributes
    ----------
    ratio : of major cardiovascular events for 10 mmHg less, its causal share taken
    share : of emergency admissions of people with hypertension that are such events
    """

    ratio: float
    share: float

    @classmethod
    def read(cls, evidence: Evidence) -> PressureCrises:
        """Take the trials' ratio (E096), its causal share and the share of admissions."""
        trials = evidence.value("intervention_effects", effect_id="E096")
        return cls(
            ratio=trials ** evidence.value(TABLE, key=f"causal_share.{PRESSURE}"),
            share=evidence.value(TABLE, key=f"cardiovascular_share.{PRESSURE}"),
        )

    def factor(self, mmhg: npt.ArrayLike) -> Floats:
        """Return the multiplier of the rate at a change of ``mmhg`` (negative where lower)."""
        events = np.power(self.ratio, -np.asarray(mmhg, np.float64) / 10.0)
        factor: Floats = 1.0 + self.share * (events - 1.0)
        return factor


def ratios_by_condition(evidence: Evidence) -> dict[str, float]:
    """Return the rate of people off target over that of people at target, by condition."""

    def number(key: str) -> float:
        return evidence.value(TABLE, key=key)

    above = number(f"mmhg_off_target.{PRESSURE}")
    glucose = number(f"admission_ratio.{GLUCOSE}") ** number(f"causal_share.{GLUCOSE}")
    return {
        PRESSURE: float(PressureCrises.read(evidence).factor(above)),
        GLUCOSE: glucose,
    }
