"""Every figure of a report: in order, named, with units, alternative text and its table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from results.figures import canvas
from results.figures.warmup import EDGE
from results.findings_services import use_rows
from results.report import build_report, report_sections
from results.report_answer import answer_page
from results.report_blocks import ALT_WORDS, Block
from results.report_data import READING_WORDS, ReportData
from results.report_measures import service_name
from results.report_order import Fig
from results.report_reading import read_report_data
from results.report_rules import money_block
from results.report_services import services_section
from results.report_unsure import warm_up_block
from tests.fake_tables import FakeTables, write_fake_tables
from tests.test_results_searches import ARM, BELIEVED, BOUND, INPUT, POINT

UNIT = re.compile(
    r"per 1,000|per 10,000|every 1,000|%|£|QALY|days|hours|years|by year|Years|Year|people a year"
    r"|share|replications",
    re.IGNORECASE,
)
FLOWS = [
    {"from": "people", "does": "", "to": "gp", "people_per_year": 900.0},
    {"from": "gp", "does": "refers", "to": "outpatients", "people_per_year": 90.0},
    {"from": "gp", "does": "overflow", "to": "ed", "people_per_year": 9.0},
]


PLACE = {"place": "southwark"}
QUEUE = PLACE | {"design": "usual-care", "effects": "none", "metric": "queue_end"}
OTHERS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "plan": [
        PLACE
        | {"design": "proactive-mltc", "effects": effects, "locality": locality}
        | {"point_of_delivery": point, "plan": -10.0, "year": 5, "mean": mean}
        | {"low": mean - 1.0, "high": mean + 1.0}
        for effects, mean in (("plan", -11.5), ("published", -2.0), ("null", 0.5))
        for point in ("emergency admissions", "A&E attendances")
        for locality in ("all", "canvey")
    ],
    "money": [
        PLACE
        | {"design": "proactive-mltc", "effects": "published", "rule": "payment", "year": "10"}
        | {"provider": provider, "line": "income less cost", "unit": "GBP"}
        | {"mean": mean, "low": mean - 5e5, "high": mean + 5e5}
        for provider, mean in (("hospital", -2e6), ("community", 3e5))
    ]
    + [
        PLACE
        | {"design": "usual-care", "effects": "none", "rule": "payment", "year": "10"}
        | {"provider": provider, "line": "income less cost", "unit": "GBP"}
        | {"mean": -1e6, "low": -11e5, "high": -9e5}
        for provider in ("hospital", "community")
    ],
    "warm_up": [
        QUEUE
        | {"service": service, "role": "all", "unit": "people", "quarter": 1, "runs": 8}
        | {"mean": 80.0, "expected": 100.0, "difference": -20.0, "low": low, "high": high}
        | {"verdict": verdict, "quarters_to_leave_out": int(verdict == "differs")}
        for service, low, high, verdict in (
            ("gp", -30.0, -10.0, "differs"),
            ("mdt", -130.0, 90.0, "as expected"),
            ("vcse", -90.0, 140.0, "as expected"),
        )
    ],
    "information": [
        PLACE
        | {"against": "published", "threshold": 20_000.0, "group": group, "numbers": numbers}
        | {"draws": 400, "value": 1000.0 * value, "low": 900.0 * value, "high": 1100.0 * value}
        | {"share_of_all": value / 80.0, "told_from_luck": "yes", "unit": "GBP"}
        for group, numbers, value in (("everything", 300, 80.0), ("effects", 12, 30.0))
    ],
}


@dataclass(frozen=True)
class Shown:
    """The blocks of a report, and the axes of each drawing by its file's name."""

    blocks: tuple[Block, ...]
    axes: dict[str, Axes]


def shown(data: ReportData) -> Shown:
    """Return every figure of a report with its axes, as they were drawn."""
    axes: list[Axes] = []
    patch = pytest.MonkeyPatch()
    told = canvas.svg_text

    def noted(one: Axes) -> str:
        axes.append(one)
        return told(one)

    with patch.context() as within:
        within.setattr(canvas, "svg_text", noted)
        within.setattr(canvas, "png_bytes", lambda one: b"")
        blocks = tuple(block for section in report_sections(data) for block in section.blocks)
    stems = [panel.stem for block in blocks for panel in block.panels]
    assert len(stems) == len(set(stems)) == len(axes)
    by_svg = {told(one): one for one in axes}
    every = {panel.stem: by_svg[panel.svg] for block in blocks for panel in block.panels}
    return Shown(blocks, every)


