"""Sections 9 and 10: what one would have to believe, and how sure the report is."""

from __future__ import annotations

from pathways.design import INSIDE, NOT_EMULATED
from results import findings_checks, findings_money, headlines_belief, wording
from results import report_findings as find
from results.figures import belief as draw
from results.findings_checks import CheckRow
from results.report_blocks import Block, Section, Table, alt_text, columns, drawn
from results.report_data import READING_WORDS, READINGS, Option, ReportData
from results.report_measures import Measure, measure_of
from results.report_numbers import (
    capital,
    count_word,
    figures,
    listed,
    plain_range,
    signed,
    signed_range,
    value_within,
)
from results.report_order import Fig
from results.report_rules import plan_block
from results.report_searches import (
    believe_block,
    precision_block,
    sensitivity_block,
    variance_block,
)
from results.report_standing import ASSUMED, Standing, standing_of, standing_table
from results.report_unsure import information_block, structure_block, warm_up_block
from results.wording import Change

OF_USUAL = "% of usual care’s"  # a share’s change in per cent of itself is no percentage point
Readings = list[tuple[Option, dict[str, Change]]]


def belief_section(data: ReportData) -> Section:
    """Return section 9: the plan beside published evidence."""
    measure = measure_of(data.main_measure)
    changes = [(option, find.reading_changes(data, option)) for option in data.designs]
    run = {reading for option in data.designs for reading in option.readings}
    heading = (
        headlines_belief.readings_headline(
            {o.letter: c["plan"] for o, c in changes if "plan" in c},
            {o.letter: c["published"] for o, c in changes if "published" in c},
        )
        if run
        else "No design was run"
    )
    notes = []
    needed = believe_block(data)
    if needed is None:
        notes.append(
            f"Figure {Fig.NEEDED}, the effect that the plan would need beside what studies found, "
            "needs a search for it: carepath believe EXPERIMENT --target … --add-to this folder."
        )
    standings = [standing_of(data, option) for option in data.designs]
    bare = [one.option.letter for one in standings if one.kind == ASSUMED and not one.effects]
    if bare:
        notes.append(
            f"Assumption only: no study stands behind the effects of {listed(bare)} in this run."
        )
    return Section(
        number=9,
        nav="The plan and the published evidence",
        heading=heading,
        question="What would you have to believe?",
        blocks=(
            _readings_block(data, measure, changes),
            *filter(None, [plan_block(data), needed, _standing_block(standings)]),
        ),
        notes=tuple(notes),
    )


def _standing_block(standings: list[Standing]) -> Block | None:
    """Return table 21: what stands behind each published effect."""
    table = standing_table(standings)
    if table is None:
        return None
    total = sum(len(one.effects) for one in standings)
    met = sum(one.count(INSIDE) for one in standings)
    waiting = sum(one.count(NOT_EMULATED) for one in standings)
    claim = (
        f"{capital(count_word(met))} of {count_word(total)} published effects came out as studied"
    )
    if met == 0:
        claim = f"None of {count_word(total)} published effects came out of the model as studied"
    if waiting == total:
        claim = "Whether the model gives what its studies found has not been tested"
    return Block(
        number=Fig.STANDING,
        claim=claim,
        sub="A study is emulated when the model, run on people like those of the study, gives the "
        "difference that the study found: carepath check designs",
        aside=table,
    )


def _readings_block(data: ReportData, measure: Measure, changes: Readings) -> Block:
    run = list(dict.fromkeys(name for option in data.designs for name in option.readings))
    if len(run) < 2:
        only = READING_WORDS.get(run[0], run[0]) if run else "nothing"
        return Block(
            number=Fig.READINGS,
            claim="The same design under plan, published evidence and no effect",
            missing=f"This experiment ran one reading alone ({only}), so there is nothing to set "
            "beside it: carepath run EXPERIMENT --effects plan,published,null runs all three.",
        )
    if not any(found for _, found in changes):
        return Block(
            number=Fig.READINGS,
            claim="The same design under plan, published evidence and no effect",
            missing="One replication gives no interval, so the readings cannot be told apart: "
            "run two or more.",
        )
    cash = [(option, findings_money.reading_cash(data, option)) for option in data.designs]
    alt = "Disc: published; square: the plan’s own effects; diamond: no effect"
    panels = [
        drawn(
            f"{Fig.READINGS.stem}-main",
            alt_text("Marks with 95% intervals", alt, data.place_name, measure.name),
            lambda: draw.readings(changes, unit=f"Change, {OF_USUAL}"),
            title=capital(measure.name),
        )
    ]
    if any(found for _, found in cash):
        panels.append(
            drawn(
                f"{Fig.READINGS.stem}-cash",
                alt_text("Marks with 95% intervals", alt, data.place_name, "Net cash, £ million"),
                lambda: draw.readings(cash, unit=f"£ million over {data.years} years"),
                title="Net effect on cash",
            )
        )
    return Block(
        number=Fig.READINGS,
        claim=headlines_belief.readings_claim({o.letter: c for o, c in changes}, measure),
        sub="The same designs run with different readings of the evidence; lines are 95% "
        f"intervals. {alt}; hollow: the interval includes no change",
        panels=tuple(panels),
        keys=data.designs,
        table=_readings_table(measure, changes, cash),
    )


