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
from scipy.special import ndtri, stdtrit

from agents.luck import Luck
from results.comparison import Arm
from results.draws import by_draw
from results.economics import Increments
from results.emulator import FEWEST, fit, predicted_share
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
AGAIN = 1000  # times that draws are drawn again, to see how sure the value of everything is
FITTED_ON = 300  # draws on which the sizes of a regression are looked for
ABOVE = 2.0  # what choosing the sizes of a regression adds to what luck predicts
FEWEST_DRAWS = 20  # draws without which no group is told from luck


def perfect(net: Floats) -> float:
    """Return the value of perfect information.

    Parameters
    ----------
    net : (draws, options) net benefit, in any unit
    """
    best = net[:, net.mean(axis=0).argmax()]
    return float((net.max(axis=1) - best).mean())


def partial(net: Floats, inputs: Floats, tests: int = 1) -> tuple[float, float, float, bool]:
    """Return the value of knowing some of the inputs exactly.

    Each draw is left out in turn: what is best there, going by its inputs and by what the other
    draws teach, is chosen, and what that choice then gains over the best of all is counted. A
    regression that only fits the luck of its own draws gains nothing so, however many its inputs.

    Parameters
    ----------
    net : (draws, options) net benefit; one option may be zero in all draws
    inputs : (draws, numbers) the inputs that would be known
    tests : how many groups of inputs are looked at, of which luck might tell one

    Returns
    -------
    The value, the ends of its 95% interval over draws (none below zero), and whether for some
    option the regression predicts draws that were left out better than luck would for any of
    ``tests`` groups, but once in 20 tables.
    """
    scores = ndtri((pd.DataFrame(inputs).rank().to_numpy() - 0.5) / len(inputs))
    expected = net.copy()
    moving = np.flatnonzero(np.ptp(net, axis=0) > 0.0)
    share = 0.0
    for option in moving:
        values = net[:, option]
        surface = fit(scores[:FITTED_ON], values[:FITTED_ON], one_length=True)
        if len(values) > FITTED_ON:
            surface = surface.refitted(scores, values)
        expected[:, option] = surface.left_out(values)
        share = max(share, predicted_share(expected[:, option], values))
    gains = np.take_along_axis(net, expected.argmax(axis=1)[:, None], axis=1)[:, 0]
    gains = gains - net[:, net.mean(axis=0).argmax()]
    value, half = float(gains.mean()), half_width(gains)
    told = share * len(net) > told_above(tests * len(moving))
    return max(value, 0.0), max(value - half, 0.0), max(value + half, 0.0), told


def told_above(regressions: int) -> float:
    """Return what the share predicted times draws must pass to be told from luck.

    Without any effect it is about a chi-squared of one degree less its mean, and luck passes
    this in 1 of 20 sets of so many ``regressions`` (tried with invented draws; see the tests).
    """
    return float(ndtri(1.0 - 0.025 / max(regressions, 1)) ** 2) + ABOVE


def half_width(values: Floats) -> float:
    """Return half the 95% interval of a mean, by Student's t."""
    return float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / len(values) ** 0.5)


def perfect_interval(net: Floats) -> tuple[float, float]:
    """Return the 95% interval of the value of perfect information, over draws drawn again."""
    shape = (AGAIN, len(net))
    luck = Luck(1).uniforms("information.again", np.arange(AGAIN * len(net)))
    rows = (luck.reshape(shape) * len(net)).astype(np.int64)
    again = net[rows]
    best = again.mean(axis=1).argmax(axis=1)
    gains = again.max(axis=2) - np.take_along_axis(again, best[:, None, None], axis=2)[:, :, 0]
    found = gains.mean(axis=1)
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


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
    rows = [
        _row(name, numbers[known], means, every, len(groups)) for name, numbers in groups.items()
    ]
    rows.sort(key=lambda row: (row["told_from_luck"] != "yes", -float(str(row["value"]))))
    count = sum(numbers.shape[1] for numbers in groups.values())
    low, high = perfect_interval(clean)
    whole: dict[str, object] = {
        "group": ALL,
        "numbers": count,
        "value": every,
        "low": low,
        "high": high,
        "share_of_all": 1.0 if every else 0.0,
        "told_from_luck": "yes" if low > 0.0 else "no",
        "unit": "GBP",
    }
    return [whole, *rows]


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


def _row(name: str, numbers: Floats, net: Floats, every: float, tests: int) -> dict[str, object]:
    moving = numbers[:, np.ptp(numbers, axis=0) > 0.0]
    if moving.shape[1] == 0 or len(net) < FEWEST:
        value, low, high, told = 0.0, 0.0, 0.0, False
    else:
        value, low, high, told = partial(net, moving, tests)
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
