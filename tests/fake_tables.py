"""Tables of an experiment with invented numbers, for the tests of figures and report.

Columns follow the contract; numbers are round and mean nothing.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PEOPLE = 320_000.0
RATES = {  # per 1,000 people and year, relative difference of design A
    "ltc_onsets": (64.0, -0.02),
    "deaths": (7.1, -0.01),
    "emergency_admissions": (102.0, -0.03),
    "people_admitted": (65.0, -0.025),
    "bed_days": (454.0, -0.03),
    "ae_attendances": (474.0, -0.005),
    "outpatient_follow_up": (1000.0, -0.03),
    "elective_admissions": (25.0, 0.0),
    "gp_contacts": (4730.0, 0.03),
    "gp_unmet": (80.0, 0.04),
    "treatment_burden": (6120.0, 0.035),
    "qalys": (820.0, 0.0005),
    "total_cost": (1_600_000.0, 0.002),
}
TITLES = (
    "Proactive + link workers",
    "Complex care team",
    "Home-first urgent care",
    *(f"Design number {number}" for number in range(5, 10)),
)
NAMES = (
    "proactive-mltc",
    "more-vcse",
    "complex-care",
    "home-first",
    *(f"design-{number}" for number in range(5, 10)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTables:
    """What the invented experiment holds."""

    designs: int = 1
    years: int = 10
    replications: int = 20
    readings: tuple[str, ...] = ("published",)
    strength: float = 1.0
    title: str = "Proactive pathway"
    uncertainty: str = "none"


def write_fake_tables(folder: Path, fake: FakeTables | None = None) -> Path:
    """Write experiment.toml, manifest.json, one run.json a design and every table."""
    fake = fake or FakeTables()
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    names = NAMES[: fake.designs]
    _write_facts(folder, fake, names)
    for name, table in _tables(fake, names).items():
        if name != "evidence":
            table.insert(0, "place", "southwark")
        table.to_csv(tables / f"{name}.csv", index=False)
    return folder


def _write_facts(folder: Path, fake: FakeTables, names: tuple[str, ...]) -> None:
    designs = "".join(f'[[design]]\nuse = "{n}"\nname = "{n}"\n' for n in ("usual-care", *names))
    folder.joinpath("experiment.toml").write_text(
        f'name = "fake"\ntitle = ""\nplace = "southwark"\npopulation = 50000\n'
        f"start = 2025-04-01\nyears = {fake.years}\nreplications = {fake.replications}\n"
        f'seed = 2025\neffects = {list(fake.readings)}\nuncertainty = "{fake.uncertainty}"\n'
        'baseline = "usual-care"\nmain_measure = "emergency_admissions"\n'
        f"smallest_difference_that_matters = 0.01\n{designs}",
        encoding="utf-8",
    )
    folder.joinpath("manifest.json").write_text(
        json.dumps({"program_version": "0.1.0", "seed": 2025, "start": "2026-01-01T00:00:00"}),
        encoding="utf-8",
    )
    for number, name in enumerate(("usual-care", *names)):
        title = ("Usual care", fake.title, *TITLES)[number]
        effects = "published" if number else "none"
        to = folder / "runs" / "place=southwark" / f"design={name}" / f"effects={effects}"
        record = to / "draw=0000" / "replication=0000"
        record.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(_evidence()).to_csv(record / "evidence.csv", index=False)
        record.joinpath("run.json").write_text(
            json.dumps(
                {
                    "place_name": "Southwark",
                    "design_title": title,
                    "population": 50000,
                    "place_population": PEOPLE,
                    "program_version": "0.1.0",
                }
            ),
            encoding="utf-8",
        )


def _arms(fake: FakeTables, names: tuple[str, ...]) -> list[tuple[str, str, float]]:
    size = {"published": 1.0, "plan": 4.0, "null": 0.0, "inert": 0.0}
    return [
        (name, reading, size[reading] * (1 + 0.4 * number) * fake.strength)
        for number, name in enumerate(names)
        for reading in fake.readings
    ]


def _tables(fake: FakeTables, names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    arms = _arms(fake, names)
    return {
        "outcomes": pd.DataFrame(_outcomes(fake, arms)),
        "comparison": pd.DataFrame(_comparison(fake, arms)),
        "inequality": pd.DataFrame(_inequality(fake, arms)),
        "costs": pd.DataFrame(_costs(fake, arms)),
        "value": pd.DataFrame(_value(fake, arms)),
        "resources": pd.DataFrame(_resources(fake, arms)),
        "stages": pd.DataFrame(_stages(fake, arms)),
        "checks": pd.DataFrame(_checks()),
        "evidence": pd.DataFrame(_evidence()),
    }


def _cells(fake: FakeTables) -> list[tuple[str, str, str, float, float, float]]:
    """Group, thousands of person-years, tilt of the rate, and how strongly designs act there."""
    thousands = PEOPLE / 1000
    cells = [("all", "all", "all", fake.years * thousands, 1.0, 1.0)]
    cells += [
        ("all", "all", str(y), thousands, 1.0, min(1.0, y / 4)) for y in range(1, fake.years + 1)
    ]
    cells += [
        ("imd_quintile", str(q), "all", fake.years * thousands / 5, 1.3 - 0.1 * q, 1.6 - 0.2 * q)
        for q in range(1, 6)
    ]
    return cells


def _outcomes(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    return [
        {
            "design": design,
            "effects": effects,
            "measure": measure,
            "unit": "count",
            "group_by": group_by,
            "group": group,
            "year": year,
            "discounted": "no",
            "replications": fake.replications,
            "interval_kind": "chance",
            "mean": rate * tilt * thousands * (1 + change * size),
            "low": rate * tilt * thousands * (0.99 + change * size),
            "high": rate * tilt * thousands * (1.01 + change * size),
            "per_1000": rate * tilt * (1 + change * size),
            "per_1000_low": rate * tilt * (0.99 + change * size),
            "per_1000_high": rate * tilt * (1.01 + change * size),
        }
        for design, effects, size in [("usual-care", "none", 0.0), *arms]
        for measure, (rate, change) in RATES.items()
        for group_by, group, year, thousands, tilt, _ in _cells(fake)
    ]


def _comparison(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    rows = []
    for design, effects, size in arms:
        for measure, (rate, change) in RATES.items():
            for group_by, group, year, thousands, tilt, here in _cells(fake):
                base = rate * tilt
                mean, half = base * change * size * here, base * 0.012
                rows.append(
                    {
                        "design": design,
                        "effects": effects,
                        "measure": measure,
                        "unit": "count",
                        "group_by": group_by,
                        "group": group,
                        "year": year,
                        "discounted": "no",
                        "replications": fake.replications,
                        "interval_kind": "chance",
                        "mean": (base + mean) * thousands,
                        "baseline": "usual-care",
                        "baseline_mean": base * thousands,
                        "difference": mean * thousands,
                        "difference_low": (mean - half) * thousands,
                        "difference_high": (mean + half) * thousands,
                        "low50": (mean - half / 3) * thousands,
                        "high50": (mean + half / 3) * thousands,
                        "relative_difference": mean / base,
                        "baseline_per_1000": base,
                        "difference_per_1000": mean,
                        "difference_per_1000_low": mean - half,
                        "difference_per_1000_high": mean + half,
                    }
                )
    return [_per_person(row) if row["measure"] == "treatment_burden" else row for row in rows]


def _per_person(row: dict[str, object]) -> dict[str, object]:
    """Turn a count's row into that of a measure which is a rate per person-year itself."""
    keys = {"baseline_mean": "baseline_per_1000", "difference": "difference_per_1000"}
    keys |= {f"difference_{end}": f"difference_per_1000_{end}" for end in ("low", "high")}
    levels = {key: float(str(row[rate])) / 1000 for key, rate in keys.items()}
    return row | levels | dict.fromkeys(keys.values(), np.nan)


