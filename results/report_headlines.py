"""The headline of each section and the claim of each figure, chosen from numbers.

A headline is at most 18 words. Each function sees only numbers and names, and has a fallback
for when the intervals do not allow the claim.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from results.report_measures import LOWER, Measure
from results.report_numbers import (
    capital,
    count_word,
    listed,
    people,
    percent,
    plain,
)
from results.wording import (
    LONGEST_HEADLINE,
    Change,
    Spread,
    Verdict,
    moved,
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


def change_headline(findings: Sequence[Finding], measure: Measure) -> str:
    """Return what happens to the main measure, with both ends where several designs act."""
    known = [f for f in findings if f.change is not None and f.found.case != "missing"]
    if not known:
        return f"{capital(measure.said)} {measure.verb('is', 'are')} not in this run"
    good = measure.better or LOWER
    for direction in (good, -good):
        acting = [f for f in known if f.found.clear and f.found.direction == direction]
        if acting:
            return _acting_headline(acting, measure, "lower" if direction < 0 else "raise")
    if all(f.found.case == "none" for f in known):
        whom = "The design makes no" if len(known) == 1 else "No design makes a"
        return f"{whom} difference that matters to {measure.said}"
    widest = max(known, key=lambda f: abs(f.change.mean) if f.change else 0.0).change
    assert widest is not None
    spread = unclear_range(widest, measure)
    if len(known) == 1:
        return f"No clear change in {measure.said}: {spread}"
    return f"No design clearly changes {measure.said}; the largest could be {spread}"


def _acting_headline(acting: list[Finding], measure: Measure, verb: str) -> str:
    sizes = sorted(abs(f.change.mean) for f in acting if f.change is not None)
    steps = [f.change.step for f in acting if f.change is not None]
    size = measure.amount(plain(sizes[0], steps[0])) + measure.per
    slightly = " slightly" if all(f.found.case == "slight" for f in acting) else ""
    if len(acting) == 1:
        comma = "," if slightly else ""
        return f"{acting[0].letter}{slightly} {verb}s {measure.said}{comma} by {size}"
    largest = measure.amount(plain(sizes[-1], max(steps))) + measure.per
    return (
        f"{capital(count_word(len(acting)))} designs{slightly} {verb} {measure.said}, "
        f"by {plain(sizes[0], steps[0])} to {largest}"
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
    changes: Sequence[tuple[str, str, str]],
    *,
    better: int,
    worse: int,
    slight: int,
    total: int,
    shifts: int = 0,
) -> str:
    """Return the claim of figure 3 from its clear changes that are better or worse.

    Parameters
    ----------
    changes : letter, verdict ("slightly fewer") and measure of each; gains before harms
    better, worse : how many of them are gains and harms large enough to matter
    slight : how many are too small to matter, shifts that are no goal among them
    shifts : how many are large enough to matter but no goal, neither better nor worse
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
    small = f"{slight} changed too little to matter" if slight else ""
    if len(by_letter) == 1 and better + worse:
        found = by_letter[changes[0][0]]
        large = [f"{w} {listed(n)}" for w, n in found.items() if not w.startswith("slightly")]
        claim = f"{changes[0][0]}: " + "; ".join([*large, *filter(None, [small])])
        if len(claim.split()) <= LONGEST_HEADLINE:
            return claim
    counted = (
        f"Of {total} comparisons, {better or 'none'} {'is' if better < 2 else 'are'} better, "
        f"{worse or 'none'} worse"
    )
    moved_on = f"{shifts} {'is a shift' if shifts == 1 else 'are shifts'}" if shifts else ""
    ends = [counted, *filter(None, [moved_on, small])]
    return listed(ends)


