"""How sure a published effect is: its study's interval, ours, or one borrowed from its like.

Many evaluations print a size and no interval. Drawn as it stands, such a size would be the
most certain number of all, because least is known of it. So a published effect without an
interval is given that of studies of its own grade: the median half-width, on the logarithmic
scale, of the intervals that ``intervention_effects.csv`` does hold (``effect.half_width.…`` in
``design_settings.csv``). A size of nought with a range to one side only, which on average
would be drawn in the design's favour, is treated as one without. What a plan assumes is no
estimate and is never drawn by this rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp, isclose, log

from agents.evidence import Evidence, Row
from experiments.designs.sizes import PERCENT, RATIOS, study_size
from pathways.components.parameters import change_range
from pathways.design import Design, Effect

PUBLISHED = "published"
OURS = "a range of ours"
BORROWED = "not published; as wide as studies of its grade"
AT_ITS_LIMIT = "not published; held at its limit"
GRADES = ("high", "moderate", "low", "very low")
# Targets whose change is relative, so that an interval of a ratio can be lent to them.
RELATIVE = ("demand.", "onset.", "death", "died_at_home", "stay")
NEAR = 5e-3  # a range written in a design file is rounded to two or three places

Span = tuple[float, float]


def setting_of(grade: str) -> str:
    """Return the key of the half-width that studies of ``grade`` lend."""
    return f"effect.half_width.{grade.replace(' ', '_')}"


def study_span(row: Row) -> Span | None:
    """Return a study's own interval as relative changes, or in its own unit; None if none."""
    size = study_size(row)
    low, high = size["low"], size["high"]
    return None if low is None or high is None else (low, high)


def half_width(row: Row) -> float | None:
    """Return half the width of a study's interval on the logarithmic scale, if it is a ratio."""
    span = study_span(row)
    if span is None or row.get("effect_measure") not in (*RATIOS, *PERCENT):
        return None
    low, high = span
    return None if low <= -1.0 else (log(1.0 + high) - log(1.0 + low)) / 2.0


def with_intervals(design: Design, studies: Mapping[str, Row], evidence: Evidence) -> Design:
    """Return ``design`` whose published effects each have an interval and say where it is from."""
    effects = tuple(
        _with_interval(one, studies.get(one.evidence), evidence)
        if one.version == "published"
        else one
        for one in design.effects
    )
    return replace(design, effects=effects)


def _with_interval(effect: Effect, study: Row | None, evidence: Evidence) -> Effect:
    own = study_span(study) if study else None
    if effect.low is not None and effect.high is not None and not _one_sided(effect):
        same = own is not None and all(
            isclose(one, other, abs_tol=NEAR)
            for one, other in zip((effect.low, effect.high), own, strict=True)
        )
        return replace(effect, interval=PUBLISHED if same else OURS)
    if not effect.target.startswith(RELATIVE) or effect.grade not in GRADES:
        return replace(effect, low=None, high=None, interval=AT_ITS_LIMIT)
    low, high = lent(effect.change, evidence.value("design_settings", key=setting_of(effect.grade)))
    limits = change_range(effect.target)
    return replace(effect, low=max(low, limits.low), high=min(high, limits.high), interval=BORROWED)


def _one_sided(effect: Effect) -> bool:
    """Say whether a size of nought has a range to one side: its mean draw would be no nought."""
    return effect.change == 0.0 and 0.0 in (effect.low, effect.high)


def lent(change: float, width: float) -> Span:
    """Return the interval of a relative ``change`` whose logarithm is known within ``width``."""
    return (1.0 + change) * exp(-width) - 1.0, (1.0 + change) * exp(width) - 1.0
