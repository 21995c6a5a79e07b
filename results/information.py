"""What knowing more would be worth: of everything, and of each group of numbers.

A choice made today is the best on average over the draws of the evidence. Someone who knew the
truth would choose the best in each draw; the mean gain is the value of perfect information, the
most that any study could be worth to this decision. For one group of numbers the net benefit of
each option is first smoothed over the draws by a regression on the group's numbers, so that
what the other numbers and luck do is averaged away (Strong, Oakley and Brennan 2014).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from agents.luck import Luck
from results.comparison import Arm
from results.draws import by_draw
from results.economics import Increments
from results.emulator import FEWEST, fit
from results.settings import Settings
from results.variance import split

Floats = npt.NDArray[np.float64]
COLUMNS = (
    "place",
    "against",
    "threshold",
    "group",
    "numbers",
    "draws",
    "value",
    "low",
    "high",
    "share_of_all",
    "told_from_luck",
    "unit",
)
ALL = "everything"
SIMULATED = 500  # surfaces drawn from the regression, to see how sure a value is
FITTED_ON = 300  # draws on which the sizes of a regression are looked for
TOLD = 6.0  # share predicted times draws that luck alone passes in 1 of 30 regressions
FEWEST_DRAWS = 20  # draws without which no group is told from luck


def perfect(net: Floats) -> float:
    """Return the value of perfect information.

    Parameters
    ----------
    net : (draws, options) net benefit, in any unit
    """
    return float(net.max(axis=1).mean() - net.mean(axis=0).max())


def partial(net: Floats, inputs: Floats) -> tuple[float, float, float, bool]:
    """Return the value of knowing some of the inputs exactly.

    Parameters
    ----------
    net : (draws, options) net benefit; one option may be zero in all draws
    inputs : (draws, numbers) the inputs that would be known

    Returns
    -------
    The value, the ends of its 95% interval (over surfaces that the regression leaves
    possible; none lies below zero), and whether for some option the regression predicts
    draws that were left out better than luck would.
    """
    scores = ndtri((pd.DataFrame(inputs).rank().to_numpy() - 0.5) / len(inputs))
    smooth = np.zeros((SIMULATED, *net.shape))
    centre = np.zeros(net.shape)
    told = False
    for option in range(net.shape[1]):
        values = net[:, option]
        if np.ptp(values) == 0.0:
            centre[:, option] = smooth[:, :, option] = values
            continue
        surface = fit(scores[:FITTED_ON], values[:FITTED_ON], one_length=True)
        if len(values) > FITTED_ON:
            surface = surface.refitted(scores, values)
        mean, covariance = surface.mean_and_covariance(scores)
        centre[:, option] = mean
        smooth[:, :, option] = mean + _spread(covariance, option)
        told |= surface.left_out_share(values) > TOLD / len(values)
    found = perfect(centre)
    around = np.array([perfect(one) for one in smooth])
    half = 1.96 * float(around.std())
    return found, max(found - half, 0.0), found + half, told


def _spread(covariance: Floats, option: int) -> Floats:
    """Return how far possible surfaces lie from the expected one, (``SIMULATED``, draws)."""
    sizes, axes = np.linalg.eigh((covariance + covariance.T) / 2.0)
    root = axes * np.sqrt(np.maximum(sizes, 0.0))
    cells = np.arange(SIMULATED * len(sizes))
    luck = Luck(1).normals("information.surfaces", cells, option)
    return np.asarray(luck.reshape(SIMULATED, -1) @ root.T, np.float64)


def without_chance(values: Floats, draws: Sequence[int]) -> Floats:
    """Return the means of draws, drawn together by as much as the luck of their runs spreads them.

    Parameters
    ----------
    values : (runs, options)
    draws : the draw of each run; where no draw has two runs, luck stays in
    """
    means = np.array([by_draw(column, draws).to_numpy() for column in values.T]).T
    parts = split(values, draws)
    spread, known = parts["standard_deviation"] ** 2, parts["variance_knowledge"]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.sqrt(np.where((spread > 0) & np.isfinite(known), known / spread, 1.0))
    middle = means.mean(axis=0)
    return np.asarray(middle + (means - middle) * kept, np.float64)


def drawn_groups(folder: Path) -> dict[str, Floats]:
    """Return the drawn numbers of each group, (draws, numbers); doubles are left out.

    Empty where the run folder drew nothing, or was made before groups were kept.
    """
    try:
        content = json.loads((folder / "draws.json").read_text(encoding="utf-8"))
        numbers = content["runs"] | content["prices"]
        groups = content["groups"]
        return {
            name: np.unique(np.array([numbers[key] for key in keys], np.float64), axis=0).T
            for name, keys in groups.items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def information_table(
    added: Mapping[Arm, Increments], folders: Mapping[str, Path], settings: Settings
) -> pd.DataFrame:
    """Return ``information.csv``: what it would be worth to know each group of numbers.

    Values are GBP for the whole place over the years of the run, discounted, at the worth of a
    QALY that the tables use for displaced health; the designs of one reading of the evidence
    and the baseline are the options. Empty without draws.

    Parameters
    ----------
    added : what each design adds, run by run
    folders : the run folder of each place
    """
    pounds = settings.value("opportunity_cost_per_qaly")
    rows: list[dict[str, object]] = []
    for place, against in dict.fromkeys((arm[0], arm[2]) for arm in added):
        rivals = [one for arm, one in added.items() if (arm[0], arm[2]) == (place, against)]
        draws = sorted(set.intersection(*(set(one.draws) for one in rivals)))
        groups = drawn_groups(folders[place])
        if len(draws) < FEWEST_DRAWS or not groups:
            continue
        about = {"place": place, "against": against, "threshold": pounds, "draws": len(draws)}
        rows += [about | row for row in _rows(rivals, draws, groups, pounds)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(
    rivals: Sequence[Increments], draws: Sequence[int], groups: Mapping[str, Floats], pounds: float
) -> list[dict[str, object]]:
    """Return the row of everything, then one for each group, the most valuable first."""
    means, clean = _net(rivals, draws, pounds)
    every = perfect(clean)
    known = np.array(draws) - 1
    rows = [_row(name, numbers[known], means, every) for name, numbers in groups.items()]
    rows.sort(key=lambda row: (row["told_from_luck"] != "yes", -float(str(row["value"]))))
    count = sum(numbers.shape[1] for numbers in groups.values())
    whole = {"group": ALL, "numbers": count, "value": every, "share_of_all": 1.0 if every else 0.0}
    return [whole | {"told_from_luck": "yes", "unit": "GBP"}, *rows]


def _net(
    rivals: Sequence[Increments], draws: Sequence[int], pounds: float
) -> tuple[Floats, Floats]:
    """Return net benefit by (draws, options), the baseline's zeros first: with luck, without."""
    means, clean = [np.zeros(len(draws))], [np.zeros(len(draws))]
    for one in rivals:
        used = np.isin(one.draws, draws)
        of_run = [draw for draw, kept in zip(one.draws, used, strict=True) if kept]
        value = (one.qalys * pounds - one.cost)[used]
        means.append(by_draw(value, of_run).to_numpy(np.float64))
        clean.append(without_chance(value[:, None], of_run)[:, 0])
    return np.column_stack(means), np.column_stack(clean)


def _row(name: str, numbers: Floats, net: Floats, every: float) -> dict[str, object]:
    moving = numbers[:, np.ptp(numbers, axis=0) > 0.0]
    if moving.shape[1] == 0 or len(net) < FEWEST:
        value, low, high, told = 0.0, 0.0, 0.0, False
    else:
        value, low, high, told = partial(net, moving)
    return {
        "group": name,
        "numbers": numbers.shape[1],
        "value": value,
        "low": low,
        "high": high,
        "share_of_all": value / every if every > 0.0 else 0.0,
        "told_from_luck": "yes" if told else "no",
        "unit": "GBP",
    }
