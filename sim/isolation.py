"""Isolation in a run: ties that deaths take and groups make, and what being alone does.

Isolation acts on the need for care only as far as studies support a cause. What it does
averages one at the baseline, so that it moves use between people and not the total.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.network import Network, isolation_ratios
from pathways.demand import Demand
from pathways.ledger import Ledger

Rows = npt.NDArray[np.int64]

SESSIONS = "vcse_group_sessions"


class Isolation:
    """Keeps ``isolated`` and the rates that depend on it up to date.

    Every method returns the rows whose rates must be refreshed.
    """

    def __init__(self, network: Network, demand: Demand, evidence: Evidence) -> None:
        self._network, self._demand = network, demand
        self._ratios = {
            name: ratio for name, ratio in isolation_ratios(evidence).items() if ratio != 1.0
        }
        self._sessions = np.zeros(len(demand.population), np.float32)
        for process, ratio in self._ratios.items():
            self._begin(process, ratio)
        if self._ratios:
            demand.refresh(np.arange(len(demand.population)), 0)

    def _begin(self, process: str, ratio: float) -> None:
        """Raise the rates of the isolated, and lower all so that today's total stays."""
        people, demand = self._demand.population, self._demand
        does = np.where(people.isolated, ratio, 1.0)
        here = np.flatnonzero(people.present(0.0))
        rate = demand.rate[process][here]
        mean = float(rate @ does[here] / rate.sum()) if rate.any() else 1.0
        demand.multiply(process, np.arange(len(people)), does / mean)

    def bereaved(self, died: Rows, day: float) -> Rows:
        """Take from those left behind their ties to the dead."""
        return self._changed(self._network.bereaved(died, day))

    def week(self, day: float, ledger: Ledger, *, groups: bool) -> Rows:
        """Let lost ties come back, and people who met in a group this week make some."""
        changed = [self._changed(self._network.mourned(day))]
        if groups:
            changed.append(self._changed(self._network.fade(day)))
            met = self._met(ledger.activity[SESSIONS])
            changed.append(self._changed(self._network.met_in_group(met, day)))
        return np.concatenate(changed)

    def _met(self, sessions: npt.NDArray[np.float32]) -> Rows:
        """Return who has had a session since last week; the year's count may have restarted."""
        met = np.flatnonzero((sessions != self._sessions) & (sessions > 0))
        self._sessions[:] = sessions
        return met

    def _changed(self, rows: Rows) -> Rows:
        isolated = self._demand.population.isolated[rows]
        for process, ratio in self._ratios.items():
            self._demand.multiply(process, rows, np.where(isolated, ratio, 1.0 / ratio))
        return rows