def _inequality(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    levels = {"absolute_gap": 60.0, "relative_gap": 1.8, "sii": 70.0, "rii": 1.9}
    return [
        {
            "design": design,
            "effects": effects,
            "measure": measure,
            "index": index,
            "standardised": standardised,
            "year": "all",
            "replications": fake.replications,
            "mean": level * (1 - 0.02 * size),
            "low": level * (0.98 - 0.02 * size),
            "high": level * (1.02 - 0.02 * size),
            "baseline_mean": level,
            "difference": -0.02 * size * level,
            "difference_low": level * (-0.02 * size - 0.015),
            "difference_high": level * (-0.02 * size + 0.015),
        }
        for design, effects, size in arms
        for measure in ("emergency_admissions", "qalys")
        for standardised in ("yes", "no")
        for index, level in levels.items()
    ]


def _costs(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    lines = {
        "activity_avoided": 6.9e6,
        "stranded": 4.6e6,
        "reinvested": 9.9e6,
    }
    rows = []
    years = ["all", *map(str, range(1, fake.years + 1))]
    for design, effects, size in arms:
        for year in years:
            share = 1.0 if year == "all" else 1.0 / fake.years
            values = {n: v * share * (1 if n == "reinvested" else size) for n, v in lines.items()}
            values["net_cash"] = (
                values["activity_avoided"] - values["stranded"] - values["reinvested"]
            )
            if year != "all":
                values["net_cash_cumulative"] = values["net_cash"] * int(year)
            for line, value in values.items():
                rows.append(
                    {
                        "design": design,
                        "effects": effects,
                        "payer": "all",
                        "setting": "all",
                        "line": line,
                        "year": year,
                        "price_year": "2023/24",
                        "discounted": "yes",
                        "replications": fake.replications,
                        "mean": value,
                        "low": value - 1.2e6 * share,
                        "high": value + 1.2e6 * share,
                    }
                )
    return rows


def _value(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    items = {
        ("incremental_qalys", math.nan): (260.0, 90.0),
        ("incremental_cost", math.nan): (7e6, 1e6),
        ("net_health_benefit", 20_000.0): (-90.0, 70.0),
        ("cash_back_per_pound", math.nan): (0.23, 0.05),
    }
    return [
        {
            "design": design,
            "effects": effects,
            "item": item,
            "unit": "",
            "threshold": threshold,
            "group_by": "all",
            "group": "all",
            "replications": fake.replications,
            "interval_kind": "chance",
            "mean": mean * size,
            "low": mean * size - half,
            "high": mean * size + half,
        }
        for design, effects, size in arms
        for (item, threshold), (mean, half) in items.items()
    ]


SERVICES = {"gp": 0.97, "ed": 0.84, "beds": 0.92, "mdt": 0.86, "vcse": 0.85, "outpatients": 0.97}
WAITS = {"gp": 6.0, "ed": 0.15, "beds": 0.15, "mdt": 12.0, "vcse": 5.0, "outpatients": 98.0}


def _resources(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    rows = []
    for design, effects, size in [("usual-care", "none", 0.0), *arms]:
        for service, used in SERVICES.items():
            for year in ["all", *map(str, range(1, fake.years + 1))]:
                busy = 1 + (0.2 if service == "mdt" else 0.01) * size
                wait = WAITS[service] * busy**3
                rows.append(
                    {
                        "design": design,
                        "effects": effects,
                        "service": service,
                        "role": "all",
                        "group_by": "all",
                        "group": "all",
                        "year": year,
                        "capacity": 1000.0,
                        "utilisation": used * busy,
                        "utilisation_low": used * busy - 0.02,
                        "utilisation_high": used * busy + 0.02,
                        "mean_wait_days": wait * 1.2,
                        "median_wait_days": wait,
                        "median_wait_days_low": wait * 0.95,
                        "median_wait_days_high": wait * 1.05,
                        "p90_wait_days": wait * 2.6,
                        "p90_wait_days_low": wait * 2.4,
                        "p90_wait_days_high": wait * 2.8,
                        "queue_end": 100.0,
                        "turned_away": 0.0,
                    }
                )
    return rows


GROUPS = [("all", "all"), *(("imd_quintile", str(q)) for q in range(1, 6))]


def _stages(fake: FakeTables, arms: list[tuple[str, str, float]]) -> list[dict[str, object]]:
    per_1000 = {
        "eligible": 150.0,
        "invited": 61.0,
        "accepted": 40.0,
        "assessed": 31.0,
        "supported": 24.0,
        "still_supported_a_year_later": 15.0,
    }
    rows = []
    for design, effects, _ in arms:
        number = NAMES.index(design)
        for stage, people in per_1000.items():
            for year in range(1, fake.years + 1):
                for group_by, group in [
                    ("all", "all"),
                    *(("imd_quintile", str(q)) for q in range(1, 6)),
                ]:
                    share = 1.0 if group_by == "all" else 0.2 * (0.85 + 0.05 * int(group))
                    level = people * (1 - 0.1 * number)
                    mean = level * PEOPLE / 1000 * share
                    rows.append(
                        {
                            "design": design,
                            "effects": effects,
                            "stage": stage,
                            "group_by": group_by,
                            "group": group,
                            "year": year,
                            "replications": fake.replications,
                            "mean": mean,
                            "low": mean * 0.94,
                            "high": mean * 1.06,
                            "per_1000": level * share * (5.0 if group_by != "all" else 1.0),
                            "per_1000_low": level * 0.94,
                            "per_1000_high": level * 1.06,
                        }
                    )
    return rows


def _checks() -> list[dict[str, object]]:
    ratios = [
        ("emergency_admissions", "calibrate", 1.00),
        ("ae_attendances", "calibrate", 1.02),
        ("admissions_by_2plus", "holdout", 0.94),
        ("ed_within_4_hours", "check", 1.12),
    ]
    return [
        {
            "design": "usual-care",
            "effects": "none",
            "check": name,
            "unit": "per head",
            "role": role,
            "published": 0.5,
            "published_place": "England",
            "source": "invented",
            "standardised": standardised,
            "mean": ratio * 0.5,
            "low": (ratio - 0.03) * 0.5,
            "high": (ratio + 0.03) * 0.5,
        }
        for name, role, ratio in ratios
        for standardised in ("no", "yes")
    ]


def _evidence() -> list[dict[str, object]]:
    rate = {"key": "results_settings.discount_rate_costs", "value": 0.035, "basis": "read"}
    return [rate] + [
        {
            "key": f"intervention_effects.E{97 + number:03d}",
            "value": float(np.round(0.9 + number / 100, 2)),
            "low": 0.8,
            "high": 1.1,
            "unit": "ratio",
            "source": "invented",
            "basis": basis,
        }
        for number, basis in enumerate(("read", "recalled", "derived", "assumption"))
    ]
