"""Who is served and what care they use, by practice, locality and place: dashboard.csv.

Works from the run folders of the baseline alone. Practices of a replication are compared with
what their people's ages, sexes and deprivation fifths would make one expect in that place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.files import whole
from results.comparison import named
from results.regression import regression_table
from results.store import Run, arms, baseline_arm, find_runs

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

LEVELS = ("place", "locality", "practice")
DAYS = 365.0
NORMAL_95 = 1.96
COMBINATIONS = 10  # most frequent combinations told of each group
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
TABLE = (
    *("place", "design", "effects", "level", "group", "measure", "detail", "unit"),
    *("replications", "mean", "low", "high", "expected", "ratio"),
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


# -------------------------------------------------------------------- the table

Value = tuple[str, str, str, float, float]  # measure, detail, unit, value, expected
NOT_EXPECTED = float("nan")


def values_of(people: Residents, who: Bools) -> Iterator[Value]:
    """Yield everything the dashboard tells of one group."""
    yield from _described(people, who)
    yield from _care(people, who)


def _described(people: Residents, who: Bools) -> Iterator[Value]:
    columns = people.columns
    yield "people", "", "simulated residents", float(who.sum()), NOT_EXPECTED
    yield "mean_age", "", "years", float(columns["age"][who].mean()), NOT_EXPECTED
    facts: list[tuple[str, str, Bools]] = [
        ("aged_65plus", "", columns["age"] >= 65),
        ("women", "", columns["sex"] == 0),
        *(("imd_quintile", str(fifth), columns["imd_quintile"] == fifth) for fifth in range(1, 6)),
        *(
            ("ethnicity", name, columns["ethnicity"] == place)
            for place, name in enumerate(people.ethnic_groups)
        ),
        *(("vulnerability", name, columns[name].astype(np.bool_)) for name in TRAITS),
        ("vulnerability", "severely frail", columns["frailty"] == 3),
        *(
            ("vulnerability", name.replace("_", " "), people.vulnerable[:, place])
            for place, name in enumerate(people.vulnerabilities)
        ),
    ]
    for measure, detail, fact in facts:
        yield measure, detail, "percent", _percent(fact, who), NOT_EXPECTED
    count = people.has.sum(axis=1)
    one = np.ones(len(count))
    for measure, fact in (("conditions_2plus", count >= 2), ("conditions_4plus", count >= 4)):
        expected = people.expected(fact.astype(np.float64), one)
        yield measure, "", "percent", _percent(fact, who), 100 * float(expected[who].mean())
    for place, name in enumerate(people.conditions):
        expected = people.expected(people.has[:, place].astype(np.float64), one)
        share = _percent(people.has[:, place], who)
        yield "condition", name, "percent", share, 100 * float(expected[who].mean())


def _percent(fact: Bools, who: Bools) -> float:
    return 100 * float(fact[who].mean())


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


def _care(people: Residents, who: Bools) -> Iterator[Value]:
    years = people.years
    lived = float(years[who].sum())
    for measure in USE:
        used = people.used(measure)
        expected = people.expected(used, years)
        unit = "per 1,000 person-years"
        rate = 1000 * float(used[who].sum()) / lived
        yield measure, "", unit, rate, 1000 * float(expected[who].sum()) / lived


def _baselines(runs: Sequence[Run]) -> dict[tuple[str, str, str], list[Run]]:
    by_arm = arms(runs)
    places = list(dict.fromkeys(arm[0] for arm in by_arm))
    chosen = [baseline_arm(list(runs), place) for place in places]
    return {arm: [run for run in by_arm[arm] if run.luck[0] == 0] for arm in chosen}


def _place(arm: tuple[str, str, str], runs: Sequence[Run]) -> pd.DataFrame:
    rows = []
    everyone = [residents_of(run) for run in runs]
    for people in everyone:
        for level in LEVELS:
            for group, who in people.groups(level):
                rows += [(level, group, *value) for value in values_of(people, who)]
        rows += [("place", "all", *value) for value in variation(people)]
        rows += [(*group, *value) for group, value in _combined(people, everyone)]
    names = ["level", "group", "measure", "detail", "unit", "value", "expected"]
    each = pd.DataFrame(rows, columns=names)
    grouped = each.groupby(names[:5], sort=False, dropna=False)
    table = grouped.agg(
        replications=("value", "size"),
        mean=("value", "mean"),
        spread=("value", "std"),
        expected=("expected", "mean"),
    ).reset_index()
    reach = NORMAL_95 * table["spread"] / np.sqrt(table["replications"])
    table["low"], table["high"] = table["mean"] - reach, table["mean"] + reach
    table["ratio"] = table["mean"] / table["expected"].where(table["expected"] > 0)
    table = table.assign(place=arm[0], design=arm[1], effects=arm[2])
    return table[list(TABLE)]


def _combined(
    people: Residents, everyone: Sequence[Residents]
) -> Iterator[tuple[tuple[str, str], Value]]:
    """Yield how frequent in each group the combinations are that its people mostly have."""
    for level in LEVELS:
        for group, who in people.groups(level):
            found = dict(combinations(people, who))
            for names in _most_frequent(everyone, level, group):
                share = 1000 * found.get(names, 0) / max(int(who.sum()), 1)
                value = ("combination", " + ".join(names), "per 1,000 people", share, NOT_EXPECTED)
                yield (level, group), value


def _most_frequent(everyone: Sequence[Residents], level: str, group: str) -> list[tuple[str, ...]]:
    total: Counter[tuple[str, ...]] = Counter()
    for people in everyone:
        for name, who in people.groups(level):
            if name == group:
                total.update(dict(combinations(people, who)))
    return [names for names, _ in total.most_common(COMBINATIONS)]


def variation(people: Residents) -> Iterator[Value]:
    """Yield how much practices differ in care: sd of their ratios to what is expected."""
    members = [who for _, who in people.groups("practice")]
    if len(members) < 2:
        return
    for measure in USE:
        used = people.used(measure)
        expected = people.expected(used, people.years)
        ratios = [used[who].sum() / max(float(expected[who].sum()), 1e-9) for who in members]
        spread = float(np.std(ratios, ddof=1))
        yield "variation_between_practices", measure, "sd of ratios", spread, NOT_EXPECTED


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


def baseline_runs(folder: Path) -> dict[tuple[str, str, str], list[Run]]:
    """Return the baseline runs of a run folder by place, design and effects."""
    return _baselines(find_runs(folder))


def write_dashboard(folder: Path) -> list[Path]:
    """Write the dashboard's tables and figures; return what was written.

    ``tables/dashboard.csv`` and ``tables/regression_to_mean.csv``: people picked in year 1 for
    their admissions, and what becomes of them under the baseline.
    """
    from results.figures.dashboard import write_figures

    found = baseline_runs(folder)
    dashboard = [_place(arm, runs) for arm, runs in found.items()]
    picked = [named(arm, regression_table(runs)) for arm, runs in found.items()]
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    written = [
        _write(pd.concat(dashboard, ignore_index=True), tables / "dashboard.csv"),
        _write(pd.concat(picked, ignore_index=True), tables / "regression_to_mean.csv"),
    ]
    return [*written, *write_figures(found, folder / "figures")]


def _write(table: pd.DataFrame, path: Path) -> Path:
    with whole(path) as aside:
        table.to_csv(aside, index=False, float_format="%.9g")
    return path
