"""Settings of a service: numbers with evidence, any of which a design may change."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from agents.evidence import Evidence
from agents.faults import BadInput, Fault, nearest


def settings_of(
    evidence: Evidence,
    table: str,
    changes: Mapping[str, float],
    further: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return every setting of ``table`` (and ``further`` ones), with the ``changes`` made.

    A setting is 0 or more; one whose unit is a share is at most 1, and the size of a pool is
    at least 1.

    Raises
    ------
    BadInput
        With a fault for every change of an unknown key or out of range.
    """
    rows = {row["key"]: row for row in evidence.rows(table)}
    known = {key: evidence.value(table, key=key) for key in rows} | dict(further or {})
    faults = [
        fault
        for key, value in changes.items()
        if (fault := _fault(key, value, known, rows.get(key, {}).get("unit", ""))) is not None
    ]
    if faults:
        raise BadInput(faults)
    return {**known, **changes}


def _fault(key: str, value: float, known: Mapping[str, float], unit: str) -> Fault | None:
    if key not in known:
        return Fault(
            where="settings",
            key=key,
            found="no such setting",
            allowed=", ".join(sorted(known)),
            remedy=f"did you mean {nearest(key, known) or 'one of these'}?",
        )
    least = 1.0 if key.endswith(".pool_size") else 0.0
    most = 1.0 if unit.startswith("share") else inf
    if least <= value <= most:
        return None
    return Fault(
        where="settings",
        key=key,
        found=repr(value),
        allowed=f"{least:g} or more" if most == inf else f"{least:g} to {most:g}",
        remedy="give a number in this range",
    )
