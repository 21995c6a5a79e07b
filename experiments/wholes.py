"""Shares of one whole: where people go whom a service could not see.

Drawn or moved apart from each other such shares can add up to more than everybody.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.evidence import Evidence, Figure
from experiments.catalogue import EVIDENCE
from pathways.referrals import REFERS, TABLE, route_changes, share_of


def kept_whole(replaced: Mapping[str, float], settings: Mapping[str, float]) -> dict[str, float]:
    """Return ``replaced`` with shares of one whole in proportion, where they are over 1.

    Only replaced numbers give way: the others, and the routes that ``settings`` set, stay.
    """
    found, changed = dict(replaced), route_changes(settings)
    for shares in _wholes(Evidence(EVIDENCE, replaced)):
        moved = [
            figure.key
            for route, figure in shares.items()
            if figure.key in found and route not in changed
        ]
        others = {
            route: changed.get(route, figure.value)
            for route, figure in shares.items()
            if figure.key not in moved
        }
        start = next(iter(shares)).rpartition(".")[0]
        others |= {
            route: share for route, share in changed.items() if route.startswith(f"{start}.")
        }
        room, wanted = 1.0 - sum(others.values()), sum(found[key] for key in moved)
        if wanted > max(room, 0.0):
            found |= {key: found[key] * max(room, 0.0) / wanted for key in moved}
    return found


def _wholes(evidence: Evidence) -> list[dict[str, Figure]]:
    """Return the shares of every service's routes by the key of the route, service by service."""
    wholes: dict[str, dict[str, Figure]] = {}
    for row in evidence.rows(TABLE):
        if row["does"] != REFERS:
            start = f"{row['from']}.{row['does']}"
            wholes.setdefault(start, {})[row["key"]] = share_of(row, evidence)
    return list(wholes.values())
