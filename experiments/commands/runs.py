"""Commands that do runs and read them: run, resume, report, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.commands.endings import finish, make_report, say_missing
from experiments.commands.options import (
    Directory,
    ExperimentName,
    Replications,
    Residents,
    Scheduler,
    Workers,
    Years,
    app,
    listed,
    options_of,
    parameter_set,
    refuse,
    run_words,
)

if TYPE_CHECKING:
    from experiments.experiment import Experiment
    from experiments.running import Options

SEARCHES = ("believe", "sensitivity", "binding")


@app.command()
def run(
    experiment: ExperimentName = "southwark",
    out: Annotated[
        Path | None, typer.Option(help="Run folder to write (default: runs/NAME-DIGEST).")
    ] = None,
    replications: Replications = None,
    years: Years = None,
    population: Residents = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all luck.")] = None,
    designs: Annotated[
        str | None, typer.Option(help="Designs to compare with the baseline, as A,B.")
    ] = None,
    effects: Annotated[
        str | None, typer.Option(help="Versions of effects: any of plan,published,null,inert.")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Add replications until the interval of a difference is so narrow: MEASURE=5% "
            "(half its width, of the baseline's level)."
        ),
    ] = None,
    least: Annotated[
        int | None, typer.Option(help="With --precision: fewest replications (default 5).")
    ] = None,
    most: Annotated[
        int | None, typer.Option(help="With --precision: most replications (default 200).")
    ] = None,
    uncertainty: Annotated[
        str | None,
        typer.Option(help="none (central values) or psa (draws of every number with a range)."),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Draws of the evidence (makes uncertainty psa).")
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option(
            help="Parameter set: default, a place with one of its own (southwark), or the folder "
            "of a calibration."
        ),
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    shard: Annotated[
        str | None, typer.Option(help="Do only part I of N of the runs, as I/N.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Do only one run, as design,replication[,draw].")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="Also write every event of every run: events.")
    ] = None,
) -> None:
    """Run an experiment and write its tables and report."""
    options = options_of(workers, only, shard, keep, scheduler)
    from experiments.resolving import read_experiment
    from experiments.running import default_folder, run_experiment

    overrides = {
        "replications": replications,
        "years": years,
        "population": population,
        "seed": seed,
        "designs": listed(designs),
        "effects": listed(effects),
        "keep_events": True if keep else None,
        "uncertainty": uncertainty or ("psa" if draws else None),
        "draws": draws,
        "parameters": parameter_set(parameters),
    }
    asked = read_experiment(experiment, overrides)
    if precision:
        _precise(asked, out, options, (precision, least, most), replications)
    else:
        finish(run_experiment(asked, out or default_folder(asked), options))


@app.command()
def resume(folder: Directory, workers: Workers = None, scheduler: Scheduler = None) -> None:
    """Finish an interrupted run folder; finished runs are kept."""
    from experiments.manifests import read_folder
    from experiments.running import run_experiment

    options = options_of(workers, None, None, None, scheduler)
    if (folder / "search.json").is_file():
        _search_again(folder, workers, scheduler)
        return
    asked = read_folder(folder)
    if (folder / "precision.json").is_file():
        _precise(asked, folder, options, None, None)
    else:
        finish(run_experiment(asked, folder, options))


@app.command()
def report(
    folder: Directory,
    prices: Annotated[
        Path | None, typer.Option(help="A TOML file of prices that replace the program's.")
    ] = None,
) -> None:
    """Make tables and report again from the run records."""
    from experiments.manifests import read_folder

    read_folder(folder)
    make_report(folder, prices)
    say_missing([folder])


@app.command()
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Run folders.", show_default=False)],
    baseline: Annotated[
        str | None, typer.Option(help="Design to compare with (default: the experiment's).")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Measure (default: the experiment's main measure).")
    ] = None,
    by: Annotated[str, typer.Option(help="Grouping, such as imd_quintile.")] = "all",
    style: Annotated[
        str, typer.Option("--format", help="How to write it: table, csv or json.")
    ] = "table",
) -> None:
    """Compare designs on the terminal, also across run folders."""
    from experiments.comparing import FORMATS, comparison_text

    if style not in FORMATS:
        refuse("--format", style, ", ".join(FORMATS), f"write --format {FORMATS[0]}")
    typer.echo(comparison_text(folders, baseline=baseline, measure=measure, by=by, style=style))
    say_missing(folders)


def _search_again(folder: Path, workers: int | None, scheduler: str | None) -> None:
    """Go on with the search that ``folder`` holds."""
    import shlex

    from agents.files import read_json

    words = shlex.split(str((read_json(folder / "search.json") or {}).get("command", "")))[1:]
    if not words or words[0] not in SEARCHES:
        refuse("DIR", str(folder), "a folder of a search", "repeat the command that began it")
    words += ["--out", str(folder)]
    words += ["--workers", str(workers)] if workers else []
    words += ["--scheduler", scheduler] if scheduler else []
    run_words(words)


def _precise(
    asked: Experiment,
    folder: Path | None,
    options: Options,
    wish: tuple[str, int | None, int | None] | None,
    replications: int | None,
) -> None:
    """Run until the interval is as narrow as asked, or as the folder says was asked."""
    from dataclasses import replace

    from experiments.precision import run_until_precise, said, wish_in, wish_of
    from experiments.running import default_folder
    from results.measures import MEASURES

    for option, value in (
        ("--replications", replications),
        ("--shard", options.shard),
        ("--only", options.only),
    ):
        if value:
            refuse(option, value, "--least and --most beside --precision", f"leave {option} out")
    found = wish_of(*wish, list(MEASURES)) if wish else wish_in(folder or Path())
    assert found is not None
    folder = folder or default_folder(replace(asked, replications=found.least))
    outcome = run_until_precise(asked, folder, found, options)
    for line in said(folder, found):
        typer.echo(line, err=True)
    finish(outcome)