def searched(folder: Path) -> ReportData:
    """Return invented tables of two designs, with those of every search beside them."""
    write_fake_tables(folder, FakeTables(designs=2, readings=("plan", "published", "null")))
    swings = {"low_result": 1.0, "high_result": 9.0, "swing": 8.0, "swing_low": 7.0}
    tables: Mapping[str, Sequence[Mapping[str, object]]] = {
        "believe": [BELIEVED],
        "believe_scan": [
            POINT | {"size": size, "difference": size / 7, "low": size / 7 - 0.01, "high": size / 7}
            for size in (0.0, -0.4, -0.8)
        ],
        "sensitivity": [INPUT | swings | {"input": "bed price", "swing_high": 9.0}],
        "precision": [
            ARM
            | {"measure": "emergency_admissions", "replications": n, "difference": -10.0}
            | {"difference_low": -10 - 20 / n, "difference_high": -10 + 20 / n}
            | {"half_width_share": 0.02 / n, "asked": 0.005, "met": "yes" if n > 4 else "no"}
            for n in (2, 4, 8)
        ],
        "binding": [BOUND | {"service": "mdt", "clear": "yes"}],
        "flows": [
            {"place": "southwark", "design": "usual-care", "effects": "none"} | row for row in FLOWS
        ],
    }
    for name, rows in {**tables, **OTHERS}.items():
        pd.DataFrame(rows).to_csv(folder / "tables" / f"{name}.csv", index=False)
    comparison = pd.read_csv(folder / "tables" / "comparison.csv", keep_default_na=False)
    other = comparison[comparison["group_by"] == "all"].assign(place="lambeth")
    pd.concat([comparison, other]).to_csv(folder / "tables" / "comparison.csv", index=False)
    return read_report_data(folder)


def drawn(folder: Path) -> ReportData:
    """Return invented tables of one design under a dozen draws of the evidence."""
    write_fake_tables(folder, FakeTables(years=3, uncertainty="psa"))
    draws = [
        ARM
        | {"draw": draw, "replications": 1, "qalys": 260.0 + 9 * turn, "cost": 7e6 + 1e5 * turn}
        | {"net_qalys": -90.0 + 7 * turn, "gap": -0.02 * turn - 0.01, "equity_effect": 1e-4 * turn}
        for draw in range(1, 13)
        for turn in [(7 * draw) % 12 - 6]
    ]
    best = [
        {"place": "southwark", "design": design, "effects": effects, "against": "published"}
        | {"threshold": float(pounds), "draws": 12, "probability_best": share}
        | {"net_health_benefit": 0.0, "frontier": "yes" if share > 0.5 else "no"}
        for pounds in range(0, 51_000, 1_000)
        for chance in [min(pounds / 50_000, 1.0)]
        for design, effects, share in (
            (ARM["design"], ARM["effects"], chance),
            ("usual-care", "none", 1.0 - chance),
        )
    ]
    pd.DataFrame(draws).to_csv(folder / "tables" / "draws.csv", index=False)
    pd.DataFrame(best).to_csv(folder / "tables" / "ceac.csv", index=False)
    return read_report_data(folder)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shown]:
    """Return a report of searches in two places, and one of draws of the evidence."""
    return {
        "searched": shown(searched(tmp_path_factory.mktemp("searched"))),
        "drawn": shown(drawn(tmp_path_factory.mktemp("drawn"))),
    }


def drawings(reports: dict[str, Shown]) -> Iterator[tuple[str, Block, str, Axes]]:
    for kind, report in reports.items():
        for block in report.blocks:
            for panel in block.panels:
                yield kind, block, panel.stem, report.axes[panel.stem]


def test_figures_and_tables_are_numbered_as_they_appear(reports: dict[str, Shown]) -> None:
    for report in reports.values():
        numbers = [int(block.number) for block in report.blocks]
        assert numbers == sorted(set(numbers))


def test_these_reports_draw_every_figure_that_there_is(reports: dict[str, Shown]) -> None:
    seen = {block.number for _, block, _, _ in drawings(reports)}
    in_the_open = {Fig.SERVICES, Fig.BINDING, Fig.STANDING, Fig.VARIANCE, Fig.STRUCTURE}
    assert set(Fig) - in_the_open == seen


