"""Rules of money applied to results: momentum, the cascade of a plan, investment, payment.

Nothing here is simulated again. What activity costs and what of it is cash stands in
``results.costs``; here it meets the rules by which plans and contracts are written: growth
that a plan calls momentum, a quarter of the investment, lines of investment by kind and year,
savings for each GP, and contracts with a fixed share, a share paid for outcomes, an incentive
shared by all providers and a share in gains and losses. Each number of a rule is a row
``pay_…`` or ``plan_…`` of ``results_settings.csv`` and can be replaced by a prices file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.activity import POINTS
from results.cash import stranded_share
from results.comparison import Arm, named
from results.contracts import Contract, Paid, paid
from results.cost_lines import BOUGHT, HOSPITAL, NEW_CARE, STAFFED
from results.settings import Settings
from results.sheets import Stack, described, levels, paired
from results.store import Run

Floats = npt.NDArray[np.float64]
Key = tuple[str, str, str, str, str]  # rule, provider, line, year, unit

KEYS = ("rule", "provider", "line", "year", "unit")
# What the costs call a setting, and the provider that holds a contract for it.
PROVIDERS: Mapping[str, str] = {
    "A&E": "acute hospital",
    "unplanned hospital care": "acute hospital",
    "planned hospital care": "acute hospital",
    "outpatients": "acute hospital",
    "111 and ambulance": "111 and ambulance",
    "practice": "general practice",
    "community": "community",
    "mental health": "mental health",
}
GBP = "GBP"
SHARED_MEASURE = "non-elective admissions"  # what the shared incentive and outcomes are paid for
MONTHS = 12.0
DIFFERENCES = ("share in gain or loss", "income less cost")  # may be below nothing
# What one GP avoids: its points of delivery, how often the documents count it, and the row of
# the number that they take for an example.
PER_GP: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "A&E attendances": (("A&E attendances",), "a week", "plan_per_gp_ae"),
    "non-elective admissions": (("non-elective admissions",), "a month", "plan_per_gp_admissions"),
    "elective spells": (("elective admissions", "day cases"), "a month", "plan_per_gp_elective"),
}


# ---- the table ------------------------------------------------------------------------------


@dataclass(slots=True)
class Rows:
    """Numbers of each run under their names, gathered one by one."""

    keys: list[Key]
    values: list[Floats]

    def add(self, rule: str, provider: str, line: str, year: str, unit: str, value: Floats) -> None:
        """Add (runs,) values of one name."""
        self.keys.append((rule, provider, line, year, unit))
        self.values.append(value)

    def stack(self, like: Stack) -> Stack:
        """Return them as a stack of the runs of ``like``."""
        keys = pd.DataFrame(self.keys, columns=list(KEYS))
        values = np.array(self.values).T if self.values else np.empty((len(like.draws), 0))
        return Stack(keys, {"value": values}, like.draws, like.replications)


def money_table(
    costs: Mapping[Arm, Stack],
    activity: Mapping[Arm, Stack],
    flows: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    runs: Mapping[Arm, Sequence[Run]],
    settings: Settings,
    contracts: Mapping[str, Settings] | None = None,
) -> pd.DataFrame:
    """Return ``money.csv``: every rule of money by place, design, provider, line and year.

    Of the baseline it tells growth, and what providers are paid by the contract that designs
    without one of their own have.

    Parameters
    ----------
    costs, activity : stacks of every arm (``cost_sheet``, ``activity_sheet``)
    flows : cash lines of every design against its twin (``results.costs.cash``)
    baselines : the arm that others are compared with, by place
    runs : the runs of every arm, for what ``run.json`` says of investment
    contracts : the settings of designs that have a contract of their own

    Returns
    -------
    columns place, design, effects, rule, provider, line, year, unit, replications,
    interval_kind, mean, low, high; money undiscounted, for the place, in prices of the
    settings' year
    """
    parts = []
    for arm, stack in activity.items():
        usual = activity[baselines[arm[0]]]
        if arm == baselines[arm[0]]:
            alone = _told(payments(costs, activity, flows, arm, arm, settings))
            grown = described(momentum(stack, settings))
            parts.append(named(arm, pd.concat([grown, alone], ignore_index=True)))
            continue
        found = Rows([], [])
        _cascade(found, flows[arm], settings)
        _per_gp(found, *paired(stack, usual), runs[arm][0], settings)
        cash = described(found.stack(flows[arm]))
        own = (contracts or {}).get(arm[1], settings)
        paying = _told(payments(costs, activity, flows, arm, baselines[arm[0]], own))
        invested = investment(runs[arm][0])
        parts.append(named(arm, pd.concat([cash, paying, invested], ignore_index=True)))
    return pd.concat(parts, ignore_index=True)


def _told(paying: Stack) -> pd.DataFrame:
    """Return payments with their intervals; a sum of money paid is never below nothing."""
    table, levelled = described(paying), levels(paying)
    differs = table["line"].isin(DIFFERENCES)
    columns = ["mean", "low", "high"]
    table[columns] = table[columns].where(differs, levelled[columns], axis=0)
    return table


def _rows_of(stack: Stack, **wanted: str) -> Floats:
    """Return (runs, rows) of the names that are as ``wanted``."""
    chosen = np.ones(len(stack.keys), np.bool_)
    for column, value in wanted.items():
        chosen &= (stack.keys[column] == value).to_numpy()
    return np.asarray(stack.numbers["value"][:, chosen], np.float64)


def _years(stack: Stack) -> list[str]:
    return sorted({year for year in stack.keys["year"] if year != "all"}, key=int)


# ---- M1 -------------------------------------------------------------------------------------


def momentum(usual: Stack, settings: Settings) -> Stack:
    """Return what usual care grows by, beside the plan's momentum, in per cent a year.

    ``people and disease`` is what ageing, onset, births and moves produce in the simulation;
    ``other causes`` is the rest of the plan's growth, which nothing simulated stands behind.
    """
    found = Rows([], [])
    years = _years(usual)
    for point, (_, key) in POINTS.items():
        if not key:
            continue
        plan = np.full(len(usual.draws), settings.value(key))
        found.add("momentum", "", f"{point}: the plan", "all", "% a year", plan)
        if len(years) < 2:
            continue
        ends = [
            _rows_of(usual, point_of_delivery=point, locality="all", year=year)[:, 0]
            for year in (years[0], years[-1])
        ]
        grown = yearly_growth(ends[0], ends[1], len(years) - 1)
        found.add("momentum", "", f"{point}: people and disease", "all", "% a year", grown)
        found.add("momentum", "", f"{point}: other causes", "all", "% a year", plan - grown)
    return found.stack(usual)


def yearly_growth(first: Floats, last: Floats, years: int) -> Floats:
    """Return growth in per cent a year that leads from ``first`` to ``last``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        grown: Floats = 100.0 * ((last / first) ** (1.0 / years) - 1.0)
    return grown


