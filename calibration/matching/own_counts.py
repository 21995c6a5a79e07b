"""How a researcher's own targets are counted among simulated people, like for like."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from agents.evidence import Figure
from agents.population import SEXES
from calibration.fit_measures import People
from calibration.matching.own import OwnTarget
from calibration.simulated import Simulated
from calibration.targets import (
    Allowance,
    Bools,
    Estimate,
    Target,
    percentage,
    standardised_ratio,
)

ADULT = 20


def as_target(own: OwnTarget) -> Target:
    """Return an own row as a target that is counted like for like."""
    return Target(
        measure=own.name,
        unit=own.unit,
        group_by="own",
        group=own.group,
        definition=_definition(own),
        figure=Figure(
            key=f"own.{own.line}",
            value=own.value,
            low=own.low,
            high=own.high,
            unit=own.unit,
            source=own.source,
            basis="read",
            note=own.note,
        ),
        allowance=Allowance(own.allowance, own.note or "given with the target, or a tenth"),
        role=own.role,
        geography=own.geography,
        year=own.year,
        count=_WAYS[own.measure](own),
    )


def _definition(own: OwnTarget) -> str:
    how = {"diagnosed": "on a register", "true": "present, diagnosed or not", "ever": "ever had"}
    listed = ", ".join(own.conditions) if own.conditions else "all conditions"
    return f"{listed}; {how[own.counted]}"


Count = Callable[[Simulated], Estimate]


def _people(own: OwnTarget, found: Simulated) -> People:
    if own.counted == "ever" and found.ever is not None:
        return found.ever
    return found.register if own.counted == "diagnosed" else found.true


def _who(own: OwnTarget, people: People) -> Bools:
    sex = None if own.sex == "all" else SEXES.index(own.sex)
    return people.aged(own.age_low, own.age_high, sex=sex, fifth=own.imd_quintile)


def _held(own: OwnTarget, people: People) -> Bools:
    held: Bools = people.of(*(own.conditions or people.conditions))
    return held


def _prevalence(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        people = _people(own, found)
        return percentage(_held(own, people)[_who(own, people), 0])

    return count


def _at_least(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        people = _people(own, found)
        many = _held(own, people).sum(axis=1) >= own.at_least
        return percentage(many[_who(own, people)])

    return count


def _mean(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        people = _people(own, found)
        held = _held(own, people)[_who(own, people)].sum(axis=1)
        return Estimate(float(held.mean()), float(held.std() / np.sqrt(max(held.size, 1))))

    return count


def _ratio(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        people = _people(own, found)
        who = people.aged(max(own.age_low, ADULT), own.age_high)
        return standardised_ratio(people, _held(own, people)[:, 0], who)

    return count


def _together(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        people = _people(own, found)
        held = _held(own, people)[_who(own, people)]
        expected = float(held.mean(axis=0).prod()) if held.size else 0.0
        if not expected:
            return Estimate(float("nan"))
        cases = held.all(axis=1)
        ratio = float(cases.mean()) / expected
        return Estimate(ratio, ratio / float(np.sqrt(max(cases.sum(), 1))))

    return count


def _incidence(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        people = found.register
        who = _who(own, people)
        new = int(found.newly[who, people.conditions.index(own.conditions[0])].sum())
        years = float(found.years[who].sum()) / 1000
        return Estimate(new / years, float(np.sqrt(max(new, 1))) / years)

    return count


def _life(own: OwnTarget) -> Count:
    def count(found: Simulated) -> Estimate:
        sexes = [0, 1] if own.sex == "all" else [SEXES.index(own.sex)]
        mix = np.array(found.imd_mix, np.float64)
        if own.imd_quintile:
            mix = np.eye(5)[own.imd_quintile - 1]
        mix = mix / mix.sum()
        value = float((found.lives.mean[sexes] @ mix).mean())
        variance = float((found.lives.error[sexes] ** 2 @ mix**2).mean()) / len(sexes)
        return Estimate(value, float(np.sqrt(variance)))

    return count


_WAYS: Mapping[str, Callable[[OwnTarget], Count]] = {
    "prevalence": _prevalence,
    "prevalence_at_least": _at_least,
    "mean_conditions": _mean,
    "deprivation_ratio": _ratio,
    "together": _together,
    "incidence": _incidence,
    "life_expectancy_at_birth": _life,
}
