"""``carepath show network``: every route between services, or a run's flows along them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from experiments.catalogue import EVIDENCE
from pathways.referrals import TELLS, load_routes
from pathways.vocabulary import SERVICES

ROUTES = "routes"


def network_lines(name: str) -> list[str]:
    """Return a line for each route (``name`` is ``routes``), or for each flow of a run folder.

    Raises
    ------
    BadInput
        If there is no run in the folder.
    """
    if name == ROUTES:
        return _route_lines()
    table = _flows(Path(name))
    return [
        "Times a year that people of the whole place take each route, in usual care",
        *(
            f"  {row['from']} {row['does'] or 'come to'} {row['to']}: {row['people_per_year']:,.0f}"
            for _, row in table.iterrows()
        ),
    ]


def _route_lines() -> list[str]:
    lines = ["Routes between services; set one in a design or experiment as routes.KEY = SHARE"]
    last = ""
    for route in sorted(load_routes(Evidence(EVIDENCE)), key=lambda one: (one.origin, one.does)):
        if route.origin != last:
            lines += ["", f"{route.origin}: {SERVICES[route.origin]}"]
            last = route.origin
        who = f", aged {route.min_age:g} and over" if route.min_age else ""
        who += ", frail" if route.min_frailty else ""
        fixed = "; moves nobody: in the demand already" if route.does == TELLS else ""
        note = f"; {route.note}" if route.note else ""
        lines.append(
            f"  {route.key} = {route.share:g}{who}; {route.source} [{route.basis}]{fixed}{note}"
        )
    return lines


def _flows(folder: Path) -> pd.DataFrame:
    from results.flows import flow_table
    from results.store import find_runs

    runs = [run for run in find_runs(folder) if run.is_baseline]
    if not runs:
        raise BadInput(
            [
                Fault(
                    where="command line",
                    key="show network",
                    found=str(folder),
                    allowed=f"{ROUTES}, or a folder with runs of usual care",
                    remedy=f"write: carepath show network {ROUTES}",
                )
            ]
        )
    return flow_table(runs)


def draw_network(name: str, file: Path) -> None:
    """Draw the routes by their shares, or the flows of a run folder, as a PNG or SVG file."""
    from results.figures import flows as draw
    from results.figures.canvas import styled

    if name == ROUTES:
        routes = load_routes(Evidence(EVIDENCE))
        bands = [draw.Flow(one.origin, one.to, one.does, one.share) for one in routes]
        counts, widest = None, 5.0
    else:
        table = _flows(Path(name))
        columns = ("from", "to", "does", "people_per_year")
        rows = zip(*(table[column] for column in columns), strict=True)
        bands = [draw.Flow(*row) for row in rows]
        came = table[table["does"] != TELLS].groupby("to")["people_per_year"].sum()
        counts, widest = {str(to): float(number) for to, number in came.items()}, draw.WIDEST
    with styled():
        figure = draw.network(bands, counts, widest).figure
        figure.savefig(file, dpi=150)  # type: ignore[union-attr]
