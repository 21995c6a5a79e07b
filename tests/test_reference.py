"""The pages made from the program are those of today's program."""

from __future__ import annotations

import pytest

from experiments.reference import PAGES, REFERENCE
from results.measures import MEASURES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_program_is_current(name: str) -> None:
    kept = (REFERENCE / name).read_text(encoding="utf-8")
    assert kept == PAGES[name](), "run python -m experiments.reference and commit the pages"


def test_the_pages_tell_every_measure_and_command_with_its_options() -> None:
    measures, commands = (PAGES[name]() for name in ("measures.md", "commands.md"))
    assert all(f"| `{key}` |" in measures for key in MEASURES)
    for word in ("## carepath run", "## carepath resume", "`--replications`", "Years to simulate"):
        assert word in commands
