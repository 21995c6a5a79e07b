"""How sure a published effect is: its own interval, ours, or one lent by studies of its grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from statistics import quantiles

import numpy as np
import pytest

from agents.evidence import Evidence
from experiments.designs import design_names, load_design
from experiments.designs.intervals import (
    AT_ITS_LIMIT,
    BORROWED,
    GRADES,
    OURS,
    PUBLISHED,
    half_width,
    lent,
    setting_of,
)
from experiments.draws import drawn, effect_input
from pathways.design import Effect
from tests.test_model import EVIDENCE


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(EVIDENCE)


@pytest.fixture(scope="module")
def effects(evidence: Evidence) -> dict[str, Effect]:
    """Return every published effect of the library by design and key."""
    return {
        f"{name} {effect.key}": effect
        for name in design_names()
        for effect in load_design(name, evidence).acting("published")
    }


def half_widths(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[float, float, float]]:
    """Return the quartiles of the half-widths of published effects, by grade."""
    found: dict[str, list[float]] = {grade: [] for grade in GRADES}
    for row in rows:
        width = half_width(row)
        if row["kind"] == "published_effect" and row["evidence_grade"] in found and width:
            found[row["evidence_grade"]].append(width)
    return {
        grade: (quarters[0], quarters[1], quarters[2])
        for grade, widths in found.items()
        if (quarters := quantiles(widths, n=4, method="inclusive"))
    }


def test_what_is_lent_is_the_median_of_the_published_intervals(evidence: Evidence) -> None:
    for grade, quartiles in half_widths(evidence.rows("intervention_effects")).items():
        figure = evidence.figure("design_settings", key=setting_of(grade))
        assert figure.low is not None
        assert figure.high is not None
        found = (figure.low, figure.value, figure.high)
        assert found == pytest.approx(quartiles, abs=6e-4), grade


def test_a_lent_interval_is_symmetric_for_the_logarithm() -> None:
    low, high = lent(-0.2, 0.1)
    assert log(0.8) - log(1 + low) == pytest.approx(0.1)
    assert log(1 + high) - log(0.8) == pytest.approx(0.1)


def test_no_published_effect_is_certain_but_those_held_at_a_limit(
    effects: dict[str, Effect],
) -> None:
    for name, effect in effects.items():
        assert effect.interval, name
        if effect.interval == AT_ITS_LIMIT:
            assert (effect.change, effect.low) == (0.0, None), name
            continue
        assert effect.low is not None, name
        assert effect.high is not None, name
        assert effect.low <= effect.change <= effect.high, name
        assert effect.low < effect.high, name
        assert effect_input("x", effect), f"{name} is not drawn under psa"


def test_each_kind_of_interval_is_told(effects: dict[str, Effect]) -> None:
    kinds = {
        "essex-frailty-end-of-life frailty.published.demand.ae_attendance": PUBLISHED,
        "proactive-mltc published.demand.emergency_admission": OURS,
        "southwark-local-care-network district-nurse-visits.published.demand.emergency_admission": (
            BORROWED
        ),
        "essex-ltc digital-follow-up.published.replaces": AT_ITS_LIMIT,
    }
    assert {key: effects[key].interval for key in kinds} == kinds


def test_nought_is_not_drawn_in_the_designs_favour(effects: dict[str, Effect]) -> None:
    """A size of nought has as much chance to harm as to help, or is not drawn at all."""
    for name, effect in effects.items():
        if effect.change or effect.low is None or effect.high is None:
            continue
        assert log(1 + effect.high) == pytest.approx(-log(1 + effect.low)), name
        (one,) = effect_input("x", effect)
        values = drawn([one], 400, 1)[one.key]
        assert abs(float(np.mean(np.log1p(values)))) < 0.005, name
