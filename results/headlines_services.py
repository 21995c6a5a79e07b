"""Headlines and claims on capacity and waits, chosen from numbers."""

from __future__ import annotations

from collections.abc import Mapping

from results.report_numbers import (
    capital,
    figures,
    listed,
    percent,
)

LEAST_GROWTH = 0.015  # of capacity, below which it would be said as nothing or as 1%


def capacity_headline(first_full: Mapping[str, tuple[str, bool | None]]) -> str:
    """Return what fills up first under each design.

    Parameters
    ----------
    first_full : for each letter the fullest service, and whether it is fuller than usual; None
        where that cannot be told, for runs are missing
    """
    if not first_full:
        return "How full services are is not in this run"
    by_service: dict[str, list[str]] = {}
    for letter, (service, fuller) in first_full.items():
        if fuller:
            by_service.setdefault(service, []).append(letter)
    parts = [
        f"{capital(service)} fill up first under {listed(letters)}"
        for service, letters in by_service.items()
    ]
    same = [letter for letter, (_, fuller) in first_full.items() if fuller is False]
    untold = [letter for letter, (_, fuller) in first_full.items() if fuller is None]
    if same:
        parts.append(f"{listed(same)} {_fills(same)} nothing clearly further than usual care does")
    if untold:
        parts.append(f"what {listed(untold)} {_fills(untold)} cannot be told: runs are missing")
    return capital("; ".join(parts))


def _fills(letters: list[str]) -> str:
    return "fills" if len(letters) == 1 else "fill"


def waits_claim(letter: str, service: str, median: float, nine_in_ten: float, unit: str) -> str:
    """Return the claim of figure 13 from one service's wait under one design."""
    half, tenth = figures(median, 2), figures(nine_in_ten, 2)
    one = unit.removesuffix("s") if half == "1" else unit
    return f"{service} under {letter}: half wait under {half} {one}, one in ten over {tenth}"


def full_claim(
    over: dict[str, list[str]], full_everywhere: list[str], *, alone: bool = False
) -> str:
    """Return the claim of figure 14.

    Parameters
    ----------
    over : for each letter the services asked for more than exists
    full_everywhere : services at 95% or more under every option
    alone : there is one option, so that nothing need be said of every one
    """
    parts = [
        f"{letter} asks for more {listed(names[:2])} than exist"
        for letter, names in over.items()
        if names
    ]
    every = "" if alone else " under every option"
    if full_everywhere:
        names = listed(full_everywhere[:2])
        parts.append(f"{names if parts else capital(names)} are full{every}")
    return "; ".join(parts[:2]) or "No service is asked for more than it has"


def first_constraint_note(
    letter: str, service: str, used: float, usual: float, fuller: bool | None
) -> str:
    """Return the first constraint of a design and what would hold it at today's level.

    ``fuller`` is None where it cannot be told, for runs are missing.
    """
    if fuller is None:
        return (
            f"Under {letter}, {service} are the fullest, {percent(used)} used; whether they are "
            "fuller than under usual care cannot be told, for runs are missing."
        )
    if not fuller:
        return (
            f"Under {letter}, {service} are the fullest, {percent(used)} used, "
            "not clearly fuller than under usual care."
        )
    if usual <= 0:
        return f"Under {letter}, {service} fill up first, {percent(used)} used; today has none."
    growth = used / usual - 1.0
    told = f"Under {letter}, {service} fill up first: "
    if growth < LEAST_GROWTH:
        free = "all" if used >= 1.0 else percent((used - usual) / (1.0 - usual))
        taken = "where nothing was free" if usual >= 1.0 else f"which takes {free} of what was free"
        against = f"{percent(used, 0.1)} used against {percent(usual, 0.1)} under usual care"
        return f"{told}{against}, {taken}."
    return (
        f"{told}{percent(used)} used against {percent(usual)} under usual care. To hold them at "
        f"today’s level, they would need to grow by about {percent(growth)}."
    )
