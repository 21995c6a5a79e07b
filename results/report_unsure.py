"""Blocks on what else the answer hangs on: structure, what is worth studying, how queues open.

Each is None where the run has nothing of its kind: structure and the value of information need
draws of the evidence, the opening of queues two replications and two years.
"""

from __future__ import annotations

import pandas as pd

from results.figures import information, warmup
from results.information import ALL
from results.report_blocks import Block, Table, alt_text, columns, drawn, untitled
from results.report_data import PER, Option, ReportData
from results.report_measures import Measure, measure_of, service_name, spoken
from results.report_numbers import capital, figures, percent, signed, signed_range, step_of
from results.report_order import Fig

MOST_OPENINGS = 12


def structure_block(data: ReportData) -> Block | None:
    """Return table 26: the main difference under each way of building the model that was tried."""
    rows = data.rows("structure", measure=data.main_measure)
    letters = {(o.key, o.effects): o for o in data.designs}
    if not len(rows):
        return None
    rows = rows[[pair in letters for pair in zip(rows["design"], rows["effects"], strict=True)]]
    if not len(rows):
        return None
    measure = measure_of(data.main_measure)
    share = float(rows["share_structure"].max())
    claim = f"How the model is built makes no difference that can be told to {measure.said}"
    if share > 0:
        claim = (
            f"How the model is built explains up to {percent(share)} of what is unsure about "
            f"{measure.said}"
        )
    return Block(
        number=Fig.STRUCTURE,
        claim=claim,
        sub=f"Difference in {measure.said} from usual care, {_unit(measure)}, in the draws that "
        "had each option; 95% intervals",
        aside=Table(
            caption="Difference under each way of building the model",
            head=("Choice", "Option", "Design", "Draws", "Difference", "95% interval"),
            rows=tuple(_structure_line(row, letters, measure) for _, row in rows.iterrows()),
            numeric=columns((3, 4, 5)),
        ),
    )


def _unit(measure: Measure) -> str:
    """Return the unit of structure.csv as told here: totals of the place stay as they are."""
    return "for the whole place over all years" if measure.total else measure.change_unit


def _structure_line(
    row: pd.Series, letters: dict[tuple[str, str], Option], measure: Measure
) -> tuple[str, ...]:
    mean, low, high = (
        float(row[name]) * measure.factor(PER)
        for name in ("difference", "difference_low", "difference_high")
    )
    return (
        capital(spoken(str(row["alternative"]))),
        spoken(str(row["option"])),
        letters[str(row["design"]), str(row["effects"])].letter,
        str(row["draws"]),
        signed(mean, step_of(low, high)),
        signed_range(low, high),
    )


def information_block(data: ReportData) -> Block | None:
    """Return figure 27: what knowing each group of numbers would be worth to this choice."""
    table = data.rows("information")
    if not len(table) or not (table["group"] == ALL).any():
        return None
    first = table[table["against"] == table["against"].iloc[0]]
    first = first[first["threshold"] == first["threshold"].iloc[0]]
    claim = information.title(first)
    sub = (
        "Most that a study could be worth to this choice, if it told these numbers exactly; "
        f"for the whole place. {information.caution(first)}"
    ).strip()
    if not len(information.told(first)):  # a figure of what may be luck would be believed
        return Block(number=Fig.INFORMATION, claim=claim, sub=sub, aside=_worth(first))
    alt = alt_text(
        "Bars with 95% intervals",
        "Down: groups of numbers; across: the most that knowing them is worth, £ thousand",
        data.place_name,
        claim,
    )

    return Block(
        number=Fig.INFORMATION,
        claim=claim,
        sub=sub,
        panels=(
            drawn(Fig.INFORMATION.stem, alt, untitled(lambda: information.worth_knowing(first))),
        ),
        wide=True,
        table=_worth(first),
    )


def _worth(table: pd.DataFrame) -> Table:
    """Return the table of what each group is worth, everything first."""
    return Table(
        caption="What knowing each group of numbers would be worth, £ thousand",
        head=("Group", "Numbers", "Worth", "95% interval", "Told from luck"),
        rows=tuple(
            (
                capital(str(row["group"])),
                str(row["numbers"]),
                figures(float(row["value"]) / 1000.0),
                f"{figures(float(row['low']) / 1000.0)} to {figures(float(row['high']) / 1000.0)}",
                str(row["told_from_luck"]),
            )
            for _, row in table.iterrows()
        ),
        numeric=columns((1, 2, 3)),
    )


def warm_up_block(data: ReportData) -> Block | None:
    """Return figure 28: whether queues open where later years lead to expect."""
    table = data.rows("warm_up")
    if not len(table):
        return None
    opening = table[(table["quarter"] == 1) & (table["expected"].abs() > 0)]
    if not len(opening):
        return None
    claim = warmup.title(table)
    differs = (opening["verdict"] == "differs").astype(float)
    surest = opening.assign(order=differs).sort_values("order", ascending=False, kind="stable")
    shown = surest.head(MOST_OPENINGS)
    alt = alt_text(
        "Marks with 99% intervals",
        "Down: queues of usual care; across: first quarter less what is expected, %",
        data.place_name,
        claim,
    )

    return Block(
        number=Fig.WARM_UP,
        claim=claim,
        sub="The first quarter of year 1 under usual care beside what the years after lead to "
        f"expect; {len(shown)} of {len(opening)} queues are drawn, those clearly elsewhere first",
        panels=(drawn(Fig.WARM_UP.stem, alt, untitled(lambda: warmup.opening(shown))),),
        wide=True,
        how="A queue that opens elsewhere than expected would make the first year unlike a year "
        "of a running service; every quarter stands in tables/warm_up.csv. Over few runs intervals "
        "are wide: a queue that is not clearly elsewhere may be so all the same.",
        table=Table(
            caption="How the queues of usual care open, first quarter",
            head=("Queue", "Counted as", "First quarter", "Expected", "Reading"),
            rows=tuple(
                (
                    capital(service_name(str(row["service"]), str(row["role"]), 2)),
                    str(row["unit"]),
                    figures(float(row["mean"])),
                    figures(float(row["expected"])),
                    "clearly elsewhere" if row["verdict"] == "differs" else "not clearly elsewhere",
                )
                for _, row in opening.iterrows()
            ),
            numeric=columns((2, 3)),
            wide=True,
        ),
    )
