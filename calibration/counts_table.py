"""How many people have 1, 2, 3 and 4 or more conditions, by age and fifth, as a table.

Published counts differ in their lists, so most cells have nothing like for like beside them
(``targets_counts`` has those that do). The table tells what the model says, for whatever
figure a reader holds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from calibration.fit_measures import People
from calibration.simulated import Simulated
from calibration.targets import ages_in_words

LISTS = (27, 24)
LEAST = (1, 2, 3, 4)
BANDS = ((0, 110), (0, 17), (18, 110), (18, 44), (45, 64), (65, 110), (65, 84), (85, 110))
NORMAL_95 = 1.96


def counts_table(found: Simulated) -> pd.DataFrame:
    """Return one row a state (register or true), list, count, age band and fifth (0 is all).

    Columns: state, list, at_least, ages, fifth, people, percent, low, high (95% by chance).
    """
    rows = [
        row
        for state, people in (("register", found.register), ("true", found.true))
        for row in _rows(state, people)
    ]
    names = ["state", "list", "at_least", "ages", "fifth", "people", "percent", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def _rows(state: str, people: People) -> Iterator[tuple[object, ...]]:
    counts = {listed: people.count(listed) for listed in LISTS}
    for low, high in BANDS:
        for fifth in range(6):
            who = people.aged(low, high, fifth=fifth)
            n = int(who.sum())
            for listed, count in counts.items():
                for least in LEAST:
                    share = float((count[who] >= least).mean()) if n else float("nan")
                    reach = NORMAL_95 * float(np.sqrt(share * (1 - share) / max(n, 1)))
                    ends = (100 * share, 100 * max(share - reach, 0.0), 100 * (share + reach))
                    yield state, listed, least, ages_in_words(low, high), fifth, n, *ends
