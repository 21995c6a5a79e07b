"""Reading numbers of the evidence together with the rows that name them."""

from __future__ import annotations

from collections.abc import Iterator

from agents.evidence import Evidence, Figure, Row

LONGEST_TAIL = 3.5  # standard deviations; a draw further out would be a number nobody measured


def rows_with_figures(evidence: Evidence, table: str, **where: str) -> Iterator[tuple[Row, Figure]]:
    """Yield each row that ``where`` names with its number, and remember the use of it."""
    return zip(evidence.rows(table, **where), evidence.figures(table, **where), strict=True)


def parameter(evidence: Evidence, key: str) -> float:
    """Return our own choice of a parameter of the disease model, or else its start value."""
    own = evidence.rows("disease_model", key=key)
    return evidence.value("disease_model" if own else "starting_parameters", key=key)
