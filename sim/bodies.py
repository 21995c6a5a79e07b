"""Bodies live to the end of the week at its beginning; each death waits for its own day.

Nothing that care does within a week changes what the bodies of that week do (effects of a
design are stepped when a week begins), so a week can be lived at once, which costs a third of
seven days. Onsets, diagnoses and remissions count from the beginning of their week, as the
rates of need do, which are worked out once a week; who dies is here until the day of death.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.health import Health
from agents.health_events import DEATH, NOTHING, HealthEvents
from agents.population import Population
from pathways.calendar import WEEK, YEAR

Rows = npt.NDArray[np.int64]


class Bodies:
    """The health of everyone, a week at a time, and who dies on which of its days."""

    def __init__(self, health: Health, population: Population) -> None:
        self._health = health
        self._population = population
        self._lived_until = 0
        self._dying: dict[int, list[Rows]] = {}

    def live_on(self, day: int) -> HealthEvents:
        """Live to the end of the week of ``day``, or of its year if sooner; return what happened.

        Nothing where that has been lived already, unless care has changed hazards since.
        """
        if day < self._lived_until and not self._health.refreshed:
            return NOTHING
        self._lived_until = min((day // WEEK + 1) * WEEK, (day // YEAR + 1) * YEAR)
        events = self._health.advance(float(self._lived_until))
        died = events.kinds == DEATH
        rows, on = events.rows[died], np.floor(events.days[died]).astype(np.int64) + 1
        self._population.alive[rows] = True
        for each in np.unique(on).tolist():
            self._dying.setdefault(max(each, day + 1), []).append(rows[on == each])
        return events

    def die(self, day: int) -> Rows:
        """Let those die whose death fell before ``day``; return who, in order of their deaths."""
        rows = np.concatenate([np.empty(0, np.int64), *self._dying.pop(day, [])])
        self._population.alive[rows] = False
        return rows
