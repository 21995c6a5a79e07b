"""The shape of the program: who imports whom, what hides what, where chance comes from."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import networkx as nx
import pytest

PACKAGES = ("agents", "pathways", "sim", "results", "calibration", "experiments")

# An import that each contract forbids: (module, its import, words of the contract's name).
FORBIDDEN = [
    ("agents/place.py", "import pathways.queues", "only downward"),
    ("pathways/queues.py", "import sim.model", "only downward"),
    ("calibration/fit.py", "import experiments.cli", "only downward"),
    ("sim/model.py", "import results.store", "only downward"),
    ("results/store.py", "import sim.model", "only downward"),
    ("pathways/queues.py", "import mesa", "Only sim and agents import Mesa"),
    ("experiments/cli.py", "from mesa import batch_run", "Only sim and agents import Mesa"),
    ("agents/place.py", "import simpy", "Only sim and pathways import SimPy"),
    ("calibration/fit.py", "import simpy", "Only sim and pathways import SimPy"),
    ("results/store.py", "import pathways.queues", "Results work from run folders alone"),
]

# Ways in which the lower of two modules may import the upper one back.
BACK = {
    "at the top": "from {package} import upper",
    "of a name": "from {package}.upper import NAME",
    "in a function": "def later():\n    import {package}.upper",
    "for types alone": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {package}.upper import NAME"
    ),
    "by way of the package": "import {package}",
    "by way of a third": "from {package} import third",
}

# A small program of the same shape, which keeps every contract.
ALLOWED = {
    "agents/place.py": "import mesa",
    "pathways/queues.py": "import simpy, agents.place",
    "pathways/words.py": "",
    "sim/model.py": "import mesa, simpy, pathways.queues",
    "results/store.py": "import pathways.words",
    "calibration/fit.py": "import sim.model, results.store",
    "experiments/cli.py": "import sim.model, calibration.fit",
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def write_program(folder: Path, contracts: Path) -> None:
    (folder / "pyproject.toml").write_text(contracts.read_text(encoding="utf-8"), encoding="utf-8")
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    for module, imports in ALLOWED.items():
        (folder / module).write_text(imports + "\n", encoding="utf-8")


def test_imports_go_only_downward(root: Path) -> None:
    checked = lint_imports(root)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "4 kept, 0 broken" in checked.stdout


def test_the_contracts_allow_a_program_of_the_right_shape(root: Path, tmp_path: Path) -> None:
    write_program(tmp_path, root / "pyproject.toml")

    checked = lint_imports(tmp_path)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(("module", "imports", "contract"), FORBIDDEN)
def test_the_contracts_catch_a_forbidden_import(
    root: Path, tmp_path: Path, module: str, imports: str, contract: str
) -> None:
    write_program(tmp_path, root / "pyproject.toml")
    with (tmp_path / module).open("a", encoding="utf-8") as source:
        source.write(imports + "\n")

    checked = lint_imports(tmp_path)

    assert checked.returncode == 1, checked.stdout + checked.stderr
    broken = [line for line in checked.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(contract in line for line in broken), checked.stdout


def circles(graph: grimp.ImportGraph) -> list[list[str]]:
    """Return the modules that import each other, however indirectly, each circle sorted.

    Every import statement counts, also those within functions and those for types alone.
    """
    imports = nx.DiGraph(
        (module, imported)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    )
    groups = nx.strongly_connected_components(imports)
    return sorted(sorted(group) for group in groups if len(group) > 1)


def test_no_modules_import_each_other_not_even_for_types() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    assert circles(graph) == []

    graph.add_import(importer="sim.acting", imported="sim.model")
    assert circles(graph) == [["sim.acting", "sim.model", "sim.programme"]]


@pytest.mark.parametrize("how", BACK)
def test_an_import_back_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    package = "round_" + how.replace(" ", "_")
    modules = {
        "__init__": f"from {package}.upper import NAME",
        "upper": f"import {package}.lower\nNAME = 1",
        "lower": BACK[how].format(package=package),
        "third": f"from {package}.upper import NAME",
    }
    (tmp_path / package).mkdir()
    for name, source in modules.items():
        (tmp_path / package / f"{name}.py").write_text(source + "\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    found = circles(grimp.build_graph(package, cache_dir=None))

    assert len(found) == 1
    assert {f"{package}.lower", f"{package}.upper"} <= set(found[0])

    (tmp_path / package / "lower.py").write_text("", encoding="utf-8")
    assert circles(grimp.build_graph(package, cache_dir=None)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_hides_our_packages(root: Path, package: str) -> None:
    """Their names are plain words, and other distributions own some of them elsewhere."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin) == root / package / "__init__.py"

    owners = set(importlib.metadata.packages_distributions().get(package, []))
    assert owners <= {"carepath"}, f"{owners} would hide our package {package}"


def test_help_answers_without_importing_the_heavy_libraries(root: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['carepath', '--help']\n"
        "from experiments.cli import main\n"
        "try:\n"
        "    code = main()\n"
        "except SystemExit as end:\n"
        "    code = end.code\n"
        "heavy = {'pandas', 'mesa', 'matplotlib', 'seaborn', 'simpy', 'duckdb', 'scipy'}\n"
        "sys.exit(code or ', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert told.returncode == 0, f"imported: {told.stderr}"
    assert "Usage" in told.stdout


def chance_beside_luck(source: str) -> list[str]:
    """Return the lines of ``source`` that reach for a random number generator."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                found.append(f"line {node.lineno}: np.random")
            case ast.Import(names=names) if any(
                name.name.split(".")[0] in {"random", "secrets"} or name.name == "numpy.random"
                for name in names
            ):
                found.append(f"line {node.lineno}: import {names[0].name}")
            case ast.ImportFrom(module="random" | "secrets" | "numpy.random"):
                found.append(f"line {node.lineno}: from {node.module}")
            case _:
                pass
    return found


@pytest.mark.parametrize("package", ["agents", "pathways", "sim"])
def test_all_chance_in_the_model_comes_from_luck(root: Path, package: str) -> None:
    found = {
        path.relative_to(root).as_posix(): lines
        for path in (root / package).rglob("*.py")
        if (lines := chance_beside_luck(path.read_text(encoding="utf-8")))
    }

    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nx = np.random.default_rng(1)",
        "import random",
        "from random import shuffle",
        "from numpy.random import default_rng",
    ],
)
def test_chance_beside_luck_would_be_seen(source: str) -> None:
    assert chance_beside_luck(source)


def test_the_project_cannot_be_uploaded_by_mistake_and_ships_all_its_packages(root: Path) -> None:
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)

    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    assert tuple(project["tool"]["importlinter"]["root_packages"]) == PACKAGES
