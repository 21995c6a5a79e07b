"""Compiled loops: plain Python's numbers, and machine code that cannot be out of date."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import agents
import calibration
import pathways
import sim
from agents.compiled import compiled

PACKAGES = (agents, pathways, sim, calibration)


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for file in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def _compiled_in(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {
        node.name: node
        for node in functions
        if any(ast.unparse(mark) == "compiled" for mark in node.decorator_list)
    }


def test_compiled_functions_call_only_what_is_compiled_with_them() -> None:
    # Numba does not see that a function in another file has changed: it would use the old one.
    found, elsewhere = 0, []
    for file, tree in _modules():
        mine = _compiled_in(tree)
        found += len(mine)
        imported = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and "numpy" not in node.module
            for alias in node.names
        }
        elsewhere += [
            f"{file.name}: {name} calls {node.func.id}"
            for name, function in mine.items()
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in imported
        ]
    assert found > 20
    assert elsewhere == []


def test_no_liberty_is_taken_with_numbers() -> None:
    @compiled
    def total(values: np.ndarray) -> float:
        result = 0.0
        for value in values:
            result += value
        return result

    values = np.random.default_rng(1).normal(size=1001) * 10.0 ** np.arange(1001)[::-1].clip(0, 9)
    expected = 0.0
    for value in values.tolist():
        expected += value
    assert total(values) == expected  # in this order: a sum that is taken in parts would differ


def test_where_machine_code_cannot_be_kept_functions_work_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    njit = numba.njit

    def sealed(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", sealed)

    @compiled
    def twice(number: int) -> int:
        return 2 * number

    assert twice(21) == 42
