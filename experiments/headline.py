"""The main difference while a batch is still under way, with its interval."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from experiments.folder import RunKey
from pathways.design import EFFECTS, NO_EFFECTS
from pathways.vocabulary import ACTIVITY

Arm = tuple[str, str, str]  # place, design, effects
Luck = tuple[int, int]  # draw, replication


@dataclass(slots=True)
class Headline:
    """Totals of one kind of activity by run, and the paired differences among them.

    Only activity counted by person can be followed so; for other measures nothing is said.
    """

    measure: str
    folder: Path
    _totals: dict[Arm, dict[Luck, float]] = field(default_factory=dict)

    def add(self, key: RunKey) -> None:
        """Take in a complete run."""
        if self.measure not in ACTIVITY:
            return
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        file = self.folder / key.path / "person_years.parquet"
        try:
            column = pq.read_table(file, columns=[self.measure], partitioning=None)[self.measure]
        except (OSError, ValueError, KeyError):  # the tables will say what is wrong with it
            return
        arm = (key.place, key.design, key.effects)
        total = float(pc.sum(column.cast("float64")).as_py() or 0.0)
        self._totals.setdefault(arm, {})[key.draw, key.replication] = total

    def sentence(self) -> str:
        """Return the first design's relative difference with its 95% interval, or nothing.

        Of its versions the plan's comes first, then what studies published; a null version last.
        """
        for arm, totals in sorted(self._totals.items(), key=lambda item: _order(item[0])):
            bases = [other for other in self._totals if other[::2] == (arm[0], NO_EFFECTS)]
            if arm[2] == NO_EFFECTS or not bases:
                continue
            base = self._totals[bases[0]]
            pairs = sorted(set(totals) & set(base))
            if len(pairs) > 1 and (level := float(np.mean([base[pair] for pair in pairs]))):
                changes = np.array([totals[pair] - base[pair] for pair in pairs]) / level
                return f"{self.measure} {_interval(changes)} in {arm[1]} ({arm[2]})"
        return ""


def _order(arm: Arm) -> tuple[str, str, int]:
    place, design, effects = arm
    return place, design, (NO_EFFECTS, *EFFECTS).index(effects)


def _interval(changes: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """Return mean and 95% interval (Student's t over replications) of relative changes."""
    mean, count = float(changes.mean()), len(changes)
    half = float(stdtrit(count - 1, 0.975)) * float(changes.std(ddof=1)) / sqrt(count)
    return f"{mean:+.1%} ({mean - half:+.1%} to {mean + half:+.1%})"
