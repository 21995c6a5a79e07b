"""England from 2015 to 2035 by health alone, with and without a cohort trend.

The projection asks what ageing does by itself. With a trend, people fall ill at rates that
change by a fixed share with each decade of birth: at any age, a change with each calendar
decade after 2015 is the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.luck import Luck
from agents.place import AGE_BANDS, BROAD_BANDS, Place
from agents.population import DAYS_PER_YEAR, Population
from agents.synthesis import synthesise
from calibration.aim import aim_of
from calibration.fit_measures import People
from calibration.prevalence import AGES, population_shares
from calibration.simulated import Simulated
from calibration.targets import CALIBRATE, HOLDOUT, Estimate, Target, allowed, percentage

FIRST_YEAR, LAST_YEAR = 2015, 2035
STEP = 5
SERIES = (("2+ at 65+", 2, 65, 110), ("2+ at 65-74", 2, 65, 74), ("4+ at 65+", 4, 65, 110))
LISTED = 9


def england_of_2015(place: Place, evidence: Evidence) -> Place:
    """Return England with the ages, sexes and fifths of 2013-16."""
    shares = population_shares(evidence)
    by_sex, by_fifth = shares.sum(axis=2), shares.sum(axis=1)
    age_sex = np.array([_in_band(by_sex, band) for band in AGE_BANDS])
    within = np.array([_in_band(by_fifth, band) for band in BROAD_BANDS])
    return replace(
        place,
        age_sex_share=age_sex / age_sex.sum(),
        imd_mix=by_fifth.sum(axis=0),
        age_share_within_imd=within / within.sum(axis=0),
    )


def _in_band(shares: np.ndarray, band: tuple[int, int]) -> np.ndarray:
    low, high = band
    total: np.ndarray = shares[low : min(high, AGES - 1) + 1].sum(axis=0)
    return total


def project(
    place: Place, tables: DiseaseTables, evidence: Evidence, *, residents: int, trend: float
) -> pd.DataFrame:
    """Return the share of older people with 2+ and 4+ of Kingston's list, year by year.

    Parameters
    ----------
    place : England, of any year: its structure is set to that of 2015
    trend : relative change of every onset's rate with each decade after 2015

    Returns
    -------
    one row a series and year: series, year, percent, error
    """
    years = LAST_YEAR - FIRST_YEAR
    luck = Luck(FIRST_YEAR, 0)
    people = synthesise(
        england_of_2015(place, evidence), residents, years, luck, evidence, tables.risks
    )
    health = Health(people, tables, luck)
    health.live_to_entry()
    physical = aim_of(evidence).effects.physical
    everyone = np.arange(len(people))
    rows = []
    for year in range(years + 1):
        day = year * DAYS_PER_YEAR
        health.advance(day)
        if year % STEP == 0:
            rows += _shares(people, day, FIRST_YEAR + year, physical)
        if trend:
            people.onset_factor[:] = (1 + trend) ** ((year + 0.5) / 10)
            health.refresh(everyone, day)
    return pd.DataFrame(rows, columns=["series", "year", "percent", "error"])


def _shares(
    people: Population, day: float, year: int, physical: np.ndarray
) -> list[tuple[str, int, float, float]]:
    rows = np.flatnonzero(people.present(day) & (people.age(day) >= 65))
    older = People(
        conditions=people.conditions,
        has=people.diagnosed[rows],
        age=people.age(day, rows).astype(np.int64),
        sex=people.sex[rows],
        fifth=people.imd_quintile[rows],
        physical=physical,
    )
    count = older.count(LISTED)
    found = []
    for name, least, low, high in SERIES:
        share = percentage(count[older.aged(low, high)] >= least)
        found.append((name, year, share.value, share.error))
    return found


def projection_targets(evidence: Evidence, projected: dict[str, pd.DataFrame]) -> Iterator[Target]:
    """Yield Kingston's figures for 2015 and 2035 beside each projection.

    Parameters
    ----------
    projected : tables of ``project`` by name
    """
    for name, table in projected.items():
        for series, least, low, high in SERIES:
            for row in evidence.rows(
                "multimorbidity",
                measure=f"prevalence_{least}plus",
                n_conditions_in_list="12",
                age_low=str(low),
                age_high=str(high),
            ):
                figure = evidence.figure("multimorbidity", **row)
                year = int(row["year"])
                key = "projection.many" if least == 4 else "projection"
                yield Target(
                    measure=f"projection of {series}, {name}",
                    unit="percent",
                    group_by="year",
                    group=str(year),
                    definition="of 12; our list of 9, on a register; health alone from 2015",
                    figure=figure,
                    allowance=allowed(evidence, key, figure.value),
                    role=HOLDOUT if year == LAST_YEAR else CALIBRATE,
                    year=row["year"],
                    count=_read(table, series, year),
                )


def _read(table: pd.DataFrame, series: str, year: int) -> _Reading:
    return _Reading(table, series, year)


class _Reading:
    """A cell of a projection, told as an estimate."""

    def __init__(self, table: pd.DataFrame, series: str, year: int) -> None:
        here = (table["series"] == series) & (table["year"] == year)
        row = table[here].iloc[0]
        self._estimate = Estimate(float(row["percent"]), float(row["error"]))

    def __call__(self, found: Simulated) -> Estimate:
        return self._estimate
