"""Designs made from other designs: use, set, remove, starts and places, on what files say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from agents.faults import Fault, nearest
from experiments.settings import SETTINGS, flat

Table = dict[str, Any]
PATHWAY_PARTS = ("people", "reach", "support")
COMBINING = ("use", "remove", "starts", "places")
LISTS = ("component", "costs", "evidence", "effects")


def combined(
    table: Mapping[str, Any], load: Callable[[str], Table], where: str
) -> tuple[Table, list[Fault]]:
    """Return a design's table with those it uses put in and its changes made, and the faults.

    Parameters
    ----------
    table : what the file says
    load : returns the combined table of another design by name or path
    where : how messages call the file
    """
    own = deepcopy(dict(table))
    if not any(key in own for key in COMBINING) and not _sets_a_component(own):
        return own, []
    faults: list[Fault] = []
    result: Table = {key: value for key, value in own.items() if key not in COMBINING}
    for use in reversed(_texts(own.get("use"))):
        result = _together(as_components(load(use)), result)
    result["costs"] = _paid_once(result.get("costs", []))
    _set(result, own, where, faults)
    _remove(result, _texts(own.get("remove")), where, faults)
    _each(result, own, "starts", "starts_day", where, faults)
    _each(result, own, "places", "places", where, faults)
    return result, faults


def as_components(table: Table) -> Table:
    """Return a table whose own pathway, if any, is a component with the design's name."""
    if "people" not in table:
        return table
    name = str(table.get("name", "pathway"))
    part: Table = {"kind": "pathway", "name": name, **table["people"]}
    part |= {key: table[key] for key in ("reach", "support", "effects") if key in table}
    evidence = [
        one | {"key": f"{name}.{one['key']}"}
        if str(one["key"]).split(".")[0] in ("reach", "support")
        else one
        for one in table.get("evidence", [])
    ]
    rest = {key: value for key, value in table.items() if key not in (*PATHWAY_PARTS, "effects")}
    return rest | {"component": [part, *table.get("component", [])], "evidence": evidence}


def _together(other: Table, own: Table) -> Table:
    """Return ``own`` with what the ``other`` design has: its parts come first."""
    both = dict(own)
    for key in ("component", "costs"):
        both[key] = [*other.get(key, []), *own.get(key, [])]
    known = {one.get("key") for one in own.get("evidence", []) if isinstance(one, dict)}
    others = [one for one in other.get("evidence", []) if one.get("key") not in known]
    both["evidence"] = [*others, *own.get("evidence", [])]
    both["set"] = flat(other.get("set", {})) | flat(own.get("set", {}))
    both["money"] = {**(other.get("money") or {}), **(own.get("money") or {})}
    systems = [*own.get("systems", []), *other.get("systems", [])]
    both["systems"] = list(dict.fromkeys(systems))
    return both


def _paid_once(costs: list[Table]) -> list[Table]:
    """Return costs without earlier lines for posts that a later one counts: they are the same."""
    last = {(one["follows"], one.get("unit")): one for one in costs if one.get("follows")}
    return [
        one
        for one in costs
        if not one.get("follows") or last[(one["follows"], one.get("unit"))] is one
    ]


def _parts(table: Table) -> dict[str, Table]:
    parts = table.get("component", [])
    return {str(one.get("name")): one for one in parts if isinstance(one, dict)}


def _sets_a_component(table: Table) -> bool:
    settings = table.get("set", {})
    names = _parts(table)
    return isinstance(settings, dict) and any(key.split(".")[0] in names for key in flat(settings))


def _set(result: Table, own: Table, where: str, faults: list[Fault]) -> None:
    """Change parameters of components; what is left of ``set`` are settings of services."""
    parts, left = _parts(result), {}
    settings = result.get("set", {})
    for key, value in flat(settings if isinstance(settings, dict) else {}).items():
        first, *path = key.split(".")
        if key in SETTINGS or not path or first not in parts:
            left[key] = value
            continue
        target: Any = parts[first]
        for step in path[:-1]:
            target = target.setdefault(step, {}) if isinstance(target, dict) else {}
        target[path[-1]] = value
    result["set"] = left


def _remove(result: Table, names: Iterable[str], where: str, faults: list[Fault]) -> None:
    parts = _parts(result)
    gone = set(names)
    faults += [_no_part(name, parts, where, "remove") for name in gone if name not in parts]
    gone |= {name for name, part in parts.items() if part.get("of") in gone}
    result["component"] = [
        one for one in result.get("component", []) if str(one.get("name")) not in gone
    ]


def _each(
    result: Table, own: Table, key: str, parameter: str, where: str, faults: list[Fault]
) -> None:
    """Give components the ``parameter`` that the table ``key`` says, ``all`` to every one."""
    parts, said = _parts(result), own.get(key, {})
    for name, value in said.items() if isinstance(said, dict) else ():
        if name == "all":
            for part in parts.values():
                part.setdefault(parameter, value)
        elif name in parts:
            parts[name][parameter] = value
        else:
            faults.append(_no_part(name, parts, where, key))


def _no_part(name: str, parts: Mapping[str, Table], where: str, key: str) -> Fault:
    alike = nearest(name, parts)
    return Fault(
        where=where,
        key=key,
        found=repr(name),
        allowed="a component of this design: " + ", ".join(parts),
        remedy=f"did you mean {alike!r}?" if alike else "use one of these",
    )


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]
