"""What searches beside the run found, where its folder holds their tables.

Figures 20 (what one would have to believe), 22 (what drives the answer) and 24 (how the
interval narrowed), and two tables in their place: 25 (chance and knowledge) and 17 (what binds).
Each returns None where the folder holds no such table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from results.figures import believe, precision, sensitivity
from results.input_words import input_words
from results.report_blocks import Block, Table, alt_text, columns, drawn, untitled
from results.report_data import PER, ReportData, number
from results.report_measures import measure_of, service_name
from results.report_numbers import (
    capital,
    count_word,
    figures,
    percent,
    signed,
    signed_range,
    step_of,
)
from results.report_order import Fig

Rows = Sequence[Mapping[str, Any]]
MOST_ROWS = 12
OUTCOMES = ("qalys", "net_qalys", "total_cost", "nhs_cost")
SHARES = {
    "share_chance": "Chance",
    "share_knowledge": "Not knowing the numbers",
    "share_structure": "How the model is built",
}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _of_designs(data: ReportData, name: str) -> pd.DataFrame:
    """Return a table's rows on the designs of this report, in its order."""
    table = data.table(name)
    if table is None:
        return pd.DataFrame()
    order = {option.key: place for place, option in enumerate(data.designs)}
    known = table[table["design"].isin(order)]
    return known.sort_values("design", key=lambda keys: keys.map(order), kind="stable")


def _letter(data: ReportData, key: object) -> str:
    return next((option.letter for option in data.options if option.key == str(key)), str(key))


def believe_block(data: ReportData) -> Block | None:
    """Return figure 20: the effect, coverage or cost that a target would need."""
    rows, points = (
        [
            row | {"key": str(row["varied"]), "varied": input_words(str(row["varied"]))}
            for row in _records(_of_designs(data, name))
        ]
        for name in ("believe", "believe_scan")
    )
    if not rows or not points:
        return None
    first = rows[0]
    claim = _minus(f"{_letter(data, first['design'])}: {believe.title(first)}")
    alt = alt_text(
        "Line with a 95% band",
        "Across: the size tried; up: difference from usual care; dashed: the target",
        f"{data.place_name}, {first['design']}",
        claim,
    )
    return Block(
        number=Fig.NEEDED,
        claim=claim,
        sub="Found by a search with runs of its own (carepath believe), which may be shorter and "
        "smaller than this run; lines are 95% intervals over its replications",
        panels=(drawn(Fig.NEEDED.stem, alt, untitled(lambda: believe.scans(rows, points))),),
        wide=True,
        aside=Table(
            caption="What would have to be true for each target to be met",
            head=("Design", "Target", "What is varied", "Needed", "Published range", "Reading"),
            rows=tuple(_believed(data, row) for row in rows),
            wide=True,
        ),
        table=Table(
            caption="Differences at every size that was tried",
            head=("Design", "Measure", "What is varied", "Size", "Difference", "95% interval"),
            rows=tuple(
                (
                    _letter(data, row["design"]),
                    measure_of(str(row["measure"])).name,
                    str(row["varied"]),
                    believe.told(believe.key_of(row), row["size"]),
                    *_difference(row),
                )
                for row in points
            ),
            numeric=columns((3, 4, 5)),
            wide=True,
        ),
    )


def _minus(text: str) -> str:
    """Return a text whose numbers have a true minus sign."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", text)


def _difference(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return difference and interval of a scan's point, in the unit that its target has."""
    factor = believe.difference_factor(row)
    mean, low, high = (factor * row[name] for name in ("difference", "low", "high"))
    if math.isnan(low + high):
        return believe.in_unit(row, signed(mean, 0.1)), "one replication"
    return believe.in_unit(row, signed(mean, step_of(low, high))), signed_range(low, high)


def _believed(data: ReportData, row: Mapping[str, Any]) -> tuple[str, ...]:
    key, target = believe.key_of(row), believe.target_words(row)
    year = "over all years" if str(row["year"]) == "all" else f"in year {row['year']}"
    name = measure_of(str(row["measure"])).name
    needed = "not reached at any size tried"
    if row["reached"] == "yes":
        needed = believe.told(key, row["needed"])
        if not math.isnan(row["needed_low"] + row["needed_high"]):
            needed += f" ({believe.told(key, row['needed_low'], row['needed_high'])})"
    known = not math.isnan(row["published_low"] + row["published_high"])
    ends = (row["published_low"], row["published_high"])
    published = believe.told(key, *ends) if known else "none"
    return (
        _letter(data, row["design"]),
        _minus(f"{capital(name)} {target} {year}"),
        str(row["varied"]),
        _minus(needed),
        published,
        str(row["verdict"]),
    )


