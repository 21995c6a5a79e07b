"""Sections 2 to 5: who is reached, what changes for people, when, and who gains."""

from __future__ import annotations

from results import report_findings as find
from results import report_headlines as headlines
from results import wording
from results.figures import people as draw
from results.figures.changes import forest
from results.report_blocks import Block, Section, Table, alt_text, columns, drawn
from results.report_data import Option, ReportData
from results.report_findings import FIFTHS, ForestRow, StageRow
from results.report_measures import RATE, SHIFT, measure_of
from results.report_numbers import (
    capital,
    figures,
    listed,
    percent,
    plain_range,
    plain_with_range,
    signed,
    signed_range,
    signed_with_range,
    step_of,
    value_within,
)
from results.report_order import Fig
from results.report_places import places_block
from results.wording import verdict, verdict_words

MANY_ROWS = 24  # so many lines beside figure 3 hide those that say something
AS_PUT_IN = "No effect on health was put in, so no difference can show here"
NOTHING_PUT_IN = "No effect on health was put in: what staff and contacts alone change"
FILLED = (
    "A filled disc means the interval leaves out no change. A hollow disc means it does not: "
    "the design may do nothing."
)


def reached_section(data: ReportData) -> Section:
    """Return section 2: whom each design is for and how many it gets to."""
    rows = find.stage_rows(data)
    kept = find.kept_shares(rows)
    notes: list[str] = []
    uptakes: dict[str, list[str]] = {}
    for option in data.designs:
        uptake = headlines.uptake_note(find.uptake_by_fifth(data, option))
        if uptake:
            uptakes.setdefault(uptake, []).append(option.letter)
    for uptake, letters in uptakes.items():
        notes.append(f"{listed(letters)}: {uptake}" if len(data.designs) > 1 else uptake)
    return Section(
        number=2,
        nav="Who is reached",
        heading=headlines.reach_headline(kept),
        question="Who is each design for, and how many does it get to?",
        blocks=(_reach_block(data, rows),),
        notes=(" ".join(notes),) if notes else (),
    )


def _why_no_stages(data: ReportData) -> str:
    """Say why no design has stages: there is no table, or no pathway of steps in any."""
    if len(data.rows("stages")):
        return (
            "No design here is a pathway that people go through step by step, so there are no "
            "stages to count; what the designs do to people is in the sections below."
        )
    return data.why_missing("stages")


def _reach_block(data: ReportData, rows: list[StageRow]) -> Block:
    if not rows:
        return Block(number=Fig.REACH, claim="Who is reached", missing=_why_no_stages(data))
    last = {row.option.letter: row.people.mean for row in rows}
    claim = headlines.reach_claim(last)
    year = find.stage_year(data)
    alt = alt_text(
        "Dots with 95% intervals",
        "Down: stages of the design; across: people in every 1,000 residents",
        f"All residents of {data.place_name}, year {year}",
        claim,
    )
    return Block(
        number=Fig.REACH,
        claim=claim,
        sub=f"People at each stage in every 1,000 residents, year {year}; lines are 95% intervals",
        panels=(drawn(Fig.REACH.stem, alt, lambda: draw.reach(rows)),),
        keys=data.designs,
        wide=True,
        table=_reach_table(data, rows, year),
    )


def _reach_table(data: ReportData, rows: list[StageRow], year: str) -> Table:
    by_fifth = {
        fifth: {
            (row.option.letter, row.stage): row.people.mean
            for row in find.stage_rows(data, "imd_quintile", fifth)
        }
        for fifth in FIFTHS
    }
    lines = [
        (
            row.name,
            row.option.letter,
            value_within(row.people.mean, row.people.low, row.people.high),
            plain_range(row.people.low, row.people.high),
            *(_figure(by_fifth[fifth].get((row.option.letter, row.stage))) for fifth in FIFTHS),
        )
        for row in rows
    ]
    return Table(
        caption=f"People at each stage per 1,000 residents, year {year}; by deprivation fifth, "
        "1 most deprived, per 1,000 residents of the fifth",
        head=(
            "Stage",
            "Design",
            "People",
            "95% interval",
            *(f"Fifth {fifth}" for fifth in FIFTHS),
        ),
        rows=tuple(lines),
        numeric=columns(range(2, 9)),
        wide=True,
    )


