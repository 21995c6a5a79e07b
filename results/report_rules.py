"""Blocks of the report for the rules of money and the plan's own table.

``money_block`` belongs in the section on money, ``plan_block`` in the section on what would
have to be believed; each is None where the experiment has nothing of its kind.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from results.figures import plan as draw
from results.plan_evidence import ALL, BY_LOCALITY
from results.report_blocks import Block, Panel, Table, alt_text, columns, drawn
from results.report_data import READING_WORDS, Option, ReportData

MILLION = 1e6
PLAN_FIGURE = 17
MONEY_FIGURE = 18


def plan_block(data: ReportData) -> Block | None:
    """Return the plan's table beside the simulated, for the first design that was run."""
    rows = data.rows("plan")
    if not len(rows) or not data.designs:
        return None
    option = next((one for one in data.designs if one.key in set(rows["design"])), None)
    if option is None:
        return None
    own = rows[rows["design"] == option.key]
    panels = [_plan_panel(data, option, own)]
    for point in BY_LOCALITY:
        of_point = own[(own["locality"] != ALL) & (own["point_of_delivery"] == point)]
        if of_point["plan"].notna().any():
            panels.append(_locality_panel(data, option, own, point))
    return Block(
        number=PLAN_FIGURE,
        claim=plan_claim(own),
        sub="Change from what would happen without the programme, last year simulated, %; the "
        "plan’s figures are for its fifth year; lines are 95% intervals",
        panels=tuple(panels),
        wide=True,
        table=_plan_table(own),
        how="The plan counts from momentum, growth that it assumed. Simulated is counted from "
        "usual care with the same luck, whatever that grows by.",
        source="Mid and South Essex Success Regime, STP Local Health and Care Annex, 2016",
    )


def plan_claim(rows: pd.DataFrame) -> str:
    """Say how many of the plan's changes come out under each version of effects."""
    whole = rows[rows["locality"] == ALL]
    said = []
    for effects, words in (("plan", "its own assumptions"), ("published", "published effects")):
        own = whole[whole["effects"] == effects]
        if not len(own):
            continue
        reached = int((own["low"] <= own["plan"]).sum())
        said.append(f"{reached} of {len(own)} under {words}")
    return f"The plan’s changes come within reach in {' and '.join(said) or 'no version run'}"


def _plan_panel(data: ReportData, option: Option, rows: pd.DataFrame) -> Panel:
    alt = alt_text(
        "Marks with 95% intervals",
        "Down: points of delivery; across: change from momentum, %",
        f"{option.title}, the plan’s localities together",
        plan_claim(rows),
    )
    return drawn(
        "figure-17-points", alt, lambda: draw.by_point(rows), title="All localities together"
    )


def _locality_panel(data: ReportData, option: Option, rows: pd.DataFrame, point: str) -> Panel:
    alt = alt_text(
        "Marks with 95% intervals",
        "Down: localities; across: change from momentum, %",
        option.title,
        f"{point} by locality beside the plan’s target",
    )
    return drawn(
        f"figure-17-{point.split()[0]}",
        alt,
        lambda: draw.by_locality(rows, point),
        title=f"{point[:1].upper()}{point[1:]} by locality",
    )


def _plan_table(rows: pd.DataFrame) -> Table:
    whole = rows[rows["locality"] == ALL]
    return Table(
        caption="Change from momentum: the plan beside the simulated, %",
        head=("Point of delivery", "The plan", "Version", "Simulated", "95% interval"),
        rows=tuple(_plan_row(row) for row in whole.to_dict("records")),
        numeric=columns((1, 3, 4)),
    )


def _plan_row(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    point, effects = str(row["point_of_delivery"]), str(row["effects"])
    known = math.isfinite(row["low"])
    return (
        f"{point[:1].upper()}{point[1:]}",
        _minus(f"{row['plan']:+.1f}"),
        READING_WORDS.get(effects, effects),
        _minus(f"{row['mean']:+.1f}"),
        _minus(f"{row['low']:+.1f} to {row['high']:+.1f}") if known else "one run",
    )


def money_block(data: ReportData) -> Block | None:
    """Return the rules of money: momentum, cascade, a quarter of it, payment by provider."""
    rows = data.rows("money")
    if not len(rows):
        return None
    last = str(data.years)
    parts = [
        rows[(rows["rule"] == "momentum")],
        rows[(rows["rule"].str.contains("cascade|investment$")) & (rows["year"] == "all")],
        rows[(rows["rule"] == "for each GP") & (rows["year"] == last)],
        rows[
            (rows["rule"] == "payment")
            & (rows["year"] == last)
            & rows["line"].isin(
                ("contract: usual care's cost", "income", "cost that stays", "income less cost")
            )
        ],
    ]
    chosen = pd.concat(parts)
    shown = {option.key: option.letter for option in data.designs}
    chosen = chosen[chosen["design"].isin([*shown, data.baseline.key])]
    return Block(
        number=MONEY_FIGURE,
        claim="What rules of plans and contracts would make of these results",
        sub="£ million, not discounted, where no other unit is given; contracts and momentum "
        f"per year, contracts for year {last}; every rule and year stands in tables/money.csv",
        table=Table(
            caption="Rules of money",
            head=("Design", "Rule", "Line", "Result", "95% interval"),
            rows=tuple(_money_row(row, shown) for row in chosen.to_dict("records")),
            numeric=columns((3, 4)),
            wide=True,
        ),
        how="A contract pays a fixed share, a share by activity, a share for fewer emergency "
        "admissions, an incentive that all providers share, and a part of what the system saves. "
        "Its numbers are settings (pay_… of results_settings.csv): carepath report DIR --prices "
        "FILE changes them without a new run.",
    )


def _money_row(row: Mapping[Hashable, Any], shown: Mapping[str, str]) -> tuple[str, ...]:
    money = row["unit"] == "GBP"
    mean, low, high = (row[name] / (MILLION if money else 1.0) for name in ("mean", "low", "high"))
    unit = "" if money or row["unit"] in ("number", "share") else f" {row['unit']}"
    provider = row["provider"] if isinstance(row["provider"], str) else ""
    return (
        shown.get(str(row["design"]), "U"),
        str(row["rule"]),
        f"{provider}: {row['line']}{unit}" if provider else f"{row['line']}{unit}",
        _minus(f"{mean:,.2f}"),
        _minus(f"{low:,.2f} to {high:,.2f}") if math.isfinite(low) else "one run",
    )


def _minus(text: str) -> str:
    """Return numbers with the sign that the rest of the report writes."""
    return text.replace("-", "−")
