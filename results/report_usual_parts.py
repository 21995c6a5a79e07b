"""What the report of usual care alone tells of care, deprivation and money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from results import findings_money
from results.report_blocks import Block, Section, Table, columns
from results.report_data import MILLION, ReportData, number, preferred
from results.report_findings import gap_level
from results.report_measures import measure_of
from results.report_money import price_year
from results.report_numbers import (
    ONE_RUN,
    capital,
    figures,
    interval_words,
    lower_first,
    plain,
    signed,
    signed_range,
    step_of,
    value_within,
)
from results.report_order import Usual
from results.report_rules import money_block
from results.wording import Spread

USED = (
    *("ltc_onsets", "deaths", "gp_contacts", "gp_unmet", "nhs111_calls", "ambulance_incidents"),
    *("ae_attendances", "emergency_admissions", "people_admitted", "bed_days"),
    *("discharge_delay_days", "elective_admissions", "day_cases", "outpatient_first"),
    *("outpatient_follow_up", "community_contacts", "mental_health_contacts"),
    *("talking_therapy_contacts", "urgent_response", "virtual_ward_days", "vcse_contacts"),
    "care_home_admissions",
)
UNEQUAL = ("deaths", "ltc_onsets", "gp_contacts", "ae_attendances", "bed_days")


def rated(data: ReportData, key: str) -> bool:
    """Tell whether a measure is counted, so that its level is a rate of people."""
    rows = data.rows("outcomes", measure=key, design=data.baseline.key, group_by="all", year="all")
    return measure_of(key).per_person or (
        len(rows) > 0 and math.isfinite(number(rows.iloc[0], "per_1000"))
    )


def rates_of(data: ReportData, wanted: tuple[str, ...]) -> list[str]:
    """Return the measures of a list that the run holds as rates, the main one first."""
    every = dict.fromkeys((data.main_measure, *wanted))
    return [key for key in every if rated(data, key) and data.level(key, data.baseline) is not None]


# ------------------------------------------------------------------ what care they get


def care_section(data: ReportData) -> Section:
    """Return section 3: what care residents get, in all, by year and by deprivation."""
    keys = rates_of(data, USED)
    if not keys:
        block = Block(
            number=Usual.CARE, claim="Care in a year", missing=data.why_missing("outcomes")
        )
    else:
        block = _care_block(data, keys)
    return Section(
        number=3,
        nav="What care they get",
        heading="What care residents get under usual care",
        question="How often do residents fall ill, ask for help and get it, in the simulation?",
        blocks=(block,),
        starts_page=False,
    )


def _care_block(data: ReportData, keys: list[str]) -> Block:
    years = ("1", str(data.years)) if data.years > 1 else ()
    lines = []
    for key in keys:
        whole = data.level(key, data.baseline) or Spread(mean=math.nan, low=math.nan, high=math.nan)
        by_year = [data.level(key, data.baseline, year=year) for year in years]
        fifths = [
            data.level(key, data.baseline, group_by="imd_quintile", group=fifth)
            for fifth in ("1", "5")
        ]
        lines.append(
            (
                capital(measure_of(key).name),
                value_within(whole.mean, whole.low, whole.high),
                interval_words(whole.low, whole.high),
                *("not known" if one is None else figures(one.mean) for one in (*by_year, *fifths)),
            )
        )
    main = measure_of(keys[0])
    level = data.level(keys[0], data.baseline)
    return Block(
        number=Usual.CARE,
        claim=f"{capital(main.name)}: "
        + main.level_words(figures(level.mean if level else math.nan)),
        sub="For every 10,000 people a year, averaged over all years simulated; by fifth of "
        "deprivation as it is, not standardised",
        aside=Table(
            caption="Care in a year, per 10,000 people",
            head=(
                *("Measure", "A year", "95% interval"),
                *(f"Year {year}" for year in years),
                *("Most deprived fifth", "Least deprived fifth"),
            ),
            rows=tuple(lines),
            numeric=columns(range(1, 5 + len(years))),
            wide=True,
        ),
    )


# ------------------------------------------------------------------ who has more of it


def unequal_section(data: ReportData) -> Section:
    """Return section 5: how today's care and health differ by deprivation."""
    rows = {key: _gaps(data, key) for key in rates_of(data, UNEQUAL)}
    known = {key: found for key, found in rows.items() if found}
    heading = "How care differs by deprivation is not in this run"
    if known:
        block = _gaps_block(known)
        heading = block.claim
    else:
        block = Block(
            number=Usual.GAPS, claim="By deprivation", missing=data.why_missing("inequality")
        )
    return Section(
        number=5,
        nav="Deprivation today",
        heading=heading,
        question="How do the most and least deprived fifths differ under usual care?",
        blocks=(block,),
    )


def _gaps(data: ReportData, key: str) -> dict[str, Spread]:
    """Return today's gaps of a measure by index, those that the table tells."""
    levels = {
        index: gap_level(data, data.baseline, key, index)
        for index in ("absolute_gap", "relative_gap", "sii")
    }
    return {index: level for index, level in levels.items() if level is not None}


