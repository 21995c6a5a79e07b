"""Rules in words over people: ``age >= 65 and ltc_count_diagnosed >= 2 and not care_home``.

A rule is a small part of Python's expression grammar, read with ``ast`` and evaluated over
columns; nothing of the user's text is ever run. Text that is not a rule, a name nobody has
and a comparison that makes no sense are faults that say where and what is near.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from agents.faults import BadInput, Fault, nearest
from agents.palliative import on_register
from agents.population import CURRENT_SMOKER, FRAILTY, SEXES, Population
from agents.vulnerabilities import VULNERABILITY_NAMES

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

LONGEST = 2000  # characters; rules are read by people
DEEPEST = 40  # brackets within brackets
_LARGEST = 10**12  # no count of anything is larger
_SHOWN = 80  # characters of a rule that a message repeats

# What a rule may name, beside counts of past care (``look_back``) and conditions.
NAMES: dict[str, str] = {
    "age": "years, with fractions",
    "sex": "'female' or 'male'",
    "imd_quintile": "1 most deprived to 5 least deprived",
    "ethnicity": "ethnic group, such as 'black'",
    "practice": "number of the practice",
    "locality": "name of the locality",
    "care_home": "lives in a care home",
    "palliative": "on the palliative care register",
    "frailty": "'fit', 'mild', 'moderate' or 'severe', in this order",
    "smoking": "'never', 'former' or 'current'",
    "smoker": "smokes now",
    "obese": "body mass index of 30 or more",
    "carer": "cares for somebody, unpaid",
    "isolated": "often or always lonely",
    "activation": "patient activation, 1 to 4",
    "ltc_count": "long-term conditions truly present",
    "ltc_count_diagnosed": "long-term conditions known to the practice",
    **VULNERABILITY_NAMES,
}
# Names that count past care; the caller supplies the counts.
LOOK_BACK: dict[str, str] = {
    "admissions_12m": "emergency admissions in the last 12 months",
    "admissions_18m": "emergency admissions in the last 18 months",
    "ae_12m": "emergency attendances in the last 12 months",
    "ae_18m": "emergency attendances in the last 18 months",
    "gp_12m": "requests to the practice in the last 12 months",
    "gp_18m": "requests to the practice in the last 18 months",
}
CALLS = ("has", "truly_has", "trait")
DIAGNOSED = "_diagnosed"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A column of names, held as positions in ``labels``; ``ordered`` if the order means more."""

    codes: npt.NDArray[np.integer]
    labels: tuple[str, ...]
    ordered: bool = False


Column = npt.NDArray[np.generic] | Labelled
Value = npt.NDArray[np.generic] | Labelled | float | bool | str | tuple[float | str, ...]

Compare = Callable[[Any, Any], Any]

_COMPARE: dict[type[ast.cmpop], Compare] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: dict[type[ast.operator], Compare] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_ALLOWED = "and, or, not, comparisons, in [...], + - *, numbers, 'text', names, has('condition')"
_HINTS: dict[type[ast.AST], str] = {
    ast.BitAnd: "write and",
    ast.BitOr: "write or",
    ast.Invert: "write not",
    ast.Attribute: "name a column without a dot",
    ast.Subscript: "name a column without brackets",
}


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
        tree = _expression(text, where)
        faults = _faults_in(tree, text, where)
        if faults:
            raise BadInput(faults)
        asked = frozenset(_conditions_in(tree))
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
            if _asks_condition(node) and conditions is not None:
                yield from self._missing(node, _condition_of(node), conditions, "condition")

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
            yield _fault(node, self, f"{name}, an unknown {kind}", ", ".join(known), remedy)

    def _unknown_traits(self, columns: Mapping[str, Column]) -> Iterator[Fault]:
        known = [name for name, column in columns.items() if _is_fact(column)]
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and not _asks_condition(node):
                yield from self._missing(node, _condition_of(node), known, "trait")

    def rows(self, columns: Mapping[str, Column]) -> Bools:
        """Return for each person whether the rule holds.

        Raises
        ------
        BadInput
            If the rule names a column or condition that is not there, or compares things that
            cannot be compared.
        """
        conditions = _conditions_of(columns)
        of_conditions = {*conditions, *(key + DIAGNOSED for key in conditions)}
        plain = [name for name in columns if name not in of_conditions]
        faults = [*self.unknown(plain, conditions), *self._unknown_traits(columns)]
        if faults:
            raise BadInput(faults)
        n = _length(columns)
        fact = _fact(self._tree, columns, self)
        return np.broadcast_to(fact, (n,)).copy()


