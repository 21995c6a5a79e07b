"""The posterior: what published figures leave likely, sampled on the emulator by emcee."""

from __future__ import annotations

from dataclasses import dataclass

import emcee
import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from calibration.matching.emulator import Emulator
from calibration.matching.free import Prior
from calibration.matching.goals import Aims

Floats = npt.NDArray[np.float64]

WALKERS_PER_PARAMETER = 4
BURNED = 0.4  # share of the steps left out: walkers find their way
# Moves of differential evolution (ter Braak 2006): a tenth jump by whole differences, from one
# peak to another. Not emcee's DESnookerMove: up to 3.1.6 it takes half the logarithm of its
# ratio of distances, which makes a posterior of 8 to 18 parameters a tenth too narrow.
LONG_JUMPS = 0.1
_DOUBT_AT = 200  # prior points over which the emulator's doubt is averaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """How likely published figures are, given values expected of the simulator.

    Attributes
    ----------
    aims : published values and the covariance of misfit
    doubt : (n_goals,) standard deviation of the emulator, 0 for a simulation of its own
    """

    aims: Aims
    doubt: Floats

    def of(self, expected: Floats) -> Floats:
        """Return the log likelihood of expected values (n, n_goals), up to a constant."""
        factor = cho_factor(self.aims.covariance() + np.diag(self.doubt**2), lower=True)
        away = expected - self.aims.values
        log: Floats = -0.5 * (away * cho_solve(factor, away.T).T).sum(axis=1)
        return log


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """A sample of the posterior on the unit cube, and how well it was taken.

    Attributes
    ----------
    sample : (n, d)
    r_hat : (d,) variance between parts of the chains over that within; 1 when they agree
    effective : (d,) independent draws that the sample is worth
    accepted : share of proposals taken
    chains : (steps, walkers, d), all steps, for the trace
    """

    sample: Floats
    r_hat: Floats
    effective: Floats
    accepted: float
    chains: Floats

    def draws(self, n: int, seed: int) -> Floats:
        """Return ``n`` draws of the sample, without repeats while there are enough."""
        random = np.random.default_rng(seed)
        rows = random.choice(len(self.sample), size=n, replace=n > len(self.sample))
        drawn: Floats = self.sample[rows]
        return drawn

    def interval(self, level: float) -> tuple[Floats, Floats, Floats]:
        """Return median and interval of each parameter on the unit cube, (d,) each."""
        tail = (1 - level) / 2
        low, middle, high = np.quantile(self.sample, [tail, 0.5, 1 - tail], axis=0)
        return middle, low, high


def sample_posterior(
    emulator: Emulator, aims: Aims, widen: Floats, prior: Prior, *, steps: int, seed: int
) -> Posterior:
    """Sample the posterior with an ensemble of walkers on the emulator.

    ``widen`` multiplies the emulator's doubt, by what fresh simulations showed.
    """
    random = np.random.default_rng(seed)
    doubt = doubt_of(emulator, widen, prior, random)
    return sample_with(emulator, aims, doubt, prior, random, steps=steps, seed=seed)


def sample_with(
    emulator: Emulator,
    aims: Aims,
    doubt: Floats,
    prior: Prior,
    random: np.random.Generator,
    *,
    steps: int,
    seed: int,
) -> Posterior:
    """Sample the posterior where the emulator's doubt, (n_goals,), is known already."""
    d = len(prior.free)
    likelihood = _Fast(emulator, aims, doubt)

    def log_posterior(points: Floats) -> Floats:
        log = prior.log_density(points)
        inside = np.isfinite(log)
        if inside.any():
            log[inside] += likelihood(points[inside])
        return log

    walkers = max(WALKERS_PER_PARAMETER * d, 32)
    sampler = emcee.EnsembleSampler(
        walkers,
        d,
        log_posterior,
        vectorize=True,
        moves=[
            (emcee.moves.DEMove(), 1 - LONG_JUMPS),
            (emcee.moves.DEMove(gamma0=1.0), LONG_JUMPS),
        ],
    )
    sampler.random_state = np.random.RandomState(seed % 2**32).get_state()
    start = prior.drawn(random.random((walkers * 20, d)))
    weights = likelihood(start)
    best = start[np.argsort(weights)[-walkers:]]
    jittered = np.clip(best + random.normal(0, 1e-3, best.shape), 0.0, 1.0)
    sampler.run_mcmc(jittered, steps)
    chains = np.asarray(sampler.get_chain())
    kept = chains[int(BURNED * steps) :]
    time = times(kept)
    thin = max(int(np.min(time) / 2), 1)
    return Posterior(
        sample=kept[::thin].reshape(-1, d),
        r_hat=r_hat(kept),
        effective=kept.shape[0] * walkers / np.maximum(time, 1.0),
        accepted=float(np.mean(sampler.acceptance_fraction)),
        chains=chains,
    )


