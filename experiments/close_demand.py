"""Close the demand of the default parameters on a simulated England.

Run ``python -m experiments.close_demand`` after the disease tables have changed. First every
rate is moved so that its mean over simulated residents is published (``calibration.close``).
Then whole runs are made and emergency care is moved again, because what happens there is not
what is asked for: unmet requests to practices add visits, people in hospital are not admitted
twice, and the dying leave early.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from shutil import copytree

import numpy as np

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from agents.place import Place
from calibration.close import DIGITS, close, people_of, store
from calibration.derive import DEFAULT, EVIDENCE
from calibration.matching.folders import is_level
from experiments.designs import load_design
from experiments.packaged import set_folder, set_names
from experiments.places import load_place
from pathways import rates
from sim.model import simulate
from sim.spec import RunSpec
from sim.world import replaced_numbers

PEOPLE = 200_000
SEED = 1
RUNS = 4  # of 50,000 people for a year: admissions are then known within 0.7 per cent
ROUNDS = 2
RESIDENTS = 50_000
# Activity of a run, and the row of the demand table that moves it.
MOVED = {
    "ae_attendances": ("ae_attendance", "intercept"),
    "emergency_admissions": ("emergency_admission", "intercept"),
    "emergency_bed_days": ("emergency_stay", "base"),
}


def main() -> None:
    """Write ``demand.json`` of the default parameters: levels anew, fitted terms as they are.

    The sets of places that come with the program get the same.
    """
    held = replaced_numbers(DEFAULT, {})
    terms = {key: value for key, value in held.items() if not is_level(key)}
    evidence = Evidence(EVIDENCE, terms)
    england = load_place("england", evidence)
    tables = DiseaseTables.load(DEFAULT)
    people = people_of(england, PEOPLE, luck=Luck(SEED), evidence=evidence, tables=tables)
    replaced = terms | close(people, evidence)
    with tempfile.TemporaryDirectory() as scratch:
        parameters = copytree(DEFAULT, Path(scratch) / "parameters")
        for _ in range(ROUNDS):
            store(replaced, parameters, {})
            replaced = moved(replaced, simulated_use(england, parameters))
    about = {"place": "england", "people": PEOPLE, "seed": SEED, "runs": RUNS, "rounds": ROUNDS}
    store(replaced, DEFAULT, about)
    share(replaced)


def share(replaced: Mapping[str, float]) -> None:
    """Give the sets of places the nation's levels: a place differs by its people."""
    for name in set_names():
        if name != DEFAULT.name:
            store(dict(replaced), set_folder(name), {"from": "the base parameter set"})


def simulated_use(england: Place, parameters: Path) -> dict[str, float]:
    """Return the use per head and year of whole runs of usual care in England."""
    evidence = Evidence(EVIDENCE)
    usual = load_design("usual-care", evidence)
    used, years = dict.fromkeys(MOVED, 0.0), 0.0
    for replication in range(RUNS):
        spec = RunSpec(
            place=england,
            design=usual,
            effects="none",
            population=RESIDENTS,
            start=date(2025, 4, 1),
            years=1,
            seed=SEED,
            replication=replication,
            evidence=EVIDENCE,
            parameters=parameters,
        )
        (year,) = simulate(spec).person_years
        years += float(year["days_alive"].sum(dtype=np.float64)) / 365
        for name in MOVED:
            used[name] += float(year[name].sum(dtype=np.float64))
    return {name: total / years for name, total in used.items()}


def moved(replaced: Mapping[str, float], used: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers moved by what is wanted over what was used.

    Bed days follow admissions, so the stay is moved by what admissions do not explain.
    """
    evidence = Evidence(EVIDENCE, replaced)
    wanted = {
        name: evidence.value(rates.TABLE, service=MOVED[name][0], term="england_mean")
        for name in ("ae_attendances", "emergency_admissions")
    }
    wanted["emergency_bed_days"] = evidence.value("care_settings", key="demand.emergency_bed_days")
    factor = {name: wanted[name] / used[name] for name in MOVED}
    factor["emergency_bed_days"] /= factor["emergency_admissions"]
    new = dict(replaced)
    for name, (service, term) in MOVED.items():
        figure = evidence.figure(rates.TABLE, service=service, term=term)
        by_log = term == "intercept"
        value = figure.value + np.log(factor[name]) if by_log else figure.value * factor[name]
        new[figure.key] = round(float(value), DIGITS)
    return new


if __name__ == "__main__":
    main()
