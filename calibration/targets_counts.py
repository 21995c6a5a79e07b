"""Targets of multimorbidity: how many conditions, at what age, in which fifth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from agents.evidence import Evidence, Row
from agents.population import SEXES
from calibration.fit_measures import MENTAL, People
from calibration.simulated import Simulated
from calibration.sources import rows_with_figures
from calibration.targets import (
    Bools,
    Estimate,
    Target,
    ages_in_words,
    ages_of,
    allowed,
    odds_ratio,
    percentage,
    standardised_ratio,
    strata,
)

# The list of ours that stands for a published list, by its length.
LISTS = {"36": 24, "40": 25, "35": 24, "12": 9, "32": 24, "27": 27}
BLOCKS = 10
# Scotland's figures stand for England's: the reason of their allowance says so.
GEOGRAPHIES = {"england": ("England", "Scotland"), "lambeth": ("Lambeth, inner London",)}
TENTHS = "odds_ratio_most_least_deprived_decile"
Count = Callable[[Simulated], Estimate]
Way = tuple[str, Count]  # key of the allowance, and how to count


def count_targets(evidence: Evidence, place: str) -> Iterator[Target]:
    """Yield a place's published counts of conditions that can be counted like for like."""
    for row, figure in rows_with_figures(evidence, "multimorbidity"):
        if row["geography"] not in GEOGRAPHIES.get(place, ()):
            continue
        way = _odds_by_tenth(row, evidence) if row["measure"] == TENTHS else _way(row)
        if way is None:
            continue
        key, count = way
        yield Target(
            measure=row["measure"],
            unit=row["unit"],
            group_by=_group_by(row),
            group=_group(row),
            definition=_definition(row),
            figure=figure,
            allowance=allowed(evidence, key, figure.value),
            role=row["role"],
            geography=row["geography"],
            year=row["year"],
            count=count,
        )


def _group_by(row: Row) -> str:
    parts = ["age_band"]
    if row["sex"] != "all":
        parts.append("sex")
    if row["imd_quintile"] != "all":
        parts.append("imd_quintile")
    return ", ".join(parts)


def _group(row: Row) -> str:
    sex = "" if row["sex"] == "all" else f" {row['sex']}"
    fifth = "" if row["imd_quintile"] == "all" else f" fifth {row['imd_quintile']}"
    return ages_in_words(*ages_of(row)) + sex + fifth


def _definition(row: Row) -> str:
    listed = LISTS.get(row["n_conditions_in_list"])
    ours = f"; our list of {listed}, on a register" if listed else ""
    return row["definition"] + ours


# -------------------------------------------------------------------- which rows, and how


def _way(row: Row) -> Way | None:
    """Return how a published row is counted; None where it cannot be like for like."""
    if row["n_conditions_in_list"] not in LISTS or row["year"] == "2035":
        return None
    least = {"prevalence_1plus": 1, "prevalence_2plus": 2, "prevalence_4plus": 4}
    measure = row["measure"]
    if measure in least:
        return _allowance(row, least[measure]), _share_with(row, least[measure])
    if measure in _WAYS:
        return _WAYS[measure](row)
    return None


def _allowance(row: Row, least: int) -> str:
    length, (low, high) = row["n_conditions_in_list"], ages_of(row)
    if length == "36":
        return "count.36" if row["imd_quintile"] == "all" else "count.36.ends"
    if length == "40":
        return "count.40.young" if high < 45 else "count.40"
    if length == "35":
        return "count.35.old" if low >= 80 else "count.35"
    if length == "32":
        return "count.32"
    return "count.12.many" if least == 4 else "count.12"


def _who(row: Row, people: People) -> Bools:
    sex = None if row["sex"] == "all" else SEXES.index(row["sex"])
    fifth = 0 if row["imd_quintile"] == "all" else int(row["imd_quintile"])
    return people.aged(*ages_of(row), sex=sex, fifth=fifth)


def _many(row: Row, people: People, least: int) -> Bools:
    many: Bools = people.count(LISTS[row["n_conditions_in_list"]]) >= least
    return many


def _share_with(row: Row, least: int) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        return percentage(_many(row, people, least)[_who(row, people)])

    return count


def _under_65_of(row: Row, least: int) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        many = _many(row, people, least) & people.aged(0 if least == 2 else 18)
        return percentage(people.age[many] < 65)

    return count


def _both(people: People) -> Bools:
    """Return who has a physical and a mental condition."""
    physical: Bools = np.any(people.has[:, people.physical], axis=1)
    mental: Bools = np.any(people.of(*MENTAL), axis=1)
    return physical & mental


