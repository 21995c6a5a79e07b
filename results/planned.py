"""Which of the runs that were planned are not in a run folder, and how to say so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from results.report_numbers import listed


def planned_runs(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of ``manifest.json`` in its order.

    None where there is no manifest that can be read: then what was planned is not known.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return [dict(entry) for entry in manifest["runs"] if str(entry["folder"])]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def missing_runs(folder: Path, planned: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of the planned runs that are not in the folder."""
    return [one for one in planned if not (folder / str(one["folder"]) / "run.json").exists()]


def missing_note(folder: Path) -> str:
    """Return a sentence on the runs that are missing, or nothing."""
    planned = planned_runs(folder)
    missing = missing_runs(folder, planned)
    if not missing:
        return ""
    by_arm = Counter(_arm(entry) for entry in missing)
    which = listed([f"{count} of {arm}" for arm, count in by_arm.items()])
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{len(missing):,} of {len(planned):,} planned runs {verb} missing from this folder "
        f"({which}): these results rest on the others. carepath resume makes them."
    )


def _arm(entry: dict[str, Any]) -> str:
    design, effects = str(entry.get("design")), str(entry.get("effects"))
    return design if effects in ("none", "None") else f"{design} ({effects})"


def missing_notes(folders: Sequence[Path]) -> list[str]:
    """Return one line for each of several folders that lacks runs."""
    found = [(folder, missing_note(folder)) for folder in folders]
    return [f"{folder}: {note}" for folder, note in found if note]
