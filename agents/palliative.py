"""Who is on a practice's palliative care register: people thought to be near the end of life.

The register follows from what a practice sees: a recorded condition that limits life, and
frailty. Everyone has their own luck of being put on it, so people come on as they become
frailer and stay on, and no life changes for being on it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import FRAILTY, Population

LIFE_LIMITING = ("cancer", "heart_failure", "copd", "dementia", "chronic_liver_disease")
FROM = "palliative_from"  # column of Population.extra: the frailty from which one is on it

Rows = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def settle_palliative(population: Population, luck: Luck, evidence: Evidence) -> None:
    """Draw for everyone from which frailty on they are on the register, if ill enough.

    Shares of those with a recorded life-limiting condition, by frailty, are rows
    ``palliative.*`` of ``traits.csv``; they must not fall as frailty grows.
    """
    shares = np.array([evidence.value("traits", key=f"palliative.{level}") for level in FRAILTY])
    drawn = luck.uniforms("trait.palliative", population.person)
    passed: npt.NDArray[np.int64] = (drawn[:, None] >= shares).sum(axis=1)
    population.extra[FROM] = passed.astype(np.int8)


def on_register(population: Population, rows: Rows | slice = slice(None)) -> Bools:
    """Return which of ``rows`` are on the register now; nobody before it is settled."""
    since = population.extra.get(FROM)
    if since is None:
        return np.zeros(len(population.person[rows]), np.bool_)
    columns = [
        population.conditions.index(name) for name in LIFE_LIMITING if name in population.conditions
    ]
    ill = population.diagnosed[rows][:, columns].any(axis=1)
    found: Bools = ill & (population.frailty[rows] >= since[rows].astype(np.int8))
    return found
