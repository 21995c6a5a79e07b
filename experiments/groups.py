"""Groups of inputs that belong together: what a sensitivity search moves and a study would ask."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

# Evidence that belongs together: name and patterns of keys; the first that fits.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("admissions by number of conditions", ("*.emergency_admission*.ltc_count.*",)),
    ("admissions by frailty", ("*.emergency_admission*.frailty.*",)),
    ("admissions by deprivation", ("*.emergency_admission*.imd_*",)),
    ("admissions by age", ("*.emergency_admission*.age_band.*",)),
    ("length of emergency stays", ("baseline_demand.emergency_stay.*",)),
    ("readmission", ("*readmission*",)),
    ("delay of discharge", ("hospital_settings.delay.*",)),
    ("other hospital settings", ("hospital_settings.*",)),
    ("spread of need between people", ("*gamma_shape*", "*score_correlation")),
    ("what becomes of unmet requests", ("care_settings.practice.leak.*",)),
    ("missed appointments", ("*dna*", "mechanisms.*")),
    ("blood pressure and new disease", ("intervention_effects.*",)),
    ("control of blood pressure and diabetes", ("diagnosis_control.*",)),
    ("work of the teams", ("team_settings.*", "care_settings.care_coordination.*")),
    ("use of other services", ("baseline_demand.*",)),
    ("who lives here and who moves", ("household.*", "population_change.*")),
    ("frailty, isolation and other traits", ("traits.*",)),
    ("other evidence", ("*",)),
)

# Prices and weights, which move no run.
OF_RESULTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("unit costs", ("unit_costs.*",)),
    ("quality of life with each condition", ("utilities.*",)),
    ("other numbers of the results", ("results_settings.*",)),
)
UPTAKE, COSTS = "uptake and loss", "costs and sizes of the designs"


def group_of(key: str) -> str:
    """Return the group of an evidence key."""
    return next(
        name for name, patterns in GROUPS if any(fnmatchcase(key, pattern) for pattern in patterns)
    )


def group_of_drawn(key: str) -> str:
    """Return the group of any number that is drawn: of runs, of designs or of results.

    Effects of designs are grouped by what they act on, whatever the design: a study of an
    effect informs all designs that have it.
    """
    if key.startswith("design."):
        return _group_of_design(key.split(".", 2)[2])
    return next(
        (
            name
            for name, patterns in OF_RESULTS
            if any(fnmatchcase(key, pattern) for pattern in patterns)
        ),
        group_of(key),
    )


def _group_of_design(key: str) -> str:
    """Return the group of a design's number, called as in ``Point.design`` without its name."""
    version, _, target = key.partition(".")
    if version in ("plan", "published"):
        return f"effect on {target.split('.')[-1].replace('_', ' ')}"
    if key.endswith(("acceptance", "drop_out_per_year")):
        return UPTAKE
    return COSTS


def grouped(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the keys of numbers that are drawn, by group."""
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(group_of_drawn(key), []).append(key)
    return found
