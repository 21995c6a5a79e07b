"""Rules in words over people: ``age >= 65 and ltc_count_diagnosed >= 2 and not care_home``.

A rule is a small part of Python's expression grammar (``rule_grammar``), evaluated over columns
(``rule_columns``); nothing of the user's text is ever run. Text that is not a rule, a name
nobody has and a comparison that makes no sense are faults that say where and what is near.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.faults import BadInput, Fault, nearest
from agents.rule_columns import DIAGNOSED, Column, Labelled, conditions_of, is_fact
from agents.rule_grammar import (
    ARITHMETIC,
    CALLS,
    COMPARE,
    Compare,
    asks_condition,
    condition_of,
    conditions_in,
    expression,
    fault,
)

Bools = npt.NDArray[np.bool_]
Value = npt.NDArray[np.generic] | Labelled | float | bool | str | tuple[float | str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that has been read: its text, what it names, and how to apply it.

    Attributes
    ----------
    text : as the user wrote it
    names : columns that it names
    conditions : keys of the conditions that it asks for
    where : the file and key that hold it, for messages
    """

    text: str
    names: frozenset[str]
    conditions: frozenset[str]
    where: str
    _tree: ast.expr

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        where: str = "rule",
        names: Iterable[str] | None = None,
        conditions: Iterable[str] | None = None,
    ) -> Rule:
        """Read a rule; with ``names`` and ``conditions`` given, check that it asks only for these.

        Raises
        ------
        BadInput
            With every fault found in the text.
        """
        tree = expression(text, where)
        asked = frozenset(conditions_in(tree))
        named = frozenset(
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id not in CALLS
        )
        rule = cls(text, named, asked, where, tree)
        faults = list(rule.unknown(names, conditions))
        if faults:
            raise BadInput(faults)
        return rule

    def unknown(
        self, names: Iterable[str] | None, conditions: Iterable[str] | None
    ) -> Iterator[Fault]:
        """Yield a fault for each name or condition that is not among those given."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name) and node.id not in CALLS and names is not None:
                yield from self._missing(node, node.id, names, "name", conditions)
            if asks_condition(node) and conditions is not None:
                yield from self._missing(node, condition_of(node), conditions, "condition")

    def _missing(
        self,
        node: ast.expr,
        name: str,
        known: Iterable[str],
        kind: str,
        conditions: Iterable[str] | None = None,
    ) -> Iterator[Fault]:
        known = tuple(known)
        if name not in known:
            near = nearest(name, known)
            remedy = f"did you mean {near}?" if near else f"choose a {kind} from the list"
            if name in (conditions or ()):
                remedy = f"write has('{name}')"
            yield fault(node, self, f"{name}, an unknown {kind}", ", ".join(known), remedy)

    def _unknown_traits(self, columns: Mapping[str, Column]) -> Iterator[Fault]:
        known = [name for name, column in columns.items() if is_fact(column)]
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and not asks_condition(node):
                yield from self._missing(node, condition_of(node), known, "trait")

    def rows(self, columns: Mapping[str, Column]) -> Bools:
        """Return for each person whether the rule holds.

        Raises
        ------
        BadInput
            If the rule names a column or condition that is not there, or compares things that
            cannot be compared.
        """
        conditions = conditions_of(columns)
        of_conditions = {*conditions, *(key + DIAGNOSED for key in conditions)}
        plain = [name for name in columns if name not in of_conditions]
        faults = [*self.unknown(plain, conditions), *self._unknown_traits(columns)]
        if faults:
            raise BadInput(faults)
        n = _length(columns)
        fact = _fact(self._tree, columns, self)
        return np.broadcast_to(fact, (n,)).copy()


def _length(columns: Mapping[str, Column]) -> int:
    for column in columns.values():
        return len(column.codes) if isinstance(column, Labelled) else len(column)
    return 0


def _fact(node: ast.expr, columns: Mapping[str, Column], rule: Rule) -> Bools:
    """Evaluate a part that must say yes or no of each person."""
    if isinstance(node, ast.BoolOp):
        facts = [_fact(value, columns, rule) for value in node.values]
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return np.asarray(join.reduce(np.broadcast_arrays(*facts)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return np.logical_not(_fact(node.operand, columns, rule))
    if isinstance(node, ast.Compare):
        return _compared(node, columns, rule)
    value = _value(node, columns, rule)
    if isinstance(value, bool):
        return np.array(value)
    if isinstance(value, np.ndarray) and value.dtype == np.bool_:
        return np.asarray(value, dtype=np.bool_)
    wanted = "a fact (care_home, age >= 65, has('copd'))"
    raise _bad(node, rule, ast.unparse(node), wanted, "compare it with something")


def _compared(node: ast.Compare, columns: Mapping[str, Column], rule: Rule) -> Bools:
    """Evaluate ``a < b <= c`` as Python does: every step must hold."""
    sides = [_value(side, columns, rule) for side in (node.left, *node.comparators)]
    steps = [
        _step(node, left, right, op, rule)
        for left, right, op in zip(sides[:-1], sides[1:], node.ops, strict=True)
    ]
    return np.asarray(np.logical_and.reduce(np.broadcast_arrays(*steps)))


def _step(node: ast.Compare, left: Value, right: Value, op: ast.cmpop, rule: Rule) -> Bools:
    if isinstance(op, (ast.In, ast.NotIn)):
        inside = _is_in(node, left, right, rule)
        return inside if isinstance(op, ast.In) else ~inside
    if isinstance(left, Labelled) and isinstance(right, str):
        return _compare_label(node, left, right, COMPARE[type(op)], rule)
    if isinstance(right, Labelled) and isinstance(left, str):
        return _compare_label(node, right, left, COMPARE[_TURNED.get(type(op), type(op))], rule)
    if _is_numeric(left) and _is_numeric(right):
        return np.asarray(COMPARE[type(op)](left, right), dtype=np.bool_)
    raise _bad(node, rule, ast.unparse(node), "numbers with numbers, names with 'text'", "mend it")


_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}


def _compare_label(
    node: ast.Compare,
    column: Labelled,
    label: str,
    compare: Compare,
    rule: Rule,
) -> Bools:
    if not column.ordered and compare not in (operator.eq, operator.ne):
        raise _bad(node, rule, ast.unparse(node), "== or != (these have no order)", "use ==")
    code = _code(node, column, label, rule)
    return np.asarray(compare(column.codes, code), dtype=np.bool_)


def _code(node: ast.expr, column: Labelled, label: object, rule: Rule) -> int:
    if label not in column.labels:
        near = nearest(str(label), column.labels)
        remedy = f"did you mean '{near}'?" if near else "choose one of these"
        raise _bad(node, rule, repr(label), ", ".join(map(repr, column.labels)), remedy)
    return column.labels.index(str(label))


def _is_in(node: ast.Compare, left: Value, right: Value, rule: Rule) -> Bools:
    if not isinstance(right, tuple):
        raise _bad(node, rule, ast.unparse(node), "in [1, 2] or in ['a', 'b']", "list the values")
    if isinstance(left, Labelled):
        codes = [_code(node, left, label, rule) for label in right]
        return np.isin(left.codes, codes)
    if _is_numeric(left) and all(_is_numeric(item) for item in right):
        return np.isin(np.asarray(left), np.asarray(right, dtype=float))
    raise _bad(node, rule, ast.unparse(node), "numbers in numbers, names in 'text'", "mend it")


def _is_numeric(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind in "biuf")
    return isinstance(value, (bool, int, float))


def _value(node: ast.expr, columns: Mapping[str, Column], rule: Rule) -> Value:
    """Evaluate a part that stands for a column, a number, a text or a list of these."""
    if isinstance(node, ast.Constant):
        return node.value  # type: ignore[return-value]  # _is_allowed has seen to it
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.Call):
        if not asks_condition(node):
            return columns[condition_of(node)]
        truly = isinstance(node.func, ast.Name) and node.func.id == "truly_has"
        return columns[condition_of(node) + ("" if truly else DIAGNOSED)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return tuple(item.value for item in node.elts)  # type: ignore[attr-defined]
    if isinstance(node, (ast.BinOp, ast.UnaryOp)) and not _is_not(node):
        return _arithmetic(node, columns, rule)
    return _fact(node, columns, rule)


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _arithmetic(
    node: ast.BinOp | ast.UnaryOp, columns: Mapping[str, Column], rule: Rule
) -> npt.NDArray[np.float64] | float:
    parts = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
    numbers = []
    for part in parts:
        value = _value(part, columns, rule)
        if not _is_numeric(value):
            raise _bad(part, rule, ast.unparse(part), "a number", "count or measure something")
        numbers.append(np.asarray(value, dtype=float))
    if isinstance(node, ast.UnaryOp):
        return -numbers[0]
    result: npt.NDArray[np.float64] = np.asarray(ARITHMETIC[type(node.op)](*numbers))
    return result


def _bad(node: ast.expr, rule: Rule, found: str, allowed: str, remedy: str) -> BadInput:
    return BadInput([fault(node, rule, found, allowed, remedy)])
