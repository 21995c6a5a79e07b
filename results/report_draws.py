"""Figures 7, 11 and 12 with their claims and tables; they need draws of the evidence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from results import findings_money
from results.figures import draws as draw
from results.report_blocks import Block, Table, alt_text, columns, drawn
from results.report_data import PER, USUAL, Option, ReportData
from results.report_numbers import listed, signed, signed_range
from results.report_order import Fig
from results.wording import LEADS_AT as LIKELY

Floats = npt.NDArray[np.float64]
FEWEST = 3  # draws without which no outline can be drawn
MARKS = (13_000.0, 20_000.0, 25_000.0, 30_000.0)
ELLIPSE = "The outline holds 95 of 100 draws: the ellipse of their covariance."


def draws_of(data: ReportData, option: Option) -> pd.DataFrame:
    """Return a design's draws; empty where there are too few for an outline."""
    rows = data.rows("draws", design=option.key, effects=option.effects)
    return rows if len(rows) >= FEWEST else rows.iloc[:0]


def _clouds(data: ReportData, across: str, up: str) -> list[tuple[Option, Floats, Floats]]:
    """Return each design's draws per 10,000 residents (costs in £ thousand)."""
    scale = {
        "qalys": PER / findings_money.residents(data),
        "net_qalys": PER / findings_money.residents(data),
        "cost": PER / findings_money.residents(data) / 1000.0,
        "narrowing": 1.0,
    }
    found = []
    for option in data.designs:
        rows = draws_of(data, option)
        if len(rows):
            rows = rows.assign(narrowing=-10.0 * rows["gap"].astype(float))
            x, y = (rows[name].to_numpy(np.float64) * scale[name] for name in (across, up))
            found.append((option, x, y))
    return found


def _table(caption: str, heads: tuple[str, str], clouds: list[draw.Cloud]) -> Table:
    def told(values: Floats) -> str:
        low, high = np.quantile(values, [0.025, 0.975])
        return f"{signed(values.mean(), 0.01)} ({signed_range(low, high)})"

    return Table(
        caption=caption,
        head=("Design", *heads, "Draws with both welcome"),
        rows=tuple(
            (option.letter, told(x), told(y), f"{round(100 * _both(x, y, heads))} of 100")
            for option, x, y in clouds
        ),
        numeric=columns((1, 2, 3)),
    )


def _both(x: Floats, y: Floats, heads: tuple[str, str]) -> float:
    welcome = y < 0 if "cost" in heads[1].lower() else y > 0
    return float(((x > 0) & welcome).mean())


def equity_block(data: ReportData) -> Block | None:
    """Return figure 7, health against fairness; None without draws."""
    clouds = _clouds(data, "net_qalys", "narrowing")
    if not clouds:
        return None
    heads = ("Net QALYs per 10,000 residents", "Narrowing of the gap, QALYs per 10,000 a year")
    shares = {o.letter: _both(x, y, heads) for o, x, y in clouds}
    likely = [letter for letter, share in shares.items() if share >= LIKELY]
    claim = (
        f"{listed(likely)} likely {'adds' if len(likely) == 1 else 'add'} health and "
        "narrows the gap"
        if likely
        else "No design is likely both to add health and to narrow the gap"
    )
    alt = alt_text(
        "Plane with a 95% outline a design",
        "Across: net healthy life after its cost; up: narrowing of the gap",
        f"Every design, {data.place_name}, {data.years} years",
        claim,
    )
    return Block(
        number=Fig.EQUITY,
        claim=claim,
        sub=f"Per 10,000 residents over {data.years} years, after the health that the cost "
        "displaces elsewhere; gap in healthy life between most and least deprived, a year",
        panels=(
            drawn(
                Fig.EQUITY.stem,
                alt,
                lambda: draw.plane(
                    clouds,
                    across=heads[0],
                    up=heads[1],
                    good=("more health, narrower gap", "less health, wider gap"),
                ),
            ),
        ),
        keys=tuple(option for option, *_ in clouds),
        wide=True,
        how=ELLIPSE,
        table=_table("Health and fairness, mean and middle 95% of draws", heads, clouds),
    )


