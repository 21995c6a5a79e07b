"""Targets of single conditions: prevalence by age and sex, by fifth, incidence, together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.stats import spearmanr

from agents.evidence import Evidence, Figure, Row
from agents.population import SEXES
from calibration.adjusted import rate_ratios
from calibration.fit_measures import MENTAL
from calibration.simulated import Simulated
from calibration.sources import rows_with_figures
from calibration.targets import (
    CALIBRATE,
    CHECK,
    Allowance,
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

ADULT = 20
FLOW = ("heart_failure", "copd", "dementia")
YOUNGEST_TRIAD = 20
Count = Callable[[Simulated], Estimate]


# -------------------------------------------------------------------- by age, sex, fifth


def prevalence_targets(evidence: Evidence, conditions: Sequence[str]) -> Iterator[Target]:
    """Yield prevalence by condition, ten-year band and sex, brought to the size of registers."""
    lifelong = {row["condition"] for row in evidence.rows("condition_rules", rule="from_birth")}
    floor = evidence.value("check_allowances", key="prevalence_floor")
    for condition in conditions:
        scale, scaled = _scale(evidence, condition)
        for row, figure in _bands(evidence, condition):
            published = figure.value * scale
            figure_of_register = _changed(figure, published)
            role, allowance = CALIBRATE, allowed(evidence, "prevalence", published)
            if condition in lifelong:
                role = CHECK
                allowance = Allowance(allowance.amount, "present from birth or never, so level")
            elif published < floor:
                role = CHECK
                allowance = Allowance(allowance.amount, "below 1%: not counted among the goals")
            low, high = ages_of(row)
            yield Target(
                measure=f"prevalence_{condition}",
                unit="percent",
                group_by="age_band, sex" if row["sex"] != "all" else "age_band",
                group=f"{ages_in_words(low, high)} {row['sex']}".removesuffix(" all"),
                definition=f"on a register; published as ever recorded{scaled}",
                figure=figure_of_register,
                allowance=allowance,
                role=role,
                year=row["year"],
                count=_prevalence(condition, low, high, row["sex"]),
            )


def _scale(evidence: Evidence, condition: str) -> tuple[float, str]:
    rows = evidence.figures("prevalence", condition=condition, measure="scale_ever_to_register")
    if not rows:
        return 1.0, ""
    # The value beforehand, not the fitted one: what is to be met must not move with the fit.
    closer = evidence.value("starting_parameters", key="register_scale.multiplier")
    scale = rows[0].value * closer
    return scale, f", times {scale:.3f} for registers"


def _bands(evidence: Evidence, condition: str) -> list[tuple[Row, Figure]]:
    rows = [
        (row, figure)
        for row, figure in rows_with_figures(
            evidence, "prevalence", condition=condition, measure="prevalence", imd_quintile="all"
        )
        if _is_band(*ages_of(row))
    ]
    by_sex = [pair for pair in rows if pair[0]["sex"] != "all"]
    return by_sex or rows


def _is_band(low: int, high: int) -> bool:
    return high - low <= 11 or low == 80


def _changed(figure: Figure, value: float) -> Figure:
    return Figure(
        key=figure.key,
        value=value,
        low=None,
        high=None,
        unit=figure.unit,
        source=figure.source,
        basis=figure.basis,
        note=figure.note,
    )


def _prevalence(condition: str, low: int, high: int, sex: str) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        who = people.aged(low, high, sex=None if sex == "all" else SEXES.index(sex))
        return percentage(people.of(condition)[who, 0])

    return count


def deprivation_targets(evidence: Evidence, conditions: Sequence[str]) -> Iterator[Target]:
    """Yield the prevalence ratio of the most to the least deprived fifth of adults."""
    for condition in conditions:
        figure = evidence.figure(
            "prevalence", condition=condition, measure="ratio_most_least_deprived"
        )
        yield Target(
            measure=f"deprivation_ratio_{condition}",
            unit="ratio",
            group_by="imd_quintile",
            group="1 over 5",
            definition="on a register, adults of 20 and over, standardised by age and sex",
            figure=figure,
            allowance=allowed(evidence, "deprivation_ratio", figure.value),
            role=CALIBRATE,
            count=_ratio(condition),
        )


def _ratio(condition: str) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        return standardised_ratio(people, people.of(condition)[:, 0], people.aged(ADULT))

    return count


# -------------------------------------------------------------------- new diagnoses

NOT_COMPARED = ("1991-1994", "2004")  # an older value beside a newer one of the same thing


def incidence_targets(evidence: Evidence, conditions: Sequence[str]) -> Iterator[Target]:
    """Yield new diagnoses per 1,000 person-years of everyone of those ages."""
    for row, figure in rows_with_figures(evidence, "incidence", measure="incidence"):
        condition = row["condition"]
        if condition not in conditions or row["year"] in NOT_COMPARED:
            continue
        low, high = ages_of(row)
        key = "incidence.flow" if condition in FLOW else "incidence"
        yield Target(
            measure=f"incidence_{condition}",
            unit="per 1,000 person-years",
            group_by="age_band",
            group=ages_in_words(low, high),
            definition="new diagnoses among everyone of those ages",
            figure=figure,
            allowance=allowed(evidence, key, figure.value),
            role=CALIBRATE,
            geography=row["geography"],
            year=row["year"],
            count=_incidence(condition, low, high),
        )


def _incidence(condition: str, low: int, high: int) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        who = people.aged(low, high)
        new = int(found.newly[who, people.conditions.index(condition)].sum())
        years = float(found.years[who].sum()) / 1000
        return Estimate(new / years, np.sqrt(max(new, 1)) / years)

    return count


# -------------------------------------------------------------------- conditions together


def triad_targets(evidence: Evidence, conditions: Sequence[str]) -> Iterator[Target]:
    """Yield how often three conditions meet, over what their frequencies alone would give."""
    for row, figure in rows_with_figures(
        evidence,
        "cooccurrence",
        kind="triad",
        measure="triad_observed_expected",
        imd_quintile="all",
    ):
        names = (row["condition_a"], *row["condition_b"].split(" + "))
        low, high = ages_of(row)
        if not set(names) <= set(conditions) or low < YOUNGEST_TRIAD:
            continue
        yield Target(
            measure="triad " + ", ".join(names).replace("_", " "),
            unit="observed over expected",
            group_by="age_band",
            group=ages_in_words(low, high),
            definition="ever recorded",
            figure=figure,
            allowance=allowed(evidence, "triad", figure.value),
            role=CALIBRATE,
            count=_triad(names, low, high),
        )


def _triad(names: tuple[str, ...], low: int, high: int) -> Count:
    def count(found: Simulated) -> Estimate:
        if found.ever is None:
            return Estimate(float("nan"))
        people = found.ever
        together = people.of(*names)[people.aged(low, high)].all(axis=1).sum()
        ratio = people.together(names, low, high)
        return Estimate(ratio, ratio / float(np.sqrt(max(together, 1))))

    return count


Pair = tuple[str, str]


def published_pairs(evidence: Evidence, conditions: Sequence[str]) -> dict[Pair, list[Figure]]:
    """Return published ratios of b's onset given a, preferred rows alone where there are any."""
    found: dict[Pair, list[Figure]] = defaultdict(list)
    for row, figure in rows_with_figures(
        evidence, "cooccurrence", kind="pair", measure="relative_risk", direction="a then b"
    ):
        pair = row["condition_a"], row["condition_b"]
        if set(pair) <= set(conditions) and pair[0] != pair[1]:
            found[pair].append(figure)
    preferred = {
        pair: [each for each in figures if each.note.startswith("preferred")]
        for pair, figures in found.items()
    }
    return {pair: preferred[pair] or figures for pair, figures in found.items()}


