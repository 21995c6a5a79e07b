"""The program, and what its commands share: options with one wording, and their parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from agents.faults import BadInput, Fault

if TYPE_CHECKING:
    from experiments.running import Options

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130
WHERE = "command line"

app = typer.Typer(
    name="carepath",
    help="What would this way of organising neighbourhood care do here, for whom, at what cost, "
    "and how sure are we?",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

ExperimentName = Annotated[
    str, typer.Argument(help="A built-in experiment or the path of an experiment file.")
]
Directory = Annotated[Path, typer.Argument(help="A run folder.", show_default=False)]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Processes at work at once (default: one a core)."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Let a Dask cluster do the runs: its scheduler's address, tcp://HOST:PORT."),
]
Years = Annotated[int | None, typer.Option(help="Years to simulate.")]
FewYears = Annotated[int | None, typer.Option(help="Years to simulate (default: at most 3).")]
Residents = Annotated[int | None, typer.Option(help="Residents to simulate.")]
FewResidents = Annotated[int, typer.Option(help="Residents to simulate.")]
Replications = Annotated[int | None, typer.Option(help="Replications of each design.")]
FewReplications = Annotated[int, typer.Option(help="Replications of each point.")]
OneDesign = Annotated[str | None, typer.Option("--design", help="The design (default: the first).")]
Version = Annotated[
    str | None,
    typer.Option("--effects", help="Version of the design's effects (default: its first)."),
]
SearchFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder (default: runs/COMMAND-NAME-DIGEST).")
]
AddTo = Annotated[
    Path | None, typer.Option(help="Run folder whose report shall show the table too.")
]


def run_words(words: list[str]) -> None:
    """Do what ``words`` ask, as typed behind ``carepath``."""
    app(words, prog_name="carepath", obj=words)


def options_of(
    workers: int | None,
    only: str | None,
    shard: str | None,
    keep: str | None,
    scheduler: str | None,
) -> Options:
    """Return how to do the runs, or raise ``BadInput``."""
    from experiments.running import Options

    if keep not in (None, "events"):
        refuse("--keep", keep, "events", "write --keep events")
    return Options(workers=workers, only=_only(only), shard=_shard(shard), scheduler=scheduler)


def _only(text: str | None) -> tuple[str, int, int | None] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    numbers = [int(part) for part in parts[1:] if part.isdecimal() and len(part) < 10]
    if len(parts) not in (2, 3) or len(numbers) != len(parts) - 1:
        refuse(
            "--only",
            text,
            "design,replication or design,replication,draw",
            "write, for example, --only usual-care,0",
        )
    return parts[0], numbers[0], numbers[1] if len(numbers) == 2 else None


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.split("/")
    numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 7]
    if len(parts) != 2 or len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1]:
        refuse("--shard", text, "I/N with I from 1 to N", "write, for example, --shard 1/4")
    return numbers[0], numbers[1]


def parameter_set(name: str | None) -> str | None:
    """Return the set that comes with the program, or the path as seen from where we are."""
    from experiments.checking import absolute
    from experiments.packaged import set_names

    return name if name is None or name in set_names() else str(absolute(Path(name)))


def listed(text: str | None) -> list[str] | None:
    """Return the parts of a text with commas."""
    return None if text is None else [part.strip() for part in text.split(",")]


def refuse(option: str, found: Any, allowed: str, remedy: str) -> NoReturn:
    """Raise ``BadInput`` for one option."""
    raise BadInput(
        [Fault(where=WHERE, key=option, found=repr(found), allowed=allowed, remedy=remedy)]
    )