def columns_of(
    population: Population,
    day: float,
    look_back: Mapping[str, npt.NDArray[np.generic]] = MappingProxyType({}),
    rows: Rows | slice = slice(None),
) -> dict[str, Column]:
    """Return every column a rule may name, for ``rows`` of ``population`` on ``day``.

    ``look_back`` holds counts of past care of the whole population, by name.
    """
    people = population
    columns: dict[str, Column] = {
        "age": people.age(day, rows),
        "sex": Labelled(people.sex[rows], SEXES),
        "imd_quintile": people.imd_quintile[rows],
        "ethnicity": Labelled(people.ethnicity[rows], people.ethnic_groups),
        "practice": people.practice[rows],
        "locality": Labelled(people.locality[rows], people.localities),
        "care_home": people.care_home[rows],
        "palliative": on_register(people, rows),
        "frailty": Labelled(people.frailty[rows], FRAILTY, ordered=True),
        "smoking": Labelled(people.smoking[rows], ("never", "former", "current")),
        "smoker": people.smoking[rows] == CURRENT_SMOKER,
        "obese": people.obese[rows],
        "carer": people.carer[rows],
        "isolated": people.isolated[rows],
        "activation": people.activation[rows],
        "ltc_count": people.ltc_count(rows),
        "ltc_count_diagnosed": people.ltc_count_diagnosed(rows),
    }
    for i, name in enumerate(people.vulnerabilities):
        columns[name] = people.vulnerable[rows, i]
    for i, key in enumerate(people.conditions):
        columns[key] = people.has[rows, i]
        columns[key + DIAGNOSED] = people.diagnosed[rows, i]
    columns.update({name: counts[rows] for name, counts in look_back.items()})
    return columns


# ---------------------------------------------------------------- reading


def _expression(text: str, where: str) -> ast.expr:
    """Return the syntax tree of ``text``."""
    if len(text) > LONGEST:
        raise BadInput([_plain_fault(text, where, f"{len(text)} characters", "")])
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        hint = "write == to compare" if _lone_equals(text) else "mend the rule"
        found = f"{error.msg} at column {error.offset or 0}"
        raise BadInput([_plain_fault(text, where, found, hint)]) from None
    except (ValueError, RecursionError, MemoryError):
        raise BadInput([_plain_fault(text, where, "text that cannot be read", "")]) from None


def _lone_equals(text: str) -> bool:
    for compared in ("==", "!=", "<=", ">="):
        text = text.replace(compared, "")
    return "=" in text


def _plain_fault(text: str, where: str, found: str, remedy: str) -> Fault:
    return Fault(
        where=where,
        key=_shown(text),
        found=found,
        allowed=f"a rule of at most {LONGEST} characters with {_ALLOWED}",
        remedy=remedy or "write a shorter, simpler rule",
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _shown(text: str) -> str:
    return repr(_short(text))


def _fault(node: ast.AST, rule: Rule, found: str, allowed: str, remedy: str) -> Fault:
    column = getattr(node, "col_offset", 0) + 1
    return Fault(
        where=rule.where,
        key=f"{_shown(rule.text)}, column {column}",
        found=_short(found),
        allowed=allowed,
        remedy=remedy,
    )


def _faults_in(tree: ast.expr, text: str, where: str) -> list[Fault]:
    """Return a fault for every part of the tree that no rule may hold, outermost first."""
    rule = Rule(text, frozenset(), frozenset(), where, tree)
    faults: list[Fault] = []
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        inside: list[ast.AST] = []
        for node in level:
            fault = _fault_of(node, rule)
            faults += [fault] if fault else []
            inside += [] if fault else _parts(node)
        level = inside
    if level:
        faults.append(_plain_fault(text, where, f"more than {DEEPEST} levels", ""))
    return faults


def _parts(node: ast.AST) -> list[ast.AST]:
    # What is called has been looked at with the call.
    return list(node.args) if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))


