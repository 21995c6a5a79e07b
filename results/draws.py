"""What draws of the evidence say together: who is best, how surely, at which worth of health.

The curve alone does not say what to choose: the option to choose is the one whose average net
benefit is highest (the frontier), however sure it is to be the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.comparison import Arm, named
from results.economics import (
    THRESHOLDS,
    Increments,
    equity_of,
    expectancy_of,
    net_health_benefit,
    shares_of,
)
from results.settings import Settings
from results.sheets import Stack, paired

Floats = npt.NDArray[np.float64]
DRAWS = (
    "place",
    "design",
    "effects",
    "draw",
    "replications",
    "qalys",
    "cost",
    "net_qalys",
    "gap",
    "equity_effect",
)
CEAC = (
    "place",
    "design",
    "effects",
    "against",
    "threshold",
    "draws",
    "probability_best",
    "net_health_benefit",
    "frontier",
)


def by_draw(values: Floats, draws: Sequence[int]) -> pd.Series:
    """Return the mean over the replications of each draw."""
    return pd.Series(values).groupby(np.asarray(draws)).mean()


def draws_table(
    added: Mapping[Arm, Increments],
    outcomes: Mapping[Arm, Stack],
    gaps: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    settings: Settings,
) -> pd.DataFrame:
    """Return ``draws.csv``: what each design adds in each draw, replications averaged.

    ``qalys`` and ``cost`` (NHS and social care) are discounted differences from the baseline;
    ``net_qalys`` takes off the QALYs that the cost displaces; ``gap`` is the change of the slope
    index of QALYs per 1,000 people, age-sex standardised, least less most deprived, so that
    below zero the gap narrows; ``equity_effect`` is the change of the equally distributed
    equivalent less that of the mean, QALYs per resident. Empty without draws.
    """
    pounds = settings.value("opportunity_cost_per_qaly")
    parts = []
    for arm, of_arm in added.items():
        if len(set(of_arm.draws)) < 2:
            continue
        base = baselines[arm[0]]
        table = pd.DataFrame(
            {
                "qalys": of_arm.qalys,
                "cost": of_arm.cost,
                "net_qalys": net_health_benefit(of_arm.qalys, of_arm.cost, pounds),
                "gap": _gap(gaps[arm], gaps[base]),
                "equity_effect": _equity(of_arm, expectancy_of(outcomes[base]), settings),
            }
        )
        grouped = table.groupby(np.asarray(of_arm.draws))
        means = grouped.mean().rename_axis("draw").reset_index()
        parts.append(named(arm, means.assign(replications=grouped.size().to_numpy())))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=DRAWS)
    return whole[list(DRAWS)]


def _equity(added: Increments, expectancy: Floats, settings: Settings) -> Floats:
    if not np.isfinite(expectancy).all():
        return np.full(len(added.draws), np.nan)
    gain, equal = equity_of(added, expectancy, shares_of(added.people), settings)
    return equal - gain


def _gap(design: Stack, baseline: Stack) -> Floats:
    """Return the change of the standardised slope index of QALYs over all years, a row a run."""
    ours, theirs = paired(design, baseline)
    keys = ours.keys
    rows = (keys["measure"] == "qalys") & (keys["index"] == "sii") & (keys["year"] == "all")
    place = int(np.flatnonzero(rows & (keys["standardised"] == "yes"))[0])
    change: Floats = ours.numbers["value"][:, place] - theirs.numbers["value"][:, place]
    return change


def thresholds(settings: Settings) -> Floats:
    """Return the pounds a QALY at which options are judged: a grid and those that are used."""
    step = settings.value("threshold_grid_step")
    grid = np.arange(0.0, settings.value("threshold_grid_highest") + step / 2, step)
    return np.unique([*grid, *(settings.value(name) for name in THRESHOLDS)])


def acceptability(qalys: Floats, cost: Floats, pounds: Floats) -> tuple[Floats, Floats]:
    """Return how often each option has the highest net benefit, and its mean net benefit.

    Parameters
    ----------
    qalys, cost : (draws, options), against one comparator, which is itself an option of zeros
    pounds : (thresholds,), above zero; at zero only cost counts

    Returns
    -------
    (thresholds, options) shares of draws, those of a draw's joint best shared equally; and
    (thresholds, options) mean net monetary benefit, GBP
    """
    net = qalys[None] * pounds[:, None, None] - cost[None]
    best = net == net.max(axis=2, keepdims=True)
    shared = best / best.sum(axis=2, keepdims=True)
    return shared.mean(axis=1), net.mean(axis=1)


def ceac_table(
    added: Mapping[Arm, Increments], baselines: Mapping[str, Arm], settings: Settings
) -> pd.DataFrame:
    """Return ``ceac.csv``: how likely each option is the best at each worth of a QALY.

    The designs of one reading of the evidence (``against``) and the baseline compete with each
    other; ``net_health_benefit`` is the mean against the baseline, in QALYs (none at a
    threshold of zero), and ``frontier`` marks the option with the highest mean net benefit.
    Only draws that all of them hold count. Empty without draws.
    """
    pounds = thresholds(settings)
    parts = []
    for place, effects in dict.fromkeys((arm[0], arm[2]) for arm in added):
        rivals = {arm: one for arm, one in added.items() if (arm[0], arm[2]) == (place, effects)}
        draws = set.intersection(*(set(one.draws) for one in rivals.values()))
        if len(draws) > 1:
            parts += _curves(rivals, baselines[place], effects, sorted(draws), pounds)
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CEAC)
    return whole[list(CEAC)]


def _curves(
    rivals: Mapping[Arm, Increments],
    base: Arm,
    effects: str,
    draws: Sequence[int],
    pounds: Floats,
) -> list[pd.DataFrame]:
    """Return the curve of the baseline and of each design that competes with it."""
    qalys = _options([by_draw(one.qalys, one.draws) for one in rivals.values()], draws)
    cost = _options([by_draw(one.cost, one.draws) for one in rivals.values()], draws)
    share, net = acceptability(qalys, cost, pounds)
    with np.errstate(divide="ignore", invalid="ignore"):
        health = np.where(pounds[:, None] > 0, net / pounds[:, None], np.nan)
    first = net.argmax(axis=1)
    return [
        named(
            arm,
            pd.DataFrame(
                {
                    "against": effects,
                    "threshold": pounds,
                    "draws": len(draws),
                    "probability_best": share[:, option],
                    "net_health_benefit": health[:, option],
                    "frontier": np.where(first == option, "yes", "no"),
                }
            ),
        )
        for option, arm in enumerate((base, *rivals))
    ]


def _options(changes: Sequence[pd.Series], draws: Sequence[int]) -> Floats:
    """Return changes by (draws, options), the comparator's zeros first."""
    columns = [change.reindex(list(draws)).to_numpy(np.float64) for change in changes]
    return np.column_stack([np.zeros(len(draws)), *columns])
