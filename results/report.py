"""The report of an experiment folder: one HTML file, and every figure as SVG and PNG."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.files import write_whole
from results.report_answer import answer_page, leading
from results.report_belief import belief_section, sure_section
from results.report_blocks import Panel, Section
from results.report_data import ReportData, read_report_data
from results.report_methods import limits_section, methods
from results.report_money import money_section, value_section
from results.report_numbers import percent
from results.report_people import changes_section, gains_section, reached_section, when_section
from results.report_services import services_section

TEMPLATES = Path(__file__).parent / "templates"
FEW = 2  # with so few designs the figures are small, and sections share printed pages
EVEN = (2, 4, 6, 8, 10)
SIGN_CLASSES = {"+": "good", "−": "bad", "?": "unclear", "=": "same", "±": "shift"}


def build_report(folder: Path) -> Path:
    """Write ``report.html`` and ``figures/`` from a folder's tables; return the report's path.

    Reads ``tables/*.csv``, ``experiment.toml``, ``manifest.json`` and one run record a design,
    and nothing else. The same folder gives the same bytes; every file appears whole or not at
    all.

    Raises
    ------
    BadInput
        If the folder has no tables, or more designs than a report can show.
    """
    data = read_report_data(Path(folder))
    sections = report_sections(data)
    write_figures(
        data.folder / "figures", (p for s in sections for b in s.blocks for p in b.panels)
    )
    path = data.folder / "report.html"
    write_whole(path, render(data, sections))
    return path


def report_sections(data: ReportData) -> tuple[Section, ...]:
    """Return sections 2 to 11, in order."""
    sections = (
        reached_section(data),
        changes_section(data, leading(data)),
        when_section(data),
        gains_section(data),
        money_section(data),
        value_section(data),
        services_section(data),
        belief_section(data),
        sure_section(data),
        limits_section(data),
    )
    if len(data.designs) > FEW:
        return sections
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
    page = answer_page(data)
    return environment.get_template("report.html.j2").render(
        data=data,
        page=page,
        sections=sections,
        methods=methods(data, page.headline),
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        foot=css_string(_foot(data)),
        signs=SIGN_CLASSES,
        smallest=percent(data.smallest, 0.1 if 0 < data.smallest < 0.01 else 1.0),
        shift=any(cell.sign == "±" for row in page.rows for cell in row.cells),
    )


def _foot(data: ReportData) -> str:
    """Return what stands at the foot of each printed page: place, and what was asked."""
    title = str(data.experiment.get("title") or data.experiment.get("name", ""))
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
