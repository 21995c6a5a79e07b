"""What shortens the way to a diagnosis: contact with the practice, and looking for cases.

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
from agents.health import Health
from agents.luck import Luck
from agents.population import Population

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


def find_cases(
    health: Health, people: Population, rows: Integers, condition: str, *, sees: Bools, day: float
) -> Integers:
    """Look for hidden cases of ``condition`` among ``rows`` on ``day``; return who had one.

    Only people who truly have it and do not know are found: registers grow, illness does not.

    Parameters
    ----------
    sees : (n_rows,) True where a case, if there is one, would be seen

    Raises
    ------
    ValueError
        If the population knows no such condition.
    """
    if condition not in people.conditions:
        raise ValueError(f"nobody can be found to have {condition!r}: no such condition")
    column = people.conditions.index(condition)
    hidden = people.alive[rows] & people.has[rows, column] & ~people.diagnosed[rows, column]
    new: Integers = rows[hidden & sees]
    people.diagnosed[new, column] = True
    people.diagnosis_day[new, column] = day
    health.refresh(new, day)
    return new
