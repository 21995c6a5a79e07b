"""Where the files lie that come with the program."""

from __future__ import annotations

from pathlib import Path

import calibration

LIBRARY = Path(__file__).parent / "library"
CALIBRATION = Path(calibration.__file__).parent
EVIDENCE = CALIBRATION / "evidence"
SETS = CALIBRATION / "parameters"
PARAMETERS = SETS / "default"


def set_names() -> list[str]:
    """Return the parameter sets that come with the program: England's, and places' own."""
    places = sorted(file.parent.name for file in SETS.glob("*/diseases.npz"))
    return [PARAMETERS.name, *(name for name in places if name != PARAMETERS.name)]


def set_folder(name: str) -> Path:
    """Return the folder of a set that comes with the program, or the path that ``name`` is."""
    return SETS / name if name in set_names() else Path(name)
