"""Measures that are ages or years to live: read from sums by five-year band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from results.measures import MEASURES
from results.outcomes import level_sheet, outcome_keys, with_total
from results.settings import Settings
from results.sheets import Sheet, joined
from results.sums import BY_AGE, FIFTHS, SEXES, Sums
from results.utilities import AGE_STEP

Floats = npt.NDArray[np.float64]
HALF = 0.5
FROM_75 = 15  # the band of ages 75 to 79
ENOUGH_DEATHS = 10
YEARS, TWO_PLUS, DEATHS, QALYS, ALIVE = (BY_AGE.index(name) for name in BY_AGE)


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


def _share(block: Sequence[float]) -> float:
    return block[1] / block[0]


def _crossing(ages: Floats, shares: Floats) -> float:
    above = np.flatnonzero(shares >= HALF)
    if len(above) == 0 or above[0] == 0:
        return float("nan")
    after = int(above[0])
    rise = shares[after] - shares[after - 1]
    part = (HALF - shares[after - 1]) / rise
    return float(ages[after - 1] + part * (ages[after] - ages[after - 1]))


def years_left(hazard: Floats, worth: Floats, rate: float = 0.0) -> Floats:
    """Return what is left to live at the start of each band of a period life table.

    Parameters
    ----------
    hazard : (…, bands of five years), deaths a person-year, the last band open
    worth : (…, bands), what a year in the band is worth (1 for years, a utility for QALYs)
    rate : discount rate a year

    Returns
    -------
    (…, bands), not a number where the open band has no hazard
    """
    force = np.log1p(rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        together = hazard + force
        through = np.exp(-AGE_STEP * together)
        inside = np.where(together > 0, (1.0 - through) / together, float(AGE_STEP))
        left = np.empty_like(hazard)
        left[..., -1] = np.where(hazard[..., -1] > 0, worth[..., -1] / together[..., -1], np.nan)
        for band in range(hazard.shape[-1] - 2, -1, -1):
            after = through[..., band] * left[..., band + 1]
            left[..., band] = worth[..., band] * inside[..., band] + after
    return left


def life_expectancy(years: Floats, deaths: Floats, qalys: Floats | None = None) -> Floats:
    """Return years (or QALYs) left at the start of the first band.

    Parameters
    ----------
    years, deaths, qalys : (…, bands of five years), the last band open

    Returns
    -------
    (…,), not a number where a band has no person-years or the open band no death
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = deaths / years
        worth = np.ones_like(years) if qalys is None else qalys / years
    left = years_left(hazard, worth)[..., 0]
    return np.where((years > 0).all(axis=-1), left, np.nan)


def _tables(ages: Floats) -> dict[str, tuple[Floats, tuple[str, ...]]]:
    """Return (years and all, groups, bands, ``BY_AGE``) for all, by fifth and by sex."""
    return {
        "all": (ages.sum(axis=(1, 2))[:, None], ("all",)),
        "imd_quintile": (ages.sum(axis=2), FIFTHS),
        "sex": (ages.sum(axis=1), SEXES),
    }


def age_levels(sums: Sums, grouping: str) -> dict[str, Floats]:
    """Return each measure that is an age or years to live, (years and all, groups)."""
    table = _tables(with_total(sums.ages))[grouping][0]
    years, deaths, qalys = (table[..., place] for place in (YEARS, DEATHS, QALYS))
    return {
        "age_at_2plus": age_at_half(years, table[..., TWO_PLUS]),
        "life_expectancy_75": life_expectancy(years[..., FROM_75:], deaths[..., FROM_75:]),
        "life_expectancy_birth": life_expectancy(years, deaths),
        "qale_birth": life_expectancy(years, deaths, qalys),
    }


def age_sheet(sums: Sums) -> Sheet:
    """Return the measures that are ages or years to live, for all, by fifth and by sex."""
    blocks = [
        level_sheet(name, levels, grouping, labels)
        for grouping, (_, labels) in _tables(sums.ages).items()
        for name, levels in age_levels(sums, grouping).items()
    ]
    return joined(blocks)


