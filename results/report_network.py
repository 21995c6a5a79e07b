"""Two blocks of the section on capacity: flows between services, and every service in a table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from results.figures import flows as draw
from results.flows import PEOPLE
from results.report_blocks import Block, Table, alt_text, columns, drawn
from results.report_data import USUAL, ReportData, number
from results.report_measures import WAIT_NAMES, service_name
from results.report_numbers import capital, figures, percent
from results.report_order import Fig

LEAST_FLOW = 0.5  # people a year under which a band would be no person
TELLS = "tells"
DOES = {
    "": "come as their own demand says",
    "refers": "referred",
    "overflow": "not seen there, so go on",
    TELLS: "told to go (in that service’s own demand already)",
}


def flows_block(data: ReportData) -> Block | None:
    """Return figure 15: people a year along each route of the referral network, usual care."""
    rows = data.rows("flows", design=data.baseline.key, effects=data.baseline.effects)
    rows = rows[rows["people_per_year"] >= LEAST_FLOW] if len(rows) else rows
    if not len(rows):
        return None
    rows = _with_words(rows)
    claim = flows_claim(rows)
    moved = rows[rows["does"] != TELLS]
    came = moved.groupby("to")["people_per_year"].sum()
    counts = {str(name): float(value) for name, value in came.items()}
    columns_of = (rows[name] for name in ("from", "to", "does", "people_per_year"))
    bands = [draw.Flow(*one) for one in zip(*columns_of, strict=True)]
    alt = alt_text(
        "Bands between services",
        "Left to right: people, first contacts, hospital and specialists, care at home; width: "
        "times a year that people take the route",
        f"Usual care, {data.place_name}",
        claim,
    )
    return Block(
        number=Fig.FLOWS,
        claim=claim,
        sub="Times a year that people take each route, mean over all years simulated, for the "
        "whole place; numbers under the names are arrivals a year",
        panels=(drawn(Fig.FLOWS.stem, alt, lambda: draw.network(bands, counts)),),
        wide=True,
        table=_flows_table(data, rows),
    )


def _with_words(rows: pd.DataFrame) -> pd.DataFrame:
    """Return flows whose empty ``does``, read as a gap, is the empty word again."""
    does = rows["does"].astype(object)
    return rows.assign(does=does.where(does.notna(), ""))


def flows_claim(rows: pd.DataFrame) -> str:
    """Return which route between services is taken most, and why people take it."""
    between = rows[
        (rows["from"] != PEOPLE) & (rows["does"] != TELLS) & (rows["from"] != rows["to"])
    ]
    if not len(between):
        return "Where people come to each service from"
    first = between.sort_values("people_per_year", ascending=False).iloc[0]
    origin, to = (_place(str(first[end])) for end in ("from", "to"))
    number_of = figures(float(first["people_per_year"]), 2)
    if str(first["does"]) == "refers":
        return f"The commonest referral is from {origin} to {to}: {number_of} a year"
    return f"Most who are not seen go on from {origin} to {to}: {number_of} a year"


def _place(service: str) -> str:
    return draw.NAMES.get(service, service_name(service)).replace("\n", " ")


def _flows_table(data: ReportData, rows: pd.DataFrame) -> Table:
    """Return the flows of usual care with those under each design beside them."""
    options = [data.baseline, *data.designs]
    found = {
        option.letter: _by_route(data.rows("flows", design=option.key, effects=option.effects))
        for option in options
    }
    order = rows.sort_values(["from", "people_per_year"], ascending=[True, False])
    routes = [
        (str(a), str(d), str(t))
        for a, d, t in zip(order["from"], order["does"], order["to"], strict=True)
    ]
    return Table(
        caption="Times a year that people take each route between services, for the whole place",
        head=(
            "From",
            "How",
            "To",
            *("Usual care" if o.letter == USUAL else o.letter for o in options),
        ),
        rows=tuple(
            (
                _named(origin),
                DOES.get(does, does),
                _named(to),
                *(_whole(found[option.letter].get((origin, does, to))) for option in options),
            )
            for origin, does, to in routes
        ),
        numeric=columns(range(3, 3 + len(options))),
        wide=True,
    )


def _by_route(rows: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    if not len(rows):
        return {}
    rows = _with_words(rows)
    keys = zip(rows["from"], rows["does"], rows["to"], strict=True)
    return dict(zip(keys, rows["people_per_year"], strict=True))


def _named(service: str) -> str:
    return capital(_place(service))


def _whole(value: float | None) -> str:
    return "none" if value is None or value != value else f"{value:,.0f}"


def services_block(data: ReportData) -> Block | None:
    """Return table 16: capacity, use and waits of every service, waits by fifth, usual care."""
    rows = data.rows("services", design=data.baseline.key, effects=data.baseline.effects)
    if not len(rows):
        return None
    lines = rows.to_dict("records")
    return Block(
        number=Fig.SERVICES,
        claim=_services_claim(lines),
        sub="Usual care, a year, for the whole place, mean over all years simulated; capacity and "
        "use are counts of what the name says, its hours of staff where it says so, and for beds, "
        "spaces, places, packages and caseloads (care coordinators, link workers, case managers) "
        "days of one. Every design stands in tables/services.csv",
        table=Table(
            caption="Every service under usual care: capacity, use and waits, by deprivation fifth",
            head=(
                "Service",
                "Capacity a year",
                "Used",
                "Share",
                "Half wait under",
                "9 in 10 under",
                "9 in 10, most deprived",
                "9 in 10, least deprived",
            ),
            rows=tuple(_service_line(row, lines) for row in lines),
            numeric=columns(range(1, 8)),
            wide=True,
        ),
    )


Line = Mapping[Hashable, Any]


def _services_claim(lines: list[dict[Hashable, Any]]) -> str:
    """Return the service with the longest wait for one in ten."""
    waits = [row for row in lines if row["p90_wait_days"] == row["p90_wait_days"]]
    if not waits:
        return "Every service’s capacity and use under usual care"
    longest = max(waits, key=lambda row: float(row["p90_wait_days"]))
    name = str(longest["service"])
    words = WAIT_NAMES.get(name, capital(service_name(name)))
    return (
        f"{words} is the longest wait: one in ten wait over "
        f"{figures(float(longest['p90_wait_days']), 2)} days"
    )


def _service_line(row: Line, lines: list[dict[Hashable, Any]]) -> tuple[str, ...]:
    service, role = str(row["service"]), str(row["role"])
    roles = sum(str(other["service"]) == service for other in lines)
    share, capacity = (number(pd.Series(dict(row)), name) for name in ("utilisation", "capacity"))
    return (
        capital(service_name(service, role, roles)) + ("" if capacity == capacity else ": waits"),
        _amount(row["capacity"]),
        _amount(row["used"]),
        percent(share) if share == share else "",
        *(
            wait_words(row[name])
            for name in (
                "median_wait_days",
                "p90_wait_days",
                "p90_wait_days_imd_1",
                "p90_wait_days_imd_5",
            )
        ),
    )


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == value else ""


def wait_words(days: float) -> str:
    """Return a wait in the unit that a reader counts it in: "30 min", "3.6 hours", "13 days"."""
    if days != days:
        return ""
    if days == 0.0:
        return "none"
    if days >= 1.0:
        return f"{figures(days, 2)} {'day' if figures(days, 2) == '1' else 'days'}"
    hours = 24.0 * days
    if hours >= 1.0:
        return f"{figures(hours, 2)} {'hour' if figures(hours, 2) == '1' else 'hours'}"
    return f"{figures(60.0 * hours, 2)} min"