def sensitivity_block(data: ReportData) -> Block | None:
    """Return figure 22: what drives net healthy life, or the measure that was asked for."""
    table = _of_designs(data, "sensitivity")
    if not len(table):
        return None
    table = table[table["design"] == table["design"].iloc[0]]
    measure = "net_qalys" if (table["measure"] == "net_qalys").any() else table["measure"].iloc[0]
    rows = _records(table[table["measure"] == measure])
    rows = [row | {"input": input_words(str(row["input"]))} for row in rows]
    for row in rows:  # a column of numbers alone was read as numbers; the figure writes words
        row |= {end: _shown(row.get(end)) for end in ("low", "high")}
    method = str(rows[0]["method"])
    draw = {"oneway": sensitivity.tornado, "morris": sensitivity.screening}.get(
        method, sensitivity.shares
    )
    claim = f"{_letter(data, rows[0]['design'])}: {sensitivity.title(rows)}"
    alt = alt_text(
        "Bars from the low to the high end of each input",
        f"Down: inputs, longest first; across: {measure_of(str(measure)).name}",
        f"{data.place_name}, {rows[0]['design']}",
        claim,
    )
    return Block(
        number=Fig.DRIVERS,
        claim=claim,
        sub="Each input at both ends of its range, the others as they are; from runs of its own "
        "(carepath sensitivity), which may be shorter and smaller than this run"
        if method == "oneway"
        else "From runs of its own (carepath sensitivity), which may be shorter and smaller",
        panels=(drawn(Fig.DRIVERS.stem, alt, untitled(lambda: draw(rows))),),
        wide=True,
        table=_sensitivity_table(rows, method),
    )


