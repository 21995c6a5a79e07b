"""Draws of what is not known: every number with a published range, at Latin hypercube points.

How each number is spread stands in ``experiments.unknowns``. All designs of a draw meet the same
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence, Figure
from agents.luck import Luck
from experiments.groups import grouped
from experiments.points import Point, numbers_of
from experiments.structures import varied
from experiments.unknowns import KINDS, Input, input_of, inputs_of, why_left_out
from pathways.components import ProactivePathway
from pathways.design import Design, Effect

if TYPE_CHECKING:
    from agents.place import Place
    from experiments.experiment import Experiment

Floats = npt.NDArray[np.float64]

# What of a design is unknown rather than decided: its other numbers are the design itself.
UNKNOWN_OF_A_DESIGN = ("reach.acceptance", "support.drop_out_per_year")
# Rows that the model reads only once it runs, so that opening it does not show them.
READ_LATER = (("care_settings", "death.at_home_share"),)


def figures_used(experiment: Experiment, place: Place) -> list[Figure]:
    """Return every number that a run of ``experiment`` in ``place`` reads.

    The model is opened, not run, for the smallest population.
    """
    from experiments.planning import specs_of
    from sim.model import CareModel

    spec = next(iter(specs_of(experiment, place, [Point()], residents=100)))
    model = CareModel(spec)
    for table, key in READ_LATER:
        model.world.evidence.figure(table, key=key)
    return [
        figure
        for figure in model.world.evidence.used.values()
        if not figure.key.startswith(("design.", "unit_costs."))
    ]


def price_figures(evidence: Evidence) -> list[Figure]:
    """Return every price, utility and weight with which results are worked out."""
    from results.prices import read_prices
    from results.settings import Settings
    from results.utilities import read_utilities

    settings = Settings(Evidence(evidence.folder))
    read_utilities([row["key"] for row in evidence.rows("conditions")], settings)
    read_prices(settings)
    return list(settings.evidence.used.values())


def design_inputs(experiment: Experiment) -> list[Input]:
    """Return what is unknown of the designs: sizes of effects, uptake, loss, cost of posts."""
    found: list[Input] = []
    for arm in experiment.arms:
        for effect in arm.design.effects:
            if effect.version in arm.effects:
                found += effect_input(arm.name, effect)
        use = Path(arm.use).stem
        unknown = {*UNKNOWN_OF_A_DESIGN, *_unknown_of_components(arm.design)}
        for source in arm.design.sources:
            figure = source.figure(arm.name)
            costs = {cost.evidence for cost in arm.design.costs}
            if source.key in {*unknown, *costs} and not why_left_out(figure):
                found.append(input_of(figure, f"design {use}.{source.key}"))
    return found


def _unknown_of_components(design: Design) -> set[str]:
    """Return the keys of what is unknown of a design's components: shares, places, uptake."""
    keys: set[str] = set()
    for part in design.components:
        keys |= {key for key in numbers_of(part) if not key.endswith(".starts_day")}
        if isinstance(part, ProactivePathway):
            keys |= {f"{part.name}.{name}" for name in UNKNOWN_OF_A_DESIGN}
    return keys


def effect_input(design: str, effect: Effect) -> list[Input]:
    """Return the size of an effect as an input, nothing where no range was published."""
    figure = Figure(
        key=f"design.{design}.{effect.key}",
        value=effect.change,
        low=effect.low,
        high=effect.high,
        unit="relative change" if effect.target.startswith("demand.") else "difference",
        source=effect.source,
        basis=effect.evidence,
        note=effect.note,
    )
    if why_left_out(figure):
        return []
    found = input_of(figure, f"effect {effect.evidence}.{effect.target}")
    return [found]


# --- Points -----------------------------------------------------------------------------------


def hypercube(keys: Sequence[str], draws: int, seed: int) -> dict[str, Floats]:
    """Return ``draws`` points between 0 and 1 for each key: one in each of so many strata.

    Keyed luck orders the strata of each key, so that a number more or less moves the draws
    of no other number.
    """
    luck, rows = Luck(seed), np.arange(draws)
    return {
        key: (
            np.argsort(np.argsort(luck.uniforms(f"draw.{key}", rows)))
            + luck.uniforms(f"draw.{key}", rows, 1)
        )
        / draws
        for key in dict.fromkeys(keys)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The inputs that are drawn and their values, draw by draw.

    ``run`` are inputs of the simulation, ``design`` of designs and ``prices`` of the results;
    ``values`` are by key, (draws,); ``structure`` holds the option of every draw of the
    alternatives that vary.
    """

    run: tuple[Input, ...]
    design: tuple[Input, ...]
    prices: tuple[Input, ...]
    values: Mapping[str, Floats]
    count: int
    structure: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All inputs."""
        return (*self.run, *self.design, *self.prices)

    def points(self, replications: int) -> list[Point]:
        """Return the points of the input space at which the model is run.

        Each draw has luck of its own, so that intervals over draws hold chance as well.
        """
        return [
            Point(
                draw=draw + 1,
                fitted=draw + 1,
                first_replication=draw * replications,
                replaced={one.key: float(self.values[one.key][draw]) for one in self.run},
                design={
                    one.key.removeprefix("design."): float(self.values[one.key][draw])
                    for one in self.design
                },
                structure={name: options[draw] for name, options in self.structure.items()},
            )
            for draw in range(self.count)
        ]

    def written(self) -> dict[str, object]:
        """Return what ``draws.json`` of a run folder says."""
        return {
            "about": "numbers drawn for each draw; prices are used by the tables, the others "
            "by the runs",
            "kinds": dict(KINDS),
            "draws": self.count,
            "structure": {name: list(options) for name, options in self.structure.items()},
            "prices": {one.key: _rounded(self.values[one.key]) for one in self.prices},
            "groups": grouped(one.key for one in self.inputs),
            "runs": {one.key: _rounded(self.values[one.key]) for one in (*self.run, *self.design)},
        }


def _rounded(values: Floats) -> list[float]:
    return [float(f"{value:.9g}") for value in values]


def drawn(inputs: Iterable[Input], draws: int, seed: int) -> dict[str, Floats]:
    """Return the values of ``inputs`` at Latin hypercube points, by key."""
    listed = list(inputs)
    points = hypercube([one.shared for one in listed], draws, seed)
    return {
        one.key: np.array([one.at(float(point)) for point in points[one.shared]]) for one in listed
    }


def draws_of(experiment: Experiment) -> Draws:
    """Return the draws that ``experiment`` asks for.

    Numbers that the posterior draws of its parameter set carry are not drawn a second time.
    """
    from calibration.matching.folders import drawn_numbers
    from experiments.catalogue import EVIDENCE
    from experiments.planning import parameter_folder

    carried = drawn_numbers(parameter_folder(experiment))
    used = {
        figure.key: figure
        for place in experiment.places
        for figure in figures_used(experiment, place)
    }
    run = tuple(one for one in inputs_of(used.values()) if one.key not in carried)
    design = tuple(design_inputs(experiment))
    prices = tuple(inputs_of(price_figures(Evidence(EVIDENCE))))
    values = drawn((*run, *design, *prices), experiment.draws, experiment.seed)
    return Draws(
        run=run,
        design=design,
        prices=prices,
        values=values,
        count=experiment.draws,
        structure=varied(experiment.structure, experiment.draws, experiment.seed),
    )


def points_of(experiment: Experiment) -> list[Point]:
    """Return where an experiment is run: as it stands, or at draws of the evidence."""
    if experiment.uncertainty == "none":
        return [Point()]
    return draws_of(experiment).points(experiment.replications)
