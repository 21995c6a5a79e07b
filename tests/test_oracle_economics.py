"""Net benefit, acceptability and the frontier against an implementation that is not ours.

The oracle is heormodel 0.7.4, which the set-up installs with the other tools of the tests (no part
of what runs need); the same numbers are worked out here too, draw by draw, in plain Python.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from results.draws import acceptability, thresholds
from results.economics import net_health_benefit
from results.settings import read_settings

Floats = npt.NDArray[np.float64]
POUNDS = np.array([0.0, 5_000.0, 13_000.0, 20_000.0, 25_000.0, 30_000.0, 50_000.0])


def world(seed: int, draws: int = 400, options: int = 4) -> tuple[Floats, Floats]:
    """QALYs and cost of some options, the first of them doing nothing."""
    luck = np.random.default_rng(seed)
    qalys = luck.normal(luck.normal(5, 5, options), 10.0, (draws, options))
    cost = luck.normal(luck.normal(1e5, 5e4, options), 2e5, (draws, options))
    qalys[:, 0] = cost[:, 0] = 0.0
    return qalys, cost


def by_hand(qalys: Floats, cost: Floats, pounds: float) -> tuple[list[float], int]:
    """Return how often each option is the best, and the option that is best on average."""
    wins = [0] * qalys.shape[1]
    sums = [0.0] * qalys.shape[1]
    for of_qalys, of_cost in zip(qalys, cost, strict=True):
        net = [pounds * q - c for q, c in zip(of_qalys, of_cost, strict=True)]
        wins[net.index(max(net))] += 1
        sums = [total + one for total, one in zip(sums, net, strict=True)]
    return [win / len(qalys) for win in wins], sums.index(max(sums))


@pytest.mark.parametrize("seed", range(4))
def test_acceptability_and_frontier_agree_with_counting_by_hand(seed: int) -> None:
    qalys, cost = world(seed)
    share, net = acceptability(qalys, cost, POUNDS)
    for row, pounds in enumerate(POUNDS):
        expected, first = by_hand(qalys, cost, pounds)
        assert share[row] == pytest.approx(expected, abs=1e-12)
        assert net[row].argmax() == first
    assert share.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(4))
def test_net_benefit_acceptability_and_frontier_agree_with_heormodel(seed: int) -> None:
    cea = pytest.importorskip("heormodel.cea", reason="heormodel==0.7.4 is not installed")
    outcomes_of = pytest.importorskip("heormodel.models").Outcomes
    qalys, cost = world(seed)
    names = ["usual", "a", "b", "c"]
    outcomes = outcomes_of.from_wide(
        pd.DataFrame(cost, columns=names), pd.DataFrame(qalys, columns=names)
    )
    share, _ = acceptability(qalys, cost, POUNDS)
    np.testing.assert_allclose(share, cea.ceac(outcomes, POUNDS)[names], atol=1e-12)
    frontier = cea.ceaf(outcomes, POUNDS)
    _, net = acceptability(qalys, cost, POUNDS)
    assert [names[first] for first in net.argmax(axis=1)] == frontier["intervention"].tolist()
    ours = net_health_benefit(qalys, cost, 20_000.0)
    np.testing.assert_allclose(ours, cea.nhb(outcomes, 20_000.0)[names])


def test_options_that_are_equal_share_a_draw() -> None:
    share, _ = acceptability(np.zeros((3, 2)), np.zeros((3, 2)), np.array([20_000.0]))
    assert share[0].tolist() == [0.5, 0.5]


def test_an_option_can_be_on_the_frontier_though_another_is_likelier_to_be_best() -> None:
    # One draw in four pays 10 QALYs, three lose 1: better on average, worse most of the time.
    qalys = np.array([[0.0, 10.0], [0.0, -1.0], [0.0, -1.0], [0.0, -1.0]])
    share, net = acceptability(qalys, np.zeros((4, 2)), np.array([20_000.0]))
    assert share[0].tolist() == [0.75, 0.25]
    assert net[0].argmax() == 1


def test_the_thresholds_of_the_guidance_are_among_those_judged() -> None:
    judged = thresholds(read_settings())
    assert {13_000.0, 20_000.0, 25_000.0, 30_000.0} <= set(judged)
    assert judged[0] == 0.0
    assert (np.diff(judged) > 0).all()
