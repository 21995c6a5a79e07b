"""The headline of each section and the claim of each figure, chosen from numbers.

A headline is at most 18 words. Each function sees only numbers and names, and has a fallback
for when the intervals do not allow the claim.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from results.report_measures import LOWER, Measure
from results.report_numbers import (
    capital,
    count_word,
    figures,
    listed,
    lower_first,
    people,
    percent,
    plain,
    signed,
)
from results.wording import (
    LONGEST_HEADLINE,
    Change,
    Spread,
    Verdict,
    unclear_range,
    verdict,
)


def reach_headline(kept: dict[str, Spread]) -> str:
    """Return who is still supported, from the share of those each design is for.

    Parameters
    ----------
    kept : for each letter the share (0 to 1) still supported at the last stage
    """
    known = {key: share for key, share in kept.items() if math.isfinite(share.mean)}
    if not known:
        return "How many people each design reaches is not in this run"
    each = "the design is" if len(known) == 1 else "each design is"
    if all(share.high <= 0.5 for share in known.values()) and len(known) > 1:
        return f"Half or fewer of those {each} for are still supported a year later"
    low = min(share.low for share in known.values())
    high = max(share.high for share in known.values())
    lowest, highest = plain(100 * low), plain(100 * high)
    of = f"about {lowest}" if lowest == highest else f"about {lowest} to {highest}"
    return f"Of every 100 people {each} for, {of} are still supported a year later"


def reach_claim(kept_per_1000: dict[str, float]) -> str:
    """Return the claim of figure 1: how many of every 1,000 residents stay supported."""
    parts = [f"{letter} {people(value)}" for letter, value in kept_per_1000.items()]
    if not parts:
        return "How far each design gets, stage by stage"
    first, *rest = parts
    letter, value = first.split(" ", 1)
    return f"Of every 1,000 residents, {letter} keeps {listed([value, *rest])} for a year or more"


def uptake_note(by_fifth: Sequence[Spread]) -> str:
    """Return a sentence on uptake by deprivation (share of those invited, fifth 1 first).

    A difference between the fifths is told only where their intervals lie apart.
    """
    known = [share for share in by_fifth if math.isfinite(share.mean)]
    if len(known) < 5:
        return ""
    first, last = known[0], known[-1]
    most, least = percent(first.mean), percent(last.mean)
    if not (first.high < last.low or last.high < first.low):
        low, high = percent(min(s.mean for s in known)), percent(max(s.mean for s in known))
        among = low if low == high else f"{low} to {high}"
        return (
            f"Of those invited, {among} accept, fifth by fifth; most and least deprived do not "
            "clearly differ."
        )
    steps = itertools.pairwise(share.mean for share in known)
    if first.high < last.low and all(a <= b for a, b in steps):
        return (
            f"Uptake falls with deprivation: {most} of those invited accept in the most "
            f"deprived fifth and {least} in the least deprived."
        )
    return f"Of those invited, {most} accept in the most deprived fifth and {least} in the least."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One design's change in one measure, with its verdict."""

    letter: str
    change: Change | None
    found: Verdict


def change_headline(findings: Sequence[Finding], measure: Measure, per: str) -> str:
    """Return what happens to the main measure, with both ends where several designs act."""
    known = [f for f in findings if f.change is not None and f.found.case != "missing"]
    if not known:
        return f"{capital(measure.name)} are not in this run"
    good = measure.better or LOWER
    for direction in (good, -good):
        acting = [f for f in known if f.found.clear and f.found.direction == direction]
        if acting:
            return _acting_headline(acting, measure, per, "lower" if direction < 0 else "raise")
    if all(f.found.case == "none" for f in known):
        whom = "The design makes no" if len(known) == 1 else "No design makes a"
        return f"{whom} difference that matters to {measure.name}"
    widest = max(known, key=lambda f: abs(f.change.mean) if f.change else 0.0).change
    assert widest is not None
    spread = unclear_range(widest, measure.less, measure.more)
    if len(known) == 1:
        return f"No clear change in {measure.name}: {spread} {per}"
    return f"No design clearly changes {measure.name}; the largest could be {spread} {per}"


def _acting_headline(acting: list[Finding], measure: Measure, per: str, verb: str) -> str:
    sizes = sorted(abs(f.change.mean) for f in acting if f.change is not None)
    steps = [f.change.step for f in acting if f.change is not None]
    size = plain(sizes[0], steps[0])
    slightly = " slightly" if all(f.found.case == "slight" for f in acting) else ""
    if len(acting) == 1:
        comma = "," if slightly else ""
        return f"{acting[0].letter}{slightly} {verb}s {measure.name}{comma} by {size} {per}"
    return (
        f"{capital(count_word(len(acting)))} designs{slightly} {verb} {measure.name}, "
        f"by {size} to {plain(sizes[-1], max(steps))} {per}"
    )


