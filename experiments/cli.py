"""The command line. Heavy imports stand inside the commands, so that --help is quick."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from agents.faults import BadInput, Fault

if TYPE_CHECKING:
    from experiments.experiment import Experiment
    from experiments.running import Options, Outcome

SEARCHES = ("believe", "sensitivity", "binding")
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

Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Processes at work at once (default: one a core)."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Let a Dask cluster do the runs: its scheduler's address, tcp://HOST:PORT."),
]
Directory = Annotated[Path, typer.Argument(help="A run folder.", show_default=False)]


@app.command()
def run(
    experiment: Annotated[
        str, typer.Argument(help="A built-in experiment or the path of an experiment file.")
    ] = "southwark",
    out: Annotated[
        Path | None, typer.Option(help="Run folder to write (default: runs/NAME-DIGEST).")
    ] = None,
    replications: Annotated[int | None, typer.Option(help="Replications of each design.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    population: Annotated[int | None, typer.Option(help="Residents to simulate.")] = None,
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
    options = _options(workers, only, shard, keep, scheduler)
    from experiments.experiment import read_experiment
    from experiments.running import default_folder, run_experiment
    from experiments.settings import idle_settings

    overrides = {
        "replications": replications,
        "years": years,
        "population": population,
        "seed": seed,
        "designs": _listed(designs),
        "effects": _listed(effects),
        "keep_events": True if keep else None,
        "uncertainty": uncertainty or ("psa" if draws else None),
        "draws": draws,
    }
    asked = read_experiment(experiment, overrides)
    for sentence in idle_settings(name for arm in asked.arms for name in arm.settings):
        typer.echo(f"Note: {sentence}", err=True)
    if precision:
        _precise(asked, out, options, (precision, least, most), replications)
    else:
        _finish(run_experiment(asked, out or default_folder(asked), options))


@app.command()
def resume(folder: Directory, workers: Workers = None, scheduler: Scheduler = None) -> None:
    """Finish an interrupted run folder; finished runs are kept."""
    from experiments.running import read_folder, run_experiment

    options = _options(workers, None, None, None, scheduler)
    if (folder / "search.json").is_file():
        _search_again(folder, workers, scheduler)
        return
    asked = read_folder(folder)
    if (folder / "precision.json").is_file():
        _precise(asked, folder, options, None, None)
    else:
        _finish(run_experiment(asked, folder, options))


@app.command()
def report(
    folder: Directory,
    prices: Annotated[
        Path | None, typer.Option(help="A TOML file of prices that replace the program's.")
    ] = None,
) -> None:
    """Make tables and report again from the run records."""
    from experiments.running import read_folder

    read_folder(folder)
    _make_report(folder, prices)


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
        _refuse("--format", style, ", ".join(FORMATS), f"write --format {FORMATS[0]}")
    typer.echo(comparison_text(folders, baseline=baseline, measure=measure, by=by, style=style))


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="An experiment file.", show_default=False)],
) -> None:
    """Check an experiment file without running it."""
    from experiments.experiment import read_experiment
    from experiments.listing import experiment_sentences

    for line in experiment_sentences(read_experiment(file)):
        typer.echo(line)


@app.command("list")
def list_names(
    what: Annotated[
        str,
        typer.Argument(
            help="places, designs, experiments, components, services, conditions, measures or "
            "settings.",
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
            help="design, place, experiment, condition, service or measure.", show_default=False
        ),
    ],
    name: Annotated[str, typer.Argument(help="Its name, or a file's path.", show_default=False)],
    figure: Annotated[
        Path | None,
        typer.Option(help="Also draw it (a condition, a cohort) as this PNG or SVG file."),
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
        str, typer.Argument(help="A place's name or file, or a run folder.", show_default=False)
    ],
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

    for line in checked(what, residents=residents, out=out):
        typer.echo(line)


@app.command()
def believe(
    context: typer.Context,
    experiment: Annotated[
        str, typer.Argument(help="A built-in experiment or the path of an experiment file.")
    ] = "southwark",
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="MEASURE=VALUE or VALUE%, also …@YEAR; break-even@YEAR. May be repeated.",
            show_default=False,
        ),
    ] = None,
    vary: Annotated[
        str | None,
        typer.Option(help="An effect such as demand.emergency_admission, coverage or cost."),
    ] = None,
    at: Annotated[str | None, typer.Option(help="Sizes to try, as 0,-0.3,-0.6.")] = None,
    design: Annotated[str | None, typer.Option(help="The design (default: the first).")] = None,
    effects: Annotated[
        str | None, typer.Option(help="Version of its other effects (default: its first).")
    ] = None,
    replications: Annotated[int | None, typer.Option(help="Replications of each size.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    population: Annotated[int | None, typer.Option(help="Residents to simulate.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder (default: runs/believe-NAME-DIGEST).")
    ] = None,
    add_to: Annotated[
        Path | None, typer.Option(help="Run folder whose report shall show the table too.")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Find the effect, coverage or cost at which a target is met."""
    options = _options(workers, None, None, None, scheduler)
    _check_report_folder(add_to)
    from experiments.believe import believe as found
    from experiments.believe import said, steps_of, targets_of, vary_of
    from experiments.experiment import read_experiment
    from experiments.searching import design_of
    from results.measures import MEASURES

    sizes = {"replications": replications, "years": years, "population": population}
    asked = read_experiment(experiment, sizes | {"effects": [effects] if effects else None})
    targets = targets_of(target or [], asked.years, list(MEASURES))
    arm, version = design_of(asked, design, effects)
    varied = vary_of(vary, arm, version)
    folder, outcome, rows = found(
        asked,
        targets,
        arm=arm,
        version=version,
        vary=varied,
        steps=steps_of(at, varied),
        folder=out,
        options=options,
        command=_typed(context),
    )
    _end_search(folder, outcome, said(rows), ("believe",), add_to)


