"""How much of the uncertainty is chance, how much not knowing the numbers, how much structure.

Each draw of the evidence has replications with luck of their own. Differences between
replications of one draw are chance. What differs between draws beyond that is structure, as
far as the named alternatives that vary explain it (their main effects), and else knowledge.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.luck import Luck
from results.comparison import Arm, named
from results.sheets import Stack, paired, summary

Floats = npt.NDArray[np.float64]
PARTS = ("chance", "knowledge", "structure")
AGAIN = 200  # times that draws are drawn again, to see how sure shares are
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
    "variance_structure",
    "share_chance",
    "share_knowledge",
    "share_structure",
    *(f"share_{part}_{end}" for part in PARTS for end in ("low", "high")),
]
STRUCTURE_COLUMNS = [
    "place",
    "design",
    "effects",
    "alternative",
    "option",
    "measure",
    "unit",
    "discounted",
    "draws",
    "difference",
    "difference_low",
    "difference_high",
    "share_structure",
]
Varied = Mapping[str, Sequence[str]]  # alternative to the option of each draw, from draw 1 on


def varied_in(folder: Path) -> dict[str, list[str]]:
    """Return the option that each draw of a run folder has of each alternative that varies."""
    try:
        content = json.loads((folder / "draws.json").read_text(encoding="utf-8"))
        return {name: list(options) for name, options in content["structure"].items()}
    except (OSError, ValueError, KeyError, AttributeError):
        return {}


def explained(means: Floats, labels: Sequence[Sequence[str]]) -> Floats:
    """Return the variance of ``means`` that labels explain, without what luck would explain.

    Parameters
    ----------
    means : (draws, names)
    labels : for each alternative the option of each draw

    Returns
    -------
    (names,), the sum of squares of a regression on the options, less the mean square of its
    rest for each of its degrees of freedom, over all degrees of freedom; not below 0.
    """
    columns = [np.ones(len(means))]
    for of_draw in labels:
        options = list(dict.fromkeys(of_draw))
        columns += [np.array([one == option for one in of_draw], float) for option in options[1:]]
    table = np.column_stack(columns)
    freedom, left = table.shape[1] - 1, len(means) - table.shape[1]
    if freedom < 1 or left < 1:
        return np.zeros(means.shape[1])
    fitted = table @ np.linalg.lstsq(table, means, rcond=None)[0]
    squares = ((fitted - means.mean(axis=0)) ** 2).sum(axis=0)
    rest = ((means - fitted) ** 2).sum(axis=0) / left
    found: Floats = np.maximum((squares - freedom * rest) / (len(means) - 1), 0.0)
    return found


def split(values: Floats, draws: Sequence[int], varied: Varied | None = None) -> dict[str, Floats]:
    """Split the variance of the means over draws (one-way analysis of variance).

    Parameters
    ----------
    values : (runs, names), one row a run
    draws : the draw of each row
    varied : the alternatives that vary from draw to draw, if any

    Returns
    -------
    By name of the number, (names,): the mean over draws, its standard deviation between
    draws, and what chance, knowledge and structure give to that variance; not a number where
    no draw has two replications (structure, where no alternative varies, is 0). A negative
    estimate counts as none.
    """
    of_run = np.asarray(draws)
    numbers = list(dict.fromkeys(draws))
    groups = [values[of_run == draw] for draw in numbers]
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
    labels = [[options[draw - 1] for draw in numbers] for options in (varied or {}).values()]
    structure = np.minimum(explained(means, labels), spread - chance)
    return {
        "difference": means.mean(axis=0),
        "standard_deviation": np.sqrt(spread),
        "variance_chance": chance,
        "variance_knowledge": spread - chance - structure,
        "variance_structure": structure,
    }


def shares_again(
    values: Floats, draws: Sequence[int], varied: Varied | None = None
) -> dict[str, Floats]:
    """Return the 95% intervals of the shares of ``split``, from draws drawn again.

    Returns
    -------
    ``share_chance_low``, ``share_chance_high`` and so on, (names,); not a number where nothing
    varies or no draw has two replications.
    """
    of_run, labels = np.asarray(draws), varied or {}
    runs_of = {draw: np.flatnonzero(of_run == draw) for draw in dict.fromkeys(draws)}
    numbers = np.array(list(runs_of))
    luck = Luck(1).uniforms("variance.again", np.arange(AGAIN * len(numbers)))
    picks = (luck.reshape(AGAIN, len(numbers)) * len(numbers)).astype(np.int64)
    found: dict[str, list[Floats]] = {part: [] for part in PARTS}
    for pick in picks:
        again = numbers[pick]
        rows = np.concatenate([runs_of[draw] for draw in again.tolist()])
        counts = [len(runs_of[draw]) for draw in again.tolist()]
        as_draws = np.repeat(np.arange(1, len(again) + 1), counts)
        options = {name: [one[draw - 1] for draw in again] for name, one in labels.items()}
        parts = split(values[rows], as_draws.tolist(), options)
        with np.errstate(divide="ignore", invalid="ignore"):
            for part in PARTS:
                found[part].append(parts[f"variance_{part}"] / parts["standard_deviation"] ** 2)
    ends: dict[str, Floats] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of names that never vary
        for part in PARTS:
            low, high = np.nanquantile(np.array(found[part]), [0.025, 0.975], axis=0)
            ends |= {f"share_{part}_low": low, f"share_{part}_high": high}
    return ends


def variance_table(
    stacks: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    varied: Mapping[str, Varied] | None = None,
) -> pd.DataFrame:
    """Return ``variance.csv``: what is unsure in each paired difference of all years, and why.

    Empty without draws of the evidence.

    Parameters
    ----------
    varied : of each place, the alternatives that vary (see ``varied_in``)
    """
    parts = [
        named(arm, _of_arm(design, base, (varied or {}).get(arm[0], {})))
        for arm, design, base in _drawn(stacks, baselines)
    ]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return whole[COLUMNS]


def structure_table(
    stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm], varied: Mapping[str, Varied]
) -> pd.DataFrame:
    """Return ``structure.csv``: the differences under each option of what varies.

    ``share_structure`` is the share of the variance that the alternative alone explains. Empty
    where no alternative varies.
    """
    parts = [
        named(arm, _of_option(design, base, name, options))
        for arm, design, base in _drawn(stacks, baselines)
        for name, options in varied.get(arm[0], {}).items()
    ]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return whole.reindex(columns=STRUCTURE_COLUMNS)


def _drawn(
    stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm]
) -> Iterator[tuple[Arm, Stack, Stack]]:
    """Yield each design that was run at several draws, paired with its baseline."""
    for arm, stack in stacks.items():
        if arm != baselines[arm[0]] and len(set(stack.draws)) > 1:
            yield (arm, *paired(stack, stacks[baselines[arm[0]]]))


def _changes(design: Stack, baseline: Stack) -> tuple[pd.DataFrame, Floats]:
    """Return what is measured of everyone over all years, and its differences by run."""
    keys = design.keys
    rows = ((keys["group_by"] == "all") & (keys["year"] == "all")).to_numpy()
    change = (design.numbers["value"] - baseline.numbers["value"])[:, rows]
    return keys.loc[rows, ["measure", "unit", "discounted"]].reset_index(drop=True), change


def _of_option(design: Stack, baseline: Stack, name: str, options: Sequence[str]) -> pd.DataFrame:
    table, change = _changes(design, baseline)
    share = split(change, design.draws, {name: options})
    with np.errstate(divide="ignore", invalid="ignore"):
        part = share["variance_structure"] / share["standard_deviation"] ** 2
    found = []
    for option in dict.fromkeys(options):
        own = np.array([options[draw - 1] == option for draw in design.draws])
        if not own.any():
            continue
        of_draw = tuple(draw for draw, kept in zip(design.draws, own, strict=True) if kept)
        told = summary(change[own], of_draw)
        found.append(
            table.assign(
                alternative=name,
                option=option,
                draws=len(set(of_draw)),
                difference=told.mean,
                difference_low=told.low,
                difference_high=told.high,
                share_structure=part,
            )
        )
    return pd.concat(found, ignore_index=True)


def _of_arm(design: Stack, baseline: Stack, varied: Varied) -> pd.DataFrame:
    table, change = _changes(design, baseline)
    found = split(change, design.draws, varied)
    table = table.assign(
        draws=len(set(design.draws)),
        replications=len(design.draws) // len(set(design.draws)),
        **found,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = table["standard_deviation"] ** 2
        table["share_chance"] = table["variance_chance"] / variance
        table["share_knowledge"] = table["variance_knowledge"] / variance
        table["share_structure"] = table["variance_structure"] / variance
    return table.assign(**shares_again(change, design.draws, varied))
