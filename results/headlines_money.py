"""Headlines and claims on money and what it buys, chosen from numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from results.report_numbers import (
    listed,
    percent,
)
from results.wording import Change


def money_headline(stranded_shares: dict[str, float], avoided_clear: bool, cash: bool) -> str:
    """Return whether what is avoided is cash or capacity.

    Parameters
    ----------
    stranded_shares : for each letter stranded cost as a share of the value avoided; below
        zero where more rises than falls of what is paid for anyway
    avoided_clear : True where some design clearly avoids activity of value
    cash : True where some design clearly releases cash on balance
    """
    if not avoided_clear:
        return "No clear value of activity is avoided; new care is an added cost"
    known = [share for share in stranded_shares.values() if math.isfinite(share)]
    if not known:
        return "Some activity of value is avoided; what part stays paid for is not clear"
    if min(known) >= 0.5:
        return "Most of the value avoided is capacity, not cash"
    if cash:
        return "Some of the value avoided reaches the budget as cash"
    if min(known) < 0:
        return "Some activity falls, some rises; on balance it does not cover the new care"
    return "Less than half of the value avoided stays paid for, but none is left after new care"


LEAST_BALANCED = 0.05  # £ million that a report of one decimal would show as none


def balance_words(letter: str, avoided: Mapping[str, float]) -> str:
    """Return what falls and what rises behind one net value avoided; empty where not both do.

    ``avoided`` is the value avoided by setting, £ million, below zero where activity rises.
    """
    falls = {name: value for name, value in avoided.items() if value >= LEAST_BALANCED}
    rises = {name: -value for name, value in avoided.items() if value <= -LEAST_BALANCED}
    if not falls or not rises:
        return ""

    def most(parts: Mapping[str, float]) -> str:
        name = max(parts, key=lambda key: parts[key])
        whole, part = sum(parts.values()), parts[name]
        return f"£{whole:.1f} million (the largest part: {name}, £{part:.1f} million)"

    return (
        f"Behind the value avoided under {letter}: activity falls by {most(falls)} and rises by "
        f"{most(rises)}."
    )


def cascade_claim(stranded_shares: dict[str, float]) -> str:
    """Return the claim of figure 8: what part of the value avoided stays paid for."""
    known = sorted(share for share in stranded_shares.values() if math.isfinite(share))
    if not known:
        return "What is avoided, what stays paid for, what is new"
    if known[0] < 0:
        return "Staff and beds already paid for take on the activity that rises"
    low, high = percent(known[0], 5), percent(known[-1], 5)
    part = low if low == high else f"{low} to {high}"
    return f"About {part} of the value avoided stays paid for"


def cash_by_year_claim(by_year: dict[str, dict[int, Change]]) -> str:
    """Return the claim of figure 9 from the cumulative effect on cash."""
    last = max((year for changes in by_year.values() for year in changes), default=0)
    every = [changes[year] for changes in by_year.values() for year in changes]
    if not every:
        return "Cash by year is not in this run"
    name = "The design" if len(by_year) == 1 else "Every design"
    if all(change.clear and change.mean < 0 for change in every):
        return f"{name} costs more than it releases up to year {last}"
    paid = [
        letter
        for letter, changes in by_year.items()
        if any(change.clear and change.mean > 0 for change in changes.values())
    ]
    if paid:
        return f"{listed(paid)} releases more than it spends by year {last}"
    return f"Whether any design pays back by year {last} is not clear"


def value_headline(
    found: dict[str, tuple[Change, Change]],
    net: Mapping[str, Change] = MappingProxyType({}),
    *,
    without_effect: bool = False,
) -> str:
    """Return what health is bought, from QALYs and extra cost by letter; no ratio is formed.

    ``net`` is the health left by letter after that which the same money gives elsewhere.
    ``without_effect`` tells that no effect on health was put in, so that no gain is no finding.
    """
    if not found:
        return "Health and cost are not in this run"
    if without_effect:
        return "What the health is worth cannot be told: no effect on health was put in"
    more = [key for key, (health, _) in found.items() if health.clear and health.mean > 0]
    dearer = [key for key, (_, cost) in found.items() if cost.clear and cost.mean > 0]
    both = [key for key in more if key in dearer]
    if both:
        verb = "adds" if len(both) == 1 else "add"
        if all(key in net and net[key].high < 0 for key in both):
            return f"{listed(both)} {verb} healthy life; the same money gives more of it elsewhere"
        return (
            f"{listed(both)} {verb} healthy life and {'costs' if len(both) == 1 else 'cost'} more"
        )
    if more:
        verb = "adds" if len(more) == 1 else "add"
        return f"{listed(more)} {verb} healthy life at no clear extra cost"
    if dearer:
        verb = "costs" if len(dearer) == 1 else "cost"
        return f"{listed(dearer)} {verb} more for no clear gain in healthy life"
    return "Neither the health gained nor the extra cost is clear"