def test_every_figure_says_what_to_see_and_has_its_numbers(reports: dict[str, Shown]) -> None:
    for kind, block, stem, _ in drawings(reports):
        words = block.claim.split()
        assert 4 <= len(words) <= 19, (kind, stem, block.claim)
        assert block.claim[0].isupper() or block.claim[0].isdigit(), (kind, stem, block.claim)
        numbers = block.table or block.aside
        assert numbers is not None, (kind, stem)
        assert numbers.rows, (kind, stem)
        assert all(len(row) == len(numbers.head) for row in numbers.rows), (kind, stem)
        assert stem.startswith(Fig(block.number).stem), (kind, stem)


def test_every_axis_with_numbers_has_its_unit_beside_it_or_above(reports: dict[str, Shown]) -> None:
    for kind, block, stem, axes in drawings(reports):
        if not axes.axison:
            continue  # squares that are counted, boxes that are named
        for name, axis in (("across", axes.xaxis), ("up", axes.yaxis)):
            ticks = [label.get_text() for label in axis.get_ticklabels() if label.get_visible()]
            if not any(re.search(r"\d", text) and not text[-1:].isalpha() for text in ticks):
                continue
            near = " ".join([axis.get_label_text(), *ticks, block.sub])
            near = re.sub(r"9\d% intervals?|95 in 100", "", near)
            assert UNIT.search(near), (kind, stem, name, near)


def test_every_drawing_is_told_in_words_for_who_cannot_see_it(reports: dict[str, Shown]) -> None:
    for report in reports.values():
        for block in report.blocks:
            for panel in block.panels:
                (alt,) = re.findall(r"<title id=[^>]+>([^<]+)</title>", panel.inline)
                assert 8 <= len(alt.split()) <= ALT_WORDS, (panel.stem, alt)
                assert "nan" not in alt.lower().split(), (panel.stem, alt)


def test_nothing_written_in_a_figure_is_cut_off(reports: dict[str, Shown]) -> None:
    for kind, _, stem, axes in drawings(reports):
        figure = axes.figure
        box = figure.bbox
        for text in axes.texts:
            if not text.get_text() or not text.get_visible():
                continue
            found = text.get_window_extent()
            inside = found.x0 >= box.x0 - 2 and found.x1 <= box.x1 + 2
            assert inside, (kind, stem, text.get_text(), found.x0, found.x1, box.x1)


