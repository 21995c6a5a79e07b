"""A disk of a few kilobytes that can be filled, enlarged and sealed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk of ``size`` (such as ``300k``) at ``folder`` while inside.

    Gives what mounts it again with other options, such as ``size=100m`` or ``ro``. Skips the
    test where only the system's owner may mount.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only the system's owner may make a small disk")

    def again(options: str) -> None:
        more = ["mount", "-o", f"remount,{options}", str(folder)]
        subprocess.run(more, check=True, capture_output=True)

    try:
        yield again
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
