"""Continuity with one's own GP: an association that acts only as far as a run says it is causal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.evidence import Evidence
from pathways.components.parameters import change_range
from pathways.effects import Continuity
from pathways.structure import STRUCTURE, chosen

EVIDENCE = Path(calibration.__file__).parent / "evidence"
CAUSAL = "design_settings.continuity.causal_share"


def continuity(causal: float | None = None) -> Continuity:
    replaced = {} if causal is None else {CAUSAL: causal}
    return Continuity.read(Evidence(EVIDENCE, replaced))


def test_left_as_it_is_continuity_moves_no_admission() -> None:
    assert (continuity().factor(np.array([-0.5, 0.0, 0.2, 0.39])) == 1.0).all()


def test_wholly_causal_it_is_the_published_change_of_preventable_admissions() -> None:
    whole = continuity(1.0)
    fewer = 0.0622 * 0.0173 / 0.108
    assert whole.factor(np.array([0.2]))[0] == pytest.approx(1.0 - fewer, rel=0.002)
    assert whole.factor(np.array([-0.2]))[0] > 1.0
    assert whole.factor(np.zeros(3)) == pytest.approx(1.0)  # today's level is the baseline
    half = continuity(0.5)
    assert 1.0 > half.factor(np.array([0.2]))[0] > whole.factor(np.array([0.2]))[0]


def test_nobody_sees_their_own_gp_more_often_than_always() -> None:
    whole = continuity(1.0)
    rise = whole.factor(np.array([0.39, 0.6, 1.0]))
    assert rise == pytest.approx(rise[0])


def test_the_structure_names_the_shares_and_none_is_the_default() -> None:
    assert STRUCTURE["continuity"].default == "none"
    assert chosen({"continuity": "all"}, "x").replaced == {CAUSAL: 1.0}
    assert change_range("continuity").low == -1.0
