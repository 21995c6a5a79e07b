"""A component of a design at work in a run: whom it reaches, and what it uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from agents.rule_columns import LOOK_BACK, NAMES, Column
from agents.rules import Rule
from pathways.asked import Arrivals
from pathways.calendar import YEAR
from pathways.components import Component, Maturity
from pathways.components.base import STEP
from pathways.stays import VisitPlans
from sim.open_scene import OpenScene
from sim.scene import Scene

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


class Places:
    """Where components work and how far each locality has come."""

    def __init__(self, scene: Scene, components: Sequence[Component]) -> None:
        self._scene = scene
        self._maturity = [one for one in components if isinstance(one, Maturity)]
        self._everywhere = np.ones(len(scene.population))
        place = scene.spec.place.key
        names = [slug(name) for name in scene.population.localities] or [place]
        # A place that is itself a locality is known by its key.
        self._names = [place] if len(names) == 1 else names
        self._place = place

    def works(self, component: Component, day: float) -> Bools:
        """Return (n,) where a component works on ``day``: in its places, once it has begun."""
        locality = self._scene.population.locality
        if day < component.starts_day:
            return np.zeros(len(locality), np.bool_)
        if not component.places or self._place in component.places:
            return np.ones(len(locality), np.bool_)
        inside = np.array([name in component.places for name in self._names])
        return inside[np.minimum(locality, len(self._names) - 1)]

    def share(self, day: float) -> Floats:
        """Return (n,) the share of full reach where each person lives."""
        if not self._maturity:
            return self._everywhere
        share = self._everywhere.copy()
        locality = np.minimum(self._scene.population.locality, len(self._names) - 1)
        for one in self._maturity:
            by_name = [one.share(day, name, self._scene.evidence) for name in self._names]
            share *= np.array(by_name)[locality]
        return share


def slug(name: str) -> str:
    """Return the key of a locality of this name: small letters and underscores."""
    return name.lower().replace(" ", "_")


class Acting:
    """One component in one run.

    Attributes
    ----------
    rows : (n,) whom it reaches now
    share : (n,) how far it is developed where people live
    sizes : by target, what changes in this version of effects
    ends : days on which its places become free
    """

    def __init__(
        self, model: OpenScene, component: Component, sizes: Mapping[str, float], *, inert: bool
    ) -> None:
        self.component = component
        self.population, self.luck, self.ledger = model.population, model.luck, model.ledger
        self.residents = model.spec.population
        self.sizes = sizes
        self.rows = np.zeros(len(model.population), np.bool_)
        self.share = np.ones(len(model.population))
        self.ends = np.empty(0)
        self._model = model
        self._inert = inert
        self._day = 0
        self._rules = self._parsed(component.people.include)
        self._not = self._parsed((*component.people.exclude, *component.people.separately))
        self._wants = model.luck.uniforms(f"component.{component.name}", model.population.person)
        coverage = np.array(component.coverage)
        self._coverage = coverage[model.population.imd_quintile.astype(np.int64) - 1]

    def _parsed(self, texts: tuple[str, ...]) -> tuple[Rule, ...]:
        names = [*NAMES, *LOOK_BACK]
        return tuple(Rule.parse(text, where=self.component.name, names=names) for text in texts)

    # ---- each step ----

    def look(self, day: int, columns: dict[str, Column], share: Floats, works: Bools) -> None:
        """Look anew whom the component reaches; count what they have until the next look."""
        eligible = self.population.present(day) & works
        for rule in self._rules:
            eligible &= rule.rows(columns)
        for rule in self._not:
            eligible &= ~rule.rows(columns)
        by_event = self.component.by_event
        self.share, self._day = share, day
        coverage = self._coverage if by_event else self._coverage * share
        willing = eligible & (self._wants < coverage)
        self.rows = self.component.choose(self, day, willing, self)
        self.component.each_step(self, day, self)
        self._contacts(day)

    def _contacts(self, day: int) -> None:
        part = self.component
        if part.activity:
            for rows in self._times(f"component.{part.name}.contact", part.per_year, day):
                self.ledger.count(part.activity, rows)
        for rows in self._times(f"component.{part.name}.slot", part.slots_per_year, day):
            self.ledger.count("gp_contacts_other", rows)
            self.use_slots(rows)

    def _times(self, purpose: str, per_year: float, day: int) -> list[Rows]:
        """Return whose turn it is, once for each time until the next look, keyed to people."""
        if not per_year:
            return []
        draws = self.luck.uniforms(purpose, self.population.person, day // STEP)
        times = np.floor(per_year * STEP / YEAR + draws).astype(np.int64) * self.rows
        return [np.flatnonzero(times > number) for number in range(int(times.max(initial=0)))]

    # ---- each day ----

    def divert(self, day: int, arrivals: dict[str, Arrivals]) -> dict[str, Arrivals]:
        """Let the component see to its share of what is asked for today."""
        if day < 0:
            return arrivals
        self._day = day
        return self.component.divert(self, day, arrivals, self)

    def change_stays(self, rows: Rows, keys: Words, plans: VisitPlans) -> VisitPlans:
        """Let the component change how long people who come today will stay."""
        return self.component.change_stays(self, rows, keys, plans, self)

    # ---- what a component may use ----

    def use_slots(self, rows: Rows) -> None:
        """Take one ordinary appointment for each of ``rows``; an inert design takes none."""
        if len(rows) and not self._inert:
            self._model.services.practices.take_slots(rows, self._day)

    def found(self, rows: Rows, columns: Rows) -> None:
        """Record that conditions ``columns`` of ``rows`` became known to the practice."""
        if not len(rows):
            return
        people, day = self.population, self._day
        people.diagnosed[rows, columns] = True
        people.diagnosis_day[rows, columns] = day
        each = np.unique(rows)
        self._model.world.control.settle(each, day)
        self._model.world.health.refresh(each, day)
        self._model.changed(each)
