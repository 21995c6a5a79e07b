"""Measures that are ages or years to live: read from sums by five-year band."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from results.outcomes import level_sheet, with_total
from results.sheets import Sheet, joined
from results.sums import FIFTHS, SEXES, Sums
from results.utilities import AGE_STEP

Floats = npt.NDArray[np.float64]
HALF = 0.5
FROM_75 = 15  # the band of ages 75 to 79


def age_at_half(years: Floats, with_two: Floats) -> Floats:
    """Return the age at which the share with two or more conditions first passes one half.

    The share of each five-year band stands at its middle and is read between bands on a
    straight line; it is made never to fall with age (pooling neighbours) before it is read.

    Parameters
    ----------
    years, with_two : (…, bands), person-years and those with two or more conditions

    Returns
    -------
    (…,), not a number where no band reaches one half
    """
    flat_years = years.reshape(-1, years.shape[-1])
    flat_two = with_two.reshape(-1, years.shape[-1])
    ages = [_crossing(*_pooled(*pair)) for pair in zip(flat_years, flat_two, strict=True)]
    return np.array(ages).reshape(years.shape[:-1])


def _pooled(years: Floats, with_two: Floats) -> tuple[Floats, Floats]:
    """Return the middle ages of the bands and shares that never fall (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for band, (lived, two) in enumerate(zip(years, with_two, strict=True)):
        if lived <= 0:
            continue
        middle = AGE_STEP * (band + 0.5)
        blocks.append([lived, two, middle * lived])
        while len(blocks) > 1 and _share(blocks[-2]) > _share(blocks[-1]):
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    ages = np.array([block[2] / block[0] for block in blocks])
    return ages, np.array([_share(block) for block in blocks])


def _share(block: list[float]) -> float:
    return block[1] / block[0]


def _crossing(ages: Floats, shares: Floats) -> float:
    above = np.flatnonzero(shares >= HALF)
    if len(above) == 0 or above[0] == 0:
        return float("nan")
    after = int(above[0])
    rise = shares[after] - shares[after - 1]
    part = (HALF - shares[after - 1]) / rise
    return float(ages[after - 1] + part * (ages[after] - ages[after - 1]))


def life_expectancy(years: Floats, deaths: Floats) -> Floats:
    """Return years left to live at the start of the first band of a period life table.

    Parameters
    ----------
    years, deaths : (…, bands of five years), the last band open

    Returns
    -------
    (…,), not a number where a band has no person-years or the open band no death
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = deaths / years
        through = np.exp(-AGE_STEP * hazard)
        inside = np.where(hazard > 0, (1.0 - through) / hazard, float(AGE_STEP))
        inside[..., -1] = 1.0 / hazard[..., -1]
    reach = np.cumprod(through, axis=-1)
    alive = np.concatenate([np.ones_like(reach[..., :1]), reach[..., :-1]], axis=-1)
    left: Floats = (alive * inside).sum(axis=-1)
    return np.where(np.isfinite(left) & (years > 0).all(axis=-1), left, np.nan)


def age_sheet(sums: Sums) -> Sheet:
    """Return the age at two conditions and the life expectancy at 75, all, by fifth and sex."""
    ages = with_total(sums.ages)
    by = {
        "all": (ages.sum(axis=(1, 2))[:, None], ("all",)),
        "imd_quintile": (ages.sum(axis=2), FIFTHS),
        "sex": (ages.sum(axis=1), SEXES),
    }
    blocks = []
    for grouping, (table, labels) in by.items():
        half = age_at_half(table[..., 0], table[..., 1])
        left = life_expectancy(table[..., FROM_75:, 0], table[..., FROM_75:, 2])
        blocks.append(level_sheet("age_at_2plus", half, grouping, labels))
        blocks.append(level_sheet("life_expectancy_75", left, grouping, labels))
    return joined(blocks)
