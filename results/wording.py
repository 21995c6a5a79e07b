"""The words of a report, chosen from numbers: verdicts, likelihoods and headlines.

Nobody types a finding. Every sentence that claims something is picked here, by functions that
see only numbers and names, so that each can be tested at its borders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from results.report_measures import LOWER, Measure
from results.report_numbers import (
    capital,
    count_word,
    listed,
    percent,
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
    if change is not None and change.low == change.high == 0.0:
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


def unclear_range(change: Change, less: str, more: str) -> str:
    """Return "from 47 fewer to 11 more", for prose."""
    step = change.step

    def end(value: float) -> str:
        if plain(abs(value), step).strip("0.,") == "":
            return "none"
        return f"{plain(abs(value), step)} {more if value > 0 else less}"

    return f"from {end(change.low)} to {end(change.high)}"


def change_sentence(change: Change | None, measure: Measure, smallest: float, unit: str) -> str:
    """Return one sentence on a measure: "18 fewer emergency admissions per 10,000 …"."""
    found = verdict(change, smallest)
    if change is None or found.case == "missing":
        return f"{capital(measure.name)}: not in this run."
    spread = unclear_range(change, measure.less, measure.more)
    if found.case == "none":
        return f"No difference that matters in {measure.name}: {spread} {unit}."
    if found.case == "unclear":
        return f"{capital(measure.name)}: not clear, {spread} {unit}."
    word = verdict_words(found, measure.less, measure.more)
    size = plain(abs(change.mean), change.step)
    amount = f"{word}, by {size}" if found.case == "slight" else f"{size} {word}"
    return (
        f"{capital(measure.name)}: {amount} {unit} "
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
class Answer:
    """What a design's two headline numbers came to: letter, title and two verdicts."""

    letter: str
    title: str
    main: Verdict
    cash: Verdict


def report_headline(
    answers: Sequence[Answer],
    measure: Measure,
    years: int,
    leads: str | None = None,
    *,
    without_effect: bool = False,
) -> str:
    """Return the headline of the whole report, at most 18 words.

    It names the aim, the design that leads on it if one does, and what a board must not
    assume about money. ``without_effect`` tells that no effect on health was put in, so that
    a result of nothing is no finding.
    """
    if without_effect:
        spent = any(a.cash.clear and a.cash.direction < 0 for a in answers)
        money = "; more spent than released" if spent else ""
        return f"With no effect on health put in: what staff and contacts alone change{money}"
    if len(answers) == 1:
        return _headline_of_one(answers[0], measure)
    helped = [a.letter for a in answers if judgement(a.main, measure.better) == "good"]
    harmed = [a.letter for a in answers if judgement(a.main, measure.better) == "bad"]
    if leads:
        claim = f"{leads} leads on {measure.name}"
    elif helped:
        claim = f"{_means(helped)} {_better_words(measure)}"
    elif harmed:
        claim = f"{_means(harmed)} {_worse_words(measure)}"
    else:
        claim = f"No design is clearly better than usual care on {measure.name}"
    return _within(f"{claim}; {_cash_of_many(answers, years)}", claim)


def _means(letters: list[str]) -> str:
    return f"{listed(letters)} {'brings' if len(letters) == 1 else 'bring'}"


def _better_words(measure: Measure) -> str:
    return f"{measure.less if measure.better == LOWER else measure.more} {measure.name}"


def _worse_words(measure: Measure) -> str:
    return f"{measure.more if measure.better == LOWER else measure.less} {measure.name}"


def _headline_of_one(answer: Answer, measure: Measure) -> str:
    words = {
        "none": f"no difference that matters in {measure.name}",
        "unclear": f"no clear change in {measure.name}",
        "missing": f"{measure.name} not in this run",
    }.get(answer.main.case)
    claim = words or f"{verdict_words(answer.main, measure.less, measure.more)} {measure.name}"
    cash = {1: "more cash released than spent", -1: "more spent than released"}
    money = cash[answer.cash.direction] if answer.cash.clear else "effect on cash not clear"
    if answer.cash.case == "missing":
        money = ""
    ends = f"{claim}; {money}" if money else claim
    return _within(f"{answer.title}: {ends}", f"Design {answer.letter}: {ends}")


def _cash_of_many(answers: Sequence[Answer], years: int) -> str:
    releasing = [a.letter for a in answers if a.cash.clear and a.cash.direction > 0]
    if releasing:
        return f"{listed(releasing)} would release more cash than {_it(releasing)} spends"
    if all(a.cash.case == "missing" for a in answers):
        return "money not in this run"
    return f"no design clearly releases cash in {_years(years)}"


def _it(letters: list[str]) -> str:
    return "it" if len(letters) == 1 else "each"


def _within(headline: str, shorter: str) -> str:
    return headline if len(headline.split()) <= LONGEST_HEADLINE else shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A level with its 95% interval."""

    mean: float
    low: float
    high: float


def aim_saying(
    answers: Sequence[Answer],
    measure: Measure,
    sentences: dict[str, str],
    leads: str | None = None,
    *,
    without_effect: bool = False,
) -> tuple[str, str]:
    """Return the first page's heading and sentences on the aim that was named before the run.

    ``sentences`` are ``change_sentence`` of each design by letter; ``without_effect`` tells that
    no effect on health was put in.
    """
    if without_effect:
        return f"This says nothing about {measure.name}", NOTHING_PUT_IN
    aim = f"If the aim is {_better_words(measure)}"
    good = [a.letter for a in answers if judgement(a.main, measure.better) == "good"]
    if leads:
        return f"{aim}, {leads} leads", f"{leads} comes first in at least 66 of 100 draws."
    if good:
        slight = all(a.main.case == "slight" for a in answers if a.letter in good)
        verb = "helps" if len(good) == 1 else "help"
        text = sentences[good[0]] if len(good) == 1 else WHICH_HELPS_MOST
        tail = f" {TOO_SMALL}" if slight else ""
        return f"{aim}, {listed(good)} {verb}{' a little' if slight else ''}", text + tail
    return _no_help(answers, measure, aim, sentences)


def still_saying(measure: Measure, people: int, years: int) -> tuple[str, str]:
    """Return what to say where not one simulated person's result on the main measure differed."""
    return (
        f"This run is too small to tell of {measure.name}",
        f"Among {people:,} simulated people over {_years(years)} nobody’s differed. "
        "That is no sign that there is no "
        "effect; more people or more years could show one.",
    )


