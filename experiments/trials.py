"""The studies behind published effects, and a component alone in the people of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agents.evidence import Evidence, Row
from experiments.designs.standing import Part, is_study, parts_of
from pathways.components import Component, Offer, ProactivePathway
from pathways.components.base import EVERYONE
from pathways.components.parameters import RANGES
from pathways.design import Design, Effect, People

TABLE = "design_studies"
NONE = "none"
# What an effect changes is counted so, where the study does not say otherwise.
OUTCOMES: Mapping[str, str] = {
    "demand.emergency_admission": "emergency_admissions",
    "demand.ae_attendance": "ae_attendances",
    "demand.practice_consultation": "gp_contacts_gp + gp_contacts_nurse + gp_contacts_other",
    "demand.outpatient_attendance": "outpatient_first + outpatient_follow_up",
    "demand.elective_admission": "day_cases + elective_admissions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What was studied: who, from which month to which, what was counted and found.

    ``outcome`` is activities joined by ``+``, ``deaths at home``, ``blood_pressure`` or
    ``none`` where the model cannot tell it; ``low`` and ``high`` are None where no interval
    was published. ``times`` as many people as usual are simulated, where few are followed.
    """

    key: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    first_month: float
    last_month: float
    outcome: str
    times: float
    published: float
    low: float | None
    high: float | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One effect of a part and the study it is set beside."""

    part: Part
    effect: Effect
    study: Study

    @property
    def pathway(self) -> bool:
        """Whether people are taken in over time, so that the count begins later."""
        return isinstance(self.part.component, ProactivePathway | Offer)


def studies_of(evidence: Evidence) -> dict[str, Study]:
    """Return the studies that can be emulated, or of which it is told why not, by key."""
    rows = [row for row in evidence.rows(TABLE) if row["study"]]
    return {row["study"]: _study(row) for row in rows}


def _study(row: Row) -> Study:
    def rules(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(";") if part.strip())

    return Study(
        key=row["study"],
        include=rules(row["include"]),
        exclude=rules(row["exclude"]),
        first_month=float(row["from_month"]),
        last_month=float(row["to_month"]),
        outcome=row["outcome"],
        times=float(row["times"]),
        published=float(row["value"]),
        low=float(row["low"]) if row["low"] else None,
        high=float(row["high"]) if row["high"] else None,
        unit=row["unit"],
    )


def trials_of(designs: Iterable[Design], evidence: Evidence) -> list[Trial]:
    """Return each published effect of ``designs`` with a study that can be emulated, once."""
    studies = studies_of(evidence)
    graded = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    found: dict[tuple[str, str, str], Trial] = {}
    for part in (part for design in designs for part in parts_of(design)):
        for effect in part.effects:
            study = studies.get(effect.evidence)
            if study is None or not is_study(graded.get(effect.evidence)):
                continue
            outcome = study.outcome or OUTCOMES.get(effect.target, NONE)
            trial = Trial(part=part, effect=effect, study=replace(study, outcome=outcome))
            found.setdefault(key_of(trial), trial)
    return [trial for trial in found.values() if trial.study.outcome != NONE]


def key_of(trial: Trial) -> tuple[str, str, str]:
    """Return what the stored table knows a trial by: claim, target and study."""
    return trial.part.claim, trial.effect.target, trial.effect.evidence


# ---- one part alone, in the study's people --------------------------------------------------


def alone(trial: Trial) -> Design:
    """Return a design of the trial's part alone: everybody of the study, at once, for good."""
    part, study = trial.part, trial.study
    people = People(include=study.include, exclude=study.exclude)
    components: list[Component] = []
    one = part.component
    if part.pathway:
        components.append(_wide_open(part.pathway, people))
    components.append(_wide_open(one, people))
    effects = tuple(effect for effect in part.effects if effect.version == "published")
    return Design(
        name="emulation",
        title="One part alone",
        summary="",
        source="",
        effects=effects,
        components=tuple(components),
    )


def _wide_open(component: Component, people: People) -> Component:
    """Return a component that reaches all of ``people`` at once, with room for all of them."""
    open_to: dict[str, object] = {"starts_day": 0.0, "places": (), "coverage": EVERYONE}
    if not isinstance(component, Offer):
        open_to["people"] = people
    for name in ("share", "screened_per_year"):
        if hasattr(component, name):
            open_to[name] = 1.0
    if hasattr(component, "places_per_10000"):
        open_to["places_per_10000"] = RANGES["places_per_10000"].high
    if isinstance(component, ProactivePathway):
        open_to["caseload_per_10000"] = 0.0
        open_to["reach"] = replace(
            component.reach,
            every_days=7,
            invitations_per_10000_a_year=1e6,
            acceptance=EVERYONE,
            reply_days=1.0,
        )
        open_to["support"] = replace(component.support, months=600.0, drop_out_per_year=0.0)
    return replace(component, **open_to)  # type: ignore[arg-type]
