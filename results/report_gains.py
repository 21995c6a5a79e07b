"""Sections 4 and 5: when it changes, and who gains."""

from __future__ import annotations

from collections.abc import Iterable

from results import report_findings as find
from results import report_headlines as headlines
from results import wording
from results.figures import people as draw
from results.report_blocks import Block, Section, Table, alt_text, columns, drawn
from results.report_data import Option, ReportData
from results.report_draws import equity_block
from results.report_findings import FIFTHS
from results.report_measures import Measure, measure_of
from results.report_numbers import (
    capital,
    figures,
    signed,
    signed_range,
)
from results.report_order import Fig
from results.report_people import AS_PUT_IN, FILLED, span_of
from results.wording import Change


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
        return Block(
            number=Fig.BY_YEAR, claim="Year by year", missing=data.why_missing("comparison")
        )
    options = [option for option in data.designs if option.letter in series]
    plans = {o.letter: find.plan_path(data, o, measure.key) for o in options}
    ends = {
        o.letter: (series[o.letter][data.years], plans[o.letter].get(data.years))
        for o in options
        if data.years in series[o.letter]
    }
    claim = headlines.plan_path_claim(ends, measure, data.years)
    if data.without_effect and all(is_nothing(found.values()) for found in series.values()):
        claim = AS_PUT_IN
    limits = draw.shared_limits(list(series.values()), list(plans.values()))
    few = data.replications < draw.FEW
    sub = f"{capital(measure.difference)}, difference from usual care; " + (
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
            f"{Fig.BY_YEAR.stem}-{option.letter.lower()}",
            alt_text(
                "Line with bands",
                f"Across: years 1 to {data.years}; up: difference in {measure.difference}",
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
        number=Fig.BY_YEAR,
        claim=claim,
        sub=sub,
        panels=panels,
        table=_when_table(data, measure, series, plans),
    )


def is_nothing(changes: Iterable[Change]) -> bool:
    """Tell whether nobody differed in any of the changes."""
    return all(change.still for change in changes)


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
        caption=f"Difference in {measure.difference}, by year",
        head=(
            "Design",
            "Year",
            measure.head("Usual care"),
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
        beside = headlines.gap_beside(
            gaps[option.letter], find.gap_change(data, option, "qalys"), data.smallest
        )
        if words or beside:
            notes.append(f"{option.letter}: {' '.join(filter(None, [words, beside]))}")
    missing = (
        f"Figure {Fig.EQUITY}, health against fairness, needs draws of the evidence: "
        f"{wording.NEED_DRAWS}."
    )
    if not data.with_knowledge:
        notes.append(missing)
    return Section(
        number=5,
        nav="Who gains: deprivation",
        heading="Who would gain cannot be told: no effect on health was put in"
        if data.without_effect
        else headlines.gains_headline(gaps, measure, data.smallest),
        question="Who gains, and does the gap between most and least deprived narrow?",
        blocks=tuple(
            block for block in (_fifths_block(data, measure, gaps), equity_block(data)) if block
        ),
        notes=tuple(notes),
    )


def _fifths_block(data: ReportData, measure: Measure, gaps: dict[str, Change | None]) -> Block:
    series = {o.letter: find.by_fifth(data, o, measure.key) for o in data.designs}
    options = [option for option in data.designs if len(series[option.letter]) > 1]
    if not options:
        return Block(
            number=Fig.FIFTHS, claim="By deprivation", missing=data.why_missing("comparison")
        )
    lead = max(options, key=lambda o: any(c.clear for c in series[o.letter].values()))
    most, least = min(series[lead.letter]), max(series[lead.letter])
    empty = [fifth for fifth in FIFTHS if int(fifth) not in series[lead.letter]]
    nobody = f" with residents (nobody lives in fifth {', '.join(empty)})" if empty else ""
    claim = headlines.fifths_claim(
        lead.letter, series[lead.letter][most], series[lead.letter][least], measure
    )
    if data.without_effect and all(is_nothing(series[o.letter].values()) for o in options):
        claim = AS_PUT_IN
    limits = draw.fifth_limits([series[o.letter] for o in options])
    base = series[options[0].letter]
    panels = tuple(
        drawn(
            f"{Fig.FIFTHS.stem}-{option.letter.lower()}",
            alt_text(
                "Dots with 95% intervals",
                "Down: deprivation fifths, most deprived first; across: difference, "
                f"{measure.change_unit}",
                f"{option.title}, {measure.name}",
                headlines.gap_verdict_words(gaps[option.letter], data.smallest),
            ),
            lambda option=option: draw.fifths(  # type: ignore[misc]
                option,
                series[option.letter],
                unit=measure.axis("Difference"),
                limits=limits,
            ),
            title=option.title,
            option=option,
            say=headlines.gap_verdict_words(gaps[option.letter], data.smallest),
        )
        for option in options
    )
    return Block(
        number=Fig.FIFTHS,
        claim=claim,
        sub=f"Difference in {measure.difference}, by deprivation fifth, {span_of(data)}; under "
        f"usual care it runs from {_level(measure, base[most])} in the most to "
        f"{_level(measure, base[least])} in the least deprived fifth{nobody}",
        panels=panels,
        how=FILLED,
        table=_fifths_table(data, measure, options, series),
    )


def _level(measure: Measure, change: Change) -> str:
    """Return the level under usual care, with its unit where the name beside it has not said it."""
    told = figures(change.baseline)
    return told if measure.rated else measure.level_words(told)


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
        caption=f"{capital(measure.difference)}, by deprivation fifth, and the gap "
        "(slopes are age-sex standardised; below zero the gap narrows)",
        head=("Design", "Group", measure.head("Usual care"), "Difference", "95% interval"),
        rows=tuple(rows),
        numeric=columns((2, 3, 4)),
    )


def _gap_lines(data: ReportData, option: Option, measure: str) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for index, name in (
        ("sii", "Absolute gap (slope index, SII)"),
        ("rii", "Relative gap (relative index from 1, RII)"),
    ):
        change = find.gap_change(data, option, measure, index)
        if change is None:
            lines.append((option.letter, name, "not known", "not known", "not known"))
            continue
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
