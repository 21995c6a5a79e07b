"""How often each resident asks for each kind of care, from the model's own tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.network import isolation_ratios
from pathways.calendar import YEAR
from pathways.demand import ERA, ERA_FROM
from pathways.multipliers import personal_multipliers
from pathways.processes import PROCESSES, Splits, process_rates
from pathways.rates import AGE_EDGES, LTC_GROUPS, SHAPE, TABLE

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin
    from benchmarks.twin.resident import Resident

Rates = npt.NDArray[np.float64]  # by process


class CareRates:
    """Rates per day by process, for the group a resident belongs to and their own multiplier."""

    def __init__(self, model: PlainTwin) -> None:
        evidence, spec = model.evidence, model.spec
        self.splits = Splits.of(evidence)
        table = process_rates(
            evidence,
            self.splits,
            era=ERA if spec.start >= ERA_FROM else None,
            place_log_factor=spec.place.demand_log_factor,
        )
        self._table = table[: len(PROCESSES)].reshape(-1, *SHAPE) / YEAR
        personal = personal_multipliers(
            model.people.person,
            model.world.luck,
            gamma_shapes(evidence),
            evidence.value("care_settings", key="demand.score_correlation"),
        )
        ones = np.ones(len(model.people))
        self._personal = np.array([personal.get(name, ones) for name in PROCESSES.values()])
        for process, ratio in isolation_ratios(evidence).items():
            self._personal[NUMBER[process], model.people.isolated] *= ratio

    def keep_totals(self, residents: Iterable[Resident]) -> None:
        """Scale multipliers so that they move care between today's residents and add none."""
        plain, found = np.zeros(len(PROCESSES)), np.zeros(len(PROCESSES))
        for resident in residents:
            plain += self._group(resident)
            found += self.of(resident)
        self._personal *= (plain / found)[:, None]

    def _group(self, resident: Resident) -> Rates:
        """Return the daily rates of the group a resident belongs to."""
        rates: Rates = self._table[
            :,
            min(len(resident.has), len(LTC_GROUPS) - 1),
            np.searchsorted(AGE_EDGES, resident.age, side="right"),
            resident.fifth - 1,
            resident.frailty,
            resident.sex,
        ]
        return rates

    def of(self, resident: Resident) -> Rates:
        """Return the daily rate of each process for one resident as they are now."""
        rates: Rates = self._group(resident) * self._personal[:, resident.row]
        for process, factor in resident.factors.items():
            rates[NUMBER[process]] *= factor
        return rates

    def of_process(self, resident: Resident, process: str) -> float:
        """Return the daily rate of one process."""
        return float(self.of(resident)[NUMBER[process]])

    def cumulated(self, resident: Resident) -> list[float]:
        """Return the running sum of the daily rates; the last is the rate of any contact."""
        return list(accumulate(self.of(resident).tolist()))


NAMES = tuple(PROCESSES)
NUMBER = {name: number for number, name in enumerate(NAMES)}


def gamma_shapes(evidence: Evidence) -> dict[str, float]:
    """Return the shape of the personal multiplier of every service that has one."""
    shapes = {}
    for service in set(PROCESSES.values()):
        own = {"service": service, "term": "person_gamma_shape"}
        assumed = {"key": f"demand.gamma_shape.{service}"}
        if evidence.rows(TABLE, **own):
            shapes[service] = evidence.value(TABLE, **own)
        elif evidence.rows("care_settings", **assumed):
            shapes[service] = evidence.value("care_settings", **assumed)
    return shapes
