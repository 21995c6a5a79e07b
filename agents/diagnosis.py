"""How contact with the practice shortens the way to a diagnosis.

How long a condition stays hidden goes by condition, age and sex (see ``diagnoses``). Here
people who see their practice more than others of their kind are found sooner; the delay
averages one over people, so registers keep their size. No published gradient by deprivation
holds once age is known (hypertension: ratio 1.0), so none is made.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtr

from agents.evidence import Evidence
from agents.luck import Luck

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_SERVICE = "practice_consultation"
_LEAST = 0.02  # of the usual number of contacts: nobody waits for ever


def contact_delay(person: Integers, luck: Luck, evidence: Evidence) -> Floats:
    """Return what multiplies each person's delay to diagnosis, 1 on average.

    It falls with the person's lasting multiplier of consultations, whose luck and gamma shape
    are those of the demand for care.
    """
    shape = evidence.value("baseline_demand", service=_SERVICE, term="person_gamma_shape")
    power = evidence.value("diagnosis", key="delay.power_of_contact")
    if power == 0.0:
        return np.ones(person.size)
    grid = np.linspace(-6.0, 6.0, 1201)
    contacts = np.maximum(gammaincinv(shape, ndtr(grid)) / shape, _LEAST)
    delays = contacts**-power
    usual = np.average(delays, weights=np.exp(-(grid**2) / 2.0))
    delay: Floats = np.interp(_contact_score(person, luck, evidence), grid, delays / usual)
    return delay


def _contact_score(person: Integers, luck: Luck, evidence: Evidence) -> Floats:
    shared = evidence.value("care_settings", key="demand.score_correlation")
    own = luck.normals(f"demand.personal.{_SERVICE}", person)
    score: Floats = np.sqrt(shared) * luck.normals("demand.personal", person)
    score += np.sqrt(1.0 - shared) * own
    return score
