"""Sections 2 to 5: who is reached, what changes for people, when, and who gains."""

from __future__ import annotations

from collections.abc import Iterable

from results import report_findings as find
from results import report_headlines as headlines
from results import wording
from results.figures import people as draw
from results.report_blocks import Block, Section, Table, alt_text, columns, drawn
from results.report_data import Option, ReportData
from results.report_draws import equity_block
from results.report_findings import FIFTHS, ForestRow, StageRow
from results.report_measures import SHIFT, Measure, measure_of
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
)
from results.report_places import places_block
from results.wording import Change, verdict, verdict_words

MANY_ROWS = 24  # so many lines beside figure 3 hide those that say something
AS_PUT_IN = "No effect on health was put in, so nobody’s differs from usual care"
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
        return Block(number=1, claim="Who is reached", missing=_why_no_stages(data))
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
        number=1,
        claim=claim,
        sub=f"People at each stage in every 1,000 residents, year {year}; lines are 95% intervals",
        panels=(drawn("figure-01", alt, lambda: draw.reach(rows)),),
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
            figures(row.people.mean, 3),
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
    heading = headlines.change_headline(findings, measure, "per 10,000 a year")
    if all(f.change is not None and f.change.low == f.change.high == 0.0 for f in findings):
        heading = f"Nobody differed in {measure.name}: this run is too small to tell"
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
            number=2, claim="Residents admitted in a year", missing=data.why_missing("comparison")
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
        number=2,
        claim=claim,
        sub=f"1,000 residents, one year{only}, averaged over {_span(data)}; each square is one "
        "resident; people, not admissions",
        panels=(drawn("figure-02", alt, lambda: draw.squares(found)),),
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


def _span(data: ReportData) -> str:
    return f"years 1 to {data.years}" if data.years > 1 else "year 1"


def _forest_block(data: ReportData, rows: list[ForestRow]) -> Block:
    drawn_rows, told = find.split_forest(rows)
    if not drawn_rows:
        return _nothing_moves(data, rows, told)
    claim = _forest_claim(rows)
    alt = alt_text(
        "Forest plot: dots with 95% intervals",
        "Down: measures of health, hospital and everyday care; across: % difference",
        f"All residents of {data.place_name}, {_span(data)}",
        claim,
    )
    note = headlines.luck_note(len(rows), measure_of(data.main_measure).name)
    share = percent(data.smallest, 0.1 if data.smallest < 0.01 else 1.0)
    return Block(
        number=3,
        claim=claim,
        sub=f"Difference from usual care a year, averaged over {_span(data)}; lines are 95% "
        "intervals",
        panels=(drawn("figure-03", alt, lambda: draw.forest(drawn_rows, data.smallest)),),
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
    still = [row.measure.name for row in rows if row.change.low == row.change.high == 0.0]
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
    return Block(number=3, claim=claim, missing=f"{missing} {how}".strip(), aside=_told(told))


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
        changes, better=large.count("good"), worse=large.count("bad"), total=len(rows)
    )