def _physical_and_mental(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        return percentage(_both(people)[_who(row, people)])

    return count


def _mixed_of_2plus(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        two = _many(row, people, 2) & _who(row, people)
        return percentage(_both(people)[two])

    return count


def _median_of_2plus(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        several = people.count(LISTS[row["n_conditions_in_list"]])[_who(row, people)]
        return Estimate(float(np.median(several[several >= 2])))

    return count


def _mean_of_27(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        counts = found.register.count(27)[_who(row, found.register)]
        return Estimate(float(counts.mean()), float(counts.std() / np.sqrt(counts.size)))

    return count


def _ratio_4plus(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        return standardised_ratio(people, _many(row, people, 4), people.aged(18))

    return count


def _odds_by_tenth(row: Row, evidence: Evidence) -> Way:
    """Count fifths and say what the odds ratio of tenths would be."""
    power = 1 / evidence.value("check_allowances", key="fifths_from_tenths")

    def count(found: Simulated) -> Estimate:
        people = found.register
        ends = (people.fifth == 1) | (people.fifth == 5)
        two, deprived = _many(row, people, 2), people.fifth == 1
        fifths = odds_ratio(two[ends], deprived[ends], strata(people)[ends])
        value = fifths.value**power
        return Estimate(value, value * power * fifths.error / fifths.value)

    return "count.35.odds", count


def _odds_of_men(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        band = np.minimum(people.age // 10, 8) * 5 + people.fifth
        return odds_ratio(_many(row, people, 2), people.sex == 1, band.astype(np.int64))

    return count


def _odds_of_ages(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        here, compared = people.aged(*ages_of(row)), people.aged(50, 59)
        both = here | compared
        cell = people.sex * 5 + people.fifth
        return odds_ratio(_many(row, people, 2)[both], here[both], cell[both].astype(np.int64))

    return count


# -------------------------------------------------------------------- age at two conditions


def _age_of_half(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        fifth = int(row["imd_quintile"])
        return _with_blocks(found.register, lambda people: age_of_half(people, fifth))

    return count


def _gap(row: Row) -> Count:
    def count(found: Simulated) -> Estimate:
        return _with_blocks(found.register, gap_between_ends)

    return count


def gap_between_ends(people: People) -> float:
    """Return years between the ages at which half of fifths 5 and 1 have 2+ of 24."""
    return age_of_half(people, 5) - age_of_half(people, 1)


def age_of_half(people: People, fifth: int, listed: int = 24) -> float:
    """Return the age at which half of a fifth have two conditions, between five-year bands."""
    two = people.count(listed) >= 2
    edges = range(35, 100, 5)
    shares = []
    for low, high in pairwise(edges):
        who = people.aged(low, high - 1, fifth=fifth)
        shares.append(two[who].mean() if who.sum() > 20 else np.nan)
    middle, share = np.array(edges[:-1]) + 2.5, np.array(shares)
    above = np.flatnonzero(share >= 0.5)
    if not above.size or above[0] == 0 or not np.isfinite(share[above[0] - 1]):
        return float("nan")
    last = above[0]
    return float(np.interp(0.5, share[last - 1 : last + 1], middle[last - 1 : last + 1]))


def _with_blocks(people: People, measure: Callable[[People], float]) -> Estimate:
    """Return a measure of all, with its standard error from tenths of the people."""
    tenth = np.arange(people.age.size) % BLOCKS
    parts = np.array([measure(_part(people, tenth == block)) for block in range(BLOCKS)])
    known = parts[np.isfinite(parts)]
    error = float(known.std(ddof=1) / np.sqrt(BLOCKS)) if known.size > BLOCKS / 2 else float("nan")
    return Estimate(measure(people), error)


def _part(people: People, who: Bools) -> People:
    return People(
        conditions=people.conditions,
        has=people.has[who],
        age=people.age[who],
        sex=people.sex[who],
        fifth=people.fifth[who],
        physical=people.physical,
    )


_WAYS: dict[str, Callable[[Row], Way | None]] = {
    "share_of_2plus_under_65": lambda row: ("count.share", _under_65_of(row, 2)),
    "share_of_4plus_under_65": lambda row: ("count.share", _under_65_of(row, 4)),
    "prevalence_physical_and_mental": lambda row: (
        "count.mixed.ends",
        _physical_and_mental(row),
    ),
    "share_of_2plus_mixed_mental_physical": lambda row: ("count.mixed", _mixed_of_2plus(row)),
    "median_conditions_among_2plus": lambda row: ("count.median", _median_of_2plus(row)),
    "mean_conditions_of_27_register": lambda row: ("count.mean", _mean_of_27(row)),
    "ratio_4plus_most_least": lambda row: ("count.35.odds", _ratio_4plus(row)),
    "odds_ratio_80plus_v_50_59": lambda row: ("count.35.odds", _odds_of_ages(row)),
    "odds_ratio_0_19_v_50_59": lambda row: ("count.35.odds", _odds_of_ages(row)),
    "odds_ratio_male_female": lambda row: ("count.35.odds", _odds_of_men(row)),
    "age_reaching_2plus": lambda row: ("age_at_2plus", _age_of_half(row)),
    "onset_gap_years": lambda row: ("age_gap", _gap(row)),
}


def gap_target(evidence: Evidence) -> Target:
    """Return the gap that 61 and 71 years make, wanted between 7 and 12."""
    ends = [
        evidence.figure("multimorbidity", measure="age_reaching_2plus", imd_quintile=fifth)
        for fifth in ("1", "5")
    ]
    first = ends[0]
    figure = type(first)(
        key="multimorbidity.age_reaching_2plus.gap",
        value=ends[1].value - first.value,
        low=None,
        high=None,
        unit="years",
        source=first.source,
        basis="derived",
        note="71 less 61",
    )
    return Target(
        measure="age_at_2plus_gap",
        unit="years",
        group_by="imd_quintile",
        group="5 less 1",
        definition="2+ of 36; our list of 24, on a register",
        figure=figure,
        allowance=allowed(evidence, "age_gap", figure.value),
        role="calibrate",
        year="2014-2016",
        count=lambda found: _with_blocks(found.register, gap_between_ends),
    )
