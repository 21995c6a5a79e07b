"""The method of calibration, on a simulator whose answers are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom

from calibration.matching.emulator import fit_emulator, try_out
from calibration.matching.free import Prior
from calibration.matching.posterior import importance, r_hat, sample_posterior, times
from calibration.matching.waves import Rule, Seen, next_points, overall, rule_out, spread_out
from tests import toy_simulator as toy

RULE = Rule(cut_off=3.0, share=0.95, least_kept=0.05)
ONES = np.ones(6)


def seen(n: int = 60, seed: int = 0, truth: float = 0.3) -> Seen:
    random = np.random.default_rng(seed)
    points = spread_out(n, 3, seed)
    goals = toy.aims(toy.expected(np.full((1, 3), truth))[0])
    return Seen(
        emulator=fit_emulator(points, toy.simulated(points, random)), aims=goals, widen=ONES
    )


def test_an_emulator_tells_fresh_simulations_as_surely_as_it_says() -> None:
    random = np.random.default_rng(7)
    emulator, fresh = seen().emulator, random.random((200, 3))
    tried = try_out(emulator, fresh, toy.simulated(fresh, random))
    assert 0.9 <= tried.within <= 0.99
    assert np.abs(emulator.mean(fresh) - toy.expected(fresh)).mean() < toy.CHANCE
    assert emulator.chance == pytest.approx(np.full(6, toy.CHANCE), rel=0.5)
    assert (tried.widen >= 1).all()


def test_an_emulator_is_less_sure_of_what_lies_far_from_its_points() -> None:
    random = np.random.default_rng(1)
    corner = 0.4 * random.random((40, 3))
    emulator = fit_emulator(corner, toy.simulated(corner, random))
    near, far = np.full((1, 3), 0.2), np.full((1, 3), 1.0)
    assert (emulator.deviation(far) > emulator.deviation(near)).all()


def test_slopes_are_those_of_the_simulator() -> None:
    slopes = seen().emulator.slopes(np.full((1, 3), 0.5))
    assert slopes == pytest.approx(toy.SLOPES, abs=0.25)


def test_waves_rule_out_what_does_not_fit_and_never_the_truth() -> None:
    look = seen()
    ruled = rule_out([look], RULE, 3, seed=1)
    truth = np.full((1, 3), 0.3)
    assert overall(look.implausibility(truth), RULE.share)[0] < RULE.cut_off
    assert 0.01 < ruled.share < 0.6
    assert ruled.cut_off == RULE.cut_off
    assert np.abs(ruled.points[:, 0] - 0.3).max() < 0.4
    chosen = next_points(ruled, 20, seed=2)
    assert len(np.unique(chosen, axis=0)) == 20
    assert (overall(look.implausibility(chosen), RULE.share) <= RULE.cut_off).all()


def test_where_nothing_is_plausible_the_least_implausible_part_is_kept_and_said() -> None:
    look = seen()
    nowhere = toy.aims(np.full(6, 40.0))
    ruled = rule_out([Seen(emulator=look.emulator, aims=nowhere, widen=ONES)], RULE, 3, seed=1)
    assert ruled.cut_off > RULE.cut_off
    assert ruled.share == pytest.approx(RULE.least_kept, abs=0.01)


def test_the_posterior_is_that_of_plain_rejection() -> None:
    """Approximate Bayesian computation by rejection, without emulator or sampler."""
    look, prior = seen(120), Prior(toy.free())
    posterior = sample_posterior(look.emulator, look.aims, ONES, prior, steps=1200, seed=3)
    random = np.random.default_rng(11)
    points = prior.drawn(random.random((400_000, 3)))
    root = np.linalg.inv(np.linalg.cholesky(look.aims.covariance()))
    away = (toy.expected(points) - look.aims.values) @ root.T
    kept = points[random.random(len(points)) < np.exp(-0.5 * (away**2).sum(axis=1))]
    assert len(kept) > 2000
    assert posterior.sample.mean(axis=0) == pytest.approx(kept.mean(axis=0), abs=0.03)
    assert posterior.sample.std(axis=0) == pytest.approx(kept.std(axis=0), rel=0.15)
    assert posterior.r_hat.max() < 1.1
    assert posterior.effective.min() > 300


def test_a_normal_posterior_of_many_parameters_is_as_wide_as_its_closed_form() -> None:
    """Figures that follow ten parameters in straight lines: the posterior is known exactly.

    Of 4,000 effective draws and more a standard deviation is known to about one in a hundred.
    """
    d, deviation = 10, 0.05
    random = np.random.default_rng(2)
    slopes = random.normal(size=(d, d)) / 2 + np.eye(d)
    points = spread_out(80, d, 3)
    emulator = fit_emulator(points, points @ slopes.T)
    goals = toy.aims(slopes @ np.full(d, 0.5), deviation=deviation, correlation=0.0)
    prior = Prior(toy.free("abcdefghij"))
    posterior = sample_posterior(emulator, goals, np.ones(d), prior, steps=4000, seed=6)
    found = emulator.slopes(np.full((1, d), 0.5))
    precision = found.T @ found / deviation**2 + np.eye(d) / prior.deviation**2
    exact = np.sqrt(np.diag(np.linalg.inv(precision)))
    assert (exact < 0.12).all()  # far from the ends of the ranges, which would cut it off
    ratio = posterior.sample.std(axis=0) / exact
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)
    assert ratio == pytest.approx(np.ones(d), abs=0.08)


def test_a_parameter_that_no_figure_tells_keeps_its_prior() -> None:
    look, prior = seen(120), Prior(toy.free())
    posterior = sample_posterior(look.emulator, look.aims, ONES, prior, steps=700, seed=4)
    before = prior.drawn(np.random.default_rng(0).random((5000, 3))).std(axis=0)
    narrower = posterior.sample.std(axis=0) / before
    assert narrower[0] < 0.5
    assert narrower[2] > 0.8


def test_figures_that_err_together_tell_less_of_a_level() -> None:
    look, prior = seen(120), Prior(toy.free())
    together = toy.aims(look.aims.values, correlation=0.9)
    apart = toy.aims(look.aims.values, correlation=0.0)
    level = np.ones(6) / 6
    assert level @ together.covariance() @ level > 2 * level @ apart.covariance() @ level
    sampled = [
        sample_posterior(look.emulator, goals, ONES, prior, steps=400, seed=5)
        for goals in (together, apart)
    ]
    assert not np.allclose(sampled[0].sample.std(axis=0), sampled[1].sample.std(axis=0), rtol=0.02)


def covered(repeats: int, seed: int) -> npt.NDArray[np.bool_]:
    """Return whether 95% intervals hold the truth, (repeats, 3): truths drawn from the prior."""
    prior, random = Prior(toy.free()), np.random.default_rng(seed)
    found = []
    points = spread_out(60, 3, seed)
    emulator = fit_emulator(points, toy.simulated(points, random))
    for repeat, truth in enumerate(prior.drawn(random.random((repeats, 3)))):
        plain = toy.aims(toy.expected(truth[None])[0])
        misfit = np.linalg.cholesky(plain.covariance()) @ random.normal(size=6)
        goals = toy.aims(plain.values + misfit)
        posterior = sample_posterior(emulator, goals, ONES, prior, steps=500, seed=repeat)
        _, low, high = posterior.interval(0.95)
        found.append((low <= truth) & (truth <= high))
    return np.array(found)


@pytest.mark.slow
def test_known_parameters_come_back_as_often_as_the_intervals_say() -> None:
    hits = covered(20, seed=5)
    least, most = binom.interval(0.95, hits.size, 0.95)
    assert least <= hits.sum() <= most


def test_weights_prefer_draws_whose_own_simulation_fits_and_never_choose_one_alone() -> None:
    fits = np.array([0.0, -1.0, -50.0, -1.0])
    weights = importance(fits, np.zeros(4))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] > weights[1] > weights[2]
    assert weights.max() < 0.9


def test_r_hat_is_one_for_chains_that_agree_and_larger_for_those_that_do_not() -> None:
    random = np.random.default_rng(0)
    same = random.normal(size=(400, 8, 1))
    assert r_hat(same)[0] == pytest.approx(1.0, abs=0.02)
    assert r_hat(same + np.arange(8)[None, :, None])[0] > 2.0


def test_a_walker_that_never_moves_counts_as_few_draws_and_stops_nothing() -> None:
    chains = np.random.default_rng(1).normal(size=(400, 8, 2))
    moving = times(chains)
    assert moving.max() < 3.0
    chains[:, 3, 1] = 0.5
    assert times(chains).tolist() == [moving[0], 400.0]
