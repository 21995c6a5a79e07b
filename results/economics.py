"""Value: what health is worth beside its money, for whom, and when the money comes back.

The perspective is the reference case's: NHS and social care. Net health benefit is the QALYs
gained less those that the extra cost displaces elsewhere; a threshold says how many pounds
displace one. The opportunity cost falls on the fifths of deprivation either by head or as NHS
spending does today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.comparison import Arm, named
from results.inequality import equal_equivalent
from results.settings import Settings
from results.sheets import Stack, interval_kind, paired, summary
from results.sums import FIFTHS

Floats = npt.NDArray[np.float64]
THRESHOLDS = ("threshold_displaced", "threshold_low", "threshold_new", "threshold_high")
PERSPECTIVE = ("nhs_cost", "social_care_cost")
COLUMNS = ["item", "unit", "threshold", "group_by", "group"]


@dataclass(frozen=True, slots=True, eq=False)
class Increments:
    """Paired differences of a design, a row a run: QALYs and cost, of all and by fifth.

    ``people`` are the baseline's residents by fifth, ``spending`` their NHS cost.
    """

    qalys: Floats
    cost: Floats
    qalys_by_fifth: Floats
    people: Floats
    spending: Floats
    draws: tuple[int, ...]


def found(stack: Stack, measure: str, group_by: str, discounted: str) -> Floats:
    """Return a measure over all years, (runs, groups)."""
    keys = stack.keys
    rows = (keys["measure"] == measure) & (keys["group_by"] == group_by)
    rows &= (keys["year"] == "all") & (keys["discounted"] == discounted)
    return stack.numbers["value"][:, rows.to_numpy()]


def increments(design: Stack, baseline: Stack) -> Increments:
    """Return what a design adds to its paired baseline, discounted, over all years."""
    ours, theirs = paired(design, baseline)

    def change(measure: str, group_by: str = "all") -> Floats:
        return found(ours, measure, group_by, "yes") - found(theirs, measure, group_by, "yes")

    return Increments(
        qalys=change("qalys")[:, 0],
        cost=np.sum([change(measure)[:, 0] for measure in PERSPECTIVE], axis=0),
        qalys_by_fifth=change("qalys", "imd_quintile"),
        people=found(theirs, "people", "imd_quintile", "no"),
        spending=found(theirs, "nhs_cost", "imd_quintile", "yes"),
        draws=ours.draws,
    )


def net_health_benefit(qalys: Floats, cost: Floats, threshold: float) -> Floats:
    """Return QALYs gained less those displaced by ``cost`` at ``threshold`` pounds each."""
    return qalys - cost / threshold


def by_fifth(added: Increments, threshold: float, shares: Floats) -> Floats:
    """Return net health benefit by fifth, (runs, 5); ``shares`` say who bears the cost."""
    return added.qalys_by_fifth - shares * (added.cost / threshold)[:, None]


def shares_of(amount: Floats) -> Floats:
    """Return each fifth's share of ``amount``, (runs, 5)."""
    share: Floats = amount / amount.sum(axis=1, keepdims=True)
    return share


def equity_effect(
    expectancy: Floats, people: Floats, benefit: Floats, aversion: float
) -> tuple[float, float]:
    """Return the change of mean health and of its equally distributed equivalent, a person.

    Parameters
    ----------
    expectancy : (5,), quality-adjusted life expectancy at birth under the baseline
    people : (5,), residents
    benefit : (5,), net health benefit of each fifth, QALYs
    """
    after = expectancy + benefit / people
    share = people / people.sum()
    gain = float((share * (after - expectancy)).sum())
    equal = equal_equivalent(after, people, aversion) - equal_equivalent(
        expectancy, people, aversion
    )
    return gain, equal