def squares_claim(letter: str, before: Spread, change: Change) -> str:
    """Return the claim of figure 2 in natural frequencies, one denominator of 1,000."""
    was = round(before.mean)
    now = was + round(change.mean)  # two roundings must not make one person of a tenth
    if was == now and change.clear:
        way = "fewer" if change.mean < 0 else "more"
        return (
            f"Under {letter}, {way} residents are admitted as an emergency, but by less than "
            "one in every 1,000"
        )
    if was == now:
        return (
            f"Under {letter}, as under usual care, {now} of every 1,000 residents are "
            "admitted as an emergency a year"
        )
    if not change.clear:
        return (
            f"Under {letter}, about {now} of every 1,000 residents are admitted in a year; "
            "the difference is not clear"
        )
    return (
        f"Under {letter}, {now} of every 1,000 residents are admitted as an emergency "
        f"in a year, instead of {was}"
    )


def forest_claim(
    changes: Sequence[tuple[str, str, str]], *, better: int, worse: int, total: int
) -> str:
    """Return the claim of figure 3 from its clear changes that are better or worse.

    Parameters
    ----------
    changes : letter, verdict ("slightly fewer") and measure of each; gains before harms
    better, worse : how many of them are gains and harms large enough to matter
    total : how many comparisons the figure holds
    """
    if not changes:
        return f"None of the {total} comparisons shows a clear gain or a clear harm"
    by_letter: dict[str, dict[str, list[str]]] = {}
    for letter, words, name in changes:
        by_letter.setdefault(letter, {}).setdefault(words, []).append(name)
    parts = [
        f"{letter}: " + "; ".join(f"{words} {listed(names)}" for words, names in found.items())
        for letter, found in by_letter.items()
    ]
    claim = "; ".join(parts)
    if len(claim.split()) <= LONGEST_HEADLINE:
        return claim
    slight = len(changes) - better - worse
    small = f"{slight} changed too little to matter" if slight else ""
    if len(by_letter) == 1 and slight < len(changes):
        found = by_letter[changes[0][0]]
        large = [f"{w} {listed(n)}" for w, n in found.items() if not w.startswith("slightly")]
        claim = f"{changes[0][0]}: " + "; ".join([*large, *filter(None, [small])])
        if len(claim.split()) <= LONGEST_HEADLINE:
            return claim
    counted = (
        f"Of {total} comparisons, {better or 'none'} {'is' if better < 2 else 'are'} better, "
        f"{worse or 'none'} worse"
    )
    return counted + (f" and {small}" if small else "")


def luck_note(comparisons: int, main_name: str) -> str:
    """Return how many comparisons there are and how many would look clear by luck."""
    by_luck = max(1, round(0.05 * comparisons))
    would = "one" if by_luck == 1 else f"about {count_word(by_luck)}"
    return (
        f"With {comparisons} comparisons, {would} would look clear by luck alone; "
        f"{main_name} were named as the main measure before the run."
    )


def lasting_year(by_year: Mapping[int, Change], smallest: float) -> tuple[int, int] | None:
    """Return the year from which on every interval leaves out no change on the same side.

    With it comes the side: -1 where there is less, +1 where there is more. A single clear
    year among others may be luck and does not count, nor does a last year whose difference is
    smaller than the one that matters.
    """
    years = sorted(by_year, reverse=True)
    last = verdict(by_year[years[0]], smallest) if years else None
    if last is None or last.case != "clear":
        return None
    first = years[0]
    for year in years[1:]:
        change = by_year[year]
        if not change.clear or (change.mean > 0) != (last.direction > 0):
            break
        first = year
    return first, last.direction


def when_headline(first: Mapping[str, tuple[int, int] | None], years: int, measure: Measure) -> str:
    """Return how soon each design shows in the main measure, from ``lasting_year`` by letter."""
    good = measure.better or LOWER
    wrong = [letter for letter, found in first.items() if found and found[1] == -good]
    acting = {key: found[0] for key, found in first.items() if found and found[1] == good}
    if not acting and wrong:
        way = "lowers" if good > 0 else "raises"
        verb = way if len(wrong) == 1 else way.removesuffix("s")
        year = min(found[0] for key, found in first.items() if found and key in wrong)
        return f"{listed(wrong)} {verb} {measure.name} from year {year} on"
    if not acting:
        within = "one year" if years == 1 else f"{count_word(years)} years"
        return f"No clear and lasting change that matters within the {within}"
    by_year: dict[int, list[str]] = {}
    for letter, year in acting.items():
        by_year.setdefault(year, []).append(letter)
    parts: list[str] = []
    for year, letters in sorted(by_year.items()):
        verb = "acts" if len(letters) == 1 else "act"
        within = "in the first year" if year == 1 else f"within {count_word(year)} years"
        parts.append(
            f"{listed(letters)} {verb} {within}" if not parts else f"{listed(letters)} {within}"
        )
    never = [letter for letter in first if letter not in acting]
    if never:
        parts.append(f"{listed(never)} not within the {count_word(years)} years")
    return "; ".join(parts)


