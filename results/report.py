"""The report of an experiment folder: one HTML file, and every figure as SVG and PNG."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.files import write_whole
from results.report_answer import answer_page, leading
from results.report_belief import belief_section, sure_section
from results.report_blocks import Panel, Section
from results.report_data import ReportData
from results.report_gains import gains_section, when_section
from results.report_methods import limits_section, methods
from results.report_money import money_section, value_section
from results.report_numbers import percent
from results.report_people import changes_section, reached_section
from results.report_reading import read_report_data
from results.report_services import services_section
from results.report_usual import USUAL_MAKERS, usual_page

TEMPLATES = Path(__file__).parent / "templates"
FEW = 2  # with so few designs the figures are small, and sections share printed pages
EVEN = (2, 4, 6, 8, 10)
SIGN_CLASSES = {"+": "good", "−": "bad", "?": "unclear", "=": "same", "±": "shift"}


def build_report(
    folder: Path, sections: Sequence[Section] | None = None, data: ReportData | None = None
) -> Path:
    """Write ``report.html`` and ``figures/`` from a folder's tables; return the report's path.

    Reads ``tables/*.csv``, ``experiment.toml``, ``manifest.json`` and one run record a design,
    and nothing else. The same folder gives the same bytes; every file appears whole or not at
    all.

    Parameters
    ----------
    folder : a run folder with its tables
    sections : sections 2 to 11 of this very folder, where they have been made
    data : what a report reads of this very folder, where it has been read

    Raises
    ------
    BadInput
        If the folder has no tables, or more designs than a report can show.
    """
    data = data or read_report_data(Path(folder))
    found = report_sections(data) if sections is None else in_print(data, sections)
    write_figures(data.folder / "figures", (p for s in found for b in s.blocks for p in b.panels))
    path = data.folder / "report.html"
    write_whole(path, render(data, found))
    return path


MAKERS: Mapping[int, Callable[[ReportData], Section]] = {
    2: reached_section,
    3: lambda data: changes_section(data, leading(data)),
    4: when_section,
    5: gains_section,
    6: money_section,
    7: value_section,
    8: services_section,
    9: belief_section,
    10: sure_section,
    11: limits_section,
}
# The sections in the order in which they are given to other processes: longest work first.
LONGEST_FIRST = (8, 10, 3, 6, 5, 4, 2, 9, 7, 11)


def report_sections(data: ReportData) -> tuple[Section, ...]:
    """Return sections 2 to 11, in order; without a design those that compare are left out."""
    return in_print(data, [make(data) for make in makers(data).values()])


def makers(data: ReportData) -> Mapping[int, Callable[[ReportData], Section]]:
    """Return what makes each section: of a comparison, or of usual care alone."""
    return USUAL_MAKERS if data.alone else MAKERS


def one_section(folder: Path, number: int) -> Section | None:
    """Return one section of a folder's report, for a process that makes several.

    None where the report has no such section, for nothing is compared.
    """
    return made_of(_data_of(folder), number)


def made_of(data: ReportData, number: int) -> Section | None:
    """Return one section of what a report reads, None where the report has no such section."""
    make = makers(data).get(number)
    return make(data) if make else None


@lru_cache(maxsize=1)
def _data_of(folder: Path) -> ReportData:
    """Return what a report reads, once in a process that lives for this report alone."""
    return read_report_data(folder)


def in_print(data: ReportData, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return sections as they stand on printed pages: with few designs they share pages."""
    if len(data.designs) > FEW:
        return tuple(sections)
    return tuple(replace(s, starts_page=s.starts_page and s.number in EVEN) for s in sections)


def render(data: ReportData, sections: tuple[Section, ...]) -> str:
    """Return the report as one HTML page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = usual_page(data) if data.alone else answer_page(data)
    return environment.get_template("report.html.j2").render(
        data=data,
        page=page,
        sections=sections,
        methods=methods(data, page.headline),
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        title=_title(data),
        foot=css_string(_foot(data)),
        signs=SIGN_CLASSES,
        smallest=percent(data.smallest, 0.1 if 0 < data.smallest < 0.01 else 1.0),
        shift=any(cell.sign == "±" for row in page.rows for cell in row.cells),
    )


def _title(data: ReportData) -> str:
    """Return what was asked; with no design to show it would promise what is not there."""
    return data.baseline.title if data.alone else str(data.experiment.get("title") or "")


def _foot(data: ReportData) -> str:
    """Return what stands at the foot of each printed page: place, and what was asked."""
    title = _title(data) or str(data.experiment.get("name", ""))
    return title if data.place_name in title else f"{data.place_name}: {title}"


def css_string(text: str) -> str:
    """Return ``text`` as a CSS string that can end neither the string nor the style sheet."""
    kept = "".join(letter if letter.isalnum() or letter in " ,.:-–" else " " for letter in text)
    return json.dumps(kept.strip(), ensure_ascii=False)


def write_figures(folder: Path, panels: Iterable[Panel]) -> None:
    """Write each panel as SVG and PNG; figures of an older report that are gone go too."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for panel in panels:
        for ending, content in (("svg", panel.svg.encode("utf-8")), ("png", panel.png)):
            path = folder / f"{panel.stem}.{ending}"
            write_whole(path, content)
            written.add(path)
    for path in folder.glob("figure-[0-9][0-9]*.*"):
        if path not in written and path.suffix in (".svg", ".png"):
            path.unlink()
