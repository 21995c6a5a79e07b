"""Unmet need that returns: who comes later, once, and only where a run says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import calibration
from agents.evidence import Evidence
from agents.luck import Luck
from pathways.practice import PracticeDay
from pathways.structure import STRUCTURE, chosen
from sim.returning import SETTING, UnmetReturns
from tests.test_light import model_of, total

EVIDENCE = Evidence(Path(calibration.__file__).parent / "evidence")
NONE = np.empty(0, np.int64)
LEAKS = ("ed", "nhs111")


def practice_day(leak: list[int]) -> PracticeDay:
    """Return a day on which person i's request was not met and went to ``leak[i]``."""
    people = np.arange(len(leak))
    return PracticeDay(
        attended=NONE,
        roles=NONE,
        attended_keys=NONE.astype(np.uint64),
        missed=NONE,
        failed=people,
        failed_keys=Luck(1, 0).words("failed", people),
        leak=np.array(leak),
        leaks=LEAKS,
    )


def test_a_share_of_those_who_did_nothing_comes_once_within_weeks() -> None:
    returning = UnmetReturns(EVIDENCE, Luck(1, 0))
    n = 40_000
    returning.note(0, practice_day([2] * n + [0] * 100 + [1] * 100))
    came = [returning.due(day)[0] for day in range(1, 400)]
    people = np.concatenate(came)
    assert len(people) == len(set(people.tolist()))  # once each
    assert people.max() < n  # nobody who went elsewhere the same day
    assert len(people) / n == pytest.approx(returning.share, rel=0.1)
    days = np.concatenate([np.full(len(rows), day) for day, rows in enumerate(came, 1)])
    assert days.mean() == pytest.approx(returning.days, rel=0.1)


def test_those_who_go_at_once_are_not_among_those_who_come_later() -> None:
    returning = UnmetReturns(EVIDENCE, Luck(1, 0))
    rows, keys = returning.come(5, practice_day([0, 1, 2, 0]))
    assert not len(rows)
    assert not len(keys)
    later = np.concatenate([returning.due(day)[0] for day in range(6, 400)])
    assert not set(later.tolist()) & {0, 1, 3}


def test_only_a_run_that_says_so_sees_them_return() -> None:
    assert STRUCTURE["unmet_need"].default == "ends"
    assert chosen({"unmet_need": "returns"}, "x").settings == {SETTING: 1.0}
    usual, returns = model_of(), model_of((SETTING, 1.0))
    assert usual.emergencies.returns is None
    did_without = 0.3 * total(usual, "gp_unmet")  # a third of them, as published
    more = total(returns, "ae_from_gp_wait") - total(usual, "ae_from_gp_wait")
    assert 0.0 < more < 2.0 * 0.05 * did_without + 10.0