# ---- M2 -------------------------------------------------------------------------------------


def _cascade(found: Rows, flow: Stack, settings: Settings) -> None:
    """Add the plan's words for the cash lines, their shares, and the case of a quarter."""
    share = settings.value("plan_quarter_investment")
    released = settings.value("plan_quarter_savings")
    for year in (*_years(flow), "all"):
        gross, stranded, invested, net = (
            _rows_of(flow, line=line, year=year, payer="all", setting="all", discounted="no")[:, 0]
            for line in ("activity_avoided", "stranded", "reinvested", "net_cash")
        )
        for line, value in zip(
            ("gross saving", "stranded cost", "investment", "net saving"),
            (gross, stranded, invested, net),
            strict=True,
        ):
            found.add("cascade", "", line, year, GBP, value)
        with np.errstate(divide="ignore", invalid="ignore"):
            kept = np.where(gross > 0.0, stranded / gross, np.nan)
        found.add("cascade", "", "stranded share of gross saving", year, "share", kept)
        part = quarter(gross, stranded, invested, share, released)
        rule = f"{share:.0%} of the investment"
        for line, value in part.items():
            found.add(rule, "", line, year, GBP, value)


def quarter(
    gross: Floats, stranded: Floats, invested: Floats, share: float, released: float
) -> dict[str, Floats]:
    """Return the cascade if only ``share`` is invested and ``released`` of savings follow."""
    parts = {
        "gross saving": released * gross,
        "stranded cost": released * stranded,
        "investment": share * invested,
    }
    net = parts["gross saving"] - parts["stranded cost"] - parts["investment"]
    return {**parts, "net saving": net}


# ---- M3 -------------------------------------------------------------------------------------


def investment(run: Run) -> pd.DataFrame:
    """Return what a design invests by kind and year, and its posts, for the real place.

    Lines that are paid by activity are in ``costs.csv``: their amount follows the activity.
    """
    rows: dict[Key, float] = {}
    for cost in run.facts.get("design_costs", ()):
        first, kind = int(cost["first_year"]), str(cost["kind"]).replace("_", "-")
        once = cost["unit"] == "GBP once"
        for year in range(1, run.years + 1):
            running = year == first if once else year >= first
            if not running:
                continue
            if cost["unit"] in ("GBP once", "GBP per year"):
                key = ("investment", cost["payer"], kind, str(year), GBP)
                rows[key] = rows.get(key, 0.0) + float(cost["amount"]) * run.scale
            if cost["fte"]:
                key = ("investment", cost["payer"], f"{kind} posts", str(year), "FTE")
                rows[key] = rows.get(key, 0.0) + float(cost["fte"]) * run.scale
    table = pd.DataFrame([list(key) for key in rows], columns=list(KEYS))
    values = list(rows.values())
    return table.assign(replications=1, interval_kind="none", mean=values, low=values, high=values)