def plan_path_claim(
    ends: Mapping[str, tuple[Change, float | None]], measure: Measure, years: int
) -> str:
    """Return the claim of figure 4 from the last year's difference and the plan's own."""
    short = [
        letter
        for letter, (change, plan) in ends.items()
        if plan is not None and (change.low > plan if plan < 0 else change.high < plan)
    ]
    if short:
        verb = "falls" if len(short) == 1 else "fall"
        return f"{listed(short)} {verb} short of the plan’s path for {measure.name}"
    clear = {letter: change for letter, (change, _) in ends.items() if change.clear}
    parts = [
        f"{letter} has {plain(abs(change.mean), change.step)} "
        f"{measure.less if change.mean < 0 else measure.more}"
        for letter, change in clear.items()
    ]
    if parts:
        return f"In year {years}, {listed(parts)} {measure.name} per 10,000 people"
    return f"In year {years} no design clearly differs from usual care"


def gap_verdict_words(gap: Change | None) -> str:
    """Return whether the gap narrows, from a change where below zero is narrower."""
    if gap is None:
        return "gap not in this run"
    if gap.clear:
        return "gap narrows" if gap.mean < 0 else "gap widens"
    return "no clear change in the gap"


def gains_headline(gaps: dict[str, Change | None], measure: Measure) -> str:
    """Return who gains by deprivation; a claim only where a slope's interval leaves out 0.

    The gap is that of ``measure`` alone, and the claim says so.
    """
    narrower = [key for key, gap in gaps.items() if gap is not None and gap.clear and gap.mean < 0]
    wider = [key for key, gap in gaps.items() if gap is not None and gap.clear and gap.mean > 0]
    if not narrower and not wider:
        if all(gap is None for gap in gaps.values()):
            return "The gap by deprivation is not in this run"
        each = "The design does" if len(gaps) == 1 else "No design is found to"
        end = "not clearly change" if len(gaps) == 1 else "clearly change"
        return f"{each} {end} the gap in {measure.name} between most and least deprived"
    parts: list[str] = []
    if narrower:
        verb = "narrows" if len(narrower) == 1 else "narrow"
        parts.append(f"{listed(narrower)} {verb} the gap in {measure.name}")
    if wider:
        verb = "widens" if len(wider) == 1 else "widen"
        parts.append(f"{listed(wider)} {verb} {'it' if narrower else f'the gap in {measure.name}'}")
    return "; ".join(parts)


def fifths_claim(letter: str, most: Change, least: Change, measure: Measure) -> str:
    """Return the claim of figure 5: both ends of deprivation for one design."""
    if not most.clear and not least.clear:
        return f"Under {letter}, neither the most nor the least deprived fifth clearly changes"

    def end(change: Change) -> str:
        word = measure.less if change.mean < 0 else measure.more
        size = f"{plain(abs(change.mean), change.step)} {word}"
        return size if change.clear else "no clear change"

    return (
        f"Under {letter}, the most deprived fifth have {end(most)} {measure.name} "
        f"per 10,000, the least deprived {end(least)}"
    )


def gaps_disagree(absolute: Change | None, relative: Change | None) -> str:
    """Return a sentence where the absolute and the relative gap move in opposite ways."""
    if absolute is None or relative is None or not (absolute.clear and relative.clear):
        return ""
    if absolute.mean * relative.mean >= 0:
        return ""
    first = "narrows" if absolute.mean < 0 else "widens"
    second = "narrows" if relative.mean < 0 else "widens"
    return (
        f"The absolute gap {first} while the relative gap {second}: "
        "both are true, and which matters is a choice of values."
    )


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
        return "Some activity falls, some rises; none of it pays for the new care"
    return "Less than half of the value avoided stays paid for, but none is left after new care"


def cascade_claim(stranded_shares: dict[str, float]) -> str:
    """Return the claim of figure 7: what part of the value avoided stays paid for."""
    known = sorted(share for share in stranded_shares.values() if math.isfinite(share))
    if not known:
        return "What is avoided, what stays paid for, what is new"
    if known[0] < 0:
        return "Staff and beds already paid for take on the activity that rises"
    low, high = percent(known[0], 5), percent(known[-1], 5)
    part = low if low == high else f"{low} to {high}"
    return f"About {part} of the value avoided stays paid for"


