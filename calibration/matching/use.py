"""Demand against published use of services: who uses how much, given who the people are.

The rate of a service is log-linear over the cells of ``pathways.rates``, and the people of a
parameter set are known, so the use of any group is a closed form of the terms and nothing is
simulated. Terms with a published range are fitted together: the range is the prior, the
discrepancy is stated beforehand, and the posterior is normal around its highest point. The
level of every service stays what it is: the intercept follows the terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from agents.evidence import Evidence, Figure
from agents.luck import Luck
from agents.population import Population
from calibration.checks import NORMAL_95
from calibration.close import cells_of
from calibration.matching.free import SETTINGS
from calibration.matching.use_targets import AXES, RATE, SHARE, Group, UseTarget
from calibration.sources import LONGEST_TAIL
from calibration.targets import CALIBRATE
from pathways import rates

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TERMS = ("ltc_count", "age_band", "imd_quintile", "frailty", "sex_by_age")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The demand of one service: cells' log rates are ``start + columns @ (terms - value)``."""

    name: str
    level: float
    start: Floats
    columns: Floats
    terms: tuple[Figure, ...]


def service_of(evidence: Evidence, name: str) -> Service:
    """Return a service of the demand table; its terms with a range are the ones to fit."""
    start = np.log(rates.service_rates(evidence, name))
    figures = [
        figure
        for term in TERMS
        for figure in evidence.figures(rates.TABLE, service=name, term=term)
        if figure.low is not None and figure.high is not None and figure.low < figure.high
    ]
    columns = np.empty((len(figures), start.size))
    for place, figure in enumerate(figures):
        one = Evidence(evidence.folder, {**evidence.replaced, figure.key: figure.value + 1.0})
        columns[place] = np.log(rates.service_rates(one, name)) - start
    level = evidence.value(rates.TABLE, service=name, term="england_mean")
    return Service(name=name, level=level, start=start, columns=columns.T, terms=tuple(figures))


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the cells in a group's mean: their sum is 1; ``squares`` sums each person's."""

    cells: Floats
    squares: Floats
    people: int


@dataclass(frozen=True, slots=True)
class Folk:
    """People as the rate tables see them: cell and age of each."""

    cell: Integers
    age: Floats

    def among(self, group: Group) -> Bools:
        """Say who is in ``group``."""
        levels = dict(zip(AXES, np.unravel_index(self.cell, rates.SHAPE), strict=True))
        inside = (self.age >= group.youngest) & (self.age < group.oldest + 1)
        for axis, wanted in group.levels.items():
            inside &= np.isin(levels[axis], [AXES[axis].index(level) for level in wanted])
        return inside

    def weights(self, who: Bools, weight: Floats | None = None) -> Weights:
        """Return cells' weights in the mean of ``who``, each person weighing ``weight``."""
        each = np.where(who, 1.0 if weight is None else weight, 0.0)
        total = each.sum()
        each = each / total if total else each

        def summed(values: Floats) -> Floats:
            total = np.bincount(self.cell, weights=values, minlength=rates.N_CELLS)
            return np.asarray(total, np.float64)

        return Weights(summed(each), summed(each**2), int(who.sum()))

    def standardised(
        self, who: Bools, against: Bools, alike: Sequence[str]
    ) -> tuple[Weights, Weights]:
        """Return the weights of two groups as if both were spread over strata alike."""
        if not alike:
            return self.weights(who), self.weights(against)
        at = dict(zip(AXES, np.unravel_index(self.cell, rates.SHAPE), strict=True))
        stratum = np.zeros(self.cell.size, np.int64)
        for axis in alike:
            stratum = stratum * len(AXES[axis]) + at[axis]
        size = int(np.prod([len(AXES[axis]) for axis in alike]))
        first, second = (np.bincount(stratum[group], minlength=size) for group in (who, against))
        shared = np.where((first > 0) & (second > 0), first + second, 0).astype(np.float64)
        both = [
            self.weights(group, (shared / np.maximum(count, 1))[stratum])
            for group, count in ((who, first), (against, second))
        ]
        return both[0], both[1]


