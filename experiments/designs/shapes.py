"""The shape of a design file, checked before anything is made of it.

Names and ranges are checked later, where they are known; here it is only whether a list is a
list and a number a number, so that all later reading may rely on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.faults import Fault
from experiments.checking import faults_of

Number = Annotated[
    float, Field(strict=True, description="a number without quotes", examples=["0.5"])
]
Whole = Annotated[int, Field(strict=True, description="a whole number", examples=["2"])]
Text = Annotated[str, Field(strict=True, description="text in quotes", examples=['"a name"'])]
Texts = Annotated[
    list[Text], Field(description="a list of texts in brackets", examples=['["age >= 65"]'])
]
Names = Annotated[
    Text | Texts, Field(description="a name or a list of names", examples=['"usual-care"'])
]
Part = Annotated[
    dict[str, Any], Field(description="a section of its own", examples=["a = 1 in a [section]"])
]


SECTIONS = ("component", "costs", "evidence", "effects")


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _EffectShape(_Shape):
    version: Text = ""
    target: Text = ""
    evidence: Text = ""
    note: Text = ""
    change: Number | None = None
    low: Number | None = None
    high: Number | None = None
    builds_over_years: Number = 0.0
    fades_over_years: Number = 0.0


class _SourceShape(_Shape):
    key: Text = ""


class _ComponentShape(_Shape):
    kind: Text = ""
    name: Text = ""
    include: Texts = []
    exclude: Texts = []
    separately: Texts = []
    conditions: Texts = []
    places: Texts = []
    process: Text = ""
    to: Text = ""
    activity: Text = ""
    part: Text = ""
    of: Text = ""
    set: Part = {}
    reach: Part = {}
    support: Part = {}
    levels: list[Whole] = Field([], description="a list of levels 0 to 4", examples=["[1, 2]"])
    by_place: dict[str, list[Whole]] = Field(
        {}, description="levels by place", examples=["tilbury = [1, 2]"]
    )
    enablers: dict[str, Text] = Field(
        {}, description="a colour for each enabler", examples=['staff = "amber"']
    )
    effects: list[_EffectShape] = Field(
        [], description="a list of effects", examples=['[{ version = "plan" }]']
    )


class _FileShape(_Shape):
    name: Text = ""
    use: Names = ""
    remove: Names = ""
    starts: dict[str, Number] = Field(
        {}, description="a day for each component", examples=['"rapid-response" = 90']
    )
    places: dict[str, Texts] = Field(
        {}, description="places for each component", examples=['"rapid-response" = ["tilbury"]']
    )
    set: Part = {}
    money: Part = {}
    people: Part = {}
    reach: Part = {}
    support: Part = {}
    component: list[_ComponentShape] = Field(
        [], description="sections [[component]]", examples=["[[component]]"]
    )
    costs: list[dict[str, Any]] = Field([], description="sections [[costs]]")
    evidence: list[_SourceShape] = Field([], description="a list of evidence rows")
    effects: list[dict[str, Any]] = Field([], description="a list of effects")
    systems: Texts = []


def shape_faults(
    table: dict[str, Any], where: str, text: str
) -> tuple[list[Fault], dict[str, Any]]:
    """Return what in a file's ``table`` is of another kind than it must be, and the rest.

    In the rest each such value is None, which no file can say, so that it is told once and
    hides nothing else; a list of sections is without those that are none.
    """
    try:
        _FileShape.model_validate(table)
    except ValidationError as error:
        kept = deepcopy(table)
        for item in error.errors():
            _blank(kept, item["loc"])
        for name in SECTIONS:
            kept[name] = [one for one in kept.get(name) or [] if one is not None]
            for one in kept[name]:
                if "effects" in one:
                    one["effects"] = [each for each in one["effects"] or [] if each is not None]
        return faults_of(error, where, _FileShape, text=text), kept
    return [], table


def _blank(table: Any, loc: Sequence[int | str]) -> None:
    """Put None where ``loc`` leads, or in the last list or table on the way there."""
    for depth, step in enumerate(loc):
        if not _holds(table, step):
            continue  # the name of a kind that the value might have had
        last = depth == len(loc) - 1 or not isinstance(table[step], dict | list)
        if last:
            table[step] = None
            return
        table = table[step]


def _holds(table: Any, step: int | str) -> bool:
    if isinstance(table, dict):
        return step in table
    return isinstance(table, list) and isinstance(step, int) and step < len(table)
