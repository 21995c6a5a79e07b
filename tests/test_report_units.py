"""A main measure that is a share, an age or a wait is told in its own unit all through a report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from results.report import report_sections
from results.report_answer import answer_page
from results.report_blocks import Block, Section
from results.report_data import ReportData
from results.report_measures import RATE, measure_of
from results.report_order import Fig
from results.report_reading import read_report_data
from tests.fake_tables import FakeTables, write_fake_tables

OF_MAIN = (Fig.BY_YEAR, Fig.FIFTHS, Fig.PLACES, Fig.STRUCTURE, Fig.PRECISION)
MINUS = "−"


@dataclass(frozen=True)
class Main:
    """A main measure: what the tables hold, and how a reader should be told of it, by hand."""

    key: str
    base: float
    difference: float
    half: float
    level: str
    change: str
    interval: str
    unit: str
    sentence: str
    heading: str


MAINS = (
    Main(  # 0.40 is 40%; 0.012 less of it is 1.2 points
        "prevalence_2plus",
        *(0.40, -0.012, 0.004),
        level="40",
        change=f"{MINUS}1.20",
        interval=f"{MINUS}1.60 to {MINUS}0.80",
        unit="percentage points",
        sentence="1.20 percentage points lower (95%",
        heading="A lowers the share of adults with two or more conditions by 1.20 percentage "
        "points",
    ),
    Main(
        "age_at_2plus",
        *(62.0, 0.9, 0.2),
        level="62",
        change="+0.90",
        interval="+0.70 to +1.10",
        unit="years",
        sentence="0.90 years higher (95%",
        heading="A raises the age at which half have two or more conditions by 0.90 years",
    ),
    Main(
        "outpatient_wait_days",
        *(98.0, -7.0, 2.0),
        level="98",
        change=f"{MINUS}7.0",
        interval=f"{MINUS}9.0 to {MINUS}5.0",
        unit="days",
        sentence="7.0 days shorter (95%",
        heading="A lowers the wait for outpatients by 7.0 days",
    ),
    Main(  # a quarter of a day is 6 hours, a twentieth 1.2
        "ed_wait_days",
        *(0.25, -0.05, 0.01),
        level="6",
        change=f"{MINUS}1.20",
        interval=f"{MINUS}1.44 to {MINUS}0.96",
        unit="hours",
        sentence="1.20 hours shorter (95%",
        heading="A lowers the wait in A&E by 1.20 hours",
    ),
)


def rows_of(main: Main, table: pd.DataFrame) -> pd.DataFrame:
    """Return admissions' rows of comparison.csv as rows of a measure that is no rate."""
    own = table[table["measure"] == "emergency_admissions"].copy()
    rates = [name for name in own.columns if "per_1000" in name]
    ends = {"difference_low": -main.half, "difference_high": main.half}
    ends |= {"low50": -main.half / 3, "high50": main.half / 3}
    return own.assign(
        **dict.fromkeys(rates, float("nan")),
        measure=main.key,
        mean=main.base + main.difference,
        baseline_mean=main.base,
        difference=main.difference,
        **{name: main.difference + end for name, end in ends.items()},
    )


def told(folder: Path, main: Main) -> ReportData:
    """Return invented tables of two places whose main measure is ``main``."""
    write_fake_tables(folder, FakeTables(years=3))
    plan = folder / "experiment.toml"
    plan.write_text(plan.read_text().replace("emergency_admissions", main.key), encoding="utf-8")
    path = folder / "tables" / "comparison.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table = pd.concat([table, rows_of(main, table)])
    pd.concat([table, table.assign(place="lambeth")]).to_csv(path, index=False)
    arm = {"place": "southwark", "design": "proactive-mltc", "effects": "published"}
    differences = {
        "difference": main.difference,
        "difference_low": main.difference - main.half,
        "difference_high": main.difference + main.half,
    }
    line = arm | {"measure": main.key} | differences
    choice = {"alternative": "queues", "option": "shared", "draws": 8, "share_structure": 0.0}
    pd.DataFrame([line | choice]).to_csv(folder / "tables" / "structure.csv", index=False)
    closer = {"replications": 4, "half_width_share": 0.02, "asked": 0.01, "met": "no"}
    pd.DataFrame([line | closer]).to_csv(folder / "tables" / "precision.csv", index=False)
    gaps = folder / "tables" / "inequality.csv"
    gap = pd.read_csv(gaps)
    share = gap[gap["measure"] == "emergency_admissions"].assign(
        measure=main.key, baseline_mean=main.base / 2, difference=-main.half * 2
    )
    share = share.assign(difference_low=-main.half * 3, difference_high=-main.half)
    pd.concat([gap, share]).to_csv(gaps, index=False)
    return read_report_data(folder)


