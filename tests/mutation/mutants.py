"""Small changes to a module's formulas, each of which some test ought to notice.

A mutant is the module with one operator, number, truth value or step changed. Words are left
alone (a changed name of a column is noticed at once and would flatter the count), and so are
annotations, what is raised, and ``strict=`` of ``zip``.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
NAMES = {
    "minimum": "maximum", "maximum": "minimum", "min": "max", "max": "min", "any": "all",
    "all": "any", "argmax": "argmin", "argmin": "argmax", "cumsum": "asarray",
}  # fmt: skip
WORDS = {"left": "right", "right": "left"}
Change = Callable[[ast.AST], ast.AST]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module: the line, which of its nodes is changed, and how.

    ``name`` tells what stood there and what stands there now, and stays the same when lines
    move: it is what reasons go by.
    """

    name: str
    line: int
    source: str
    place: int
    change: Change

    @property
    def tree(self) -> ast.Module:
        """The whole module with the change."""
        tree = ast.parse(self.source)
        target = next(node for at, (node, _) in enumerate(_nodes(tree)) if at == self.place)
        _Replace(target, self.change(target)).visit(tree)
        return ast.fix_missing_locations(tree)


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of the module with this ``source``, in the order of its lines."""
    seen: Counter[str] = Counter()
    found = []
    for place, (node, owner) in enumerate(_nodes(ast.parse(source))):
        for change in _changes(node):
            new = change(node)
            after = "removed" if isinstance(new, ast.Pass) else ast.unparse(new)
            name = f"{owner}: {ast.unparse(node)} -> {after}"
            seen[name] += 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            found.append(Mutant(name, getattr(node, "lineno", 0), source, place, change))
    return sorted(found, key=lambda mutant: mutant.line)


class _Replace(ast.NodeTransformer):
    """Put one node in place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.copy_location(self.new, node) if self.new is not node else node
        visited: ast.AST = self.generic_visit(node)
        return visited


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield the nodes that may be changed, each with the name of the function it stands in."""

    def below(node: ast.AST, owner: str) -> Iterator[tuple[ast.AST, str]]:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            owner = f"{owner}.{node.name}" if owner else node.name
        yield node, owner or "module"
        for name, field in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.AST) and not _left_alone(child):
                    yield from below(child, owner)

    yield from below(tree, "")


def _left_alone(node: ast.AST) -> bool:
    types = isinstance(node, ast.Assign) and ast.unparse(node).startswith(("Steps =", "T ="))
    strict = isinstance(node, ast.keyword) and node.arg == "strict"
    return types or strict or isinstance(node, (ast.Raise, ast.JoinedStr))


def _changes(node: ast.AST) -> list[Change]:
    """Return the changes of one node; each takes the node of a copy and gives the new one."""
    match node:
        case ast.BinOp() | ast.BoolOp():
            return [_with("op", other()) for other in SWAPS.get(type(node.op), ())]
        case ast.AugAssign():
            return [*(_with("op", other()) for other in SWAPS.get(type(node.op), ())), _nothing]
        case ast.Compare(ops=[operator]):
            return [_with("ops", [other()]) for other in SWAPS.get(type(operator), ())]
        case ast.UnaryOp():
            return [_part("operand")]
        case ast.IfExp():
            return [_part("body"), _part("orelse")]
        case ast.Expr(value=ast.Call()):
            return [_nothing]
        case _:
            return _changes_of_leaf(node)


def _changes_of_leaf(node: ast.AST) -> list[Change]:
    match node:
        case ast.Constant(value=bool() as truth):
            return [_with("value", not truth)]
        case ast.Constant(value=int() | float() as number):
            return [_with("value", number + 1)]
        case ast.Constant(value=str() as word) if word in WORDS:
            return [_with("value", WORDS[word])]
        case ast.Attribute(attr=name) if name in NAMES:
            return [_with("attr", NAMES[name])]
        case ast.Name(id=name) if name in NAMES:
            return [_with("id", NAMES[name])]
        case _:
            return []


def _nothing(_: ast.AST) -> ast.AST:
    return ast.Pass()


def _part(field: str) -> Change:
    def change(node: ast.AST) -> ast.AST:
        part: ast.AST = getattr(node, field)
        return part

    return change


def _with(field: str, value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        new = copy.copy(node)
        setattr(new, field, value)
        return new

    return change
