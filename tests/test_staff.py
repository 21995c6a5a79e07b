"""Practice staff: only heavy work empties posts, and they fill again after a while."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.evidence import Evidence
from pathways.staff import SETTING, Workload, workload
from tests.demand_fakes import england
from tests.test_practice import a_run, asking, practices

EVIDENCE = Evidence(Path(__file__).parents[1] / "calibration" / "evidence")


def test_posts_empty_where_work_is_heavy_and_fill_again_after_the_lag() -> None:
    staff = Workload(2, EVIDENCE)
    for _ in range(24):
        filled = staff.month(np.array([0.99, 0.90]))
    # 2 points a year leave, and each post stands empty for half a year.
    assert 1.0 - filled[0] == pytest.approx(0.02 * 0.5, rel=0.05)
    assert filled[1] == 1.0
    for _ in range(7):
        filled = staff.month(np.array([0.90, 0.90]))
    assert filled[0] == pytest.approx(1.0)


def test_it_is_off_unless_a_structure_switches_it_on_and_may_be_nought() -> None:
    assert workload(2, EVIDENCE, {}) is None
    key = next(key for key in EVIDENCE.keys("mechanisms") if "GP leaving rate" in key)
    none = workload(2, Evidence(EVIDENCE.folder, {key: 0.0}), {SETTING: 1.0})
    assert none is not None
    assert (none.month(np.ones(2)) == 1.0).all()


def test_heavy_work_leaves_practices_fewer_slots() -> None:
    people = england(5_000)
    capacity = []
    for on in (0.0, 1.0):
        model = practices(people, structure__workload=on)
        capacity.append(a_run(model, asking(people, 1.1), 300)["capacity"])
    assert 0.97 < capacity[1] / capacity[0] < 0.998