def folk_of(people: Population) -> Folk:
    """Return everyone present on day 0."""
    here = np.flatnonzero(people.present(0.0))
    return Folk(cells_of(people), people.age(0.0, here))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How targets are counted among some people: weights of cells, and chance of these people."""

    targets: tuple[UseTarget, ...]
    services: tuple[Service, ...]
    people: Floats
    over: tuple[Weights, ...]
    under: tuple[Weights, ...]

    @property
    def terms(self) -> list[Figure]:
        """All terms to fit, service by service."""
        return [term for service in self.services for term in service.terms]

    def tables(self, values: Floats) -> dict[str, Floats]:
        """Return the rate of each cell by service, at its level, for values of the terms."""
        found, first = {}, 0
        for service in self.services:
            own = values[first : first + len(service.terms)]
            first += len(service.terms)
            moved = own - np.array([term.value for term in service.terms])
            rate = np.exp(service.start + service.columns @ moved)
            found[service.name] = rate * service.level / (self.people @ rate)
        return found

    def count(self, values: Floats) -> Floats:
        """Return the value of every target, before the level of its source."""
        rate = self.tables(values)
        found = np.empty(len(self.targets))
        for place, target in enumerate(self.targets):
            together = sum((rate[name] for name in target.services), np.zeros(rates.N_CELLS))
            over = float(self.over[place].cells @ together)
            if target.kind == RATE:
                found[place] = over
                continue
            ratio = over / float(self.under[place].cells @ together)
            share = 100 * ratio * self.over[place].people / max(self.under[place].people, 1)
            found[place] = share if target.kind == SHARE else ratio
        return found

    def chance(self, values: Floats) -> Floats:
        """Return the relative standard error of each target, as these people are a sample."""
        rate = self.tables(values)
        found = np.empty(len(self.targets))
        for place, target in enumerate(self.targets):
            together = sum((rate[name] for name in target.services), np.zeros(rates.N_CELLS))
            parts = [_relative(self.over[place], together)]
            if target.kind != RATE:
                parts.append(_relative(self.under[place], together))
            if target.kind == SHARE:
                parts.append(1 / max(self.over[place].people, 1))
            found[place] = np.sqrt(sum(parts))
        return found


def _relative(weights: Weights, rate: Floats) -> float:
    """Return the relative variance of a group's mean rate."""
    mean = float(weights.cells @ rate)
    return float(weights.squares @ (rate - mean) ** 2) / mean**2 if mean else 0.0


def counting(targets: Sequence[UseTarget], folk: Folk, evidence: Evidence) -> Counting:
    """Return how ``targets`` are counted among ``folk``; those of empty groups are left out."""
    kept, pairs = [], []
    for target in targets:
        who, against = folk.among(target.who), folk.among(target.against)
        over, under = folk.standardised(who, against, target.alike)
        if over.cells.any() and under.cells.any():
            kept.append(target)
            pairs.append((over, under))
    names = dict.fromkeys(name for target in kept for name in target.services)
    return Counting(
        targets=tuple(kept),
        services=tuple(service_of(evidence, name) for name in names),
        people=folk.weights(np.ones(folk.cell.size, np.bool_)).cells,
        over=tuple(over for over, _ in pairs),
        under=tuple(under for _, under in pairs),
    )


# -------------------------------------------------------------------- the fit


@dataclass(frozen=True, slots=True, kw_only=True)
class UseFit:
    """Terms of demand fitted to published use.

    Attributes
    ----------
    counting : of all targets, held-out ones among them
    prior, deviation : (n_terms,) mean and standard deviation beforehand
    best, covariance : of the posterior of the terms
    """

    counting: Counting
    prior: Floats
    deviation: Floats
    best: Floats
    covariance: Floats

    @property
    def keys(self) -> list[str]:
        """Evidence keys of the terms."""
        return [term.key for term in self.counting.terms]

    @property
    def spread(self) -> Floats:
        """Standard deviations of the posterior."""
        return np.sqrt(np.diag(self.covariance))

    def draws(self, numbers: Integers, seed: int) -> Floats:
        """Return draws of the terms, a row each; those of a number are the same for a seed."""
        luck = Luck(seed)
        scores = np.array([luck.normals(f"use.{key}", numbers) for key in self.keys])
        scores = np.clip(scores, -LONGEST_TAIL, LONGEST_TAIL)
        values: Floats = self.best + (np.linalg.cholesky(self.covariance) @ scores).T
        return values

    def draw(self, number: int, seed: int) -> Floats:
        """Return draw ``number`` of the terms."""
        values: Floats = self.draws(np.array([number]), seed)[0]
        return values


