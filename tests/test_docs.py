"""The documentation holds: its commands exist, its pages run, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from experiments.cli import app
from tests.docs_pages import DOCS, Block, blocks, pages

COMMAND = get_command(app)
PROGRAM = [sys.executable, "-c", "from experiments.cli import main; main()"]
RUN = [page for page in pages() if any(block.kind == "console" for block in blocks(page))]
LIMIT_SECONDS = 600
PLACEHOLDER = re.compile(r"^[A-Z_/…-]+$|[…|]")


def name_of(page: Path) -> str:
    """Return a page's path below the checkout."""
    return page.relative_to(DOCS.parent).as_posix()


def test_there_are_pages_that_run() -> None:
    assert len(pages()) > 10
    assert len(RUN) >= 3


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_command_of_a_page_is_one_of_the_program(page: Path) -> None:
    for block in blocks(page):
        for line in block.commands:
            check_command(line.removeprefix("carepath "))


def check_command(line: str) -> None:
    """Fail unless the command and each of its options exist."""
    words = shlex.split(line.split("|")[0].split(">")[0])
    command: object = COMMAND
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if not words and hasattr(command, "commands"):
        return
    if (words and words[0] in ("--help", "COMMAND")) or not hasattr(command, "params"):
        return
    assert not hasattr(command, "commands"), f"carepath {line}: no such command"
    known = {option for one in command.params for option in one.opts} | {"--help", "-h"}
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
    assert not unknown, f"carepath {line}: {', '.join(unknown)} is not among {sorted(known)}"


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target and "@" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_a_page_runs_from_its_first_block_to_its_last(page: Path, tmp_path: Path) -> None:
    play(page, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in RUN if any(block.slow for block in blocks(page))], ids=name_of
)
def test_a_page_runs_with_its_long_commands(page: Path, tmp_path: Path) -> None:
    play(page, tmp_path, slow=True)


def play(page: Path, folder: Path, *, slow: bool) -> None:
    """Do what ``page`` says in ``folder``: write its files and run its commands.

    Without ``slow`` a page ends at its first long block: what follows may need its results.
    """
    for block in blocks(page):
        if block.slow and not slow:
            return
        if len(block.words) == 2:
            file = folder / block.words[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.kind == "console":
            run_commands(block, folder)


def run_commands(block: Block, folder: Path) -> None:
    """Run the commands of a block; a line ``# exit 2`` after one names its exit code."""
    lines = block.text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("carepath "):
            continue
        after = lines[number + 1] if number + 1 < len(lines) else ""
        expected = int(after.removeprefix("# exit ")) if after.startswith("# exit ") else 0
        words = shlex.split(line.split("  #")[0].removeprefix("carepath "))
        done = subprocess.run(
            [*PROGRAM, *words], cwd=folder, capture_output=True, text=True, timeout=LIMIT_SECONDS
        )
        assert done.returncode == expected, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