def times(kept: Floats) -> Floats:
    """Return after how many steps each parameter of chains (steps, walkers, d) is drawn anew.

    A walker that never moved has no such time: then it is taken as the whole of the steps.
    """
    with np.errstate(invalid="ignore"):
        found = np.asarray(emcee.autocorr.integrated_time(kept, quiet=True, tol=0))
    return np.where(np.isfinite(found), found, float(len(kept)))


def fast_likelihood(
    emulator: Emulator, aims: Aims, widen: Floats, prior: Prior, random: np.random.Generator
) -> _Fast:
    """Return the log likelihood on the emulator with its doubt averaged over the prior."""
    return _Fast(emulator, aims, doubt_of(emulator, widen, prior, random))


def doubt_of(
    emulator: Emulator, widen: Floats, prior: Prior, random: np.random.Generator
) -> Floats:
    """Return the standard deviation of the emulator over the prior, times ``widen``."""
    somewhere = prior.drawn(random.random((_DOUBT_AT, len(prior.free))))
    doubt: Floats = np.sqrt((emulator.deviation(somewhere) ** 2).mean(axis=0)) * widen
    return doubt


class _Fast:
    """The log likelihood at points, with its matrices worked out once."""

    def __init__(self, emulator: Emulator, aims: Aims, doubt: Floats) -> None:
        self._emulator, self._values = emulator, aims.values
        covariance = aims.covariance() + np.diag(doubt**2)
        self._root = np.linalg.inv(np.linalg.cholesky(covariance))

    def __call__(self, points: Floats) -> Floats:
        away = (self._emulator.mean(points) - self._values) @ self._root.T
        log: Floats = -0.5 * (away**2).sum(axis=1)
        return log


def r_hat(chains: Floats) -> Floats:
    """Return the split R-hat of chains (steps, walkers, d), each walker a chain of two halves.

    Gelman and Rubin's ratio. Walkers of an ensemble are not independent, so a value near 1 is
    needed and not enough: see the effective sample size beside it.
    """
    half = chains.shape[0] // 2
    parts = np.concatenate([chains[:half], chains[half : 2 * half]], axis=1)
    within = parts.var(axis=0, ddof=1).mean(axis=0)
    between = parts.mean(axis=0).var(axis=0, ddof=1)
    ratio: Floats = np.sqrt((half - 1) / half + between / np.maximum(within, 1e-300))
    return ratio


@dataclass(frozen=True, slots=True)
class Weighed:
    """Posterior draws simulated afresh.

    Attributes
    ----------
    points : (n, d)
    values : (n, n_all) simulated
    weights : (n,) sum to 1: likelihood of the simulation over that of the emulator
    """

    points: Floats
    values: Floats
    weights: Floats

    @property
    def effective(self) -> float:
        """Draws that the weighted ones are worth."""
        return float(1.0 / (self.weights**2).sum())


def importance(simulated: Floats, emulated: Floats) -> Floats:
    """Return importance weights from log likelihoods of simulations and of the emulator.

    A simulation has chance of its own: weights are raised to a power that keeps the spread of
    their logarithms at most that of 1, so that chance does not choose.
    """
    log = simulated - emulated
    log = log - log.max()
    wide = float(np.std(log))
    if wide > 1.0:
        log = log / wide
    weights = np.exp(log - log.max())
    normal: Floats = weights / weights.sum()
    return normal
