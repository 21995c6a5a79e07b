"""The tables as one workbook, for people who live in a spreadsheet.

A workbook is a zip of small XML files. Written here directly it is quick, holds no date and so
repeats to the byte, and keeps text as text: nothing in it can be read as a formula.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pandas as pd

from agents.files import whole

ALL_YEARS = ("costs", "activity")
GROUPS = ("all", "imd_quintile")
DIGITS = 9
ZIP_EPOCH = (2000, 1, 1, 0, 0, 0)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write_workbook(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write one sheet a table, whole or not at all.

    Most sheets are kept to the whole period, for everybody and by fifth of deprivation; the
    CSV files beside the workbook hold every row.
    """
    names = list(tables)
    parts = {
        "[Content_Types].xml": _content_types(len(names)),
        "_rels/.rels": _links([(f"{OFFICE}/officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _book(names),
        "xl/_rels/workbook.xml.rels": _links(
            (f"{OFFICE}/worksheet", f"worksheets/sheet{number}.xml")
            for number in range(1, len(names) + 1)
        ),
    }
    for number, (name, table) in enumerate(tables.items(), start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(shown(name, table))
    with whole(path) as aside, zipfile.ZipFile(aside, "w") as book:
        for part, content in parts.items():
            info = zipfile.ZipInfo(part, ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(info, HEAD + content)


def shown(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that the workbook holds."""
    if name not in ALL_YEARS and "year" in table:
        table = table[table["year"].isin(["all", ""])]
    if name not in ("population", "frameworks", "gains") and "group_by" in table:
        table = table[table["group_by"].isin(GROUPS)]
    return table


def _sheet(table: pd.DataFrame) -> str:
    """Return a worksheet: a first row of names that stays in view, then the values."""
    columns = [_cells(table[name]) for name in table.columns]
    names = "".join(_text(str(name)) for name in table.columns)
    rows = "".join(f"<row>{''.join(cells)}</row>" for cells in zip(*columns, strict=True))
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    data = f"<sheetData><row>{names}</row>{rows}</sheetData>"
    return f'<worksheet xmlns="{MAIN}">{view}{data}</worksheet>'


def _cells(values: pd.Series) -> list[str]:
    if pd.api.types.is_numeric_dtype(values):
        return [
            f"<c><v>{number:.{DIGITS}g}</v></c>" if np.isfinite(number) else "<c/>"
            for number in values.to_numpy(np.float64).tolist()
        ]
    return [_text(text) for text in values.fillna("").astype(str).tolist()]


@lru_cache(maxsize=65_536)
def _text(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _book(names: Iterable[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name[:31])} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _links(targets: Iterable[tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _content_types(sheets: int) -> str:
    parts = [("/xl/workbook.xml", f"{TYPE}.sheet.main+xml")]
    parts += [
        (f"/xl/worksheets/sheet{number}.xml", f"{TYPE}.worksheet+xml")
        for number in range(1, sheets + 1)
    ]
    overrides = "".join(
        f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in parts
    )
    links = "application/vnd.openxmlformats-package.relationships+xml"
    defaults = (
        f'<Default Extension="rels" ContentType="{links}"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return f'<Types xmlns="{PACKAGE}/content-types">{defaults}{overrides}</Types>'
