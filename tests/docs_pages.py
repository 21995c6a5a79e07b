"""Read the pages of ``docs``: their blocks, in order, and what each is for.

A block opens with three backticks and words: ``console`` (commands, run in order),
``toml FILE`` or ``csv FILE`` (written as FILE into the page's own folder), ``python`` (run in
one session). A page whose commands take minutes says ``<!-- slow -->`` before the block. Blocks
without words are shown, not run; the commands in them are still checked against the program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(r"(?P<slow><!-- slow -->\n+)?```(?P<words>[^\n]*)\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page: its opening words, its text, and whether it takes minutes."""

    words: tuple[str, ...]
    text: str
    slow: bool

    @property
    def kind(self) -> str:
        """The first word, or nothing."""
        return self.words[0] if self.words else ""

    @property
    def commands(self) -> list[str]:
        """The lines that call the program, without their comments."""
        lines = (line.split("  #")[0].strip() for line in self.text.splitlines())
        return [line for line in lines if line.startswith("carepath ")]


def pages() -> list[Path]:
    """Return every page of the documentation and the pages at the top, in order of name."""
    top = [DOCS.parent / name for name in ("README.md", "CONTRIBUTING.md")]
    return [*top, *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of ``page`` in order."""
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [
        Block(tuple(block["words"].split()), block["text"], block["slow"] is not None)
        for block in found
    ]
