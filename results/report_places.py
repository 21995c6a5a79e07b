"""Every place of an experiment side by side: what a report on one of them would leave out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from results.figures import places as draw
from results.figures.places import PlaceRow
from results.report_blocks import Block, Table, alt_text, columns, drawn
from results.report_data import MILLION, PER, Option, ReportData, number, preferred, rate_of
from results.report_findings import nobody_differed
from results.report_measures import Measure, measure_of
from results.report_numbers import ONE_RUN, capital, count_word, figures, signed, signed_range
from results.report_order import Fig
from results.wording import Change, verdict, verdict_words

TOGETHER = "All together"


def places_block(data: ReportData) -> Block | None:
    """Return all places side by side, None where the experiment has but one."""
    if len(data.places) < 2:
        return None
    measure = measure_of(data.main_measure)
    rows = place_rows(data)
    if not any(row.change.known for row in rows):
        return Block(
            number=Fig.PLACES, claim="In each place", missing=data.why_missing("comparison")
        )
    claim = places_claim(rows, measure, data.smallest)
    alt = alt_text(
        "Letters with 95% intervals",
        f"Down: places; across: difference in {measure.difference}",
        f"{len(data.places)} places",
        claim,
    )
    return Block(
        number=Fig.PLACES,
        claim=claim,
        sub=f"{capital(measure.difference)}, difference from usual care over all years; "
        "lines are 95% intervals; filled letters leave out no change",
        panels=(
            drawn(
                Fig.PLACES.stem,
                alt,
                lambda: draw.by_place(rows, measure.axis("Difference from usual care")),
            ),
        ),
        keys=data.designs,
        wide=True,
        table=_table(rows, data),
        how=f"The rest of this report is about {data.place_name}. Places are simulated apart, each "
        "with its own people, staff and queues; all together adds up their differences, whose "
        "chances are taken as independent.",
    )


def place_rows(data: ReportData) -> list[PlaceRow]:
    """Return each design in each place, all places together first."""
    found: list[PlaceRow] = []
    for option in data.designs:
        rows = _of(data.across.get("comparison"), option)
        rows = _in_order(preferred(rows, discounted=False), data)
        if len(rows) > 1:
            together = _together(rows)
            if together is not None:
                found.append(PlaceRow(place=TOGETHER, option=option, change=together))
        cash = _of(data.across.get("costs"), option)
        for _, row in rows.iterrows():
            place = str(row["place"])
            own = cash[cash["place"] == place] if len(cash) else cash
            own = preferred(own, discounted=True)
            found.append(
                PlaceRow(
                    place=data.names.get(place, place),
                    option=option,
                    change=rate_of(row, data.main_measure),
                    cash=_cash(own.iloc[0]) if len(own) else None,
                )
            )
    order = {name: rank for rank, name in enumerate(dict.fromkeys(row.place for row in found))}
    return sorted(found, key=lambda row: (row.place != TOGETHER, order[row.place]))


def _in_order(rows: pd.DataFrame, data: ReportData) -> pd.DataFrame:
    """Return rows of several places in the order of the experiment."""
    if not len(rows):
        return rows
    order = {place: rank for rank, place in enumerate(data.places)}
    return rows.sort_values("place", key=lambda keys: keys.map(order), kind="stable")


def _of(table: pd.DataFrame | None, option: Option) -> pd.DataFrame:
    if table is None or not len(table):
        return pd.DataFrame()
    return table[(table["design"] == option.key) & (table["effects"] == option.effects)]


def _together(rows: pd.DataFrame) -> Change | None:
    """Return the difference of all places as a rate of all their people, None if no count."""
    base, per = rows["baseline_mean"], rows["baseline_per_1000"]
    years = (base / per * 1000.0).sum()  # person-years of usual care
    halves = (rows["difference_high"] - rows["difference_low"]) / 2.0
    if not (math.isfinite(years) and years > 0 and np.isfinite(halves).all()):
        return None
    per_person = PER / float(years)
    mean = float(rows["difference"].sum()) * per_person
    half = math.sqrt(float((halves**2).sum())) * per_person
    return Change(
        mean=mean, low=mean - half, high=mean + half, baseline=float(base.sum()) * per_person
    )


def _cash(row: pd.Series) -> Change:
    mean, low, high = (number(row, name) / MILLION for name in ("mean", "low", "high"))
    return Change(mean=mean, low=low, high=high)


def places_claim(rows: Sequence[PlaceRow], measure: Measure, smallest: float) -> str:
    """Say in how many places each design clearly moves the measure, and which way."""
    said = []
    for letter in dict.fromkeys(row.option.letter for row in rows):
        own = [row for row in rows if row.option.letter == letter and row.place != TOGETHER]
        found = [verdict(row.change, smallest) for row in own]
        less = sum(one.clear and one.direction < 0 for one in found)
        more = sum(one.clear and one.direction > 0 for one in found)
        parts = [f"{measure.less} in {count_word(less)}"] if less else []
        parts += [f"{measure.more} in {count_word(more)}"] if more else []
        said.append(f"{letter} {' and '.join(parts)}" if parts else f"{letter} in none")
    total = len({row.place for row in rows if row.place != TOGETHER})
    if all(text.endswith("in none") for text in said):
        return f"No design clearly changes {measure.said} in any of {count_word(total)} places"
    return f"Of {count_word(total)} places, {measure.said} clearly: {'; '.join(said)}"


def _table(rows: Sequence[PlaceRow], data: ReportData) -> Table:
    measure = measure_of(data.main_measure)
    return Table(
        caption=f"Every place: {measure.difference}, and net cash of all years in £ million",
        head=(
            *("Place", "Design", measure.head("Usual care")),
            *("Difference", "95% interval", "Reading", "Cash"),
        ),
        rows=tuple(_row(row, measure, data.smallest) for row in rows),
        numeric=columns((2, 3, 4, 6)),
        wide=True,
    )


def _row(row: PlaceRow, measure: Measure, smallest: float) -> tuple[str, ...]:
    change = row.change
    known = change.known
    cash = row.cash
    return (
        row.place,
        row.option.letter,
        f"{change.baseline:,.0f}" if measure.rated else figures(change.baseline),
        signed(change.mean, change.step) if known else f"{change.mean:+,.1f}".replace("-", "−"),
        signed_range(change.low, change.high) if known else ONE_RUN,
        nobody_differed(row.option)
        if change.still
        else verdict_words(verdict(change, smallest), measure.less, measure.more),
        "" if cash is None else f"{cash.mean:+,.1f}".replace("-", "−"),
    )
