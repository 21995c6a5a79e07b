"""Set-up: one command on a fresh machine, nothing beside the lock, plain words on failure."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import namedtuple
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Runner = ModuleType


def load(folder: Path) -> Runner:
    """Return ``run.py`` as a module whose checkout is ``folder``."""
    spec = importlib.util.spec_from_file_location("run", folder / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def runner(root: Path, tmp_path: Path) -> Runner:
    """Return the ``run.py`` of a fresh checkout, whose pip and venv do nothing."""
    for name in ("run.py", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    return load(tmp_path)


@pytest.fixture
def said(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put stand-ins for venv, pip and the program into ``runner``; list what was called."""
    calls: list[str] = []

    def make() -> None:
        calls.append("venv")
        runner.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        runner.PYTHON.touch()

    def install(what: str, *options: str) -> None:
        calls.append(f"pip {what}")

    def hand_over(name: str, arguments: list[str]) -> int:
        calls.append(" ".join([name, *arguments]))
        return 7

    monkeypatch.setattr(runner, "make_environment", make)
    monkeypatch.setattr(runner, "install", install)
    monkeypatch.setattr(runner, "hand_over", hand_over)
    monkeypatch.setattr(runner, "answers", lambda command: True)
    return calls


SET_UP = ["venv", "pip packages", "pip program"]


# --- what run.py does -----------------------------------------------------------------------


def test_the_first_call_sets_up_and_runs_the_comparison_and_the_next_only_runs_it(
    runner: Runner, said: list[str]
) -> None:
    assert runner.main([]) == 7
    assert said == [*SET_UP, "carepath run"]

    assert runner.main(["list", "places"]) == 7
    assert said[4:] == ["carepath list places"]


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_again_into_the_same_environment(
    runner: Runner, said: list[str], tmp_path: Path, changed: str
) -> None:
    runner.main([])
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")

    runner.main([])

    assert said[4:] == ["pip packages", "pip program", "carepath run"]


def test_other_line_ends_in_the_lock_are_no_change(
    runner: Runner, said: list[str], tmp_path: Path
) -> None:
    runner.main([])
    lock = tmp_path / "requirements.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))

    runner.main([])

    assert said[4:] == ["carepath run"]


