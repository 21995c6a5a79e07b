"""Who gains and who loses, life by life: each person's twin under usual care is known.

A single life differs between designs by the design's effect and by queue luck, so what is
reported is the mean of a group with its interval; how many lives are longer or shorter is an
illustration and is named so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathways.vocabulary import STAGES
from results.lives import Lives
from results.sheets import Sheet
from results.sums import FIFTHS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
STAGE_BITS = {stage: 1 << bit for bit, stage in enumerate(STAGES)}
REACH = ("supported", "eligible, not supported", "never eligible")
DAYS_PER_YEAR = 365.25
NUMBERS = ("people", "gain_qalys", "gain_days_per_person", "share_gaining", "share_losing")
A_DAY = 1.0 / DAYS_PER_YEAR


def gain_sheet(design: Lives, baseline: Lives, scale: float) -> Sheet:
    """Return the gain of each group over the same people's lives under the baseline.

    Groups are all, the fifth of deprivation, and how far the design reached the person;
    ``share_gaining`` and ``share_losing`` are of people whose life is worth a day more or less.
    """
    ours, theirs = design.settled, baseline.settled
    fifth, stages = ours.fifth, ours.stages
    usual = np.zeros(len(ours.person))
    if len(theirs.person):
        place = np.minimum(np.searchsorted(theirs.person, ours.person), len(theirs.person) - 1)
        both = theirs.person[place] == ours.person
        usual[both] = theirs.qalys[place[both]]
    gain = ours.qalys - usual
    lived = (ours.qalys > 0) | (usual > 0)
    rows = [("all", "all", lived)]
    rows += [("imd_quintile", name, lived & (fifth == int(name))) for name in FIFTHS]
    rows += [("reach", name, lived & of) for name, of in zip(REACH, _reach(stages), strict=True)]
    keys = pd.DataFrame([row[:2] for row in rows], columns=["group_by", "group"])
    found = np.array([_numbers(gain[of], scale) for *_, of in rows])
    return Sheet(keys, {name: found[:, place] for place, name in enumerate(NUMBERS)})


def _reach(stages: npt.NDArray[np.uint8]) -> Sequence[Bools]:
    supported = stages & STAGE_BITS["supported"] > 0
    eligible = stages & STAGE_BITS["eligible"] > 0
    return supported, eligible & ~supported, ~eligible & ~supported


def _numbers(gain: Floats, scale: float) -> tuple[float, ...]:
    people, total = float(len(gain)), float(gain.sum())
    if people == 0:
        return (0.0, 0.0, float("nan"), float("nan"), float("nan"))
    return (
        people * scale,
        total * scale,
        DAYS_PER_YEAR * total / people,
        float((gain > A_DAY).mean()),
        float((gain < -A_DAY).mean()),
    )
