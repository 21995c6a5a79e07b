"""The words of a report, chosen from numbers: verdicts, likelihoods and headlines.

Nobody types a finding. Every sentence that claims something is picked here, by functions that
see only numbers and names, so that each can be tested at its borders.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from results.report_measures import Measure
from results.report_numbers import (
    capital,
    plain,
    signed_range,
    step_of,
)

NO_EFFECT = (
    "No effect on health was put in. This run shows what staff, contacts and money alone do; "
    "it cannot say what the design would achieve."
)
CHANCE_ONLY = "These intervals leave out how unsure the evidence is."
NEED_DRAWS = 'a run with uncertainty = "psa" makes them'
LEADS_AT = 0.66
LONGEST_HEADLINE = 18
Case = Literal["clear", "slight", "none", "unclear", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A paired difference from the baseline with its 95% interval.

    ``baseline`` is the level without the design and ``step`` the finest step that the
    interval earns. ``low50`` and ``high50`` hold the middle half where they are known.
    """

    mean: float
    low: float
    high: float
    baseline: float = math.nan
    low50: float = math.nan
    high50: float = math.nan

    @property
    def clear(self) -> bool:
        """True where the interval leaves out no change: the mark is a filled disc."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def known(self) -> bool:
        """True where mean and interval are numbers."""
        return math.isfinite(self.mean + self.low + self.high)

    @property
    def still(self) -> bool:
        """True where not one simulated person differed in any pair of runs."""
        return self.low == self.high == 0.0

    @property
    def step(self) -> float:
        """The finest step worth printing."""
        return step_of(self.low, self.high)

    def times(self, factor: float) -> Change:
        """Return the same change in another unit."""
        ends = (self.low * factor, self.high * factor)
        middle = (self.low50 * factor, self.high50 * factor)
        return Change(
            mean=self.mean * factor,
            low=min(ends),
            high=max(ends),
            baseline=self.baseline * factor,
            low50=min(middle),
            high50=max(middle),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an interval allows to be said: the case and the direction of the mean."""

    case: Case
    direction: int = 0

    @property
    def clear(self) -> bool:
        """True where the interval leaves out no change."""
        return self.case in ("clear", "slight")


def verdict(change: Change | None, smallest: float) -> Verdict:
    """Return what may be said of a difference.

    Parameters
    ----------
    change : the paired difference, or None where the run has none
    smallest : smallest difference that matters, as a share of the baseline's level
    """
    if change is None or not change.known:
        return Verdict(case="missing")
    matters = smallest * abs(change.baseline) if math.isfinite(change.baseline) else 0.0
    direction = (change.mean > 0) - (change.mean < 0)
    if change.clear:
        return Verdict(
            case="clear" if abs(change.mean) >= matters else "slight", direction=direction
        )
    if -matters <= change.low and change.high <= matters:
        return Verdict(case="none", direction=0)
    return Verdict(case="unclear", direction=direction)


def verdict_unless_still(change: Change | None, smallest: float) -> Verdict:
    """Return ``verdict``, but not clear where not one simulated person differed.

    An interval from 0 to 0 over pairs shows that nobody's luck was touched in so few people,
    not that nobody's could be.
    """
    if change is not None and change.still:
        return Verdict(case="unclear")
    return verdict(change, smallest)


def verdict_words(found: Verdict, less: str, more: str) -> str:
    """Return "fewer", "slightly more", "no difference that matters" or "not clear"."""
    way = more if found.direction > 0 else less
    return {
        "clear": way,
        "slight": f"slightly {way}",
        "none": "no difference that matters",
        "unclear": "not clear",
        "missing": "not in this run",
    }[found.case]


def judgement(found: Verdict, better: int) -> Literal["good", "bad", "same", "unclear", "shift"]:
    """Return whether a verdict is good or bad news, given which way is better."""
    if found.case == "none":
        return "same"
    if not found.clear:
        return "unclear"
    if better == 0:
        return "shift"
    return "good" if found.direction == better else "bad"


def unclear_range(change: Change, measure: Measure) -> str:
    """Return "from 47 fewer to 11 more per 10,000 people a year", for prose."""
    step = change.step

    def end(value: float) -> str:
        if plain(abs(value), step).strip("0.,") == "":
            return "none"
        return moved(value, step, measure)

    return f"from {end(change.low)} to {end(change.high)}{measure.per}"


def moved(value: float, step: float, measure: Measure) -> str:
    """Return "47 fewer" (a rate's is ``per`` what the measure says) or "3 days shorter"."""
    return (
        f"{measure.amount(plain(abs(value), step))} {measure.more if value > 0 else measure.less}"
    )


def change_sentence(change: Change | None, measure: Measure, smallest: float) -> str:
    """Return one sentence on a measure: "18 fewer emergency admissions per 10,000 …"."""
    found = verdict(change, smallest)
    if change is None or found.case == "missing":
        return f"{capital(measure.name)}: not in this run."
    if change.still:
        return f"{capital(measure.name)}: nobody differed in any pair of runs."
    spread = unclear_range(change, measure)
    if found.case == "none":
        return f"No difference that matters in {measure.said}: {spread}."
    if found.case == "unclear":
        return f"{capital(measure.name)}: not clear, {spread}."
    word = verdict_words(found, measure.less, measure.more)
    size = measure.amount(plain(abs(change.mean), change.step))
    amount = f"{word}, by {size}" if found.case == "slight" else f"{size} {word}"
    return (
        f"{capital(measure.name)}: {amount}{measure.per} "
        f"(95% interval {signed_range(change.low, change.high)})."
    )


LIKELIHOODS: tuple[tuple[float, str], ...] = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
)


def likelihood(share: float) -> str:
    """Return the words for a share of the evidence draws (only under psa)."""
    for least, words in LIKELIHOODS:
        if share >= least and not (least == 0.01 and share <= 0.01):
            return words
    return "exceptionally unlikely"


def leader(first_place_share: dict[str, float]) -> str | None:
    """Return the option that comes first in at least 66% of draws, else None.

    Never by means: with no draws nothing leads.
    """
    leading = [name for name, share in first_place_share.items() if share >= LEADS_AT]
    return leading[0] if len(leading) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A level with its 95% interval."""

    mean: float
    low: float
    high: float
