"""The Essex plan's own table beside what the simulation finds, in all and by locality.

The plan states, for its fifth year, how far activity would lie below momentum (what would
happen without it). Simulated is the difference from usual care with the same luck in the last
year, for every version of effects that was run: as planned, as published, as displaced care.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.evidence import Evidence
from results.comparison import Arm
from results.sheets import Stack, interval_kind, paired, summary

Floats = npt.NDArray[np.float64]

# The plan's change from momentum for the whole programme, by point of delivery.
PLAN: Mapping[str, str] = {
    "A&E attendances": "E135",
    "non-elective admissions": "E138",
    "elective admissions": "E136",
    "day cases": "E137",
    "outpatient attendances": "E139",
}
# The plan's targets for localities: a column of ``localities.csv``, positive where fewer.
BY_LOCALITY: Mapping[str, str] = {
    "non-elective admissions": "nel_reduction_vs_2020_21e_pct",
    "outpatient attendances": "op_reduction_vs_2020_21e_pct",
}
PLAN_YEAR = 5  # 2020/21, counted from 2015/16
SYSTEM = "mid_and_south_essex"
ALL = "all"
COLUMNS = (
    "design",
    "effects",
    "point_of_delivery",
    "locality",
    "plan",
    "year",
    "replications",
    "interval_kind",
    "mean",
    "low",
    "high",
)


def plan_table(
    activity: Mapping[Arm, Stack], baselines: Mapping[str, Arm], evidence: Evidence
) -> pd.DataFrame:
    """Return ``plan.csv``: the plan's change beside the simulated, in per cent.

    Empty where no place of the experiment is one of the plan's localities.

    Parameters
    ----------
    activity : sheets of activity of every arm (``results.activity``)
    baselines : the arm that others are compared with, by place
    """
    localities = locality_targets(evidence)
    places = [place for place in baselines if place in localities or place == SYSTEM]
    designs = dict.fromkeys(arm[1:] for arm in activity if arm != baselines[arm[0]])
    rows: list[dict[str, object]] = []
    for design, effects in designs if places else ():
        theirs = [place for place in places if (place, design, effects) in activity]
        pairs = {
            place: paired(activity[(place, design, effects)], activity[baselines[place]])
            for place in theirs
        }
        for point, study in PLAN.items():
            of_all = evidence.value("intervention_effects", effect_id=study)
            rows += _rows(design, effects, point, pairs, localities, of_all)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def locality_targets(evidence: Evidence) -> dict[str, dict[str, float]]:
    """Return the plan's change in per cent by locality's key and point of delivery.

    A locality is found by its printed name and by its full name (South Ockendon, Ockendon).
    """
    return {
        slug(row[name]): {
            point: -float(row[column]) for point, column in BY_LOCALITY.items() if row[column]
        }
        for row in evidence.rows("localities")
        for name in ("locality", "locality_full_name")
        if row["locality_no"]
    }


def slug(name: str) -> str:
    """Return the key of a locality of this name."""
    return name.lower().replace(" ", "_")


def _rows(
    design: str,
    effects: str,
    point: str,
    pairs: Mapping[str, tuple[Stack, Stack]],
    localities: Mapping[str, Mapping[str, float]],
    of_all: float,
) -> list[dict[str, object]]:
    """Return the rows of one point of delivery: all places together, then each locality."""
    found = [_row(design, effects, point, ALL, of_all, list(pairs.values()), ALL)]
    for place, pair in pairs.items():
        if place != SYSTEM:
            target = localities[place].get(point, np.nan)
            found.append(_row(design, effects, point, place, target, [pair], ALL))
            continue
        for name in dict.fromkeys(pair[0].keys["locality"]):
            if slug(name) in localities:
                target = localities[slug(name)].get(point, np.nan)
                found.append(_row(design, effects, point, slug(name), target, [pair], name))
    return found


def _row(
    design: str,
    effects: str,
    point: str,
    locality: str,
    target: float,
    pairs: Sequence[tuple[Stack, Stack]],
    label: str,
) -> dict[str, object]:
    year = max((year for year in pairs[0][0].keys["year"] if year != ALL), key=int)
    changes, draws = change(pairs, point, year, label)
    told = summary(changes[:, None], draws)
    numbers = (float(told.mean[0]), float(told.low[0]), float(told.high[0]))
    kept = int(np.isfinite(changes).sum())
    values = (design, effects, point, locality, target, year, kept, interval_kind(draws), *numbers)
    return dict(zip(COLUMNS, values, strict=True))


def change(
    pairs: Sequence[tuple[Stack, Stack]], point: str, year: str, label: str
) -> tuple[Floats, tuple[int, ...]]:
    """Return the change from usual care in per cent of each run that all places hold.

    Returns
    -------
    (runs,) changes, and the draw of each run
    """
    sums: dict[tuple[int, int], list[list[float]]] = {}
    for design, usual in pairs:
        rows = (design.keys["point_of_delivery"] == point) & (design.keys["year"] == year)
        rows &= design.keys["locality"] == label
        with_it, without = (one.numbers["value"][:, rows].sum(axis=1) for one in (design, usual))
        for number, run in enumerate(zip(design.draws, design.replications, strict=True)):
            sums.setdefault(run, []).append([float(with_it[number]), float(without[number])])
    whole = {run: np.sum(parts, axis=0) for run, parts in sums.items() if len(parts) == len(pairs)}
    runs = sorted(whole)
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = np.array([100.0 * (whole[run][0] / whole[run][1] - 1.0) for run in runs])
    return changes, tuple(draw for draw, _ in runs)
