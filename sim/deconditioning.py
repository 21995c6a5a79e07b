"""What a stay in hospital does to people who are frail already: some come home frailer.

Off unless a run's structure switches it on. Published frailty by age already holds what past
admissions did, so with this on everyone grows a little frailer than published: it is for
comparing designs that avoid admissions, not for levels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.frailty import STEPS, FrailtyModel
from agents.luck import Luck
from agents.population import FRAILTY, Population
from sim.spec import RunSpec
from sim.world import World

Rows = npt.NDArray[np.int64]

SETTING = "structure.deconditioning"
ON = 1.0
MOST = len(FRAILTY) - 1
DECLINE = "loss of independence in daily activities"


class Deconditioning:
    """Moves frail people one step of frailty on, after some of their stays.

    Parameters
    ----------
    population, luck, frailty : of the run
    changed : called with the rows whose frailty has changed, so that their rates follow

    Attributes
    ----------
    chance : of a step after a stay with a night, causal part only
    stepped : how many have moved a step
    """

    def __init__(
        self,
        population: Population,
        luck: Luck,
        frailty: FrailtyModel,
        evidence: Evidence,
        changed: Callable[[Rows], None],
    ) -> None:
        def setting(name: str) -> float:
            return evidence.value("deconditioning", key=name)

        declines = evidence.value("mechanisms", mechanism="deconditioning", to=DECLINE)
        self.chance = declines * setting("step_share") * setting("causal_share")
        self._youngest = setting("youngest")
        self._per_day = setting("odds_per_day")
        self._usual_days = setting("usual_days")
        self._people, self._luck, self._frailty = population, luck, frailty
        self._changed = changed
        self.stepped = 0

    def discharged(self, row: int, day: float, days: float, key: int) -> None:
        """Decide, by the visit's key, whether the person leaves a step frailer."""
        people = self._people
        if days < 1.0 or not people.frailty[row] or not people.alive[row]:
            return
        rows = np.array([row])
        if people.age(day, rows)[0] < self._youngest:
            return
        if self._luck.uniform("deconditioning", key) < self._chance_after(days):
            people.extra[STEPS][row] = min(people.extra[STEPS][row] + 1, MOST)
            self._frailty.update(people, rows, day)
            self.stepped += 1
            self._changed(rows)

    def _chance_after(self, days: float) -> float:
        """Return the chance of a step after a stay of so many ``days``: higher after long ones."""
        odds = self.chance / (1.0 - self.chance) * self._per_day ** (days - self._usual_days)
        return float(odds / (1.0 + odds))


def deconditioning(
    world: World, spec: RunSpec, changed: Callable[[Rows], None]
) -> Deconditioning | None:
    """Return what stays do to the frail in this run; None where it is switched off."""
    if spec.settings.get(SETTING) != ON:
        return None
    return Deconditioning(world.population, world.luck, world.frailty, world.evidence, changed)