def expected_after(ages: Sequence[Floats], rate: float) -> Mapping[str, Floats]:
    """Return what a person alive at the horizon can expect, (5, 2, 19), under usual care.

    Rates are of all baseline runs and years together. Where fewer than ten people of a fifth,
    sex and band died, the fifths and then the sexes are pooled. People stand at the middle of
    their band.

    Parameters
    ----------
    ages : each baseline run's sums by age, (years, 5, 2, 19, ``BY_AGE``)
    rate : discount rate a year, from the horizon on
    """
    whole = np.sum([run.sum(axis=0) for run in ages], axis=0)
    hazard, worth = (_steady(whole, column) for column in (DEATHS, QALYS))
    found = {
        "life_years_beyond": years_left(hazard, np.ones_like(hazard), rate),
        "qalys_beyond": years_left(hazard, worth, rate),
    }
    return {name: _at_the_middle(left) for name, left in found.items()}


def _at_the_middle(left: Floats) -> Floats:
    following = np.concatenate([left[..., 1:], left[..., -1:]], axis=-1)
    middle: Floats = 0.5 * (left + following)
    return middle


def _steady(whole: Floats, column: int) -> Floats:
    """Return a rate by (5, 2, 19), pooled over fifths and sexes where few have died."""
    rate = np.full(whole.shape[:-1], np.nan)
    for over in ((), (0,), (0, 1)):
        pooled = whole.sum(axis=over, keepdims=True) if over else whole
        with np.errstate(divide="ignore", invalid="ignore"):
            found = pooled[..., column] / pooled[..., YEARS]
        last = over == (0, 1)
        enough = (pooled[..., DEATHS] >= ENOUGH_DEATHS) | (last & (pooled[..., YEARS] > 0))
        rate = np.where(np.isnan(rate) & enough, found, rate)
    return rate


def beyond_sheet(
    ages: Floats,
    left: Floats,
    scale: float,
    settings: Settings,
    after: Mapping[str, Mapping[str, Floats]],
) -> Sheet:
    """Return life years and QALYs that no total holds: after the horizon and after moving away.

    Both are lines apart, at usual care's rates, discounted and not, in one row a group.

    Parameters
    ----------
    ages : a run's sums by age
    left : people who moved away alive, (years, 5, 2, 19); they are taken to leave at the end of
        their last year in the place
    scale : residents of the place for each simulated
    after : ``expected_after`` by ``no`` and ``yes`` (discounted)
    """
    rate = settings.value("discount_rate_health")
    blocks = []
    for discounted, expected in after.items():
        factor = (1.0 + rate) ** -np.arange(1.0, len(ages) + 1.0)
        weight = factor if discounted == "yes" else np.ones(len(ages))
        alive = ages[-1, ..., ALIVE] * weight[-1]
        moved = np.tensordot(weight, left, axes=1)
        for measure, each in expected.items():
            for people, name in ((alive, measure), (moved, _AFTER_LEAVING[measure])):
                lost = np.where(people > 0, people * each, 0.0) * scale
                blocks += _in_groups(lost, name, discounted)
    return joined(blocks)


_AFTER_LEAVING = {
    "life_years_beyond": "life_years_after_leaving",
    "qalys_beyond": "qalys_after_leaving",
}
_SUMMED: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "all": ((0, 1, 2), ("all",)),
    "imd_quintile": ((1, 2), FIFTHS),
    "sex": ((0, 2), SEXES),
}


def _in_groups(amount: Floats, measure: str, discounted: str) -> list[Sheet]:
    """Return sheets of an amount by (5, 2, 19) for all, by fifth and by sex."""
    return [
        Sheet(
            outcome_keys((MEASURES[measure],), grouping, labels, 0, discounted),
            {"value": amount.sum(axis=over).reshape(-1)},
        )
        for grouping, (over, labels) in _SUMMED.items()
    ]
