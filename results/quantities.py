"""The quantities of each person-year that are added up: time lived, care used, states, QALYs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pathways.vocabulary import ACTIVITY
from results.utilities import (
    DAYS,
    Utilities,
)

Columns = Mapping[str, npt.NDArray[Any]]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ADULT, SMOKING_AGE, EARLY_DEATH, TWO, FOUR = 18, 16, 75, 2, 4
# Days on which a person is somewhere for care; a bed day is a day, a contact is a day.
CARE_DAYS = (
    "gp_contacts_gp",
    "gp_contacts_nurse",
    "gp_contacts_other",
    "ae_attendances",
    "emergency_bed_days",
    "elective_bed_days",
    "day_cases",
    "outpatient_first",
    "outpatient_follow_up",
    "community_contacts",
    "mental_health_contacts",
    "talking_therapy_contacts",
    "assessments",
    "coordinator_contacts",
    "vcse_contacts",
    "vcse_group_sessions",
)
COMMUNITY_CARE = (
    "gp_contacts_gp",
    "gp_contacts_nurse",
    "gp_contacts_other",
    "pharmacy_contacts",
    "community_contacts",
    "urgent_response",
    "virtual_ward_days",
    "mental_health_contacts",
    "talking_therapy_contacts",
    "assessments",
    "coordinator_contacts",
    "vcse_contacts",
    "vcse_group_sessions",
)
HOSPITAL_CARE = (
    "ae_attendances",
    "emergency_bed_days",
    "elective_bed_days",
    "day_cases",
    "outpatient_first",
    "outpatient_follow_up",
)
DERIVED = (
    "person_years",
    "deaths",
    "deaths_at_home",
    "years_lost_before_75",
    "onsets",
    "adult_years",
    "adult_years_2plus",
    "adult_years_4plus",
    "adult_years_2plus_known",
    "years_2plus",
    "years_depression",
    "adult_years_isolated",
    "years_over_16",
    "years_smoking",
    "years_with_ltc",
    "activation_years",
    "controllable",
    "controlled",
    "people_admitted",
    "care_days",
    "supported_years",
    "care_home_years",
    "years_ltc_0",
    "years_ltc_1",
    "years_ltc_2",
    "years_ltc_3",
    "years_ltc_4+",
    "qalys",
    "adult_admissions",
    "adult_admissions_2plus",
    "adult_appointments",
    "adult_appointments_2plus",
    "years_anxiety",
    "conditions_present",
    "conditions_found",
    "years_any",
    "qalys_any",
    "community_care",
    "hospital_care",
    "home_years_mild",
    "home_years_moderate",
    "home_years_severe",
)
QUANTITIES = (*DERIVED, *ACTIVITY)
COLUMN = {name: column for column, name in enumerate(QUANTITIES)}


def bits(mask: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return how many bits are set in each mask."""
    count: Integers = np.bitwise_count(mask).astype(np.int64)
    return count


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What the baseline's first year says once for all runs of a place.

    ``recentring`` is the mean loss of utility, (19, 2); ``standard`` the share of residents by
    reporting age band and sex, (7, 2); ``controllable`` the bits of conditions that can be
    controlled at all; ``depression`` and ``anxiety`` the bits of those conditions.
    """

    recentring: Floats
    standard: Floats
    controllable: np.uint32
    depression: np.uint32
    anxiety: np.uint32


def quantities(people: Columns, utilities: Utilities, baseline: Baseline) -> list[npt.NDArray[Any]]:
    """Return every quantity of each person-year, an array each, in the order ``QUANTITIES``."""
    values = _derived(people, baseline)
    qalys = utilities.qalys(people, baseline.recentring)
    values |= {"qalys": qalys, "qalys_any": qalys * (people["conditions"] > 0)}
    return [values[name] if name in values else people[name] for name in QUANTITIES]


def _derived(people: Columns, baseline: Baseline) -> dict[str, npt.NDArray[Any]]:
    lived = people["days_alive"].astype(np.float64) / DAYS
    age = people["age"]
    count, count_end = bits(people["conditions"]), bits(people["conditions_end"])
    known, known_end = bits(people["diagnosed"]), bits(people["diagnosed_end"])
    adult = lived * (age >= ADULT)
    with_two = _half_years(count, count_end, TWO)
    known_two = _half_years(known, known_end, TWO)
    with_any = lived * (age >= ADULT) * (count > 0)
    admissions = people["emergency_admissions"] + people["elective_admissions"]
    admissions = (admissions + people["day_cases"]) * (age >= ADULT)
    contacts = people["gp_contacts_gp"] + people["gp_contacts_nurse"] + people["gp_contacts_other"]
    contacts = contacts * (age >= ADULT)
    knows_two = known >= TWO
    return {
        "person_years": lived,
        "deaths": people["died"],
        "deaths_at_home": people["died_at_home"],
        "years_lost_before_75": people["died"] * np.maximum(EARLY_DEATH - age - 0.5, 0.0),
        "onsets": people["onsets"],
        "adult_years": adult,
        "adult_years_2plus": adult * with_two,
        "adult_years_4plus": adult * _half_years(count, count_end, FOUR),
        "adult_years_2plus_known": adult * known_two,
        "years_2plus": lived * with_two,
        "years_depression": adult * (people["conditions_end"] & baseline.depression > 0),
        "adult_years_isolated": adult * people["isolated"],
        "years_over_16": lived * (age >= SMOKING_AGE),
        "years_smoking": lived * (age >= SMOKING_AGE) * people["smoker"],
        "years_with_ltc": with_any,
        "activation_years": with_any * people["activation"],
        "controllable": bits(people["diagnosed_end"] & baseline.controllable),
        "controlled": bits(people["controlled"] & people["diagnosed_end"]),
        "people_admitted": people["emergency_admissions"] > 0,
        "care_days": sum(people[name] for name in CARE_DAYS),
        "supported_years": people["days_supported"] / DAYS,
        "care_home_years": lived * people["care_home"],
        **{f"years_ltc_{k}": lived * (count == k) for k in range(FOUR)},
        "years_ltc_4+": lived * (count >= FOUR),
        "adult_admissions": admissions,
        "adult_admissions_2plus": admissions * knows_two,
        "adult_appointments": contacts,
        "adult_appointments_2plus": contacts * knows_two,
        "years_anxiety": adult * (people["conditions_end"] & baseline.anxiety > 0),
        "conditions_present": count_end,
        "conditions_found": bits(people["conditions_end"] & people["diagnosed_end"]),
        "years_any": lived * (people["conditions"] > 0),
        "community_care": sum(people[name] for name in COMMUNITY_CARE),
        "hospital_care": sum(people[name] for name in HOSPITAL_CARE),
        **{
            f"home_years_{name}": lived * ~people["care_home"] * (people["frailty"] == level)
            for level, name in enumerate(("mild", "moderate", "severe"), start=1)
        },
    }


def _half_years(start: Integers, end: Integers, at_least: int) -> Floats:
    """Return the mean over the year's start and end of having at least so many conditions."""
    mean: Floats = 0.5 * ((start >= at_least).astype(np.float64) + (end >= at_least))
    return mean
