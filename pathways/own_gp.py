"""How often people see their own GP: the usual-provider index, by person and practice.

Older people and those with several conditions see their own GP more often, people of larger
practices less often, and practices and people differ besides. The index says which contacts
with a GP are with one's own. What it does to admissions is a share of a published association,
nought unless a run says otherwise (``design_settings.continuity.causal_share``); age and
conditions are in the rates already, so only what practice and person add acts here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from pathways.effects import ADMITTED, Continuity

Floats = npt.NDArray[np.float64]

TABLE = "own_gp"
OLDER, SEVERAL = 60.0, 2


@dataclass(frozen=True, slots=True)
class OwnGp:
    """Everyone's usual-provider index (0 to 1) on the first day, and why it is theirs.

    Attributes
    ----------
    index : (n,) share of a person's contacts with a GP that are with the same one
    beyond : (n,) what practice and person add to what age and conditions explain
    """

    index: Floats
    beyond: Floats


def own_gp(population: Population, luck: Luck, evidence: Evidence, list_size: float) -> OwnGp:
    """Return how often people see their own GP; practices have ``list_size`` people on average."""

    def number(key: str) -> float:
        return evidence.value(TABLE, key=f"index.{key}")

    everyone = np.arange(len(population))
    practice = population.practice.astype(np.int64)
    registered = np.bincount(practice[population.present(0.0)], minlength=practice.max() + 1)
    lists = list_size * registered / max(float(registered.mean()), 1e-12)
    doubled = np.log2(np.maximum(lists, 1.0) / number("mean_list"))
    by_practice = number("list_doubled") * doubled + number("practice_spread") * ndtri(
        luck.uniforms("own_gp.practice", np.arange(len(registered)))
    )
    personal = ndtri(luck.uniforms("own_gp.person", population.person))
    beyond = by_practice[practice] + number("personal_spread") * personal
    first = np.maximum(population.entry_day, 0.0)
    older = (first - population.birth_day) / DAYS_PER_YEAR >= OLDER
    several = population.ltc_count(everyone) >= SEVERAL
    explained = number("under_60") + number("over_60") * older + number("multimorbid") * several
    index = np.clip(explained + beyond, 0.0, 1.0)
    return OwnGp(index, index - explained)


def admissions(own: OwnGp, evidence: Evidence) -> tuple[str, Floats] | None:
    """Return the process that usual differences in continuity act on, and each multiplier.

    The multipliers have mean 1. None where no share of the association is a cause.
    """
    continuity = Continuity.read(evidence)
    if continuity.ratio == 1.0:
        return None
    factor = continuity.factor(own.beyond)
    return ADMITTED, factor / factor.mean()