def luck_note(comparisons: int, measure: Measure) -> str:
    """Return how many comparisons there are and how many would look clear by luck."""
    by_luck = round(0.05 * comparisons)
    would = f"about {count_word(by_luck)}" if by_luck > 1 else "about one in 20"
    return (
        f"With {comparisons} comparisons, {would} would look clear by luck alone; "
        f"{measure.said} {measure.verb('was', 'were')} named as the main measure before the run."
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
        return f"{listed(wrong)} {verb} {measure.said} from year {year} on"
    if not acting:
        within = "one year" if years == 1 else f"{count_word(years)} years"
        return f"No clear and lasting change in {measure.said} that matters within the {within}"
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
    """Return the claim of figure 5 from the last year's difference and the plan's own."""
    short = [
        letter
        for letter, (change, plan) in ends.items()
        if plan is not None and (change.low > plan if plan < 0 else change.high < plan)
    ]
    if short:
        verb = "falls" if len(short) == 1 else "fall"
        return f"{listed(short)} {verb} short of the plan’s path for {measure.said}"
    clear = {letter: change for letter, (change, _) in ends.items() if change.clear}
    if not clear:
        return f"In year {years} no design clearly differs from usual care"
    sizes = {key: moved(change.mean, change.step, measure) for key, change in clear.items()}
    if measure.counted:
        parts = [f"{letter} has {size}" for letter, size in sizes.items()]
        return f"In year {years}, {listed(parts)} {measure.name} per 10,000 people"
    parts = [f"{size} under {letter}" for letter, size in sizes.items()]
    claim = f"In year {years}, {measure.said} is {listed(parts)}{measure.per}"
    if len(claim.split()) <= LONGEST_HEADLINE:
        return claim
    ways: dict[str, list[str]] = {measure.less: [], measure.more: []}
    for letter, change in clear.items():
        ways[measure.less if change.mean < 0 else measure.more].append(letter)
    parts = [f"{way} under {listed(letters)}" for way, letters in ways.items() if letters]
    return f"In year {years}, {measure.said} is clearly {listed(parts)}"


def gap_verdict_words(gap: Change | None, smallest: float = 0.0) -> str:
    """Return whether the gap narrows, from a change where below zero is narrower.

    ``smallest`` is the smallest difference that matters, as a share of the gap.
    """
    if gap is None:
        return "gap not in this run"
    if gap.still:
        return "gap as under usual care"
    if gap.clear:
        return f"gap {_slightly([gap], smallest)}{'narrows' if gap.mean < 0 else 'widens'}"
    return "no clear change in the gap"


def _slightly(gaps: Iterable[Change], smallest: float) -> str:
    """Return "slightly " where every one of clear changes of a gap is too small to matter."""
    return "slightly " if all(verdict(gap, smallest).case == "slight" for gap in gaps) else ""


def gains_headline(gaps: dict[str, Change | None], measure: Measure, smallest: float = 0.0) -> str:
    """Return who gains by deprivation; a claim only where a slope's interval leaves out 0.

    The gap is that of ``measure`` alone, and the claim says so. ``smallest`` is the smallest
    difference that matters, as a share of the gap.
    """
    told = {key: gap for key, gap in gaps.items() if gap is not None and gap.clear}
    narrower = [key for key, gap in told.items() if gap.mean < 0]
    wider = [key for key, gap in told.items() if gap.mean > 0]
    if not narrower and not wider:
        if all(gap is None for gap in gaps.values()):
            return "The gap by deprivation is not in this run"
        each = "The design does" if len(gaps) == 1 else "No design is found to"
        end = "not clearly change" if len(gaps) == 1 else "clearly change"
        return f"{each} {end} the gap in {measure.said} between most and least deprived"
    parts: list[str] = []
    if narrower:
        verb = "narrows" if len(narrower) == 1 else "narrow"
        verb = _slightly([told[key] for key in narrower], smallest) + verb
        parts.append(f"{listed(narrower)} {verb} the gap in {measure.said}")
    if wider:
        verb = "widens" if len(wider) == 1 else "widen"
        verb = _slightly([told[key] for key in wider], smallest) + verb
        parts.append(f"{listed(wider)} {verb} {'it' if narrower else f'the gap in {measure.said}'}")
    return "; ".join(parts)


def fifths_claim(letter: str, most: Change, least: Change, measure: Measure) -> str:
    """Return the claim of figure 6: both ends of deprivation for one design."""
    if not most.clear and not least.clear:
        return f"Under {letter}, neither the most nor the least deprived fifth clearly changes"

    def end(change: Change) -> str:
        return moved(change.mean, change.step, measure) if change.clear else "no clear change"

    if not measure.counted:
        return (
            f"Under {letter}, the most deprived fifth: {end(most)}; the least deprived: "
            f"{end(least)}{measure.per}"
        )
    return (
        f"Under {letter}, the most deprived fifth have {end(most)} {measure.name} "
        f"per 10,000, the least deprived {end(least)}"
    )


def gap_beside(gap: Change | None, health: Change | None, smallest: float) -> str:
    """Return a sentence where the gap in healthy life clearly moves the other way than this one."""
    if gap is None or health is None or not (gap.clear and health.clear):
        return ""
    if gap.mean * health.mean >= 0:
        return ""
    return f"In healthy life the {gap_verdict_words(health, smallest)}."


def gaps_disagree(absolute: Change | None, relative: Change | None) -> str:
    """Return a sentence where the absolute and the relative gap do not move alike."""
    if absolute is None or relative is None or not absolute.clear:
        return ""
    if not relative.clear:
        way = "narrows" if absolute.mean < 0 else "widens"
        return f"The absolute gap {way}; the relative gap does not clearly change."
    if absolute.mean * relative.mean >= 0:
        return ""
    first = "narrows" if absolute.mean < 0 else "widens"
    second = "narrows" if relative.mean < 0 else "widens"
    return (
        f"The absolute gap {first} while the relative gap {second}: "
        "both are true, and which matters is a choice of values."
    )
