"""Unmet need that returns worse: some who did without the practice come to A&E weeks later.

Off unless a run's structure switches it on: the share is ours, and the demand table already
holds what people do at today's access, so with this on attendances are a little above the
published. It is for comparing designs that change access, not for levels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck, Words
from pathways.practice import PracticeDay
from sim.spec import RunSpec

Rows = npt.NDArray[np.int64]
SETTING = "structure.unmet_returns"
ON = 1.0


class UnmetReturns:
    """Remembers who went without, and who of them comes to A&E on which day.

    Attributes
    ----------
    share : of unmet requests after which the person did nothing
    days : mean time until they come
    """

    def __init__(self, evidence: Evidence, luck: Luck) -> None:
        self.share = evidence.value("care_settings", key="unmet.returns_share")
        self.days = evidence.value("care_settings", key="unmet.returns_days")
        self._luck = luck
        self._due: dict[int, list[tuple[Rows, Words]]] = {}

    def note(self, day: int, practice: PracticeDay) -> None:
        """Remember those of ``day`` whose request came to nothing and who will come."""
        nothing = practice.leak == len(practice.leaks)
        rows, keys = practice.failed[nothing], practice.failed_keys[nothing]
        comes = self._luck.uniforms_of(keys, "unmet.returns") < self.share
        rows, keys = rows[comes], self._luck.words_of(keys[comes], "unmet.visit")
        later = 1 + (self._luck.exponentials_of(keys, "unmet.days") * self.days).astype(np.int64)
        for number in np.unique(later).tolist():
            mine = later == number
            self._due.setdefault(day + number, []).append((rows[mine], keys[mine]))

    def due(self, day: int) -> tuple[Rows, Words]:
        """Return rows and keys of those who come on ``day``; each comes once."""
        parts = self._due.pop(day, [])
        rows = [np.empty(0, np.int64), *(one for one, _ in parts)]
        keys = [np.empty(0, np.uint64), *(one for _, one in parts)]
        return np.concatenate(rows), np.concatenate(keys)

    def come(self, day: int, practice: PracticeDay) -> tuple[Rows, Words]:
        """Note the unmet requests of ``day``; return who comes to A&E today for one of before."""
        self.note(day, practice)
        return self.due(day)


def unmet_returns(spec: RunSpec, evidence: Evidence, luck: Luck) -> UnmetReturns | None:
    """Return the mechanism where the run's structure switches it on."""
    return UnmetReturns(evidence, luck) if spec.settings.get(SETTING) == ON else None
