"""The run folders of an experiment: which runs are complete, and their records.

Nothing here knows how a run was made. A folder that is still being written (``.tmp-…``) or
has no ``run.json`` is passed over; a file that cannot be read is named with what to do.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from agents.faults import BadInput, Fault
from pathways.vocabulary import ACTIVITY

Columns = Mapping[str, npt.NDArray[Any]]
BATCH_ROWS = 16_384  # rows worked on at a time
READ_ROWS = 4 * BATCH_ROWS  # rows read at a time: reading has a price for each piece
NEEDED = (
    "place",
    "design",
    "effects",
    "replication",
    "population",
    "scale",
    "years",
    "conditions",
    "ethnic_groups",
)
SERIES = ("month", "service", "role", "metric", "value")
WAITS = ("service", "year", "imd_quintile", "wait_days", "count")
EVIDENCE = ("key", "value", "low", "high", "unit", "source", "basis")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One complete run: its folder and what ``run.json`` says of it."""

    folder: Path
    facts: Mapping[str, Any]

    @property
    def arm(self) -> tuple[str, str, str]:
        """Place, design and effects."""
        return (self.facts["place"], self.facts["design"], self.facts["effects"])

    @property
    def luck(self) -> tuple[int, int]:
        """Draw and replication: runs that share them are twins."""
        return (int(self.facts.get("draw", 0)), int(self.facts["replication"]))

    @property
    def experiment_folder(self) -> Path:
        """The folder of the experiment: six levels up, as run folders are laid out."""
        return self.folder.parents[5]

    @property
    def is_baseline(self) -> bool:
        """Whether the run is of the design that others are compared with."""
        return bool(self.facts.get("baseline", False))

    @property
    def years(self) -> int:
        """Years simulated."""
        return int(self.facts["years"])

    @property
    def scale(self) -> float:
        """Residents of the place for each resident simulated."""
        return float(self.facts["scale"])

    def batches(self, columns: Sequence[str]) -> Iterator[Columns]:
        """Yield ``columns`` of the person-years in pieces of bounded size, as arrays."""
        with _Reading(self.folder / "person_years.parquet") as reader:
            for piece in reader.pieces(columns):
                whole = {name: _array(piece.column(name)) for name in columns}
                for start in range(0, len(piece), BATCH_ROWS):
                    yield {name: whole[name][start : start + BATCH_ROWS] for name in columns}

    def first_year(self, columns: Sequence[str]) -> Columns:
        """Return ``columns`` of the person-years of year 1."""
        return self.year(1, columns)

    def year(self, year: int, columns: Sequence[str]) -> Columns:
        """Return ``columns`` of the person-years of one year."""
        with _Reading(self.folder / "person_years.parquet") as reader:
            table = reader.table(columns, filters=[("year", "=", year)])
        return {name: _array(table.column(name).combine_chunks()) for name in columns}

    def series(self) -> pd.DataFrame:
        """Return the monthly series: month, service, role, metric, value."""
        with _Reading(self.folder / "series.parquet") as reader:
            return _frame(reader.table(SERIES))

    def waits(self) -> pd.DataFrame:
        """Return counts of waits: service, year, imd_quintile, wait_days, count."""
        with _Reading(self.folder / "waits.parquet") as reader:
            return _frame(reader.table(WAITS))

    def evidence(self) -> pd.DataFrame:
        """Return the numbers that the run rests on, as text."""
        path = self.folder / "evidence.csv"
        try:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise BadInput([_unreadable(path, str(error))]) from error
        for column in EVIDENCE:
            if column not in table:
                table[column] = ""
        return table[list(EVIDENCE)]


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return a table with its words as categories in the order of the alphabet.

    A run names few services, roles and metrics many times; categories are compared and grouped
    by number.
    """
    frame: pd.DataFrame = table.to_pandas()
    for name in ("service", "role", "metric"):
        if name in frame:
            words = pd.Categorical(frame[name])
            frame[name] = words.reorder_categories(sorted(words.categories))
    return frame


def _array(column: pa.Array) -> npt.NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _unreadable(path: Path, found: str) -> Fault:
    return Fault(
        where=str(path),
        key="file",
        found=found.splitlines()[0] if found else "nothing",
        allowed="a file as a finished run wrote it",
        remedy=f"delete {path.parent} and run `carepath resume` on the experiment folder",
    )


def _of_another_version(path: Path, missing: Sequence[str]) -> Fault:
    """Return what is wrong with a run that counted fewer activities than there are now.

    Taken as none they would be costed at nothing, so such a run is refused.
    """
    folder = path.parents[6]
    return Fault(
        where=str(folder),
        key="runs",
        found=f"runs of an earlier version, which did not count {', '.join(missing)}",
        allowed="runs made by this version",
        remedy=f"run it anew: carepath run {folder / 'experiment.toml'} --out NEW_FOLDER",
    )


class _Reading:
    """Read one Parquet file, and turn what can go wrong into a fault that names it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pa.ArrowException, OSError)) and not isinstance(error, BadInput):
            raise BadInput([_unreadable(self._path, str(error))]) from error

    def _checked(self, columns: Sequence[str]) -> pq.ParquetFile:
        file = pq.ParquetFile(self._path)
        held = file.schema_arrow.names
        # A run in which nobody waited has a table without rows and without columns.
        missing = [name for name in columns if name not in held] if held else []
        if missing and set(missing) <= set(ACTIVITY):
            raise BadInput([_of_another_version(self._path, missing)])
        if missing:
            raise BadInput([_unreadable(self._path, f"no column {', '.join(missing)}")])
        return file

    def pieces(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        file = self._checked(columns)
        yield from file.iter_batches(READ_ROWS, columns=list(columns), use_threads=False)

    def table(self, columns: Sequence[str], filters: Any = None) -> pa.Table:
        file = self._checked(columns)
        if not file.schema_arrow.names:
            return pa.table({name: pa.array([], pa.float64()) for name in columns})
        return pq.read_table(self._path, columns=list(columns), filters=filters, partitioning=None)


def find_runs(folder: Path) -> list[Run]:
    """Return the complete runs of an experiment folder, in a fixed order.

    Raises
    ------
    BadInput
        If the folder holds no complete run, or a ``run.json`` that cannot be read.
    """
    paths = sorted(
        path
        for path in Path(folder).glob("runs/**/run.json")
        if not any(part.startswith(".tmp-") for part in path.parts)
    )
    faults: list[Fault] = []
    runs = [run for path in paths if (run := _run(path, faults)) is not None]
    if not runs and not faults:
        faults.append(
            Fault(
                where=str(folder),
                key="runs",
                found="no complete run",
                allowed="an experiment folder with at least one run.json under runs/",
                remedy="finish it with `carepath resume`, or name another folder",
            )
        )
    if faults:
        raise BadInput(faults)
    return sorted(runs, key=lambda run: (*run.arm, *run.luck))


def _run(path: Path, faults: list[Fault]) -> Run | None:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in NEEDED if name not in facts]
    except (OSError, ValueError, TypeError) as error:
        faults.append(_unreadable(path, str(error)))
        return None
    if missing:
        faults.append(_unreadable(path, f"no {', '.join(missing)}"))
        return None
    return Run(path.parent, facts) if facts.get("status") == "complete" else None


def experiment(folder: Path) -> dict[str, Any]:
    """Return the resolved experiment file of a run folder, empty where there is none."""
    path = Path(folder) / "experiment.toml"
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput([_unreadable(path, str(error))]) from error


def arms(runs: Sequence[Run]) -> dict[tuple[str, str, str], list[Run]]:
    """Return the runs by place, design and effects, in order."""
    by_arm: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        by_arm.setdefault(run.arm, []).append(run)
    return by_arm


def baseline_arm(
    runs: Sequence[Run], place: str, baseline: str | None = None
) -> tuple[str, str, str]:
    """Return the arm of ``place`` that the others are compared with.

    It is the design named ``baseline`` or, without a name, the one its runs call so.

    Raises
    ------
    BadInput
        If no run of the place is of the baseline.
    """
    here = [run for run in runs if run.facts["place"] == place]
    for run in here:
        if run.facts["design"] == baseline or (baseline is None and run.is_baseline):
            return run.arm
    raise BadInput(
        [
            Fault(
                where=place,
                key="baseline",
                found=repr(baseline) if baseline else "no run marked as the baseline",
                allowed=", ".join(sorted({run.facts["design"] for run in here})),
                remedy="run the baseline too, or name a design that was run with --baseline",
            )
        ]
    )
