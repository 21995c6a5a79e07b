"""How the derived diseases compare with what was published, like for like.

Run ``python -m calibration.disease_fit`` to write ``docs/disease_fit.md`` anew.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# Lists of others, as far as we have their conditions. Depression and anxiety count as one
# there; Kingston's arthritis and respiratory disease are two of ours each.
MOOD = ("depression", "anxiety")
KINGSTON = (
    ("hypertension",),
    ("type_2_diabetes",),
    ("coronary_heart_disease",),
    ("stroke_tia",),
    ("osteoarthritis", "rheumatoid_arthritis"),
    ("copd", "asthma"),
    ("cancer",),
    ("dementia",),
    ("depression",),
)