def value_table(
    outcomes: Mapping[Arm, Stack],
    cash: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    settings: Settings,
) -> pd.DataFrame:
    """Return ``value.csv``: what each design adds, what it is worth and when it pays back."""
    added = {
        arm: increments(stack, outcomes[baselines[arm[0]]])
        for arm, stack in outcomes.items()
        if arm != baselines[arm[0]]
    }
    parts = []
    for arm, of_arm in added.items():
        expectancy = _expectancy(outcomes[baselines[arm[0]]])
        rivals = [other for name, other in added.items() if name[0] == arm[0]]
        rows = [
            *_health(of_arm, rivals, settings),
            *_equity(of_arm, expectancy, settings),
            *_payback(cash[arm]),
        ]
        parts.append(named(arm, _table(rows, of_arm.draws)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


Row = tuple[str, str, float, str, str, Floats]


def _health(added: Increments, rivals: Sequence[Increments], settings: Settings) -> list[Row]:
    """Return QALYs, cost, and net health benefit at each threshold, of all and by fifth."""
    nothing = float("nan")
    rows: list[Row] = [
        ("incremental_qalys", "QALYs", nothing, "all", "all", added.qalys),
        ("incremental_cost", "GBP", nothing, "all", "all", added.cost),
    ]
    for name in THRESHOLDS:
        pounds = settings.value(name)
        net = net_health_benefit(added.qalys, added.cost, pounds)
        rows.append(("net_health_benefit", "QALYs", pounds, "all", "all", net))
        if len(set(added.draws)) > 1:
            best = _is_best(added, rivals, pounds)
            rows.append(("probability_best", "share of draws", pounds, "all", "all", best))
        for item, amount in (("by_head", added.people), ("by_spending", added.spending)):
            fifths = by_fifth(added, pounds, shares_of(amount))
            rows += [
                (f"net_health_benefit_{item}", "QALYs", pounds, "imd_quintile", fifth, values)
                for fifth, values in zip(FIFTHS, fifths.T, strict=True)
            ]
    return rows


def _is_best(added: Increments, rivals: Sequence[Increments], pounds: float) -> Floats:
    """Say run by run whether no option, usual care among them, has more net health."""
    own = net_health_benefit(added.qalys, added.cost, pounds)
    others = [net_health_benefit(rival.qalys, rival.cost, pounds) for rival in rivals]
    same = [other for other in others if other.shape == own.shape]
    best: Floats = (own >= np.max([np.zeros_like(own), *same], axis=0)).astype(np.float64)
    return best


def _expectancy(baseline: Stack) -> Floats:
    """Return the baseline's quality-adjusted life expectancy by fifth, mean over its runs."""
    return summary(found(baseline, "qale_birth", "imd_quintile", "no")).mean


def _equity(added: Increments, expectancy: Floats, settings: Settings) -> list[Row]:
    """Return the change of mean health and of its equal equivalent, cost borne by head."""
    if not np.isfinite(expectancy).all():
        return []
    pounds, aversion = settings.value("threshold_low"), settings.value("inequality_aversion")
    net = by_fifth(added, pounds, shares_of(added.people))
    pairs = np.array(
        [
            equity_effect(expectancy, people, benefit, aversion)
            for people, benefit in zip(added.people, net, strict=True)
        ]
    )
    unit = "QALYs per resident"
    return [
        ("mean_health", unit, pounds, "all", "all", pairs[:, 0]),
        ("equally_distributed_equivalent", unit, pounds, "all", "all", pairs[:, 1]),
        ("equity_effect", unit, pounds, "all", "all", pairs[:, 1] - pairs[:, 0]),
    ]


def _payback(cash: Stack) -> list[Row]:
    """Return the year in which cumulative net cash is first not negative, and the return."""
    keys = cash.keys
    rows = (keys["payer"] == "all") & (keys["discounted"] == "no")

    def line(name: str) -> Floats:
        chosen = rows & (keys["line"] == name) & (keys["year"] != "all")
        return cash.numbers["value"][:, chosen.to_numpy()]

    together = np.cumsum(line("net_cash"), axis=1)
    paid = together >= 0
    year = np.where(paid.any(axis=1), paid.argmax(axis=1) + 1.0, np.nan)
    spent = line("reinvested").sum(axis=1)
    released = (line("activity_avoided") - line("stranded")).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        back = np.where(spent > 0, released / spent, np.nan)
        valued = np.where(spent > 0, line("activity_avoided").sum(axis=1) / spent, np.nan)
    nothing = float("nan")
    return [
        ("payback_year", "year", nothing, "all", "all", year),
        ("paid_back", "share of runs", nothing, "all", "all", paid[:, -1].astype(np.float64)),
        ("cash_back_per_pound", "GBP per GBP", nothing, "all", "all", back),
        ("activity_avoided_per_pound", "GBP per GBP", nothing, "all", "all", valued),
    ]


def _table(rows: Sequence[Row], draws: Sequence[int]) -> pd.DataFrame:
    table = pd.DataFrame([row[:-1] for row in rows], columns=COLUMNS)
    values = np.stack([row[-1] for row in rows], axis=1)
    held = summary(values, draws)
    return table.assign(
        replications=np.isfinite(values).sum(axis=0),
        interval_kind=interval_kind(draws),
        mean=held.mean,
        low=held.low,
        high=held.high,
        low50=held.low50,
        high50=held.high50,
    )
