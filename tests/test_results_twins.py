"""Gains of people over their twins, frameworks in the documents' words, the workbook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results.ages import beyond_sheet, expected_after, years_left
from results.frameworks import MEASURED, UNEQUAL, frameworks_table
from results.lives import Lives
from results.measures import MEASURES
from results.settings import read_settings
from results.sums import BY_AGE
from results.twins import gain_sheet
from results.workbook import write_workbook


def people(
    persons: list[int], fifths: list[int], stages: list[int], year: int = 1, died: bool = False
) -> dict[str, np.ndarray]:
    """Person-years of women of 62 in one year."""
    size = len(persons)
    return {
        "person": np.array(persons),
        "imd_quintile": np.array(fifths, np.int8),
        "stages": np.array(stages, np.uint8),
        "year": np.full(size, year, np.int16),
        "died": np.full(size, died),
        "age": np.full(size, 62, np.int16),
        "sex": np.zeros(size, np.int8),
    }


def lives(qalys: list[float], fifths: list[int], stages: list[int]) -> Lives:
    found = Lives()
    found.add(people(list(range(len(qalys))), fifths, stages), np.array(qalys))
    return found


def test_a_gain_is_a_persons_life_less_that_of_their_twin() -> None:
    usual = lives([8.0, 8.0, 8.0, 0.0], [1, 1, 5, 5], [0, 0, 0, 0])
    other = lives([9.0, 7.5, 8.0, 0.0], [1, 1, 5, 5], [31, 1, 0, 0])
    sheet = gain_sheet(other, usual, scale=10.0)
    table = sheet.keys.assign(**sheet.numbers).set_index("group")
    assert table.loc["all", "people"] == 30  # nobody counts who lived in neither
    assert table.loc["all", "gain_qalys"] == pytest.approx(5.0)
    assert table.loc["all", "gain_days_per_person"] == pytest.approx(0.5 / 3 * 365.25)
    assert table.loc["supported", "gain_qalys"] == pytest.approx(10.0)
    assert table.loc["eligible, not supported", "gain_qalys"] == pytest.approx(-5.0)
    assert table.loc["never eligible", "gain_qalys"] == 0.0
    assert table.loc["1", "share_gaining"] == 0.5
    assert table["share_losing"].isna()["3"]


def test_lives_add_over_years_and_remember_every_step_reached() -> None:
    found = lives([1.0, 2.0], [1, 2], [1, 0])
    found.add(people([1, 4], [2, 3], [3, 0], year=2), np.array([0.5, 0.25]))
    assert found.settled.person.tolist() == [0, 1, 4]
    assert found.settled.qalys.tolist() == [1.0, 2.5, 0.25]
    assert found.settled.stages.tolist() == [1, 3, 0]


def test_who_moved_away_is_who_was_gone_before_the_last_year_and_had_not_died() -> None:
    found = Lives()
    everyone = people([0, 1, 2, 3], [1, 2, 3, 5], [0] * 4)
    found.add(everyone | {"died": np.array([False, True, False, False])}, np.ones(4))
    found.add(people([3, 2], [5, 3], [0, 0], year=2), np.ones(2))
    found.add(people([2], [3], [0], year=3), np.ones(1))
    left = found.left(3)
    assert left.sum() == 2  # 0 left in year 1, 3 in year 2; 1 died, 2 is there to the end
    assert left[0, 0, 0, 12] == left[1, 4, 0, 12] == 1


def test_years_that_come_out_of_order_leave_the_same_lives() -> None:
    found = Lives()
    late, early = people([0], [4], [16], year=2), people([0], [4], [1])
    both = {name: np.concatenate([late[name], early[name]]) for name in late}
    found.add(both, np.array([0.5, 0.25]))
    assert found.settled.qalys.tolist() == [0.75]
    assert found.left(3)[1, 3, 0, 12] == 1


def test_years_left_at_one_hazard_and_a_discount_rate_is_one_over_their_sum() -> None:
    hazard = np.full(19, 0.05)
    assert years_left(hazard, np.ones(19))[0] == pytest.approx(20.0)
    rate = 0.035
    left = years_left(hazard, np.full(19, 0.8), rate)
    assert left == pytest.approx(np.full(19, 0.8 / (0.05 + np.log(1.035))))


def flat_ages(alive: float) -> np.ndarray:
    """Two years in which every fifth, sex and band loses a tenth of 1,000 people a year."""
    ages = np.zeros((2, 5, 2, 19, len(BY_AGE)))
    for name, value in (("person_years", 1000.0), ("deaths", 100.0), ("qalys", 500.0)):
        ages[..., BY_AGE.index(name)] = value
    ages[..., BY_AGE.index("alive_at_end")] = alive
    return ages


def test_life_beyond_the_horizon_is_survivors_times_what_usual_care_promises() -> None:
    after = {
        "no": expected_after([flat_ages(1.0)], 0.0),
        "yes": expected_after([flat_ages(1.0)], 0.035),
    }
    assert after["no"]["life_years_beyond"] == pytest.approx(10.0)
    left = np.zeros((2, 5, 2, 19))
    left[0, 3, 1, 8] = 5.0
    sheet = beyond_sheet(flat_ages(2.0), left, 3.0, read_settings(), after)
    table = sheet.keys.assign(value=sheet.numbers["value"])
    whole = table[table["group"] == "all"].set_index(["measure", "discounted"])["value"]
    assert whole["qalys_beyond", "no"] == pytest.approx(190 * 2.0 * 3.0 * 10.0 * 0.5)
    expected = 190 * 2.0 * 3.0 / (0.1 + np.log(1.035)) * 1.035**-2
    assert whole["life_years_beyond", "yes"] == pytest.approx(expected)
    assert whole["qalys_after_leaving", "no"] == pytest.approx(5.0 * 3.0 * 10.0 * 0.5)
    assert whole["life_years_after_leaving", "yes"] == pytest.approx(
        5.0 * 3.0 / (0.1 + np.log(1.035)) / 1.035
    )
    fifths = table[(table["group_by"] == "imd_quintile") & (table["discounted"] == "no")]
    assert fifths.groupby("measure")["value"].sum()["qalys_beyond"] == pytest.approx(
        whole["qalys_beyond", "no"]
    )


def test_few_deaths_borrow_the_hazard_of_all_fifths() -> None:
    ages = flat_ages(1.0)
    ages[:, 2, 0, 5, BY_AGE.index("deaths")] = 0.0
    expected = expected_after([ages], 0.0)["life_years_beyond"]
    pooled = 800 / 10000  # the other fifths of that sex and band, over all person-years
    hazard = np.full(19, 0.1)
    hazard[5] = pooled
    left = years_left(hazard, np.ones(19))
    assert expected[2, 0, 5] == pytest.approx((left[5] + left[6]) / 2)


def test_every_indicator_of_the_documents_has_a_row_and_every_measure_named_exists() -> None:
    settings = read_settings()
    named = {key for keys in (*MEASURED.values(), *UNEQUAL.values()) for key in keys}
    assert named <= set(MEASURES)
    rows = settings.evidence.rows("plan_targets", topic="outcome_indicator")
    items = {row["item"] for row in rows}
    assert set(MEASURED) | set(UNEQUAL) <= items
    empty = frameworks_table(pd.DataFrame(), pd.DataFrame(), settings)
    assert set(empty["indicator"]) == items


def test_a_workbook_repeats_to_the_byte_and_reads_no_text_as_a_formula(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    table = pd.DataFrame({"name": ["=1+1", "plain"], "value": [0.5, np.nan]})
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write_workbook(first, {"things": table})
    write_workbook(second, {"things": table})
    assert first.read_bytes() == second.read_bytes()
    cells = [[cell.value for cell in row] for row in load_workbook(first)["things"].iter_rows()]
    assert cells == [["name", "value"], ["=1+1", 0.5], ["plain", None]]
    kinds = [cell.data_type for cell in next(iter(load_workbook(first)["things"]["A2:A2"]))]
    assert kinds == ["s"]
