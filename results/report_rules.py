"""Blocks of the report for the rules of money and the plan's own table.

``money_block`` belongs in the section on money, ``plan_block`` in the section on what would
have to be believed; each is None where the experiment has nothing of its kind.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from results.figures import contracts
from results.figures import plan as draw
from results.plan_evidence import ALL, BY_LOCALITY, PLAN_YEAR
from results.report_blocks import Block, Panel, Table, alt_text, columns, drawn
from results.report_data import MILLION, READING_WORDS, USUAL, Option, ReportData
from results.report_numbers import count_word, figures, listed
from results.report_order import Fig
from results.wording import Change

NOTHING_OF_IT = (
    "No effect on health was put in: what the contract leaves providers says nothing of the design"
)
MANY = 2  # designs beyond which a claim counts them


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
        number=Fig.PLAN,
        claim=plan_claim(own),
        sub="Change from what would happen without the programme, last year simulated, %; the "
        "plan’s figures are for its fifth year; lines are 95% intervals",
        panels=tuple(panels),
        wide=True,
        table=_plan_table(own),
        how="Met: the whole interval lies at the plan’s figure or beyond; missed: it all falls "
        "short; an interval that holds the plan’s figure tells neither. The plan counts from "
        "momentum, growth that it assumed. Simulated is counted from usual care with the same "
        "luck, whatever that grows by." + _waiting(data, option),
        source="Mid and South Essex Success Regime, STP Local Health and Care Annex, 2016",
    )


def plan_claim(rows: pd.DataFrame) -> str:
    """Say how many of the plan's changes are clearly met, clearly missed, or cannot be told.

    Each is a fall: met where the whole interval lies at the plan's figure or beyond, missed
    where it all lies short of it. An interval that holds the plan's figure tells neither, and
    nor does a year before the one that the plan's figures are for.
    """
    whole = rows[rows["locality"] == ALL]
    shown = max((int(year) for year in whole["year"]), default=PLAN_YEAR)
    if shown < PLAN_YEAR:
        return f"Year {shown} on the way to the plan’s changes, which are for year {PLAN_YEAR}"
    said = []
    for effects, words in (("plan", "its own assumptions"), ("published", "published effects")):
        own = whole[whole["effects"] == effects]
        if not len(own):
            continue
        side = np.sign(own["plan"])
        near, far = side * own["low"], side * own["high"]
        least, most = np.minimum(near, far), np.maximum(near, far)
        met = int((least >= side * own["plan"]).sum())
        still = (own["low"] == 0.0) & (own["high"] == 0.0)  # nobody differed in any run
        missed = int(((most < side * own["plan"]) & ~still).sum())
        untold = f", {int(still.sum())} not told in so small a run" if still.any() else ""
        said.append(f"{words} meet {met or 'none'}, miss {missed or 'none'}{untold}")
    if not said:
        return "The plan’s own changes, which were run in no version"
    return f"Of the plan’s {whole['point_of_delivery'].nunique()} changes, {'; '.join(said)}"


def _plan_panel(data: ReportData, option: Option, rows: pd.DataFrame) -> Panel:
    alt = alt_text(
        "Marks with 95% intervals",
        "Down: points of delivery; across: change from momentum, %",
        f"{option.title}, the plan’s localities together",
        plan_claim(rows),
    )
    return drawn(
        f"{Fig.PLAN.stem}-points", alt, lambda: draw.by_point(rows), title="All localities together"
    )


def _locality_panel(data: ReportData, option: Option, rows: pd.DataFrame, point: str) -> Panel:
    alt = alt_text(
        "Marks with 95% intervals",
        "Down: localities; across: change from momentum, %",
        option.title,
        f"{point} by locality beside the plan’s target",
    )
    return drawn(
        f"{Fig.PLAN.stem}-{point.split()[0]}",
        alt,
        lambda: draw.by_locality(rows, point),
        title=f"{point[:1].upper()}{point[1:]} by locality",
    )


def _waiting(data: ReportData, option: Option) -> str:
    """Say how the plan changes who waits for outpatients, which activity alone does not show."""
    rows = data.rows("resources", service="outpatients", group_by="all", year=str(data.years))
    if not len(rows):
        return ""
    waits = rows[rows["role"].isin(("first", "follow_up"))]
    planned = waits[(waits["design"] == option.key) & (waits["effects"] == "plan")]
    usual = waits[waits["design"] == data.baseline.key]
    if not len(planned) or len(planned) != len(usual):
        return ""
    with_it, without = (float(one["queue_end"].sum(skipna=False)) for one in (planned, usual))
    if not with_it < without:
        return ""
    return (
        " Where people wait for outpatients or operations, fewer referrals shorten the list before "
        f"fewer people are seen: in {data.place_name} {figures(with_it)} wait for an outpatient "
        f"visit at the end by the plan’s own assumptions, {figures(without)} under usual care."
    )


def _plan_table(rows: pd.DataFrame) -> Table:
    """Return the plan beside every version: all places together, then each that has a target."""
    versions = [one for one in draw.LOOKS if one in set(rows["effects"])]
    told = rows[(rows["locality"] == ALL) | rows["plan"].notna()]
    points = list(dict.fromkeys(told["point_of_delivery"]))
    order = told.assign(
        _all=told["locality"] != ALL, _point=told["point_of_delivery"].map(points.index)
    ).sort_values(["_all", "_point", "locality"], kind="stable")
    keyed = {
        (row["locality"], row["point_of_delivery"], row["effects"]): row
        for row in order.to_dict("records")
    }
    pairs = dict.fromkeys((place, point) for place, point, _ in keyed)
    return Table(
        caption="Change from momentum in %: the plan beside the simulated, 95% intervals in "
        "brackets; places with a target of their own",
        head=("Place", "Point of delivery", "The plan", *(READING_WORDS[one] for one in versions)),
        rows=tuple(_plan_row(keyed, place, point, versions) for place, point in pairs),
        numeric=columns(range(2, 3 + len(versions))),
        wide=True,
    )


def _plan_row(
    keyed: Mapping[tuple[Any, ...], Mapping[Hashable, Any]],
    place: str,
    point: str,
    versions: Sequence[str],
) -> tuple[str, ...]:
    found = [keyed.get((place, point, one)) for one in versions]
    target = next(row["plan"] for row in found if row is not None)
    return (
        "All together" if place == ALL else draw.name_of(place),
        f"{point[:1].upper()}{point[1:]}",
        _minus(f"{target:+g}"),
        *("" if row is None else _simulated(row) for row in found),
    )


def _simulated(row: Mapping[Hashable, Any]) -> str:
    if not math.isfinite(row["low"]):
        return _minus(f"{row['mean']:+.1f} (one run)")
    return _minus(f"{row['mean']:+.1f} ({row['low']:+.1f} to {row['high']:+.1f})")


def money_block(data: ReportData) -> Block | None:
    """Return the rules of money: momentum, cascade, a quarter of it, payment by provider."""
    rows = data.rows("money")
    if not len(rows):
        return None
    last = str(data.years)
    lines = ("contract: usual care's cost", "income", "cost that stays", "income less cost")
    parts = [
        rows[(rows["rule"] == "momentum")],
        rows[(rows["rule"].str.contains("cascade|investment$")) & (rows["year"] == "all")],
        rows[(rows["rule"] == "for each GP") & (rows["year"] == last)],
        rows[
            (rows["rule"] == "payment")
            & (rows["year"] == last)
            & rows["line"].isin(lines[:1] if data.alone else lines)
        ],
    ]
    chosen = pd.concat(parts)
    shown = {option.key: option.letter for option in data.designs}
    chosen = chosen[chosen["design"].isin([*shown, data.baseline.key])]
    left = _left(data, chosen)
    claim = contract_claim(left)
    if data.designs and left and data.without_effect:
        claim = NOTHING_OF_IT
    alt = alt_text(
        "Marks with 95% intervals",
        "Down: providers; across: income under the contract less cost, £ million a year",
        f"Usual care’s providers in {data.place_name}, year {last}",
        claim,
    )
    return Block(
        number=Fig.RULES,
        claim=claim,
        sub=f"What the contract pays each provider in year {last} less what its care then costs, £ "
        "million, not discounted; lines are 95% intervals",
        panels=(drawn(Fig.RULES.stem, alt, lambda: contracts.margins(left)),) if left else (),
        keys=data.options,
        wide=bool(left),
        table=Table(
            caption="Rules of money: £ million a year, not discounted, where no other unit is "
            "given; cascade over all years, payment and each GP in year "
            f"{last}; every rule and year stands in tables/money.csv",
            head=("Design", "Version", "Rule", "Line", "Result", "95% interval"),
            rows=tuple(_money_row(row, shown) for row in chosen.to_dict("records")),
            numeric=columns((4, 5)),
            wide=True,
        ),
        how="A contract pays a fixed share, a share by activity, a share for fewer emergency "
        "admissions, an incentive that all providers share, and a part of what the system saves. "
        "What hangs on fewer emergency admissions is lost where they do not fall, whatever else "
        f"the design does. {_beside_usual(data, left)}"
        "Its numbers are settings (pay_… of results_settings.csv): carepath report DIR --prices "
        "FILE changes them without a new run.",
    )


def _left(data: ReportData, rows: pd.DataFrame) -> list[contracts.Margin]:
    """Return what each provider is left with under each option, £ million in the last year."""
    own = rows[(rows["rule"] == "payment") & (rows["line"] == "income less cost")]
    found = []
    for option in data.options:
        mine = own[(own["design"] == option.key) & (own["effects"] == option.effects)]
        for row in mine.to_dict("records"):
            numbers = {name: float(row[name]) / MILLION for name in ("mean", "low", "high")}
            found.append(
                contracts.Margin(
                    provider=str(row["provider"]), option=option, left=Change(**numbers)
                )
            )
    order = list(dict.fromkeys(one.provider for one in found))
    return sorted(found, key=lambda one: order.index(one.provider))


def contract_claim(left: Sequence[contracts.Margin]) -> str:
    """Return how many providers the contract leaves clearly short under each option."""
    if not left:
        return "What rules of plans and contracts would make of these results"
    short: dict[str, int] = {}
    for one in left:
        letter = one.option.letter
        short[letter] = short.get(letter, 0) + (one.left.clear and one.left.mean < 0)
    usual = short.pop(USUAL, None)
    many = len({one.provider for one in left})
    ends = [f"{number or 'none'} under {letter}" for letter, number in short.items()]
    if usual is not None:
        ends.append(f"{usual or 'none'} under usual care")
    if len(short) <= MANY and usual == many and set(short.values()) == {many}:
        return (
            f"The contract set here leaves all {count_word(many)} providers short, under "
            f"{listed([*short, 'usual care'])} alike"
        )
    if len(short) <= MANY:
        return f"Of {many} providers the contract set here leaves short {listed(ends)}"
    none = sum(not number for number in short.values())
    end = "" if usual is None else f", usual care {usual} of {many}"
    return (
        f"The contract set here leaves no provider short under {none} of {len(short)} designs{end}"
    )


def _beside_usual(data: ReportData, left: Sequence[contracts.Margin]) -> str:
    """Say what usual care stands there for, and by which contract it is paid."""
    if not any(one.option.letter == USUAL for one in left):
        return ""
    said = (
        "U is usual care under the same contract: its admissions do not fall, so it loses that "
        "share too, and what a design itself changes is its distance from U. "
    )
    if any(entry.get("money") for entry in data.experiment.get("design", [])):
        said += "A design with a contract of its own is paid by that, U by the experiment’s. "
    return said


def _money_row(row: Mapping[Hashable, Any], shown: Mapping[str, str]) -> tuple[str, ...]:
    money = row["unit"] == "GBP"
    share = row["unit"] == "share"
    factor = 1.0 / MILLION if money else 100.0 if share else 1.0
    mean, low, high = (row[name] * factor for name in ("mean", "low", "high"))
    unit = "" if money or row["unit"] == "number" else ", %" if share else f" {row['unit']}"
    provider = row["provider"] if isinstance(row["provider"], str) else ""
    return (
        shown.get(str(row["design"]), USUAL),
        READING_WORDS.get(str(row["effects"]), ""),
        str(row["rule"]),
        f"{provider}: {row['line']}{unit}" if provider else f"{row['line']}{unit}",
        _minus(f"{mean:,.2f}") if math.isfinite(mean) else "not defined",
        _minus(f"{low:,.2f} to {high:,.2f}") if math.isfinite(low) else "none",
    )


def _minus(text: str) -> str:
    """Return numbers with the sign that the rest of the report writes."""
    return text.replace("-", "−")
