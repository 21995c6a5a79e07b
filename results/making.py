"""Everything of a run folder in one go: tables, workbook, figures and report, on every core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from results.csv_files import write_tables
from results.reading import read_folders
from results.settings import read_settings
from results.sharing import taken_back
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
    with _pool(runs, workers) as pool:
        Thread(target=import_module, args=(REPORT,)).start()  # while the runs are read
        tables = tables_in(folder, runs, settings, pool)
        write_tables(folder / "tables", tables)
        ahead = _ahead(folder, pool) if pool else {}
        write_workbook(folder / "tables" / "tables.xlsx", tables)
        if beside:
            beside(tables)
        _report(folder, ahead)


@contextmanager
def _pool(runs: Sequence[Run], workers: int) -> Iterator[Executor | None]:
    """Yield processes that have begun to start, or None where they would not pay.

    This process works too, so there is one less than ``workers``.
    """
    if workers < 2 or len(runs) < WORTH * workers:
        yield None
        return
    with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as pool:
        pool.submit(_begin)
        yield pool


def _begin() -> None:
    """Do nothing: what this module needs is read by then."""


def _ahead(folder: Path, pool: Executor) -> dict[int, Future[Section | None]]:
    """Let other processes make the report's sections, each with its figures."""
    from results.report import LONGEST_FIRST, one_section

    return {number: pool.submit(one_section, folder, number) for number in LONGEST_FIRST}


def _report(folder: Path, ahead: Mapping[int, Future[Section | None]]) -> None:
    """Write the report from the sections that were sent ahead; those not begun are made here."""
    from results.report import build_report, one_section

    numbers, sent = list(ahead), list(ahead.values())
    own = taken_back(sent, lambda place: one_section(folder, numbers[place]))
    made = {
        number: own[place] if place in own else sent[place].result()
        for place, number in enumerate(numbers)
    }
    sections = [made[number] for number in sorted(made)]
    build_report(folder, [section for section in sections if section is not None] or None)
