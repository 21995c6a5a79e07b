"""Numbers as a reader sees them: no more digits than the interval earns, true minus signs."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"


def step_of(low: float, high: float) -> float:
    """Return the smallest step worth printing for an interval: two figures of its width.

    A width of 58 earns whole numbers, one of 320 tens, one of 2.4 tenths. Where the interval
    has no width or no ends, the step follows the size of the number itself.
    """
    width = abs(high - low)
    if not math.isfinite(width) or width == 0.0:
        width = max(abs(low), abs(high)) / 2.0
    if not math.isfinite(width) or width == 0.0:
        return 1.0
    return float(10.0 ** (math.floor(math.log10(width)) - 1))


def plain(value: float, step: float = 1.0) -> str:
    """Return ``value`` rounded to ``step``, with thousands commas and a true minus sign."""
    if not math.isfinite(value):
        return "not known"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    rounded = round(value / step) * step
    text = f"{abs(rounded):,.{decimals}f}"
    return MINUS + text if rounded < 0 and float(text.replace(",", "")) != 0 else text


def signed(value: float, step: float = 1.0) -> str:
    """Return ``value`` as ``plain`` does, with a plus sign where it is above zero."""
    text = plain(value, step)
    if not math.isfinite(value) or text.startswith(MINUS) or not text.strip("0.,"):
        return text
    return f"+{text}"


def signed_range(low: float, high: float, step: float | None = None) -> str:
    """Return "−47 to +11"."""
    step = step or step_of(low, high)
    return f"{signed(low, step)} to {signed(high, step)}"


def plain_range(low: float, high: float, step: float | None = None) -> str:
    """Return "63 to 67"."""
    step = step or step_of(low, high)
    return f"{plain(low, step)} to {plain(high, step)}"


def signed_with_range(mean: float, low: float, high: float) -> str:
    """Return "−18 (−47 to +11)", all three rounded alike."""
    step = step_of(low, high)
    return f"{signed(mean, step)} ({signed_range(low, high, step)})"


def interval_words(low: float, high: float) -> str:
    """Return "63 to 67", or that there was one run and so no interval."""
    return plain_range(low, high) if math.isfinite(low + high) else ONE_RUN


def plain_with_range(mean: float, low: float, high: float) -> str:
    """Return "65 (63 to 67)"; the mean alone where no interval is known."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return plain(mean, step_of(mean, mean))
    step = step_of(low, high)
    return f"{plain(mean, step)} ({plain_range(low, high, step)})"


def value_within(mean: float, low: float, high: float, most: int = 9) -> str:
    """Return a mean as fine as its interval is told, to ``most`` significant figures.

    It is told to three figures where there is no interval.
    """
    if not math.isfinite(low + high) or low == high:
        return figures(mean)
    coarsest = 10.0 ** (math.floor(math.log10(abs(mean))) - most + 1) if mean else 0.0
    return plain(mean, max(step_of(low, high), coarsest))


def figures(value: float, count: int = 3) -> str:
    """Return ``value`` to at most ``count`` significant figures, with no idle zeros."""
    if not math.isfinite(value):
        return "not known"
    rounded = float(f"{value:.{count}g}")
    if rounded == 0.0:
        return "0"
    text = plain(rounded, 10.0 ** (math.floor(math.log10(abs(rounded))) - count + 1))
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float, step: float = 1.0) -> str:
    """Return a share as a percentage: 0.93 is "93%"."""
    return f"{plain(100.0 * share, step)}%"


ONE_RUN = "one run"
SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count_word(count: int) -> str:
    """Return small counts as words: "two", "ten", "11"."""
    return SMALL[count] if 0 <= count < len(SMALL) else plain(count)


def listed(names: list[str]) -> str:
    """Return "A", "A and B" or "A, B and C"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def capital(text: str) -> str:
    """Return ``text`` with its first letter as a capital and the rest untouched."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return ``text`` as it stands inside a sentence; names such as A&E stay as they are."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def people(value: float) -> str:
    """Return a number of people per 1,000: whole, or with one decimal under one."""
    return plain(value, 1.0 if abs(value) >= 1.0 or value == 0.0 else 0.1)
