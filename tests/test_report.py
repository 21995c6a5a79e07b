from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from agents.faults import BadInput
from results.report import build_report, css_string
from results.report_blocks import ALT_WORDS, alt_text
from results.report_data import COLOURS
from results.report_findings import by_fifth, gap_change
from results.report_gains import gains_section
from results.report_reading import read_report_data
from results.wording import CHANCE_ONLY, LONGEST_HEADLINE
from tests.fake_tables import FakeTables, write_fake_tables

FIVE_MB = 5_000_000


class Page(HTMLParser):
    """Tags in order, ids, headings and the page's text."""

    VOID = frozenset(("meta", "br", "hr", "img", "use", "link", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def build(folder: Path, fake: FakeTables | None = None) -> str:
    return build_report(write_fake_tables(folder, fake)).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_tables(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return build_report(folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> str:
    fake = FakeTables(designs=4, readings=("plan", "published", "null"))
    return build(tmp_path_factory.mktemp("four"), fake)


def test_one_small_file_that_asks_nothing_of_the_network(html: str, four: str) -> None:
    for page in (html, four):
        assert len(page.encode()) < FIVE_MB
        without_names = page.replace("http://www.w3.org/", "")
        assert "http" not in without_names
        assert "//" not in re.sub(r"[^\"'(]*", "", without_names)
        tags = {tag for tag, _ in Page(page).tags}
        assert not tags & {"script", "link", "img", "iframe", "object", "embed"}


def test_every_figure_has_its_table_and_a_name(html: str) -> None:
    page = Page(html)
    drawings = page.named("svg")
    assert len(page.named("figure")) >= 10
    assert len(drawings) >= 10
    assert all(svg.get("role") == "img" and svg.get("aria-labelledby") for svg in drawings)
    for number in (1, 2, 3, 5, 6, 8, 9, 13, 14, 23):
        assert f"Numbers behind figure {number}<" in html
        assert f"Table {number}. " in html


def test_headings_skip_no_level_and_there_is_one_h1(four: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(four).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_headlines_and_claims_are_at_most_eighteen_words(html: str, four: str) -> None:
    for page in (html, four):
        found = re.findall(r"<h([123])[^>]*>(.*?)</h\1>", page, flags=re.S)
        said = [re.sub(r"<[^>]+>", " ", text) for _, text in found]
        assert max(len(text.split()) for text in said) <= LONGEST_HEADLINE + 1  # with its number


def test_no_id_is_used_twice_and_every_link_inside_has_an_end(four: str) -> None:
    page = Page(four)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for a in page.named("a")] + [a.get("xlink:href") for a in page.named("use")]
    assert all(link and link.startswith("#") and link[1:] in ids for link in links)
    labelled = [a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a]
    assert set(labelled) <= set(ids)


def test_language_landmarks_and_scopes(html: str) -> None:
    page = Page(html)
    assert page.named("html")[0]["lang"] == "en-GB"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.named(landmark)) == 1
    assert all(cell.get("scope") in ("col", "row") for cell in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table"))
    assert not page.open


def test_alternative_texts_are_short(four: str) -> None:
    names = re.findall(r"<title id=\"[^\"]+\">([^<]+)</title>", four)
    assert len(names) > 20
    assert all(len(name.split()) <= ALT_WORDS for name in names)
    assert not any("image of" in name.lower() for name in names)
    long = alt_text("kind", "axes " * 40, "who", "finding", "exception")
    assert len(long.split()) <= ALT_WORDS


def test_chance_alone_is_said_on_the_first_page(html: str, tmp_path: Path) -> None:
    first = html.split('id="s2"')[0]
    assert CHANCE_ONLY in first
    drawn = build(tmp_path, FakeTables(uncertainty="psa"))
    assert CHANCE_ONLY not in drawn


def test_likelihood_words_need_draws(html: str, four: str) -> None:
    for page in (html, four):
        words = Page(page).words.lower()
        assert not re.search(
            r"\b(likely|unlikely|virtually certain|even chances)\b(?! best buy)", words
        )


def test_what_needs_draws_is_left_out_with_the_line_that_says_how(html: str) -> None:
    page = Page(html)
    assert "Figure 7, health against fairness, needs draws" in page.words
    assert "Figures 11 and 12" in page.words
    assert page.words.count("psa") >= 2
    assert 'id="f7"' not in html


def test_a_null_design_claims_nothing(tmp_path: Path) -> None:
    words = Page(build(tmp_path, FakeTables(strength=0.0))).words
    assert "no clear change in emergency admissions" in words
    assert "is not the same as no effect" in words
    assert "A helps" not in words
    assert "· gap narrows" not in words
    assert "no clear change in the gap" in words


def test_missing_tables_print_their_reason_in_place(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    for name in ("stages", "costs", "resources", "checks", "inequality", "outcomes", "evidence"):
        (folder / "tables" / f"{name}.csv").unlink()
    words = Page(build_report(folder).read_text(encoding="utf-8")).words
    for name in ("stages", "costs", "resources", "checks"):
        assert f"tables/{name}.csv has no rows for this" in words
    assert "nan" not in words.lower().split()


def test_an_empty_comparison_still_gives_a_report(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    path = folder / "tables" / "comparison.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table[table["measure"] == "deaths"].to_csv(path, index=False)
    words = Page(build_report(folder).read_text(encoding="utf-8")).words
    assert "emergency admissions are not in this run" in words.lower()


def test_one_replication_makes_no_claim(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path, FakeTables(replications=1))
    for name in ("comparison", "inequality", "costs", "stages", "resources", "outcomes", "checks"):
        path = folder / "tables" / f"{name}.csv"
        table = pd.read_csv(path, keep_default_na=False)
        ends = [c for c in table.columns if c.endswith(("low", "high", "low50", "high50"))]
        table[ends] = ""
        table.to_csv(path, index=False)
    words = Page(build_report(folder).read_text(encoding="utf-8")).words
    assert "One replication gives no interval" in words
    assert "nan" not in words.lower()


def test_strings_from_files_are_escaped(tmp_path: Path) -> None:
    title = "<script>alert('x')</script>&"
    html = build(tmp_path, FakeTables(title=title))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_name_cannot_leave_the_style_sheet() -> None:
    assert css_string('a"}</style><b>') == '"a    style  b"'


def test_the_same_folder_gives_the_same_bytes(folder: Path, html: str) -> None:
    figures = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert build_report(folder).read_text(encoding="utf-8") == html
    assert figures == {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert not list(folder.rglob(".tmp-*"))


def test_every_drawing_is_also_a_file_of_its_own(folder: Path, html: str) -> None:
    drawings = len(Page(html).named("svg"))
    assert len(list((folder / "figures").glob("*.svg"))) == drawings
    assert len(list((folder / "figures").glob("*.png"))) == drawings


def test_figures_of_an_older_report_do_not_stay(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "figures" / "figure-18-main.svg").write_text("old", encoding="utf-8")
    (copy / "figures" / "mine.txt").write_text("kept", encoding="utf-8")
    build_report(copy)
    assert not (copy / "figures" / "figure-18-main.svg").exists()
    assert (copy / "figures" / "mine.txt").exists()


def test_a_ninth_design_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path, FakeTables(designs=9))
    with pytest.raises(BadInput, match=r"at most 8.*--designs"):
        build_report(folder)
    assert not (folder / "report.html").exists()


def test_eight_designs_each_have_a_letter_and_a_colour_of_their_own(tmp_path: Path) -> None:
    page = Page(build(tmp_path, FakeTables(designs=8, years=3)))
    data = read_report_data(tmp_path)
    assert [option.letter for option in data.options] == list("UABCDEFGH")
    assert len({option.colour for option in data.options}) == 9
    for option in data.designs:
        assert option.title in page.words


def test_colours_of_designs_can_be_read_on_white() -> None:
    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for letter, colour in COLOURS.items():
        assert 1.05 / (light(colour) + 0.05) >= 4.5, letter


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a folder that carepath run wrote"):
        build_report(tmp_path)
    write_fake_tables(tmp_path)
    shutil.rmtree(tmp_path / "tables")
    with pytest.raises(BadInput, match="carepath report DIR builds them"):
        build_report(tmp_path)


def test_designs_keep_the_order_of_the_experiment_file(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path, FakeTables(designs=2))
    text = (folder / "experiment.toml").read_text(encoding="utf-8")
    first, second = "proactive-mltc", "more-vcse"
    swapped = text.replace(first, "X").replace(second, first).replace("X", second)
    (folder / "experiment.toml").write_text(swapped, encoding="utf-8")
    designs = read_report_data(folder).designs
    assert [(o.letter, o.key) for o in designs] == [("A", second), ("B", first)]


def test_a_design_without_a_study_is_marked_on_the_first_page(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    assert "assumption only</span>" not in build_report(folder).read_text(encoding="utf-8")
    for path in folder.rglob("replication=*/evidence.csv"):
        table = pd.read_csv(path)
        table.assign(basis="assumption").to_csv(path, index=False)
    assert "assumption only</span>" in build_report(folder).read_text(encoding="utf-8")


def test_a_plan_is_an_assumption(tmp_path: Path) -> None:
    html = build(tmp_path, FakeTables(readings=("plan",)))
    assert "assumption only</span>" in html
    assert "the plan’s own effects" in html


def test_words_that_claim_too_much_do_not_occur(html: str, four: str) -> None:
    for page in (html, four):
        words = Page(page).words.lower()
        for never in ("saves", "savings", "frequent flyer", "bed blocker", "p-value", "p =", "nan"):
            assert f" {never} " not in words


def test_a_gap_of_a_rate_per_person_is_told_for_10_000_people(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    path = folder / "tables" / "inequality.csv"
    table = pd.read_csv(path, dtype=str)
    extra = table[table["measure"] == "emergency_admissions"].assign(measure="treatment_burden")
    pd.concat([table, extra]).to_csv(path, index=False)
    data = read_report_data(folder)
    of_count, of_rate = (
        gap_change(data, data.designs[0], key)
        for key in ("emergency_admissions", "treatment_burden")
    )
    assert of_count is not None
    assert of_rate is not None
    assert of_count.baseline == pytest.approx(70.0 * 10.0)
    assert of_rate.baseline == pytest.approx(70.0 * 10_000.0)


def test_a_fifth_in_which_nobody_lives_is_left_out_and_said_to_be_empty(tmp_path: Path) -> None:
    folder = write_fake_tables(tmp_path)
    path = folder / "tables" / "comparison.csv"
    table = pd.read_csv(path, dtype=str)
    first = (table["group_by"] == "imd_quintile") & (table["group"] == "1")
    main = first & (table["measure"] == "emergency_admissions")
    numbers = [
        name for name in table.columns if "mean" in name or "low" in name or "per_1000" in name
    ]
    lived = table[main].assign(measure="qalys", **dict.fromkeys(numbers, "0"))
    others = table[~(first & (table["measure"] == "qalys"))]
    pd.concat([others, lived]).to_csv(path, index=False)
    data = read_report_data(folder)
    assert list(by_fifth(data, data.designs[0], "emergency_admissions")) == [2, 3, 4, 5]
    block = gains_section(data).blocks[0]
    assert "nobody lives in fifth 1" in block.sub
    assert block.table is not None
    assert not any(row[1].startswith("1 ") for row in block.table.rows)


@pytest.mark.slow
def test_a_browser_finds_no_fault_and_fits_a_phone(folder: Path, html: str, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here: the page was not opened in a browser")
    probe = tmp_path / "probe.html"
    script = (
        "<script>onload=()=>{const d=document.documentElement;document.title="
        "'wide '+(d.scrollWidth-d.clientWidth)}</script>"
    )
    probe.write_text(html.replace("</body>", f"{script}</body>"), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    command += [
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=500,900",
    ]
    command += ["--dump-dom", probe.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "<title>wide 0</title>" in done.stdout


def test_a_report_is_built_from_run_records(tmp_path: Path) -> None:
    from results.tables import build_tables
    from tests.fake_runs import Fake, write_fake_experiment

    fake = Fake(population=1500, years=2, replications=3)
    folder = write_fake_experiment(tmp_path, fake)
    build_tables(folder)
    html = build_report(folder).read_text(encoding="utf-8")
    page = Page(html)
    for number in (1, 2, 3, 5, 6, 8, 9, 13, 14, 23):
        assert f"Numbers behind figure {number}<" in html, f"figure {number} was not drawn"
    assert "has no rows for this" not in page.words
    assert "nan" not in page.words.lower().split()
    assert not page.open


def test_many_warnings_are_set_close_so_that_the_answer_keeps_to_one_page(tmp_path: Path) -> None:
    """Printed with four of them, the box of what sets the answer fell to the second page."""
    few = FakeTables(readings=("null",), replications=2)
    page = build_report(write_fake_tables(tmp_path / "many", few)).read_text(encoding="utf-8")
    assert page.count('<p class="warn">') == 3
    assert '<section id="s1" class="tight"' in page
    one = build_report(write_fake_tables(tmp_path / "one")).read_text(encoding="utf-8")
    assert 0 < one.count('<p class="warn">') < 3
    assert '<section id="s1" aria' in one