def test_a_set_up_that_was_broken_off_starts_again_from_nothing(
    runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(what: str, *options: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(runner, "install", killed)
        assert runner.main([]) == 130
    assert json.loads(runner.STAMP.read_text())["state"] == "begun"

    said.clear()
    runner.main([])
    assert said == [*SET_UP, "carepath run"]


def test_an_environment_of_another_folder_is_made_anew(runner: Runner, said: list[str]) -> None:
    runner.main([])
    moved = {**runner.stamp(), "checkout": "/somewhere/else"}
    runner.write_stamp(moved)

    runner.main([])

    assert said[4:] == [*SET_UP, "carepath run"]


def test_an_environment_whose_python_is_gone_is_made_anew(
    runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.main([])
    monkeypatch.setattr(runner, "answers", lambda command: False)

    runner.main([])

    assert said[4:] == [*SET_UP, "carepath run"]


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_spoilt_stamp_counts_as_no_set_up(runner: Runner, said: list[str], text: str) -> None:
    runner.main([])
    runner.STAMP.write_text(text)

    assert not runner.is_set_up()


def test_a_failed_set_up_says_so_and_runs_nothing(
    runner: Runner,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(what: str, *options: str) -> None:
        raise runner.SetupError("The disk is full.")

    monkeypatch.setattr(runner, "install", fails)

    assert runner.main(["run"]) == 1
    assert "not set up yet.\nThe disk is full." in capsys.readouterr().err
    assert said == ["venv"]


@pytest.mark.parametrize("failing", [None, "ruff", "mypy", "lint-imports", "pytest"])
def test_run_py_test_makes_every_check_and_fails_where_any_does(
    runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch, failing: str | None
) -> None:
    called: list[list[str]] = []

    def call(command: list[str], **_: object) -> int:
        called.append([Path(command[0]).stem, *command[1:]])
        return int(called[-1][0] == failing)

    monkeypatch.setattr(runner.subprocess, "call", call)
    monkeypatch.setattr(runner.os, "cpu_count", lambda: 3)

    assert runner.main(["test", "--slow", "-k", "luck"]) == (failing is not None)
    assert called == [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-logo"],
        ["pytest", "-n", "3", "--dist", "loadfile", "--slow", "-k", "luck"],
    ]


def test_the_program_gets_no_path_that_could_hide_our_packages(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/other/agents")
    monkeypatch.setenv("CAREPATH_TEST", "kept")

    assert "PYTHONPATH" not in runner.environment()
    assert runner.environment()["CAREPATH_TEST"] == "kept"


# --- what it says when it cannot ------------------------------------------------------------


def test_an_old_python_is_told_what_to_do(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner.sys, "version_info", (3, 9, 18))
    monkeypatch.setattr(runner, "newer_python", lambda: "python3.12")
    assert runner.main([]) == 1
    assert "needs Python 3.11 or newer" in (told := capsys.readouterr().err)
    assert "python3.12 run.py" in told

    monkeypatch.setattr(runner, "newer_python", lambda: None)
    runner.main([])
    assert "Install a newer Python" in capsys.readouterr().err


def test_an_old_python_can_read_run_py(root: Path) -> None:
    """It cannot say what it needs if it stumbles over a word that it does not know."""
    tree = ast.parse((root / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))

    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.NamedExpr)]
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        parts = [function.returns, *(argument.annotation for argument in function.args.args)]
        for part in filter(None, parts):
            assert isinstance(part, ast.Name | ast.Constant), "quote the annotation"


def test_run_py_uses_the_standard_library_only(root: Path) -> None:
    tree = ast.parse((root / "run.py").read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("heard", "meaning"),
    [
        ("ERROR: Retrying ... NewConnectionError(", "no connection to the package index"),
        ("ProxyError('Cannot connect to proxy.')", "HTTPS_PROXY"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "was refused"),
        ("ERROR: No matching distribution found for numpy", "Use Python 3.11, 3.12 or 3.13"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: something quite new", "Run this again"),
    ],
)
def test_a_failure_of_pip_is_told_in_plain_words_with_its_own_last_words(
    runner: Runner, heard: str, meaning: str
) -> None:
    told = runner.reason(["Collecting numpy", heard])

    assert meaning in told
    assert heard in told
    assert str(runner.LOG) in told


def test_no_network_is_named_and_not_a_missing_package(runner: Runner) -> None:
    """Pip's last line is the same in both cases."""
    heard = ["Retrying after NewConnectionError", "ERROR: No matching distribution found for mesa"]

    assert "no connection" in runner.reason(heard)


def test_pip_failing_for_real_keeps_its_words_and_raises(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.ENVIRONMENT.mkdir()
    monkeypatch.setattr(runner, "PYTHON", Path(sys.executable))

    with pytest.raises(runner.SetupError, match="no-such-file"):
        runner.install("packages", "-r", "no-such-file.lock")

    assert "no-such-file" in runner.LOG.read_text(encoding="utf-8")


Venv = namedtuple("Venv", "returncode stdout")


def test_a_debian_without_venv_is_told_which_package_to_install(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Venv(1, "The virtual environment was not created: ensurepip is not available.")
    monkeypatch.setattr(runner.subprocess, "run", lambda *_, **__: refused)

    with pytest.raises(runner.SetupError, match="apt install python3-venv"):
        runner.make_environment()


def test_of_all_that_pip_says_only_its_errors_are_shown(runner: Runner) -> None:
    told = runner.reason(["ERROR: no such pin", "[notice] a new release of pip is available"])

    assert "no such pin" in told
    assert "new release" not in told


def test_progress_counts_the_packages(runner: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    for number in range(12):
        heard.append(f"Collecting package{number}==1")
        runner.show_progress(heard, 12)
        heard.append("  Downloading package.whl")
        runner.show_progress(heard, 12)

    shown = capsys.readouterr().out
    assert re.findall(r"(\d+) of about 12", shown) == ["1", "11"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no exec")
def test_the_exit_code_is_the_programs_own(root: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$@"\nexit 42\n')
    program.chmod(0o755)
    code = (
        "import pathlib, run\n"
        f"run.SCRIPTS = pathlib.Path({str(tmp_path)!r})\n"
        "run.hand_over('program', ['a b', 'c'])\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (42, "a b c\n")


# --- the lock -------------------------------------------------------------------------------


def pins(root: Path) -> dict[str, list[str]]:
    """Return the lines of the lock by package."""
    text = (root / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        found.setdefault(canonicalize_name(re.split("[=; ]", line)[0]), []).append(line)
    return found


def test_every_package_of_the_lock_is_pinned_with_hashes(root: Path) -> None:
    for lines in pins(root).values():
        for line in lines:
            assert re.match(r"[A-Za-z0-9_.-]+==[0-9][^ ]* ", line), line
            assert re.search(r"--hash=sha256:[0-9a-f]{64}( |$)", line), line


def test_the_lock_names_no_registry(root: Path) -> None:
    text = (root / "requirements.lock").read_text(encoding="utf-8")

    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index|--extra-index|--find-links)", text, re.MULTILINE)


def test_the_lock_holds_all_that_the_project_builds_runs_and_tests_with(root: Path) -> None:
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    wanted = [
        Requirement(text)
        for text in (
            *project["project"]["dependencies"],
            *project["dependency-groups"]["dev"],
            *project["build-system"]["requires"],
        )
    ]
    locked = pins(root)

    for requirement in wanted:
        lines = locked.get(canonicalize_name(requirement.name))
        assert lines, f"{requirement.name} is not in the lock: make it anew (CONTRIBUTING.md)"
        for line in lines:
            version = line.split("==")[1].split()[0]
            assert requirement.specifier.contains(version), f"{line[:40]} is not {requirement}"


def test_every_python_gets_the_same_version_of_each_package(root: Path) -> None:
    """Else the same experiment would give other numbers on another Python."""
    assert [name for name, lines in pins(root).items() if len(lines) > 1] == []


def test_what_runs_here_is_what_the_lock_pins(root: Path) -> None:
    """Else the tests speak of other versions than the user's."""
    for name, (line,) in pins(root).items():
        if ";" not in line:
            assert importlib.metadata.version(name) == line.split("==")[1].split()[0], name


def test_ci_runs_the_same_command_as_the_user(root: Path) -> None:
    script = root / ".ci" / "run"

    assert "python3 run.py test" in script.read_text(encoding="utf-8")
    assert os.name == "nt" or os.access(script, os.X_OK)


def test_the_command_is_the_command_line_of_experiments(root: Path) -> None:
    with (root / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["scripts"] == {"carepath": "experiments.cli:main"}
