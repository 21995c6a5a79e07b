"""The report of usual care alone: no design was run, or none of those asked for has a result.

What would compare is left out and one sentence says so; what the place has today stays: who
lives there, what care they get, how it differs by deprivation, and what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from results import findings_checks, findings_money, findings_services
from results.report_answer import evidence_by_basis, runs_words, warnings_of, years_words
from results.report_belief import sure_section
from results.report_blocks import AnswerPage, Saying, Section, Table, columns
from results.report_data import MILLION, ReportData
from results.report_measures import measure_of, spoken
from results.report_methods import limits_section
from results.report_money import price_year
from results.report_numbers import (
    capital,
    count_word,
    figures,
    interval_words,
    listed,
    lower_first,
    percent,
    plain,
    value_within,
)
from results.report_services import services_section
from results.report_usual_parts import (
    care_section,
    cost_section,
    costs_of,
    rated,
    rates_of,
    total_of,
    unequal_section,
)
from results.report_usual_people import people_section, share_with

FIRST_PAGE = ("gp_contacts", "ae_attendances", "emergency_admissions", "bed_days")


def why_alone(data: ReportData) -> str:
    """Return the sentence that says why nothing is compared."""
    asked = [spoken(name) for name in data.asked if name != data.baseline.key]
    usual = lower_first(data.baseline.title)
    if not asked:
        return f"Only {usual} was run, so nothing is compared."
    return f"No run of {listed(asked)} has ended, so only {usual} is shown and nothing is compared."


def usual_page(data: ReportData) -> AnswerPage:
    """Return the first page: what usual care gives, in numbers and in words."""
    return AnswerPage(
        headline=_headline(data),
        stand=f"{data.baseline.title} in {data.place_name}, carried on for "
        f"{count_word(data.years)} {'year' if data.years == 1 else 'years'} with "
        f"{data.simulated:,} simulated residents. {why_alone(data)}",
        meta=(
            ("Compared with", "nothing"),
            ("Years", years_words(data)),
            ("Runs", runs_words(data)),
            ("Prices", price_year(data)),
        ),
        caption="",
        columns=(),
        rows=(),
        sayings=(_care_saying(data), _services_saying(data), _money_saying(data)),
        box=_trust(data),
        warnings=(f"{why_alone(data)} {LEFT_OUT}", *warnings_of(data)),
        table=_levels_table(data),
    )


LEFT_OUT = "Sections 4, 7 and 9 compare designs and are left out; the others keep their numbers."


def _headline(data: ReportData) -> str:
    measure = measure_of(data.main_measure)
    level = data.level(measure.key, data.baseline)
    if level is None:
        return f"{data.baseline.title} in {data.place_name}: nothing is compared"
    told = figures(level.mean)
    if not (rated(data, measure.key) and measure.counted):
        told = f"{measure.said} is {measure.level_words(told)}"
        return f"{data.baseline.title} in {data.place_name}: {told}"
    return f"{data.baseline.title} in {data.place_name}: {told} {measure.level}"


def _levels_table(data: ReportData) -> Table | None:
    rows = []
    for key in rates_of(data, (*FIRST_PAGE, "outpatient_follow_up", "deaths")):
        level = data.level(key, data.baseline)
        if level is not None:
            name = capital(measure_of(key).name)
            rows.append(
                (
                    name,
                    value_within(level.mean, level.low, level.high),
                    interval_words(level.low, level.high),
                )
            )
    if not rows:
        return None
    return Table(
        caption=f"What {lower_first(data.baseline.title)} gives for every 10,000 people a year",
        head=("Measure", "A year", "95% interval"),
        rows=tuple(rows),
        numeric=columns((1, 2)),
    )


def _care_saying(data: ReportData) -> Saying:
    parts = []
    for key in FIRST_PAGE:
        level = data.level(key, data.baseline)
        if level is not None:
            parts.append(f"{figures(level.mean)} {measure_of(key).name}")
    shares = [
        f"{percent(share)} have {words}"
        for kind, words in (("any", "a long-term condition"), ("two_or_more", "two or more"))
        for share in [share_with(data, kind)]
        if math.isfinite(share)
    ]
    people = f"Of {round(data.people):,} residents {listed(shares)}. " if shares else ""
    care = f"In a year 10,000 people have {listed(parts)}." if parts else ""
    return Saying(
        heading="Who lives here, and what care they get",
        text=f"{people}{care}" or "The tables hold nobody’s care.",
    )


def _services_saying(data: ReportData) -> Saying:
    heading = "What is full, and who waits"
    used = findings_services.use_rows(data)
    full = findings_services.fullest(used, data.baseline)
    if full is None:
        return Saying(heading=heading, text=data.why_missing("resources"))
    text = f"Fullest are {full.name}: {percent(full.used.mean)} used."
    waits = findings_services.wait_rows(data)
    gp = next((row for row in waits if row.service == "gp"), None)
    if gp is not None:
        text += (
            f" Half of those who ask for a routine practice appointment wait under "
            f"{figures(gp.median.mean, 2)} {gp.unit}, one in ten over "
            f"{figures(gp.nine_in_ten.mean, 2)}."
        )
    return Saying(heading=heading, text=text)


def _money_saying(data: ReportData) -> Saying:
    total = total_of(costs_of(data), "NHS")
    if total is None:
        return Saying(heading="What it costs", text="Money is not in this run.")
    a_year = total.mean / data.years
    head = a_year / findings_money.residents(data)
    return Saying(
        heading="What it costs",
        text=f"NHS care costs £{figures(a_year / MILLION)} million a year, £{plain(head)} for "
        f"each resident, in {price_year(data)} prices. Nothing is compared, so nothing is saved or "
        "spent.",
    )


def _trust(data: ReportData) -> Saying:
    rows, basis = findings_checks.check_rows(data), evidence_by_basis(data)
    parts = []
    if rows:
        within = sum(row.within for row in rows)
        parts.append(
            f"{within} of {len(rows)} published figures are met within 10%; section 10 has each."
        )
    if basis:
        parts.append(
            f"{basis.get('assumption', 0):,} of the {sum(basis.values()):,} numbers used are "
            "assumptions."
        )
    return Saying(heading="How far it matches what is published", text=" ".join(parts))


USUAL_MAKERS: Mapping[int, Callable[[ReportData], Section]] = {
    2: people_section,
    3: care_section,
    5: unequal_section,
    6: cost_section,
    8: services_section,
    10: sure_section,
    11: limits_section,
}
