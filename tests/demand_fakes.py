"""A small synthetic England for tests: plausible ages, conditions and frailty, no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population

EVIDENCE = Path(__file__).parent.parent / "calibration" / "evidence"


def evidence() -> Evidence:
    return Evidence(EVIDENCE)


def england(n: int, *, seed: int = 1, n_practices: int = 1) -> Population:
    """n people whose ages, conditions and frailty are roughly England's."""
    luck, person = Luck(seed), np.arange(n)
    people = person.astype(np.int64)
    draw = luck.uniforms("fake.age", people)
    age = np.interp(draw, [0, 0.18, 0.55, 0.82, 0.92, 0.976, 1.0], [0, 16, 45, 65, 75, 85, 100])
    imd = 1 + (luck.words("fake.imd", people) % np.uint64(5)).astype(np.int8)
    hazard = np.interp(age, [0, 16, 45, 65, 75, 85, 100], [0.01, 0.02, 0.06, 0.11, 0.16, 0.2, 0.22])
    hazard = hazard * np.exp(0.1 * (3 - imd))
    has = np.stack([luck.uniforms(f"fake.has.{c}", people) < hazard for c in range(10)], axis=1)
    frail = luck.uniforms("fake.frailty", people) < np.clip((age - 60.0) / 60.0, 0.0, 1.0)
    worse = luck.uniforms("fake.worse", people)
    frailty = np.where(frail, 1 + (worse > 0.6) + (worse > 0.88), 0).astype(np.int8)
    conditions = tuple(f"c{c}" for c in range(10))
    never, ones = np.full((n, 10), np.inf), np.ones((n, 10))
    no = np.zeros(n, bool)
    return Population(
        conditions=conditions,
        vulnerabilities=("none",),
        ethnic_groups=("all",),
        person=people,
        birth_day=-age * DAYS_PER_YEAR,
        sex=(luck.uniforms("fake.sex", people) < 0.49).astype(np.int8),
        imd_quintile=imd,
        ethnicity=np.zeros(n, np.int8),
        household=people.copy(),
        practice=(people % n_practices).astype(np.int32),
        locality=np.zeros(n, np.int32),
        entry_day=np.zeros(n),
        exit_day=np.full(n, np.inf),
        alive=np.ones(n, bool),
        death_day=np.full(n, np.inf),
        care_home=no.copy(),
        frailty=frailty,
        smoking=np.zeros(n, np.int8),
        obese=no.copy(),
        carer=no.copy(),
        isolated=no.copy(),
        activation=np.full(n, 3.0),
        vulnerable=np.zeros((n, 1), bool),
        has=has,
        diagnosed=has.copy(),
        onset_day=never.copy(),
        diagnosis_day=never.copy(),
        controlled=np.zeros((n, 10), bool),
        onset_factor=ones,
        death_factor=np.ones(n),
    )
