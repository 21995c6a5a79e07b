"""What stands behind the effects of each design: nothing, a study not checked here, or more.

A run's ``run.json`` names each part of its design that changes people and, for each published
effect of it, how it stands (``pathways.design``). Runs of older programs only say whether some
part rests on assumption.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pathways.components.parameters import change_range
from pathways.design import INSIDE, NO_STUDY, NOT_EMULATED
from results.report_blocks import Table
from results.report_data import Option, ReportData
from results.report_measures import spoken
from results.report_numbers import capital, count_word, listed

ASSUMED, UNCHECKED, MIXED, SOUND = "assumed", "unchecked", "mixed", "sound"
MARKS = {ASSUMED: "assumption only", UNCHECKED: "studies not checked", MIXED: "partly assumption"}
STANDING_WORDS = {
    INSIDE: "study emulated, and met",
    NOT_EMULATED: "from a study; not checked whether the model gives what it found",
    NO_STUDY: "no study of people with and without it",
}
NOTHING = 1e-9
MISSED = "study emulated, and not met"
TARGETS = {
    "activation": "activation of patients",
    "blood_pressure": "blood pressure",
    "control.hypertension": "odds of blood pressure at target",
    "control.type_2_diabetes": "odds of blood glucose at target",
    "diabetes_control": "control of diabetes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One published effect of a design: the part it is of, what it changes, how it stands."""

    part: str
    target: str
    evidence: str
    source: str
    standing: str
    interval: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of a design's effects in the reading that is shown, and its parts with none."""

    option: Option
    effects: tuple[Effect, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What to call the whole: assumed, unchecked (a study behind each), mixed or sound."""
        if not self.option.assumption_only:
            return SOUND
        if self.option.effects == "plan":
            return ASSUMED
        studied = [one for one in self.effects if one.standing != NO_STUDY]
        if not studied:
            return ASSUMED
        waiting = all(one.standing in (INSIDE, NOT_EMULATED) for one in self.effects)
        return UNCHECKED if waiting and not self.without else MIXED

    @property
    def mark(self) -> str:
        """The badge beside the design's title, or nothing."""
        return MARKS.get(self.kind, "")

    def count(self, *standings: str) -> int:
        """Return how many effects stand so."""
        return sum(one.standing in standings for one in self.effects)


def standing_of(data: ReportData, option: Option) -> Standing:
    """Return what stands behind a design's effects, from one of its run records."""
    arm = f"runs/place={data.place}/design={option.key}/effects={option.effects}"
    about = next(iter(sorted((data.folder / arm).glob("*/*/run.json"))), None)
    told = json.loads(about.read_text(encoding="utf-8")) if about else {}
    parts = [one for one in told.get("parts", []) if isinstance(one, Mapping)]
    if option.effects != "published":
        return Standing(option=option)
    effects = tuple(
        _effect(str(part.get("part", "")), one) for part in parts for one in part["effects"]
    )
    without = tuple(str(part.get("part", "")) for part in parts if not part["effects"])
    return Standing(option=option, effects=effects, without=without)


def _effect(part: str, one: Mapping[str, Any]) -> Effect:
    names = ("target", "evidence", "source", "standing", "interval")
    words = {name: str(one.get(name, "")) for name in names}
    return Effect(part=part, size=size_words(words["target"], one), **words)


def size_words(target: str, one: Mapping[str, Any]) -> str:
    """Return what an effect changes by and the range it is drawn from: "0% (−12% to +13%)".

    Empty in records of older programs, which do not hold the size.
    """
    if not isinstance(one.get("change"), int | float):
        return ""
    unit = change_range(target).unit
    share = unit.startswith(("relative", "share"))

    def said(value: float) -> str:
        if not share:
            return f"{value:+.3g}".replace("-", "−")
        return "0%" if abs(value) < NOTHING else f"{100.0 * value:+.3g}%".replace("-", "−")

    ends = [one.get(name) for name in ("low", "high")]
    span = [said(float(end)) for end in ends if isinstance(end, int | float)]
    drawn = f" ({span[0]} to {span[1]})" if len(span) == len(ends) else ""
    return f"{said(float(one['change']))}{drawn}{'' if share else ' ' + unit.split(',')[0]}"


def saying(standings: Sequence[Standing]) -> tuple[str, str] | None:
    """Return the first page's heading and sentence on what stands behind the effects."""
    doubted = [one for one in standings if one.kind != SOUND]
    if not doubted:
        return None
    names = listed([one.option.letter for one in doubted])
    kinds = {one.kind for one in doubted}
    many = len(doubted) > 1
    if kinds == {ASSUMED}:
        text = "No study stands behind these effects"
        if all(one.option.effects == "plan" for one in doubted):
            text = "These are the plan’s own hopes, not what a study found"
        heading = f"{names} {'rest' if many else 'rests'} on assumption only"
        return heading, f"{text}; section 9 says what would have to be believed."
    if kinds == {UNCHECKED}:
        return (
            f"The studies behind {names} have not been checked here",
            f"{_of_studies(doubted)} from published studies. Whether the model gives what those "
            "studies found has not been tested; section 9 lists them.",
        )
    return f"{names} {'rest' if many else 'rests'} on assumption in part", _of_mixed(doubted)


def _of_studies(standings: Sequence[Standing]) -> str:
    total = sum(len(one.effects) for one in standings)
    if total == 1:
        return "The one effect comes"
    return f"All {count_word(total)} effects come"


def _of_mixed(standings: Sequence[Standing]) -> str:
    """Return how many effects have no study, a study not checked, or one that was not met."""
    total = sum(len(one.effects) for one in standings)
    found = (
        (sum(one.count(NO_STUDY) for one in standings), "no study behind them"),
        (sum(one.count(NOT_EMULATED) for one in standings), "a study not checked here"),
    )
    parts = [
        f"{count_word(number)} {'has' if number == 1 else 'have'} {words}"
        for number, words in found
        if number
    ]
    rest = total - sum(one.count(NO_STUDY, NOT_EMULATED, INSIDE) for one in standings)
    if rest:
        parts.append(f"{count_word(rest)} {'has' if rest == 1 else 'have'} a study not met")
    empty = sum(len(one.without) for one in standings)
    if empty:
        parts.append(f"{count_word(empty)} more {'part' if empty == 1 else 'parts'} have none")
    return f"Of {count_word(total)} effects, {listed(parts)}; section 9 lists them."


def standing_table(standings: Sequence[Standing]) -> Table | None:
    """Return the effects of every design with what stands behind each."""
    rows = [
        (
            one.option.letter,
            capital(spoken(effect.part or one.option.title)),
            target_words(effect.target),
            effect.size or "not recorded",
            effect.source,
            STANDING_WORDS.get(effect.standing, MISSED if effect.standing else "not known"),
            effect.interval or "not known",
        )
        for one in standings
        for effect in one.effects
    ]
    rows += [
        (
            one.option.letter,
            capital(spoken(part or one.option.title)),
            "none published",
            "",
            "",
            "a plan’s figures alone",
            "none",
        )
        for one in standings
        for part in one.without
    ]
    if not rows:
        return None
    return Table(
        caption="What stands behind each published effect",
        head=(
            "Design",
            "Part",
            "What it changes",
            "By (drawn from)",
            "Study",
            "How it stands",
            "Whose interval",
        ),
        rows=tuple(rows),
        wide=True,
    )


def target_words(target: str) -> str:
    """Return what an effect changes in words: "demand.ae_attendance" as "need for …"."""
    if target in TARGETS:
        return TARGETS[target]
    kind, _, name = target.partition(".")
    name = spoken(name or kind).replace("ae ", "A&E ").replace("gp ", "GP ")
    return f"need for {name}s" if kind == "demand" else name