def _readings_table(measure: Measure, changes: Readings, cash: Readings) -> Table:
    rows = [
        (
            name,
            option.letter,
            READING_WORDS.get(reading, reading),
            signed(change.mean, change.step),
            signed_range(change.low, change.high),
        )
        for name, every in (
            (f"{capital(measure.name)}, {OF_USUAL}", changes),
            ("Net effect on cash, £ million", cash),
        )
        for option, found in every
        for reading in READINGS
        for change in [found.get(reading)]
        if change is not None
    ]
    return Table(
        caption="Results under each reading of the evidence",
        head=("Measure", "Design", "Reading", "Result", "95% interval"),
        rows=tuple(rows),
        numeric=columns((3, 4)),
    )


def sure_section(data: ReportData) -> Section:
    """Return section 10: what drives the result, and whether the model matches the world."""
    rows = findings_checks.check_rows(data)
    misses = [row.name for row in findings_checks.widest(rows)]
    notes = [wording.CHANCE_ONLY] if data.chance_only else []
    loose = [row.name for row in rows if row.loose]
    if loose:
        notes.append(
            f"For {count_word(len(loose))} of the checks the interval is itself wider than 10% "
            "either way: too few people were simulated to tell a hit from a miss."
        )
    drivers = sensitivity_block(data)
    if drivers is None and not data.alone:
        notes.append(
            f"Figure {Fig.DRIVERS}, which inputs drive the answer, needs a sensitivity run: "
            "carepath sensitivity EXPERIMENT --add-to this folder."
        )
    blocks = (
        drivers,
        _checks_block(data, rows),
        precision_block(data),
        variance_block(data),
        structure_block(data),
        information_block(data),
        warm_up_block(data),
    )
    return Section(
        number=10,
        nav="How sure we are",
        heading=headlines_belief.checks_headline(
            sum(row.within for row in rows),
            len(rows),
            misses,
            sum(not row.within and not row.missed for row in rows),
        ),
        question="What drives the result, and does the model match the world?",
        blocks=tuple(block for block in blocks if block is not None),
        notes=tuple(notes),
    )


def _checks_block(data: ReportData, rows: list[CheckRow]) -> Block:
    if not rows:
        return Block(
            number=Fig.CHECKS,
            claim="Simulated beside published",
            missing=data.why_missing("checks"),
        )
    claim = headlines_belief.checks_claim(
        [(row.name, row.ratio.mean) for row in findings_checks.widest(rows)], len(rows)
    )
    alt = alt_text(
        "Dots with 95% intervals",
        "Down: published figures; across: simulated against published, %",
        f"Usual care, {data.place_name}, first year",
        claim,
    )
    return Block(
        number=Fig.CHECKS,
        claim=claim,
        sub="Simulated value against the published one, usual care, first year; grey band is 10% "
        "either way; hollow is outside it, clearly so where the whole line is; lines are 95% "
        "intervals. " + _where(data),
        panels=(drawn(Fig.CHECKS.stem, alt, lambda: draw.checks(rows)),),
        wide=True,
        source="Sources of the published figures: in the table.",
        table=Table(
            caption="Simulated beside published, usual care, first year",
            head=(
                "Use",
                "Measure",
                "Simulated",
                "95% interval",
                "Published",
                "Unit",
                "Ratio",
                "Reading",
                "Source",
            ),
            rows=tuple(_check_line(row) for row in rows),
            numeric=columns((2, 3, 4, 6)),
            wide=True,
        ),
    )


def _where(data: ReportData) -> str:
    table = data.rows("checks")
    elsewhere = {str(name) for name in table.get("published_place", [])} - {data.place_name, ""}
    if not elsewhere:
        return ""
    named = listed(sorted(elsewhere))
    return (
        f"Published figures are for {named}; where it can be done, the simulated ones are "
        f"weighted to its ages and sexes, so a miss may be the place and not the model."
    )


def _check_line(row: CheckRow) -> tuple[str, ...]:
    return (
        "Used to fit" if row.fitted else "Not used to fit",
        row.name,
        value_within(row.simulated.mean, row.simulated.low, row.simulated.high),
        plain_range(row.simulated.low, row.simulated.high),
        figures(row.published),
        row.unit,
        f"{row.ratio.mean:.2f}",
        row.reading,
        row.source,
    )
