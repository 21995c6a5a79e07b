"""Try a rule on nobody: what is wrong with it is said when it is read, not hours into a run."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import numpy as np

from agents.faults import BadInput, Fault
from agents.place import ETHNIC_GROUPS
from agents.population import FRAILTY, SEXES
from agents.rule_columns import DIAGNOSED, LOOK_BACK, NAMES, Column, Labelled
from agents.rules import Rule
from agents.vulnerabilities import VULNERABILITIES

_FACTS = ("care_home", "palliative", "smoker", "obese", "carer", "isolated", *VULNERABILITIES)
_LABELS: dict[str, tuple[str, ...]] = {
    "sex": SEXES,
    "ethnicity": ETHNIC_GROUPS,
    "smoking": ("never", "former", "current"),
}


def rule_faults(text: str, conditions: Iterable[str], traits: Iterable[str] = ()) -> list[Fault]:
    """Return what is wrong with a rule: unreadable, an unknown name, a comparison without sense.

    Parameters
    ----------
    text : the rule
    conditions : keys of the conditions that exist
    traits : names of traits that were added by rows (``agents.own_traits``)

    Notes
    -----
    Which localities there are is known only with the place, so each name of one passes here.
    """
    conditions = tuple(conditions)
    try:
        rule = Rule.parse(text, names=(*NAMES, *LOOK_BACK), conditions=conditions)
        rule.rows(_of_nobody(text, conditions, traits))
    except BadInput as bad:
        return list(bad.faults)
    return []


def _of_nobody(text: str, conditions: Iterable[str], traits: Iterable[str]) -> dict[str, Column]:
    """Return each column that a rule may name, of the right type and of no people."""
    facts = (*_FACTS, *traits, *(name + end for name in conditions for end in ("", DIAGNOSED)))
    codes = np.empty(0, np.int8)
    columns: dict[str, Column] = {name: np.empty(0) for name in (*NAMES, *LOOK_BACK)}
    columns |= {name: np.empty(0, np.bool_) for name in facts}
    columns |= {name: Labelled(codes, labels) for name, labels in _LABELS.items()}
    columns["frailty"] = Labelled(codes, FRAILTY, ordered=True)
    columns["locality"] = Labelled(codes, _texts_of(text))
    return columns


def _texts_of(text: str) -> tuple[str, ...]:
    parts = ast.walk(ast.parse(text.strip(), mode="eval"))
    return tuple(
        part.value
        for part in parts
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )
