"""Short names of contents: the same inputs have the same digest, whoever computes it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np


def fingerprint(spec: Any, *more: str) -> str:
    """Return a digest of a run's inputs and of ``more`` (the program, the evidence).

    Paths are left out: what is in the files counts, not where they are.
    """
    text = json.dumps([canonical(spec), *more], sort_keys=True, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def canonical(value: Any) -> Any:
    """Return ``value`` as plain lists, texts and numbers with one spelling."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key]) for key in value}
    if isinstance(value, np.ndarray | np.generic):
        return canonical(value.tolist())
    if isinstance(value, Path):
        return "path"
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str | int | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [canonical(part) for part in value]
    raise TypeError(f"a run's inputs hold a {type(value).__name__}, which has no one spelling")


def folder_digest(*folders: Path, pattern: str = "*") -> str:
    """Return a digest of the names and contents of the files below ``folders``."""
    total = blake2b(digest_size=16)
    for folder in folders:
        files = (path for path in folder.rglob(pattern) if path.is_file())
        for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            total.update(path.relative_to(folder).as_posix().encode() + b"\0")
            total.update(blake2b(content).digest())
    return total.hexdigest()
