"""Draws of what is not known: every number with a published range, at Latin hypercube points.

A range is read as a 95% interval around the central value. By kind of quantity the number is
spread on the scale on which such numbers are symmetric (``SCALES``), with the central value
as the median and the two ends of the range as the 2.5 and 97.5 per cent points, each side
with its own spread. All designs of a draw meet the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import exp, expm1, isclose, log, log1p, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri

from agents.evidence import Evidence, Figure
from agents.luck import Luck
from calibration.sources import LONGEST_TAIL
from experiments.groups import grouped
from experiments.points import Point, numbers_of
from experiments.structures import varied
from pathways.components import ProactivePathway
from pathways.design import Design, Effect

if TYPE_CHECKING:
    from agents.place import Place
    from experiments.experiment import Experiment

Floats = npt.NDArray[np.float64]
Z95 = float(ndtri(0.975))

# What each kind of quantity is, and the scale on which it is spread.
KINDS: Mapping[str, str] = {
    "ratio": "ratios of risks, rates and chances: lognormal",
    "change": "relative changes (-0.2 is a fifth fewer): lognormal for 1 + change",
    "share": "shares and percentages: logit-normal",
    "amount": "counts, rates, times, prices and other amounts above 0: lognormal",
    "difference": "log ratios, differences and other numbers of either sign: normal",
    "bounded": "numbers whose range begins or ends at the value itself or at a limit such as 0: "
    "triangular over the range, most likely at the central value",
}
SCALES: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "ratio": (log, exp),
    "change": (log1p, expm1),
    "share": (lambda share: float(logit(share)), lambda score: float(expit(score))),
    "percent": (lambda part: float(logit(part / 100)), lambda score: 100 * float(expit(score))),
    "amount": (log, exp),
    "difference": (float, float),
}

SETTING = "a setting: its range is what may be tried, not what is unknown"
START = "how the warm-up begins, which the run forgets"
FITTED = (
    "fitted together with other numbers so that today's use and waits come out; drawn alone it "
    "would make queues that no place has"
)
WHOLE = "shares of one whole: drawn alone they would add up to more than all"
SOLVED = "solved again in every draw, so that the level comes out as drawn"
OWN = "worked out from the model itself"
CHOICE = "a choice of the reader (a rate, a threshold, a price year)"
LIMITED = (
    "practice_consultation",
    "emergency_admission",
    "ae_attendance",
    "outpatient_attendance",
    "day_case",
    "elective_inpatient",
    "mdt_review",
    "social_prescribing_referral",
)
# Evidence keys that are not drawn, and why: the first pattern that fits.
LEFT_OUT: tuple[tuple[str, str], ...] = (
    ("referral_routes.*", WHOLE),
    ("*.capacity_factor", SETTING),
    ("*.pool_size", SETTING),
    ("*.pool_slack", SETTING),
    ("*.pool_people", SETTING),
    ("*.session_days", SETTING),
    ("team_settings.mdt.cases", SETTING),
    ("segments.*", SETTING),
    ("*.start_queue", START),
    ("*.beds.start_*", START),
    ("care_settings.practice.queue_at_start", START),
    ("hospital_settings.beds.normal_occupancy", FITTED),
    ("hospital_settings.beds.escalation_*", SETTING),
    ("hospital_settings.visitors.*", FITTED),
    ("hospital_settings.delay.*.visitor", FITTED),
    ("hospital_settings.beds.visitor_*", FITTED),
    ("team_settings.*.load", FITTED),
    ("care_settings.lists.*", FITTED),
    ("care_settings.practice.dna_share_*", FITTED),
    ("care_settings.practice.unmet_at_baseline", FITTED),
    ("care_settings.practice.give_up_scale", FITTED),
    ("care_settings.practice.held_back_*", FITTED),
    ("care_settings.practice.planned_lead_*", FITTED),
    ("care_settings.practice.monday_factor", FITTED),
    ("baseline_demand.*.person_gamma_shape.*", ""),
    ("baseline_demand.*.intercept.*", SOLVED),
    ("baseline_demand.emergency_stay.base.*", SOLVED),
    *((f"baseline_demand.{service}.england_mean.*", FITTED) for service in LIMITED),
    ("baseline_demand.rtt_pathway.*", FITTED),
    ("baseline_demand.ed_stay.*", FITTED),
    ("baseline_demand.elective_stay.*", FITTED),
    ("baseline_demand.*.share_*", FITTED),
    ("baseline_demand.*.first_share.*", FITTED),
    ("baseline_demand.outpatient_attendance.booked_per_attended.*", FITTED),
    ("baseline_demand.practice_consultation.give_up.*", FITTED),
    ("baseline_demand.practice_consultation.latent_request_factor.*", FITTED),
    ("baseline_demand.practice_consultation.planned_lead.*", FITTED),
    ("baseline_demand.practice_consultation.era.*", FITTED),
    ("traits.ltc_mean.*", OWN),
    ("traits.ltc_dispersion.*", OWN),
    ("results_settings.discount_*", CHOICE),
    ("results_settings.price_year_start", CHOICE),
    ("results_settings.threshold_*", CHOICE),
    ("results_settings.opportunity_cost_per_qaly", CHOICE),
    ("results_settings.inequality_aversion", CHOICE),
    ("results_settings.smallest_difference_share", CHOICE),
)
# What of a design is unknown rather than decided: its other numbers are the design itself.
UNKNOWN_OF_A_DESIGN = ("reach.acceptance", "support.drop_out_per_year")
# Rows that the model reads only once it runs, so that opening it does not show them.
READ_LATER = (("care_settings", "death.at_home_share"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A number that is not known exactly.

    Attributes
    ----------
    key : its evidence key, or ``design.NAME.VERSION.TARGET`` for an effect of a design
    shared : what its draw is keyed by: two designs that cite one study share its draw
    """

    key: str
    shared: str
    value: float
    low: float
    high: float
    kind: str
    unit: str
    source: str
    basis: str

    def at(self, uniform: float) -> float:
        """Return the number at a point between 0 and 1 of its distribution."""
        if self.kind == "bounded":
            return _triangular(self.low, self.value, self.high, uniform)
        there, back = SCALES[self.kind]
        score = min(max(float(ndtri(uniform)), -LONGEST_TAIL), LONGEST_TAIL)
        middle = there(self.value)
        end = there(self.low if score < 0 else self.high)
        return back(middle + abs(end - middle) / Z95 * score)


