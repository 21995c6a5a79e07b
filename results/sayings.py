"""What the first page says: its headline and its sentences on aim, money, belief and doubt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from results.report_measures import LOWER, Measure
from results.report_numbers import (
    count_word,
    listed,
    percent,
)
from results.wording import LONGEST_HEADLINE, Verdict, judgement, verdict_words


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
        claim = f"{leads} leads on {measure.said}"
    elif helped:
        claim = f"{_means(helped)} {_better_words(measure)}"
    elif harmed:
        claim = f"{_means(harmed)} {_worse_words(measure)}"
    else:
        claim = f"No design is clearly better than usual care on {measure.said}"
    return _within(f"{claim}; {_cash_of_many(answers, years)}", claim)


def _means(letters: list[str]) -> str:
    return f"{listed(letters)} {'brings' if len(letters) == 1 else 'bring'}"


def _better_words(measure: Measure) -> str:
    return measure.aim(measure.less if measure.better == LOWER else measure.more)


def _worse_words(measure: Measure) -> str:
    return measure.aim(measure.more if measure.better == LOWER else measure.less)


def _headline_of_one(answer: Answer, measure: Measure) -> str:
    words = {
        "none": f"no difference that matters in {measure.said}",
        "unclear": f"no clear change in {measure.said}",
        "missing": f"{measure.said} not in this run",
    }.get(answer.main.case)
    claim = words or measure.aim(verdict_words(answer.main, measure.less, measure.more))
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
        return f"This says nothing about {measure.said}", NOTHING_PUT_IN
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
        f"This run is too small to tell of {measure.said}",
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
    if "plan" in readings:
        return (
            "This rests on the plan’s own effects, not on published ones",
            "Published effects were not run, so nothing here says whether evidence bears the plan "
            "out.",
        )
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
