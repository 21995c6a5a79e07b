"""Files and folders that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.files import read_json, whole, whole_folder, write_json, write_whole


class StoppedError(Exception):
    """Stands for whatever may happen half way."""


def _half(file: Path) -> None:
    """Write some of a file, then stop."""
    file.write_text("half of the sec")
    raise StoppedError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.csv"
    with whole(file) as aside:
        assert aside.suffix == ".csv"
        aside.write_text("first")
        assert not file.exists()
    assert file.read_text() == "first"
    with pytest.raises(StoppedError), whole(file) as aside:
        _half(aside)
    assert file.read_text() == "first"
    assert names(tmp_path) == ["a.csv"]
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_a_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.json"
    write_whole(file, "first")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, "second", lasting=True)
    assert file.read_text() == "first"
    assert names(tmp_path) == ["a.json"]
    write_whole(file, b"third")  # which does not wait for the disk
    assert file.read_text() == "third"


def test_a_folder_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "run"
    with whole_folder(folder) as aside:
        (aside / "one.txt").write_text("1")
        assert not folder.exists()
    with pytest.raises(StoppedError), whole_folder(folder) as aside:
        _half(aside / "two.txt")
    assert names(tmp_path) == ["one.txt"]
    with whole_folder(folder) as aside:
        (aside / "three.txt").write_text("3")
    assert names(tmp_path) == ["three.txt"]
    assert len(list((tmp_path / "above").iterdir())) == 1
    if os.name != "nt":
        assert folder.stat().st_mode & 0o777 == 0o755


def test_a_json_file_is_read_as_it_was_written_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    assert read_json(file) is None
    write_json(file, {"é": [1.5, None]})
    assert read_json(file) == {"é": [1.5, None]}
    for damaged in (b"{", b"[1]", b"\xff\xfe"):
        file.write_bytes(damaged)
        assert read_json(file) is None
