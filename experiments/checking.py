"""Reading TOML written by people: every fault at once, in words that say how to mend it."""

from __future__ import annotations

import os
import re
import tomllib
import typing
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from agents.faults import BadInput, Fault, nearest, shortened

Loc = Sequence[int | str]

LONGEST_FILE = 1_000_000  # bytes; an experiment is a page of text

_LINE = re.compile(r"at line (\d+), column \d+")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_TOO_FEW = ("missing", "too_short", "string_too_short")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    BadInput
        If the file is missing, is no file, cannot be read, is not UTF-8 or is not TOML; the
        line is given where one is known.
    """
    return parse_toml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file (a byte-order mark is dropped), or raise ``BadInput``."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise _unreadable(path, "a very large file", "a TOML file of at most 1 MB")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = f"byte 0x{error.object[error.start]:02x}, which is not UTF-8"
        fault = Fault(
            where=f"{path}:{line}",
            key="(the file)",
            found=found,
            allowed="UTF-8 text",
            remedy="save the file as UTF-8",
        )
        raise BadInput([fault]) from None
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise _unreadable(path, reason, "a readable TOML file") from None


def absolute(path: Path) -> Path:
    """Return a path from the root with links followed, also where nothing can be there.

    Links that lead in a circle are left as they stand, and so is a name with a null byte: who
    opens the file is told.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        return path.absolute()


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Return what the TOML ``text`` says, or raise ``BadInput`` with the line of the fault."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, ValueError) else "lists too deep"
        match = _LINE.search(said)
        line = match.group(1) if match else ""
        if "at end of document" in said:
            line = str(len(text.splitlines()))
        fault = Fault(
            where=f"{where}:{line}" if line else where,
            key="(syntax)",
            found=_in_words(said),
            allowed="TOML, such as: years = 10",
            remedy="mend this line; texts and dotted names need quotes, dates do not",
        )
        raise BadInput([fault]) from None


def _in_words(said: str) -> str:
    """Return what the TOML reader said, plainer where it speaks of its own workings."""
    if "overwrite a value" in said or "Cannot declare" in said:
        return "a key or table that was set before"
    if "integer string conversion" in said:
        return "a number of thousands of digits"
    return said[:1].lower() + said[1:]


def _missing(path: Path) -> BadInput:
    try:
        beside = sorted(other.name for other in path.parent.glob("*.toml"))
    except (OSError, ValueError):
        beside = []
    alike = next(iter(get_close_matches(path.name, beside, n=1, cutoff=0.7)), None)
    remedy = f"did you mean {path.parent / alike}?" if alike else "check the name and the folder"
    return BadInput(
        [
            Fault(
                where=quoted(str(path)),
                key="(the file)",
                found="no such file",
                allowed="a TOML file that exists",
                remedy=remedy,
            )
        ]
    )


def _unreadable(path: Path, found: str, allowed: str) -> BadInput:
    return BadInput(
        [
            Fault(
                where=quoted(str(path)),
                key="(the file)",
                found=found,
                allowed=allowed,
                remedy="give the path of such a file",
            )
        ]
    )


def faults_of(
    error: ValidationError, where: str, model: type[BaseModel], *, text: str = ""
) -> list[Fault]:
    """Return one fault for each thing that ``model`` found wrong.

    What is allowed is each field's ``description``, and what to write its first example, so
    a schema that describes its fields explains its own faults. ``text`` is the file, for the
    line numbers.
    """
    faults = [_schema_fault(dict(item), model, where, text) for item in error.errors()]
    return list(dict.fromkeys(faults))


def _schema_fault(item: dict[str, Any], model: type[BaseModel], where: str, text: str) -> Fault:
    loc: Loc = item["loc"]
    line = line_of(text, loc[:-1] if item["type"] == "missing" else loc)
    place = f"{where}:{line}" if line else where
    key = key_text(loc)
    if item["type"] == "extra_forbidden":
        return _unknown_key(loc, model, place)
    allowed, example = _field_help(loc, model)
    name = str(next((part for part in reversed(loc) if isinstance(part, str)), "it"))
    told = item.get("ctx", {})
    remedy = f"write {name} = {example}" if example else f"change {name}"
    if item["type"] == "missing":
        remedy = f"add {name} = {example}" if example else f"add {name}"
    return Fault(
        where=place,
        key=key,
        found="nothing" if item["type"] in _TOO_FEW else quoted(item.get("input")),
        allowed=str(told.get("allowed", allowed or item["msg"])),
        remedy=str(told.get("remedy", remedy)),
    )


