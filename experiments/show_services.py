"""``carepath show services RUN``: capacity, use and waits of every service in a run folder."""

from __future__ import annotations

from pathlib import Path

from agents.faults import BadInput, Fault


def services_lines(name: str) -> list[str]:
    """Return the table of services of usual care in the run folder ``name``, as lines.

    Raises
    ------
    BadInput
        If the folder has no table of resources.
    """
    from results.csv_files import read_table
    from results.service_table import service_lines, service_table

    path = Path(name) / "tables" / "resources.csv"
    if not path.exists():
        raise BadInput(
            [
                Fault(
                    where="command line",
                    key="show services",
                    found=name,
                    allowed="a run folder with tables",
                    remedy="give the folder that carepath run wrote",
                )
            ]
        )
    resources = read_table(path)
    lines = []
    for place, mine in resources.groupby("place", sort=False):
        lines += [f"{place}, usual care, mean of a year; waits in days"]
        lines += service_lines(service_table(mine))
    return lines
