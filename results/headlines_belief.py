"""Headlines and claims on plan, evidence and how the model meets the world."""

from __future__ import annotations

from collections.abc import Sequence

from results.report_measures import Measure
from results.report_numbers import (
    capital,
    count_word,
    listed,
    lower_first,
    percent,
    signed,
)
from results.wording import LONGEST_HEADLINE, Change


def readings_headline(plan: dict[str, Change], published: dict[str, Change]) -> str:
    """Return how results under published effects compare with results under the plan's."""
    short = [
        letter
        for letter, change in plan.items()
        if letter in published and change.clear and _smaller(published[letter], change)
    ]
    if short:
        verb = "does less than its plan assumes"
        if len(short) > 1:
            verb = "do less than their plans assume"
        return f"With published effects, {listed(short)} {verb}"
    if plan and published:
        return "Published effects and the plan’s own give results that cannot be told apart"
    if not plan and not published:
        return "This run cannot set the plan’s effects beside published ones"
    return "The plan’s own effects were not run beside the published ones"


def readings_claim(found: dict[str, dict[str, Change]], measure: Measure) -> str:
    """Return the claim of figure 18: how the main measure differs between readings."""
    parts: list[str] = []
    for letter, by_reading in found.items():
        words = [
            f"{signed(change.mean, max(change.step, 0.1))}% {name}"
            for reading, name in READING_NAMES.items()
            for change in [by_reading.get(reading)]
            if change is not None
        ]
        if words:
            parts.append(f"{letter}: {listed(words)}")
    claim = f"{capital(measure.said)} under {'; '.join(parts)}"
    if parts and len(claim.split()) <= LONGEST_HEADLINE:
        return claim
    both = [by for by in found.values() if "plan" in by and "published" in by]
    short = sum(_smaller(by["published"], by["plan"]) for by in both)
    if len(both) < 2:
        verb = measure.verb("differs", "differ")
        return f"How {measure.said} {verb} between the plan, published evidence and no effect"
    return (
        f"For {count_word(short)} of {count_word(len(both))} designs the published effects "
        "fall short of the plan’s"
    )


READING_NAMES = {
    "plan": "by plan",
    "published": "by published effects",
    "null": "with no effect",
}


def _smaller(found: Change, plan: Change) -> bool:
    """Tell whether a change falls short of the plan's, intervals apart."""
    return found.low > plan.high if plan.mean < 0 else found.high < plan.low


def checks_headline(within: int, total: int, misses: list[str], untold: int = 0) -> str:
    """Return how the model meets the world, misses named.

    ``untold`` are those further off than 10% whose interval reaches 10%: too few people were
    simulated to tell.
    """
    if total == 0:
        return "Simulated values have not been set beside published ones in this run"
    if not misses and not untold:
        return f"All {count_word(total)} checks are within 10% of the published figure"
    start = f"{capital(count_word(within))} of {count_word(total)} checks are within 10%; "
    end = f"{count_word(untold)} cannot be told" if untold else ""
    if not misses:
        return start + end
    end = f", {end}" if end else ""
    full = start + _not_within(misses, 2) + end
    return full if len(full.split()) <= LONGEST_HEADLINE else start + _not_within(misses, 1) + end


def _how_far(ratio: float) -> str:
    """Return how far a simulated value lies from the published one, in words."""
    if ratio < 0:
        return "the other way round"
    return f"{percent(abs(ratio - 1.0))} too {'high' if ratio > 1 else 'low'}"


def _not_within(misses: Sequence[str], named: int) -> str:
    """Return the first misses by name and the others by their number."""
    names = [lower_first(name) for name in misses[:named]]
    if len(misses) > named:
        names.append(f"{count_word(len(misses) - named)} more")
    return f"{listed(names)} {'is' if len(misses) == 1 else 'are'} not"


def checks_claim(misses: Sequence[tuple[str, float]], total: int) -> str:
    """Return the claim of figure 23: the widest misses with their size."""
    if not misses:
        return f"None of the {count_word(total)} published figures is clearly missed by 10%"
    widest = sorted(misses, key=lambda miss: -abs(miss[1] - 1.0))[:2]
    named = [f"{lower_first(name)} {_how_far(ratio)}" for name, ratio in widest]
    both = f"The widest misses: {listed(named)}"
    return both if len(both.split()) <= LONGEST_HEADLINE else f"The widest miss: {named[0]}"
