"""The grammar of rules: a small part of Python's expressions, read with ``ast``, never run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

from agents.faults import BadInput, Fault

LONGEST = 2000  # characters; rules are read by people
DEEPEST = 40  # brackets within brackets
_LARGEST = 10**12  # no count of anything is larger
_SHOWN = 80  # characters of a rule that a message repeats
CALLS = ("has", "truly_has", "trait")

Compare = Callable[[Any, Any], Any]

COMPARE: dict[type[ast.cmpop], Compare] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC: dict[type[ast.operator], Compare] = {
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


class Written(Protocol):
    """A rule as it stands in a file, for messages."""

    @property
    def text(self) -> str:
        """What the user wrote."""

    @property
    def where(self) -> str:
        """The file and key that hold it."""


@dataclass(frozen=True, slots=True)
class _Draft:
    text: str
    where: str


def expression(text: str, where: str) -> ast.expr:
    """Return the syntax tree of ``text``, which holds nothing but what a rule may hold.

    Raises
    ------
    BadInput
        With every fault of the text; ``where`` is the file and key that hold it.
    """
    tree = _tree(text, where)
    faults = _faults_in(tree, _Draft(text, where))
    if faults:
        raise BadInput(faults)
    return tree


def _tree(text: str, where: str) -> ast.expr:
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


def fault(node: ast.AST, rule: Written, found: str, allowed: str, remedy: str) -> Fault:
    """Return a fault of a part of ``rule``, which says at which column it stands."""
    column = getattr(node, "col_offset", 0) + 1
    return Fault(
        where=rule.where,
        key=f"{_shown(rule.text)}, column {column}",
        found=_short(found),
        allowed=allowed,
        remedy=remedy,
    )


def _faults_in(tree: ast.expr, rule: Written) -> list[Fault]:
    """Return a fault for every part of the tree that no rule may hold, outermost first."""
    faults: list[Fault] = []
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        inside: list[ast.AST] = []
        for node in level:
            found = _fault_of(node, tree, rule)
            faults += [found] if found else []
            inside += [] if found else _parts(node)
        level = inside
    if level:
        faults.append(_plain_fault(rule.text, rule.where, f"more than {DEEPEST} levels", ""))
    return faults


def _parts(node: ast.AST) -> list[ast.AST]:
    # What is called has been looked at with the call.
    return list(node.args) if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))


def _fault_of(node: ast.AST, tree: ast.expr, rule: Written) -> Fault | None:
    quotes = "name one condition in quotes"
    if isinstance(node, ast.Call) and not _is_condition_call(node):
        return fault(node, rule, f"{ast.unparse(node.func)}(…)", "has('condition')", quotes)
    if isinstance(node, ast.Name) and node.id in CALLS:
        return fault(node, rule, node.id, "has('condition')", quotes)
    if _is_allowed(node):
        return None
    hint = next((_HINTS[kind] for kind in _HINTS if isinstance(node, kind)), "remove it")
    return fault(_placed(node, tree), rule, _named(node), _ALLOWED, hint)


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
        return type(node) in ARITHMETIC
    if isinstance(node, ast.cmpop):
        return type(node) in COMPARE or isinstance(node, (ast.In, ast.NotIn))
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


def asks_condition(node: ast.AST) -> TypeGuard[ast.Call]:
    """Say whether a part is has('…') or truly_has('…')."""
    if not isinstance(node, ast.Call):
        return False
    return isinstance(node.func, ast.Name) and node.func.id != "trait"


def condition_of(node: ast.Call) -> str:
    """Return the text in quotes of a call."""
    argument = node.args[0]
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def conditions_in(tree: ast.expr) -> Iterator[str]:
    """Yield the conditions that a tree asks for."""
    return (condition_of(node) for node in ast.walk(tree) if asks_condition(node))
