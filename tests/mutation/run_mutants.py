"""Change the formulas of a module one at a time and see whether its tests notice.

    python -m tests.mutation.run_mutants --module results.inequality [--show]

Every mutant runs the tests named for its module, until the first failure, in a process forked
from this one, which has the heavy packages loaded already. One that no test notices survives:
a test is missing, or it is equivalent and stands with its reason in ``equivalent.csv``. Needs
POSIX (fork).
"""

from __future__ import annotations

import argparse
import ast
import csv
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GOAL = 0.85
TESTS: dict[str, tuple[str, ...]] = {
    "agents.hazards": ("tests/test_hazards.py",),
    "agents.integrated": ("tests/test_hazards.py",),
    "pathways.queue_figures": ("tests/test_queue_figures.py", "tests/test_queues.py"),
    "pathways.queues": ("tests/test_queue_figures.py", "tests/test_queues.py"),
    "pathways.steps": ("tests/test_queue_figures.py", "tests/test_queues.py"),
    "results.inequality": (
        "tests/test_inequality_sheet.py",
        "tests/test_results_inequality.py",
        "tests/test_oracle_inequality.py",
    ),
    "results.costs": ("tests/test_cost_lines.py", "tests/test_results_costs.py"),
    "results.economics": ("tests/test_value_table.py", "tests/test_results_economics.py"),
}
HEAVY = (
    "pytest", "hypothesis", "hypothesis.strategies", "numpy", "pandas", "scipy.stats",
    "scipy.optimize", "scipy.interpolate", "pyarrow.parquet", "duckdb", "simpy", "networkx",
    "numba",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a module's mutants: names of those that no test noticed, by kind."""

    module: str
    tried: int
    survived: tuple[str, ...]
    equivalent: tuple[str, ...]

    @property
    def killed(self) -> float:
        """Return the share of mutants noticed, of those that are not equivalent."""
        real = self.tried - len(self.equivalent)
        return 1.0 - len(self.survived) / real if real else 1.0

    def told(self) -> str:
        """Return the result in a line."""
        real = self.tried - len(self.equivalent)
        return (
            f"{self.module}: {real - len(self.survived)} of {real} mutants killed "
            f"({self.killed:.0%}); {len(self.equivalent)} more are equivalent"
        )


class MutantFinder(importlib.abc.MetaPathFinder):
    """Give a mutant to whoever imports the module."""

    def __init__(self, module: str, code: CodeType, path: Path) -> None:
        self.module, self.code, self.path = module, code, path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        loader = _Loader(fullname, str(self.path), self.code)
        return importlib.util.spec_from_file_location(fullname, self.path, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


def source_of(module: str) -> Path:
    """Return the file of a module."""
    return ROOT / Path(*module.split(".")).with_suffix(".py")


def passes(module: str, tree: ast.Module, tests: Sequence[str], seconds: float) -> bool:
    """Say whether all ``tests`` pass in a fork with the mutant; no answer in time is a no."""
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setsid()
            code = _tested(module, tree, tests)
        finally:
            os._exit(code)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _tested(module: str, tree: ast.Module, tests: Sequence[str]) -> int:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    path = source_of(module)
    code = compile(tree, str(path), "exec")
    sys.meta_path.insert(0, MutantFinder(module, code, path))
    _compile_anew(module)
    pytest = importlib.import_module("pytest")
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    return int(pytest.main([*options, *tests]))


def _compile_anew(module: str) -> None:
    """Keep no machine code of the compiled functions of ``module``: it would be the original's."""
    compiling = importlib.import_module("agents.compiled")
    usual, njit = compiling.compiled, importlib.import_module("numba").njit

    def compiled(function: Any) -> Any:
        mine = function.__module__ == module
        return njit(error_model="numpy")(function) if mine else usual(function)

    compiling.__dict__["compiled"] = compiled


def reasons() -> dict[tuple[str, str], str]:
    """Return why some mutants change nothing that could be seen, by module and name."""
    with (HERE / "equivalent.csv").open(encoding="utf-8", newline="") as file:
        return {(row["module"], row["mutant"]): row["reason"] for row in csv.DictReader(file)}


def chosen(mutants: Sequence[Mutant], sample: int | None) -> list[Mutant]:
    """Return all mutants, or so many of them, always the same."""
    if sample is None or sample >= len(mutants):
        return list(mutants)
    kept = set(random.Random(2025).sample(range(len(mutants)), sample))
    return [mutant for place, mutant in enumerate(mutants) if place in kept]


def judge(
    module: str,
    tests: Sequence[str],
    sample: int | None = None,
    like: str = "",
    show: bool = False,
) -> Outcome:
    """Try the mutants of ``module`` and return what became of them.

    Raises
    ------
    RuntimeError
        If the tests do not pass as things are: then nothing can be learned.
    """
    for name in HEAVY:
        importlib.import_module(name)
    source = source_of(module).read_text(encoding="utf-8")
    begun = time.monotonic()
    if not passes(module, ast.parse(source), tests, 600.0):
        raise RuntimeError(f"the tests of {module} fail without any mutant")
    patience = 20.0 + 10.0 * (time.monotonic() - begun)
    known, survived, equivalent = reasons(), [], []
    tried = chosen([mutant for mutant in mutants_of(source) if like in mutant.name], sample)
    for mutant in tried:
        if (module, mutant.name) in known:
            equivalent.append(mutant.name)
        elif passes(module, mutant.tree, tests, patience):
            survived.append(mutant.name)
            if show:
                print(f"survived, line {mutant.line}: {mutant.name}", flush=True)  # noqa: T201
    return Outcome(module, len(tried), tuple(survived), tuple(equivalent))


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer the command line; 1 where a module misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", action="append", choices=sorted(TESTS))
    parser.add_argument("--sample", type=int, help="try so many mutants, always the same")
    parser.add_argument("--like", default="", help="try only mutants whose name has this")
    parser.add_argument("--show", action="store_true", help="name each survivor as it is found")
    given = parser.parse_args(arguments)
    missed = 0
    for module in given.module or sorted(TESTS):
        outcome = judge(module, TESTS[module], given.sample, given.like, given.show)
        print(outcome.told(), flush=True)  # noqa: T201
        missed += outcome.killed < GOAL
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
