"""The people of a place at the start of a baseline run, and their first year of care."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.store import Run

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
DAYS = 365.0
USE: dict[str, tuple[str, ...]] = {
    "practice_appointments": ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other"),
    "ae_attendances": ("ae_attendances",),
    "emergency_admissions": ("emergency_admissions",),
    "emergency_bed_days": ("emergency_bed_days",),
    "outpatient_attendances": ("outpatient_first", "outpatient_follow_up"),
    "community_contacts": ("community_contacts",),
}
TRAITS = ("care_home", "isolated", "smoker")
COLUMNS = (
    *("person", "days_alive", "age", "sex", "imd_quintile", "ethnicity", "locality", "practice"),
    *("frailty", "diagnosed", *TRAITS),
    *dict.fromkeys(name for parts in USE.values() for name in parts),
)


@dataclass(frozen=True, slots=True, eq=False)
class Residents:
    """People resident at the start of a baseline run, and their first year.

    Attributes
    ----------
    columns : of ``COLUMNS``, (n,)
    has : (n, n_conditions) on a register at the start
    vulnerable : (n, n_vulnerabilities), none where an older run did not record them
    conditions, vulnerabilities, ethnic_groups, localities : names
    """

    columns: Mapping[str, npt.NDArray[Any]]
    has: Bools
    vulnerable: Bools
    conditions: tuple[str, ...]
    vulnerabilities: tuple[str, ...]
    ethnic_groups: tuple[str, ...]
    localities: tuple[str, ...]

    @property
    def years(self) -> Floats:
        """Person-years lived here in the first year, (n,)."""
        lived: Floats = self.columns["days_alive"].astype(np.float64) / DAYS
        return lived

    def used(self, measure: str) -> Floats:
        """Return each person's use of a kind of care, (n,)."""
        total: Floats = np.sum([self.columns[name] for name in USE[measure]], axis=0, dtype=float)
        return total

    def groups(self, level: str) -> Iterator[tuple[str, Bools]]:
        """Yield the name and the members of each group of a level."""
        if level == "place":
            yield "all", np.ones(len(self.has), np.bool_)
            return
        number = self.columns[level]
        for each in np.unique(number).tolist():
            named = level == "locality" and each < len(self.localities)
            yield self.localities[each] if named else f"{level} {each + 1}", number == each

    def cell(self) -> Integers:
        """Return a number for each person's ten-year band, sex and fifth."""
        band = np.minimum(self.columns["age"].astype(np.int64) // 10, 8)
        sex, fifth = self.columns["sex"].astype(np.int64), self.columns["imd_quintile"]
        return (band * 2 + sex) * 5 + fifth.astype(np.int64) - 1

    def expected(self, amount: Floats, weight: Floats) -> Floats:
        """Return each person's ``amount`` at the place's rate of their age, sex and fifth."""
        cell = self.cell()
        total, base = np.bincount(cell, amount), np.bincount(cell, weight)
        rate = np.divide(total, base, out=np.zeros_like(total), where=base > 0)
        expected: Floats = rate[cell] * weight
        return expected


def residents_of(run: Run) -> Residents:
    """Read the residents of a run."""
    vulnerabilities = tuple(run.facts.get("vulnerabilities", ()))
    columns = run.first_year((*COLUMNS, *(["vulnerable"] if vulnerabilities else [])))
    here = columns["person"] < int(run.facts["population"])
    kept = {name: values[here] for name, values in columns.items()}
    names = tuple(run.facts["conditions"])
    none = np.zeros(int(here.sum()), np.uint16)
    return Residents(
        columns=kept,
        has=_unpacked(kept["diagnosed"], len(names)),
        vulnerable=_unpacked(kept.get("vulnerable", none), len(vulnerabilities)),
        conditions=names,
        vulnerabilities=vulnerabilities,
        ethnic_groups=tuple(run.facts["ethnic_groups"]),
        localities=tuple(run.facts.get("localities", ())),
    )


def _unpacked(packed: npt.NDArray[Any], count: int) -> Bools:
    """Return (n, count) flags that are bits of one integer a row."""
    bits = np.arange(count, dtype=np.uint32)
    flags: Bools = ((packed.astype(np.uint32)[:, None] >> bits) & 1).astype(np.bool_)
    return flags


def combinations(people: Residents, who: Bools) -> list[tuple[tuple[str, ...], int]]:
    """Return exact combinations of two or more conditions, most frequent first."""
    several = who & (people.has.sum(axis=1) >= 2)
    masks, counts = np.unique(people.columns["diagnosed"][several], return_counts=True)
    order = np.lexsort((masks, -counts))
    return [
        (
            tuple(
                name for bit, name in enumerate(people.conditions) if int(masks[each]) >> bit & 1
            ),
            int(counts[each]),
        )
        for each in order
    ]


# -------------------------------------------------------------------- the funnel


def funnel(runs: Sequence[Run], measure: str = "emergency_admissions") -> pd.DataFrame:
    """Return observed and expected events of each practice of each replication.

    ``dispersion`` is the variance of a practice's count over its mean that people who come
    again make: the mean square of a person's use over its mean.
    """
    rows = []
    for run in runs:
        people = residents_of(run)
        used = people.used(measure)
        expected = people.expected(used, people.years)
        dispersion = float((used**2).sum() / max(float(used.sum()), 1.0))
        for group, who in people.groups("practice"):
            observed, wanted = float(used[who].sum()), float(expected[who].sum())
            rows.append((run.luck[1], group, observed, wanted, dispersion))
    columns = ["replication", "practice", "observed", "expected", "dispersion"]
    return pd.DataFrame(rows, columns=columns)