def _triangular(low: float, mode: float, high: float, uniform: float) -> float:
    whole, left = high - low, mode - low
    if uniform * whole < left:
        return low + sqrt(uniform * whole * left)
    return high - sqrt((1.0 - uniform) * whole * (high - mode))


# --- Which numbers, and how they are spread ---------------------------------------------------


def why_left_out(figure: Figure) -> str:
    """Return why a number is not drawn, empty where it is."""
    if figure.low is None or figure.high is None:
        return "no range"
    if isclose(figure.low, figure.high):
        return "known exactly"
    if not figure.low <= figure.value <= figure.high:
        return FITTED
    for pattern, reason in LEFT_OUT:
        if fnmatchcase(figure.key, pattern):
            return reason
    return ""


def kind_of(figure: Figure) -> str:
    """Return the kind of quantity of a number with a range (see ``KINDS``)."""
    assert figure.low is not None
    assert figure.high is not None
    unit, low, high = figure.unit.lower(), figure.low, figure.high
    if figure.value in (low, high):
        return "bounded"
    if unit.startswith(("log", "percentage point", "mmhg", "standard deviations")):
        return "difference"
    if unit.startswith("relative change"):
        return "change" if low > -1.0 else "bounded"
    if unit.startswith("percent"):
        return "percent" if low > 0.0 and high < 100.0 else "bounded"
    if unit.startswith(("share", "correlation")):
        return "share" if low > 0.0 and high < 1.0 else "bounded"
    if low <= 0.0:
        return "difference" if low < 0.0 else "bounded"
    return "ratio" if unit.startswith("ratio") or not unit else "amount"


def input_of(figure: Figure, shared: str = "") -> Input:
    """Return a number with a range as an input to draw."""
    assert figure.low is not None
    assert figure.high is not None
    return Input(
        key=figure.key,
        shared=shared or figure.key,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        kind=kind_of(figure),
        unit=figure.unit,
        source=figure.source,
        basis=figure.basis,
    )


def inputs_of(figures: Iterable[Figure]) -> list[Input]:
    """Return those of ``figures`` that are drawn, in the order of their keys."""
    return [
        input_of(figure)
        for figure in sorted(figures, key=lambda figure: figure.key)
        if not why_left_out(figure)
    ]


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
