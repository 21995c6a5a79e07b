"""The record of a run: what happened to whom, in columns, and its folder on disk."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from agents.compiled import compiled
from agents.evidence import Figure
from agents.files import whole_folder
from agents.population import CURRENT_SMOKER, DAYS_PER_YEAR, Population
from pathways.calendar import YEAR
from pathways.ledger import STEPS_PER_DAY, Ledger
from pathways.vocabulary import ACTIVITY

Columns = dict[str, npt.NDArray[Any]]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

FIFTHS = 5
PRESSED_ABOVE = 200_000  # person-years of a year that are kept pressed until the run is written


class Pressed(Mapping[str, npt.NDArray[Any]]):
    """Columns kept in a tenth of their memory; each is unpacked whenever it is asked for."""

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        self._pressed = {
            name: (values.dtype, zlib.compress(np.ascontiguousarray(values).data, 1))
            for name, values in columns.items()
        }

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        kind, octets = self._pressed[name]
        return np.frombuffer(zlib.decompress(octets), kind)

    def __iter__(self) -> Iterator[str]:
        return iter(self._pressed)

    def __len__(self) -> int:
        return len(self._pressed)


@dataclass(slots=True)
class RunRecord:
    """Everything one run leaves behind.

    ``person_years``, ``series``, ``waits`` and ``events`` are lists of tables of columns, in
    time order; ``about`` goes into ``run.json``.
    """

    person_years: list[Mapping[str, npt.NDArray[Any]]] = field(default_factory=list)
    series: list[Columns] = field(default_factory=list)
    waits: list[Columns] = field(default_factory=list)
    events: list[Columns] | None = None
    evidence: tuple[Figure, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    def keep_year(self, year: Columns) -> None:
        """Keep the person-years of one year, pressed where they are very many."""
        many = len(year["person"]) > PRESSED_ABOVE
        self.person_years.append(Pressed(year) if many else year)


def packed(flags: Bools) -> npt.NDArray[np.uint32]:
    """Pack up to 32 flags a row into one integer: bit i is column i."""
    padded = np.zeros((len(flags), 32), np.bool_)
    padded[:, : flags.shape[1]] = flags
    octets = np.packbits(padded.reshape(-1), bitorder="little")  # quicker than row by row
    return octets.view("<u4").astype(np.uint32, copy=False)


@dataclass(slots=True)
class YearBook:
    """What is remembered of everyone at the beginning of a year, to tell the year by."""

    population: Population
    day: int
    segment: npt.NDArray[np.int8]
    conditions: npt.NDArray[np.uint32] = field(init=False)
    diagnosed: npt.NDArray[np.uint32] = field(init=False)
    onsets: npt.NDArray[np.int16] = field(init=False)
    days_supported: npt.NDArray[np.float32] = field(init=False)
    died_at_home: Bools = field(init=False)
    alive: Bools = field(init=False)

    def __post_init__(self) -> None:
        people = self.population
        self.conditions = packed(people.has)
        self.diagnosed = packed(people.diagnosed)
        self.onsets = np.zeros(len(people), np.int16)
        self.days_supported = np.zeros(len(people), np.float32)
        self.died_at_home = np.zeros(len(people), np.bool_)
        self.alive = people.alive.copy()

    def support(self, supported: Bools) -> None:
        """Count a day for each person who is ``supported``, (n,)."""
        _count_day(self.days_supported, supported)

    def close(self, ledger: Ledger, stages: npt.NDArray[np.uint8], supported: Bools) -> Columns:
        """Return the year's columns for everyone who was here in it.

        Parameters
        ----------
        ledger : activity of the year, taken from it
        stages : (n,) bits of the stages reached so far
        supported : (n,) who is supported at the end
        """
        people, first, last = self.population, self.day, self.day + YEAR
        begins = np.maximum(people.entry_day, first)
        ends = np.minimum(np.minimum(people.exit_day, people.death_day), last)
        here = np.flatnonzero(self.alive & (ends > begins))
        died = ~people.alive.take(here) & (people.death_day.take(here) < last)
        columns: Columns = {
            "person": people.person.take(here),
            "year": np.full(len(here), first // YEAR + 1, np.int16),
            "days_alive": (ends - begins).take(here).astype(np.float32),
            "died": died,
            "died_at_home": self.died_at_home.take(here),
            "age": (np.maximum(begins - people.birth_day, 0).take(here) // DAYS_PER_YEAR).astype(
                np.int16
            ),
            "sex": people.sex.take(here),
            "imd_quintile": people.imd_quintile.take(here),
            "ethnicity": people.ethnicity.take(here),
            "locality": people.locality.take(here).astype(np.int16),
            "practice": people.practice.take(here).astype(np.int16),
            "segment": self.segment.take(here),
            "care_home": people.care_home.take(here),
            "frailty": people.frailty.take(here),
            "smoker": people.smoking.take(here) == CURRENT_SMOKER,
            "isolated": people.isolated.take(here),
            "vulnerable": packed(people.vulnerable).take(here),
            "activation": people.activation.take(here).astype(np.float32),
            "conditions": self.conditions.take(here),
            "conditions_end": packed(people.has).take(here),
            "diagnosed": self.diagnosed.take(here),
            "diagnosed_end": packed(people.diagnosed).take(here),
            "controlled": packed(people.controlled).take(here),
            "onsets": self.onsets.take(here),
            "stages": stages.take(here),
            "supported_at_end": supported.take(here),
            "days_supported": self.days_supported.take(here),
        }
        activity = ledger.take_year()
        return columns | {name: activity.pop(name).take(here) for name in ACTIVITY}


def wait_counts(ledger: Ledger, population: Population, year: int) -> list[Columns]:
    """Return how many waited how long, by service and fifth, in the days just ended."""
    tables = []
    for service, (rows, days) in sorted(ledger.take_waits().items()):
        every = _by_steps_and_fifth(rows, days, population.imd_quintile)
        found = np.flatnonzero(every)
        steps, fifth = np.divmod(found, FIFTHS + 1)
        tables.append(
            {
                "service": np.full(len(found), service, object),
                "year": np.full(len(found), year, np.int16),
                "imd_quintile": fifth.astype(np.int8),
                "wait_days": (steps / STEPS_PER_DAY).astype(np.float32),
                "count": every.reshape(-1)[found],
            }
        )
    return tables


@compiled
def _count_day(days: npt.NDArray[np.float32], supported: Bools) -> None:
    for i in range(len(days)):
        days[i] += np.float32(supported[i])


@compiled
def _by_steps_and_fifth(
    rows: Rows, days: npt.NDArray[np.float64], fifth: npt.NDArray[np.int8]
) -> npt.NDArray[np.int32]:
    """Return (steps, fifths) how many waited how many whole steps; negative waits are none."""
    longest = 0.0
    for wait in days:
        longest = max(longest, wait)
    counts = np.zeros((int(np.rint(longest * STEPS_PER_DAY)) + 1, FIFTHS + 1), np.int32)
    for i in range(len(days)):
        counts[int(np.rint(max(days[i], 0.0) * STEPS_PER_DAY)), fifth[rows[i]]] += 1
    return counts


def month_series(ledger: Ledger, month: int) -> Columns:
    """Return the services' counters of the month just ended, in a fixed order."""
    tallies = sorted(ledger.take_month().items())
    return {
        "month": np.full(len(tallies), month, np.int16),
        "service": np.array([key[0] for key, _ in tallies], object),
        "role": np.array([key[1] for key, _ in tallies], object),
        "metric": np.array([key[2] for key, _ in tallies], object),
        "value": np.array([value for _, value in tallies], np.float64),
    }