def _gap_words(key: str, found: Mapping[str, Spread]) -> str:
    measure, gap = measure_of(key), found.get("absolute_gap")
    if gap is None:
        verb = measure.verb("differs", "differ")
        return f"How {measure.said} {verb} by deprivation is not in this run"
    word = measure.more if gap.mean > 0 else measure.less
    if not math.isfinite(gap.low + gap.high):
        return f"In one run the most deprived fifth has {word} {measure.name} than the least"
    if gap.low > 0 or gap.high < 0:
        return f"The most deprived fifth has clearly {word} {measure.name} than the least deprived"
    return f"No clear gap in {measure.name} between the most and the least deprived fifth"


def _gaps_block(rows: Mapping[str, Mapping[str, Spread]]) -> Block:
    lines = []
    for key, found in rows.items():
        gap = found.get("absolute_gap")
        ratio = found.get("relative_gap")
        slope = found.get("sii")
        lines.append(
            (
                capital(measure_of(key).name),
                *_signed_cells(gap),
                "not known" if ratio is None else figures(ratio.mean),
                *_signed_cells(slope),
            )
        )
    first = next(iter(rows))
    return Block(
        number=Usual.GAPS,
        claim=_gap_words(first, rows[first]),
        sub="Usual care, all years, per 10,000 people a year, as if both fifths had the same ages "
        "and sexes. Gap and ratio set the most deprived fifth against the least; the slope index "
        "(SII) runs over all five, least less most deprived",
        aside=Table(
            caption="Gaps by deprivation under usual care",
            head=("Measure", "Gap", "95% interval", "Ratio", "Slope index", "95% interval"),
            rows=tuple(lines),
            numeric=columns(range(1, 6)),
            wide=True,
        ),
    )


def _signed_cells(spread: Spread | None) -> tuple[str, str]:
    if spread is None:
        return "not known", "not known"
    mean, low, high = spread.mean, spread.low, spread.high
    if not math.isfinite(low + high):
        return signed(mean, step_of(mean, mean) / 10), ONE_RUN
    return signed(mean, step_of(low, high)), signed_range(low, high)


# ------------------------------------------------------------------ what it costs


def cost_section(data: ReportData) -> Section:
    """Return section 6: what usual care costs, and who pays."""
    rows, total = costs_of(data), total_of(costs_of(data), "NHS")
    heading = "Money is not in this run"
    block = Block(number=Usual.COSTS, claim="What care costs", missing=data.why_missing("costs"))
    if total is not None:
        heading = f"NHS care costs £{figures(total.mean / data.years / MILLION)} million a year"
        block = _costs_block(data, rows)
    rules = money_block(data)
    blocks = [block]
    if rules is not None and rules.table is not None:
        blocks.append(
            replace(
                rules,
                claim="Growth, and what the care of each provider costs",
                sub=f"Usual care; money of year {data.years}, not discounted",
                how="",
                panels=(),
                keys=(),
                wide=False,
            )
        )
    return Section(
        number=6,
        nav="Money",
        heading=heading,
        question="What does usual care cost, and who pays?",
        blocks=tuple(blocks),
    )


def costs_of(data: ReportData) -> pd.DataFrame:
    """Return what usual care costs over all years, not discounted, as far as it is simulated."""
    rows = data.rows("costs", design=data.baseline.key, year="all")
    rows = preferred(rows, discounted=False)
    if "behaviour" in rows.columns:
        rows = rows[rows["behaviour"] != "not simulated"]
    return rows


def total_of(rows: pd.DataFrame, payer: str) -> Spread | None:
    """Return a payer's total over all years, or None where the table has none."""
    if not len(rows):
        return None
    rows = rows[(rows["line"] == "total") & (rows["payer"] == payer)]
    if not len(rows):
        return None
    mean, low, high = (number(rows.iloc[0], name) for name in ("mean", "low", "high"))
    return Spread(mean=mean, low=low, high=high)


def _costs_block(data: ReportData, rows: pd.DataFrame) -> Block:
    heads, lines = findings_money.residents(data), []

    def line(payer: str, setting: str, value: Spread, interval: str) -> tuple[str, ...]:
        million = value.mean / data.years / MILLION
        return (payer, setting, figures(million), interval, plain(million * MILLION / heads))

    for payer in dict.fromkeys(rows["payer"]):
        total = total_of(rows, str(payer))
        if total is None or payer == "all":
            continue
        own = rows[(rows["payer"] == payer) & (rows["line"] != "total")]
        by_setting = own.groupby("setting", sort=False)["mean"].sum()
        for setting, amount in by_setting.sort_values(ascending=False, kind="stable").items():
            if amount:
                part = Spread(mean=float(amount), low=math.nan, high=math.nan)
                lines.append(line(_payer(payer), capital(str(setting)), part, ""))
        each = data.years * MILLION
        told = interval_words(max(total.low, 0.0) / each, total.high / each)
        lines.append(line(_payer(payer), "Total", total, told))
    return Block(
        number=Usual.COSTS,
        claim=f"Where the money of {lower_first(data.baseline.title)} goes",
        sub=f"£ million a year and £ for each resident, {price_year(data)} prices, not discounted; "
        "unpaid care is valued and nobody’s bill; spending that is not simulated is left out",
        aside=Table(
            caption="Cost of usual care by payer and setting",
            head=("Payer", "Setting", "£ million a year", "95% interval", "£ for each resident"),
            rows=tuple(lines),
            numeric=columns((2, 3, 4)),
            wide=True,
        ),
    )


def _payer(payer: object) -> str:
    return "Unpaid carers" if payer == "carers" else capital(str(payer))
