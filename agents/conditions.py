"""The long-term conditions: one row of ``conditions.csv`` each, and no code of their own."""

from __future__ import annotations

from dataclasses import dataclass

from agents.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A long-term condition as strategies count it.

    ``high_risk`` conditions drive the use of care; ``presented_separately`` ones are shown
    apart; ``physical`` ones raise the onset of low mood.
    """

    key: str
    name: str
    body_system: str
    high_risk: bool
    presented_separately: bool
    physical: bool


def load_conditions(evidence: Evidence) -> tuple[Condition, ...]:
    """Return the conditions in the order of ``conditions.csv``.

    Raises
    ------
    BadInput
        If ``conditions.csv`` or ``condition_rules.csv`` is missing.
    """
    rules = evidence.rows("condition_rules", rule="not_physical")
    not_physical = {rule["name"] for rule in rules}
    return tuple(
        Condition(
            key=row["key"],
            name=row["name"],
            body_system=row["body_system"],
            high_risk=row["high_risk"] == "y",
            presented_separately=row["presented_separately"] == "y",
            physical=row["body_system"] not in not_physical,
        )
        for row in evidence.rows("conditions")
    )