def geometric_mean(figures: Sequence[Figure]) -> float:
    """Return the geometric mean of ratios."""
    return float(np.exp(np.mean([np.log(figure.value) for figure in figures])))


def pair_targets(evidence: Evidence, conditions: Sequence[str]) -> Iterator[Target]:
    """Yield the ratio of new diagnoses of b with and without a, and how their ranks agree."""
    pairs = published_pairs(evidence, conditions)
    ratios = _Pairs(evidence.value("check_allowances", key="pair.new_cases"))
    means = {pair: geometric_mean(figures) for pair, figures in pairs.items()}
    for (first, then), figures in pairs.items():
        yield Target(
            measure=f"pair {first.replace('_', ' ')} then {then.replace('_', ' ')}",
            unit="rate ratio",
            definition="new diagnoses with and without the first, adjusted as published",
            figure=_changed(figures[0], means[first, then]),
            allowance=allowed(evidence, "pair", means[first, then]),
            role=CALIBRATE,
            count=_pair(first, then, ratios),
        )
    goal = allowed(evidence, "pair.rank", 1.0)
    yield Target(
        measure="pairs_rank_correlation",
        unit="correlation",
        definition="Spearman, published ratios against simulated ones",
        figure=Figure(
            key="check_allowances.pair.rank",
            value=1.0,
            low=None,
            high=None,
            unit="correlation",
            source="perfect agreement in rank",
            basis="derived",
            note=goal.reason,
        ),
        allowance=goal,
        role=CALIBRATE,
        count=_rank_correlation(means, ratios),
    )


