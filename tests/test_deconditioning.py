"""Deconditioning: stays in hospital leave some frail people frailer, where it is switched on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.frailty import STEPS
from sim.deconditioning import SETTING
from sim.model import CareModel
from sim.spec import RunSpec
from tests.test_model import spec_of


def model_of(on: float, causal: float | None = None) -> CareModel:
    usual: RunSpec = spec_of("usual-care", "none")
    replaced = {} if causal is None else {"deconditioning.causal_share": causal}
    spec = replace(usual, population=1500, settings={SETTING: on}, replaced=replaced, years=1)
    return CareModel(spec)


def after_stays(model: CareModel, days: float) -> float:
    """Return the share of frail old people who move a step after a stay of so many days."""
    assert model.deconditioning is not None
    people = model.population
    old = people.age(0.0, np.arange(len(people))) >= 65
    rows = np.flatnonzero(people.present(0.0) & old & (people.frailty > 0))
    for row in rows.tolist():
        model.deconditioning.discharged(row, 0.0, days, 1000 + row)
    return model.deconditioning.stepped / len(rows)


def test_it_is_off_unless_a_structure_switches_it_on() -> None:
    model = model_of(0.0)
    assert model.deconditioning is None
    model.discharged(0, 5.0, 10.0, 1)
    assert not model.population.extra[STEPS].any()


def test_some_of_the_frail_move_a_step_and_more_after_long_stays() -> None:
    model = model_of(1.0)
    assert model.deconditioning is not None
    assert model.deconditioning.chance == pytest.approx(0.30 * 0.33 * 0.5)
    share = after_stays(model, 7.4)
    assert share == pytest.approx(0.05, abs=0.05)
    assert after_stays(model_of(1.0), 40.0) > share
    stepped = np.flatnonzero(model.population.extra[STEPS])
    assert len(stepped) == model.deconditioning.stepped > 0


def test_none_of_it_is_caused_where_the_causal_share_is_nought() -> None:
    assert after_stays(model_of(1.0, causal=0.0), 40.0) == 0.0


def test_the_fit_the_young_and_short_stays_are_spared() -> None:
    model = model_of(1.0, causal=1.0)
    assert model.deconditioning is not None
    people = model.population
    young = people.age(0.0, np.arange(len(people))) < 65
    spared = np.flatnonzero(young | (people.frailty == 0))
    for row in spared.tolist():
        model.deconditioning.discharged(row, 0.0, 30.0, row)
    frail = np.flatnonzero(~young & (people.frailty > 0))
    for row in frail.tolist():
        model.deconditioning.discharged(row, 0.0, 0.5, row)
    assert model.deconditioning.stepped == 0
