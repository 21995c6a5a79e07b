"""What the services of a run need of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import simpy

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways.asked import Arrivals
from pathways.calendar import Calendar
from pathways.demand import Demand
from pathways.ledger import Ledger
from pathways.seasons import Seasons
from sim.spec import RunSpec


class Scene(Protocol):
    """What services need of the model."""

    spec: RunSpec
    env: simpy.Environment
    population: Population
    luck: Luck
    calendar: Calendar
    ledger: Ledger
    demand: Demand
    seasons: Seasons
    history: Mapping[str, Arrivals]

    @property
    def evidence(self) -> Evidence:
        """The numbers of the run."""

    def discharged(self, row: int, day: float, days: float, key: int) -> None:
        """Let a stay in hospital do to the person what it does."""
