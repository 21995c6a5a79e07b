"""What a run adds up to: every quantity by year and group, read once and in pieces.

A quantity is something that adds over people: days lived, admissions, QALYs, people of a kind.
Every measure is one sum of quantities, or one sum over another, so nothing else is ever read
from the person-years. Memory is bounded by the piece, not by the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from agents.faults import BadInput, Fault
from pathways.vocabulary import ACTIVITY
from results.lives import CELLS, Lives, age_cell
from results.store import Run
from results.utilities import (
    DAYS,
    LAST_BAND,
    Utilities,
    loss_by_cell,
    recentring,
)
from results.utilities import NEEDED as UTILITY_COLUMNS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Columns = Mapping[str, npt.NDArray[Any]]

ADULT, SMOKING_AGE, EARLY_DEATH, TWO, FOUR = 18, 16, 75, 2, 4
AGE_BANDS = ("0-4", "5-15", "16-44", "45-64", "65-74", "75-84", "85+")
AGE_STARTS = (5, 16, 45, 65, 75, 85)
SEXES = ("female", "male")
FIFTHS = ("1", "2", "3", "4", "5")
SEGMENTS = ("mostly healthy", "rising risk", "high risk")
LTC_COUNTS = ("0", "1", "2", "3", "4+")
GROUPINGS = (
    "all",
    "imd_quintile",
    "age_band",
    "sex",
    "ethnicity",
    "locality",
    "practice",
    "segment",
    "ltc_count",
)
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
# What is summed by five-year band: for life tables and the age at two conditions.
BY_AGE = ("person_years", "years_2plus", "deaths", "qalys", "alive_at_end")
COLUMN = {name: column for column, name in enumerate(QUANTITIES)}
READ = tuple(
    dict.fromkeys(
        (
            "year",
            "died",
            "died_at_home",
            "ethnicity",
            "locality",
            "practice",
            "segment",
            "care_home",
            "smoker",
            "activation",
            "diagnosed",
            "diagnosed_end",
            "controlled",
            "onsets",
            "days_supported",
            "person",
            "stages",
            "supported_at_end",
            *UTILITY_COLUMNS,
            *ACTIVITY,
        )
    )
)


# What is kept of the person-years of people who have reached a step of a design.
REACHED = (
    "person",
    "year",
    "stages",
    "supported_at_end",
    "imd_quintile",
    "age",
    "sex",
    "ethnicity",
    "locality",
    "practice",
    "segment",
    "conditions",
)


def age_band(age: npt.NDArray[Any]) -> Integers:
    """Return the reporting band of each age, 0 for 0-4 … 6 for 85 and over."""
    return np.searchsorted(np.asarray(AGE_STARTS), np.asarray(age), side="right")


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


def read_baseline(runs: list[Run], utilities: Utilities, weights: Floats) -> Baseline:
    """Return what all runs of a place share, from the first year of its baseline runs."""
    years = np.zeros((5, LAST_BAND + 1, 2))
    loss = np.zeros_like(years)
    standard = np.zeros((len(AGE_BANDS), 2))
    controllable = np.uint32(0)
    for run in runs:
        people = run.first_year([*UTILITY_COLUMNS, "controlled"])
        of_run = loss_by_cell(utilities, people)
        years += of_run[0]
        loss += of_run[1]
        cell = age_band(people["age"]) * 2 + people["sex"]
        standard += np.bincount(cell, people["days_alive"], standard.size).reshape(standard.shape)
        controllable |= np.bitwise_or.reduce(people["controlled"], initial=np.uint32(0))
    return Baseline(
        recentring=recentring(years, loss, weights),
        standard=standard / standard.sum(),
        controllable=controllable,
        depression=_bit(runs[0].facts["conditions"], "depression"),
        anxiety=_bit(runs[0].facts["conditions"], "anxiety"),
    )


def _bit(conditions: Sequence[str], key: str) -> np.uint32:
    place = list(conditions).index(key) if key in conditions else None
    return np.uint32(0 if place is None else 1 << place)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Totals of one run.

    ``cells`` are (years, 5 fifths, 7 age bands, 2 sexes, quantities); ``groups`` hold the other
    groupings as (years, groups, quantities); ``ages`` are (years, 5, 2, 19, ``BY_AGE``) by
    five-year band. ``labels`` name the groups. ``lives`` are QALYs and the rest by person.
    ``reached`` are the columns ``REACHED`` of the person-years of people who have reached any
    step of a design.
    """

    run: Run
    cells: Floats
    groups: Mapping[str, Floats]
    ages: Floats
    labels: Mapping[str, tuple[str, ...]]
    lives: Lives
    reached: Columns

    def by(self, grouping: str) -> Floats:
        """Return (years, groups, quantities) of one of ``GROUPINGS``."""
        if grouping in self.groups:
            return self.groups[grouping]
        over = {
            "all": (1, 2, 3),
            "imd_quintile": (2, 3),
            "age_band": (1, 3),
            "sex": (1, 2),
        }[grouping]
        total: Floats = self.cells.sum(axis=over)
        return total[:, None] if grouping == "all" else total