def _figure(value: float | None) -> str:
    return "not known" if value is None else figures(value, 3)


def changes_section(data: ReportData, lead: Option | None) -> Section:
    """Return section 3: what residents and services would notice."""
    measure = measure_of(data.main_measure)
    findings = [
        headlines.Finding(letter=option.letter, change=change, found=verdict(change, data.smallest))
        for option in data.designs
        for change in [data.change(measure.key, option)]
    ]
    rows = find.forest_rows(data)
    heading = headlines.change_headline(findings, measure)
    if all(f.change is not None and f.change.still for f in findings):
        heading = f"Nobody differed in {measure.said}: this run is too small to tell"
    return Section(
        number=3,
        nav="What changes for people",
        heading=NOTHING_PUT_IN if data.without_effect else heading,
        question="What would residents and services notice, in the simulation?",
        blocks=tuple(
            block
            for block in (
                _squares_block(data, lead),
                _forest_block(data, rows),
                places_block(data),
            )
            if block is not None
        ),
        starts_page=False,
    )


def _squares_block(data: ReportData, lead: Option | None) -> Block:
    option = lead or data.designs[0]
    found = find.squares(data, option)
    if found is None:
        return Block(
            number=Fig.SQUARES,
            claim="Residents admitted in a year",
            missing=data.why_missing("comparison"),
        )
    claim = headlines.squares_claim(option.letter, found.before, found.change)
    alt = alt_text(
        "Grid of 1,000 squares, one a resident",
        "Dark: admitted either way; outlined: changed by the design; pale: not admitted",
        f"Residents of {data.place_name}, one year",
        claim,
    )
    which = "the leading design" if lead else "the first design of the experiment file"
    only = "" if len(data.designs) == 1 else f" under {which}"
    return Block(
        number=Fig.SQUARES,
        claim=claim,
        sub=f"1,000 residents, one year{only}, averaged over {span_of(data)}; each square is one "
        "resident; people, not admissions",
        panels=(drawn(Fig.SQUARES.stem, alt, lambda: draw.squares(found)),),
        wide=True,
        table=Table(
            caption="Residents admitted as an emergency in a year, of every 1,000",
            head=("Option", "People", "95% interval"),
            rows=(
                (
                    "Usual care",
                    *_with_range(found.before.mean, found.before.low, found.before.high),
                ),
                (option.letter, *_with_range(found.after.mean, found.after.low, found.after.high)),
                (
                    f"Difference under {option.letter}",
                    signed(found.change.mean, found.change.step),
                    signed_range(found.change.low, found.change.high),
                ),
            ),
            numeric=columns((1, 2)),
        ),
    )


def _with_range(mean: float, low: float, high: float) -> tuple[str, str]:
    step = min(step_of(low, high), 1.0)
    whole = plain_with_range(mean, low, high).split(" (")[0]
    return whole, plain_range(low, high, step)


def span_of(data: ReportData) -> str:
    """Return the years that a figure averages over, in words."""
    return f"years 1 to {data.years}" if data.years > 1 else "year 1"


def _forest_block(data: ReportData, rows: list[ForestRow]) -> Block:
    drawn_rows, told = find.split_forest(rows)
    if not drawn_rows:
        return _nothing_moves(data, rows, told)
    claim = _forest_claim(rows)
    alt = alt_text(
        "Forest plot: dots with 95% intervals",
        "Down: measures of health, hospital and everyday care; across: % difference",
        f"All residents of {data.place_name}, {span_of(data)}",
        claim,
    )
    note = headlines.luck_note(len(rows), measure_of(data.main_measure))
    share = percent(data.smallest, 0.1 if data.smallest < 0.01 else 1.0)
    return Block(
        number=Fig.FOREST,
        claim=claim,
        sub=f"Difference from usual care a year, averaged over {span_of(data)}; lines are 95% "
        "intervals; QALYs are discounted",
        panels=(drawn(Fig.FOREST.stem, alt, lambda: forest(drawn_rows, data.smallest)),),
        keys=data.designs,
        wide=True,
        how=" ".join(
            [
                FILLED,
                f"The grey band is less than {share} either way, too small to matter.",
                note,
                _nobody_note(data, rows),
            ]
        ).strip(),
        aside=_told(told),
        table=_forest_table(rows, data.smallest),
    )


