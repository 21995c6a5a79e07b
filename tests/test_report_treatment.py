"""Every figure of a report is treated alike: what to see, units, alternative text, a table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from results.report import report_sections
from results.report_blocks import ALT_WORDS, Block
from results.report_data import ReportData
from results.report_reading import read_report_data
from results.tables import build_tables
from results.wording import LONGEST_HEADLINE
from tests.fake_runs import Fake, write_fake_experiment
from tests.fake_tables import FakeTables, write_fake_tables

# Words of which every axis must bear one, beside years and places; a grid has no axis.
UNITS = re.compile(
    r"per 1[0,]|per cent|%|£|QALY|[Ww]ait, |[Hh]ours|[Dd]ays|people|residents|1,000|share|Year|"
    r"year|against published|by year|usual care",
)
NO_AXIS = {2, 12, 23}  # squares, a grid and a network: their numbers say their unit in words


@pytest.fixture(scope="module", params=["tables", "runs"])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    folder: Path = tmp_path_factory.mktemp("treated")
    if request.param == "tables":
        fake = FakeTables(designs=2, readings=("plan", "published", "null"))
        return read_report_data(write_fake_tables(folder, fake))
    built = write_fake_experiment(folder, Fake(population=200, years=2, replications=2))
    build_tables(built)
    return read_report_data(built)


@pytest.fixture(scope="module")
def blocks(data: ReportData) -> list[Block]:
    return [block for section in report_sections(data) for block in section.blocks]


def test_every_block_says_what_is_to_be_seen(blocks: list[Block]) -> None:
    assert len(blocks) > 8
    numbers = [block.number for block in blocks]
    assert len(set(numbers)) == len(numbers)
    for block in blocks:
        assert block.claim, block.number
        assert len(block.claim.split()) <= LONGEST_HEADLINE, block.claim


def test_every_figure_has_units_a_caption_below_its_claim_and_its_table(
    blocks: list[Block],
) -> None:
    drawn = [block for block in blocks if block.panels]
    assert len(drawn) >= 6
    for block in drawn:
        assert block.table is not None or block.aside is not None, block.number
        assert block.sub, block.number
        if block.number not in NO_AXIS:
            for panel in block.panels:
                assert UNITS.search(words_of(panel.svg)), (panel.stem, words_of(panel.svg))


def test_every_drawing_has_an_alternative_text_of_its_own(blocks: list[Block]) -> None:
    stems: set[str] = set()
    for block in blocks:
        for panel in block.panels:
            found = re.search(r"<title [^>]*>([^<]+)</title>", panel.inline)
            assert found, panel.stem
            assert 5 <= len(found.group(1).split()) <= ALT_WORDS, panel.stem
            assert panel.stem not in stems
            stems.add(panel.stem)
            assert f"-{block.number:02d}" in panel.stem


def test_tables_are_as_wide_as_their_heads_and_tell_no_gap(blocks: list[Block]) -> None:
    for block in blocks:
        for table in filter(None, (block.table, block.aside)):
            assert table.caption, block.number
            assert table.rows, block.number
            for row in table.rows:
                assert len(row) == len(table.head), block.number
                assert not {"nan", "NaN", "None"} & {word for cell in row for word in cell.split()}


def test_no_key_of_the_program_stands_in_a_claim_or_a_drawing(blocks: list[Block]) -> None:
    for block in blocks:
        assert not re.search(r"\b[a-z]+_[a-z]+\b", block.claim), block.claim
        for panel in block.panels:
            assert not re.search(r"\b[a-z]+_[a-z]+\b", words_of(panel.svg)), panel.stem


def words_of(svg: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)).replace("&amp;", "&")