def fit_use(targets: Sequence[UseTarget], folk: Folk, evidence: Evidence) -> UseFit:
    """Fit the terms with a range to the targets with the role calibrate.

    Parameters
    ----------
    evidence : the published terms, without the numbers of a parameter set: an earlier fit to
        the same figures is no prior
    """
    every = counting(targets, folk, evidence)
    terms = every.terms
    prior = np.array([term.value for term in terms])
    deviation = np.array([_deviation(term, evidence) for term in terms])
    fitted = tuple(place for place, target in enumerate(every.targets) if target.role == CALIBRATE)
    chosen = [every.targets[place] for place in fitted]
    scales = sorted({target.scale for target in chosen if target.scale})
    belongs = np.array(
        [[float(target.scale == scale) for scale in scales] for target in chosen]
    ).reshape(len(chosen), len(scales))
    published = np.log([target.value for target in chosen])
    whiten = np.linalg.inv(
        np.linalg.cholesky(discrepancy(chosen, every.chance(prior)[list(fitted)], evidence))
    )
    free_level = evidence.value(SETTINGS, key="use.level_of_source")

    def misses(scores: Floats) -> Floats:
        """Return what the posterior sums the squares of."""
        values = prior + deviation * scores[: prior.size]
        levels = free_level * scores[prior.size :]
        simulated = np.log(every.count(values)[list(fitted)]) + belongs @ levels
        return np.concatenate([whiten @ (simulated - published), scores])

    found = least_squares(misses, np.zeros(prior.size + len(scales)), method="lm")
    slopes = np.asarray(found.jac, dtype=np.float64)
    covariance = np.linalg.inv(slopes.T @ slopes)[: prior.size, : prior.size]
    return UseFit(
        counting=every,
        prior=prior,
        deviation=deviation,
        best=prior + deviation * found.x[: prior.size],
        covariance=np.asarray(covariance * np.outer(deviation, deviation), np.float64),
    )


def _deviation(term: Figure, evidence: Evidence) -> float:
    assert term.low is not None
    assert term.high is not None
    least = evidence.value(SETTINGS, key="use.least_deviation")
    return max((term.high - term.low) / 2 / NORMAL_95, least)


def discrepancy(targets: Sequence[UseTarget], chance: Floats, evidence: Evidence) -> Floats:
    """Return the covariance of logs of published figures around the model.

    What model and world may differ by is stated beforehand and correlated within a source and
    service; the published interval and the chance of the people stand beside it.
    """
    allowed = np.log1p(evidence.value(SETTINGS, key="use.discrepancy"))
    own = allowed / evidence.value(SETTINGS, key="discrepancy.deviations_in_allowance")
    together = evidence.value(SETTINGS, key="discrepancy.correlation_within_source")
    kinds = [(target.source, target.services) for target in targets]
    alike = np.array([[one == other for other in kinds] for one in kinds])
    covariance: Floats = np.where(alike, together * own**2, 0.0)
    apart = [_published(target) ** 2 for target in targets]
    covariance[np.diag_indices(len(targets))] = own**2 + np.array(apart) + chance**2
    return covariance


def _published(target: UseTarget) -> float:
    """Return the standard error of the log of a published figure, 0 where none is told."""
    if target.low is None or target.high is None:
        return 0.0
    return float(np.log(target.high / target.low)) / 2 / NORMAL_95


def levelled(fit: Counting, values: Floats) -> Floats:
    """Return every target at values of the terms, with the level of its source taken from it.

    The level of a source of which only the shape is used is the mean over its fitted figures.
    """
    found = fit.count(values)
    log = np.log(found) - np.log([target.value for target in fit.targets])
    for scale in {target.scale for target in fit.targets if target.scale}:
        of = np.array([target.scale == scale for target in fit.targets])
        fitted = of & np.array([target.role == CALIBRATE for target in fit.targets])
        if fitted.any():
            found[of] *= np.exp(-log[fitted].mean())
    return found


def as_numbers(fit: UseFit, values: Floats, digits: int) -> Mapping[str, float]:
    """Return values of the terms by evidence key."""
    return {key: round(float(value), digits) for key, value in zip(fit.keys, values, strict=True)}
