"""A design at work in a run: its teams, its pathways, its components and their effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from agents.organisations import Commissioner, NeighbourhoodTeam, Organisation
from agents.resident import Patient
from agents.rule_columns import LOOK_BACK, NAMES, Column, columns_of
from agents.rules import Rule
from pathways.asked import Arrivals
from pathways.calendar import YEAR
from pathways.components import Maturity, MoreCapacity, Offer, ProactivePathway
from pathways.components.base import STEP
from pathways.design import Design, Effect, People
from pathways.effects import LASTING, Effects
from pathways.journey import Pathway, Plan, Services
from pathways.schedule import changes_by_day
from pathways.stays import VisitPlans
from sim.acting import Acting, Places
from sim.open_scene import OpenScene
from sim.services import ring_fenced
from sim.teams import own_caseload

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

PER = 10_000


class Programme:
    """What a design does in one run; usual care has nothing to do.

    Attributes
    ----------
    organisations : the commissioner and the teams, asked each day what they decide
    """

    def __init__(self, model: OpenScene) -> None:
        self._model = model
        self._n_people = len(model.population)
        self._idle = np.zeros(self._n_people, np.bool_)
        self._inert = model.spec.effects == "inert"
        self.organisations: list[Organisation] = []
        self._pathways: dict[str, Pathway] = {}
        self._parts: dict[str, Acting] = {}
        self._offers: list[Offer] = []
        design = Design(name="", title="", summary="", source="")
        if not model.spec.baseline:
            design = model.spec.design
        self._acting = design.acting(model.spec.effects)
        self._effects = Effects(
            lasting(self._acting), model.population, model.evidence, model.world.control
        )
        self._places = Places(model, design.components)
        if design.pathway or design.components:
            self._open(design)
        for day, changes in changes_by_day(model.spec.settings).items():
            self._begin_on(day, changes, always=True)

    def _open(self, design: Design) -> None:
        model = self._model
        changes = design.changes | dict(model.spec.settings)
        self._begin_on(0, changes)
        if self._inert:
            services = ring_fenced(model, model.services)
        else:
            services = model.services.for_pathway()
        if design.pathway:
            self._add_pathway(design, design.people, services)
        for part in design.components:
            if isinstance(part, ProactivePathway):
                self._add_pathway(part, part.people, self._services_of(part, services))
            elif isinstance(part, MoreCapacity):
                self._begin_on(int(part.starts_day), dict(part.set) | dict(model.spec.settings))
            elif isinstance(part, Offer):
                self._offers.append(part)
            elif not isinstance(part, Maturity):
                sizes = {one.target: one.change for one in self._of(part.name)}
                self._parts[part.name] = Acting(model, part, sizes, inert=self._inert)
        if self._parts:
            model.services.hospital.change_plans = self._change_stays

    def _of(self, component: str) -> list[Effect]:
        return [one for one in self._acting if one.component == component]

    def _begin_on(self, day: int, changes: dict[str, float], *, always: bool = False) -> None:
        model, inert = self._model, self._inert and not always
        self.organisations.append(
            Commissioner(
                model,
                "commissioner",
                first_day=day,
                begin=lambda: None if inert else model.services.begin(changes, day),
            )
        )

    def _services_of(self, part: ProactivePathway, shared: Services) -> Services:
        """Return the services of a pathway: with its own caseload where it has one."""
        if not part.caseload_per_10000:
            return shared
        own = own_caseload(self._model, part.caseload_per_10000)
        if not self._inert:
            self._model.services.own_caseloads.append(own)
        return replace(shared, coordinators=own)

    def _add_pathway(self, plan: Plan, people: People | None, services: Services) -> None:
        assert people is not None
        model = self._model
        part = plan if isinstance(plan, ProactivePathway) else None
        name = part.name if part else ""
        offers = [one for one in model.spec.design.components if isinstance(one, Offer)]
        if part:
            plan = with_offers(part, [one for one in offers if one.of == part.name])
        pathway = Pathway(model.env, plan, services, model.ledger, self._n_people)
        self._pathways[name] = pathway
        self.organisations.append(self._team(plan, people, pathway, part))

    def _team(
        self, plan: Plan, people: People, pathway: Pathway, part: ProactivePathway | None
    ) -> NeighbourhoodTeam:
        assert plan.reach is not None
        model, reach = self._model, plan.reach
        heads = model.spec.population / PER
        rules = eligibility(people, plan.name)
        a_year = reach.invitations_per_10000_a_year * heads
        return NeighbourhoodTeam(
            model,
            "neighbourhood team",
            every_days=reach.every_days,
            a_search=a_year * reach.every_days / YEAR,
            candidates=lambda day: self._candidates(pathway, rules, part, day),
            risk=lambda rows: self._order(reach.order, rows),
            invite=lambda row: pathway.invite(Patient(model, row)),
        )

    def _order(self, order: str, rows: Rows) -> Floats:
        model = self._model
        if order == "risk":
            return model.segments.risk(rows)
        return model.luck.uniforms("pathway.order", model.population.person[rows])

    def _columns(self, day: int) -> dict[str, Column]:
        model = self._model
        used = model.look_back.columns()
        model.segments.update(day, used)
        return columns_of(model.population, day, used)

    def _candidates(
        self,
        pathway: Pathway,
        rules: tuple[tuple[Rule, ...], tuple[Rule, ...]],
        part: ProactivePathway | None,
        day: int,
    ) -> Bools:
        """Return who meets the rules of a pathway and may be invited on ``day``."""
        model = self._model
        eligible = allowed(rules, self._columns(day), model.population.present(day))
        if part is not None:
            eligible &= self._places.works(part, day) & self._within_reach(part, day)
        pathway.mark_eligible(eligible)
        may = eligible & pathway.may_be_invited(day)
        for other in self._pathways.values():
            if other is not pathway:
                may &= ~other.supported
        return may

    def _within_reach(self, part: ProactivePathway, day: int) -> Bools:
        """Say who is within reach of a pathway as far as it is developed where they live."""
        share = self._places.share(day)
        return self._model.fixed_luck(f"component.{part.name}") < share

    # ---- what the model asks ----

    @property
    def stages(self) -> npt.NDArray[np.uint8]:
        """Return the stages (bits) that each person has reached on any pathway."""
        stages = np.zeros(self._n_people, np.uint8)
        for pathway in self._pathways.values():
            stages |= pathway.stages
        return stages

    @property
    def has_pathway(self) -> bool:
        """Whether the design supports anybody on a pathway at all."""
        return bool(self._pathways)

    @property
    def supported(self) -> Bools:
        """Return who is supported on any pathway now."""
        pathways = list(self._pathways.values())
        if len(pathways) == 1:
            return pathways[0].supported
        supported = self._idle
        for pathway in pathways:
            supported = supported | pathway.supported
        return supported

    def decide(self, day: int) -> None:
        """Let the organisations decide, and take the appointments the pathways used."""
        for organisation in self.organisations:
            organisation.decide(day)
        for pathway in self._pathways.values():
            pathway.take_slots(day)

    @property
    def groups_count(self) -> bool:
        """Whether meeting in a group makes ties: not where a design is to change nobody."""
        return self._model.spec.effects not in ("none", "inert", "null")

    def leave(self, rows: Sequence[int]) -> None:
        """End what the design does for people who have died or moved away."""
        for pathway in self._pathways.values():
            pathway.leave(rows)

    def divert(self, day: int, arrivals: dict[str, Arrivals]) -> dict[str, Arrivals]:
        """Let components see to their share of what is asked for today."""
        for part in self._parts.values():
            arrivals = part.divert(day, arrivals)
        return arrivals

    def home_factor(self, rows: Rows) -> Floats:
        """Return what the design does to the chance of each of ``rows`` to die at home."""
        factor = np.ones(len(rows))
        for part in self._parts.values():
            factor *= 1.0 + part.sizes.get("died_at_home", 0.0) * part.rows[rows]
        return factor

    def _change_stays(self, rows: Rows, keys: Words, plans: VisitPlans) -> VisitPlans:
        for part in self._parts.values():
            plans = part.change_stays(rows, keys, plans)
        return plans

    def step_effects(self, day: int) -> None:
        """Look whom components reach, let effects grow or fade, hand them to the model."""
        if day % STEP:
            return
        if self._parts:
            columns, share = self._columns(day), self._places.share(day)
            for part in self._parts.values():
                part.look(day, columns, share, self._places.works(part.component, day))
        if self._effects.any:
            self._grow(day)

    def _grow(self, day: int) -> None:
        model = self._model
        demand_rows, hazard_rows = self._effects.step(self.reached(), STEP, day)
        model.changed(model.crises.follow(self._effects.turned))
        if len(demand_rows):
            for process, factor in self._effects.demand_factor.items():
                model.demand.factor[process][demand_rows] = factor[demand_rows]
            model.demand.refresh(demand_rows, day)
            model.services.practices.record.own_gp_change = self._effects.continuity
        if len(hazard_rows):
            model.world.health.refresh(hazard_rows, day)

    def reached(self) -> dict[str, Bools]:
        """Return whom each component reaches now, by name."""
        reached = {name: pathway.supported for name, pathway in self._pathways.items()}
        reached |= {name: part.rows for name, part in self._parts.items()}
        for offer in self._offers:
            pathway = self._pathways.get(offer.of)
            had = pathway.received[offer.part] if pathway else self._idle
            reached[offer.name] = reached.get(offer.of, self._idle) & had
        return reached


def lasting(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """Return the effects that grow and fade in people, not those that act on an event."""
    return tuple(
        one
        for one in effects
        if one.target.startswith(("demand.", "onset.")) or one.target in LASTING
    )


def with_offers(part: ProactivePathway, offers: Sequence[Offer]) -> ProactivePathway:
    """Return a pathway whose support holds what its ``offers`` say."""
    shares = {one.part: one.share for one in offers}
    support = part.support
    return replace(
        part,
        support=replace(
            support,
            mdt_share=shares.get("mdt", support.mdt_share),
            link_worker_share=shares.get("link_worker", support.link_worker_share),
            group_share=shares.get("group", support.group_share),
        ),
    )


def allowed(
    rules: tuple[tuple[Rule, ...], tuple[Rule, ...]], columns: dict[str, Column], here: Bools
) -> Bools:
    """Return who of those ``here`` meets all of the first rules and none of the others."""
    eligible = here
    for rule in rules[0]:
        eligible &= rule.rows(columns)
    for rule in rules[1]:
        eligible &= ~rule.rows(columns)
    return eligible


def eligibility(people: People, where: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the rules that must all hold, and those of which none may.

    People whom the design shows separately are not invited either.
    """
    names = [*NAMES, *LOOK_BACK]

    def parsed(texts: tuple[str, ...]) -> tuple[Rule, ...]:
        return tuple(Rule.parse(text, where=where, names=names) for text in texts)

    return parsed(people.include), parsed((*people.exclude, *people.separately))
