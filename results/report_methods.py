"""Sections 11 and 12: what the report cannot tell, how it was made, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from results import findings_checks, wording
from results import report_findings as find
from results.findings_checks import CheckRow
from results.report_answer import evidence_by_basis, runs_words, years_words
from results.report_blocks import Section, Table, columns
from results.report_data import ReportData
from results.report_forms import form_tables
from results.report_money import price_year
from results.report_numbers import capital, count_word, figures, listed, lower_first
from results.wording import verdict

SHOWN_ASSUMPTIONS = 25
NOT_MODELLED = (
    "Staff morale, the skill of single teams, what caring does to families and changes in the law "
    "are not in the model, nor are people who live elsewhere but use the same hospital, except as "
    "a steady load."
)
WORDS: tuple[tuple[str, str], ...] = (
    ("Usual care", "what the place does today, carried on, with today’s capacity"),
    ("95% interval", "where the average would lie in 95 of 100 such experiments"),
    ("Not clear", "the interval includes no change; it does not show that there is none"),
    ("No difference that matters", "the whole interval is smaller than the line drawn beforehand"),
    ("QALY", "quality-adjusted life year: one year of life in full health"),
    ("A&E", "accident and emergency department"),
    ("GP", "general practitioner; here the whole practice team unless said"),
    ("MDT", "multidisciplinary team: several professions who discuss one person together"),
    ("VCSE", "voluntary, community and social enterprise sector; link workers are part of it"),
    ("Deprivation fifth", "a fifth of England’s areas by the index of multiple deprivation (IMD)"),
    ("SII, RII", "slope and relative index of inequality: the gap across everybody"),
    ("Stranded", "cost that stays when activity falls"),
    ("Activity avoided, valued", "activity not done, at unit cost; not a budget cut"),
    ("Assumption only", "no study stands behind the effects"),
    ("Studies not checked", "a study found each effect; no test yet that the model repeats it"),
)
LIKELY_WORDS: tuple[tuple[str, str], ...] = (
    ("Very likely", "90 to 99 of 100 draws of the evidence"),
    ("Likely", "66 to 90 of 100 draws"),
    ("Even chances", "33 to 66 of 100 draws: about as likely as not"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """Section 12: short lines, words, the assumed numbers and the full form."""

    lines: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def limits_section(data: ReportData) -> Section:
    """Return section 11, at most 150 words."""
    rows = findings_checks.check_rows(data)
    misses = findings_checks.widest(rows)
    openings = data.rows("warm_up")
    notes = [
        NOT_MODELLED,
        _weakest(data),
        *_misses(misses),
        openings_words(openings) if len(openings) else "",
        *_not_clear(data),
    ]
    return Section(
        number=11,
        nav="What this cannot tell you",
        heading="What this cannot tell you",
        question="Where should a board not lean on these numbers?",
        notes=tuple(note for note in notes if note),
    )


def _weakest(data: ReportData) -> str:
    rows = _assumed(data)
    if not len(rows):
        return ""
    kinds = rows["key"].astype(str).str.split(".").str[0].map(KINDS).value_counts()
    named = [f"{count:,} {kind}" for kind, count in kinds.items()][:3]
    among = f", among them {listed(named)}" if named else ""
    return (
        f"{len(rows):,} numbers are our own assumptions{among}. "
        "Another assumption could change the answer; all stand in tables/evidence.csv."
    )


KINDS = {
    "baseline_demand": "on how often people need care",
    "light_services": "on services around the practice and hospital",
    "seasons": "on seasons",
    "traits": "on frailty, carers and isolation",
    "person_risk": "on who is at higher risk",
    "referral_routes": "on who is sent where",
    "care_settings": "on how care is organised",
    "team_settings": "on how care is organised",
    "hospital_settings": "on hospitals",
    "results_settings": "on money and value",
    "design": "on the designs themselves",
    "intervention_effects": "on the effects of designs",
    "mechanisms": "on the effects of designs",
    "utilities": "on quality of life",
    "unit_costs": "on unit costs",
}


# Tables whose numbers decide what a design does, in the order in which they are named.
DRIVERS = (
    "intervention_effects",
    "mechanisms",
    "results_settings",
    "team_settings",
    "care_settings",
    "hospital_settings",
)


def _short_key(key: str) -> str:
    words = key.split(".", 1)[-1].replace("_", " ").replace(".", " ").split()
    return " ".join(SPELLED.get(word, word) for word in words)


SPELLED = {"mdt": "MDT", "vcse": "VCSE", "gp": "GP", "ed": "A&E", "ae": "A&E", "nhs": "NHS"}


def _assumed(data: ReportData) -> pd.DataFrame:
    """Return the assumed numbers, those that decide what a design does first."""
    rows = data.rows("evidence")
    if not len(rows):
        return rows
    rows = rows[rows["basis"] == "assumption"]
    table = rows["key"].astype(str).str.split(".").str[0]
    place = table.map({name: order for order, name in enumerate(DRIVERS)}).fillna(len(DRIVERS))
    return rows.assign(place=place).sort_values(["place", "key"]).drop(columns="place")


def openings_words(table: pd.DataFrame) -> str:
    """Return how many queues open clearly elsewhere than a running service would, if any do."""
    opening = table[(table["quarter"] == 1) & (table["expected"].abs() > 0)]
    apart = int((opening["verdict"] == "differs").sum())
    if not apart:
        return ""
    return (
        f"{apart} of {len(opening)} queues {'opens' if apart == 1 else 'open'} clearly elsewhere "
        "than a running service would, so the first year is weaker than those after it."
    )


def _misses(misses: Sequence[CheckRow]) -> list[str]:
    if not misses:
        return []
    first, *others = [lower_first(row.name) for row in misses[:3]]
    then = f", then {listed(others)}" if others else ""
    return [
        f"Against published figures the model misses {count_word(len(misses))}, most of all "
        f"{first}{then}: results that rest on these are the weakest here."
    ]


def _not_clear(data: ReportData) -> list[str]:
    """Return one result where "not clear" must not be read as "no effect"."""
    rows = find.forest_rows(data)
    for option in data.designs:
        for row in rows:
            if row.option == option and verdict(row.change, data.smallest).case == "unclear":
                spread = wording.unclear_range(row.change, row.measure)
                return [
                    f"‘Not clear’ is not ‘no effect’: {row.measure.name} under {option.letter} "
                    f"could be {spread}."
                ]
    return []


def methods(data: ReportData, headline: str) -> Methods:
    """Return section 12; ``headline`` is that of the report, which a form repeats."""
    words = WORDS if not data.with_knowledge else (*LIKELY_WORDS, *WORDS)
    return Methods(
        lines=_lines(data),
        words=words,
        tables=tuple(
            table
            for table in (
                _assumed_table(data),
                *form_tables(data, headline, runs_words(data), _evidence_words(data)),
            )
            if table.rows
        ),
    )


def _lines(data: ReportData) -> tuple[tuple[str, str], ...]:
    count = len(data.designs)
    designs = "one design" if count == 1 else f"{count_word(count)} designs"
    usual = data.baseline.title.lower()
    aim = f"Compare {designs} with {usual} for {data.place_name}."
    if data.alone:
        aim = f"Show {usual} for {data.place_name}; nothing is compared."
    return (
        ("Aim", aim),
        (
            "Logic",
            "One simulated person per resident, who falls ill, asks for help and waits; the same "
            "people and the same luck under every design; capacity shared and limited.",
        ),
        ("Data", _evidence_words(data)),
        (
            "Experiment",
            f"{runs_words(data)}, {years_words(data)}, seed "
            f"{data.experiment.get('seed', 'not known')}; prices {price_year(data)}, discounted "
            f"{data.discount_rate} a year; people as counts scaled from {data.simulated:,} to "
            f"{round(data.people):,} residents.",
        ),
        ("Implementation", f"Carepath {data.version}: Python, SimPy for queues, Mesa for agents."),
        (
            "Access",
            "experiment.toml in this folder and its seed give these numbers again: carepath run "
            "experiment.toml. Every number used stands in tables/evidence.csv with its source.",
        ),
    )


def _evidence_words(data: ReportData) -> str:
    basis = evidence_by_basis(data)
    if not basis:
        return "Which numbers were used is not in this run’s tables."
    names = {
        "read": "read at the source",
        "recalled": "recalled",
        "derived": "derived",
        "assumption": "assumed",
    }
    parts = [f"{basis[key]:,} {name}" for key, name in names.items() if key in basis]
    parts += [f"{count:,} {key}" for key, count in basis.items() if key not in names]
    return f"{sum(basis.values()):,} numbers: {listed(parts)}."


def _assumed_table(data: ReportData) -> Table:
    rows = _assumed(data)
    shown = rows.head(SHOWN_ASSUMPTIONS)
    more = len(rows) - len(shown)
    caption = "Numbers that are assumptions"
    if more > 0:
        caption += f" (the first {len(shown)} of {len(rows):,}; all are in tables/evidence.csv)"
    return Table(
        caption=caption,
        head=("Number", "Value", "Low", "High", "Unit", "Ground"),
        rows=tuple(
            (
                capital(_short_key(str(row["key"]))),
                _number(row["value"]),
                _number(row["low"]),
                _number(row["high"]),
                _text(row["unit"]),
                _text(row["source"]),
            )
            for _, row in shown.iterrows()
        ),
        numeric=columns((1, 2, 3)),
        wide=True,
    )


def _number(value: object) -> str:
    try:
        number = float(str(value))
    except ValueError:
        return ""
    return figures(number) if number == number else ""


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)
