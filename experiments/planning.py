"""Which runs an experiment consists of: the inputs of each, at each point, in each place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from agents.evidence import Evidence, Figure
from agents.place import Place
from calibration.matching.folders import folder_of_draw, moved_levels
from experiments.batch import Run
from experiments.catalogue import EVIDENCE
from experiments.experiment import Arm, Experiment
from experiments.packaged import set_folder
from experiments.points import Point, changed
from experiments.structures import built
from experiments.wholes import kept_whole
from pathways.design import NO_EFFECTS
from pathways.schedule import as_settings

if TYPE_CHECKING:
    from sim.spec import RunSpec


def parameter_folder(experiment: Experiment) -> Path:
    """Return where the experiment's parameter set is."""
    return set_folder(experiment.parameters)


def specs_of(
    experiment: Experiment, place: Place, points: Sequence[Point], residents: int | None = None
) -> Iterator[RunSpec]:
    """Yield the inputs of every run in ``place`` at ``points``, replication by replication.

    Parameters
    ----------
    residents : how many to simulate, where that is not what the experiment says
    """
    from sim.spec import RunSpec

    figures = {arm.name: figures_behind(experiment, place, arm) for arm in experiment.arms}
    for point, replaced in zip(points, _replaced(experiment, place, points), strict=True):
        arms = [arm for arm in experiment.arms if point.baseline or not _is_baseline(arm)]
        designs = {arm.name: changed(arm.design, point.of(arm.design)) for arm in arms}
        shown = {arm.name: _shown(figures[arm.name], point) for arm in arms}
        option = built(experiment.structure, point.structure)
        settings = {
            arm.name: {
                **as_settings(experiment.schedule),
                **arm.settings,
                **option.settings,
                **point.settings,
            }
            for arm in arms
        }
        numbers: Mapping[str, float] = {**replaced, **option.replaced}
        for arm in arms if numbers else ():  # all designs of a point meet the same numbers
            numbers = kept_whole(numbers, {**designs[arm.name].changes, **settings[arm.name]})
        for number in range(experiment.replications):
            for arm in arms:
                for effects in arm.effects:
                    yield RunSpec(
                        place=place,
                        design=designs[arm.name],
                        effects=effects,
                        population=residents or experiment.residents(place),
                        start=experiment.start,
                        years=experiment.years,
                        seed=experiment.seed,
                        replication=point.first_replication + number,
                        draw=point.draw,
                        evidence=EVIDENCE,
                        parameters=folder_of_draw(parameter_folder(experiment), point.fitted),
                        replaced=dict(numbers),
                        settings=settings[arm.name],
                        keep_events=experiment.keep_events,
                        hold_population=experiment.hold_population,
                        figures=shown[arm.name],
                    )


def _is_baseline(arm: Arm) -> bool:
    return arm.effects == (NO_EFFECTS,)


def _replaced(
    experiment: Experiment, place: Place, points: Sequence[Point]
) -> list[Mapping[str, float]]:
    """Return the numbers replaced at each point, with the levels of use of ``place`` kept."""
    if not any(key.startswith("baseline_demand.") for point in points for key in point.replaced):
        return [point.replaced for point in points]
    from experiments.levels import Levels

    best = parameter_folder(experiment)
    levels = Levels(place, EVIDENCE, best)
    return [
        moved_levels(levels.solved(point.replaced), best, folder_of_draw(best, point.fitted))
        for point in points
    ]


def _shown(figures: tuple[Figure, ...], point: Point) -> tuple[Figure, ...]:
    """Return the numbers behind a design as they are at ``point``."""
    drawn = {f"design.{key}": value for key, value in point.design.items()}
    return tuple(
        replace(figure, value=drawn[figure.key]) if figure.key in drawn else figure
        for figure in figures
    )


def figures_behind(experiment: Experiment, place: Place, arm: Arm) -> tuple[Figure, ...]:
    """Return the numbers that a place and a design were made from, borrowed ones too."""
    from experiments.designs import design_figures
    from experiments.places import load_place

    evidence = Evidence(EVIDENCE)
    uses = zip(experiment.place_uses, experiment.places, strict=True)
    load_place(next(use for use, one in uses if one.key == place.key), evidence)
    evidence.keep(design_figures(arm.design, evidence))
    return tuple(evidence.used.values())


def side_by_side(runs: Sequence[Run], workers: int) -> list[Run]:
    """Return ``runs`` in an order in which a worker is likely to meet the same people again.

    So many replications as there are workers begin together, each with its first design, then
    with its second, and so on. The order changes how long runs take, and nothing else.
    """
    replications: dict[tuple[str, int, int], list[Run]] = {}
    for run in runs:
        key = (run.spec.place.key, run.spec.draw, run.spec.replication)
        replications.setdefault(key, []).append(run)
    groups = list(replications.values())
    return [
        run
        for first in range(0, len(groups), max(workers, 1))
        for turn in zip_longest(*groups[first : first + max(workers, 1)])
        for run in turn
        if run is not None
    ]
