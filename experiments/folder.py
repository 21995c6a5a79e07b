"""Run folders: what is on disk, written whole or not at all, by one process at a time."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from agents.faults import BadInput, Fault
from agents.files import TEMPORARY, read_json, to_disk, write_json, write_whole

RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$")  # not file names on Windows


class FolderBusyError(Exception):
    """Another process is at work in the folder."""


def slug(text: str, longest: int = 60) -> str:
    """Return ``text`` as a harmless folder name: small letters, digits, hyphens, underscores."""
    plain = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:longest].strip("-")
    return f"{plain}-" if RESERVED.match(plain) else plain or "unnamed"


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """What tells the runs of an experiment apart."""

    place: str
    design: str
    effects: str
    draw: int
    replication: int

    @property
    def path(self) -> Path:
        """The run's folder inside the experiment's folder."""
        return Path(
            "runs",
            f"place={slug(self.place)}",
            f"design={slug(self.design)}",
            f"effects={self.effects}",
            f"draw={self.draw:04d}",
            f"replication={self.replication:04d}",
        )

    def __str__(self) -> str:
        words = f"{self.place}, {self.design}, {self.effects}, replication {self.replication}"
        return words + (f", draw {self.draw}" if self.draw else "")


# --- Whole or not at all ----------------------------------------------------------------------


def settle(staged: Path, final: Path) -> None:
    """Move a finished folder to its place, surviving a power cut; an older one gives way."""
    for file in staged.iterdir():
        to_disk(file)
    to_disk(staged)
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged.replace(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(final)
        staged.replace(final)
    to_disk(final.parent)


def sweep(folder: Path) -> int:
    """Delete whatever an interrupted process left unfinished; return how many things."""
    left = list(folder.rglob(f"{TEMPORARY}*"))
    for path in left:
        if path.is_dir():
            _away(path)
        else:
            path.unlink(missing_ok=True)
    return len(left)


def _away(folder: Path) -> None:
    """Delete a folder at one stroke: a worker still writing in it must not settle half of it."""
    gone = folder.with_name(f"{TEMPORARY}gone-{folder.name.removeprefix(TEMPORARY)}")
    with suppress(OSError):
        folder = folder.replace(gone)
    shutil.rmtree(folder, ignore_errors=True)


# --- Complete runs ----------------------------------------------------------------------------


def contents(run: Path) -> dict[str, str]:
    """Return a digest of each file of a run except ``run.json``."""
    return {
        file.name: digest_of(file)
        for file in sorted(run.iterdir())
        if file.is_file() and file.name != "run.json"
    }


def digest_of(file: Path) -> str:
    """Return a digest of a file's bytes."""
    with file.open("rb") as handle:
        total = blake2b(digest_size=16)
        while block := handle.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def seal(run: Path, inputs: str) -> None:
    """Write into ``run.json`` what the run was made from and what its files hold."""
    record = read_json(run / "run.json")
    if record is None:
        raise OSError(f"{run / 'run.json'} is missing or damaged")
    write_json(run / "run.json", record | {"inputs": inputs, "files": contents(run)})


def complete_run(run: Path, inputs: str) -> dict[str, Any] | None:
    """Return ``run.json`` of a run made from ``inputs`` whose files are all as written."""
    record = read_json(run / "run.json")
    if not record or record.get("inputs") != inputs:
        return None
    try:
        same = record.get("files") == contents(run)
    except OSError:
        return None
    return record if same else None


# --- One process at a time --------------------------------------------------------------------


@contextmanager
def held(folder: Path, shard: str = "") -> Iterator[None]:
    """Keep other processes out of ``folder`` while inside.

    Shards of one experiment share the folder; each keeps only its own twin out. The system
    frees the lock when its process dies, however it dies.

    Raises
    ------
    FolderBusyError
        If another process holds it; the message says which.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / ".lock", shared=bool(shard)):
        if not shard:
            yield
            return
        with _locked(folder / f".lock-{shard}", shared=False):
            yield


@contextmanager
def _locked(path: Path, *, shared: bool) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as file:
        if not _lock(file, shared=shared):
            raise FolderBusyError(_holder(path))
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "machine": socket.gethostname()}))
        file.flush()
        yield


def _lock(file: IO[str], *, shared: bool) -> bool:
    """Lock an open file without waiting; True where a file system knows no locks."""
    try:
        import fcntl
    except ImportError:
        return _lock_windows(file)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _lock_windows(file: IO[str]) -> bool:
    import msvcrt

    file.seek(1 << 20)  # beyond the text, which others may then read
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


def _holder(path: Path) -> str:
    record = read_json(path) or {}
    who = f"process {record['process']} on {record['machine']}" if "process" in record else ""
    return (
        f"another carepath{f' ({who})' if who else ''} is at work in {path.parent}; "
        "wait for it to end, or choose another folder with --out"
    )


# --- The folder as a whole --------------------------------------------------------------------


def prepare(folder: Path, resolved: str, copies: Mapping[str, Path] | None = None) -> None:
    """Make ``folder`` ready for an experiment; one that holds the same experiment is continued.

    Parameters
    ----------
    resolved : text of ``experiment.toml``
    copies : files to copy into the folder, path inside -> source

    Raises
    ------
    BadInput
        If the folder holds something else, or cannot be made or written.
    """
    try:
        contents = {inside: source.read_bytes() for inside, source in (copies or {}).items()}
        contents["experiment.toml"] = resolved.encode()
        _check_vacant(folder, contents)
        for inside, content in contents.items():
            if not (folder / inside).exists():
                write_whole(folder / inside, content, lasting=True)
        check_writable(folder)
    except OSError as error:
        raise BadInput([unwritable(folder, error)]) from None


def check_writable(folder: Path) -> None:
    """Raise ``OSError`` now where no file can be written in ``folder``."""
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
    os.close(handle)
    Path(name).unlink()


def _check_vacant(folder: Path, contents: Mapping[str, bytes]) -> None:
    if (folder / "experiment.toml").is_file():
        if all(_holds(folder / inside, content) for inside, content in contents.items()):
            return
        found, remedy = "the runs of another experiment", "choose another folder"
    elif folder.is_dir() and any(not _ours(path) for path in folder.iterdir()):
        found, remedy = "a folder with other files in it", "choose a new or empty folder"
    elif folder.exists() and not folder.is_dir():
        found, remedy = "a file", "choose a folder"
    else:
        return
    allowed = "a new folder, an empty one, or one with this same experiment"
    raise BadInput(
        [Fault(where=str(folder), key="--out", found=found, allowed=allowed, remedy=remedy)]
    )


def _ours(path: Path) -> bool:
    """Say whether an interrupted start may have left ``path`` in an else empty folder."""
    return path.name.startswith(".") or path.name == "inputs"


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def unwritable(folder: Path, error: OSError) -> Fault:
    """Return the fault of a folder that cannot be written."""
    return Fault(
        where=str(folder),
        key="--out",
        found=(error.strerror or str(error)).lower(),
        allowed="a folder that you may write in, on a disk with room",
        remedy="choose another folder with --out",
    )
