"""The whole model twice: the fast one, and a plain twin small enough to be read and believed.

The twin (``benchmarks.twin``) has the model's people, rates, rules and capacities, and none
of its engines: one Mesa agent steps for each resident, one SimPy process runs for each
contact. What it costs and what comes out stand beside the model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.twin.model import PlainTwin
from sim.model import CareModel
from sim.recording import RunRecord
from sim.spec import RunSpec
from sim.world import World

# Compared per person-year: what the issue asks for, and what explains it.
RATES = (
    "practice_appointments",
    "gp_unmet",
    "gp_dna",
    "ae_attendances",
    "ae_type1",
    "ae_from_gp_wait",
    "emergency_admissions",
    "readmissions_30d",
    "emergency_bed_days",
    "discharge_delay_days",
    "outpatient_attendances",
    "outpatient_first",
    "outpatient_dna",
    "day_cases",
    "elective_admissions",
    "mdt_reviews",
    "vcse_contacts",
    "community_contacts",
    "deaths",
    "onsets",
)
STAGES = ("invited", "accepted", "assessments", "supported", "coordinator_contacts")
SERVICES = ("gp", "ed", "beds", "outpatients", "mdt", "vcse")
_APPOINTMENTS = ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other")
_OUTPATIENTS = ("outpatient_first", "outpatient_follow_up")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of one run: ``rates`` a person-year, shares, and mean waits in days."""

    person_years: float
    rates: dict[str, float]
    over_4_hours: float
    waits: dict[str, float]

    def figures(self) -> dict[str, float]:
        """Return everything that is compared, by name."""
        waits = {f"days waited: {service}": days for service, days in self.waits.items()}
        return {**self.rates, "share over 4 hours": self.over_4_hours, **waits}


def outcome_of_model(record: RunRecord) -> Outcome:
    """Return what came out of the fast model."""
    totals: dict[str, float] = {}
    for year in record.person_years:
        for name, values in year.items():
            if np.ndim(values) == 1 and values.dtype.kind in "fib":
                totals[name] = totals.get(name, 0.0) + float(values.sum(dtype=np.float64))
    totals["deaths"] = totals["died"]
    totals |= _stages(record)
    waits: dict[str, tuple[float, float]] = {}
    for table in record.waits:
        service = str(table["service"][0])
        days, people = waits.get(service, (0.0, 0.0))
        counts = table["count"].astype(np.float64)
        waits[service] = (days + float(counts @ table["wait_days"]), people + counts.sum())
    means = {service: days / people for service, (days, people) in waits.items()}
    return _outcome(totals, totals["days_alive"] / 365, means)


def _stages(record: RunRecord) -> dict[str, float]:
    """Return how many people ever reached each stage of a pathway."""
    person = np.concatenate([year["person"] for year in record.person_years])
    stages = np.concatenate([year["stages"] for year in record.person_years])
    bits = {"invited": 2, "accepted": 4, "supported": 16}
    return {name: float(len(np.unique(person[(stages & bit) > 0]))) for name, bit in bits.items()}


def outcome_of_twin(twin: PlainTwin) -> Outcome:
    """Return what came out of the plain twin."""
    means = {service: float(np.mean(days)) for service, days in twin.waits.items()}
    return _outcome(dict(twin.counts), twin.person_days / 365, means)


def _outcome(totals: dict[str, float], years: float, waits: dict[str, float]) -> Outcome:
    totals["practice_appointments"] = sum(totals.get(name, 0.0) for name in _APPOINTMENTS)
    totals["outpatient_attendances"] = sum(totals.get(name, 0.0) for name in _OUTPATIENTS)
    return Outcome(
        person_years=years,
        rates={name: totals.get(name, 0.0) / years for name in (*RATES, *STAGES)},
        over_4_hours=totals.get("ae_over_4_hours", 0.0) / max(totals.get("ae_type1", 0.0), 1.0),
        waits={service: waits.get(service, np.nan) for service in SERVICES},
    )


def simulate_plainly(spec: RunSpec, world: World | None = None) -> Outcome:
    """Return what comes out of the plain twin."""
    return outcome_of_twin(PlainTwin(spec, world).run_to_end())


def simulate_fast(spec: RunSpec, world: World | None = None) -> Outcome:
    """Return what comes out of the fast model."""
    return outcome_of_model(CareModel(spec, world).run_to_end())
