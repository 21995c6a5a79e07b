"""How often people use services beyond what their conditions, age and deprivation say.

Each person has a lasting multiplier of their own for each service.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways import rates
from pathways.processes import EXPECTED, PROCESSES

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LEAST_MEAN = 0.25  # in a handful of people nobody may happen to use a rare service


def _gamma_shapes(evidence: Evidence) -> dict[str, float]:
    """Return the shape of the personal multiplier of every service that has one."""
    shapes = {}
    for service in dict.fromkeys(PROCESSES.values()):
        if evidence.rows(rates.TABLE, service=service, term="person_gamma_shape"):
            found = evidence.value(rates.TABLE, service=service, term="person_gamma_shape")
            shapes[service] = found
            continue
        key = f"demand.gamma_shape.{service}"
        if evidence.rows("care_settings", key=key):
            shapes[service] = evidence.value("care_settings", key=key)
    return shapes


def personal_multipliers(
    person: Integers, luck: Luck, shapes: Mapping[str, float], correlation: float
) -> dict[str, Floats]:
    """Return each person's lasting multiplier for each service of ``shapes``, mean one.

    Multipliers are gamma; their normal scores share one score of the person, so that any
    two services have ``correlation`` (a Gaussian copula).
    """
    shared = luck.normals("demand.personal", person) * np.sqrt(correlation)
    own = np.sqrt(1.0 - correlation)
    return {
        service: rates.gamma_multipliers(
            shared + own * luck.normals(f"demand.personal.{service}", person), shape
        )
        for service, shape in shapes.items()
    }


def scaled_multipliers(
    people: Population, evidence: Evidence, luck: Luck, weights: Floats
) -> Floats:
    """Return (n_processes + n_expected, n) multipliers of everyone.

    ``weights`` are the rates of today's residents, (n_processes + n_expected, residents). The
    multipliers are scaled so that they change nobody's total: their mean over today's residents,
    weighted so, is exactly one in every process. The luck of who lives here then moves use
    between people and not up or down, which queues so near their limit would magnify.
    """
    ones = np.ones(len(people))
    shapes = _gamma_shapes(evidence)
    correlation = evidence.value("care_settings", key="demand.score_correlation")
    multipliers = personal_multipliers(people.person, luck, shapes, correlation)
    services = (*PROCESSES.values(), *EXPECTED)
    personal = np.array([multipliers.get(service, ones) for service in services])
    here = np.flatnonzero(people.present(0.0))
    if len(here):
        mean = (personal[:, here] * weights).sum(axis=1) / weights.sum(axis=1)
        personal /= np.maximum(mean, _LEAST_MEAN)[:, None]
    return personal
