"""Everything of a run folder in one go: tables, workbook, figures and report, on every core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from results.csv_files import write_tables
from results.reading import read_folders
from results.settings import read_settings
from results.sharing import Handed, Helpers, handed_out, taken_back
from results.store import Run
from results.tables import tables_in
from results.workbook import write_workbook

if TYPE_CHECKING:
    import pandas as pd

    from results.report_blocks import Section

REPORT = "results.report"
WORTH = 4  # runs a process: with fewer, starting processes takes longer than they save


def make_all(
    folder: Path,
    prices: Path | None = None,
    workers: int = 1,
    beside: Callable[[Mapping[str, pd.DataFrame]], None] | None = None,
) -> None:
    """Write the tables, the workbook and the report of a run folder.

    The same runs and prices give the same bytes, whatever the workers. Every file appears
    whole or not at all.

    Parameters
    ----------
    folder : a run folder
    prices : a file of prices that replace the program's own
    workers : processes at work at once
    beside : what else to make of the tables

    Raises
    ------
    BadInput
        If there is no complete run, a record cannot be read, or a price is not known.
    """
    folder = Path(folder)
    settings, runs = read_settings(prices), read_folders([folder])
    with _helpers(runs, workers) as helpers:
        Thread(target=import_module, args=(REPORT,)).start()  # while the runs are read
        tables = tables_in(folder, runs, settings, helpers)
        write_tables(folder / "tables", tables)
        ahead = _ahead(folder, helpers) if helpers else None
        write_workbook(folder / "tables" / "tables.xlsx", tables)
        if beside:
            beside(tables)
        _report(folder, ahead)


@contextmanager
def _helpers(runs: Sequence[Run], workers: int) -> Iterator[Helpers | None]:
    """Yield processes that have begun to start, or None where they would not pay.

    This process works too, so there is one less than ``workers``.
    """
    if workers < 2 or len(runs) < WORTH * workers:
        yield None
        return
    with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as pool:
        pool.submit(_begin)
        yield Helpers(pool, workers - 1)


def _begin() -> None:
    """Do nothing: what this module needs is read by then."""


def _ahead(folder: Path, helpers: Helpers) -> Handed[int, Section | None]:
    """Let other processes make the report's sections, each with its figures."""
    from results.report import LONGEST_FIRST, one_section

    return handed_out(partial(one_section, folder), LONGEST_FIRST, helpers)


def _report(folder: Path, ahead: Handed[int, Section | None] | None) -> None:
    """Write the report, with the sections that other processes make and the rest made here."""
    from results.report import build_report, made_of
    from results.report_reading import read_report_data

    if ahead is None:
        build_report(folder)
        return
    data = read_report_data(folder)
    found = taken_back(ahead, partial(made_of, data))
    made = dict(zip(ahead.items, found, strict=True))
    ahead.helpers.pool.shutdown(wait=False)  # they end while the page is put together
    sections = [made[number] for number in sorted(made)]
    build_report(folder, [section for section in sections if section is not None], data)
