"""Targets of places: life expectancy, registers of practices, smoking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from agents.evidence import Evidence, Row
from agents.population import SEXES
from calibration.simulated import Simulated
from calibration.sources import rows_with_figures
from calibration.targets import (
    HOLDOUT,
    Estimate,
    Target,
    ages_in_words,
    ages_of,
    allowed,
    percentage,
)

Count = Callable[[Simulated], Estimate]

# Registers of practices under the names of our conditions; obesity, palliative care and
# primary prevention are no conditions here.
REGISTERS = {
    "severe_mental_illness": "smi",
    "chronic_kidney_disease": "ckd",
    "diabetes": "type_2_diabetes",
}


def life_expectancy_targets(evidence: Evidence) -> Iterator[Target]:
    """Yield life expectancy at birth by sex and fifth, and by pairs of tenths held out."""
    rows = rows_with_figures(evidence, "mortality", measure="life_expectancy_at_birth")
    tenths: dict[tuple[str, str, int], list[tuple[Row, float]]] = {}
    for row, figure in rows:
        sex, group = SEXES.index(row["sex"]), row["imd_quintile"]
        if group.startswith("decile_"):
            tenth = int(group.removeprefix("decile_"))
            place = row["sex"], row["year"], (tenth + 1) // 2
            tenths.setdefault(place, []).append((row, figure.value))
            continue
        yield Target(
            measure="life_expectancy_at_birth",
            unit="years",
            group_by="sex, imd_quintile",
            group=f"{row['sex']} fifth {group}",
            definition="newborns under today's hazards",
            figure=figure,
            allowance=allowed(evidence, "life_expectancy", figure.value),
            role=row["role"],
            year=row["year"],
            count=_of_fifth(sex, int(group)),
        )
    for (name, year, fifth), found in tenths.items():
        if len(found) == 2:  # both tenths of the fifth are published
            yield _pair_of_tenths(evidence, name, year, fifth, [value for _, value in found])


def _pair_of_tenths(
    evidence: Evidence, name: str, year: str, fifth: int, values: Sequence[float]
) -> Target:
    figure = evidence.figure(
        "mortality",
        measure="life_expectancy_at_birth",
        sex=name,
        year=year,
        imd_quintile=f"decile_{2 * fifth - 1}",
    )
    mean = type(figure)(
        key=f"{figure.key} and {2 * fifth}",
        value=float(np.mean(values)),
        low=None,
        high=None,
        unit=figure.unit,
        source=figure.source,
        basis="derived",
        note=f"mean of tenths {2 * fifth - 1} and {2 * fifth}",
    )
    return Target(
        measure="life_expectancy_at_birth",
        unit="years",
        group_by="sex, imd_quintile",
        group=f"{name} fifth {fifth}",
        definition="newborns under today's hazards; mean of two published tenths",
        figure=mean,
        allowance=allowed(evidence, "life_expectancy", mean.value),
        role=HOLDOUT,
        year=year,
        count=_of_fifth(SEXES.index(name), fifth),
    )


def _of_fifth(sex: int, fifth: int) -> Count:
    def count(found: Simulated) -> Estimate:
        lives = found.lives
        return Estimate(float(lives.mean[sex, fifth - 1]), float(lives.error[sex, fifth - 1]))

    return count


# -------------------------------------------------------------------- a place's own figures


def place_targets(evidence: Evidence, place: str, conditions: Sequence[str]) -> Iterator[Target]:
    """Yield what is published of a place's own people and can be counted here."""
    kinds = {row["place"]: row["kind"] for row in evidence.rows("places")}
    kind = kinds.get(place, "own")
    type_2 = evidence.value("check_allowances", key="type_2_share")
    for row, figure in rows_with_figures(evidence, "place_health", place=place):
        way = _way(row, kind, conditions, type_2)
        if way is None:
            continue
        measure, key, count = way
        low, high = ages_of(row)
        sex = "" if row["sex"] == "all" else f" {row['sex']}"
        yield Target(
            measure=measure,
            unit=row["unit"],
            group_by="age_band, sex" if sex else "age_band",
            group=ages_in_words(low, high) + sex,
            definition=_definition(row["measure"], row["condition"]),
            figure=figure,
            allowance=allowed(evidence, key, figure.value),
            role=row["role"],
            geography=row["geography"],
            year=row["year"],
            count=count,
        )


def _definition(measure: str, condition: str) -> str:
    if condition == "diabetes":
        return "on a register, raised by the type 1 that practices count too"
    return {
        "qof_register_prevalence": "on a register, of residents of those ages",
        "smoking_current": "smokes now",
    }.get(measure, "newborns of the place's mix of fifths under today's hazards")


Way = tuple[str, str, Count]


def _way(row: Row, kind: str, conditions: Sequence[str], type_2: float) -> Way | None:
    """Return the measure, its allowance and how it is counted; None where it cannot be."""
    low, high = ages_of(row)
    size = {"country": "england", "locality": "locality"}.get(kind, "borough")
    if row["measure"] == "qof_register_prevalence":
        name = REGISTERS.get(row["condition"], row["condition"])
        if name not in conditions:
            return None
        whole = type_2 if name == "type_2_diabetes" else 1.0
        return f"register_{name}", f"register.{size}", _register(name, low, high, whole)
    if row["measure"] == "smoking_current":
        key = "smoking.locality" if size == "locality" else "smoking"
        return "smoking_current", key, lambda found: _smoking(found, low)
    if row["measure"] == "life_expectancy_birth":
        sex = None if row["sex"] == "all" else SEXES.index(row["sex"])
        return "life_expectancy_at_birth", "life_expectancy.place", _of_place(sex)
    return None


def _register(name: str, low: int, high: int, whole: float) -> Count:
    """Count a register of which the condition is the share ``whole``."""

    def count(found: Simulated) -> Estimate:
        people = found.register
        known = percentage(people.of(name)[people.aged(low, high), 0])
        return Estimate(known.value / whole, known.error / whole)

    return count


def _smoking(found: Simulated, low: int) -> Estimate:
    return percentage(found.smoker[found.register.aged(low)])


def _of_place(sex: int | None) -> Count:
    """Return the mean of the fifths' newborns, by the place's mix; of both sexes where None."""

    def count(found: Simulated) -> Estimate:
        sexes = [0, 1] if sex is None else [sex]
        mix = found.imd_mix / found.imd_mix.sum()
        value = (found.lives.mean[sexes] @ mix).mean()
        error = np.sqrt((found.lives.error[sexes] ** 2 @ mix**2).mean() / len(sexes))
        return Estimate(float(value), float(error))

    return count
