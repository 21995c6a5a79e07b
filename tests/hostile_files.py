"""Files as careless or ill-meaning people would write them: good ones, spoilt."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import tomli_w
from hypothesis import strategies as st

Table = dict[str, Any]

# What a value, a key or a name may be turned into.
NASTY = (
    "",
    " ",
    "nan",
    "-1",
    "1e400",
    "../../etc/passwd",
    "/dev/null",
    "C:\\con",
    "=cmd|'/C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "'; drop table people; --",
    "{{7*7}}",
    "%s%n",
    "\u0000",
    "\u202eevil",
    "a" * 5_000,
    "usual-care",
    "southwark",
    "emergency_admissions",
    "age >= 65 and (",
    "__import__('os').system('id')",
    "conditions >= 99999999999999999999999",
)
STRANGE: tuple[Any, ...] = (
    *NASTY,
    0,
    -1,
    1,
    2**63 - 1,
    10**30,
    0.0,
    -0.5,
    1e308,
    float("nan"),
    float("inf"),
    True,
    False,
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": []}},
    datetime.date(1, 1, 1),
    datetime.date(9999, 12, 31),
    datetime.datetime(2025, 4, 1, 12),
    datetime.time(1),
)

values = st.one_of(
    st.sampled_from(STRANGE).map(copy.deepcopy),  # lists and tables are spoilt further in place
    st.integers(-(2**62), 2**62),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(-5, 5), max_size=3),
)
keys = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))


@st.composite
def spoilt(draw: st.DrawFn, good: Table) -> Table:
    """Return ``good`` with one to four places changed, taken out, renamed, doubled or added."""
    table = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 4))):
        _spoil(draw, table)
    return table


def _spoil(draw: st.DrawFn, table: Table) -> None:
    part, key = draw(st.sampled_from(_places(table)))
    act = draw(st.sampled_from(("change", "remove", "rename", "add", "double")))
    if act == "change":
        part[key] = draw(values)
    elif act == "remove":
        del part[key]
    elif isinstance(part, list):
        part.append(copy.deepcopy(part[key]))
    elif act == "rename":
        part[draw(keys)] = part.pop(key)
    elif act == "add":
        part[draw(keys)] = draw(values)
    else:
        part[key] = [part[key], part[key]]


def _places(part: Any) -> list[tuple[Any, Any]]:
    """Return every place of a nested table, as its holder and its key or position."""
    items = part.items() if isinstance(part, dict) else enumerate(part)
    places = [(part, key) for key, _ in items]
    inner = [child for holder, key in places if isinstance(child := holder[key], dict | list)]
    return [*places, *(place for child in inner if child for place in _places(child))] or [
        ({"spare": 0}, "spare")
    ]


def as_toml(table: Table) -> bytes:
    """Return ``table`` as a TOML file; characters that UTF-8 has no bytes for are dropped."""
    return tomli_w.dumps(table).encode("utf-8", "ignore")


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """Return the bytes of a file with some cut, doubled or overwritten."""
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 40)))
    return good[:start] + draw(st.binary(max_size=40)) + good[end:]


@st.composite
def spoilt_csv(draw: st.DrawFn, good: str) -> bytes:
    """Return a CSV file with cells, lines or separators spoilt."""
    lines = [line.split(",") for line in good.strip().splitlines()]
    for _ in range(draw(st.integers(1, 4))):
        line = draw(st.sampled_from(lines))
        if not line:
            continue
        cell = draw(st.integers(0, len(line) - 1))
        act = draw(st.sampled_from(("change", "remove", "add", "double")))
        if act == "change":
            line[cell] = str(draw(values))
        elif act == "remove":
            del line[cell]
        elif act == "add":
            line.insert(cell, draw(st.text(max_size=8)))
        else:
            lines.append(list(line))
    return "\n".join(",".join(line) for line in lines).encode("utf-8", "ignore")
