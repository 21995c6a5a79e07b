"""Commands that search: believe, sensitivity, binding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.commands.endings import end_search
from experiments.commands.options import (
    AddTo,
    ExperimentName,
    FewReplications,
    FewResidents,
    FewYears,
    OneDesign,
    Residents,
    Scheduler,
    SearchFolder,
    Version,
    Workers,
    Years,
    app,
    listed,
    options_of,
    refuse,
)

if TYPE_CHECKING:
    from experiments.experiment import Experiment


@app.command()
def believe(
    context: typer.Context,
    experiment: ExperimentName = "southwark",
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
    design: OneDesign = None,
    effects: Version = None,
    replications: Annotated[int | None, typer.Option(help="Replications of each size.")] = None,
    years: Years = None,
    population: Residents = None,
    out: SearchFolder = None,
    add_to: AddTo = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Find the effect, coverage or cost at which a target is met."""
    options = options_of(workers, None, None, None, scheduler)
    check_report_folder(add_to)
    from experiments.believe import believe as found
    from experiments.believe import said, steps_of, targets_of, vary_of
    from experiments.resolving import read_experiment
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
        command=typed(context),
    )
    end_search(folder, outcome, said(rows), ("believe",), add_to)


@app.command()
def sensitivity(
    context: typer.Context,
    experiment: ExperimentName = "southwark",
    method: Annotated[
        str,
        typer.Option(
            help="oneway (a tornado), morris (screening, all at once) or sobol (shares of the "
            "variance, by an emulator)."
        ),
    ] = "oneway",
    inputs: Annotated[
        str | None, typer.Option(help="Only inputs or groups with these names, as A,B*.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Measure beside net_qalys (default: the main measure).")
    ] = None,
    trajectories: Annotated[int, typer.Option(min=2, max=1000, help="Of morris.")] = 4,
    points: Annotated[
        int,
        typer.Option(
            min=8, max=4096, help="Of sobol, to fit its emulator; a quarter as many judge it."
        ),
    ] = 64,
    add_to: AddTo = None,
    design: OneDesign = None,
    effects: Version = None,
    replications: FewReplications = 2,
    years: FewYears = None,
    population: FewResidents = 5000,
    out: SearchFolder = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Find which inputs drive a measure, over their published ranges."""
    options = options_of(workers, None, None, None, scheduler)
    check_report_folder(add_to)
    from experiments.factors import factors_of
    from experiments.searching import design_of
    from experiments.sensitivity import METHODS, Plan, said
    from experiments.sensitivity import sensitivity as found

    if method not in METHODS:
        refuse("--method", method, ", ".join(METHODS), f"write --method {METHODS[0]}")
    asked = _asked_search(experiment, replications, years, population, effects, measure)
    arm, _ = design_of(asked, design, effects)
    factors = factors_of(asked, arm, listed(inputs) or ())
    plan = Plan.of(factors, method, asked.seed, count=trajectories, fitted=points)
    folder, outcome, rows = found(
        asked,
        plan,
        arm=arm,
        measures=(asked.main_measure, "net_qalys"),
        folder=out,
        options=options,
        command=typed(context),
    )
    end_search(folder, outcome, said(rows), ("sensitivity",), add_to)


@app.command()
def binding(
    context: typer.Context,
    experiment: ExperimentName = "southwark",
    services: Annotated[
        str | None, typer.Option(help="Services, as gp,mdt (default: all with limited capacity).")
    ] = None,
    step: Annotated[
        float | None, typer.Option(help="Factor on each capacity in turn (default: 1.1).")
    ] = None,
    design: OneDesign = None,
    effects: Version = None,
    replications: FewReplications = 2,
    years: FewYears = None,
    population: FewResidents = 5000,
    out: SearchFolder = None,
    add_to: AddTo = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Find what binds: what one more unit of each capacity is worth."""
    options = options_of(workers, None, None, None, scheduler)
    check_report_folder(add_to)
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
        command=typed(context),
    )
    end_search(folder, outcome, said(rows), ("binding",), add_to)


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

    from experiments.resolving import read_experiment

    overrides = {
        "replications": replications,
        "years": years,
        "population": population,
        "effects": [effects] if effects else None,
        "main_measure": measure,
    }
    asked = read_experiment(experiment, overrides)
    return asked if years else replace(asked, years=min(asked.years, 3))


def typed(context: typer.Context) -> str:
    """Return what was typed, so that a search can be gone on with."""
    import shlex

    return shlex.join(["carepath", *context.obj])


def check_report_folder(folder: Path | None) -> None:
    """Refuse a folder that has no report to add to, before anything is run."""
    from experiments.manifests import read_folder

    if folder:
        read_folder(folder)
