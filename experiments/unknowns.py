"""Numbers that are not known exactly: which are drawn, and how each is spread.

A range is read as a 95% interval around the central value. By kind of quantity the number is
spread on the scale on which such numbers are symmetric (``SCALES``), with the central value
as the median and the two ends of the range as the 2.5 and 97.5 per cent points, each side
with its own spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import exp, expm1, isclose, log, log1p, sqrt

from scipy.special import expit, logit, ndtri

from agents.evidence import Figure
from calibration.sources import LONGEST_TAIL

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