@app.command()
def sensitivity(
    context: typer.Context,
    experiment: Annotated[
        str, typer.Argument(help="A built-in experiment or the path of an experiment file.")
    ] = "southwark",
    method: Annotated[
        str, typer.Option(help="oneway (a tornado) or morris (screening, all at once).")
    ] = "oneway",
    inputs: Annotated[
        str | None, typer.Option(help="Only inputs or groups with these names, as A,B*.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Measure beside net_qalys (default: the main measure).")
    ] = None,
    trajectories: Annotated[int, typer.Option(min=2, max=1000, help="Of morris.")] = 4,
    add_to: Annotated[
        Path | None, typer.Option(help="Run folder whose report shall show the table too.")
    ] = None,
    design: Annotated[str | None, typer.Option(help="The design (default: the first).")] = None,
    effects: Annotated[
        str | None, typer.Option(help="Version of its effects (default: its first).")
    ] = None,
    replications: Annotated[int, typer.Option(help="Replications of each point.")] = 2,
    years: Annotated[
        int | None, typer.Option(help="Years to simulate (default: at most 3).")
    ] = None,
    population: Annotated[int, typer.Option(help="Residents to simulate.")] = 5000,
    out: Annotated[
        Path | None, typer.Option(help="Folder (default: runs/sensitivity-NAME-DIGEST).")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Find which inputs drive a measure, over their published ranges."""
    options = _options(workers, None, None, None, scheduler)
    _check_report_folder(add_to)
    from experiments.searching import design_of
    from experiments.sensitivity import METHODS, Plan, factors_of, said
    from experiments.sensitivity import sensitivity as found

    if method not in METHODS:
        _refuse("--method", method, ", ".join(METHODS), f"write --method {METHODS[0]}")
    asked = _asked_search(experiment, replications, years, population, effects, measure)
    arm, _ = design_of(asked, design, effects)
    plan = Plan.of(factors_of(asked, arm, _listed(inputs) or ()), method, trajectories, asked.seed)
    folder, outcome, rows = found(
        asked,
        plan,
        arm=arm,
        measures=(asked.main_measure, "net_qalys"),
        folder=out,
        options=options,
        command=_typed(context),
    )
    _end_search(folder, outcome, said(rows), ("sensitivity",), add_to)


@app.command()
def binding(
    context: typer.Context,
    experiment: Annotated[
        str, typer.Argument(help="A built-in experiment or the path of an experiment file.")
    ] = "southwark",
    services: Annotated[
        str | None, typer.Option(help="Services, as gp,mdt (default: all with limited capacity).")
    ] = None,
    step: Annotated[
        float | None, typer.Option(help="Factor on each capacity in turn (default: 1.1).")
    ] = None,
    design: Annotated[str | None, typer.Option(help="The design (default: the first).")] = None,
    effects: Annotated[
        str | None, typer.Option(help="Version of its effects (default: its first).")
    ] = None,
    replications: Annotated[int, typer.Option(help="Replications of each point.")] = 2,
    years: Annotated[
        int | None, typer.Option(help="Years to simulate (default: at most 3).")
    ] = None,
    population: Annotated[int, typer.Option(help="Residents to simulate.")] = 5000,
    out: Annotated[
        Path | None, typer.Option(help="Folder (default: runs/binding-NAME-DIGEST).")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Find what binds: what one more unit of each capacity is worth."""
    options = _options(workers, None, None, None, scheduler)
    from experiments.binding import binding as found
    from experiments.binding import said, services_of, step_of
    from experiments.searching import design_of

    asked = _asked_search(experiment, replications, years, population, effects, None)
    arm, _ = design_of(asked, design, effects)
    folder, outcome, rows = found(
        asked,
        arm=arm,
        services=services_of(services),
        step=step_of(step),
        folder=out,
        options=options,
        command=_typed(context),
    )
    _end_search(folder, outcome, said(rows), ("binding",), None)


def _asked_search(
    experiment: str,
    replications: int,
    years: int | None,
    population: int,
    effects: str | None,
    measure: str | None,
) -> Experiment:
    """Return an experiment of a size at which many points can be run."""
    from dataclasses import replace

    from experiments.experiment import read_experiment

    overrides = {
        "replications": replications,
        "years": years,
        "population": population,
        "effects": [effects] if effects else None,
        "main_measure": measure,
    }
    asked = read_experiment(experiment, overrides)
    return asked if years else replace(asked, years=min(asked.years, 3))


def _typed(context: typer.Context) -> str:
    """Return what was typed, so that a search can be gone on with."""
    import shlex

    return shlex.join(["carepath", *context.obj])


def _search_again(folder: Path, workers: int | None, scheduler: str | None) -> None:
    """Go on with the search that ``folder`` holds."""
    import shlex

    from experiments.folder import read_json

    words = shlex.split(str((read_json(folder / "search.json") or {}).get("command", "")))[1:]
    if not words or words[0] not in SEARCHES:
        _refuse("DIR", str(folder), "a folder of a search", "repeat the command that began it")
    words += ["--out", str(folder)]
    words += ["--workers", str(workers)] if workers else []
    words += ["--scheduler", scheduler] if scheduler else []
    _run(words)


def _check_report_folder(folder: Path | None) -> None:
    """Refuse a folder that has no report to add to, before anything is run."""
    from experiments.running import read_folder

    if folder:
        read_folder(folder)


def _end_search(
    folder: Path,
    outcome: Outcome,
    sentences: Iterable[str],
    tables: Iterable[str],
    add_to: Path | None,
) -> None:
    """Say what a search found and where, and how its runs ended."""
    import shutil

    from experiments.running import say_outcome

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
    if outcome.result.stopped:
        raise typer.Exit(STOPPED)
    if outcome.result.failed or outcome.result.no_room or outcome.result.cut_off:
        raise typer.Exit(FAILED)


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
            _refuse(option, value, "--least and --most beside --precision", f"leave {option} out")
    found = wish_of(*wish, list(MEASURES)) if wish else wish_in(folder or Path())
    assert found is not None
    folder = folder or default_folder(replace(asked, replications=found.least))
    outcome = run_until_precise(asked, folder, found, options)
    for line in said(folder, found):
        typer.echo(line, err=True)
    _finish(outcome)


# --- How commands end -------------------------------------------------------------------------


def _options(
    workers: int | None,
    only: str | None,
    shard: str | None,
    keep: str | None,
    scheduler: str | None,
) -> Options:
    from experiments.running import Options

    if keep not in (None, "events"):
        _refuse("--keep", keep, "events", "write --keep events")
    return Options(
        workers=workers, only=_only(only), shard=_shard(shard), scheduler=scheduler or None
    )


def _only(text: str | None) -> tuple[str, int, int | None] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    numbers = [int(part) for part in parts[1:] if part.isdecimal() and len(part) < 10]
    if len(parts) not in (2, 3) or len(numbers) != len(parts) - 1:
        _refuse(
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
        _refuse("--shard", text, "I/N with I from 1 to N", "write, for example, --shard 1/4")
    return numbers[0], numbers[1]


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",")]


def _refuse(option: str, found: Any, allowed: str, remedy: str) -> NoReturn:
    raise BadInput(
        [Fault(where=WHERE, key=option, found=repr(found), allowed=allowed, remedy=remedy)]
    )


def _finish(outcome: Outcome) -> None:
    """Say how the runs ended; make tables and report where none is missing for good."""
    from experiments.running import say_outcome

    for line in say_outcome(outcome):
        typer.echo(line, err=True)
    if outcome.ready:
        _make_report(outcome.folder)
    if outcome.result.stopped:
        raise typer.Exit(STOPPED)
    if outcome.result.failed or outcome.result.no_room or outcome.result.cut_off:
        raise typer.Exit(FAILED)


def _make_report(folder: Path, prices: Path | None = None) -> None:
    from experiments.running import tables_and_report

    typer.echo("Making tables, figures and report …", err=True)
    try:
        tables_and_report(folder, prices)
    except KeyboardInterrupt:
        typer.echo(f"Stopped. Make the report with: carepath report {folder}", err=True)
        raise typer.Exit(STOPPED) from None
    typer.echo(f"Report: {folder / 'report.html'}")


def main() -> None:
    """Run the program and end with its exit code."""
    sys.exit(answer(sys.argv[1:]))


def _run(arguments: list[str]) -> None:
    app(arguments, prog_name="carepath", obj=arguments)


def answer(arguments: list[str]) -> int:
    """Do what ``arguments`` ask and return the exit code: 0 done, 1 failed, 2 bad input."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console may lack a character
    try:
        _run(arguments or ["--help"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else DONE
    except BadInput as bad:
        return _told(bad.faults)
    except Exception as error:
        return _told([_sentence(error)], _code(error))
    return DONE


def _told(lines: Iterable[object], code: int = BAD_INPUT) -> int:
    for line in lines:
        typer.echo(_harmless(str(line)), err=True)
    return code


def _harmless(text: str) -> str:
    """Return ``text`` with nothing in it that a terminal obeys."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _sentence(error: Exception) -> str:
    """Return in a sentence what the world did; let the program's own faults be seen."""
    from experiments.folder import FolderBusyError

    if isinstance(error, FolderBusyError):
        return str(error)
    if isinstance(error, OSError):
        name = f" ({error.filename})" if error.filename else ""
        return f"{(error.strerror or str(error)).capitalize()}{name}. What was finished is kept."
    raise error


def _code(error: Exception) -> int:
    return FAILED if isinstance(error, OSError) else BAD_INPUT


if __name__ == "__main__":
    main()