# ---- M4 -------------------------------------------------------------------------------------


def _per_gp(found: Rows, design: Stack, usual: Stack, run: Run, settings: Settings) -> None:
    """Add what is avoided for each GP, as the documents count it, beside their example.

    ``fall needed`` is the share of usual care's activity that the example amounts to: what
    would have to be true.
    """
    gps = float(run.facts["population"]) * run.scale * settings.value("gps_per_10000") / 10_000
    for name, (points, often, key) in PER_GP.items():
        times = settings.value("weeks_per_year") if often == "a week" else MONTHS
        example = settings.value(key)
        for year in _years(design):
            before, after = (
                np.sum(
                    [
                        _rows_of(one, point_of_delivery=point, locality="all", year=year)[:, 0]
                        for point in points
                    ],
                    axis=0,
                )
                / gps
                / times
                for one in (usual, design)
            )
            lines = {
                f"{name} avoided for each GP {often}": before - after,
                f"{name} of usual care for each GP {often}": before,
                f"{name}: the documents' example for each GP {often}": before * 0.0 + example,
            }
            for line, value in lines.items():
                found.add("for each GP", "", line, year, "number", value)
            with np.errstate(divide="ignore"):
                needed = np.where(before > 0.0, example / before, np.nan)
            found.add("for each GP", "", f"{name}: fall needed for it", year, "share", needed)


# ---- M5 -------------------------------------------------------------------------------------


def payments(
    costs: Mapping[Arm, Stack],
    activity: Mapping[Arm, Stack],
    flows: Mapping[Arm, Stack],
    arm: Arm,
    base: Arm,
    settings: Settings,
) -> Stack:
    """Return what each provider is paid under the contract, by year.

    Usual care itself (``arm`` and ``base`` the same) saves nothing, and no admission less.
    """
    contract = Contract.read(settings)
    design, usual = paired(costs[arm], costs[base])
    counts = paired(activity[arm], activity[base])
    keys = design.keys
    names = sorted(set(PROVIDERS.values()))
    whose = keys["setting"].map(PROVIDERS)
    theirs = keys["behaviour"].isin((HOSPITAL, STAFFED, BOUGHT, NEW_CARE)) & whose.notna()
    theirs &= keys["discounted"] == "no"
    change = np.nan_to_num(usual.numbers["value"]) - np.nan_to_num(design.numbers["value"])
    usual_kinds = keys["behaviour"].isin((HOSPITAL, STAFFED, BOUGHT)).to_numpy()
    still = change * stranded_share(keys, settings) * usual_kinds
    found = Rows([], [])
    for year in _years(design):
        at = [(theirs & (keys["year"] == year) & (whose == name)).to_numpy() for name in names]

        def of(values: Floats, at: Sequence[npt.NDArray[np.bool_]] = at) -> Floats:
            return np.array([np.nan_to_num(values[:, rows]).sum(axis=1) for rows in at]).T

        before, after = (
            _rows_of(one, point_of_delivery=SHARED_MEASURE, locality="all", year=year)[:, 0]
            for one in (counts[1], counts[0])
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            fall = np.where(before > 0.0, 1.0 - after / before, 0.0)
        saving = np.zeros(len(before)) if arm == base else _net_cash(flows[arm], year)
        result = paid(
            contract,
            of(usual.numbers["value"]),
            of(design.numbers["value"]),
            of(still),
            fall,
            saving,
        )
        _add_paid(found, result, of(usual.numbers["value"]), names, year)
    return found.stack(design)


def _net_cash(flow: Stack, year: str) -> Floats:
    """Return what the system as a whole saves in cash in a year, (runs,)."""
    return _rows_of(flow, line="net_cash", year=year, payer="all", setting="all", discounted="no")[
        :, 0
    ]


def _add_paid(found: Rows, result: Paid, usual: Floats, names: Sequence[str], year: str) -> None:
    lines = {
        "contract: usual care's cost": usual,
        "fixed share": result.fixed,
        "paid by activity": result.activity,
        "paid for outcomes": result.outcome,
        "shared incentive": result.incentive,
        "share in gain or loss": result.gain,
        "income": result.income,
        "cost that stays": result.cost,
        "income less cost": result.result,
    }
    for line, values in lines.items():
        for number, provider in enumerate(names):
            found.add("payment", provider, line, year, GBP, values[:, number])
