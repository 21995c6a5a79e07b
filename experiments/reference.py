"""Pages of the documentation that are made from the program: measures, and commands.

Run ``python -m experiments.reference`` to write them anew; a test says when they are old.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.main import get_command

from results.measures import MEASURES

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "Made by `python -m experiments.reference`; do not edit."


def measures_page() -> str:
    """Return the page of every measure: key, title, unit, better, definition, source."""
    rows = [
        f"| `{measure.key}` | {measure.title} | {measure.unit} | {measure.better} | "
        f"{_cell(measure.definition)} | {_cell(measure.source)} |"
        for measure in MEASURES.values()
    ]
    head = ["| key | measure | unit | better | definition | source |", "| --- " * 6 + "|"]
    return "\n".join([f"# Measures\n\n{MADE}\n", *head, *rows]) + "\n"


def commands_page() -> str:
    """Return the page of every command: what it does, its arguments and its options."""
    from experiments.cli import app

    commands: dict[str, Any] = getattr(get_command(app), "commands", {})
    parts = [_command(name, one) for name, one in commands.items() if not one.hidden]
    return "\n".join([f"# Commands\n\n{MADE}\n", *parts])


def _command(name: str, command: Any) -> str:
    """Return the section of a command (typer's, whose classes have no public home)."""
    rows = [
        f"| `{_called(parameter)}` | {_cell(parameter.help or '')} |"
        for parameter in command.params
        if not parameter.hidden
    ]
    table = ["", "| argument or option | meaning |", "| --- | --- |", *rows] if rows else []
    return "\n".join([f"## carepath {name}", "", _cell(command.help or ""), *table, ""])


def _called(parameter: Any) -> str:
    name: str = parameter.name if parameter.param_type_name == "argument" else parameter.opts[0]
    return name


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {"measures.md": measures_page, "commands.md": commands_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
