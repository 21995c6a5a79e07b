"""How waits answer to a tenth less and a tenth more demand.

``python -m benchmarks.response_to_demand [PEOPLE [PLACE]]`` prints the table. The same people
ask for everything 0.9, 1 and 1.1 times as often while capacity stays; the table sets what
happens to waits beside that of ``calibration/evidence/care_closure.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from pathlib import Path

import numpy as np
import pandas as pd

import calibration
from agents.evidence import Evidence
from experiments.designs import load_design
from experiments.places import load_place
from pathways.rates import TABLE
from sim.model import simulate
from sim.recording import RunRecord
from sim.spec import RunSpec
from sim.world import replaced_numbers

FOLDER = Path(calibration.__file__).parent
FACTORS = (0.9, 1.0, 1.1)
# Measure: the closure's figures at each of FACTORS (the emergency department of type 1).
CLOSURE: dict[str, tuple[float, float, float]] = {
    "practice: share turned away or gave up": (0.002, 0.017, 0.097),
    "type 1 within 4 hours": (0.78, 0.74, 0.63),
    "type 1 over 12 hours": (0.01, 0.04, 0.14),
    "emergency beds in use": (0.87, 0.92, 0.99),
    "team meeting: mean weeks to discussion": (1.3, 1.7, 4.0),
    "link workers: mean weeks in queue": (0.6, 0.7, 1.3),
    "district nurses in use": (0.80, 0.89, 0.98),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of a run that the measures are made of."""

    record: RunRecord

    def activity(self, name: str) -> float:
        """Return a year's count of an activity."""
        return float(sum(year[name].sum() for year in self.record.person_years))

    def series(self, service: str, role: str, metric: str) -> float:
        """Return the sum of a counter."""
        table = pd.concat([pd.DataFrame(month) for month in self.record.series])
        mine = table[(table["service"] == service) & (table["metric"] == metric)]
        return float(mine[mine["role"] == role]["value"].sum())

    def mean_wait(self, service: str) -> float:
        """Return the mean wait in days."""
        table = pd.concat([pd.DataFrame(part) for part in self.record.waits])
        mine = table[table["service"] == service]
        return float(np.average(mine["wait_days"], weights=mine["count"])) if len(mine) else 0.0

    def measures(self) -> dict[str, float]:
        """Return the measures of ``CLOSURE``."""
        type_1 = self.activity("ae_type1")
        beds = self.series("beds", "emergency", "used")
        nurses = self.series("community_nursing", "all", "used")
        return {
            "practice: share turned away or gave up": self.activity("gp_unmet")
            / self.series("gp", "all", "arrivals"),
            "type 1 within 4 hours": 1.0 - self.activity("ae_over_4_hours") / type_1,
            "type 1 over 12 hours": self.activity("ae_over_12_hours") / type_1,
            "emergency beds in use": beds / self.series("beds", "emergency", "capacity"),
            "team meeting: mean weeks to discussion": self.mean_wait("mdt") / 7.0,
            "link workers: mean weeks in queue": self.mean_wait("vcse") / 7.0,
            "district nurses in use": nurses / self.series("community_nursing", "all", "capacity"),
        }


def spec_of(factor: float, population: int, place: str, seed: int = 1) -> RunSpec:
    """Return a year in which every process of the demand table has ``factor`` times its rate."""
    parameters = FOLDER / "parameters" / "default"
    evidence = Evidence(FOLDER / "evidence", replaced_numbers(parameters, {}))
    figures = evidence.figures(TABLE, term="intercept")
    return RunSpec(
        place=load_place(place, evidence),
        design=load_design("usual-care", evidence),
        effects="none",
        population=population,
        start=date(2025, 4, 1),
        years=1,
        seed=seed,
        replication=0,
        evidence=FOLDER / "evidence",
        parameters=parameters,
        replaced={figure.key: figure.value + log(factor) for figure in figures},
    )


def response(population: int, place: str, seeds: Sequence[int] = (1,)) -> pd.DataFrame:
    """Return a row for each measure: simulated (mean of seeds) and published, by ``FACTORS``."""
    runs = {one: _mean_measures(one, population, place, seeds) for one in FACTORS}
    rows = [
        {
            "measure": name,
            **{f"x{one:g}": runs[one][name] for one in FACTORS},
            **{f"closure x{one:g}": told[place] for place, one in enumerate(FACTORS)},
        }
        for name, told in CLOSURE.items()
    ]
    return pd.DataFrame(rows)


def _mean_measures(
    factor: float, population: int, place: str, seeds: Sequence[int]
) -> dict[str, float]:
    specs = [spec_of(factor, population, place, seed) for seed in seeds]
    found = [Figures(simulate(spec)).measures() for spec in specs]
    return {name: float(np.mean([one[name] for one in found])) for name in CLOSURE}


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    where = sys.argv[2] if len(sys.argv) > 2 else "england"
    table = response(size, where).to_string(index=False, float_format=lambda value: f"{value:.3f}")
    sys.stdout.write(table + "\n")
