"""What is counted of a population to compare it with published multimorbidity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# Conditions in the lists of others, as far as we have them. Kingston counts arthritis and
# respiratory disease, two of ours each, as one.
NOT_LISTED = ("osteoarthritis", "osteoporosis")
MOOD = ("depression", "anxiety")
MENTAL = ("depression", "anxiety", "smi", "alcohol_problems")
KINGSTON = (
    ("hypertension",),
    ("type_2_diabetes",),
    ("coronary_heart_disease",),
    ("stroke_tia",),
    ("osteoarthritis", "rheumatoid_arthritis"),
    ("copd", "asthma"),
    ("cancer",),
    ("dementia",),
    ("depression",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The columns that fit measures need.

    Attributes
    ----------
    conditions : names of the columns of ``has``
    has : (n, n_conditions) conditions counted, on the register or true
    age : (n,) completed years
    sex, fifth : (n,) 0 female, 1 male; 1 most to 5 least deprived
    physical : (n_conditions,) counts as physical
    """

    conditions: tuple[str, ...]
    has: Bools
    age: Integers
    sex: npt.NDArray[np.int8]
    fifth: npt.NDArray[np.int8]
    physical: Bools

    def of(self, *names: str) -> Bools:
        """Return the columns ``names``, (n, n_names)."""
        return self.has[:, [self.conditions.index(name) for name in names]]

    def count(self, listed: int) -> Integers:
        """Return conditions held on the list of 27, 25, 24 or 9 conditions, (n,)."""
        if listed == 9:
            groups = [self.of(*group).any(axis=1) for group in KINGSTON]
            counted: Integers = np.stack(groups, axis=1).sum(axis=1, dtype=np.int64)
            return counted
        total: Integers = self.has.sum(axis=1, dtype=np.int64)
        if listed <= 25:
            total -= self.of(*NOT_LISTED).sum(axis=1)
        if listed == 24:
            total -= self.of(*MOOD).all(axis=1)
        return total

    def aged(self, low: int, high: int = 110, *, sex: int | None = None, fifth: int = 0) -> Bools:
        """Return who is ``low`` to ``high`` years old, of one sex or fifth where given."""
        who = (self.age >= low) & (self.age <= high)
        if sex is not None:
            who &= self.sex == sex
        return who & (self.fifth == fifth) if fifth else who

    def with_at_least(self, least: int, listed: int, who: Bools) -> float:
        """Return the percentage of ``who`` with ``least`` conditions or more of a list."""
        return float(100 * (self.count(listed)[who] >= least).mean())

    def together(self, names: tuple[str, ...], low: int, high: int) -> float:
        """Return observed over expected frequency of conditions ``names`` together."""
        columns = self.of(*names)[self.aged(low, high)]
        return float(columns.all(axis=1).mean() / columns.mean(axis=0).prod())

    def physical_and_mental(self, fifth: int) -> float:
        """Return the percentage of a fifth with a physical and a mental condition."""
        here = self.fifth == fifth
        physical = self.has[here][:, self.physical].any(axis=1)
        mental = self.of(*MENTAL)[here].any(axis=1)
        return float(100 * (physical & mental).mean())

    def age_of_half(self, listed: int, fifth: int) -> float:
        """Return the age at which half of a fifth have two conditions of a list."""
        two = self.count(listed) >= 2
        ages = np.arange(35, 92)
        here = self.fifth == fifth
        share = np.array([two[here & (abs(self.age - age) <= 1)].mean() for age in ages])
        rising = (share > 0.2) & (share < 0.8)
        curve = np.polyfit(ages[rising] + 0.5, share[rising], 3)
        fine = np.linspace(45, 90, 4501)
        return float(fine[np.abs(np.polyval(curve, fine) - 0.5).argmin()])
