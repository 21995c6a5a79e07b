"""The costs that a design states itself: posts, sums a year, sums once, prices a contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.faults import BadInput, Fault
from pathways.vocabulary import ACTIVITY
from results.cost_lines import PAYERS, SETTINGS
from results.store import Run

Floats = npt.NDArray[np.float64]
FTE_YEAR, FTE_ONCE = "GBP per FTE year", "GBP per FTE once"
PER_YEAR, ONCE = "GBP per year", "GBP once"
PER_RESIDENT, PER_SUPPORTED = "GBP per resident year", "GBP per supported person-year"


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignLine:
    """One line of a design's own cost, as ``run.json`` states it for those simulated."""

    line: str
    kind: str
    payer: str
    setting: str
    role: str
    fte: float
    amount: float
    unit: str
    price_year: str
    first_year: int

    @property
    def activity(self) -> str:
        """The activity that the line pays for one by one, or nothing."""
        name = self.unit.removeprefix("GBP per ")
        return name if name in ACTIVITY else ""

    @property
    def posts(self) -> str:
        """The role that the line pays for by the post or by the year, or nothing."""
        by_post = self.unit in (FTE_YEAR, PER_YEAR) and self.fte > 0
        return self.role.lower() if by_post else ""


def design_lines(run: Run) -> tuple[DesignLine, ...]:
    """Return the cost lines of the run's design.

    Raises
    ------
    BadInput
        If a line lacks a field or has a unit that is not known.
    """
    lines, faults = [], []
    for number, stated in enumerate(run.facts.get("design_costs") or ()):
        try:
            line = _design_line(stated)
            is_yearly(line)
        except (KeyError, TypeError, ValueError) as error:
            faults.append(_cost_fault(run, number, stated, error))
        else:
            lines.append(line)
    if faults:
        raise BadInput(faults)
    return tuple(lines)


def _design_line(stated: Mapping[str, Any]) -> DesignLine:
    payer = str(stated["payer"])
    return DesignLine(
        line=str(stated["line"]),
        kind=str(stated["kind"]),
        payer=PAYERS.get(payer.lower(), payer),
        setting=SETTINGS.get(str(stated["setting"]), str(stated["setting"])),
        role=str(stated.get("role") or ""),
        fte=float(stated.get("fte") or 0.0),
        amount=float(stated["amount"]),
        unit=str(stated["unit"]),
        price_year=str(stated["price_year"]),
        first_year=int(stated.get("first_year") or 1),
    )


def _cost_fault(run: Run, number: int, stated: object, error: Exception) -> Fault:
    units = (PER_YEAR, ONCE, FTE_YEAR, FTE_ONCE, PER_RESIDENT, PER_SUPPORTED)
    return Fault(
        where=str(run.folder / "run.json"),
        key=f"design_costs[{number}]",
        found=f"{type(error).__name__}: {error} in {stated}",
        allowed=f"line, kind, payer, setting, amount, price_year and a unit of {', '.join(units)} "
        "or GBP per an activity",
        remedy="correct the costs of the design and run it again",
    )


def is_yearly(line: DesignLine) -> bool:
    """Say whether a line is paid every year; False for once. Unknown units raise ValueError."""
    if line.unit in (ONCE, FTE_ONCE):
        return False
    if line.unit in (PER_YEAR, FTE_YEAR, PER_RESIDENT, PER_SUPPORTED) or line.activity:
        return True
    raise ValueError(f"unit {line.unit!r}")
