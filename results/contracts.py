"""How providers are paid: a contract applied to what care costs and what it achieves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from results.settings import Settings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """How providers are paid.

    Parameters
    ----------
    fixed : share of the contract that is paid whatever happens (block or capitated)
    outcome : share paid in proportion to how much of ``target`` is reached
    target : fall of emergency admissions, as a share of usual care, that earns all of it
    incentive : share of the contract paid on top to every provider if the target is reached
    gain : share of the system's saving (or loss) that providers split by size of contract
    most : the most that a provider gains or loses by it, as a share of its contract

    What is neither fixed nor for outcomes is paid by activity.
    """

    fixed: float
    outcome: float
    target: float
    incentive: float
    gain: float
    most: float

    @classmethod
    def read(cls, settings: Settings) -> Contract:
        """Take the contract from ``results_settings.csv`` or the prices file."""
        names = {
            "fixed": "pay_fixed_share",
            "outcome": "pay_outcome_share",
            "target": "pay_outcome_target",
            "incentive": "pay_shared_incentive",
            "gain": "pay_gain_share",
            "most": "pay_gain_most",
        }
        numbers = {name: settings.value(key) for name, key in names.items()}
        numbers["outcome"] = min(numbers["outcome"], 1.0 - numbers["fixed"])
        return cls(**numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What one or several providers are paid in a year and what their care costs them."""

    fixed: Floats
    activity: Floats
    outcome: Floats
    incentive: Floats
    gain: Floats
    cost: Floats

    @property
    def income(self) -> Floats:
        """Everything paid."""
        total: Floats = self.fixed + self.activity + self.outcome + self.incentive + self.gain
        return total

    @property
    def result(self) -> Floats:
        """Income less the cost that stays."""
        return self.income - self.cost


def paid(
    contract: Contract, usual: Floats, now: Floats, stranded: Floats, fall: Floats, saving: Floats
) -> Paid:
    """Apply a contract to results.

    Parameters
    ----------
    contract : how providers are paid
    usual : (runs, providers) cost of usual care in a year, the size of the contract
    now : (runs, providers) cost of the same provider's activity under the design
    stranded : (runs, providers) part of ``usual - now`` that the provider still pays for
    fall : (runs,) fall of the shared measure, as a share of usual care
    saving : (runs,) what the system as a whole saves in cash, negative for a loss
    """
    if contract.target > 0.0:
        reached = np.clip(fall / contract.target, 0.0, 1.0)[:, None]
    else:
        reached = np.ones((len(fall), 1))
    whole = usual.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(whole > 0.0, usual / whole, 0.0)
    shared = contract.gain * saving[:, None] * part
    limit = contract.most * usual
    return Paid(
        fixed=contract.fixed * usual,
        activity=(1.0 - contract.fixed - contract.outcome) * now,
        outcome=contract.outcome * usual * reached,
        incentive=contract.incentive * usual * (reached >= 1.0),
        gain=np.clip(shared, -limit, limit),
        cost=now + stranded,
    )