def of_main(sections: tuple[Section, ...]) -> list[Block]:
    return [block for section in sections for block in section.blocks if block.number in OF_MAIN]


def words_of(block: Block) -> str:
    """Return all that a block says, its drawings and their alternative texts included."""
    drawn = [text for panel in block.panels for text in re.findall(r">([^<>]+)<", panel.inline)]
    tables = [table for table in (block.table, block.aside) if table is not None]
    cells = [cell for table in tables for row in (table.head, *table.rows) for cell in row]
    captions = [table.caption for table in tables]
    return " | ".join([block.claim, block.sub, block.how, *captions, *cells, *drawn])


@pytest.fixture(scope="module", params=MAINS, ids=lambda main: main.key)
def report(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Main, ReportData, tuple[Section, ...]]:
    main: Main = request.param
    data = told(tmp_path_factory.mktemp(main.key), main)
    return main, data, tuple(report_sections(data))


Report = tuple[Main, ReportData, tuple[Section, ...]]


def test_the_first_page_says_it_in_its_own_unit(report: Report) -> None:
    main, data, _ = report
    page = answer_page(data)
    name, unit = page.columns[2]
    assert name.lower() == measure_of(main.key).name.lower()
    assert unit == main.unit
    cell = page.rows[0].cells[2]
    assert cell.detail == main.change
    assert cell.spread == f"({main.interval})"
    (said,) = [one for one in page.sayings if one.heading.startswith("If the aim")]
    assert said.heading.startswith("If the aim is a ")
    assert main.sentence in said.text
    assert "10,000" not in said.text
    assert "10,000" not in page.headline


def test_every_figure_and_table_of_it_has_its_own_unit(report: Report) -> None:
    main, _, sections = report
    blocks = of_main(sections)
    assert {block.number for block in blocks} == set(OF_MAIN)
    for block in blocks:
        said = words_of(block)
        assert "10,000" not in said, (block.number, said)
        assert main.unit in said, (block.number, said)
        assert main.change in said, (block.number, said)


def test_headings_and_levels_hold_numbers_worked_by_hand(report: Report) -> None:
    main, data, sections = report
    assert main.heading in [section.heading for section in sections]
    by_year = next(block for block in of_main(sections) if block.number == Fig.BY_YEAR)
    assert by_year.table is not None
    assert by_year.table.rows[0][2:5] == (main.level, main.change, main.interval)
    head = by_year.table.head[2]
    assert head == ("Usual care, %" if main.unit == "percentage points" else "Usual care")
    change = data.change(main.key, data.designs[0])
    assert change is not None
    factor = {"percentage points": 100.0, "hours": 24.0}.get(main.unit, 1.0)
    assert change.mean == pytest.approx(factor * main.difference)


def test_no_sentence_near_its_name_counts_people(report: Report) -> None:
    main, _, sections = report
    name = measure_of(main.key).name
    for section in sections:
        texts = [section.heading, *section.notes]
        for block in section.blocks:
            texts += [block.claim, block.sub]
        for text in texts:
            assert not (name in text and "per 10,000" in text), text


def test_rates_stay_rates_and_money_is_in_pounds() -> None:
    admissions, burden, cost = map(
        measure_of, ("emergency_admissions", "treatment_burden", "nhs_cost")
    )
    assert admissions.unit == burden.change_unit == RATE
    assert admissions.level_words("980") == f"980 {RATE}"
    assert cost.level_words("5,000") == f"£5,000 {RATE}"
    assert cost.difference == f"NHS cost, £ {RATE}"
    assert (cost.less, cost.more) == ("lower", "higher")
    assert measure_of("deaths_at_home_share").level_words("31") == "31%"
    assert measure_of("life_expectancy_75").level_words("12.3") == "12.3 years"
    assert measure_of("length_of_stay").difference == "length of an emergency stay, days"
