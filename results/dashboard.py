"""Who is served and what care they use, by practice, locality and place: dashboard.csv.

Works from the run folders of the baseline alone. Practices of a replication are compared with
what their people's ages, sexes and deprivation fifths would make one expect in that place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.files import whole
from results.comparison import named
from results.figures.dashboard import write_figures
from results.regression import regression_table
from results.residents import TRAITS, USE, Residents, combinations, residents_of
from results.store import Run, arms, baseline_arm, find_runs

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

LEVELS = ("place", "locality", "practice")
NORMAL_95 = 1.96
COMBINATIONS = 10  # most frequent combinations told of each group
TABLE = (
    *("place", "design", "effects", "level", "group", "measure", "detail", "unit"),
    *("replications", "mean", "low", "high", "expected", "ratio"),
)


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


def baseline_runs(folder: Path) -> dict[tuple[str, str, str], list[Run]]:
    """Return the baseline runs of a run folder by place, design and effects."""
    return _baselines(find_runs(folder))


def write_dashboard(folder: Path) -> list[Path]:
    """Write the dashboard's tables and figures; return what was written.

    ``tables/dashboard.csv`` and ``tables/regression_to_mean.csv``: people picked in year 1 for
    their admissions, and what becomes of them under the baseline.
    """
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
