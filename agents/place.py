"""A place: who lives there and what care it has, as numbers ready for use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# The nineteen five-year bands of a place's people: 0-4, 5-9 … 85-89, 90 and over.
AGE_BANDS: tuple[tuple[int, int], ...] = (*((low, low + 4) for low in range(0, 90, 5)), (90, 110))
# The seven bands in which a place's deprivation is known by age.
BROAD_BANDS: tuple[tuple[int, int], ...] = (
    (0, 15),
    (16, 24),
    (25, 34),
    (35, 49),
    (50, 64),
    (65, 74),
    (75, 110),
)
QUINTILES = (1, 2, 3, 4, 5)
ETHNIC_GROUPS = ("white_british", "white_other", "asian", "black", "mixed", "other")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A real place, described by shares, so that any number of residents can be drawn.

    Attributes
    ----------
    key, name : as in tables and as in text
    kind : country, system, borough, locality or own
    system : key of the system it belongs to
    archetype : national, mixed, inner_london, outer_london, urban_affluent, urban_deprived, rural
    population : real residents
    age_sex_share : (19, 2), share of residents by ``AGE_BANDS`` and sex (female, male); sums to 1
    imd_mix : (5,), share of residents by national deprivation fifth (most deprived first)
    age_share_within_imd : (7, 5), share of each fifth's residents by ``BROAD_BANDS``
    ethnicity_mix : share of residents by group of ``ETHNIC_GROUPS``
    practices : real number of practices
    list_size : people registered with a practice, mean
    patients_per_gp : registered people per full-time-equivalent GP, trainees included
    capacity : by service and role, per 10,000 people and year (or places, or a share)
    capacity_archetype : whose capacity that is
    demand_log_factor : by demand process, log of the place's rate over what its people explain
    localities : names, and ``locality_shares`` their shares of residents
    parts : the places a system is made of (empty for all others)
    activity : printed counts by name, where a source gives them
    notes : what was borrowed, guessed or left out, in sentences
    """

    key: str
    name: str
    kind: str
    system: str
    archetype: str
    population: float
    age_sex_share: Floats
    imd_mix: Floats
    age_share_within_imd: Floats
    ethnicity_mix: Mapping[str, float]
    practices: float
    list_size: float
    patients_per_gp: float
    capacity: Mapping[str, Mapping[str, float]]
    capacity_archetype: str
    demand_log_factor: Mapping[str, float]
    localities: tuple[str, ...]
    locality_shares: tuple[float, ...]
    parts: tuple[Place, ...] = ()
    activity: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def age_shares(self) -> Floats:
        """Share of residents by ``AGE_BANDS``, both sexes."""
        shares: Floats = self.age_sex_share.sum(axis=1)
        return shares

    def share_aged(self, low: int) -> float:
        """Return the share of residents aged ``low`` (a multiple of 5) and over."""
        first = next(i for i, band in enumerate(AGE_BANDS) if band[0] >= low)
        return float(self.age_shares[first:].sum())


def largest_remainder(shares: Floats, total: int) -> npt.NDArray[np.int64]:
    """Split ``total`` people by ``shares`` into whole numbers that sum to ``total``.

    Each number is the share rounded down or up; those with the largest fractions go up.
    """
    exact = np.asarray(shares, float) / np.sum(shares) * total
    whole = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - whole).ravel(), kind="stable")
    whole.ravel()[order[: total - int(whole.sum())]] += 1
    return whole
