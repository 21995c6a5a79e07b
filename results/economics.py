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
from results.cost_lines import NHS, SOCIAL_CARE
from results.inequality import equal_equivalent
from results.settings import Settings
from results.sheets import Stack, interval_kind, paired, summary
from results.sums import FIFTHS

Floats = npt.NDArray[np.float64]
THRESHOLDS = ("threshold_displaced", "threshold_low", "threshold_new", "threshold_high")
PERSPECTIVE = ("nhs_cost", "social_care_cost")
PAYERS_IN_VIEW = (NHS, SOCIAL_CARE)
COLUMNS = ["item", "unit", "threshold", "group_by", "group"]
NUMBERS = ("replications", "interval_kind", "mean", "low", "high", "low50", "high50")


@dataclass(frozen=True, slots=True, eq=False)
class Increments:
    """Paired differences of a design, a row a run: QALYs and cost, of all and by fifth.

    ``people`` are the baseline's residents by fifth, ``spending`` their NHS cost. ``cash`` is
    the net cash of the payers in ``PERSPECTIVE``: what the cost is once staff and wards that
    stay paid for are taken into account, with the sign turned.
    """

    qalys: Floats
    cost: Floats
    qalys_by_fifth: Floats
    people: Floats
    spending: Floats
    cash: Floats
    draws: tuple[int, ...]


def found(stack: Stack, measure: str, group_by: str, discounted: str) -> Floats:
    """Return a measure over all years, (runs, groups)."""
    keys = stack.keys
    rows = (keys["measure"] == measure) & (keys["group_by"] == group_by)
    rows &= (keys["year"] == "all") & (keys["discounted"] == discounted)
    return stack.numbers["value"][:, rows.to_numpy()]


def increments(design: Stack, baseline: Stack, cash: Stack) -> Increments:
    """Return what a design adds to its paired baseline, discounted, over all years."""
    ours, theirs = paired(design, baseline)

    def change(measure: str, group_by: str = "all") -> Floats:
        return found(ours, measure, group_by, "yes") - found(theirs, measure, group_by, "yes")

    keys = cash.keys
    rows = keys["payer"].isin(PAYERS_IN_VIEW) & (keys["setting"] == "all")
    rows &= (keys["line"] == "net_cash") & (keys["year"] == "all") & (keys["discounted"] == "yes")
    return Increments(
        qalys=change("qalys")[:, 0],
        cost=np.sum([change(measure)[:, 0] for measure in PERSPECTIVE], axis=0),
        qalys_by_fifth=change("qalys", "imd_quintile"),
        people=found(theirs, "people", "imd_quintile", "no"),
        spending=found(theirs, "nhs_cost", "imd_quintile", "yes"),
        cash=cash.numbers["value"][:, rows.to_numpy()].sum(axis=1),
        draws=ours.draws,
    )


def increments_of(
    outcomes: Mapping[Arm, Stack], cash: Mapping[Arm, Stack], baselines: Mapping[str, Arm]
) -> dict[Arm, Increments]:
    """Return what every design adds to the baseline of its place."""
    return {
        arm: increments(stack, outcomes[baselines[arm[0]]], cash[arm])
        for arm, stack in outcomes.items()
        if arm != baselines[arm[0]]
    }


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
    added: Mapping[Arm, Increments],
    outcomes: Mapping[Arm, Stack],
    cash: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    settings: Settings,
) -> pd.DataFrame:
    """Return ``value.csv``: what each design adds, what it is worth and when it pays back."""
    parts = []
    for arm, of_arm in added.items():
        expectancy = expectancy_of(outcomes[baselines[arm[0]]])
        rows = [
            *_health(of_arm, settings),
            *_equity(of_arm, expectancy, settings),
            *_payback(cash[arm]),
        ]
        parts.append(named(arm, _table(rows, of_arm.draws)))
    if not parts:
        return pd.DataFrame(columns=["place", "design", "effects", *COLUMNS, *NUMBERS])
    return pd.concat(parts, ignore_index=True)


Row = tuple[str, str, float, str, str, Floats]


def _health(added: Increments, settings: Settings) -> list[Row]:
    """Return QALYs, cost, and net health benefit at each threshold, of all and by fifth.

    ``marginal`` values the activity avoided at the cash it would release, and not at average
    cost.
    """
    nothing = float("nan")
    rows: list[Row] = [
        ("incremental_qalys", "QALYs", nothing, "all", "all", added.qalys),
        ("incremental_cost", "GBP", nothing, "all", "all", added.cost),
        ("incremental_cost_marginal", "GBP", nothing, "all", "all", -added.cash),
    ]
    for name in THRESHOLDS:
        pounds = settings.value(name)
        for item, cost in (("", added.cost), ("_marginal", -added.cash)):
            net = net_health_benefit(added.qalys, cost, pounds)
            rows.append((f"net_health_benefit{item}", "QALYs", pounds, "all", "all", net))
        for item, amount in (("by_head", added.people), ("by_spending", added.spending)):
            fifths = by_fifth(added, pounds, shares_of(amount))
            rows += [
                (f"net_health_benefit_{item}", "QALYs", pounds, "imd_quintile", fifth, values)
                for fifth, values in zip(FIFTHS, fifths.T, strict=True)
            ]
    return rows


def expectancy_of(baseline: Stack) -> Floats:
    """Return the baseline's quality-adjusted life expectancy by fifth, mean over its runs."""
    return summary(found(baseline, "qale_birth", "imd_quintile", "no")).mean


def _equity(added: Increments, expectancy: Floats, settings: Settings) -> list[Row]:
    """Return the change of mean health and of its equal equivalent, either way of bearing cost."""
    if not np.isfinite(expectancy).all():
        return []
    pounds = settings.value("threshold_low")
    unit = "QALYs per resident"
    rows: list[Row] = []
    for item, amount in (("", added.people), ("_by_spending", added.spending)):
        gain, equal = equity_of(added, expectancy, shares_of(amount), settings)
        rows += [
            (f"mean_health{item}", unit, pounds, "all", "all", gain),
            (f"equally_distributed_equivalent{item}", unit, pounds, "all", "all", equal),
            (f"equity_effect{item}", unit, pounds, "all", "all", equal - gain),
        ]
    return rows


def equity_of(
    added: Increments, expectancy: Floats, shares: Floats, settings: Settings
) -> tuple[Floats, Floats]:
    """Return the changes of mean health and of its equal equivalent, a row a run.

    ``shares`` say which fifth bears how much of the cost, (runs, 5).
    """
    pounds, aversion = settings.value("threshold_low"), settings.value("inequality_aversion")
    net = by_fifth(added, pounds, shares)
    pairs = np.array(
        [
            equity_effect(expectancy, people, benefit, aversion)
            for people, benefit in zip(added.people, net, strict=True)
        ]
    )
    return pairs[:, 0], pairs[:, 1]


def _payback(cash: Stack) -> list[Row]:
    """Return the year in which cumulative net cash is first not negative, and the return."""
    keys = cash.keys
    rows = (keys["payer"] == "all") & (keys["setting"] == "all") & (keys["discounted"] == "no")

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
