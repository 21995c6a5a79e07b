"""How commands end: what is said, what is made, and with which exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from experiments.commands.options import FAILED, STOPPED

if TYPE_CHECKING:
    from experiments.outcome import Outcome


def finish(outcome: Outcome) -> None:
    """Say how the runs ended; make tables and report where none is missing for good."""
    from experiments.outcome import say_outcome

    for line in say_outcome(outcome):
        typer.echo(line, err=True)
    if outcome.ready:
        make_report(outcome.folder)
    leave(outcome)


def make_report(folder: Path, prices: Path | None = None) -> None:
    """Make tables, figures and report, and say where the report is."""
    from experiments.reporting import tables_and_report

    typer.echo("Making tables, figures and report …", err=True)
    try:
        tables_and_report(folder, prices)
    except KeyboardInterrupt:
        typer.echo(f"Stopped. Make the report with: carepath report {folder}", err=True)
        raise typer.Exit(STOPPED) from None
    typer.echo(f"Report: {folder / 'report.html'}")


def say_missing(folders: Sequence[Path]) -> None:
    """Say which folders lack runs that were planned, so that nobody takes a part for the whole."""
    from results.planned import missing_notes

    for line in missing_notes(folders):
        typer.echo(line, err=True)


def end_search(
    folder: Path,
    outcome: Outcome,
    sentences: Iterable[str],
    tables: Iterable[str],
    add_to: Path | None,
) -> None:
    """Say what a search found and where, and how its runs ended."""
    import shutil

    from experiments.outcome import say_outcome

    for line in say_outcome(outcome):
        typer.echo(line, err=True)
    for line in sentences:
        typer.echo(line)
    if outcome.ready:
        for name in tables:
            typer.echo(f"Table: {folder / 'tables' / f'{name}.csv'}")
            if add_to:
                (add_to / "tables").mkdir(exist_ok=True)
                shutil.copyfile(
                    folder / "tables" / f"{name}.csv", add_to / "tables" / f"{name}.csv"
                )
        if add_to:
            typer.echo(f"Show it in the report with: carepath report {add_to}")
    leave(outcome)


def leave(outcome: Outcome) -> None:
    """End with the exit code that the runs deserve."""
    if outcome.result.stopped:
        raise typer.Exit(STOPPED)
    if outcome.result.failed or outcome.result.no_room or outcome.result.cut_off:
        raise typer.Exit(FAILED)
