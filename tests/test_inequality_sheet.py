"""Every index in the inequality table, taken again by plain arithmetic from the run's sums."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from results.costs import RunCosts
from results.inequality import equal_equivalent, inequality_sheet, standardised
from results.lives import Lives
from results.measure import COUNT, RATIO
from results.measures import MEASURES
from results.prices import read_prices
from results.quantities import COLUMN, QUANTITIES
from results.settings import read_settings
from results.store import Run
from results.sums import AGE_BANDS, Sums

Floats = npt.NDArray[np.float64]
GROUPS = ("small", "largest", "empty", "other")
FACTS = {
    "place": "p", "design": "d", "effects": "none", "replication": 0, "years": 2, "scale": 10.0,
    "ethnic_groups": list(GROUPS), "design_costs": [],
}  # fmt: skip
COUNTED, SHARE, PLAIN = "deaths", "prevalence_2plus", "activation"
STANDARD = np.linspace(1.0, 2.0, 14).reshape(7, 2) / 21.0


def made() -> Sums:
    """Return uneven sums with nobody in one fifth's oldest band and one ethnic group empty."""
    cells = np.random.default_rng(7).uniform(1.0, 9.0, (2, 5, len(AGE_BANDS), 2, len(QUANTITIES)))
    cells[:, 4, 6] = 0.0
    cells[0, ..., COLUMN["adult_years"]] *= 0.01  # divisors below 1 are divisors too
    whole = cells.sum(axis=(1, 2, 3))
    groups = np.stack([0.2 * whole, 0.5 * whole, 0.0 * whole, 0.3 * whole], axis=1)
    groups[:, 0, COLUMN["deaths"]] *= 3.0
    groups[:, 3, COLUMN["activation_years"]] *= 0.5
    lives = np.zeros((2, 5, 2, 19, 5))
    labels = {"all": ("all",), "ethnicity": GROUPS}
    return Sums(
        Run(Path("nowhere"), FACTS), cells, {"ethnicity": groups}, lives, labels, Lives(), {}
    )


@pytest.fixture(scope="module")
def sums() -> Sums:
    return made()


@pytest.fixture(scope="module")
def table(sums: Sums) -> pd.DataFrame:
    ages = {
        "life_expectancy_birth": np.array([[70.0, 74, 76, 79, 83]] * 2 + [[71.0, 75, 76, 79, 84]])
    }
    sheet = inequality_sheet(sums, RunCosts(sums, read_prices(read_settings())), STANDARD, ages)
    names = ["measure", "index", "group_by", "group", "standardised", "year"]
    assert list(sheet.keys.columns) == names
    assert not sheet.keys.duplicated().any()
    return sheet.keys.assign(value=sheet.numbers["value"])


def parts(amounts: Floats, measure: str) -> tuple[Floats, Floats]:
    """Return what stands above and below the line of a measure, for any amounts."""
    known = MEASURES[measure]
    top = sum(amounts[..., COLUMN[name]] for name in known.numerator)
    below = known.denominator if known.kind == RATIO else ("person_years",)
    bottom = sum(amounts[..., COLUMN[name]] for name in below)
    return np.asarray(top), np.asarray(bottom)


def years(sums: Floats) -> Iterator[tuple[str, Floats]]:
    yield from zip(("1", "2", "all"), (*sums, sums.sum(axis=0)), strict=True)


def indices(level: Floats, people: Floats, is_share: bool) -> dict[str, float]:
    """Return every index of five levels, by regression and covariance of NumPy itself."""
    share = people / people.sum()
    rank = np.cumsum(share) - share / 2
    steep, start = np.polyfit(rank, level, 1, w=np.sqrt(share))
    mean = np.average(level, weights=share)
    together = np.cov(level, rank, aweights=share, ddof=0)[0, 1]
    found = {
        "absolute_gap": level[0] - level[4],
        "relative_gap": level[0] / level[4],
        "sii": steep,
        "rii": (start + steep) / start,
        "concentration_index": 2 * together / mean,
    }
    return found | ({"erreygers_index": 8 * together} if is_share else {})


def told(table: pd.DataFrame, measure: str, **where: str) -> pd.Series:
    rows = table[table["measure"] == measure]
    for name, want in where.items():
        rows = rows[rows[name] == want]
    return rows.set_index("index")["value"]