def test_use_of_different_runs_is_not_compared(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    path = folder / "tables" / "resources.csv"
    table = pd.read_csv(path)
    table["replications"] = 4
    table.to_csv(path, index=False)
    data = read_report_data(folder)
    assert any(row.fuller for row in use_rows(data))
    design = table["design"] != "usual-care"
    table.assign(replications=table["replications"].mask(design, 2)).to_csv(path, index=False)
    fewer = read_report_data(folder)
    assert not any(row.fuller for row in use_rows(fewer))
    assert replace(use_rows(fewer)[0], paired=True).paired


def test_a_service_is_fuller_by_the_difference_between_twins_and_by_what_was_free(
    tmp_path: Path,
) -> None:
    folder = write_fake_tables(tmp_path)
    path = folder / "tables" / "resources.csv"
    table = pd.read_csv(path)
    design = table["design"] != "usual-care"
    name = "utilisation_difference"

    def fuller(usual: float, mean: float, half: float) -> bool:
        own = table.assign(utilisation=table["utilisation"].mask(~design, usual))
        own["utilisation_low"], own["utilisation_high"] = 0.0, 1.0  # levels alone tell nothing
        for end, value in (("", mean), ("_low", mean - half), ("_high", mean + half)):
            own[name + end] = np.where(design, value, np.nan)
        own.to_csv(path, index=False)
        told = {
            row.fuller for row in use_rows(read_report_data(folder)) if row.option.letter == "A"
        }
        assert len(told) == 1
        return told.pop()

    assert fuller(0.8, 0.03, 0.01)
    assert not fuller(0.8, 0.03, 0.04), "it may be luck"
    assert not fuller(0.8, 0.01, 0.005), "a twentieth of what was free"
    assert fuller(0.96, 0.01, 0.005), "a quarter of what was free"
    assert not fuller(0.8, -0.03, 0.01)


def test_levels_of_different_runs_are_said_to_be_so(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    path = folder / "tables" / "resources.csv"
    table = pd.read_csv(path)

    def told() -> tuple[str, dict[Fig, Block], str]:
        data = read_report_data(folder)
        section = services_section(data)
        cell = answer_page(data).rows[0].cells[-1]
        words = f"{section.heading} {section.notes[0]} {cell.word} {cell.detail}"
        return words, {Fig(block.number): block for block in section.blocks}, cell.sign

    table.assign(replications=4).to_csv(path, index=False)
    words, blocks, _ = told()
    assert "missing" not in words
    assert all("different runs" not in block.sub for block in blocks.values())
    runs = (table["design"] == "usual-care").map({True: 4, False: 2})
    table.assign(replications=runs).to_csv(path, index=False)
    words, blocks, sign = told()
    assert words.count("missing") == 3, words  # heading, note and first page
    assert "clearly f" not in words, words
    assert sign == "?"
    for number in (Fig.WAITS, Fig.USE):
        assert "A and usual care rest on different runs" in blocks[number].sub


def test_an_interval_beyond_the_axis_ends_in_an_arrow(reports: dict[str, Shown]) -> None:
    axes = reports["searched"].axes[Fig.WARM_UP.stem]
    marks = {
        (line.get_marker(), *np.asarray(line.get_xydata())[0].tolist())
        for line in axes.lines
        if line.get_marker() in ("<", ">")
    }
    rows = {label.get_text().split(",")[0]: y for y, label in enumerate(axes.get_yticklabels())}
    low, high = rows[service_name("mdt", "all", 2)], rows[service_name("vcse", "all", 2)]
    assert marks == {("<", -EDGE, float(low)), (">", EDGE, float(high))}


def test_openings_that_cannot_be_told_apart_are_not_said_to_be_as_expected(
    tmp_path: Path,
) -> None:
    folder = write_fake_tables(tmp_path)
    rows = [dict(row) for row in OTHERS["warm_up"] if row["verdict"] == "as expected"]
    pd.DataFrame(rows).to_csv(folder / "tables" / "warm_up.csv", index=False)
    block = warm_up_block(read_report_data(folder))
    assert block is not None
    assert block.claim.startswith("None of 2 queues clearly opens elsewhere")
    assert block.table is not None
    assert {row[-1] for row in block.table.rows} == {"not clearly elsewhere"}


def test_a_contract_says_nothing_of_a_design_without_effect(tmp_path: Path) -> None:
    write_fake_tables(tmp_path, FakeTables(readings=("null",)))
    rows = [
        dict(row) | ({} if row["effects"] == "none" else {"effects": "null"})
        for row in OTHERS["money"]
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "tables" / "money.csv", index=False)
    block = money_block(read_report_data(tmp_path))
    assert block is not None
    assert "No effect on health was put in" in block.claim
    assert "under A" not in block.claim
    assert "U is usual care under the same contract" in block.how


def test_a_contract_leaves_usual_care_short_too_where_it_does(reports: dict[str, Shown]) -> None:
    (block,) = [one for one in reports["searched"].blocks if one.number == Fig.RULES]
    ends = "short 1 under A and 2 under usual care"
    assert block.claim == f"Of 2 providers the contract set here leaves {ends}"
    letters = [text.get_text() for text in reports["searched"].axes[Fig.RULES.stem].texts]
    assert letters.count("U") == letters.count("A") == 2
    assert block.table is not None
    assert {row[0] for row in block.table.rows} == {"A", "U"}


def test_a_contract_seen_in_one_run_has_no_interval(tmp_path: Path) -> None:
    write_fake_tables(tmp_path)
    rows = [dict(row) | {"low": np.nan, "high": np.nan} for row in OTHERS["money"]]
    pd.DataFrame(rows).to_csv(tmp_path / "tables" / "money.csv", index=False)
    report = shown(read_report_data(tmp_path))
    words = [text.get_text() for text in report.axes[Fig.RULES.stem].texts]
    assert not any("nan" in word for word in words), words
    assert "−2.00 (one run)" in words


def test_versions_stand_in_one_order_everywhere(reports: dict[str, Shown]) -> None:
    blocks = {block.number: block for block in reports["searched"].blocks}
    order = [READING_WORDS[name] for name in ("published", "plan", "null")]
    plan, readings = blocks[Fig.PLAN].table, blocks[Fig.READINGS].table
    assert plan is not None
    assert readings is not None
    assert list(plan.head[3:]) == order
    assert [row[2] for row in readings.rows[:3]] == order


def test_a_figure_of_one_panel_without_a_name_still_has_its_key(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path, FakeTables(readings=("plan", "published")))
    (folder / "tables" / "costs.csv").unlink()
    page = build_report(folder).read_text(encoding="utf-8")
    figure = page.split(f'<figure id="f{Fig.READINGS}"')[1].split("</figure>")[0]
    assert figure.count("<svg") == 1
    assert 'class="keys"' in figure