def _told(rows: list[ForestRow]) -> Table | None:
    """Return the measures that are not drawn, each in its own unit, to stand in the open."""
    caption = "Not drawn, for they move by less than 1%; per 10,000 people a year"
    if any(row.beyond for row in rows):
        caption = (
            "Not drawn: first what changes by more than a third, then what changes by less than "
            "1%; per 10,000 people a year"
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
        caption="Difference from usual care per 10,000 people a year",
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


def when_section(data: ReportData) -> Section:
    """Return section 4: how soon a board would see it."""
    measure = measure_of(data.main_measure)
    series = {o.letter: find.by_year(data, o, measure.key) for o in data.designs}
    known = {letter: found for letter, found in series.items() if found}
    first = {key: headlines.lasting_year(found, data.smallest) for key, found in known.items()}
    return Section(
        number=4,
        nav="When it changes",
        heading="When an effect would show cannot be told: none was put in"
        if data.without_effect
        else headlines.when_headline(first, data.years, measure),
        question="How soon would a board see it?",
        blocks=(_when_block(data, measure, known),),
    )


def _when_block(data: ReportData, measure: Measure, series: dict[str, dict[int, Change]]) -> Block:
    if not series:
        return Block(number=4, claim="Year by year", missing=data.why_missing("comparison"))
    options = [option for option in data.designs if option.letter in series]
    plans = {o.letter: find.plan_path(data, o, measure.key) for o in options}
    ends = {
        o.letter: (series[o.letter][data.years], plans[o.letter].get(data.years))
        for o in options
        if data.years in series[o.letter]
    }
    claim = headlines.plan_path_claim(ends, measure, data.years)
    if data.without_effect and all(_nothing(found.values()) for found in series.values()):
        claim = AS_PUT_IN
    limits = draw.shared_limits(list(series.values()), list(plans.values()))
    few = data.replications < draw.FEW
    sub = f"{capital(measure.name)} per 10,000 people, difference from usual care; " + (
        "dots with 95% intervals, for there are few replications"
        if few
        else "dark band holds the middle half, pale band 95 in 100"
    )
    if any(option.effects == "plan" for option in options):
        sub += ". What is drawn are the plan’s own effects"
    elif not any(plans.values()):
        sub += ". The plan’s own effects were not run, so no plan path is drawn"
    panels = tuple(
        drawn(
            f"figure-04-{option.letter.lower()}",
            alt_text(
                "Line with bands",
                f"Across: years 1 to {data.years}; up: difference in {measure.name} per 10,000",
                f"{option.title}, residents of {data.place_name}",
                _end_words(ends, option),
            ),
            lambda option=option: draw.over_time(  # type: ignore[misc]
                option,
                series[option.letter],
                plan=plans[option.letter],
                replications=data.replications,
                limits=limits,
            ),
            title=option.title,
            option=option,
        )
        for option in options
    )
    return Block(
        number=4,
        claim=claim,
        sub=sub,
        panels=panels,
        table=_when_table(data, measure, series, plans),
    )


def _nothing(changes: Iterable[Change]) -> bool:
    """Tell whether nobody differed in any of the changes."""
    return all(change.low == change.high == 0.0 for change in changes)


def _end_words(ends: dict[str, tuple[Change, float | None]], option: Option) -> str:
    if option.letter not in ends:
        return "No value for the last year"
    change, _ = ends[option.letter]
    spread = signed_range(change.low, change.high)
    return f"In the last year {signed(change.mean, change.step)} ({spread})"


def _when_table(
    data: ReportData,
    measure: Measure,
    series: dict[str, dict[int, Change]],
    plans: dict[str, dict[int, float]],
) -> Table:
    with_plan = any(plans.values())
    rows = []
    for letter, found in series.items():
        for year, change in found.items():
            plan = plans[letter].get(year)
            rows.append(
                (
                    letter,
                    str(year),
                    figures(change.baseline),
                    signed(change.mean, change.step),
                    signed_range(change.low, change.high),
                    *(
                        (signed(plan, change.step) if plan is not None else "none",)
                        if with_plan
                        else ()
                    ),
                )
            )
    return Table(
        caption=f"Difference in {measure.name} per 10,000, by year",
        head=(
            "Design",
            "Year",
            "Usual care",
            "Difference",
            "95% interval",
            *(("Plan",) if with_plan else ()),
        ),
        rows=tuple(rows),
        numeric=columns(range(1, 6)),
    )


def gains_section(data: ReportData) -> Section:
    """Return section 5: whether the gap by deprivation narrows."""
    measure = measure_of(data.main_measure)
    gaps = {o.letter: find.gap_change(data, o, measure.key) for o in data.designs}
    notes = []
    for option in data.designs:
        words = headlines.gaps_disagree(
            gaps[option.letter], find.gap_change(data, option, measure.key, "rii")
        )
        if words:
            notes.append(f"{option.letter}: {words}")
    missing = (
        f"Figure 6, health against fairness, needs draws of the evidence: {wording.NEED_DRAWS}."
    )
    if not data.with_knowledge:
        notes.append(missing)
    return Section(
        number=5,
        nav="Who gains: deprivation",
        heading="Who would gain cannot be told: no effect on health was put in"
        if data.without_effect
        else headlines.gains_headline(gaps, measure),
        question="Who gains, and does the gap between most and least deprived narrow?",
        blocks=tuple(
            block for block in (_fifths_block(data, measure, gaps), equity_block(data)) if block
        ),
        notes=tuple(notes),
    )


def _fifths_block(data: ReportData, measure: Measure, gaps: dict[str, Change | None]) -> Block:
    series = {o.letter: find.by_fifth(data, o, measure.key) for o in data.designs}
    options = [option for option in data.designs if len(series[option.letter]) == len(FIFTHS)]
    if not options:
        return Block(number=5, claim="By deprivation", missing=data.why_missing("comparison"))
    lead = max(options, key=lambda o: any(c.clear for c in series[o.letter].values()))
    claim = headlines.fifths_claim(
        lead.letter, series[lead.letter][1], series[lead.letter][5], measure
    )
    if data.without_effect and all(_nothing(series[o.letter].values()) for o in options):
        claim = AS_PUT_IN
    limits = draw.fifth_limits([series[o.letter] for o in options])
    base = series[options[0].letter]
    panels = tuple(
        drawn(
            f"figure-05-{option.letter.lower()}",
            alt_text(
                "Dots with 95% intervals",
                "Down: deprivation fifths, most deprived first; across: difference per 10,000",
                f"{option.title}, {measure.name}",
                headlines.gap_verdict_words(gaps[option.letter]),
            ),
            lambda option=option: draw.fifths(  # type: ignore[misc]
                option, series[option.letter], unit="Difference per 10,000 a year", limits=limits
            ),
            title=option.title,
            option=option,
            say=headlines.gap_verdict_words(gaps[option.letter]),
        )
        for option in options
    )
    return Block(
        number=5,
        claim=claim,
        sub=f"Difference in {measure.name} per 10,000 a year by deprivation fifth, {_span(data)}; "
        f"the rate under usual care runs from {figures(base[1].baseline)} in the most to "
        f"{figures(base[5].baseline)} in the least deprived fifth",
        panels=panels,
        how=FILLED,
        table=_fifths_table(data, measure, options, series),
    )


def _fifths_table(
    data: ReportData,
    measure: Measure,
    options: list[Option],
    series: dict[str, dict[int, Change]],
) -> Table:
    names = {1: "1 most deprived", 5: "5 least deprived"}
    rows: list[tuple[str, ...]] = [
        (
            option.letter,
            names.get(fifth, str(fifth)),
            figures(change.baseline),
            signed(change.mean, change.step),
            signed_range(change.low, change.high),
        )
        for option in options
        for fifth, change in series[option.letter].items()
    ]
    for option in options:
        rows += _gap_lines(data, option, measure.key)
    return Table(
        caption=f"{capital(measure.name)} by deprivation fifth per 10,000 a year, and the gap "
        "(slopes are age-sex standardised; below zero the gap narrows)",
        head=("Design", "Group", "Usual care", "Difference", "95% interval"),
        rows=tuple(rows),
        numeric=columns((2, 3, 4)),
    )


def _gap_lines(data: ReportData, option: Option, measure: str) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for index, name, per in (
        ("sii", "Absolute gap (slope index, SII)", 10.0),
        ("rii", "Relative gap (relative index from 1, RII)", 1.0),
    ):
        change = find.gap_change(data, option, measure, index)
        if change is None:
            lines.append((option.letter, name, "not known", "not known", "not known"))
            continue
        change = change.times(per)
        level = abs(change.baseline)
        lines.append(
            (
                option.letter,
                name,
                figures(abs(1.0 - level) if index == "rii" else level),
                signed(change.mean, change.step),
                signed_range(change.low, change.high),
            )
        )
    return lines