def plane_block(data: ReportData) -> Block | None:
    """Return figure 11, the cost-effectiveness plane; None without draws."""
    clouds = _clouds(data, "qalys", "cost")
    if not clouds:
        return None
    heads = ("QALYs per 10,000 residents", "Extra cost, £ thousand per 10,000 residents")
    dear = [o.letter for o, x, y in clouds if (20.0 * x - y > 0).mean() <= 1 - LIKELY]
    claim = (
        f"At £20,000 a QALY, {listed(dear)} likely "
        f"{'costs' if len(dear) == 1 else 'cost'} more than the health is worth"
        if dear
        else "What the health is worth and what it costs, draw by draw"
    )
    alt = alt_text(
        "Plane with a 95% outline a design",
        "Across: healthy life gained; up: extra cost; lines at £20,000 and £30,000 a QALY",
        f"Every design, {data.place_name}, {data.years} years",
        claim,
    )
    return Block(
        number=Fig.PLANE,
        claim=claim,
        sub=f"Against usual care over {data.years} years, NHS and social care, discounted; below "
        "a line the health is worth its cost at that price",
        panels=(
            drawn(
                Fig.PLANE.stem,
                alt,
                lambda: draw.plane(
                    clouds,
                    across=heads[0],
                    up=heads[1],
                    slopes={"£20,000 a QALY": 20.0, "£30,000 a QALY": 30.0},
                ),
            ),
        ),
        keys=tuple(option for option, *_ in clouds),
        wide=True,
        how=ELLIPSE,
        table=_table("Health and cost, mean and middle 95% of draws", heads, clouds),
    )


def acceptability_block(data: ReportData) -> Block | None:
    """Return figure 12, who is likely the best buy; None without draws."""
    every = _curves(data)
    if len(every) < 2:
        return None
    best = {pounds: _best(every, pounds) for pounds in (20_000.0, 30_000.0)}
    told = [f"at £{pounds:,.0f} {name or 'none stands out'}" for pounds, name in best.items()]
    claim = f"Likely best buy: {told[0]}; {told[1]}"
    alt = alt_text(
        "Curves, one an option",
        "Across: what a year in full health is worth; up: share of draws in which it is best",
        f"All options, {data.place_name}",
        claim,
    )
    rows = []
    for option, table in every:
        at = table.set_index("threshold")
        shares = (f"{100 * at['probability_best'].get(mark, np.nan):.0f}" for mark in MARKS)
        first = [f"£{mark / 1000:.0f}k" for mark in MARKS if at["frontier"].get(mark) == "yes"]
        rows.append((option.letter, *shares, ", ".join(first) or "nowhere"))
    return Block(
        number=Fig.ACCEPTABILITY,
        claim=claim,
        sub=f"Share of draws in which each option has the highest net benefit, over {data.years} "
        "years; “likely” needs 66 of 100",
        panels=(drawn(Fig.ACCEPTABILITY.stem, alt, lambda: draw.curves(every, MARKS)),),
        keys=tuple(option for option, _ in every),
        wide=True,
        how="A thick line marks the option with the highest average net benefit: the one to "
        "choose at that price, however sure it is to be the best.",
        table=Table(
            caption="Draws of 100 in which each option is the best, and where it is on average",
            head=("Option", *(f"£{mark:,.0f}" for mark in MARKS), "Best on average at"),
            rows=tuple(rows),
            numeric=columns((1, 2, 3, 4)),
        ),
    )


def _curves(data: ReportData) -> list[tuple[Option, pd.DataFrame]]:
    """Return each option's curve among those of one reading of the evidence."""
    against = {option.effects for option in data.designs}
    if len(against) != 1:
        return []
    found = []
    for option in (data.baseline, *data.designs):
        rows = data.rows("ceac", design=option.key, against=next(iter(against)))
        if len(rows):
            found.append((option, rows.sort_values("threshold").reset_index(drop=True)))
    return found


def _best(every: list[tuple[Option, pd.DataFrame]], pounds: float) -> str:
    """Return the option that is best in 66 of 100 draws at a threshold, or nothing."""
    for option, table in every:
        row = table[table["threshold"] == pounds]
        if len(row) and float(row["probability_best"].iloc[0]) >= LIKELY:
            return "usual care" if option.letter == USUAL else option.letter
    return ""