@pytest.mark.parametrize("measure", [COUNTED, SHARE, PLAIN])
def test_indices_by_fifth_are_those_of_the_rates(
    sums: Sums, table: pd.DataFrame, measure: str
) -> None:
    per = 1000.0 if MEASURES[measure].kind == COUNT else 1.0
    for year, cells in years(sums.cells):
        fifths = cells.sum(axis=(1, 2))
        top, bottom = parts(fifths, measure)
        people = fifths[:, COLUMN["person_years"]]
        expected = indices(per * top / bottom, people, measure == SHARE)
        found = told(table, measure, group_by="imd_quintile", standardised="no", year=year)
        assert found.to_dict() == pytest.approx(expected)


@pytest.mark.parametrize("measure", [COUNTED, SHARE])
def test_standardised_indices_are_those_of_rates_at_one_age_and_sex_mix(
    sums: Sums, table: pd.DataFrame, measure: str
) -> None:
    per = 1000.0 if MEASURES[measure].kind == COUNT else 1.0
    for year, cells in years(sums.cells):
        top, bottom = parts(cells, measure)
        some = bottom > 0
        weight = some * STANDARD
        rate = np.where(some, top, 0.0) / np.where(some, bottom, 1.0)
        level = per * (rate * weight).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
        people = cells[..., COLUMN["person_years"]].sum(axis=(1, 2))
        expected = indices(level, people, measure == SHARE)
        found = told(table, measure, group_by="imd_quintile", standardised="yes", year=year)
        assert found.to_dict() == pytest.approx(expected)


def test_levels_that_do_not_add_up_are_taken_as_they_are(sums: Sums, table: pd.DataFrame) -> None:
    people = sums.cells.sum(axis=(0, 2, 3))[:, COLUMN["person_years"]]
    found = told(table, "life_expectancy_birth", year="all")
    assert found.to_dict() == pytest.approx(
        indices(np.array([71.0, 75, 76, 79, 84]), people, False)
    )


@pytest.mark.parametrize("measure", [COUNTED, SHARE, PLAIN])
def test_ethnic_groups_are_set_against_the_largest_and_not_ranked(
    sums: Sums, table: pd.DataFrame, measure: str
) -> None:
    per = 1000.0 if MEASURES[measure].kind == COUNT else 1.0
    for year, groups in years(sums.groups["ethnicity"]):
        top, bottom = parts(groups, measure)
        for place in (0, 3):
            name = f"{GROUPS[place]} against largest"
            own, largest = (per * top[at] / bottom[at] for at in (place, 1))
            found = told(table, measure, group_by="ethnicity", group=name, year=year)
            expected = {"absolute_gap": own - largest, "relative_gap": own / largest}
            assert found.to_dict() == pytest.approx(expected)


def test_a_group_without_anybody_has_no_rate_and_the_largest_no_gap(table: pd.DataFrame) -> None:
    ethnic = table[table["group_by"] == "ethnicity"]
    assert set(ethnic["group"]) == {
        f"{name} against largest" for name in ("small", "empty", "other")
    }
    assert ethnic.loc[ethnic["group"].str.startswith("empty"), "value"].isna().all()


def test_averages_have_no_gap_and_only_shares_an_index_with_bounds(table: pd.DataFrame) -> None:
    assert "people" not in set(table["measure"])
    bounded = set(table.loc[table["index"] == "erreygers_index", "measure"])
    assert SHARE in bounded
    assert not bounded & {COUNTED, PLAIN, "life_expectancy_birth"}
    assert table.loc[table["index"] == "erreygers_index", "value"].notna().all()


def test_erreygers_index_of_a_level_with_other_bounds_is_that_of_its_share() -> None:
    from results.inequality import erreygers_index

    level, people = np.array([20.0, 35.0, 50.0, 60.0, 70.0]), np.array([1.0, 2, 3, 2, 1])
    # A tariff from 10 to 90: the index does not ask in which unit a bounded level is told.
    assert erreygers_index(level, people, 10.0, 90.0) == pytest.approx(
        erreygers_index((level - 10) / 80, people)
    )


def test_an_aversion_just_beside_one_is_near_the_geometric_mean() -> None:
    level, people = np.array([1.0, 4.0]), np.array([1.0, 1.0])
    for aversion in (1.0 - 1e-3, 1.0 + 1e-3):
        assert equal_equivalent(level, people, aversion) == pytest.approx(2.0, abs=1e-3)


def test_a_cell_with_less_than_one_person_year_counts() -> None:
    bottom = np.zeros((1, 5, 7, 2, 1))
    bottom[0, 0, 0, 0, 0] = 0.5
    standard = np.full((7, 2), 1 / 14)
    assert standardised(3.0 * bottom, bottom, standard)[0, 0, 0] == pytest.approx(3.0)
