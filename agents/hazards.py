"""What multiplies a person's hazards: susceptibility, the conditions they have, and death.

Pure functions of columns. They neither draw nor change anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.compiled import compiled

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]


_GRAIN = 2.0**20


def exact(values: Floats) -> Floats:
    """Round to a grain (one millionth) on which sums of products have no rounding error.

    A person's multiplier is then the same to the last bit whoever is computed beside them.
    """
    rounded: Floats = np.round(values * _GRAIN) / _GRAIN
    return rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """How susceptibility and present conditions multiply hazards, in logs (see ``exact``).

    Attributes
    ----------
    loadings : (n_clusters, n_conditions) log multiplier per standard normal score
    source : (n_effects,) condition whose presence acts
    from_age, to_age : (n_effects,) whole years of age between which it acts
    for_sex : (n_effects, 2) acts on women, on men
    log_ratio : (n_effects, n_conditions) what it adds to the log hazard of each onset
    physical : (n_conditions,) counts as a physical condition
    mood : (n_conditions,) its onset is raised by each physical condition
    log_per_physical : log of that ratio per physical condition
    physical_cap : physical conditions beyond this number add nothing
    log_death_ratio : (2, n_conditions) log ratio of death by sex
    """

    loadings: Floats
    source: Integers
    from_age: Floats
    to_age: Floats
    for_sex: Bools
    log_ratio: Floats
    physical: Bools
    mood: Bools
    log_per_physical: float
    physical_cap: float
    log_death_ratio: Floats


def susceptibility(scores: Floats, effects: Effects) -> Floats:
    """Return the log multiplier (n, n_conditions) of people with normal ``scores``."""
    log_multiplier: Floats = scores @ effects.loadings
    return log_multiplier


def multiplier(
    log_susceptibility: Floats, has: Bools, age: Floats, sex: Small, effects: Effects
) -> Floats:
    """Return what multiplies the base hazard of each onset for each person.

    Parameters
    ----------
    log_susceptibility : (n, n_conditions), from ``susceptibility``
    has : (n, n_conditions), conditions present
    age : (n,) years
    sex : (n,) 0 female, 1 male

    Returns
    -------
    (n, n_conditions), ratio
    """
    log_hazard = log_susceptibility.copy()
    _add_effects(
        log_hazard,
        has,
        age,
        sex,
        (effects.source, effects.from_age, effects.to_age, effects.for_sex, effects.log_ratio),
        (effects.physical, effects.mood, effects.log_per_physical, effects.physical_cap),
    )
    ratio: Floats = np.exp(log_hazard, out=log_hazard)
    return ratio


@compiled
def _add_effects(
    log_hazard: Floats,
    has: Bools,
    age: Floats,
    sex: Small,
    each: tuple[Integers, Floats, Floats, Bools, Floats],
    together: tuple[Bools, Bools, float, float],
) -> None:
    """Add what each present condition does, and what all physical ones do to mood."""
    source, from_age, to_age, for_sex, log_ratio = each
    physical, mood, log_per_physical, cap = together
    for i in range(len(age)):
        for effect in range(len(source)):
            if (
                has[i, source[effect]]
                and for_sex[effect, sex[i]]
                and from_age[effect] <= age[i] < to_age[effect]
            ):
                for condition in range(log_hazard.shape[1]):
                    log_hazard[i, condition] += log_ratio[effect, condition]
        count = 0.0
        for condition in range(log_hazard.shape[1]):
            count += has[i, condition] and physical[condition]
        raised = log_per_physical * min(count, cap)
        for condition in range(log_hazard.shape[1]):
            if mood[condition]:
                log_hazard[i, condition] += raised


def death_ratio(has: Bools, sex: Small, effects: Effects) -> Floats:
    """Return what multiplies the hazard of death of each person, 1 without conditions."""
    by_sex = has.astype(np.float64) @ effects.log_death_ratio.T
    ratio: Floats = np.exp(np.where(sex == 1, by_sex[:, 1], by_sex[:, 0]))
    return ratio


Changes = tuple[Integers, Floats]


def changes(effects: Effects) -> Changes:
    """Return the conditions whose effects start or end at an age, and those ages."""
    sources = np.concatenate([effects.source, effects.source])
    ages = np.concatenate([effects.from_age, effects.to_age])
    some = np.isfinite(ages) & (ages > 0)
    distinct = np.unique(np.stack([sources[some], ages[some]]), axis=1)
    return distinct[0].astype(np.int64), distinct[1]


def next_change(has: Bools, age: Floats, when: Changes) -> Floats:
    """Return the age at which an effect of a present condition next starts or ends.

    Infinite where none will: until then ``multiplier`` stays as it is.
    """
    return _next_change(has, age, *when)


@compiled
def _next_change(has: Bools, age: Floats, sources: Integers, ages: Floats) -> Floats:
    soonest = np.full(len(age), np.inf)
    for i in range(len(age)):
        for change in range(len(ages)):
            if has[i, sources[change]] and age[i] < ages[change] < soonest[i]:
                soonest[i] = ages[change]
    return soonest