def labels_of(run: Run) -> dict[str, tuple[str, ...]]:
    """Return the names of the groups of every grouping in a run."""
    facts = run.facts
    localities = tuple(facts.get("localities") or ("all",))
    return {
        "all": ("all",),
        "imd_quintile": FIFTHS,
        "age_band": AGE_BANDS,
        "sex": SEXES,
        "ethnicity": tuple(facts["ethnic_groups"]),
        "locality": localities,
        "practice": tuple(str(number) for number in range(int(facts.get("practices", 1)))),
        "segment": SEGMENTS,
        "ltc_count": LTC_COUNTS,
    }


def add_up(run: Run, utilities: Utilities, baseline: Baseline) -> Sums:
    """Read the person-years of ``run`` once and return its totals."""
    labels = labels_of(run)
    others = [name for name in GROUPINGS if name not in ("all", "imd_quintile", "age_band", "sex")]
    sizes = [5 * len(AGE_BANDS) * 2, *(len(labels[name]) for name in others)]
    totals = np.zeros((run.years * sum(sizes), len(QUANTITIES)))
    ages = np.zeros((run.years, 5, 2, LAST_BAND + 1, len(BY_AGE)))
    lives = Lives()
    reached: list[dict[str, npt.NDArray[Any]]] = []
    for people in run.batches(READ):
        some = people["stages"] > 0
        reached.append({name: people[name][some] for name in REACHED})
        amounts = quantities(people, utilities, baseline)
        year = people["year"].astype(np.int64) - 1
        index = _places(people, year, run.years, others, sizes)
        _add(totals, index, amounts)
        _add_ages(ages, people, year, amounts)
        lives.add(people, amounts[:, COLUMN["qalys"]])
    parts = np.split(totals, np.cumsum([run.years * size for size in sizes])[:-1])
    cells = parts[0].reshape(run.years, 5, len(AGE_BANDS), 2, len(QUANTITIES))
    groups = {
        name: part.reshape(run.years, -1, len(QUANTITIES))
        for name, part in zip(others, parts[1:], strict=True)
    }
    steps = {name: np.concatenate([part[name] for part in reached]) for name in REACHED}
    return Sums(run, cells, groups, ages, labels, lives, steps)


def _places(
    people: Columns, year: Integers, years: int, others: Sequence[str], sizes: Sequence[int]
) -> Integers:
    """Return the row of the totals that each person-year adds to, (n, groupings)."""
    fifth = people["imd_quintile"].astype(np.int64) - 1
    cell = (fifth * len(AGE_BANDS) + age_band(people["age"])) * 2 + people["sex"]
    index = np.empty((len(year), len(sizes)), np.int64)
    start = 0
    for column, size in enumerate(sizes):
        code = cell if column == 0 else _code(people, others[column - 1], size)
        index[:, column] = start + year * size + code
        start += years * size
    return index