def _sensitivity_table(rows: Rows, method: str) -> Table:
    shown = {
        "oneway": ("low", "high", "low_result", "high_result"),
        "morris": ("mu_star", "sigma"),
    }.get(method, tuple(name for name in rows[0] if name.startswith(("first", "total"))))
    return Table(
        caption=f"What moves {measure_of(str(rows[0]['measure'])).name} ({rows[0]['unit']})",
        head=("Input", *(capital(name.replace("_", " ")) for name in shown)),
        rows=tuple((str(row["input"]), *(_shown(row.get(name)) for name in shown)) for row in rows),
        numeric=columns(range(1, len(shown) + 1)),
        wide=True,
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else _minus(figures(value))
    return "" if value is None else str(value)


def precision_block(data: ReportData) -> Block | None:
    """Return figure 24: how the interval narrowed as replications were added."""
    table = _of_designs(data, "precision")
    if not len(table):
        return None
    asked = float(table["asked"].iloc[0])
    claim = precision.title(table, asked)
    alt = alt_text(
        "Lines",
        "Across: replications; up: half the interval’s width, % of usual care; dashed: asked for",
        f"Every design, {data.place_name}",
        claim,
    )
    return Block(
        number=Fig.PRECISION,
        claim=claim,
        sub=f"Half the width of the 95% interval, % of usual care; replications were added until "
        f"it was {percent(asked, 0.1)} or less",
        panels=(
            drawn(Fig.PRECISION.stem, alt, untitled(lambda: precision.narrowing(table, asked))),
        ),
        wide=True,
        table=Table(
            caption="Difference and its interval as replications were added",
            head=("Design", "Replications", "Difference", "95% interval", "Unit", "Half width"),
            rows=tuple(_precise(data, row) for row in _records(table)),
            numeric=columns((1, 2, 3, 5)),
        ),
    )


def _precise(data: ReportData, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a line of the table of precision, differences of totals for the whole place."""
    measure = measure_of(str(row["measure"]))
    mean, low, high = (
        float(row[name]) * measure.factor(PER)
        for name in ("difference", "difference_low", "difference_high")
    )
    return (
        _letter(data, row["design"]),
        str(row["replications"]),
        signed(mean, step_of(low, high)),
        signed_range(low, high),
        "for the place" if measure.total else measure.change_unit,
        f"{100 * row['half_width_share']:.2f}%",
    )


def variance_block(data: ReportData) -> Block | None:
    """Return table 25: how much of each difference's variance is chance, how much knowledge."""
    table = _of_designs(data, "variance")
    if not len(table):
        return None
    wanted = list(dict.fromkeys((data.main_measure, *OUTCOMES)))
    table = table[table["measure"].isin(wanted)]
    money = table["measure"].isin(("qalys", "total_cost", "nhs_cost"))
    table = table[(table["discounted"].astype(str) == "yes") == money]
    shares = {name: words for name, words in SHARES.items() if name in table.columns}
    known = table.dropna(subset=["share_chance"])
    if not len(known):
        return None
    main = known[known["measure"] == data.main_measure]
    claim = "How much of each interval is chance, and how much not knowing the numbers"
    if len(main):
        chance = number(main.iloc[0], "share_chance")
        claim = (
            f"About {percent(chance, 5)} of what is unsure about "
            f"{measure_of(data.main_measure).said} is chance; more runs would narrow only that"
        )
    return Block(
        number=Fig.VARIANCE,
        claim=claim,
        sub=f"Shares of the variance of the mean difference over {int(known['draws'].max())} "
        "draws of the evidence, with 95% intervals: shares of few draws are rough",
        aside=Table(
            caption="Share of the variance of each difference from usual care",
            head=("Measure", "Design", *shares.values()),
            rows=tuple(
                (
                    capital(measure_of(str(row["measure"])).name),
                    _letter(data, row["design"]),
                    *(_share_and_ends(row, name) for name in shares),
                )
                for row in _records(known)
            ),
            numeric=columns(range(2, 2 + len(shares))),
        ),
    )


def _share_and_ends(row: Mapping[str, Any], name: str) -> str:
    """Return a share with its 95% interval, where the table has one."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    told = _share(row.get(name))
    if low is None or high is None or math.isnan(float(low)) or told == "not known":
        return told
    return f"{told} ({percent(float(low))} to {percent(float(high))})"


def _share(value: object) -> str:
    share = float(str(value)) if value is not None else math.nan
    return "not known" if math.isnan(share) else percent(share)


def binding_block(data: ReportData) -> Block | None:
    """Return table 17: what one more step of each capacity changes."""
    table = data.table("binding")
    if table is None:
        return None
    rows = table[table["clear"] == "yes"]
    tried = int(table.groupby(["design", "service"]).ngroups)
    services = list(dict.fromkeys(rows["service"].astype(str)))
    claim = (
        f"More {' and '.join(service_name(name) for name in services[:2])} would change something"
        if services
        else "More of no single capacity clearly changes any measure"
    )
    many = "capacity" if tried == 1 else "capacities"
    sub = (
        f"{capital(count_word(tried))} {many} raised by {percent(_step(table) - 1.0)}, one at a "
        "time (carepath binding, runs of its own); only changes whose interval leaves out none"
    )
    if not services:
        return Block(number=Fig.BINDING, claim=claim, sub=sub)
    return Block(
        number=Fig.BINDING,
        claim=claim,
        sub=sub,
        aside=Table(
            caption="What more of one capacity changes in a year, with 95% intervals",
            head=("Design", "More of", "By", "Measure", "Change"),
            rows=tuple(_bound(data, row) for row in _records(rows.head(MOST_ROWS))),
            numeric=columns((4,)),
        ),
    )


def _step(table: pd.DataFrame) -> float:
    return float(table["factor"].iloc[0])


def _bound(data: ReportData, row: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = float(row["difference_low"]), float(row["difference_high"])
    measure = measure_of(str(row["measure"]))
    return (
        _letter(data, row["design"]),
        capital(service_name(str(row["service"]))),
        f"{figures(row['units_added'])} {row['unit_added']}",
        f"{capital(measure.name)} ({row['unit']})",
        f"{signed(row['difference'], step_of(low, high))} ({signed_range(low, high)})",
    )


def drivers(data: ReportData) -> list[str]:
    """Return the inputs that clearly move the answer, most first, where a search has asked."""
    table = _of_designs(data, "sensitivity")
    if not len(table) or not {"swing", "swing_low", "swing_high"} <= set(table.columns):
        return []
    table = table[table["design"] == table["design"].iloc[0]]
    net = table[table["measure"] == "net_qalys"]
    chosen = net if len(net) else table[table["measure"] == table["measure"].iloc[0]]
    clear = chosen[chosen["swing_low"].astype(float) * chosen["swing_high"].astype(float) > 0]
    order = clear["swing"].astype(float).abs().sort_values(ascending=False).index
    return [input_words(str(name)) for name in dict.fromkeys(clear.loc[order, "input"])]
