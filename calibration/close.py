"""Solve the level of every service again, so that a simulated England uses what is published.

The demand table's ratios are kept. Its intercepts were solved on a population with other
numbers of conditions and other frailty than ours; here each is moved until the mean over the
simulated people is the table's ``england_mean``. The result is a table of numbers by evidence
key, which a parameter set stores as ``demand.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.luck import Luck
from agents.place import Place
from agents.population import FRAILTY, Population
from agents.synthesis import synthesise
from agents.traits import settle_traits
from pathways import rates

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FILE = "demand.json"
DIGITS = 4  # of a log rate: a hundredth of a per cent


def people_of(
    place: Place, n_people: int, *, luck: Luck, evidence: Evidence, tables: DiseaseTables
) -> Population:
    """Return residents of ``place`` on day 0, with the conditions and frailty of a life lived."""
    population = synthesise(place, n_people, 1, luck, evidence, tables.risks)
    Health(population, tables, luck).live_to_entry()
    settle_traits(population, luck, evidence)
    return population


def services(evidence: Evidence) -> tuple[str, ...]:
    """Return every service of the demand table whose mean over England is known."""
    rows = evidence.rows(rates.TABLE, term="england_mean")
    return tuple(row["service"] for row in rows)


def cells_of(population: Population) -> Integers:
    """Return the cell of the rate tables of everyone present on day 0."""
    here = np.flatnonzero(population.present(0.0))
    return rates.cells(
        ltc_count=population.ltc_count(here),
        age=population.age(0.0, here),
        imd_quintile=population.imd_quintile[here],
        frailty=population.frailty[here],
        sex=population.sex[here],
    )


def mean_use(population: Population, evidence: Evidence) -> dict[str, float]:
    """Return the mean rate per head of every service, before any era or place."""
    cells = cells_of(population)
    return {
        service: float(rates.service_rates(evidence, service)[cells].mean())
        for service in services(evidence)
    }


def close(population: Population, evidence: Evidence) -> dict[str, float]:
    """Return intercepts, by evidence key, that give ``population`` the means of England.

    Parameters
    ----------
    population : people of England, from ``people_of``
    evidence : numbers to start from; numbers replaced before count as the start
    """
    means, replaced = mean_use(population, evidence), {}
    for service, mean in means.items():
        target = evidence.value(rates.TABLE, service=service, term="england_mean")
        intercept = evidence.figure(rates.TABLE, service=service, term="intercept")
        replaced[intercept.key] = round(intercept.value + float(np.log(target / mean)), DIGITS)
    stay = evidence.figure(rates.TABLE, service="emergency_stay", term="base")
    wanted = evidence.value("care_settings", key="demand.mean_emergency_stay")
    found = mean_emergency_stay(population, evidence)
    replaced[stay.key] = round(stay.value * wanted / found, DIGITS)
    return replaced


def mean_emergency_stay(population: Population, evidence: Evidence) -> float:
    """Return the mean overnight emergency stay in days over the admissions of ``population``."""
    here = np.flatnonzero(population.present(0.0))
    band = rates.age_band(population.age(0.0, here))
    group = np.minimum(population.ltc_count(here), len(rates.LTC_GROUPS) - 1)
    frailty = population.frailty[here]
    admissions = rates.service_rates(evidence, "emergency_admission")[cells_of(population)]
    at_once = _levels(evidence, "emergency_admission", "zero_night_share", rates.AGE_BANDS)
    log: Floats = _levels(evidence, "emergency_stay", "age_band", rates.AGE_BANDS)[band]
    log = log + _levels(evidence, "emergency_stay", "ltc_count", rates.LTC_GROUPS)[group]
    log = log + _levels(evidence, "emergency_stay", "frailty", FRAILTY)[frailty]
    base = evidence.value(rates.TABLE, service="emergency_stay", term="base")
    overnight = admissions * (1.0 - at_once[band])
    return float(base * np.average(np.exp(log), weights=overnight))


def _levels(evidence: Evidence, service: str, term: str, levels: tuple[str, ...]) -> Floats:
    return np.array(
        [evidence.value(rates.TABLE, service=service, term=term, level=level) for level in levels]
    )


def store(replaced: Mapping[str, float], folder: Path, about: Mapping[str, object]) -> Path:
    """Write the closing numbers to ``folder`` beside the disease tables; return the file."""
    path = folder / FILE
    content = {"about": dict(about), "replaced": dict(sorted(replaced.items()))}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path
