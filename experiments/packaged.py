"""Where the files lie that come with the program."""

from __future__ import annotations

from pathlib import Path

import calibration

LIBRARY = Path(__file__).parent / "library"
CALIBRATION = Path(calibration.__file__).parent
EVIDENCE = CALIBRATION / "evidence"
PARAMETERS = CALIBRATION / "parameters" / "default"