def _nobody_note(data: ReportData, rows: list[ForestRow]) -> str:
    """Say what an interval from 0 to 0 means: nobody's luck was touched, not that none could be."""
    still = [row.measure.name for row in rows if row.still]
    if not still or data.without_effect:
        return ""
    return (
        f"0 (0 to 0), for {listed(list(dict.fromkeys(still))[:3])}: not one of the "
        f"{data.simulated:,} simulated people differed in any run. More people or more years "
        "could show a difference too rare for this run."
    )


def _nothing_moves(data: ReportData, rows: list[ForestRow], told: list[ForestRow]) -> Block:
    """Return figure 3 where no measure moves by 1%: its reason, and the numbers in the open."""
    missing = data.why_missing("comparison")
    if told:
        missing = "Every measure moves by less than 1% or by more than a third, so none is drawn."
    claim = _forest_claim(rows) if rows else "What changes for people"
    how = _nobody_note(data, rows)
    return Block(
        number=Fig.FOREST, claim=claim, missing=f"{missing} {how}".strip(), aside=_told(told)
    )


def _forest_claim(rows: list[ForestRow]) -> str:
    judged = [(wording.judgement(row.found, row.measure.better), row) for row in rows]
    changes = [
        (
            row.option.letter,
            verdict_words(row.found, row.measure.less, row.measure.more),
            row.measure.name,
        )
        for kind in ("good", "bad")
        for judgement, row in judged
        if judgement == kind
    ]
    large = [judgement for judgement, row in judged if row.found.case == "clear"]
    return headlines.forest_claim(
        changes,
        better=large.count("good"),
        worse=large.count("bad"),
        slight=sum(row.found.case in ("slight", "none") for row in rows),
        shifts=large.count("shift"),
        total=len(rows),
    )


def _told(rows: list[ForestRow]) -> Table | None:
    """Return the measures that are not drawn, each in its own unit, to stand in the open."""
    caption = f"Not drawn, for they move by less than 1%; {RATE}"
    if any(row.beyond for row in rows):
        caption = (
            "Not drawn: first what changes by more than a third, then what changes by less than "
            f"1%; {RATE}"
        )
    rows = sorted(rows, key=lambda row: not row.beyond)
    if len(rows) > MANY_ROWS:
        rows = [row for row in rows if row.found.case != "none"]
        caption += "; those without a difference that matters stand in table 3 alone"
    if not rows:
        return None
    return Table(
        caption=caption,
        head=("Measure", "Design", "Usual care", "Difference", "In %", "Reading"),
        rows=tuple(
            (
                capital(row.measure.name),
                row.option.letter,
                figures(row.change.baseline),
                signed_with_range(row.change.mean, row.change.low, row.change.high),
                _in_percent(row.relative.mean, 0.1 if not row.beyond else 1.0),
                _judged(row),
            )
            for row in rows
        ),
        numeric=columns((2, 3, 4)),
    )


def _in_percent(value: float, step: float) -> str:
    """Return a change in per cent; one that would be rounded to nothing is not shown as none."""
    text = signed(value, step)
    if value and not text.strip("0."):
        return f"under {step:g}%"
    return f"{text}%"


def _judged(row: ForestRow) -> str:
    """Return what may be said of a change, and whether it is for the better."""
    kind = wording.judgement(row.found, row.measure.better)
    good = {"good": ", better", "bad": ", worse"}.get(kind, "")
    return row.reading + ("" if row.still else good)


def _forest_table(rows: list[ForestRow], smallest: float) -> Table:
    return Table(
        caption=f"Difference from usual care {RATE}",
        head=(
            "Measure",
            "Better",
            "Design",
            "Usual care",
            "Difference",
            "95% interval",
            "In %",
            "Reading",
        ),
        rows=tuple(
            (
                capital(row.measure.name),
                {SHIFT: "a shift", 1: "higher", -1: "lower"}[row.measure.better],
                row.option.letter,
                figures(row.change.baseline),
                signed(row.change.mean, row.change.step),
                signed_range(row.change.low, row.change.high),
                _in_percent(row.relative.mean, 0.1),
                row.reading,
            )
            for row in rows
        ),
        numeric=columns((3, 4, 5, 6)),
        wide=True,
    )
