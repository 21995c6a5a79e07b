"""Usual care alone: tables with their names and no rows, and a report without a comparison."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from agents.faults import BadInput
from experiments.comparing import comparison_text
from results.csv_files import read_table
from results.findings_money import residents
from results.report import LONGEST_FIRST, build_report, one_section
from results.report_answer import warnings_of
from results.report_data import Option, ReportData
from results.report_findings import gap_level, gap_rows
from results.report_measures import measure_of
from results.report_numbers import capital
from results.report_order import Fig, Usual
from results.report_reading import read_report_data
from results.report_usual_parts import unequal_section
from results.report_usual_people import names_of_conditions, people_section
from results.tables import build_tables
from results.wording import CHANCE_ONLY
from tests.docs_pages import DOCS
from tests.fake_runs import Fake, write_fake_experiment
from tests.test_report import Page

DESIGN = ("proactive-mltc", "published")
SIZE = {"population": 400, "years": 2, "replications": 2}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of usual care alone, with tables and report."""
    return made(tmp_path_factory.mktemp("alone"), Fake(**SIZE, designs=()))  # type: ignore[arg-type]


def made(to: Path, fake: Fake) -> Path:
    build_report_of(write_fake_experiment(to, fake))
    return to


def build_report_of(folder: Path) -> str:
    build_tables(folder)
    return build_report(folder).read_text(encoding="utf-8")


def test_tables_without_rows_have_the_columns_of_tables_with_rows(
    alone: Path, tmp_path: Path
) -> None:
    both = write_fake_experiment(tmp_path, Fake(**SIZE, designs=(DESIGN,)))  # type: ignore[arg-type]
    build_tables(both)
    for full in sorted((both / "tables").glob("*.csv")):
        own = alone / "tables" / full.name
        assert list(pd.read_csv(own).columns) == list(pd.read_csv(full).columns), full.name
    for name in ("comparison", "stages", "gains", "value"):
        assert len(pd.read_csv(alone / "tables" / f"{name}.csv")) == 0
    book = load_workbook(alone / "tables" / "tables.xlsx")
    for name in ("comparison", "stages", "gains", "value"):
        names = [cell.value for cell in book[name][1]]
        assert names == list(pd.read_csv(alone / "tables" / f"{name}.csv").columns)