class _Pairs:
    """Adjusted ratios of new diagnoses, worked out once for each condition that follows."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._known: dict[tuple[int, str], dict[str, Estimate]] = {}

    def ratio(self, first: str, then: str, found: Simulated) -> Estimate:
        """Return the rate of ``then`` with ``first`` over that without."""
        place = id(found), then
        if place not in self._known:
            self._known[place] = self._all(then, found)
        return self._known[place][first]

    def _all(self, then: str, found: Simulated) -> dict[str, Estimate]:
        people = found.register
        column = people.conditions.index(then)
        at_risk = ~people.has[:, column] & (found.years > 0) & people.aged(ADULT)
        others = [name for name in people.conditions if name != then]
        exposures, years = people.of(*others)[at_risk], found.years[at_risk]
        new, cell = found.newly[at_risk, column], strata(people)[at_risk]
        ratios, errors = rate_ratios(new, years, exposures, cell)
        rate = np.bincount(cell, weights=new) / np.maximum(np.bincount(cell, weights=years), 1)
        expected = (rate[cell] * years) @ exposures
        return {
            name: Estimate(ratio, ratio * error)
            if enough >= self._least
            else Estimate(float("nan"))
            for name, ratio, error, enough in zip(
                others, ratios.tolist(), errors.tolist(), expected.tolist(), strict=True
            )
        }


def _pair(first: str, then: str, pairs: _Pairs) -> Count:
    return lambda found: pairs.ratio(first, then, found)


def _rank_correlation(means: dict[Pair, float], pairs: _Pairs) -> Count:
    def count(found: Simulated) -> Estimate:
        simulated = np.array([pairs.ratio(*pair, found).value for pair in means])
        known = np.isfinite(simulated)
        if known.sum() < 3:
            return Estimate(float("nan"))
        published = np.array(list(means.values()))
        rank = float(spearmanr(published[known], simulated[known]).statistic)
        return Estimate(rank, (1 - rank**2) / float(np.sqrt(known.sum() - 1)))

    return count


# -------------------------------------------------------------------- odds ratios


def odds_targets(evidence: Evidence) -> Iterator[Target]:
    """Yield published odds ratios of mental given physical illness, and of two conditions."""
    ways: dict[Pair, Count] = {
        ("physical_conditions_1", "any_mental_health_disorder"): _mental_given(1, 1),
        ("physical_conditions_5plus", "any_mental_health_disorder"): _mental_given(5, 99),
        ("type_2_diabetes", "depression"): _depression_with_diabetes,
    }
    for (first, second), count in ways.items():
        figure = evidence.figure(
            "cooccurrence", condition_a=first, condition_b=second, measure="odds_ratio"
        )
        yield Target(
            measure=f"odds ratio {second.replace('_', ' ')} with {first.replace('_', ' ')}",
            unit="odds ratio",
            definition="on a register; by strata of age, sex and fifth",
            figure=figure,
            allowance=allowed(evidence, "odds_ratio", figure.value),
            role=CALIBRATE,
            count=count,
        )


def _mental_given(least: int, most: int) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        physical = people.has[:, people.physical].sum(axis=1)
        exposed = (physical >= least) & (physical <= most)
        compared = exposed | (physical == 0)
        mental: Bools = np.any(people.of(*MENTAL), axis=1)
        cell = strata(people, by_fifth=True)
        return odds_ratio(mental[compared], exposed[compared], cell[compared])

    return count


def _depression_with_diabetes(found: Simulated) -> Estimate:
    people = found.register
    adults = people.aged(18)
    cell = strata(people, by_fifth=True)[adults]
    depression, diabetes = people.of("depression", "type_2_diabetes")[adults].T
    return odds_ratio(depression, diabetes, cell)
