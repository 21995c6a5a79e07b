"""England in small: people of mixed age, illness and frailty who come to hospital by chance.

``python tests/hospital_world.py`` prints the closure figures beside care_closure.md.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import simpy

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from agents.evidence import Evidence  # noqa: E402
from agents.luck import Luck  # noqa: E402
from agents.population import DAYS_PER_YEAR, FRAILTY, Floats, Population  # noqa: E402
from pathways.calendar import YEAR  # noqa: E402
from pathways.hospital import Hospital  # noqa: E402
from pathways.ledger import Ledger  # noqa: E402
from pathways.pools import ADMITTED, Capacity  # noqa: E402
from pathways.stays import AGE_BANDS, LTC_COUNTS  # noqa: E402
from pathways.visits import Arriving  # noqa: E402

ENGLAND = Capacity(beds=15.4, majors=1.4, minors=0.6)
WARM_UP = 60
# Some admissions fall on people who are in hospital already and do not happen.
DROPPED = 1.01
# Rough shares of England: people by age band, and conditions and frailty within it.
PEOPLE = np.array([0.055, 0.130, 0.375, 0.260, 0.096, 0.061, 0.023])
FIRST_AGE = np.array([0.0, 5.0, 16.0, 45.0, 65.0, 75.0, 85.0])
LAST_AGE = np.array([5.0, 16.0, 45.0, 65.0, 75.0, 85.0, 97.0])
MEAN_LTCS = np.array([0.05, 0.15, 0.5, 1.3, 2.1, 2.9, 3.5])
FRAIL = np.array(
    [
        [1.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0],
        [0.985, 0.014, 0.001, 0.0],
        [0.90, 0.086, 0.012, 0.002],
        [0.71, 0.23, 0.05, 0.01],
        [0.43, 0.38, 0.15, 0.04],
        [0.17, 0.42, 0.29, 0.12],
    ]
)


def evidence() -> Evidence:
    return Evidence(ROOT / "calibration" / "evidence")


def people(n: int, seed: int = 1) -> Population:
    """Return ``n`` residents of England's mix, with ten nameless conditions."""
    dice = np.random.default_rng(seed)
    band = dice.choice(len(PEOPLE), n, p=PEOPLE / PEOPLE.sum())
    age = FIRST_AGE[band] + dice.random(n) * (LAST_AGE - FIRST_AGE)[band]
    has = dice.random((n, 10)) < (MEAN_LTCS / 10)[band][:, None]
    frailty = (dice.random(n)[:, None] > np.cumsum(FRAIL, axis=1)[band]).sum(axis=1)
    columns = {
        "conditions": tuple(f"condition {i}" for i in range(10)),
        "vulnerabilities": (),
        "ethnic_groups": ("all",),
        "person": np.arange(n),
        "birth_day": -age * DAYS_PER_YEAR,
        "frailty": np.minimum(frailty, 3).astype(np.int8),
        "has": has,
        "practice": (np.arange(n) * 6 // n).astype(np.int32),
        "exit_day": np.full(n, np.inf),
        "alive": np.ones(n, bool),
    }
    for column in fields(Population):
        if column.name not in columns and column.name not in ("localities", "extra"):
            columns[column.name] = np.zeros(n)
    return Population(**columns)


def admission_weights(population: Population, known: Evidence) -> Floats:
    """Return each person's share of emergency admissions."""
    log = np.zeros(len(population))
    age = np.searchsorted(FIRST_AGE[1:], population.age(0.0), side="right")
    levels = {
        "age_band": (AGE_BANDS, age),
        "ltc_count": (LTC_COUNTS, np.minimum(population.ltc_count(), 4)),
        "frailty": (FRAILTY, population.frailty),
    }
    for term, (names, level) in levels.items():
        rows = {
            row["level"]: float(row["coefficient"])
            for row in known.rows("baseline_demand", service="emergency_admission", term=term)
        }
        log += np.array([rows[name] for name in names])[level]
    weights: Floats = np.exp(log) / np.exp(log).sum()
    return weights


@dataclass
class World:
    """A hospital fed by chance, day by day."""

    n: int = 50_000
    demand: float = 1.0
    seed: int = 1
    years: float = 1.0
    settings: dict[str, float] | None = None
    capacity: Capacity = ENGLAND

    def __post_init__(self) -> None:
        self.env = simpy.Environment(initial_time=-WARM_UP)
        self.known = evidence()
        self.population = people(self.n)
        self.ledger = Ledger(len(self.population))
        self.luck = Luck(self.seed)
        self.hospital = Hospital(
            self.env, self.population, self.known, self.luck, self.ledger,
            residents=self.n, capacity=self.capacity, settings=self.settings,
        )  # fmt: skip
        self.dice = np.random.default_rng([self.seed, 7])
        self.weights = np.cumsum(admission_weights(self.population, self.known))
        share = self.hospital.settings["readmission.share"]
        self.rates = {
            kind: rate * self.demand * ((1.0 - share) * DROPPED if kind >= ADMITTED else 1.0)
            for kind, rate in self.hospital.rates.by_kind().items()
        }
        self.midnight: list[float] = []
        self.escalated: list[float] = []
        self.waiting: list[int] = []

    def arriving(self, day: int) -> Arriving:
        counts = [self.dice.poisson(rate * self.n / YEAR) for rate in self.rates.values()]
        kinds = np.repeat(np.array(list(self.rates), np.int8), counts)
        u = self.dice.random(len(kinds))
        rows = np.where(
            kinds >= ADMITTED, np.searchsorted(self.weights, u), (u * self.n).astype(np.int64)
        )
        rows = np.minimum(rows, self.n - 1)
        keys = self.dice.integers(0, 2**63, len(kinds)).astype(np.uint64)
        times = day + self.hospital.stays.arrival_times(keys)
        return Arriving(
            rows=rows, times=times, keys=keys, kinds=kinds, avoidable=np.zeros(len(kinds), bool)
        )

    def run(self) -> World:
        began = time.perf_counter()
        for day in range(-WARM_UP, int(self.years * YEAR)):
            if day == 0:
                self.hospital.settle()
                self.ledger.on = True
                self.extra = sum(site.beds.escalated_time() for site in self.hospital.sites)
            self.hospital.receive(day, self.arriving(day))
            self.env.run(until=day + 1)
            if day >= 0:
                self.look()
        self.hospital.settle()
        self.seconds = time.perf_counter() - began
        return self

    def look(self) -> None:
        """Note the beds at midnight."""
        size = self.hospital.settings["beds.pool_size"]
        for site in self.hospital.sites:
            self.midnight.append(site.beds.in_use / size)
            self.waiting.append(site.beds.waiting)
            self.escalated.append(site.beds.capacity > site.beds.core)

    def figures(self) -> dict[str, float]:
        """Return the closure figures, rates per head and year."""
        total = {name: float(column.sum()) for name, column in self.ledger.activity.items()}
        waits = self.ledger.take_waits()
        ed, boarding = waits["ed"][1] * 24, waits["beds"][1] * 24
        heads = self.n * self.years
        tallies = self.ledger.tallies
        extra = sum(site.beds.escalated_time() for site in self.hospital.sites) - self.extra
        use = {
            name: tallies[(service, name, "used")] / tallies[(service, name, "capacity")]
            for service, name in (("ed", "majors"), ("ed", "minors"), ("beds", "emergency"))
        }
        return {
            "ae per head": total["ae_attendances"] / heads,
            "type 1 per head": total["ae_type1"] / heads,
            "admissions per head": total["emergency_admissions"] / heads,
            "bed days per head": total["emergency_bed_days"] / heads,
            "delay days per head": total["discharge_delay_days"] / heads,
            "readmitted": total["readmissions_30d"] / total["emergency_admissions"],
            "within 4 h": 1 - total["ae_over_4_hours"] / total["ae_type1"],
            "over 12 h": total["ae_over_12_hours"] / total["ae_type1"],
            "left unseen": tallies["ed", "all", "gave_up"] / total["ae_type1"],
            "median ED h": float(np.median(ed)),
            "mean boarding h": float(boarding.mean()),
            "boarding over 4 h": float((boarding > 4).mean()),
            "midnight occupancy": float(np.mean(self.midnight)),
            "midnight waiting": float(np.mean(self.waiting)),
            "escalated share of nights": float(np.mean(self.escalated)),
            "escalation bed-days a year": extra / self.years,
            **{f"use of {name}": value for name, value in use.items()},
            "seconds": self.seconds,
        }


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[1:]] or [50_000]
    for n in sizes:
        for demand in (0.9, 1.0, 1.1):
            world = World(n=n, demand=demand, years=4).run()
            sys.stdout.write(f"{n} people, demand {demand}: {world.hospital.check()}\n")
            for name, value in world.figures().items():
                sys.stdout.write(f"    {name:28s} {value:8.3f}\n")
