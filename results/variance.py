"""How much of the uncertainty is chance and how much is not knowing the numbers.

Each draw of the evidence has replications with luck of their own. Differences between
replications of one draw are chance; what differs between draws beyond that is knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.comparison import Arm, named
from results.sheets import Stack, paired

Floats = npt.NDArray[np.float64]
COLUMNS = [
    "place",
    "design",
    "effects",
    "measure",
    "unit",
    "discounted",
    "draws",
    "replications",
    "difference",
    "standard_deviation",
    "variance_chance",
    "variance_knowledge",
    "share_chance",
    "share_knowledge",
]


def split(values: Floats, draws: Sequence[int]) -> dict[str, Floats]:
    """Split the variance of the means over draws (one-way analysis of variance).

    Parameters
    ----------
    values : (runs, names), one row a run
    draws : the draw of each row

    Returns
    -------
    By name of the number, (names,): the mean over draws, its standard deviation between
    draws, and what chance and knowledge give to that variance; not a number where no draw has
    two replications. A negative estimate of what knowledge gives counts as none.
    """
    of_run = np.asarray(draws)
    groups = [values[of_run == draw] for draw in dict.fromkeys(draws)]
    means = np.array([group.mean(axis=0) for group in groups])
    spread = means.var(axis=0, ddof=1)
    repeated = [group for group in groups if len(group) > 1]
    if repeated:
        freedom = sum(len(group) - 1 for group in repeated)
        squares = sum(((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in repeated)
        each = np.mean([1.0 / len(group) for group in groups])
        chance = np.minimum(np.asarray(squares) / freedom * each, spread)
    else:
        chance = np.full(values.shape[1], np.nan)
    return {
        "difference": means.mean(axis=0),
        "standard_deviation": np.sqrt(spread),
        "variance_chance": chance,
        "variance_knowledge": spread - chance,
    }


def variance_table(stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm]) -> pd.DataFrame:
    """Return ``variance.csv``: chance and knowledge in each paired difference of all years.

    Empty without draws of the evidence.
    """
    parts = []
    for arm, stack in stacks.items():
        if arm == baselines[arm[0]] or len(set(stack.draws)) < 2:
            continue
        parts.append(named(arm, _of_arm(*paired(stack, stacks[baselines[arm[0]]]))))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return whole[COLUMNS]


def _of_arm(design: Stack, baseline: Stack) -> pd.DataFrame:
    keys = design.keys
    rows = ((keys["group_by"] == "all") & (keys["year"] == "all")).to_numpy()
    change = (design.numbers["value"] - baseline.numbers["value"])[:, rows]
    found = split(change, design.draws)
    table = keys.loc[rows, ["measure", "unit", "discounted"]].reset_index(drop=True)
    table = table.assign(
        draws=len(set(design.draws)),
        replications=len(design.draws) // len(set(design.draws)),
        **found,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = table["standard_deviation"] ** 2
        table["share_chance"] = table["variance_chance"] / variance
        table["share_knowledge"] = table["variance_knowledge"] / variance
    return table
