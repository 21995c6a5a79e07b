"""Same-day emergency care by itself: chairs, hours, residents' share."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from pathways.same_day import Chairs

DAYS = 3000


def refused(chairs: Chairs, rate: float, days: float) -> float:
    """Return the share of Poisson arrivals of visitors that find no chair."""
    draw = np.random.default_rng(3)
    times = np.cumsum(draw.exponential(1.0 / rate, int(rate * DAYS)))
    stays = draw.exponential(days, len(times))
    taken = [chairs.take(now, stay, False) for now, stay in zip(times, stays, strict=True)]
    return 1.0 - float(np.mean(taken))


@pytest.mark.parametrize("chairs", [1, 3, 6])
def test_chairs_refuse_as_many_as_erlangs_formula_says(chairs: int) -> None:
    load = 2.0
    expected = poisson.pmf(chairs, load) / poisson.cdf(chairs, load)
    assert refused(Chairs(0.0, float(chairs)), 8.0, 0.25) == pytest.approx(expected, abs=0.01)


def test_residents_need_a_chair_of_their_own_and_visitors_do_not() -> None:
    chairs = Chairs(2.0, 2.0, factor=0.0)
    assert not chairs.take(0.0, 1.0, True)
    assert [chairs.take(0.0, 1.0, False) for _ in range(3)] == [True, True, False]
    assert (chairs.asked, chairs.served, chairs.used) == (1, 0, 0.0)
    chairs.factor = 1.0
    assert [chairs.take(0.5, 0.2, True) for _ in range(3)] == [True, True, False]
    assert (chairs.asked, chairs.served) == (4, 2)
    assert chairs.used == pytest.approx(0.4)


def test_a_chair_is_free_again_when_its_stay_is_over() -> None:
    chairs = Chairs(1.0, 0.0)
    assert chairs.take(0.1, 0.2, True)
    assert not chairs.take(0.2, 0.2, True)
    assert chairs.take(0.3 + 1e-9, 0.2, True)
