"""Tables as CSV files: the same numbers are the same text everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from agents.faults import BadInput, Fault
from agents.files import whole

Floats = npt.NDArray[np.float64]
DIGITS = 9
AS_TEXT = ("year", "group", "draw_name", "practice", "locality")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write each table as CSV, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        with whole(folder / f"{name}.csv") as aside:
            write_csv(aside, table)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as UTF-8 CSV, numbers to nine figures, gaps empty, Unix line ends."""
    columns = {str(name): _column(table[name]) for name in table.columns}
    options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        pa_csv.write_csv(pa.table(columns), file, options)


def _column(values: pd.Series) -> pa.Array:
    if pd.api.types.is_float_dtype(values):
        numbers = rounded(values.to_numpy(np.float64))
        return pa.array(numbers, mask=~np.isfinite(numbers))
    if pd.api.types.is_integer_dtype(values):
        return pa.array(values.to_numpy(np.int64))
    codes, words = pd.factorize(values.fillna("").astype(str))
    safe = pa.array([harmless(str(word)) for word in words], type=pa.string())
    return pa.DictionaryArray.from_arrays(codes, safe).dictionary_decode()


def harmless(word: str) -> str:
    """Return a word that no spreadsheet takes for a formula: marked as text where it looks so.

    A name from a file may begin with ``=``, ``+``, ``-`` or ``@``; numbers stay as they are.
    """
    if not word.startswith(FORMULA):
        return word
    try:
        float(word)
    except ValueError:
        return f"'{word}"
    return word


def rounded(values: Floats, digits: int = DIGITS) -> Floats:
    """Round to so many figures, so that the same numbers are the same text everywhere."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    step = np.clip(np.where(np.isfinite(size), digits - 1 - size, 0.0), 0.0, 300.0)
    factor = 10.0**step
    result: Floats = np.round(values * factor) / factor + 0.0
    return result


def load(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the written tables of an experiment folder, tidy; groups and years are text.

    Raises
    ------
    BadInput
        If the folder has no tables.
    """
    found = sorted(Path(folder).glob("tables/*.csv"))
    if not found:
        raise BadInput(
            [
                Fault(
                    where=str(folder),
                    key="tables",
                    found="no tables",
                    allowed="an experiment folder whose tables were built",
                    remedy="run `carepath report` on it first",
                )
            ]
        )
    return {path.stem: read_table(path) for path in found}


def read_table(path: Path) -> pd.DataFrame:
    """Read one table as it was written; groups and years are text."""
    return read_csv(path, dict.fromkeys(AS_TEXT, str))


def read_csv(path: Path, text: Mapping[str, type[str]] | None = None) -> pd.DataFrame:
    """Read a file of rows; words such as "null" and "none" are words, not gaps.

    A file of an older program may be empty, names and all: it is a table without rows.

    Parameters
    ----------
    text : columns to be read as text whatever they hold
    """
    if not path.read_bytes().strip():
        return pd.DataFrame()
    return pd.read_csv(
        path, dtype=dict(text or {}), keep_default_na=False, na_values=[""], low_memory=False
    )