def _fault_of(node: ast.AST, rule: Rule) -> Fault | None:
    quotes = "name one condition in quotes"
    if isinstance(node, ast.Call) and not _is_condition_call(node):
        return _fault(node, rule, f"{ast.unparse(node.func)}(…)", "has('condition')", quotes)
    if isinstance(node, ast.Name) and node.id in CALLS:
        return _fault(node, rule, node.id, "has('condition')", quotes)
    if _is_allowed(node):
        return None
    hint = next((_HINTS[kind] for kind in _HINTS if isinstance(node, kind)), "remove it")
    return _fault(_placed(node, rule._tree), rule, _named(node), _ALLOWED, hint)


def _placed(node: ast.AST, tree: ast.expr) -> ast.AST:
    """Return the node itself, or for an operator the expression it belongs to."""
    if hasattr(node, "col_offset"):
        return node
    return next((each for each in ast.walk(tree) if node in ast.iter_child_nodes(each)), tree)


def _named(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__.lower()


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        value = node.value
        return isinstance(value, str) or (isinstance(value, (int, float)) and value <= _LARGEST)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return all(isinstance(item, ast.Constant) for item in node.elts)
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Call)):
        return True
    if isinstance(node, ast.operator):
        return type(node) in _ARITHMETIC
    if isinstance(node, ast.cmpop):
        return type(node) in _COMPARE or isinstance(node, (ast.In, ast.NotIn))
    return isinstance(node, (ast.And, ast.Or, ast.Not, ast.USub, ast.Load))


def _is_condition_call(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Name)
        and node.func.id in CALLS
        and not node.keywords
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def _asks_condition(node: ast.AST) -> TypeGuard[ast.Call]:
    """Say whether a part is has('…') or truly_has('…')."""
    if not isinstance(node, ast.Call):
        return False
    return isinstance(node.func, ast.Name) and node.func.id != "trait"


def _is_fact(column: Column) -> bool:
    return not isinstance(column, Labelled) and column.dtype == np.bool_


def _condition_of(node: ast.Call) -> str:
    argument = node.args[0]
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def _conditions_in(tree: ast.expr) -> Iterator[str]:
    return (_condition_of(node) for node in ast.walk(tree) if _asks_condition(node))


def _conditions_of(columns: Mapping[str, Column]) -> list[str]:
    known = [name.removesuffix(DIAGNOSED) for name in columns if name.endswith(DIAGNOSED)]
    return [name for name in known if name in columns and name not in NAMES]


# ---------------------------------------------------------------- applying


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
        return _compare_label(node, left, right, _COMPARE[type(op)], rule)
    if isinstance(right, Labelled) and isinstance(left, str):
        return _compare_label(node, right, left, _COMPARE[_TURNED.get(type(op), type(op))], rule)
    if _is_numeric(left) and _is_numeric(right):
        return np.asarray(_COMPARE[type(op)](left, right), dtype=np.bool_)
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
        if not _asks_condition(node):
            return columns[_condition_of(node)]
        truly = isinstance(node.func, ast.Name) and node.func.id == "truly_has"
        return columns[_condition_of(node) + ("" if truly else DIAGNOSED)]
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
    result: npt.NDArray[np.float64] = np.asarray(_ARITHMETIC[type(node.op)](*numbers))
    return result


def _bad(node: ast.expr, rule: Rule, found: str, allowed: str, remedy: str) -> BadInput:
    return BadInput([_fault(node, rule, found, allowed, remedy)])
