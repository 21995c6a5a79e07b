"""The formulas of hazards, queues, inequality and money are watched: mutants of them die."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tests.mutation import run_mutants
from tests.mutation.mutants import mutants_of
from tests.mutation.run_mutants import GOAL, TESTS, judge, reasons, source_of

SAMPLE = 40
SOURCE = '''
"""Words, 1 and True in here are left alone."""
def rate(many: int = 3, *, fast: bool = False) -> float:
    """Return 2."""
    if many < 4 and not fast:
        many += 1
    return -many / 2
'''


def test_every_operator_number_truth_and_step_is_changed_and_words_are_not() -> None:
    names = [mutant.name for mutant in mutants_of(SOURCE)]
    assert sorted(names) == sorted(
        [
            "rate: 3 -> 4",
            "rate: False -> True",
            "rate: many < 4 and (not fast) -> many < 4 or not fast",
            "rate: many < 4 -> many <= 4",
            "rate: many < 4 -> many >= 4",
            "rate: 4 -> 5",
            "rate: not fast -> fast",
            "rate: many += 1 -> many -= 1",
            "rate: many += 1 -> removed",
            "rate: 1 -> 2",
            "rate: -many / 2 -> -many * 2",
            "rate: -many -> many",
            "rate: 2 -> 3",
        ]
    )


def test_each_mutant_differs_from_the_module_in_one_place() -> None:
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants_of(SOURCE):
        lines = ast.unparse(mutant.tree).splitlines()
        assert sum(a != b for a, b in zip(whole, lines, strict=True)) == 1, mutant.name


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.slow
def test_a_mutant_is_killed_by_a_test_that_notices_and_survives_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, blind = tmp_path / "test_seen.py", tmp_path / "test_blind.py"
    seen.write_text(
        "from agents.hazards import exact\nimport numpy as np\n"
        "def test_it():\n    assert exact(np.array([0.5, 2.0**-22])).tolist() == [0.5, 0.0]\n"
    )
    blind.write_text("import agents.hazards\ndef test_it():\n    pass\n")
    like = "np.round(values * _GRAIN) / _GRAIN -> np.round"
    assert judge("agents.hazards", [str(seen)], like=like).survived == ()
    assert len(judge("agents.hazards", [str(blind)], like=like).survived) == 1
    seen.write_text("def test_it():\n    assert False\n")
    with pytest.raises(RuntimeError, match="fail without any mutant"):
        judge("agents.hazards", [str(seen)])


def test_what_is_called_equivalent_is_still_a_mutant_and_has_a_reason() -> None:
    names = {
        (module, mutant.name)
        for module in TESTS
        for mutant in mutants_of(source_of(module).read_text(encoding="utf-8"))
    }
    assert set(reasons()) <= names
    assert all(len(reason) > 20 for reason in reasons().values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(run_mutants.TESTS))
def test_mutants_of_formulas_are_killed(module: str) -> None:
    outcome = judge(module, TESTS[module], sample=SAMPLE)
    assert outcome.killed >= GOAL, (outcome.told(), outcome.survived)