def test_report_of_usual_care_tells_what_there_is_and_compares_nothing(alone: Path) -> None:
    html = (alone / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert "Only usual care was run, so nothing is compared." in page.words
    sections = [str(one.get("id")) for one in page.named("section") if one.get("id")]
    assert sections == ["s1", "s2", "s3", "s5", "s6", "s8", "s10", "s11", "s12"]
    for words in ("Who lives here", "What care residents get", "NHS care costs", "Gaps by depriv"):
        assert words in page.words
    assert not re.findall(r"<h[1-4][^>]*>\s*</h[1-4]>|\bnan\b", html)
    for wrong in ("no designs", "under U", "paired", "every verdict", "carepath sensitivity"):
        assert wrong not in page.words, wrong


def test_first_page_says_what_usual_care_gives(alone: Path) -> None:
    level = read_report_data(alone)
    found = level.level("emergency_admissions", level.baseline)
    assert found is not None
    heading = re.search(r"<h1>(.*?)</h1>", (alone / "report.html").read_text(encoding="utf-8"))
    assert heading is not None
    assert "emergency admissions per 10,000" in heading[1].replace("\u2011", "-")
    told = float(re.sub(r"[^\d.]", "", heading[1].split(":")[1].split("emergency")[0]))
    assert told == pytest.approx(found.mean, rel=0.01)


def test_one_run_of_one_year_says_nothing_of_chance(tmp_path: Path) -> None:
    fake = Fake(population=400, years=1, replications=1, designs=())
    html = build_report_of(write_fake_experiment(tmp_path, fake))
    words = Page(html).words
    assert "One run says nothing of chance" in words
    assert CHANCE_ONLY not in words
    assert "one run" in words
    assert not re.search(r"\bnan\b", html, re.IGNORECASE)


def test_designs_that_all_failed_are_named_and_nothing_is_compared(tmp_path: Path) -> None:
    folder = write_fake_experiment(tmp_path, Fake(**SIZE, designs=(DESIGN,)))  # type: ignore[arg-type]
    shutil.rmtree(folder / "runs" / "place=southwark" / "design=proactive-mltc")
    path = folder / "experiment.toml"
    path.write_text(
        f'title = "Proactive care"\n{path.read_text(encoding="utf-8")}', encoding="utf-8"
    )
    html = build_report_of(folder)
    words = Page(html).words
    assert "Proactive care" not in html.split('id="s1"')[0]
    assert "simulation · Southwark · Usual care" in words
    assert "No run of proactive mltc has ended, so only usual care is shown" in words
    assert "Only usual care was run" not in words


def test_folder_without_a_finished_run_is_refused(tmp_path: Path) -> None:
    folder = write_fake_experiment(tmp_path, Fake(**SIZE, designs=()))  # type: ignore[arg-type]
    shutil.rmtree(folder / "runs")
    with pytest.raises(BadInput):
        build_tables(folder)


def test_table_of_an_older_program_without_its_names_is_an_empty_table(alone: Path) -> None:
    old = alone / "tables" / "comparison.csv"
    kept = old.read_bytes()
    old.write_text("\n", encoding="utf-8")
    assert read_table(old).empty
    assert read_report_data(alone).alone
    old.write_bytes(kept)


def test_compare_of_usual_care_says_that_there_is_nothing(alone: Path) -> None:
    def told(style: str) -> str:
        return comparison_text([alone], baseline=None, measure=None, by="all", style=style)

    assert "nothing to compare" in told("table")
    assert told("csv").startswith("place,design,effects,measure")
    assert json.loads(told("json")) == []


@pytest.mark.parametrize("measure", ["emergency_admissions", "treatment_burden"])
def test_gaps_of_today_are_the_rates_of_the_fifths_taken_apart(alone: Path, measure: str) -> None:
    data = with_main(alone, measure)
    block = unequal_section(data).blocks[0]
    assert block.aside is not None
    line = next(row for row in block.aside.rows if row[0] == capital(measure_of(measure).name))
    found = gap_rows(data, data.baseline, measure)["absolute_gap"]
    per = {"emergency_admissions": 10.0, "treatment_burden": 10_000.0}[measure]
    told = float(line[1].replace("−", "-").replace("+", "").replace(",", ""))
    exact = float(found["mean"]) * per
    assert 0.5 < told / exact < 2.0, "rounded to what the wide interval earns, not scaled"
    level = gap_level(data, data.baseline, measure, "absolute_gap")
    assert level is not None
    assert level.mean == pytest.approx(exact)


def test_a_gap_of_a_share_is_not_told_per_10_000_people(alone: Path) -> None:
    data = with_main(alone, "prevalence_2plus")
    section = unequal_section(data)
    assert "adults" not in section.heading
    assert section.blocks[0].aside is not None
    assert measure_of("prevalence_2plus").gap_factor(10_000.0) == 100.0  # percentage points
    assert capital(measure_of("prevalence_2plus").name) not in [
        row[0] for row in section.blocks[0].aside.rows
    ]


def with_main(folder: Path, measure: str) -> ReportData:
    data = read_report_data(folder)
    return replace(data, experiment={**data.experiment, "main_measure": measure})


def test_draws_of_the_evidence_are_told_as_draws_though_nothing_is_compared(
    tmp_path: Path,
) -> None:
    fake = Fake(population=400, years=1, replications=2, draws=3, designs=())
    words = Page(build_report_of(write_fake_experiment(tmp_path, fake))).words
    assert words.count("3 draws of the evidence with 2 replications each") >= 2
    assert "6 replications" not in words
    assert "paired" not in words


def test_several_places_of_usual_care_name_no_figure_that_is_not_drawn(alone: Path) -> None:
    data = replace(read_report_data(alone), places=("southwark", "lambeth", "tilbury"))
    (told,) = (text for text in warnings_of(data) if "This report shows" in text)
    assert told == "This report shows Southwark; the tables hold two more places."
    compared = replace(data, designs=(Option(letter="A", key="a", title="A", effects="plan"),))
    assert any(f"figure {Fig.PLACES}" in text for text in warnings_of(compared))


def test_residents_are_those_of_all_years_with_and_without_a_design(
    alone: Path, tmp_path: Path
) -> None:
    both = write_fake_experiment(tmp_path, Fake(**SIZE, designs=(DESIGN,)))  # type: ignore[arg-type]
    build_tables(both)
    found = residents(read_report_data(alone))
    assert found == pytest.approx(residents(read_report_data(both)))
    assert found < read_report_data(alone).people, "some die and nobody is born here"


def test_conditions_have_the_names_that_evidence_gives_them(alone: Path) -> None:
    block = people_section(read_report_data(alone)).blocks[1]
    assert block.aside is not None
    told = {row[0] for row in block.aside.rows}
    assert told <= set(names_of_conditions().values())
    assert "Chronic obstructive pulmonary disease" in told


def test_the_guide_names_the_tables_of_usual_care_by_their_numbers() -> None:
    guide = (DOCS / "guides" / "read-the-report.md").read_text(encoding="utf-8")
    words = " ".join(guide.split())
    assert f"(tables {Usual.RESIDENTS:d} and {Usual.CONDITIONS:d})" in words
    for table in (Usual.CARE, Usual.GAPS, Usual.COSTS):
        assert f"(table {table:d})" in words


def test_processes_that_share_the_work_make_the_same_sections(alone: Path) -> None:
    together = build_report(alone).read_bytes()
    figures = {path.name: path.read_bytes() for path in (alone / "figures").iterdir()}
    made_apart = [one_section(alone, number) for number in LONGEST_FIRST]
    given = [section for section in made_apart if section is not None]
    given.sort(key=lambda section: section.number)
    assert build_report(alone, given).read_bytes() == together
    assert {path.name: path.read_bytes() for path in (alone / "figures").iterdir()} == figures


def test_one_replication_of_a_design_claims_nothing(tmp_path: Path) -> None:
    readings = (("proactive-mltc", "published"), ("proactive-mltc", "plan"))
    folder = write_fake_experiment(
        tmp_path, Fake(population=400, years=2, replications=1, designs=readings)
    )
    page = build_report_of(folder)
    assert "One replication gives no interval" in page
    assert "1 paired replication<" in page
    assert "cannot set the plan’s effects beside published ones" in page
    compared = read_table(folder / "tables" / "comparison.csv")
    assert compared["difference_low"].isna().all()
