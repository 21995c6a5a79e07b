"""Sections 6 and 7: what it costs, what it frees, when, and whether the health is worth it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from results import findings_money, headlines_money, wording
from results import report_findings as find
from results.figures import money as draw
from results.findings_money import CASCADE, CASCADE_NAMES
from results.report_blocks import Block, Section, Table, alt_text, columns, drawn
from results.report_data import Option, ReportData
from results.report_draws import acceptability_block, plane_block
from results.report_numbers import figures, signed, signed_range, signed_with_range
from results.report_order import Fig
from results.report_rules import money_block
from results.wording import Change

HOW_CASCADE = (
    "Activity avoided is valued at unit cost; it is not a budget cut. Stranded cost is the part "
    "still paid for because staff and wards remain. Reinvested is what the new care costs. Net "
    "is what would reach a bank account: plus is released, minus is spent."
)


def price_year(data: ReportData) -> str:
    """Return the financial year of all prices."""
    rows = data.rows("costs")
    return str(rows["price_year"].iloc[0]) if len(rows) else "not known"


def stranded_shares(lines: dict[str, dict[str, Change]]) -> dict[str, float]:
    """Return, by letter, stranded cost as a share of the value avoided, where that is clear.

    Not a number where the value avoided is clear and the part that stays paid for is not.
    """
    shares = {}
    for letter, found in lines.items():
        avoided, stranded = found.get("activity_avoided"), found.get("stranded")
        if avoided is not None and stranded is not None and avoided.low > 0:
            shares[letter] = -stranded.mean / avoided.mean if stranded.clear else math.nan
    return shares


def money_section(data: ReportData) -> Section:
    """Return section 6: what it would cost, what it would free, and when."""
    lines = {option.letter: findings_money.cascade(data, option) for option in data.designs}
    known = {letter: found for letter, found in lines.items() if "net_cash" in found}
    shares = stranded_shares(known)
    paid = any(found["net_cash"].low > 0 for found in known.values())
    heading = (
        headlines_money.money_headline(shares, bool(shares), paid)
        if known
        else "Money is not in this run"
    )
    return Section(
        number=6,
        nav="Money",
        heading=heading,
        question="What would it cost, what would it free, and when?",
        blocks=(
            _cascade_block(data, known, shares),
            _cash_block(data),
            *filter(None, [money_block(data)]),
        ),
        notes=tuple(_payer_notes(data)),
    )


def _unit(data: ReportData) -> str:
    return (
        f"£ million over {data.years} years, all payers, {price_year(data)} prices, "
        f"discounted {data.discount_rate} a year"
    )


def _cascade_block(
    data: ReportData, lines: dict[str, dict[str, Change]], shares: dict[str, float]
) -> Block:
    if not lines:
        return Block(
            number=Fig.CASCADE, claim="From value to cash", missing=data.why_missing("costs")
        )
    options = [option for option in data.designs if option.letter in lines]
    limits = draw.cascade_limits(list(lines.values()))
    claim = headlines_money.cascade_claim(shares)
    panels = tuple(
        drawn(
            f"{Fig.CASCADE.stem}-{option.letter.lower()}",
            alt_text(
                "Four bars that add up",
                "Down: avoided, stranded, reinvested, net; across: £ million",
                f"{option.title}, {data.place_name}, {data.years} years",
                f"Net effect on cash {_spread(lines[option.letter]['net_cash'])}",
            ),
            lambda option=option: draw.cascade(  # type: ignore[misc]
                option, lines[option.letter], years=data.years, limits=limits
            ),
            title=option.title,
            option=option,
        )
        for option in options
    )
    return Block(
        number=Fig.CASCADE,
        claim=claim,
        sub=f"{_unit(data)}; lines are 95% intervals; plus is money freed, minus is money spent",
        panels=panels,
        how=HOW_CASCADE + (f" {ABSORBED}" if _absorbed(lines) else ""),
        table=Table(
            caption=f"From value avoided to cash, {_unit(data)}",
            head=("Design", "Line", "£ million", "95% interval"),
            rows=tuple(
                (
                    option.letter,
                    CASCADE_NAMES[line],
                    signed(change.mean, draw.common_step(lines[option.letter])),
                    signed_range(change.low, change.high, draw.common_step(lines[option.letter])),
                )
                for option in options
                for line in CASCADE
                for change in [lines[option.letter].get(line)]
                if change is not None
            ),
            numeric=columns((2, 3)),
        ),
    )


ABSORBED = (
    "Where hospital activity rises, staff and wards already paid for absorb part of it: the "
    "stranded line is then a plus."
)


def _absorbed(lines: dict[str, dict[str, Change]]) -> bool:
    return any(found["stranded"].mean > 0 for found in lines.values() if "stranded" in found)


def _spread(change: Change) -> str:
    return f"{signed_with_range(change.mean, change.low, change.high)} million"


def _cash_block(data: ReportData) -> Block:
    every = [(option, findings_money.cash_by_year(data, option)) for option in data.designs]
    every = [(option, found) for option, found in every if found]
    claim = headlines_money.cash_by_year_claim({option.letter: found for option, found in every})
    if not every:
        return Block(number=Fig.CASH, claim="Cash by year", missing=data.why_missing("costs"))
    alt = alt_text(
        "Dots with 95% intervals",
        "Across: by years 1, 3, 5, 10; up: cumulative £ million, released above the line",
        f"Every design, {data.place_name}",
        claim,
    )
    return Block(
        number=Fig.CASH,
        claim=claim,
        sub=f"Cumulative net effect on cash, £ million, {price_year(data)} prices, discounted; "
        "lines are 95% intervals",
        panels=(drawn(Fig.CASH.stem, alt, lambda: draw.cash_by_year(every)),),
        keys=data.designs,
        wide=True,
        table=Table(
            caption="Cumulative net effect on cash, £ million (plus released, minus spent)",
            head=("Design", "By year", "£ million", "95% interval"),
            rows=tuple(
                (
                    option.letter,
                    str(year),
                    signed(change.mean, change.step),
                    signed_range(change.low, change.high),
                )
                for option, found in every
                for year, change in found.items()
            ),
            numeric=columns((1, 2, 3)),
        ),
    )


def _payer_notes(data: ReportData) -> list[str]:
    """Return what falls and rises, and net cash of each payer, a sentence of each a design."""
    notes = []
    for option in data.designs:
        by_setting = findings_money.avoided_by_setting(data, option)
        balance = headlines_money.balance_words(option.letter, by_setting)
        notes += [balance] if balance else []
        parts = [
            f"{payer} {signed_with_range(change.mean, change.low, change.high)}"
            for payer, change in findings_money.cash_by_payer(data, option).items()
            if abs(change.mean) >= change.step / 2
        ]
        if parts:
            notes.append(
                f"Who pays and who gains under {option.letter}, net cash in £ million: "
                + "; ".join(parts)
                + "."
            )
    return notes


def value_section(data: ReportData) -> Section:
    """Return section 7: whether the health is worth the money, as far as the run can tell."""
    rows = [
        (option, find.qalys(data, option), findings_money.extra_cost(data, option))
        for option in data.designs
    ]
    known = [(o, q, c) for o, q, c in rows if q is not None and c is not None]
    heading = headlines_money.value_headline(
        {option.letter: (health, cost) for option, health, cost in known},
        {o.letter: net for o, _, _ in known if (net := findings_money.net_health(data, o, WORTH))},
        without_effect=data.without_effect,
    )
    notes = [f"{COUNTED} {cost_per_qaly(known)}"] if known else [data.why_missing("comparison")]
    if known and data.without_effect:
        notes.insert(0, NO_HEALTH)
    if not data.with_knowledge:
        notes.append(
            f"Figures {Fig.PLANE} and {Fig.ACCEPTABILITY}, cost against health and the likely best "
            "buy, need draws of the "
            f"evidence: {wording.NEED_DRAWS}."
        )
    return Section(
        number=7,
        nav="Value for money",
        heading=heading,
        question="Is the health worth the money?",
        table=_value_table(data, known) if known else None,
        blocks=tuple(
            block for block in (plane_block(data), acceptability_block(data)) if block is not None
        ),
        notes=tuple(notes),
        starts_page=False,
    )


WORTH = 20_000.0  # pounds a QALY at which the table sets health against cost
NO_HEALTH = (
    "No effect on health was put in. Net health below zero is what the same money would give "
    "elsewhere; it is no finding about the design."
)
COUNTED = (
    "Cost is that of NHS and social care at average prices, so it counts capacity that would not "
    "become cash. Net health is what is left after the health that the same money gives "
    "elsewhere."
)
NO_RATIO = (
    "No single cost per QALY is given: with one of its parts near zero, or below it, it would "
    "mislead."
)
HELD = 0.5  # share of its mean that the low end of a part keeps where a ratio of the two is told


def cost_per_qaly(known: Sequence[tuple[Option, Change, Change]]) -> str:
    """Return the extra cost of a QALY of each design that clearly costs and gains, else why not.

    ``known`` holds health (QALYs) and cost (£ thousand) of as many residents. The range sets the
    low end of one against the high end of the other, which is wider than a 95% interval.
    """
    told = [
        f"under {option.letter} £{_pounds(cost.mean / health.mean)} (£"
        f"{_pounds(cost.low / health.high)} to £{_pounds(cost.high / health.low)})"
        for option, health, cost in known
        if min(health.mean, cost.mean) > 0.0
        and min(health.low / health.mean, cost.low / cost.mean) >= HELD
    ]
    if not told:
        return NO_RATIO
    return (
        f"Extra cost for each QALY gained: {'; '.join(told)}; in brackets, what the ends of both "
        "intervals allow."
    )


def _pounds(thousands: float) -> str:
    return figures(1e3 * thousands, 2)


def _value_table(data: ReportData, rows: list[tuple[Option, Change, Change]]) -> Table:
    return Table(
        caption=f"Against usual care, for every 10,000 residents over {data.years} years, NHS and "
        f"social care, {price_year(data)} prices, discounted; 95% intervals in brackets",
        head=(
            "Design",
            "Years in full health (QALYs)",
            "Extra cost, £ thousand",
            f"Net health at £{WORTH:,.0f} a QALY, QALYs",
            "Cash back for each £1 of new care",
        ),
        rows=tuple(
            (
                f"{option.letter} {option.title}",
                signed_with_range(health.mean, health.low, health.high),
                signed_with_range(cost.mean, cost.low, cost.high),
                _told(findings_money.net_health(data, option, WORTH)),
                _pounds_back(findings_money.value_of(data, option, "cash_back_per_pound")),
            )
            for option, health, cost in rows
        ),
        numeric=columns((1, 2, 3, 4)),
    )


def _told(change: Change | None) -> str:
    if change is None:
        return "not in this run"
    return signed_with_range(change.mean, change.low, change.high)


def _pounds_back(change: Change | None) -> str:
    if change is None:
        return "not in this run"
    mean, low, high = (
        f"{'−' if v < 0 else ''}£{abs(v):.2f}" for v in (change.mean, change.low, change.high)
    )
    return f"{mean} ({low} to {high})"
