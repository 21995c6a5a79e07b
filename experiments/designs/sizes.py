"""Sizes of effects in a design file: in range, within their own range, and of the right sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agents.evidence import Row
from agents.faults import Fault
from pathways.components.parameters import change_range
from pathways.design import Design

RATIOS = ("RR", "OR", "HR", "IRR", "rate ratio", "odds ratio", "hazard ratio")
PERCENT = ("percent change", "percent")
# Targets that count what a study counts, so that a fall there is a fall here.
LIKE_THE_STUDY = (
    *("demand.", "onset.", "death", "died_at_home", "stay", "blood_pressure", "control."),
)
Ends = tuple[object, object]


def own_size(row: Mapping[str, object]) -> dict[str, float | None]:
    """Return change and range of a row of the design's own evidence."""
    return {
        name: _number(row.get(column))
        for name, column in (("change", "value"), ("low", "low"), ("high", "high"))
    }


def study_size(row: Row) -> dict[str, float | None]:
    """Return a study's relative change and range, or its own unit where it is no ratio."""

    def number(column: str) -> float | None:
        return float(row[column]) if row.get(column) else None

    relative, value = number("relative_change_percent"), number("value")
    low, high = number("low"), number("high")
    measure = row.get("effect_measure", "")
    if relative is not None:
        by = {**dict.fromkeys(RATIOS, (1.0, 1.0)), **dict.fromkeys(PERCENT, (0.0, 100.0))}
        if measure not in by:
            return {"change": relative / 100.0, "low": None, "high": None}
        less, over = by[measure]
        spans = [None if end is None else (end - less) / over for end in (low, high)]
        return {"change": relative / 100.0, "low": spans[0], "high": spans[1]}
    if measure in RATIOS and value is not None:
        return {"change": value - 1.0, "low": low and low - 1.0, "high": high and high - 1.0}
    if measure in PERCENT:
        parts = (None if one is None else one / 100.0 for one in (value, low, high))
        return dict(zip(("change", "low", "high"), parts, strict=True))
    return {"change": value, "low": low, "high": high}


def limit_faults(target: str, change: float, where: str, key: str) -> list[Fault]:
    """Return a fault where a change lies outside what its target can change by."""
    limits = change_range(target)
    if limits.low <= change <= limits.high:
        return []
    remedy = "mend it"
    if limits.unit.startswith(("relative", "share")):
        remedy = f"a share, not a percentage: write {change / 100:g} for {abs(change):g} per cent"
    return [_fault(where, f"{key}: change", repr(change), limits.allowed, remedy)]


def size_faults(
    target: str, change: float, ends: Ends, study: Row | None, where: str, key: str
) -> list[Fault]:
    """Return faults of a size that leaves its own range, or says the reverse of its study."""
    faults = []
    low, high = (_number(end) for end in ends)
    if low is not None and high is not None and low > high:
        faults.append(
            _fault(
                where,
                f"{key}: low",
                f"{low:g} above high = {high:g}",
                "the low end first",
                "swap them",
            )
        )
    elif (low is not None and change < low) or (high is not None and change > high):
        said = f"{change:g} outside its range from {_said(low)} to {_said(high)}"
        faults.append(
            _fault(where, f"{key}: change", said, "low <= change <= high", "mend size or range")
        )
    found = study_size(study)["change"] if study else None
    if found and change * found < 0 and target.startswith(LIKE_THE_STUDY):
        faults.append(
            _fault(
                where,
                f"{key}: change",
                f"{change:+g}, while {study['effect_id'] if study else ''} found {found:+g}",
                "the sign that the study found: a fall is written with a minus",
                f"write {-change:+g}, or cite a row of the design's own evidence",
            )
        )
    return faults


def pressed_twice(effects: Iterable[tuple[str, str]], where: str, key: str) -> list[Fault]:
    """Return a fault for each version that lowers pressure and raises who is at target for it.

    ``effects`` are version and target of one component, or of a design's own pathway. A mean
    fall of pressure holds those whom it brings to target, so both would count them twice.
    """
    held = set(effects)
    both = ("blood_pressure", "control.hypertension")
    return [
        _fault(
            where,
            key,
            f"{version}: {both[0]} and {both[1]}",
            "one of the two in a version",
            "keep one: the mean fall of pressure is also of those whom it brings to target",
        )
        for version in sorted({version for version, _ in held})
        if all((version, target) in held for target in both)
    ]


def doubtful_signs(design: Design) -> list[str]:
    """Return a sentence for each effect that makes things worse on no study's word."""
    return [
        f"{one.component or design.name}: its {one.version} version raises "
        f"{one.target.removeprefix('demand.')} by {one.change:.3g} on no study's word "
        f"({one.evidence}): is the sign meant? A fall is written with a minus."
        for one in design.effects
        if one.target.startswith(("demand.", "onset.", "death", "stay", "delay"))
        and one.change > 0
        and one.grade == "assumption"
    ]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _said(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _fault(where: str, key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where=where, key=key, found=found, allowed=allowed, remedy=remedy)
