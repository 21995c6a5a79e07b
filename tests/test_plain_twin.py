"""The fast model and its plain twin tell the same story, as far as chance allows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from benchmarks.plain_twin import Outcome, simulate_fast, simulate_plainly
from benchmarks.whole_model import PROACTIVE, USUAL, spec_of

Floats = npt.NDArray[np.float64]
Figures = dict[str, Floats]
FALSE_ALARM = 0.001  # chance that a pair of models that agree is called different


def of_both(
    design: tuple[str, str], *, people: int, years: int, replications: int
) -> tuple[Figures, Figures]:
    """Return what came out of each replication of the model and of its twin, by name."""
    specs = [
        spec_of(design, people=people, years=years, replication=number)
        for number in range(replications)
    ]
    return (
        stacked([simulate_fast(spec) for spec in specs]),
        stacked([simulate_plainly(spec) for spec in specs]),
    )


def stacked(outcomes: list[Outcome]) -> Figures:
    runs = [outcome.figures() for outcome in outcomes]
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


def surprises(fast: Figures, plain: Figures) -> list[str]:
    """Say what differs by more than the replications of both explain, all figures considered."""
    found = []
    for name, ours in fast.items():
        theirs = plain[name]
        if not np.isfinite([*ours, *theirs]).all():
            continue  # nobody waited
        spread = np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
        limit = stats.t.isf(FALSE_ALARM / len(fast) / 2.0, len(ours) + len(theirs) - 2)
        apart = abs(ours.mean() - theirs.mean())
        if apart > limit * spread + 1e-12:
            found.append(f"{name}: {ours.mean():.4f} and {theirs.mean():.4f} of the twin")
    return found


def test_the_model_agrees_with_its_twin_under_a_proactive_design() -> None:
    fast, plain = of_both(PROACTIVE, people=600, years=1, replications=6)
    assert surprises(fast, plain) == []
    for figures in (fast, plain):
        assert figures["supported"].min() > 0.0
        assert figures["emergency_admissions"].mean() == pytest.approx(0.1, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("design", [USUAL, PROACTIVE], ids=["usual care", "proactive"])
def test_the_model_agrees_with_its_twin_in_a_larger_place(design: tuple[str, str]) -> None:
    fast, plain = of_both(design, people=5_000, years=2, replications=8)
    assert surprises(fast, plain) == []
    for name in ("practice_appointments", "ae_attendances", "outpatient_attendances"):
        assert fast[name].mean() == pytest.approx(plain[name].mean(), rel=0.02), name


def test_a_model_that_is_a_tenth_off_would_be_noticed() -> None:
    draws = np.random.default_rng(1).normal(1.0, 0.02, (2, 6))
    same = {"ae_attendances": draws[0]}, {"ae_attendances": draws[1]}
    other = {"ae_attendances": draws[0]}, {"ae_attendances": 1.1 * draws[1]}
    assert surprises(*same) == []
    assert len(surprises(*other)) == 1
