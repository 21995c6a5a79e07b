"""Run folders with invented but plausible numbers, in the fixed record schema.

The results and the report are tested on these, so that they need no simulation. Nothing here
is evidence: rates are round numbers, and a design simply thins the baseline's own events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathways.vocabulary import ACTIVITY

CONDITIONS = {
    "hypertension": ("Hypertension", 55, 0.45),
    "type_2_diabetes": ("Type 2 diabetes", 62, 0.18),
    "ckd": ("Chronic kidney disease stage 3-5", 76, 0.25),
    "coronary_heart_disease": ("Coronary heart disease", 74, 0.2),
    "heart_failure": ("Heart failure", 82, 0.12),
    "atrial_fibrillation": ("Atrial fibrillation", 78, 0.16),
    "stroke_tia": ("Stroke or transient ischaemic attack", 78, 0.1),
    "peripheral_arterial_disease": ("Peripheral arterial disease", 78, 0.04),
    "copd": ("Chronic obstructive pulmonary disease", 70, 0.1),
    "asthma": ("Asthma", 10, 0.08),
    "depression": ("Depression", 25, 0.12),
    "anxiety": ("Anxiety", 25, 0.09),
    "smi": ("Severe mental illness", 30, 0.01),
    "dementia": ("Dementia", 86, 0.2),
    "learning_disability": ("Learning disability", 0, 0.01),
    "epilepsy": ("Epilepsy", 15, 0.01),
    "parkinsons": ("Parkinson's disease", 80, 0.02),
    "multiple_sclerosis": ("Multiple sclerosis", 45, 0.002),
    "chronic_pain": ("Chronic pain", 50, 0.12),
    "osteoarthritis": ("Osteoarthritis", 68, 0.25),
    "rheumatoid_arthritis": ("Rheumatoid arthritis", 60, 0.015),
    "osteoporosis": ("Osteoporosis", 78, 0.1),
    "cancer": ("Cancer (not non-melanoma skin)", 72, 0.12),
    "chronic_liver_disease": ("Chronic liver disease", 55, 0.01),
    "inflammatory_bowel_disease": ("Inflammatory bowel disease", 35, 0.008),
    "alcohol_problems": ("Alcohol problems", 40, 0.03),
    "thyroid_disorder": ("Thyroid disorder", 55, 0.06),
}
ETHNIC_GROUPS = ("asian", "black", "mixed", "white", "other")
LOCALITIES = ("north", "south")
# Activity per person-year at age 40 with no condition, and the factor for each condition.
RATES = {
    "gp_contacts_gp": (1.6, 1.3),
    "gp_contacts_nurse": (0.8, 1.35),
    "gp_contacts_other": (1.0, 1.3),
    "gp_unmet": (0.08, 1.1),
    "gp_dna": (0.15, 1.2),
    "pharmacy_contacts": (0.1, 1.1),
    "nhs111_calls": (0.3, 1.2),
    "ambulance_incidents": (0.06, 1.5),
    "ae_attendances": (0.3, 1.3),
    "emergency_admissions": (0.045, 1.55),
    "day_cases": (0.06, 1.4),
    "elective_admissions": (0.012, 1.4),
    "outpatient_first": (0.3, 1.35),
    "outpatient_follow_up": (0.55, 1.4),
    "outpatient_dna": (0.1, 1.3),
    "community_contacts": (0.08, 1.9),
    "urgent_response": (0.01, 1.6),
    "mental_health_contacts": (0.25, 1.25),
    "talking_therapy_contacts": (0.1, 1.1),
}
# What part of another count each of these is.
PARTS = {
    "ambulance_conveyed": ("ambulance_incidents", 0.55),
    "ae_type1": ("ae_attendances", 0.67),
    "ae_over_4_hours": ("ae_attendances", 0.25),
    "ae_over_12_hours": ("ae_attendances", 0.04),
    "ae_from_gp_wait": ("ae_attendances", 0.03),
    "avoidable_emergency_admissions": ("emergency_admissions", 0.19),
    "readmissions_30d": ("emergency_admissions", 0.138),
}
SERVICES = {
    ("gp", "gp"): (2.7, 1.0, 5.0),
    ("gp", "practice nurse"): (1.3, 0.9, 6.0),
    ("gp", "other direct patient care"): (1.9, 0.9, 5.0),
    ("ed", "majors"): (1.4, 0.85, 0.2),
    ("beds", "bed"): (15.4, 0.92, 0.15),
    ("mdt", "meeting"): (0.02, 0.88, 12.0),
    ("vcse", "link worker"): (0.3, 0.9, 5.0),
    ("outpatients", "clinic"): (1.6, 0.97, 98.0),
}
Counts = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    """What to write: size of the experiment and the designs in it."""

    population: int = 2000
    years: int = 3
    replications: int = 4
    designs: tuple[tuple[str, str], ...] = (("proactive-mltc", "published"),)
    avoided: float = 0.06
    place: str = "southwark"
    draws: int = 0


def write_fake_experiment(folder: Path, fake: Fake | None = None) -> Path:
    """Write an experiment folder with a baseline and the designs of ``fake``; return it."""
    fake = fake or Fake()
    arms = (("usual-care", "none"), *fake.designs)
    for design, effects in arms:
        for draw, replication in _luck(fake):
            write_fake_run(
                folder, fake, design=design, effects=effects, replication=replication, draw=draw
            )
    if fake.draws:
        folder.joinpath("draws.json").write_text(json.dumps(_drawn(fake)), encoding="utf-8")
    folder.joinpath("experiment.toml").write_text(_toml(fake), encoding="utf-8")
    folder.joinpath("manifest.json").write_text(
        json.dumps({"program_version": "0.0.0", "seed": 2025, "runs": []}), encoding="utf-8"
    )
    return folder


def _luck(fake: Fake) -> list[tuple[int, int]]:
    """Return draw and replication of every run: each draw, from 1, has luck of its own."""
    if not fake.draws:
        return [(0, replication) for replication in range(fake.replications)]
    return [
        (draw + 1, draw * fake.replications + replication)
        for draw in range(fake.draws)
        for replication in range(fake.replications)
    ]


def _drawn(fake: Fake) -> dict[str, object]:
    """Return ``draws.json``: here the price of an A&E attendance alone is drawn."""
    key = "unit_costs.ae_type1_attendance_2023_24.acute.2023/24"
    prices = {key: [200.0 + 10.0 * draw for draw in range(fake.draws)]}
    return {"about": "invented", "draws": fake.draws, "prices": prices, "runs": {}}


def _toml(fake: Fake) -> str:
    effects = ", ".join(f'"{name}"' for name in dict.fromkeys(e for _, e in fake.designs))
    designs = dict.fromkeys(["usual-care", *(name for name, _ in fake.designs)])
    uses = "\n".join(f'[[design]]\nuse = "{name}"\n' for name in designs)
    return (
        f'name = "fake"\nplace = "{fake.place}"\npopulation = {fake.population}\n'
        f"start = 2025-04-01\nyears = {fake.years}\nreplications = {fake.replications}\n"
        f"seed = 2025\neffects = [{effects}]\n"
        f'uncertainty = "{"psa" if fake.draws else "none"}"\ndraws = {fake.draws}\n'
        'baseline = "usual-care"\n'
        'main_measure = "emergency_admissions"\nsmallest_difference_that_matters = 0.01\n\n'
        f"{uses}"
    )


def run_folder(
    folder: Path, fake: Fake, *, design: str, effects: str, replication: int, draw: int = 0
) -> Path:
    """Return where one run of the experiment lives."""
    return (
        folder
        / "runs"
        / f"place={fake.place}"
        / f"design={design}"
        / f"effects={effects}"
        / f"draw={draw:04d}"
        / f"replication={replication:04d}"
    )


def write_fake_run(
    folder: Path, fake: Fake, *, design: str, effects: str, replication: int, draw: int = 0
) -> Path:
    """Write one complete run; the same replication holds the same people in every design."""
    to = run_folder(
        folder, fake, design=design, effects=effects, replication=replication, draw=draw
    )
    to.mkdir(parents=True, exist_ok=True)
    works = effects in ("plan", "published")
    avoided = fake.avoided * (2.0 if effects == "plan" else 1.0) if works else 0.0
    avoided *= 0.5 + draw / max(fake.draws, 1) if draw else 1.0
    people = _people(fake, replication, avoided=avoided, supported=design != "usual-care")
    people.to_parquet(to / "person_years.parquet", index=False)
    _series(fake, replication, avoided).to_parquet(to / "series.parquet", index=False)
    _waits(fake, replication, avoided).to_parquet(to / "waits.parquet", index=False)
    _evidence().to_csv(to / "evidence.csv", index=False)
    facts = _facts(fake, design=design, effects=effects, replication=replication)
    facts["draw"] = draw
    to.joinpath("run.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return to


def _people(fake: Fake, replication: int, *, avoided: float, supported: bool) -> pd.DataFrame:
    world = np.random.default_rng([7, replication])
    base = _residents(world, fake.population)
    years = [
        _year(base, year, np.random.default_rng([8, replication, year]), avoided, supported)
        for year in range(1, fake.years + 1)
    ]
    return pd.concat(years, ignore_index=True)


def _residents(world: np.random.Generator, n: int) -> dict[str, Counts]:
    age = np.clip(world.gamma(3.2, 12.0, n), 0, 99)
    return {
        "age": age,
        "sex": world.integers(0, 2, n),
        "imd": world.choice(5, n, p=[0.3, 0.3, 0.2, 0.12, 0.08]) + 1,
        "ethnicity": world.choice(5, n, p=[0.1, 0.25, 0.07, 0.51, 0.07]),
        "locality": world.integers(0, len(LOCALITIES), n),
        "practice": world.integers(0, 5, n),
        "onset": world.uniform(size=(n, len(CONDITIONS))),
        "lag": world.exponential(2.0, (n, len(CONDITIONS))),
        "death": world.exponential(1.0, n),
        "activation": world.uniform(1, 4, n),
        "isolated": world.uniform(size=n),
        "smoker": world.uniform(size=n),
    }


def _share_with(age: Counts, imd: Counts) -> Counts:
    """Return how likely each person is to have each condition by ``age``."""
    shift = (imd - 3.0) * 3.0
    columns = [
        top / (1.0 + np.exp(-(age - shift * -1.0 - mid) / 9.0)) * (1.3 - 0.1 * imd)
        for _, mid, top in CONDITIONS.values()
    ]
    return np.column_stack(columns)


def _bits(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    weights = np.uint32(1) << np.arange(flags.shape[1], dtype=np.uint32)
    packed: npt.NDArray[np.uint32] = (flags * weights).sum(axis=1).astype(np.uint32)
    return packed


def _dies_by(base: dict[str, Counts], year: float) -> Counts:
    """Return the integrated hazard of death from the start to the end of ``year``."""
    age, imd = base["age"], base["imd"]
    hazard = 2.5e-5 * np.exp(0.1 * age) * (1.45 - 0.15 * imd)
    total: Counts = hazard * np.expm1(0.1 * year) / 0.1
    return total


def _year(
    base: dict[str, Counts], year: int, luck: np.random.Generator, avoided: float, supported: bool
) -> pd.DataFrame:
    n = len(base["age"])
    u = {name: luck.uniform(size=n) for name in (*RATES, *PARTS, "stay", "stage", "home")}
    poisson = {name: luck.uniform(size=n) for name in RATES}
    fewer = 1.0 - 0.5 * avoided
    before = base["death"] <= _dies_by(base, year - 1) * fewer
    dies = (base["death"] <= _dies_by(base, year) * fewer) & ~before
    age_start = base["age"] + year - 1
    has = base["onset"] < _share_with(age_start, base["imd"])
    has_end = base["onset"] < _share_with(age_start + 1, base["imd"])
    known = has & (base["onset"] < _share_with(age_start - base["lag"].T[0], base["imd"]) * 0.9)
    known_end = has_end & (known | (base["lag"] < 1.0))
    count = has.sum(axis=1)
    days = np.where(dies, 365 * luck.uniform(size=n), 365.0)
    table = pd.DataFrame(
        {
            "person": np.arange(n),
            "year": np.int16(year),
            "days_alive": days.astype(np.float32),
            "died": dies,
            "died_at_home": dies & (u["home"] < 0.28),
            "age": age_start.astype(np.int16),
            "sex": base["sex"].astype(np.int8),
            "imd_quintile": base["imd"].astype(np.int8),
            "ethnicity": base["ethnicity"].astype(np.int8),
            "locality": base["locality"].astype(np.int16),
            "practice": base["practice"].astype(np.int16),
            "segment": np.select([count >= 4, count >= 1], [2, 1], 0).astype(np.int8),
            "care_home": (age_start > 80) & (base["isolated"] > 0.93),
            "frailty": np.clip((age_start - 55 + 4 * count) // 14, 0, 3).astype(np.int8),
            "smoker": (base["smoker"] < 0.2 - 0.025 * base["imd"]) & (age_start >= 16),
            "isolated": base["isolated"] < (0.08 if not supported else 0.08 - 0.02 * avoided),
            "activation": base["activation"].astype(np.float32),
            "conditions": _bits(has),
            "conditions_end": _bits(has_end),
            "diagnosed": _bits(known),
            "diagnosed_end": _bits(known_end),
            "controlled": _bits(known_end & (base["onset"] * 7 % 1 < 0.6)),
            "onsets": (has_end & ~has).sum(axis=1).astype(np.int16),
        }
    )
    eligible = supported & (known.sum(axis=1) >= 2)
    reached = (u["stage"] < np.array([1.0, 0.8, 0.56, 0.5, 0.45])[:, None]) & eligible
    table["stages"] = (reached * np.array([1, 2, 4, 8, 16])[:, None]).sum(axis=0).astype(np.uint8)
    table["supported_at_end"] = reached[4] & (u["stage"] < 0.33) & ~dies
    table["days_supported"] = np.where(reached[4], days * 0.8, 0).astype(np.float32)
    _activity(table, count, u, poisson, avoided, reached)
    return table[~before].reset_index(drop=True)


def _activity(
    table: pd.DataFrame,
    count: Counts,
    u: dict[str, Counts],
    poisson: dict[str, Counts],
    avoided: float,
    reached: npt.NDArray[np.bool_],
) -> None:
    """Add a column for every activity; a design removes some hospital use of those it reaches."""
    age_factor = np.exp(0.012 * (table["age"].to_numpy() - 40.0))
    lived = table["days_alive"].to_numpy() / 365.0
    poor = 1.0 + 0.06 * (3 - table["imd_quintile"].to_numpy())
    for name in ACTIVITY:
        table[name] = np.float32(0)
    for name, (rate, factor) in RATES.items():
        mean = np.minimum(rate * age_factor * factor**count * lived * poor, 30.0)
        events = _poisson(poisson[name], mean)
        if name in ("ae_attendances", "emergency_admissions"):
            events = np.where(u[name] < avoided * 3 * reached[4], 0, events)
        table[name] = events.astype(np.float32)
    for name, (whole, share) in PARTS.items():
        part = np.floor(table[whole] * share + u[name]).clip(upper=table[whole])
        table[name] = part.astype(np.float32)
    stay = -np.log(u["stay"]) * 5.0
    table["emergency_bed_days"] = (table["emergency_admissions"] * stay).astype(np.float32)
    table["discharge_delay_days"] = (table["emergency_bed_days"] * 0.13).astype(np.float32)
    table["elective_bed_days"] = (table["elective_admissions"] * 3.0).astype(np.float32)
    table["prescription_items"] = (lived * 6.0 * (1 + 2 * count)).astype(np.float32)
    table["care_home_admissions"] = ((table["age"] > 80) & (u["stay"] < 0.03)).astype(np.float32)
    table["virtual_ward_days"] = (table["emergency_admissions"] > 2).astype(np.float32) * 7
    table["assessments"] = reached[3].astype(np.float32)
    table["mdt_reviews"] = (reached[4] & (u["stage"] < 0.15)).astype(np.float32)
    table["coordinator_contacts"] = reached[4].astype(np.float32) * 6
    table["vcse_contacts"] = (reached[4] & (u["stage"] < 0.2)).astype(np.float32) * 5
    table["vcse_group_sessions"] = (reached[4] & (u["stage"] < 0.1)).astype(np.float32) * 10


def _poisson(uniform: Counts, mean: Counts) -> Counts:
    """Return Poisson counts by inversion, so that a lower mean never adds an event."""
    counts = np.zeros(len(mean))
    term = np.exp(-mean)
    total = term.copy()
    for k in range(1, 60):
        more = uniform > total
        if not more.any():
            break
        counts += more
        term = term * mean / k
        total = total + term
    return counts


def _series(fake: Fake, replication: int, avoided: float) -> pd.DataFrame:
    luck = np.random.default_rng([9, replication])
    rows = []
    for month in range(12 * fake.years):
        for (service, role), (per_head, use, _) in SERVICES.items():
            capacity = per_head * fake.population / 12
            wanted = capacity * use * (1 - avoided / 2) * luck.uniform(0.95, 1.05)
            served = min(wanted, capacity)
            values = {
                "capacity": capacity,
                "used": served,
                "arrivals": wanted,
                "served": served,
                "turned_away": max(wanted - capacity, 0.0),
                "gave_up": wanted * 0.01,
                "queue_end": wanted * 0.2,
            }
            rows += [(month, service, role, metric, value) for metric, value in values.items()]
    table = pd.DataFrame(rows, columns=["month", "service", "role", "metric", "value"])
    return table.astype({"month": np.int16})


def _waits(fake: Fake, replication: int, avoided: float) -> pd.DataFrame:
    luck = np.random.default_rng([10, replication])
    mean_by_service = {service: wait for (service, _), (_, _, wait) in SERVICES.items()}
    parts = []
    for service, mean in mean_by_service.items():
        for year in range(1, fake.years + 1):
            for imd in range(1, 6):
                days = luck.exponential(mean * (1 - avoided) * (1.1 - 0.02 * imd), 60)
                steps, counts = np.unique(np.round(days * 96) / 96, return_counts=True)
                parts.append(
                    pd.DataFrame(
                        {
                            "service": service,
                            "year": np.int16(year),
                            "imd_quintile": np.int8(imd),
                            "wait_days": steps.astype(np.float32),
                            "count": counts.astype(np.int32),
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)


def _evidence() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": ["baseline_demand.emergency_admissions.intercept", "mechanisms.unmet_to_ed"],
            "value": [-2.9, 0.1],
            "low": [-3.0, 0.05],
            "high": [-2.8, 0.2],
            "unit": ["log rate", "share"],
            "source": ["invented", "invented"],
            "basis": ["assumption", "assumption"],
        }
    )


def _facts(fake: Fake, *, design: str, effects: str, replication: int) -> dict[str, object]:
    costs = [
        {
            "line": "care coordinators",
            "kind": "recurrent",
            "payer": "NHS",
            "setting": "neighbourhood team",
            "role": "care coordinator",
            "fte": fake.population / 10000,
            "amount": 5.0 * fake.population,
            "unit": "GBP per year",
            "price_year": "2022/23",
            "first_year": 1,
            "evidence_key": "unit_costs.care_coordinator_year",
        },
        {
            "line": "set-up and training",
            "kind": "non_recurrent",
            "payer": "NHS",
            "setting": "neighbourhood team",
            "role": "",
            "fte": 0.0,
            "amount": 1.0 * fake.population,
            "unit": "GBP once",
            "price_year": "2023/24",
            "first_year": 1,
            "evidence_key": "",
        },
        {
            "line": "holistic assessments",
            "kind": "recurrent",
            "payer": "NHS",
            "setting": "neighbourhood team",
            "role": "",
            "fte": 0.0,
            "amount": 120.0,
            "unit": "GBP per assessments",
            "price_year": "2022/23",
            "first_year": 1,
            "evidence_key": "unit_costs.care_plan_and_holistic_review",
        },
    ]
    return {
        "place": fake.place,
        "place_name": fake.place.title(),
        "design": design,
        "design_title": design.replace("-", " ").capitalize(),
        "effects": effects,
        "baseline": design == "usual-care",
        "draw": 0,
        "replication": replication,
        "seed": 2025,
        "population": fake.population,
        "place_population": 10 * fake.population,
        "scale": 10.0,
        "years": fake.years,
        "start": "2025-04-01",
        "conditions": list(CONDITIONS),
        "condition_names": [name for name, _, _ in CONDITIONS.values()],
        "ethnic_groups": list(ETHNIC_GROUPS),
        "localities": list(LOCALITIES),
        "practices": 5,
        "design_costs": [] if design == "usual-care" else costs,
        "checks": {"people_conserved": True},
        "seconds": 1.0,
        "program_version": "0.0.0",
        "status": "complete",
    }
