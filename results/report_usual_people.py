"""What the report of usual care alone tells of its residents: who they are, what they have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import pandas as pd

from agents.evidence import Evidence
from results.report_blocks import Block, Section, Table, columns
from results.report_data import ReportData, number
from results.report_measures import spoken
from results.report_numbers import ONE_RUN, capital, percent, plain
from results.report_order import Usual
from results.settings import EVIDENCE

GROUPINGS = {"age_band": "Aged", "sex": "", "imd_quintile": "Deprivation fifth"}


@lru_cache(maxsize=1)
def names_of_conditions() -> Mapping[str, str]:
    """Return the name of every condition in the evidence by its key."""
    return {row["key"]: row["name"] for row in Evidence(EVIDENCE).rows("conditions")}


def people_section(data: ReportData) -> Section:
    """Return section 2: who lives here, and what they have."""
    many = share_with(data, "two_or_more")
    heading = "Who lives here"
    if math.isfinite(many):
        heading = f"{percent(many)} of residents live with two or more long-term conditions"
    return Section(
        number=2,
        nav="Who lives here",
        heading=heading,
        question="Who are the residents at the start, and what do they have?",
        blocks=(_people_block(data), _conditions_block(data)),
    )


def _population(data: ReportData) -> pd.DataFrame:
    rows = data.rows("population", design=data.baseline.key)
    return rows[rows["when"] == "start"] if len(rows) else rows


def share_with(data: ReportData, condition: str) -> float:
    """Return the share of all residents with a condition, known or not; NaN if not told."""
    rows = _population(data)
    if len(rows):
        rows = rows[(rows["condition"] == condition) & (rows["status"].map(_present))]
        rows = rows[rows["group_by"] == "all"]
    return number(rows.iloc[0], "prevalence") if len(rows) else math.nan


def _present(status: object) -> bool:
    return str(status).lower() == "true"


def _people_block(data: ReportData) -> Block:
    rows = _population(data)
    if not len(rows):
        return Block(
            number=Usual.RESIDENTS, claim="Residents", missing=data.why_missing("population")
        )
    rows = rows[rows["status"].map(_present) & rows["condition"].isin(["any", "two_or_more"])]
    found = {
        (str(row["group_by"]), str(row["group"]), str(row["condition"])): row
        for _, row in rows.iterrows()
    }
    groups = list(dict.fromkeys(key[:2] for key in found if key[0] in ("all", *GROUPINGS)))
    lines = [_people_line(found, group) for group in groups]
    return Block(
        number=Usual.RESIDENTS,
        claim=f"{round(data.people):,} residents of {data.place_name}",
        sub="Residents at the start, and the share of each group with long-term conditions, "
        "diagnosed or not; counts are scaled from the residents simulated",
        aside=Table(
            caption="Residents at the start",
            head=("Group", "People", "With a condition", "With two or more"),
            rows=tuple(lines),
            numeric=columns((1, 2, 3)),
        ),
    )


def _people_line(
    found: Mapping[tuple[str, str, str], pd.Series], group: tuple[str, str]
) -> tuple[str, ...]:
    one = found.get((*group, "any"))
    two = found.get((*group, "two_or_more"))
    people = next((number(row, "people") for row in (one, two) if row is not None), math.nan)
    ends = {"1": "1, most deprived", "5": "5, least deprived"}
    own = ends.get(group[1], group[1]).replace("-", "–")
    name = "Everybody" if group[0] == "all" else f"{GROUPINGS[group[0]]} {own}".strip()
    return (
        capital(name),
        plain(people),
        *(_share(row) for row in (one, two)),
    )


def _share(row: pd.Series | None) -> str:
    share = math.nan if row is None else number(row, "prevalence")
    return percent(share, 0.1) if math.isfinite(share) else "not known"


def _conditions_block(data: ReportData) -> Block:
    rows = _population(data)
    if len(rows):
        rows = rows[(rows["group_by"] == "all") & ~rows["condition"].isin(["any", "two_or_more"])]
    if not len(rows):
        return Block(
            number=Usual.CONDITIONS, claim="Conditions", missing=data.why_missing("population")
        )
    have = rows[rows["status"].map(_present)].sort_values(
        "prevalence", ascending=False, kind="stable"
    )
    known = {
        str(row["condition"]): row for _, row in rows.iterrows() if not _present(row["status"])
    }
    first = str(have["condition"].iloc[0])
    return Block(
        number=Usual.CONDITIONS,
        claim=f"{_condition(first)} is the commonest condition: "
        f"{percent(float(have['prevalence'].iloc[0]))} of residents have it",
        sub="Share of residents with each condition at the start: all who have it, and those "
        "whose practice knows",
        aside=Table(
            caption="Conditions at the start",
            head=("Condition", "Have it", "95% interval", "Diagnosed"),
            rows=tuple(
                (
                    _condition(key),
                    _share(row),
                    _percents(number(row, "prevalence_low"), number(row, "prevalence_high")),
                    _share(known.get(key)),
                )
                for _, row in have.iterrows()
                for key in [str(row["condition"])]
            ),
            numeric=columns((1, 2, 3)),
        ),
    )


def _condition(key: str) -> str:
    return names_of_conditions().get(key, capital(spoken(key)))


def _percents(low: float, high: float) -> str:
    if not math.isfinite(low + high):
        return ONE_RUN
    return f"{percent(low, 0.1)} to {percent(high, 0.1)}"