def event_log(ledger: Ledger, population: Population) -> list[Columns]:
    """Return the events kept so far and forget them."""
    events, ledger.events = ledger.events, []
    return [
        {
            "person": population.person[rows],
            "day": np.full(len(rows), day),
            "service": np.full(len(rows), service, object),
            "event": np.full(len(rows), event, object),
            "wait_days": waits.astype(np.float32),
        }
        for day, service, event, rows, waits in events
    ]


def write_run(record: RunRecord, folder: Path) -> None:
    """Write a run folder whole or not at all.

    ``run.json`` is written last, so a folder that holds it is complete.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written; nothing is left behind.
    """
    with whole_folder(folder) as aside:
        _write_years(record.person_years, aside / "person_years.parquet")
        _write_table(record.series, aside / "series.parquet")
        _write_table(record.waits, aside / "waits.parquet")
        if record.events is not None:
            _write_table(record.events, aside / "events.parquet")
        _write_evidence(record.evidence, aside / "evidence.csv")
        text = json.dumps(record.about, indent=1, sort_keys=True, ensure_ascii=False)
        (aside / "run.json").write_text(text + "\n", encoding="utf-8")


def _write_years(years: Iterable[Mapping[str, npt.NDArray[Any]]], path: Path) -> None:
    """Write person-years one year at a time, so that never more than one is in memory."""
    filled = [year for year in years if len(year["person"])]
    if not filled:
        pq.write_table(pa.table({}), path)
        return
    known = pa.table(dict(filled[0])).schema
    # No number of a person-year is ever missing; so stored, a run is read in half the time.
    schema = pa.schema([column.with_nullable(False) for column in known])
    with pq.ParquetWriter(path, schema, compression="lz4") as file:
        for year in filled:
            file.write_table(pa.table(dict(year), schema), row_group_size=1 << 18)


def _write_table(parts: Iterable[Mapping[str, npt.NDArray[Any]]], path: Path) -> None:
    filled = [part for part in parts if len(next(iter(part.values())))]
    if not filled:
        pq.write_table(pa.table({}), path)
        return
    arrays = {name: _column([part[name] for part in filled]) for name in filled[0]}
    pq.write_table(pa.table(arrays), path, compression="zstd", row_group_size=1 << 18)


def _column(parts: list[npt.NDArray[Any]]) -> pa.Array | pa.ChunkedArray:
    """Return the parts as one column; numbers of one kind are not copied."""
    if parts[0].dtype == object:
        return pa.array(np.concatenate(parts)).dictionary_encode()
    if len({values.dtype for values in parts}) > 1:
        return pa.array(np.concatenate(parts))
    return pa.chunked_array([pa.array(values) for values in parts])


def _write_evidence(figures: Iterable[Figure], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["key", "value", "low", "high", "unit", "source", "basis"])
        for figure in sorted(figures, key=lambda figure: figure.key):
            writer.writerow(
                [
                    figure.key,
                    repr(figure.value),
                    "" if figure.low is None else repr(figure.low),
                    "" if figure.high is None else repr(figure.high),
                    figure.unit,
                    figure.source,
                    figure.basis,
                ]
            )
