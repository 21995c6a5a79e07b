"""Commands that show and check: list, show, validate, new, population, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import app


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="An experiment file.", show_default=False)],
) -> None:
    """Check an experiment file without running it."""
    from experiments.listing import experiment_sentences
    from experiments.resolving import read_experiment

    for line in experiment_sentences(read_experiment(file)):
        typer.echo(line)


@app.command("list")
def list_names(
    what: Annotated[
        str,
        typer.Argument(
            help="places, designs, experiments, components, services, conditions, measures, "
            "settings, rules or structure.",
            show_default=False,
        ),
    ],
) -> None:
    """List what there is: one line each, the name first."""
    from experiments.listing import listed

    for line in listed(what):
        typer.echo(line)


@app.command()
def show(
    kind: Annotated[
        str,
        typer.Argument(
            help="design, component, place, experiment, condition, service, measure, network or "
            "services.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str,
        typer.Argument(
            help="Its name, or a file's path; or a run folder (services, network).",
            show_default=False,
        ),
    ],
    figure: Annotated[
        Path | None,
        typer.Option(help="Also draw it (a condition, a cohort, network) as this PNG or SVG file."),
    ] = None,
    cohort: Annotated[
        str | None, typer.Option(help="Count a design's people in this place, rule by rule.")
    ] = None,
    residents: Annotated[
        int | None, typer.Option("--population", help="Residents of the place of --cohort.")
    ] = None,
) -> None:
    """Show one thing with the source of each number."""
    from experiments.show import shown
    from experiments.show_figures import figure_shown

    for line in shown(kind, name):
        typer.echo(line)
    for line in figure_shown(kind, name, figure, cohort=cohort, residents=residents):
        typer.echo(line)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
) -> None:
    """Write a commented experiment file to start from."""
    from experiments.new import write_template

    write_template(file)
    typer.echo(f"Written: {file}\nChange it, then: carepath validate {file}")


@app.command()
def population(
    place: Annotated[str, typer.Argument(help="A place's name or file.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Parquet file to write.", show_default=False)],
    residents: Annotated[
        int | None,
        typer.Option(
            "--population",
            help="Residents (default: the place's, or 100,000 where it has over 300,000).",
        ),
    ] = None,
    year: Annotated[int, typer.Option(help="Year in which they are as described.")] = 2025,
    seed: Annotated[int, typer.Option(help="Seed of all luck.")] = 2025,
) -> None:
    """Write a synthetic population: one row a resident."""
    from experiments.people import write_population

    count = write_population(place, out, residents=residents, year=year, seed=seed)
    typer.echo(f"Written: {out}, {count} residents")


@app.command()
def check(
    what: Annotated[
        str,
        typer.Argument(
            help="A place's name or file, a run folder, or the word designs.", show_default=False
        ),
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(help="After designs: design files of your own.", show_default=False),
    ] = None,
    residents: Annotated[
        int | None,
        typer.Option(
            "--population", help="Residents of a place (default: its own, at most 100,000)."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for table and figures (default: runs/check-PLACE).")
    ] = None,
) -> None:
    """Set simulated figures beside published ones; exit 0 whatever the fit."""
    from experiments.check import check as checked

    for line in checked(what, files or (), residents=residents, out=out):
        typer.echo(line)
