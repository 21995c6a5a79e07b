"""The tutorial page runs: every block of Python on it, in order, in one session."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment

PAGE = Path(__file__).parent.parent / "docs" / "tutorial-notebook.md"


def test_every_block_of_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_fake_experiment(
        tmp_path / "runs" / "southwark", Fake(population=200, years=2, replications=2)
    )
    build_tables(folder)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    session: dict[str, object] = {}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"{PAGE.name}, block {number}", "exec"), session)
    assert len(session["admissions"]) == 1  # type: ignore[arg-type]
    assert (tmp_path / "cash.png").stat().st_size > 1000
    assert set(session["unknown"]["measure"]) >= {"economically_active_share"}  # type: ignore[index]
