"""Where everyone is who was announced to the hospital: seen, gone or inside, and nobody twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pathways.pools import RESOURCES, Site


@dataclass(slots=True)
class Counts:
    """Where everyone who was announced is."""

    announced: int = 0
    absent: int = 0  # dead or moved away before the visit
    already_in: int = 0  # in hospital already: the visit does not happen
    elsewhere: int = 0  # seen in another department, without a queue
    entered: int = 0
    finished: int = 0
    left: int = 0  # died or moved away in hospital


def checked(
    counts: Counts, visitors: Counts, here: Collection[int], sitting: int, sites: Sequence[Site]
) -> dict[str, int]:
    """Return where everyone announced is.

    ``here`` are the rows of those inside; ``sitting`` of them have a chair of same-day care.

    Raises
    ------
    RuntimeError
        If somebody is missing or stands in two places.
    """
    inside = sum(row >= 0 for row in here)
    visiting = len(here) - inside
    held = sum(getattr(site, name).in_use for site in sites for name in RESOURCES)
    waiting = sum(getattr(site, name).waiting for site in sites for name in RESOURCES)
    boarding = held + waiting + sitting - len(here)
    for site in sites:
        for name in RESOURCES:
            getattr(site, name).check()
    boarders = sum(site.beds.waiting for site in sites)
    sound = (
        counts.entered == counts.finished + counts.left + inside
        and visitors.entered == visitors.finished + visiting
        and 0 <= boarding <= boarders
    )
    expected = counts.announced - counts.absent - counts.already_in - counts.elsewhere
    if not sound or expected < counts.entered:
        raise RuntimeError(
            f"the hospital lost people: {counts}, {inside} inside; visitors {visitors}, "
            f"{visiting} inside; {held} places held, {waiting} waiting"
        )
    return {
        "arrivals": counts.announced,
        "served": counts.finished + counts.elsewhere,
        "gone": counts.absent + counts.already_in + counts.left,
        "inside": inside,
        "expected": expected - counts.entered,
    }
