"""Files that are whole or not there: written aside, then put in place at one stroke."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TEMPORARY = ".tmp-"  # whatever begins so is unfinished and may be deleted


@contextmanager
def whole(path: Path, *, lasting: bool = False) -> Iterator[Path]:
    """Give a file beside ``path`` to write; at the end it takes the place of ``path``.

    Nobody ever sees half a file: where the block raises, ``path`` stays as it was and nothing
    is left beside it. The file has the ending of ``path``; missing folders are made.

    Parameters
    ----------
    lasting : also survive a power cut from the moment the block ends, which takes a while

    Raises
    ------
    OSError
        If the folder cannot be made or written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=f"-{path.name}", dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        if lasting:
            to_disk(aside)
        aside.chmod(0o644)
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside ``path`` to fill; at the end it takes the place of ``path``.

    Where the block raises, ``path`` stays as it was and nothing is left beside it.

    Raises
    ------
    OSError
        If it cannot be made or put in place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=TEMPORARY, suffix=f"-{path.name}", dir=path.parent))
    try:
        aside.chmod(0o755)
        yield aside
        if path.exists():
            shutil.rmtree(path)
        aside.replace(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def to_disk(path: Path) -> None:
    """Ask the system to write a file or folder to the disk now (folders: not on Windows)."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, data: bytes | str, *, lasting: bool = False) -> None:
    """Write bytes, or a text as UTF-8, whole or not at all (see ``whole``)."""
    with whole(path, lasting=lasting) as aside:
        aside.write_bytes(data.encode() if isinstance(data, str) else data)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as JSON, whole or not at all, to survive a power cut."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, text, lasting=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the content of a JSON file, None where there is none or it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def is_file(path: Path) -> bool:
    """Say whether there is such a file; a name that no disk can hold is of none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long; with a null byte
        return False