NOTHING_PUT_IN = (
    "No effect on health was put in, so a difference of none is an input here and no finding. "
    "What changes does so by staff and contacts alone."
)
TOO_SMALL = "That is less than the smallest difference that matters."
WHICH_HELPS_MOST = "Which of them does most cannot be told from this run; section 3 has each."


def _no_help(
    answers: Sequence[Answer], measure: Measure, aim: str, sentences: dict[str, str]
) -> tuple[str, str]:
    bad = [a.letter for a in answers if judgement(a.main, measure.better) == "bad"]
    no_design = "the design does not help" if len(answers) == 1 else "no design helps"
    if bad:
        return f"{aim}, {no_design}", " ".join(sentences[letter] for letter in bad[:2])
    if all(a.main.case == "none" for a in answers):
        return (
            f"{aim}, nothing here makes a difference that matters",
            "The whole interval lies inside the smallest difference that matters.",
        )
    first = sentences.get(answers[0].letter, "") if len(answers) == 1 else ""
    text = "Not clear is not the same as no effect."
    heading = f"{aim}, no design is clearly better than usual care"
    if len(answers) == 1:
        heading = f"{aim}, the design is not clearly better than usual care"
    return heading, f"{first} {text}".strip()


def money_saying(
    answers: Sequence[Answer], stranded: dict[str, float], years: int
) -> tuple[str, str]:
    """Return the first page's heading and sentence on money."""
    releasing = [a.letter for a in answers if a.cash.clear and a.cash.direction > 0]
    spending = [a.letter for a in answers if a.cash.clear and a.cash.direction < 0]
    if all(a.cash.case == "missing" for a in answers):
        return "Money is not in this run", "The tables hold no cash lines."
    why = _why_not_cash(list(stranded.values()))
    if releasing:
        verb = "releases" if len(releasing) == 1 else "release"
        return f"{listed(releasing)} {verb} more cash than is spent in {_years(years)}", why
    heading = f"Do not count on cash within {_years(years)}"
    if spending:
        verb = "costs" if len(spending) == 1 else "cost"
        return heading, f"{listed(spending)} {verb} more than would be released. {why}"
    return heading, f"The net effect on cash is not clear. {why}"


def _years(years: int) -> str:
    return f"{count_word(years)} {'year' if years == 1 else 'years'}"


def _why_not_cash(stranded: Sequence[float]) -> str:
    """Return why the value of activity avoided is not cash, from its stranded shares."""
    if not stranded:
        return "No design clearly avoids activity of value."
    known = [share for share in stranded if math.isfinite(share)]
    if not known:
        return "Some activity of value is avoided; what part of it stays paid for is not clear."
    if max(known) < 0:
        return "Some activity rises; staff and beds that are already paid for take it on."
    return (
        f"About {percent(max(known), 5)} of the value of activity avoided stays paid for, "
        "because staff and wards remain."
    )


def no_costs(letters: Sequence[str], *, alone: bool) -> str:
    """Return the warning that designs state no costs, so that their money is one-sided."""
    one = len(letters) == 1
    whose = "The design" if alone else listed(list(letters))
    states, own, takes = ("states", "its", "it takes") if one else ("state", "their", "they take")
    return (
        f"{whose} {states} no costs of {own} own: money here is what activity costs and saves, "
        f"not what {takes} to set up and run."
    )


def belief_saying(
    readings: Sequence[str], headline: str, doubt: tuple[str, str] | None
) -> tuple[str, str]:
    """Return the first page's heading and sentence on the plan beside the evidence.

    ``doubt`` is what to say where effects rest on no study, or on one not checked here.
    """
    if "plan" in readings and "published" in readings:
        return headline, "Section 9 sets plan, published evidence and no effect side by side."
    if doubt:
        return doubt
    if "published" not in readings:
        return (
            "No effect on health was put in",
            "This run shows what the staff, contacts and money alone do; it says nothing of what "
            "the design might achieve.",
        )
    return (
        "This rests on published effects, not on the plan’s",
        "The plan’s own effects were not run, so nothing here says whether the plan would hold.",
    )


def box_saying(
    inputs: Sequence[str], assumed: int, total: int, with_knowledge: bool
) -> tuple[str, str]:
    """Return the box of the first page: what sets the answer and what would settle it.

    Parameters
    ----------
    inputs : the inputs that move the answer most, longest first; empty where none were varied
    assumed, total : numbers used that are assumptions, and all numbers used
    """
    heading = "What sets the answer"
    caution = "" if with_knowledge else "The intervals here are precise, not certain. "
    if inputs:
        most = listed(list(inputs[:2]))
        return (
            heading,
            f"{caution}What matters most: {most}. Measuring the first would settle most.",
        )
    share = f"{assumed:,} of the {total:,} numbers used are assumptions. " if total else ""
    if with_knowledge:
        return (
            heading,
            f"{share}The intervals hold the ranges of the numbers; which of them matter most a "
            "sensitivity run would tell.",
        )
    return (
        heading,
        f"{caution}{share}This run did not vary its inputs, so it cannot say which of them "
        "matter most; a sensitivity run would.",
    )
