"""A design at work in a run: its team, its pathway and what it changes in people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agents.organisations import Commissioner, NeighbourhoodTeam, Organisation
from agents.resident import Patient
from agents.rules import LOOK_BACK, NAMES, Rule, columns_of
from pathways.calendar import YEAR
from pathways.design import Design
from pathways.effects import Effects
from pathways.journey import Pathway
from sim.services import ring_fenced

if TYPE_CHECKING:
    from sim.model import CareModel

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

EFFECTS_EVERY = 28  # days between steps of effects that grow or fade
PER = 10_000


class Programme:
    """What a design does in one run; usual care has nothing to do.

    Attributes
    ----------
    organisations : the commissioner and the team, asked each day what they decide
    stages : (n,) bits of the stages each person has reached
    supported : (n,) who is supported now
    """

    def __init__(self, model: CareModel) -> None:
        self._model = model
        design, n_people = model.spec.design, len(model.population)
        self.stages = np.zeros(n_people, np.uint8)
        self.supported = np.zeros(n_people, np.bool_)
        self.organisations: list[Organisation] = []
        self._pathway: Pathway | None = None
        acting = () if model.spec.baseline else design.acting(model.spec.effects)
        self._effects = Effects(acting, model.population, model.evidence)
        if design.pathway and not model.spec.baseline:
            self._open(design)

    def _open(self, design: Design) -> None:
        model = self._model
        inert = model.spec.effects == "inert"
        shared = model.services.for_pathway()
        services = ring_fenced(model, model.services) if inert else shared
        self._pathway = Pathway(model.env, design, services, model.ledger, len(model.population))
        self.stages, self.supported = self._pathway.stages, self._pathway.supported
        self._include, self._exclude = eligibility(design)
        changes = design.changes | dict(model.spec.settings)
        self.organisations = [
            Commissioner(
                model,
                "commissioner",
                first_day=0,
                begin=lambda: None if inert else model.services.begin(changes),
            ),
            self._team(design, self._pathway),
        ]

    def _team(self, design: Design, pathway: Pathway) -> NeighbourhoodTeam:
        assert design.reach is not None
        model = self._model
        heads = model.spec.population / PER
        a_year = design.reach.invitations_per_10000_a_year * heads
        return NeighbourhoodTeam(
            model,
            "neighbourhood team",
            every_days=design.reach.every_days,
            a_search=a_year * design.reach.every_days / YEAR,
            candidates=lambda day: self._candidates(pathway, day),
            risk=lambda rows: model.segments.risk(rows),
            invite=lambda row: pathway.invite(Patient(model, row)),
        )

    def _candidates(self, pathway: Pathway, day: int) -> Bools:
        """Return who meets the design's rules and may be invited on ``day``."""
        model = self._model
        model.segments.update(day, model.look_back.columns())
        columns = columns_of(model.population, day, model.look_back.columns())
        eligible = model.population.present(day)
        for rule in self._include:
            eligible &= rule.rows(columns)
        for rule in self._exclude:
            eligible &= ~rule.rows(columns)
        pathway.mark_eligible(eligible)
        return eligible & pathway.may_be_invited(day)

    def decide(self, day: int) -> None:
        """Let the organisations decide, and take the appointments the pathway used."""
        for organisation in self.organisations:
            organisation.decide(day)
        if self._pathway is not None:
            self._pathway.take_slots(day)

    def leave(self, row: int) -> None:
        """End what the design does for a person who has died or moved away."""
        if self._pathway is not None:
            self._pathway.leave(row)

    def step_effects(self, day: int) -> None:
        """Let effects grow or fade, and hand them to demand and health."""
        model = self._model
        if day % EFFECTS_EVERY or not self._effects.any:
            return
        demand_rows, onset_rows = self._effects.step(self.supported, EFFECTS_EVERY)
        if len(demand_rows):
            for process, factor in self._effects.demand_factor.items():
                model.demand.factor[process][:] = factor
            model.demand.refresh(demand_rows, day)
        if len(onset_rows):
            model.world.health.refresh(onset_rows, day)


def eligibility(design: Design) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the rules that must all hold, and those of which none may.

    People whom the design shows separately are not invited either.
    """
    assert design.people is not None
    names = [*NAMES, *LOOK_BACK]

    def parsed(texts: tuple[str, ...]) -> tuple[Rule, ...]:
        return tuple(Rule.parse(text, where=design.name, names=names) for text in texts)

    return (
        parsed(design.people.include),
        parsed((*design.people.exclude, *design.people.separately)),
    )
