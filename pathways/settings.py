"""Settings of a service: numbers with evidence, any of which a design may change."""

from __future__ import annotations

from collections.abc import Mapping

from agents.evidence import Evidence
from agents.faults import BadInput, Fault, nearest


def settings_of(
    evidence: Evidence,
    table: str,
    changes: Mapping[str, float],
    further: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return every setting of ``table`` (and ``further`` ones), with the ``changes`` made.

    Raises
    ------
    BadInput
        With a fault for every change of an unknown key or to a number below 0.
    """
    known = {row["key"]: evidence.value(table, key=row["key"]) for row in evidence.rows(table)}
    known.update(further or {})
    faults = [
        _unknown(key, known) if key not in known else _negative(key, value)
        for key, value in changes.items()
        if key not in known or not value >= 0.0
    ]
    if faults:
        raise BadInput(faults)
    return {**known, **changes}


def _unknown(key: str, known: Mapping[str, float]) -> Fault:
    return Fault(
        where="settings",
        key=key,
        found="no such setting",
        allowed=", ".join(sorted(known)),
        remedy=f"did you mean {nearest(key, known) or 'one of these'}?",
    )


def _negative(key: str, value: float) -> Fault:
    return Fault(
        where="settings",
        key=key,
        found=repr(value),
        allowed="0 or more",
        remedy="give a number of 0 or more",
    )
