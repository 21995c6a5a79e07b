"""A design: one way of organising care, declared as data.

A design says who it is for, how they are found and reached, which staff and places it adds,
what people on it receive, what that changes (in the version of its plan, of published
studies, or nothing) and what it costs. It never reaches into the model: the model reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.evidence import Figure
from pathways.eligible import People as People
from pathways.eligible import Reach as Reach
from pathways.eligible import Support as Support

if TYPE_CHECKING:
    from pathways.components.base import Component

EFFECTS = ("plan", "published", "null", "inert")
NO_EFFECTS = "none"
# What stands behind a published effect: its study, emulated, came out inside or outside what
# was published; or it cannot be, or has not been emulated; or there is no study.
INSIDE, OUTSIDE, NOT_EMULATED, NO_STUDY = "inside", "outside", "not emulated", "no study"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a number of a design comes from, and its range."""

    key: str
    value: float
    low: float | None
    high: float | None
    unit: str
    source: str
    basis: str
    note: str = ""

    def figure(self, design: str) -> Figure:
        """Return the number as evidence of a run of ``design``, under a key of its own."""
        return Figure(
            key=f"design.{design}.{self.key}",
            value=self.value,
            low=self.low,
            high=self.high,
            unit=self.unit,
            source=self.source,
            basis=self.basis,
            note=self.note,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change caused in people supported by the design.

    ``target`` is ``demand.PROCESS`` (relative change of the rate of need, as a share: -0.2 is
    a fifth fewer), ``blood_pressure`` (mmHg in people with uncontrolled hypertension),
    ``activation`` (levels), or another of ``pathways.effects.LASTING`` or of what a component
    does to an event. It grows in a straight line to its full size over ``builds_over_years``
    and is lost when support ends, over ``fades_over_years``. It acts in the people whom
    ``component`` reaches; an empty name is the design's own pathway. ``standing`` of a
    published effect is ``INSIDE``, ``OUTSIDE``, ``NOT_EMULATED`` or ``NO_STUDY``, and its
    ``interval`` says whose ``low`` and ``high`` are.
    """

    version: str
    target: str
    change: float
    low: float | None
    high: float | None
    evidence: str
    builds_over_years: float
    fades_over_years: float
    source: str
    grade: str
    direct: bool
    note: str = ""
    component: str = ""
    standing: str = ""
    interval: str = ""

    @property
    def key(self) -> str:
        """What the effect is called within its design."""
        start = f"{self.component}." if self.component else ""
        return f"{start}{self.version}.{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One line of what a design costs, per 10,000 residents or per unit of activity.

    Where ``follows`` names a setting in posts per 10,000, such as
    ``vcse.link_workers_per_10000``, the posts paid for are what that setting holds over
    ``above``, usual care's own: more workers cost more without another line.
    """

    line: str
    kind: str
    payer: str
    setting: str
    role: str
    fte_per_10000: float
    amount: float
    unit: str
    price_year: str
    first_year: int
    evidence: str
    follows: str = ""
    above: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One way of organising care (see the module).

    ``changes`` are settings such as ``mdt.meetings_per_year`` that the design sets;
    ``pathway`` is False for usual care. ``components`` act beside the design's own pathway, if
    it has one; ``same_mechanism_as`` names the design that this one differs from in numbers
    only. ``money`` are numbers of the contract under which its providers are paid.
    """

    name: str
    title: str
    summary: str
    source: str
    systems: tuple[str, ...] = ()
    people: People | None = None
    reach: Reach | None = None
    support: Support | None = None
    changes: dict[str, float] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    costs: tuple[Cost, ...] = ()
    sources: tuple[Source, ...] = ()
    components: tuple[Component, ...] = ()
    same_mechanism_as: str = ""
    money: Mapping[str, float] = field(default_factory=dict)

    @property
    def pathway(self) -> bool:
        """True where the design finds and supports people; False for usual care."""
        return self.people is not None

    def acting(self, version: str) -> tuple[Effect, ...]:
        """Return the effects that act in ``version`` (none under ``null`` and ``inert``)."""
        return tuple(effect for effect in self.effects if effect.version == version)

    def posts(self, cost: Cost, settings: Mapping[str, float] | None = None) -> float:
        """Return the posts per 10,000 that ``cost`` pays for, under an experiment's settings."""
        if not cost.follows:
            return cost.fte_per_10000
        own = self.changes.get(cost.follows, cost.above)
        return max((settings or {}).get(cost.follows, own) - cost.above, 0.0)

    @property
    def assumed_parts(self) -> tuple[str, ...]:
        """Return the parts that change people on no study's word, by name of the component.

        A part is sound where a study stands behind at least one of its published effects, was
        emulated and came out inside what was published, and behind no other effect that
        changes anything stands less.
        """
        parts = dict.fromkeys(effect.component for effect in self.effects)
        return tuple(name for name in parts if not self._sound(name))

    def _sound(self, component: str) -> bool:
        own = [one for one in self.acting("published") if one.component == component]
        idle = [one for one in own if one.standing == NO_STUDY and not one.change]
        rest = [one for one in own if one not in idle]
        return bool(rest) and all(one.standing == INSIDE for one in rest)

    @property
    def assumption_only(self) -> bool:
        """True where some part rests on assumption (see ``assumed_parts``)."""
        return bool(self.assumed_parts)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Each part that changes people, with how its published effects stand, for records."""
        told = ("target", "evidence", "source", "standing", "interval", "change", "low", "high")
        names = dict.fromkeys(effect.component for effect in self.effects)
        return [
            {
                "part": name,
                "assumed": name in self.assumed_parts,
                "effects": [
                    {key: getattr(one, key) for key in told}
                    for one in self.acting("published")
                    if one.component == name
                ],
            }
            for name in names
        ]