def cash_by_year_claim(by_year: dict[str, dict[int, Change]]) -> str:
    """Return the claim of figure 8 from the cumulative effect on cash."""
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


def value_headline(found: dict[str, tuple[Change, Change]], *, without_effect: bool = False) -> str:
    """Return what health is bought, from QALYs and extra cost by letter; no ratio is formed.

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


def capacity_headline(first_full: dict[str, tuple[str, bool]]) -> str:
    """Return what fills up first under each design.

    Parameters
    ----------
    first_full : for each letter the fullest service, and whether it is fuller than usual
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
    same = [letter for letter, (_, fuller) in first_full.items() if not fuller]
    if same:
        parts.append(f"{listed(same)} {_fills(same)} nothing clearly further than usual care does")
    return "; ".join(parts)


def _fills(letters: list[str]) -> str:
    return "fills" if len(letters) == 1 else "fill"


def waits_claim(letter: str, service: str, median: float, nine_in_ten: float, unit: str) -> str:
    """Return the claim of figure 11 from one service's wait under one design."""
    half, tenth = figures(median, 2), figures(nine_in_ten, 2)
    one = unit.removesuffix("s") if half == "1" else unit
    return f"{service} under {letter}: half wait under {half} {one}, one in ten over {tenth}"


def full_claim(over: dict[str, list[str]], full_everywhere: list[str]) -> str:
    """Return the claim of figure 12.

    Parameters
    ----------
    over : for each letter the services asked for more than exists
    full_everywhere : services at 95% or more under every option
    """
    parts = [
        f"{letter} asks for more {listed(names[:2])} than exist"
        for letter, names in over.items()
        if names
    ]
    if full_everywhere:
        names = listed(full_everywhere[:2])
        parts.append(f"{names if parts else capital(names)} are full under every option")
    return "; ".join(parts[:2]) or "No service is asked for more than it has"


def first_constraint_note(
    letter: str, service: str, used: float, usual: float, fuller: bool
) -> str:
    """Return the first constraint of a design and what would hold it at today's level."""
    if not fuller:
        return (
            f"Under {letter}, {service} are the fullest, {percent(used)} used, "
            "not clearly fuller than under usual care."
        )
    if usual <= 0:
        return f"Under {letter}, {service} fill up first, {percent(used)} used; today has none."
    return (
        f"Under {letter}, {service} fill up first: {percent(used)} used against "
        f"{percent(usual)} under usual care. To hold them at today’s level, they would need to "
        f"grow by about {percent(used / usual - 1.0)}."
    )


def plan_headline(needed: dict[str, tuple[float, float, float]]) -> str:
    """Return how the effect each design needs compares with what studies found.

    Parameters
    ----------
    needed : for each letter (needed, published low, published high), as sizes of effect
    """
    beyond = [key for key, (need, _, high) in needed.items() if need > high]
    inside = [key for key, (need, low, high) in needed.items() if low <= need <= high]
    if beyond:
        verb = "holds" if len(beyond) == 1 else "hold"
        plan = "Plan" if len(beyond) == 1 else "Plans"
        return f"{plan} {listed(beyond)} {verb} only if effects are larger than any study found"
    if inside:
        verb = "needs" if len(inside) == 1 else "need"
        return f"{listed(inside)} {verb} an effect at the hopeful end of the studies"
    return "What the plan would need is not in this run"


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
        return "Neither the plan’s effects nor published ones were run"
    return "The plan’s own effects were not run beside the published ones"


def readings_claim(found: dict[str, dict[str, Change]], measure: Measure) -> str:
    """Return the claim of figure 13: how the main measure differs between readings."""
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
    claim = f"{capital(measure.name)} under {'; '.join(parts)}"
    if parts and len(claim.split()) <= LONGEST_HEADLINE:
        return claim
    both = [by for by in found.values() if "plan" in by and "published" in by]
    short = sum(_smaller(by["published"], by["plan"]) for by in both)
    if len(both) < 2:
        return f"How {measure.name} differ between the plan, published evidence and no effect"
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


def reading_of_need(need: float, low: float, high: float) -> str:
    """Return the verdict beside a needed effect: within or beyond what studies found."""
    if not math.isfinite(need):
        return "not reached in this run"
    if need > high:
        return "beyond every study found"
    return "within the published range" if need >= low else "less than studies found"


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
    """Return the claim of figure 16: the widest misses with their size."""
    if not misses:
        return f"None of the {count_word(total)} published figures is clearly missed by 10%"
    widest = sorted(misses, key=lambda miss: -abs(miss[1] - 1.0))[:2]
    named = [f"{lower_first(name)} {_how_far(ratio)}" for name, ratio in widest]
    both = f"The widest misses: {listed(named)}"
    return both if len(both.split()) <= LONGEST_HEADLINE else f"The widest miss: {named[0]}"
