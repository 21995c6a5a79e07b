"""Every figure of the report as a function that returns Matplotlib axes.

The records they draw come from ``results.report_findings``; ``styled()`` gives them the look
of the report::

    data = read_report_data(Path("runs/southwark"))
    with styled():
        axes = reach(stage_rows(data))
"""

from results.figures.belief import checks, readings
from results.figures.canvas import png_bytes, styled, svg_text
from results.figures.changes import forest
from results.figures.draws import curves, plane
from results.figures.money import cascade, cash_by_year
from results.figures.people import fifths, over_time, reach, squares
from results.figures.services import capacity_used, waits

__all__ = [
    "capacity_used",
    "cascade",
    "cash_by_year",
    "checks",
    "curves",
    "fifths",
    "forest",
    "over_time",
    "plane",
    "png_bytes",
    "reach",
    "readings",
    "squares",
    "styled",
    "svg_text",
    "waits",
]
