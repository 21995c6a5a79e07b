"""Traits that a user adds by rows of ``own_traits.csv``: who may have them, and how many do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence, Row
from agents.faults import BadInput, Fault
from agents.population import Population
from agents.rule_columns import NAMES, columns_of
from agents.rules import Rule
from agents.vulnerabilities import OWN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OwnTrait:
    """A trait by its rules: the first that holds for a person gives their chance of it."""

    name: str
    rules: tuple[Rule, ...]
    shares: tuple[float, ...]

    def chances(self, population: Population) -> Floats:
        """Return everyone's chance, by their columns on the day they are first here, (n,)."""
        columns = columns_of(population, 0.0)
        columns["age"] = population.age_at_entry()
        holds = [rule.rows(columns) for rule in self.rules]
        chance: Floats = np.select(holds, self.shares, default=0.0)
        return chance


def own_traits(evidence: Evidence) -> dict[str, OwnTrait]:
    """Read the traits of ``own_traits.csv``.

    Raises
    ------
    BadInput
        With every fault of every row: a name that is taken or cannot be named in a rule, a rule
        that cannot be read, a share that is no number between 0 and 1.
    """
    found: dict[str, list[tuple[Rule, float]]] = {}
    faults: list[Fault] = []
    for number, row in enumerate(evidence.rows(OWN), 2):
        where = f"{OWN}.csv: row {number}"
        bad = list(_name_faults(row["trait"], where))
        try:
            rule = Rule.parse(row["rule"], where=where)
        except BadInput as error:
            bad += error.faults
        share = _share(row)
        if share is None:
            bad.append(_fault(where, "value", row["value"], "a share from 0 to 1", "give a share"))
        if bad or share is None:
            faults += bad
            continue
        found.setdefault(row["trait"], []).append((rule, evidence.value(OWN, **row)))
    if faults:
        raise BadInput(faults)
    return {
        name: OwnTrait(name, tuple(rule for rule, _ in rows), tuple(share for _, share in rows))
        for name, rows in found.items()
    }


def _name_faults(name: str, where: str) -> list[Fault]:
    if not name.isidentifier():
        return [_fault(where, "trait", name, "letters, digits and _", "write lives_alone, say")]
    if name in NAMES:
        return [_fault(where, "trait", name, "a name that is not taken", "choose another name")]
    return []


def _share(row: Row) -> float | None:
    try:
        share = float(row["value"])
    except ValueError:
        return None
    return share if 0.0 <= share <= 1.0 else None


def _fault(where: str, key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where=where, key=key, found=repr(found), allowed=allowed, remedy=remedy)