def _code(people: Columns, name: str, size: int) -> Integers:
    """Return the group of each person-year, checked against the groups that the run names."""
    if name == "ltc_count":
        return np.minimum(bits(people["conditions"]), FOUR)
    code = people[name].astype(np.int64)
    if len(code) and (code.min() < 0 or code.max() >= size):
        raise BadInput(
            [
                Fault(
                    where="person_years.parquet",
                    key=name,
                    found=f"{code.min()} to {code.max()}",
                    allowed=f"0 to {size - 1}, the groups that run.json names",
                    remedy="delete the run and run `carepath resume` on the experiment folder",
                )
            ]
        )
    return code


def _add(totals: Floats, index: Integers, amounts: Floats) -> None:
    """Add the amounts of each person to each of their rows of ``totals``."""
    people, groupings = index.shape
    starts = np.arange(people + 1) * groupings
    member = sparse.csr_matrix(
        (np.ones(index.size), index.ravel(), starts), shape=(people, len(totals))
    )
    totals += member.T @ amounts


def _add_ages(ages: Floats, people: Columns, year: Integers, amounts: Floats) -> None:
    place = year * CELLS + age_cell(people)
    there = amounts[:, COLUMN["person_years"]] * (1.0 - amounts[:, COLUMN["deaths"]])
    for column, name in enumerate(BY_AGE):
        amount = there if name == "alive_at_end" else amounts[:, COLUMN[name]]
        flat = np.bincount(place, amount, ages[..., 0].size)
        ages[..., column] += flat.reshape(ages.shape[:-1])


def quantities(people: Columns, utilities: Utilities, baseline: Baseline) -> Floats:
    """Return every quantity of each person-year, (n, quantities)."""
    amounts = np.empty((len(people["year"]), len(QUANTITIES)))
    for name, values in _derived(people, baseline).items():
        amounts[:, COLUMN[name]] = values
    qalys = utilities.qalys(people, baseline.recentring)
    amounts[:, COLUMN["qalys"]] = qalys
    amounts[:, COLUMN["qalys_any"]] = qalys * (people["conditions"] > 0)
    for name in ACTIVITY:
        amounts[:, COLUMN[name]] = people[name]
    return amounts


def _derived(people: Columns, baseline: Baseline) -> dict[str, npt.NDArray[Any]]:
    lived = people["days_alive"].astype(np.float64) / DAYS
    age = people["age"]
    count = bits(people["conditions"])
    adult = lived * (age >= ADULT)
    with_two = _half_years(people, "conditions", TWO)
    known_two = _half_years(people, "diagnosed", TWO)
    with_any = lived * (age >= ADULT) * (bits(people["conditions"]) > 0)
    admissions = people["emergency_admissions"] + people["elective_admissions"]
    admissions = (admissions + people["day_cases"]) * (age >= ADULT)
    contacts = people["gp_contacts_gp"] + people["gp_contacts_nurse"] + people["gp_contacts_other"]
    contacts = contacts * (age >= ADULT)
    knows_two = bits(people["diagnosed"]) >= TWO
    return {
        "person_years": lived,
        "deaths": people["died"],
        "deaths_at_home": people["died_at_home"],
        "years_lost_before_75": people["died"] * np.maximum(EARLY_DEATH - age - 0.5, 0.0),
        "onsets": people["onsets"],
        "adult_years": adult,
        "adult_years_2plus": adult * with_two,
        "adult_years_4plus": adult * _half_years(people, "conditions", FOUR),
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
        "conditions_present": bits(people["conditions_end"]),
        "conditions_found": bits(people["conditions_end"] & people["diagnosed_end"]),
        "years_any": lived * (people["conditions"] > 0),
        "community_care": sum(people[name] for name in COMMUNITY_CARE),
        "hospital_care": sum(people[name] for name in HOSPITAL_CARE),
        **{
            f"home_years_{name}": lived * ~people["care_home"] * (people["frailty"] == level)
            for level, name in enumerate(("mild", "moderate", "severe"), start=1)
        },
    }


def _half_years(people: Columns, state: str, at_least: int) -> Floats:
    """Return the mean over the year's start and end of having at least so many conditions."""
    start = bits(people[state]) >= at_least
    end = bits(people[f"{state}_end"]) >= at_least
    mean: Floats = 0.5 * (start.astype(np.float64) + end)
    return mean
