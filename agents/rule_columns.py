"""What a rule may name, and the columns of people behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from agents.palliative import on_register
from agents.population import CURRENT_SMOKER, FRAILTY, SEXES, Population
from agents.vulnerabilities import VULNERABILITY_NAMES

Rows = npt.NDArray[np.int64]

# What a rule may name, beside counts of past care (``look_back``) and conditions.
NAMES: dict[str, str] = {
    "age": "years, with fractions",
    "sex": "'female' or 'male'",
    "imd_quintile": "1 most deprived to 5 least deprived",
    "ethnicity": "ethnic group, such as 'black'",
    "practice": "number of the practice",
    "locality": "name of the locality",
    "care_home": "lives in a care home",
    "palliative": "on the palliative care register",
    "frailty": "'fit', 'mild', 'moderate' or 'severe', in this order",
    "smoking": "'never', 'former' or 'current'",
    "smoker": "smokes now",
    "obese": "body mass index of 30 or more",
    "carer": "cares for somebody, unpaid",
    "isolated": "often or always lonely",
    "activation": "patient activation, 1 to 4",
    "ltc_count": "long-term conditions truly present",
    "ltc_count_diagnosed": "long-term conditions known to the practice",
    **VULNERABILITY_NAMES,
}
# Names that count past care; the caller supplies the counts.
LOOK_BACK: dict[str, str] = {
    "admissions_12m": "emergency admissions in the last 12 months",
    "admissions_18m": "emergency admissions in the last 18 months",
    "ae_12m": "emergency attendances in the last 12 months",
    "ae_18m": "emergency attendances in the last 18 months",
    "gp_12m": "requests to the practice in the last 12 months",
    "gp_18m": "requests to the practice in the last 18 months",
}
DIAGNOSED = "_diagnosed"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A column of names, held as positions in ``labels``; ``ordered`` if the order means more."""

    codes: npt.NDArray[np.integer]
    labels: tuple[str, ...]
    ordered: bool = False


Column = npt.NDArray[np.generic] | Labelled


def columns_of(
    population: Population,
    day: float,
    look_back: Mapping[str, npt.NDArray[np.generic]] = MappingProxyType({}),
    rows: Rows | slice = slice(None),
) -> dict[str, Column]:
    """Return every column a rule may name, for ``rows`` of ``population`` on ``day``.

    ``look_back`` holds counts of past care of the whole population, by name.
    """
    people = population
    columns: dict[str, Column] = {
        "age": people.age(day, rows),
        "sex": Labelled(people.sex[rows], SEXES),
        "imd_quintile": people.imd_quintile[rows],
        "ethnicity": Labelled(people.ethnicity[rows], people.ethnic_groups),
        "practice": people.practice[rows],
        "locality": Labelled(people.locality[rows], people.localities),
        "care_home": people.care_home[rows],
        "palliative": on_register(people, rows),
        "frailty": Labelled(people.frailty[rows], FRAILTY, ordered=True),
        "smoking": Labelled(people.smoking[rows], ("never", "former", "current")),
        "smoker": people.smoking[rows] == CURRENT_SMOKER,
        "obese": people.obese[rows],
        "carer": people.carer[rows],
        "isolated": people.isolated[rows],
        "activation": people.activation[rows],
        "ltc_count": people.ltc_count(rows),
        "ltc_count_diagnosed": people.ltc_count_diagnosed(rows),
    }
    for i, name in enumerate(people.vulnerabilities):
        columns[name] = people.vulnerable[rows, i]
    for i, key in enumerate(people.conditions):
        columns[key] = people.has[rows, i]
        columns[key + DIAGNOSED] = people.diagnosed[rows, i]
    columns.update({name: counts[rows] for name, counts in look_back.items()})
    return columns


def conditions_of(columns: Mapping[str, Column]) -> list[str]:
    """Return the conditions that ``columns`` hold, by key."""
    known = [name.removesuffix(DIAGNOSED) for name in columns if name.endswith(DIAGNOSED)]
    return [name for name in known if name in columns and name not in NAMES]


def is_fact(column: Column) -> bool:
    """Say whether a column says yes or no of each person."""
    return not isinstance(column, Labelled) and column.dtype == np.bool_
