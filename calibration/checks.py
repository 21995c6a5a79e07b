"""Simulated people beside published figures: the table, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agents.evidence import Evidence
from agents.place import Place
from calibration.projection import projection_targets
from calibration.simulated import Simulated
from calibration.targets import ROLES, Target
from calibration.targets_counts import count_targets, gap_target
from calibration.targets_places import life_expectancy_targets, place_targets
from calibration.targets_prevalence import (
    deprivation_targets,
    incidence_targets,
    odds_targets,
    pair_targets,
    prevalence_targets,
    triad_targets,
)

ENGLAND = "england"
NORMAL_95 = 1.96
WORST = 12
COLUMNS = (
    *("place", "design", "effects", "check", "measure", "unit", "group_by", "group", "year"),
    *("definition", "role", "published", "published_low", "published_high", "published_place"),
    *("published_year", "source", "basis", "note", "standardised", "replications"),
    *("interval_kind", "mean", "low", "high", "ratio", "ratio_low", "ratio_high", "same_place"),
    *("allowance", "reason", "difference", "verdict"),
)
NEAR, MISS, CHANCE, UNKNOWN = "within", "miss", "miss, perhaps by chance", "too few people"


def targets_of(
    place: str, evidence: Evidence, conditions: Iterable[str], projected: Mapping[str, pd.DataFrame]
) -> Iterator[Target]:
    """Yield every published figure that a place can be compared with.

    A place is compared with figures of its own people; England also with what was published
    of the nation.
    """
    keys = tuple(conditions)
    yield from place_targets(evidence, place, keys)
    yield from count_targets(evidence, place)
    if place != ENGLAND:
        return
    yield from prevalence_targets(evidence, keys)
    yield from deprivation_targets(evidence, keys)
    yield gap_target(evidence)
    yield from pair_targets(evidence, keys)
    yield from triad_targets(evidence, keys)
    yield from odds_targets(evidence)
    yield from incidence_targets(evidence, keys)
    yield from life_expectancy_targets(evidence)
    yield from projection_targets(evidence, dict(projected))


def checks_table(targets: Iterable[Target], found: Simulated, place: Place) -> pd.DataFrame:
    """Return ``checks.csv``: one row a target, simulated beside published."""
    rows = [_row(target, found, place) for target in targets]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(target: Target, found: Simulated, place: Place) -> dict[str, object]:
    estimate, figure = target.count(found), target.figure
    reach = NORMAL_95 * estimate.error
    ends = {"mean": estimate.value, "low": estimate.value - reach, "high": estimate.value + reach}
    ratios = {
        "ratio" if end == "mean" else f"ratio_{end}": value / figure.value if figure.value else None
        for end, value in ends.items()
    }
    return {
        "place": place.key,
        "design": "none",
        "effects": "none",
        "check": f"{target.measure}, {target.group}",
        "measure": target.measure,
        "unit": target.unit,
        "group_by": target.group_by,
        "group": target.group,
        "year": 1,
        "definition": target.definition,
        "role": target.role,
        "published": figure.value,
        "published_low": figure.low,
        "published_high": figure.high,
        "published_place": target.geography,
        "published_year": target.year,
        "source": figure.source,
        "basis": figure.basis,
        "note": figure.note,
        "standardised": "no",
        "replications": 1,
        "interval_kind": "chance",
        **ends,
        **ratios,
        "same_place": "yes",
        "allowance": target.allowance.amount,
        "reason": target.allowance.reason,
        "difference": estimate.value - figure.value,
        "verdict": verdict(target, estimate.value, estimate.error),
    }


def verdict(target: Target, value: float, error: float) -> str:
    """Say whether a simulated value is near enough to its published figure.

    Near is within the allowance of the figure, or inside the published interval. A miss whose
    95% interval reaches what is near is perhaps by chance.
    """
    if not np.isfinite(value):
        return UNKNOWN
    figure, amount = target.figure, target.allowance.amount
    low = min(figure.value - amount, figure.value if figure.low is None else figure.low)
    high = max(figure.value + amount, figure.value if figure.high is None else figure.high)
    if low <= value <= high:
        return NEAR
    reach = NORMAL_95 * error if np.isfinite(error) else 0.0
    return CHANCE if low <= value + reach and value - reach <= high else MISS


# -------------------------------------------------------------------- what it comes to


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of a kind are near enough."""

    name: str
    near: int
    rows: int
    by_chance: int

    @property
    def sentence(self) -> str:
        """The tally in words."""
        share = f" ({self.near / self.rows:.0%})" if self.rows else ""
        chance = f"; {self.by_chance} of the misses may be chance" if self.by_chance else ""
        return f"{self.name}: {self.near} of {self.rows} within{share}{chance}"


def tally(table: pd.DataFrame, name: str) -> Tally:
    """Count the rows of ``table`` that are near enough; those that nobody can tell left out."""
    known = table[table["verdict"] != UNKNOWN]
    return Tally(
        name,
        int((known["verdict"] == NEAR).sum()),
        len(known),
        int((known["verdict"] == CHANCE).sum()),
    )


FAMILIES = {
    "prevalence by condition, age and sex": "prevalence_(?!2plus|4plus|1plus|physical)",
    "deprivation ratios": "deprivation_ratio_",
    "1+, 2+ and 4+ conditions": "prevalence_[124]plus",
    "other counts of conditions": (
        "share_of|median|mean_cond|ratio_4plus|odds_ratio_|prevalence_phys"
    ),
    "age at two conditions": "age_|onset_gap",
    "pairs": "pair ",
    "rank correlation of pairs": "pairs_rank",
    "triads": "triad ",
    "odds ratios": "odds ratio ",
    "incidence": "incidence_",
    "life expectancy": "life_expectancy",
    "registers of practices": "register_",
    "smoking": "smoking",
    "projection": "projection",
}


def families(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each family of measures that has any."""
    found = {
        name: table[table["measure"].str.match(f"(?:{pattern})")]
        for name, pattern in FAMILIES.items()
    }
    return {name: rows for name, rows in found.items() if len(rows)}


def summary(table: pd.DataFrame) -> list[str]:
    """Return in sentences how many rows are near enough, by role and family, and the worst."""
    lines = [f"{len(table)} published figures."]
    for role in ROLES:
        lines.append("  " + tally(table[table["role"] == role], role).sentence)
    lines.append("By kind (calibrate; holdout and check in brackets):")
    for name, rows in families(table).items():
        fitted = tally(rows[rows["role"] == ROLES[0]], name)
        others = tally(rows[rows["role"] != ROLES[0]], "")
        aside = f" [{others.near} of {others.rows}]" if others.rows else ""
        lines.append(f"  {fitted.sentence}{aside}" if fitted.rows else f"  {name}:{aside}")
    worst = worst_misses(table)
    if len(worst):
        lines.append("Furthest off, beyond what is allowed and chance:")
    for _, row in worst.iterrows():
        lines.append(
            f"  {row['check']} ({row['role']}): published {row['published']:.4g}, "
            f"simulated {row['mean']:.4g} {row['unit']}"
        )
    return lines


def worst_misses(table: pd.DataFrame, most: int = WORST) -> pd.DataFrame:
    """Return the misses that chance does not explain, those most allowances away first."""
    missed = table[(table["verdict"] == MISS) & (table["role"] != ROLES[2])]
    away = (missed["difference"].abs() / missed["allowance"]).sort_values(ascending=False)
    return missed.loc[away.index[:most]]
