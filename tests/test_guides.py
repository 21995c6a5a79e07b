"""The guides that add things by rows: their blocks run, in one session, and do what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.docs_pages import DOCS, blocks


def played(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Write the files of a guide into ``folder``, run its Python there, and return its names."""
    monkeypatch.chdir(folder)
    session: dict[str, Any] = {"__name__": name}
    for block in blocks(DOCS / "guides" / f"{name}.md"):
        if len(block.words) == 2:
            Path(block.words[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(block.words[1]).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            exec(compile(block.text, f"{name}.md", "exec"), session)
    return session


def test_the_invented_condition_has_the_prevalence_that_its_rows_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = played("add-a-condition", tmp_path, monkeypatch)
    assert "gout" in session["tables"].conditions
    assert 0.05 < session["share"] < 0.12  # 8.8 per cent of men over 80


def test_the_tables_that_the_guide_names_are_there_and_know_these_words() -> None:
    evidence = DOCS.parent / "calibration" / "evidence"
    words = {
        "condition_loadings": "global", "cooccurrence": "a then b", "diagnosis": "",
        "mortality": "mortality_hr_condition_all_cause_mutual", "incidence": "remission_rate",
        "undiagnosed_share": "", "diagnosis_control": "", "utilities": "condition_decrement",
        "prevalence": "ratio_south_asian_white",
    }  # fmt: skip
    page = (DOCS / "guides" / "add-a-condition.md").read_text(encoding="utf-8")
    for table, word in words.items():
        assert f"`{table}.csv`" in page
        assert word in (evidence / f"{table}.csv").read_text(encoding="utf-8")
