"""The command that fits parameters to published figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import FAILED, STOPPED, Scheduler, Workers, app


@app.command()
def calibrate(
    place: Annotated[
        str, typer.Argument(help="england, another built-in place, or the path of a place file.")
    ] = "england",
    quick: Annotated[
        bool, typer.Option("--quick", help="A rough look: few simulations of few people.")
    ] = False,
    targets: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of your own published figures; they replace or join the program's."
        ),
    ] = None,
    only_own: Annotated[
        bool, typer.Option("--only-own", help="Fit to the figures of --targets alone.")
    ] = False,
    base: Annotated[
        str, typer.Option(help="Parameter set to begin with: default, or a folder.")
    ] = "default",
    seed: Annotated[int, typer.Option(help="Seed of all luck.")] = 2025,
    out: Annotated[
        Path | None, typer.Option(help="Folder (default: runs/calibration-PLACE-DIGEST).")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Fit parameters to published figures; write a set that experiments accept."""
    from experiments.calibrate import Asked, WorkerLostError, last_words
    from experiments.calibrate import calibrate as calibrated

    asked = Asked(
        place=place,
        quick=quick,
        targets=targets,
        built_in=not only_own,
        base=base,
        seed=seed,
        workers=workers,
        scheduler=scheduler,
    )
    try:
        folder, outcome = calibrated(asked, out, lambda line: typer.echo(line, err=True))
    except KeyboardInterrupt:
        typer.echo("Stopped. Repeat the command to go on: what was finished is kept.", err=True)
        raise typer.Exit(STOPPED) from None
    except WorkerLostError as lost:
        typer.echo(str(lost), err=True)
        raise typer.Exit(FAILED) from None
    for line in last_words(folder, outcome):
        typer.echo(line)
