"""Staff who leave when work is heavy, and the months until their posts are filled.

Of practices by role, and of community services by post. Slots today are those of filled
posts: usual sickness, vacancies and turnover are in them already, and sickness of practices
by month is in ``seasons``. What is added here is only the difference that workload makes, so
who is not overfull loses nobody. What is heavy and how long a post stands empty is that of
practices for all. Off unless a run's structure switches it on: no study gives the slope.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence

Floats = npt.NDArray[np.float64]

TABLE, SETTING = "staff", "structure.workload"
ON = 1.0
MONTHS_A_YEAR = 12
DAYS_A_MONTH = 365.0 / MONTHS_A_YEAR


class Workload:
    """Posts that stand empty in each group of staff because work was heavy.

    Attributes
    ----------
    vacant : (groups,) share of posts empty beyond the usual
    """

    def __init__(self, groups: int, evidence: Evidence) -> None:
        slope = evidence.value("mechanisms", mechanism="workload", to="GP leaving rate")
        self._leaving = slope / 100.0 / MONTHS_A_YEAR
        self._heavy = evidence.value(TABLE, key="practice.heavy_utilisation")
        lag = evidence.value(TABLE, key="practice.recruitment_lag") / DAYS_A_MONTH
        self._left: deque[Floats] = deque([np.zeros(groups)] * max(round(lag), 1))
        self.vacant: Floats = np.zeros(groups)

    def month(self, used: Floats) -> Floats:
        """Let a month pass in which groups used a share ``used`` of their slots or hours.

        Posts that fell empty a recruitment lag ago are filled. Returns the share of posts
        that are filled from now on, (groups,).
        """
        left = np.where(used > self._heavy, self._leaving * (1.0 - self.vacant), 0.0)
        self.vacant = np.maximum(self.vacant + left - self._left.popleft(), 0.0)
        self._left.append(left)
        return 1.0 - self.vacant


def workload(groups: int, evidence: Evidence, settings: Mapping[str, float]) -> Workload | None:
    """Return what heavy work does to staff in this run; None where it is switched off."""
    return Workload(groups, evidence) if settings.get(SETTING) == ON else None
