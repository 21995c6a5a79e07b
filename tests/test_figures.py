from __future__ import annotations

import logging
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import _pylab_helpers as open_figures

from pathways.practice_team import ROLES
from results import findings_checks, findings_money, findings_services
from results import report_findings as find
from results.figures import belief, canvas, changes, money, people, services
from results.report_data import COLOURS, Option, ReportData
from results.report_measures import ROLE_NAMES, service_name, spoken
from results.report_reading import read_report_data
from results.wording import Change, Spread
from tests.fake_tables import FakeTables, write_fake_tables

A = Option(letter="A", key="a", title="A design", effects="published")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    fake = FakeTables(designs=2, readings=("plan", "published", "null"))
    return read_report_data(write_fake_tables(tmp_path_factory.mktemp("fake"), fake))


def texts(axes: mpl.axes.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def luminance(colour: str) -> float:
    channels = mpl.colors.to_rgb(colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", COLOURS.values())
def test_letters_read_on_white_and_white_reads_on_letters(colour: str) -> None:
    assert contrast(colour, "white") >= 4.5


@pytest.mark.parametrize("step", range(len(services.RAMP)))
def test_text_reads_on_every_blue_of_the_ramp(step: int) -> None:
    ink = "white" if step >= services.LIGHT_TEXT else canvas.INK
    assert contrast(services.RAMP[step], ink) >= 4.5


def test_disc_is_filled_only_where_the_interval_leaves_out_no_change() -> None:
    by_fifth = {
        fifth: Change(mean=-5, low=-9, high=1 if fifth > 2 else -1, baseline=100)
        for fifth in range(1, 6)
    }
    axes = people.fifths(A, by_fifth, unit="Difference")
    discs = [line for line in axes.lines if line.get_marker() == "o"]
    filled = [line.get_markerfacecolor() == A.colour for line in discs]
    assert filled == [True, True, False, False, False]


def test_bands_need_ten_replications(data: ReportData) -> None:
    by_year = find.by_year(data, data.designs[0], "emergency_admissions")
    banded = people.over_time(A, by_year, plan={}, replications=10)
    dotted = people.over_time(A, by_year, plan={}, replications=9)
    assert len(banded.collections) == 2
    assert len(dotted.collections) == 0


def test_zero_line_of_the_years_is_named_usual_care(data: ReportData) -> None:
    by_year = find.by_year(data, data.designs[0], "emergency_admissions")
    axes = people.over_time(A, by_year, plan={1: -3.0, 10: -40.0}, replications=20)
    assert axes.yaxis.get_major_formatter()(0.0, 0) == "usual care"
    assert "plan" in texts(axes)


def test_counts_start_at_zero(data: ReportData) -> None:
    assert people.reach(find.stage_rows(data)).get_xlim()[0] == 0
    rows = [row for row in findings_services.wait_rows(data) if row.service == "mdt"]
    assert services.waits(rows).get_xlim()[0] == 0


def test_a_thousand_squares_add_up(data: ReportData) -> None:
    found = find.squares(data, data.designs[0])
    assert found is not None
    axes = people.squares(found)
    numbers = [int(text) for text in texts(axes) if text.isdigit()]
    assert sum(numbers) == 1000
    assert sum(np.shape(c.get_offsets())[0] for c in axes.collections) == 1000


def test_cascade_bars_add_up_to_net_cash(data: ReportData) -> None:
    lines = findings_money.cascade(data, data.designs[0])
    assert lines["stranded"].mean < 0 < lines["activity_avoided"].mean
    parts = ("activity_avoided", "stranded", "reinvested")
    assert sum(lines[name].mean for name in parts) == pytest.approx(lines["net_cash"].mean)
    axes = money.cascade(data.designs[0], lines, years=10)
    bars = axes.patches
    assert len(bars) == 4
    ends = [bar.get_extents().transformed(axes.transData.inverted()) for bar in bars]
    assert ends[2].x0 == pytest.approx(ends[3].x0)


def test_cells_say_what_is_asked_beyond_what_exists(data: ReportData) -> None:
    axes = services.capacity_used(findings_services.use_rows(data), data.options)
    assert any("▲" in text for text in texts(axes))
    only_usual = [row for row in findings_services.use_rows(data) if row.option.letter == "U"]
    assert "not used" in texts(services.capacity_used(only_usual, data.options))


def test_a_check_outside_ten_per_cent_is_hollow_and_said() -> None:
    rows = [
        findings_checks.CheckRow(
            name=name,
            fitted=True,
            simulated=Spread(mean=mean, low=mean - 0.01, high=mean + 0.01),
            published=1.0,
            unit="",
            source="",
        )
        for name, mean in (("Near", 1.05), ("Far", 1.15))
    ]
    axes = belief.checks(rows)
    discs = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_markerfacecolor() for line in discs] == [canvas.INK, "white"]
    assert "+15%, outside 10%" in texts(axes)


def test_readings_that_were_not_run_say_so(data: ReportData) -> None:
    changes = find.reading_changes(data, data.designs[0])
    del changes["plan"]
    axes = belief.readings([(data.designs[0], changes)], unit="%")
    assert "not run" in texts(axes)


def test_a_measure_that_hardly_moves_leaves_the_forest(data: ReportData) -> None:
    drawn, told = find.split_forest(find.forest_rows(data))
    keys = {row.measure.key for row in drawn}
    assert "emergency_admissions" in keys
    assert not keys & {row.measure.key for row in told}
    assert all(row.moved for row in drawn if row.measure.key == "gp_contacts")


def test_drawing_leaves_no_figure_open_and_no_setting_changed(data: ReportData) -> None:
    before = dict(mpl.rcParams)
    with canvas.styled():
        axes = changes.forest(find.split_forest(find.forest_rows(data))[0], data.smallest)
    canvas.svg_text(axes)
    assert dict(mpl.rcParams) == before
    assert not open_figures.Gcf.get_all_fig_managers()


def test_same_figure_same_bytes_and_no_date(data: ReportData) -> None:
    def svg() -> str:
        with canvas.styled():
            return canvas.svg_text(people.reach(find.stage_rows(data)))

    first = svg()
    assert first == svg()
    assert "<dc:date>" not in first
    assert "Matplotlib v" not in first


def test_png_is_the_same_bytes_each_time(data: ReportData) -> None:
    def png() -> bytes:
        with canvas.styled():
            return canvas.png_bytes(people.reach(find.stage_rows(data)))

    assert png() == png()


def test_inline_ids_are_prefixed_and_the_name_is_escaped(data: ReportData) -> None:
    with canvas.styled():
        text = canvas.svg_text(people.reach(find.stage_rows(data)))
    inline = canvas.inline_svg(text, "figure-99", 'a < b & "c"')
    ids = [part.split('"')[0] for part in inline.split(' id="')[1:]]
    assert ids
    assert all(name.startswith("figure-99-") for name in ids)
    used = [part.split('"')[0] for part in inline.split('href="#')[1:]]
    used += [part.split(")")[0] for part in inline.split("url(#")[1:]]
    assert used
    assert set(used) <= set(ids)
    assert 'role="img"' in inline
    assert "a &lt; b &amp; &quot;c&quot;" in inline


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_the_practice_has_a_name_of_its_own(role: str) -> None:
    assert ("gp", spoken(role)) in ROLE_NAMES
    assert len(service_name("gp", role, roles=2)) <= 32, "it has to fit beside the figure"


def test_a_dollar_in_a_name_is_no_formula(tmp_path: Path) -> None:
    option = Option(letter="A", key="a", title="$x^2$", effects="published")
    with canvas.styled():
        axes = canvas.new_axes(3, 2, left=0.5)
        axes.text(0.5, 0.5, option.title)
        assert "$x^2$" in canvas.svg_text(axes)


def test_drawing_says_nothing_on_the_log(
    data: ReportData, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), canvas.styled():
        canvas.svg_text(people.reach(find.stage_rows(data)))
    assert not caplog.records