def _unknown_key(loc: Loc, model: type[BaseModel], where: str) -> Fault:
    owner = _model_at(loc[:-1], model)
    names = list(_fields(owner)) if owner else []
    alike = nearest(str(loc[-1]), names)
    return Fault(
        where=where,
        key=key_text(loc),
        found="an unknown key",
        allowed=", ".join(names),
        remedy=f"did you mean {alike}?" if alike else "remove it",
    )


def _model_at(loc: Loc, model: type[BaseModel]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, str):
            field = _fields(current).get(part) if current else None
            current = _model_inside(field.annotation) if field else None
    return current


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of ``model`` by the key that a file uses for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_inside(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (_model_inside(part) for part in typing.get_args(annotation))
    return next((found for found in inside if found), None)


def _field_help(loc: Loc, model: type[BaseModel]) -> tuple[str, str]:
    """Return what the field at ``loc`` (or the nearest field above it) allows, and an example."""
    for depth in range(len(loc), 0, -1):
        owner = _model_at(loc[: depth - 1], model)
        field = _fields(owner).get(str(loc[depth - 1])) if owner else None
        if field:
            return field.description or "", str((field.examples or [""])[0])
    return "", ""


def key_text(loc: Loc) -> str:
    """Return a place inside a file in words: ``design 2: set: gp.capacity_factor``."""
    parts: list[str] = []
    for part in loc:
        if isinstance(part, int) and parts:
            parts[-1] += f" {part + 1}"
        else:
            parts.append(plain(str(part)))
    return ": ".join(parts) or "(the file)"


def plain(name: str) -> str:
    """Return a key shortened and with nothing that a terminal obeys."""
    short = shortened(name)
    return short if short.isprintable() else repr(short)[1:-1]


def quoted(value: Any) -> str:
    """Return a value as its author wrote it, shortened and with nothing a terminal obeys."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime):
        return value.isoformat()
    try:
        said = repr(value)
    except ValueError:  # an integer of more digits than Python will print
        said = "a number of thousands of digits"
    return shortened(said)


def line_of(text: str, loc: Loc) -> int | None:
    """Return the line of ``text`` that sets the key at ``loc``, None where it is not plain."""
    names = [part for part in loc if isinstance(part, str)]
    if not names:
        return None
    table, index = _table_of(loc)
    found = [
        number
        for number, header, entry, line in _lines(text)
        if (header, entry) == (table, index) and _sets(line, names[-1])
    ]
    if found:
        return found[0] if len(found) == 1 else None
    return line_of(text, loc[:-1]) if len(loc) > 2 else _header_line(text, loc)


def _table_of(loc: Loc) -> tuple[str, int]:
    """Return the table (``design.set``) and which of its kind (0-based) a key stands in."""
    names = [part for part in loc if isinstance(part, str)]
    number = next((part for part in loc if isinstance(part, int)), None)
    if number is None or isinstance(loc[-1], int):
        return ".".join(names[:-1]), 0
    return ".".join(names[:-1]), number


def _header_line(text: str, loc: Loc) -> int | None:
    """Return the line of the n-th ``[[name]]`` that ``loc`` begins with."""
    number = next((part for part in loc if isinstance(part, int)), 0)
    heads = [
        line_number
        for line_number, line in enumerate(text.splitlines(), 1)
        if (match := _HEADER.match(line)) and match.group(2) == loc[0]
    ]
    return heads[number] if number < len(heads) else None


def _lines(text: str) -> Iterable[tuple[int, str, int, str]]:
    """Yield line number, table name, which ``[[table]]`` of its kind, and text."""
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        match = _HEADER.match(line)
        if not match:
            yield number, table, counts.get(table.split(".")[0], 0), line
            continue
        table = match.group(2)
        if match.group(1) == "[[":
            counts[table] = counts.get(table, -1) + 1


def _sets(line: str, name: str) -> bool:
    return re.match(rf"""^\s*["']?{re.escape(name)}["']?\s*=""", line) is not None
