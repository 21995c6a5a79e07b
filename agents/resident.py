"""A resident on a pathway: a Mesa agent that is a view of one row and decides."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any, Protocol

import mesa
import numpy as np
import numpy.typing as npt

from agents.luck import Luck
from agents.population import Population


class World(Protocol):
    """What an agent needs of the model it lives in."""

    population: Population
    luck: Luck

    def fixed_luck(self, process: str) -> npt.NDArray[np.float64]:
        """Return everyone's number between 0 and 1 for something decided once."""


class Patient(mesa.Agent):
    """One resident on a pathway.

    Holds no state of the person: every attribute is read from the row, so the columns and
    the agent can never disagree. Each decision is keyed to the person and the occasion.
    """

    def __init__(self, model: Any, row: int, key: int | None = None) -> None:
        super().__init__(model)
        self.row = row
        self._key = key
        self._world: World = model

    @property
    def person(self) -> int:
        """The key of this person's luck."""
        return int(self._world.population.person[self.row])

    @property
    def key(self) -> int:
        """What this person's waits on a pathway are keyed to: the referral, or the person."""
        return self.person if self._key is None else self._key

    @property
    def fifth(self) -> int:
        """IMD quintile, 1 most deprived."""
        return int(self._world.population.imd_quintile[self.row])

    @property
    def alive(self) -> bool:
        """Whether the person is alive."""
        return bool(self._world.population.alive[self.row])

    def is_here(self, day: float) -> bool:
        """Say whether the person is alive and lives in the place on ``day``."""
        population = self._world.population
        return bool(
            population.alive[self.row]
            and population.entry_day[self.row] <= day < population.exit_day[self.row]
        )

    def accepts(self, acceptance: Sequence[float], occasion: int) -> bool:
        """Decide on an invitation; ``acceptance`` is the probability for each fifth."""
        return self._uniform("pathway.accept", occasion) < acceptance[self.fifth - 1]

    def takes_up(self, offer: str, share: float) -> bool:
        """Say whether ``offer`` is right for this person and taken up."""
        return bool(self._world.fixed_luck(f"pathway.{offer}")[self.row] < share)

    def replies_after(self, mean_days: float, occasion: int) -> float:
        """Return the days this person takes to reply."""
        return mean_days * self._exponential("pathway.reply", occasion)

    def stays_for(self, drop_out_per_year: float, occasion: int) -> float:
        """Return the years until this person would drop out of support."""
        exponential = self._exponential("pathway.drop_out", occasion)
        return exponential / drop_out_per_year if drop_out_per_year > 0 else float("inf")

    def _uniform(self, process: str, occasion: int) -> float:
        return self._world.luck.uniform(process, self.person, occasion)

    def _exponential(self, process: str, occasion: int) -> float:
        return -log(self._uniform(process, occasion))
